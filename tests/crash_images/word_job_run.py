#!/usr/bin/env python3
"""Runs a job that counts words to its end, where it was or from the beginning.

    word_job_run.py WAVETANK query|stream local|cluster [OPTION OF THE JOB...]

Everything is below CRASH_IMAGES_TREE. Files come into `in` by a rename, each synced before and its
name never; those that are there already do not come again. The first time they come in groups,
each of which is waited for; after a power loss all at once, and one more. What the job prints comes
out as it is.
Ends with status 0 when the output shows all files and every process has stopped in good order."""

import os
import random
import signal
import subprocess
import sys
import time

import word_job

# What goes on takes a second or two, on a machine that has nothing else to do.
SECONDS = int(os.environ.get("WORD_JOB_SECONDS", "150"))


class Gone(Exception):
    """A sentence: what did not happen."""


class Job:
    def __init__(self, tree, wavetank, engine, where, *options):
        self.wavetank, self.engine, self.where, self.tree = wavetank, engine, where, tree
        self.options = options
        self.processes = {}  # what started first stops last
        self.until = time.monotonic() + SECONDS

    def start(self):
        os.makedirs(self.path("in"), exist_ok=True)
        if self.engine == "query":
            self.put_times_back()
        job = ["word_count"] if self.engine == "query" else ["word_count_dstream"]
        job += ["--interval=50ms" if self.engine == "query" else "--interval=400ms", *self.options]
        if self.where == "local":
            self.begin("job", *job, *(f"--{name}={self.path(name)}"
                                      for name in ("input", "output", "checkpoint")))
            return
        # A host of its own on the loopback, so that nobody else has its ports.
        host = "127." + ".".join(str(random.randrange(1, 250)) for _ in range(3))
        store, driver = f"{host}:7001", f"{host}:7000"
        job += ["--input=in", "--output=output", "--checkpoint=checkpoint", f"--store={store}"]
        self.begin("store", "store", f"--address={store}", f"--root={self.tree}")
        for worker in (1, 2):
            self.begin(f"worker{worker}", *job, "--as=worker", f"--driver={driver}",
                       f"--address={host}:710{worker}")
        self.begin("driver", *job, "--as=driver", f"--address={driver}")

    def path(self, name):
        return os.path.join(self.tree, "in" if name == "input" else name)

    def begin(self, name, *arguments):
        self.processes[name] = subprocess.Popen([self.wavetank, "start", *arguments])

    def wait_for(self, what, condition):
        while not condition():
            for name, process in self.processes.items():
                if process.poll() is not None:
                    raise Gone(f"{name} ended with status {process.returncode} before {what}")
            if time.monotonic() > self.until:
                raise Gone(f"after {SECONDS} s {what} had not come")
            time.sleep(0.02)

    def feed(self):
        """A stream takes what comes once it runs, and a query anything."""
        if self.engine == "stream":
            self.wait_for("the stream's first batch", self.attempts)
        first = 0
        again = os.environ["CRASH_IMAGES_REPORTED"] != os.devnull
        for size in [word_job.FILES_AGAIN] if again else word_job.GROUPS[self.engine]:
            for number in range(first, first + size):
                self.put(number)
            first += size
            self.wait_for(f"{first} files", lambda: self.shows(first))

    def put(self, number):
        path = os.path.join(self.path("in"), word_job.name_of(number))
        if os.path.exists(path):
            return
        new = os.path.join(self.path("in"), ".new")
        with open(new, "w", encoding="ascii") as file:
            file.write("".join(line + "\n" for line in word_job.lines_of(number)))
            file.flush()
            os.fsync(file.fileno())
        if self.engine == "query":
            os.utime(new, ns=word_job.times_of(number))
        os.rename(new, path)

    def put_times_back(self):
        """A query takes a file of another time for another file, and images keep no times exactly."""
        for number in range(word_job.FILES_AGAIN):
            path = os.path.join(self.path("in"), word_job.name_of(number))
            if os.path.exists(path):
                os.utime(path, ns=word_job.times_of(number))

    def attempts(self):
        output = self.path("output")
        return os.path.isdir(output) and word_job.stream_attempts(output)

    def shows(self, files):
        """So many files, the first ones, each of which has a word of its own."""
        output = self.path("output")
        if not os.path.isdir(output):
            return False
        if self.engine == "query":
            table = word_job.query_table(word_job.query_listing(output))
        else:
            table = word_job.stream_table(output)
        return all(table.get(f"file{number:02}") for number in range(files))

    def stop(self):
        for name, process in reversed(self.processes.items()):
            process.send_signal(signal.SIGTERM)
            status = process.wait(max(1.0, self.until - time.monotonic()))
            if status != 0:
                raise Gone(f"{name} was asked to stop, and ended with status {status}")

    def end(self):
        for process in self.processes.values():
            if process.poll() is None:
                process.kill()
                process.wait()


def main():
    job = Job(os.environ["CRASH_IMAGES_TREE"], *sys.argv[1:])
    try:
        job.start()
        job.feed()
        job.stop()
    except (Gone, subprocess.TimeoutExpired, OSError, ValueError) as error:
        sys.exit(f"word_job_run.py: {error}")
    finally:
        job.end()


if __name__ == "__main__":
    main()
