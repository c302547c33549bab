#!/usr/bin/env python3
"""What a source of files costs, whole processes against those of another build, in one run.

    benchmarks/files.py build/release/bin/wavetank [--before OTHER/bin/wavetank] [--only NAME ...]

Each figure is measured of both, one after the other: machines differ, and so do their moods.
Needs about 3 GB of disk below --scratch. Nothing is asserted on.
"""
import argparse
import os
import pathlib
import random
import resource
import shutil
import signal
import statistics
import subprocess
import sys
import time

WORDS = [f"word{i}" for i in range(1000)]
TICKS = os.sysconf("SC_CLK_TCK")


class Query:
    """`wavetank start word_count` over a directory, in a process of its own."""

    def __init__(self, program, scratch, directory, job="word_count", *options):
        self.output = scratch / "output"
        for old in (self.output, scratch / "checkpoint"):
            shutil.rmtree(old, ignore_errors=True)
        self.began = time.monotonic()
        self.process = subprocess.Popen(
            [program, "start", job, f"--input={directory}", f"--output={self.output}",
             f"--checkpoint={scratch / 'checkpoint'}", *options],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def shown(self):
        """How many bytes the sink's manifest has: it grows with each batch that is shown."""
        return sum(log.stat().st_size for log in self.output.glob("_wavetank/log-*"))

    def await_more(self, than, at_most_s=120):
        until = time.monotonic() + at_most_s
        while self.shown() <= than:
            if time.monotonic() > until or self.process.poll() is not None:
                sys.exit("the query shows nothing more")
            time.sleep(0.0005)

    def await_quiet(self):
        """Until two seconds pass in which nothing is shown."""
        seen = -1
        while seen != self.shown() or seen <= 0:
            seen = self.shown()
            time.sleep(2)

    def cpu_s(self):
        fields = pathlib.Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / TICKS

    def end(self):
        """Waits for the end of a query that ends: seconds, and resident bytes at most."""
        _, status, used = os.wait4(self.process.pid, 0)
        if status != 0:
            sys.exit(f"the query ended with status {status}")
        return time.monotonic() - self.began, used.ru_maxrss * 1024

    def stop(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()


def make_files(directory, count, text):
    """Files with that text, `count` of them."""
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir(parents=True)
    for i in range(count):
        (directory / f"file-{i:06d}.txt").write_bytes(text)
    return directory


def lines_of_words(total_bytes, draw):
    lines = []
    size = 0
    while size < total_bytes:
        line = " ".join(draw(WORDS) for _ in range(10)) + "\n"
        lines.append(line)
        size += len(line)
    return "".join(lines).encode()


def idle(program, scratch):
    """CPU of a core that a query takes that has read 5,000 files, and waits, in percent."""
    directory = make_files(scratch / "in", 5000, b"a b c\n")
    query = Query(program, scratch, directory)
    query.await_quiet()
    before = query.cpu_s()
    time.sleep(10)
    used = (query.cpu_s() - before) / 10
    query.stop()
    return 100 * used, "% of a core"


def first_batch(program, scratch):
    directory = make_files(scratch / "in", 5000, b"a b c\n")
    return Query(program, scratch, directory, "word_count", "--available-now").end()[0], "s"


def drained(program, scratch):
    directory = make_files(scratch / "in", 50000, b"a b c\n")
    return Query(program, scratch, directory, "word_count", "--available-now").end()[0], "s"


def visible(program, scratch):
    """From the rename of one file to the manifest that shows it: the median of 40."""
    directory = make_files(scratch / "in", 1, b"a b c\n")
    query = Query(program, scratch, directory)
    query.await_quiet()
    draw = random.Random(1)
    took = []
    for i in range(40):
        time.sleep(draw.uniform(0.15, 0.35))
        made = scratch / "made"
        made.write_bytes(b"a b c\n")
        shown = query.shown()
        began = time.monotonic()
        made.rename(directory / f"next-{i}.txt")
        query.await_more(shown)
        took.append(time.monotonic() - began)
    query.stop()
    return 1000 * statistics.median(took), "ms"


def stream_batch(program, scratch):
    """A DStream's batch with 10,000 files: from the rename of their directory to its mark."""
    made = make_files(scratch / "made", 10_000, b"a b c\n")
    directory = scratch / "in"
    shutil.rmtree(directory, ignore_errors=True)
    query = Query(program, scratch, directory, "word_count_dstream", "--interval=100ms")

    def await_mark(text):
        until = time.monotonic() + 600
        while not any(text in mark.read_text()
                      for mark in query.output.glob("counts-*/attempt-*/_SUCCESS")):
            if time.monotonic() > until or query.process.poll() is not None:
                sys.exit("the stream marks no such batch")
            time.sleep(0.02)

    await_mark("parts 0")  # it runs
    began = time.monotonic()
    made.rename(directory)
    await_mark("part-")
    took = time.monotonic() - began
    query.stop()
    return took, "s"


def one_large(program, scratch):
    text = lines_of_words(200 << 20, random.Random(1).choice)
    directory = make_files(scratch / "in", 1, text)
    return Query(program, scratch, directory, "word_count", "--available-now").end()[0], "s"


def fifty(program, scratch):
    text = lines_of_words(4 << 20, random.Random(1).choice)
    directory = make_files(scratch / "in", 50, text)
    return Query(program, scratch, directory, "word_count", "--available-now").end()[0], "s"


def distinct(program, scratch):
    """Resident bytes with 10 M different words, 200 MB in 20 files, one worker, update mode."""
    directory = scratch / "in"
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir(parents=True)
    for i in range(20):
        words = (f"word{number:015d}" for number in range(i * 500_000, (i + 1) * 500_000))
        (directory / f"file-{i:06d}.txt").write_text("\n".join(words) + "\n")
    query = Query(program, scratch, directory, "word_count", "--available-now", "--workers=1")
    seconds, resident = query.end()
    return resident / 1e9, f"GB, in {seconds:.1f} s"


def zipf(program, scratch):
    """The same of 1.6 GB with words as they come in texts."""
    draw = random.Random(1)
    weights = [1 / (rank + 1) for rank in range(100_000)]
    words = [f"w{rank}" for rank in range(100_000)]
    drawn = draw.choices(words, weights, k=2_000_000)
    text = "\n".join(" ".join(drawn[i:i + 10]) for i in range(0, len(drawn), 10)) + "\n"
    count = (1600 << 20) // len(text)
    directory = make_files(scratch / "in", count, text.encode())
    query = Query(program, scratch, directory, "word_count", "--available-now", "--workers=1")
    seconds, resident = query.end()
    return resident / 1e9, f"GB, in {seconds:.1f} s"


FIGURES = {
    "idle": idle,
    "first_batch": first_batch,
    "drained": drained,
    "visible": visible,
    "stream_batch": stream_batch,
    "one_large": one_large,
    "fifty": fifty,
    "distinct": distinct,
    "zipf": zipf,
}


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program", help="the command that is measured")
    parser.add_argument("--before", help="another build of it")
    parser.add_argument("--only", nargs="+", choices=FIGURES, default=list(FIGURES))
    parser.add_argument("--scratch", type=pathlib.Path, default=pathlib.Path("/var/tmp/wavetank-files"))
    arguments = parser.parse_args()
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    scratch = arguments.scratch / str(os.getpid())
    scratch.mkdir(parents=True)
    try:
        for name in arguments.only:
            now, unit = FIGURES[name](arguments.program, scratch)
            text = f"{name:12} {now:8.2f} {unit}"
            if arguments.before:
                before, unit = FIGURES[name](arguments.before, scratch)
                text += f"; before {before:8.2f} {unit}: {now / before:.2f} of it"
            print(text, flush=True)
    finally:
        shutil.rmtree(scratch)


if __name__ == "__main__":
    main()
