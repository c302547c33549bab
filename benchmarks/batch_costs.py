#!/usr/bin/env python3
"""What a small batch costs: system calls that make something durable, bytes, and time.

A keyed count into a file sink is given one small file after the other, each once the batch before is
committed, so that each is a batch. Of batches 10 to 40, per batch:
  syncs       fsync, fdatasync and sync_file_range calls of all threads, by strace
  in sequence how many of them one after the other, each begun after the one before had ended
  bytes       written to files (write, pwrite64 and their vectors)
  sent        messages to sockets (send*, and write on one)
  cpu ms      processor time of the process, from an untraced run
  batch ms    from the rename of its file to its commit in the log, untraced: the median, and the 99th percentile
  sync ms     the same percentiles of one append of 200 bytes and its fdatasync, measured in turns with the batches

  batch_costs.py WAVETANK [--partitions=1,4,16,32] [--batches=40]

Needs strace. Writes below a directory of its own in TMPDIR, and removes it.
"""
import argparse
import os
import re
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time

FIRST = 10  # the batches before it are not counted
SYNCS = ("fsync", "fdatasync", "sync_file_range")
WRITES = ("write", "pwrite64", "writev", "pwritev", "pwritev2")
SENDS = ("sendto", "sendmsg", "sendmmsg")
CALL = re.compile(r"^(\d+) +([0-9.]+) (\w+)\((.*?)(?:\) += (-?\d+).*<([0-9.]+)>)?$")
PATIENCE_S = 30


def progress(log):
    """The newest batch that is said to be committed."""
    with open(log, encoding="utf-8", errors="replace") as file:
        found = re.findall(r"batch (\d+)", file.read())
    return int(found[-1]) if found else -1


class Run:
    """A job over `root`, traced or not, that is fed by hand."""

    def __init__(self, wavetank, root, partitions, traced):
        self.input = os.path.join(root, "in")
        self.log = os.path.join(root, "log")
        self.trace = os.path.join(root, "trace")
        self.staged = os.path.join(root, "staged")
        os.mkdir(self.input)
        job = [wavetank, "start", "word_count", "--input", self.input, "--output", os.path.join(root, "out"),
               "--checkpoint", os.path.join(root, "checkpoint"), f"--partitions={partitions}"]
        if traced:
            calls = ",".join(SYNCS + WRITES + SENDS)
            job = ["strace", "-f", "-ttt", "-T", "-y", "-s", "0", "-o", self.trace, "-e", f"trace={calls}"] + job
        with open(self.log, "w", encoding="utf-8") as log:
            self.process = subprocess.Popen(job, stdout=log, stderr=log)

    def batch(self, number):
        """Gives it a file; the seconds until it is committed."""
        with open(self.staged, "w", encoding="utf-8") as file:
            file.write("".join(f"w{(number * 7 + i) % 50}\n" for i in range(10)))
        began = time.monotonic()
        os.rename(self.staged, os.path.join(self.input, f"{number:05}"))
        while progress(self.log) < number:
            if time.monotonic() - began > PATIENCE_S or self.process.poll() is not None:
                sys.exit(f"batch {number} is not committed; the job says:\n" + open(self.log).read())
            time.sleep(0.0005)
        return time.monotonic() - began

    def pid(self):
        """Of the job itself, where strace runs it."""
        children = f"/proc/{self.process.pid}/task/{self.process.pid}/children"
        found = open(children, encoding="ascii").read().split()
        return int(found[0]) if found and self.is_traced() else self.process.pid

    def is_traced(self):
        return os.path.exists(self.trace)

    def cpu_seconds(self):
        fields = open(f"/proc/{self.pid()}/stat", encoding="ascii").read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def stop(self):
        os.kill(self.pid(), signal.SIGTERM)
        self.process.wait(timeout=PATIENCE_S)


def calls_of(trace, since, until):
    """(name, begin, end, result, text), by their ends."""
    begun = {}
    for line in open(trace, encoding="utf-8", errors="replace"):
        if "<unfinished ...>" in line:
            begun[line.split()[0]] = line
            continue
        if "resumed>" in line:
            thread = line.split()[0]
            before = begun.pop(thread, None)
            if before is None:
                continue
            line = before.split("<unfinished")[0].rstrip() + line.split("resumed>", 1)[1]
        match = CALL.match(line.rstrip())
        if not match or match[6] is None:
            continue
        at = float(match[2])
        if since <= at < until:
            yield match[3], at, at + float(match[6]), int(match[5]), match[4]


def in_sequence(calls):
    """The longest chain of calls each of which begins after the one before has ended."""
    chain, end = 0, 0.0
    for call in sorted(calls, key=lambda call: call[2]):
        if call[1] >= end:
            chain, end = chain + 1, call[2]
    return chain


def traced(wavetank, root, partitions, batches):
    run = Run(wavetank, root, partitions, traced=True)
    marks = []
    for number in range(batches):
        marks.append(time.time())
        run.batch(number)
    marks.append(time.time())
    run.stop()
    per_batch = []
    for number in range(FIRST, batches):
        calls = list(calls_of(run.trace, marks[number], marks[number + 1]))
        syncs = [call for call in calls if call[0] in SYNCS]
        to_socket = [call for call in calls if call[0] in SENDS or "<socket" in call[4] or "<TCP" in call[4]]
        to_files = [call for call in calls if call[0] in WRITES and call not in to_socket]
        per_batch.append((len(syncs), in_sequence(syncs), sum(max(call[3], 0) for call in to_files),
                          len(to_socket)))
    return [statistics.mean(column) for column in zip(*per_batch)]


def percentiles(seconds):
    ordered = sorted(seconds)
    return 1e3 * statistics.median(ordered), 1e3 * ordered[int(len(ordered) * 0.99)]


def untraced(wavetank, root, partitions, batches):
    run = Run(wavetank, root, partitions, traced=False)
    beside = os.open(os.path.join(root, "beside"), os.O_CREAT | os.O_WRONLY | os.O_APPEND)
    took, syncs, cpu = [], [], 0.0
    for number in range(batches):
        if number == FIRST:
            cpu = run.cpu_seconds()
        took.append(run.batch(number))
        began = time.monotonic()
        os.write(beside, b"x" * 200)
        os.fdatasync(beside)
        syncs.append(time.monotonic() - began)
    cpu = run.cpu_seconds() - cpu
    run.stop()
    return 1e3 * cpu / (batches - FIRST), percentiles(took[FIRST:]), percentiles(syncs[FIRST:])


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    arguments.add_argument("wavetank")
    arguments.add_argument("--partitions", default="1,4,16,32")
    arguments.add_argument("--batches", type=int, default=40)
    given = arguments.parse_args()
    if shutil.which(given.wavetank) is None:
        sys.exit(f"{given.wavetank} is not there, or is no program: build it (target wavetank)")
    if shutil.which("strace") is None:
        sys.exit("strace is not there: install it (package strace)")
    if given.batches <= FIRST:
        sys.exit(f"--batches={given.batches}: above {FIRST}, those before which are not counted")
    print("partitions   syncs  in sequence    bytes    sent  cpu ms   batch ms p50/p99    sync ms p50/p99")
    for partitions in map(int, given.partitions.split(",")):
        rows = []
        for measure in (traced, untraced):
            with tempfile.TemporaryDirectory(prefix="batch_costs.") as root:
                rows.append(measure(os.path.abspath(given.wavetank), root, partitions, given.batches))
        (syncs, chain, written, sent), (cpu, batch, sync) = rows
        print(f"{partitions:10}  {syncs:6.1f}  {chain:11.1f}  {written:7.0f}  {sent:6.1f}  {cpu:6.1f}  "
              f"{batch[0]:8.1f} / {batch[1]:6.1f}  {sync[0]:8.2f} / {sync[1]:6.2f}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
