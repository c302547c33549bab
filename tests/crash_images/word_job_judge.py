#!/usr/bin/env python3
"""Whether a job that lost power came out right.

    word_job_judge.py WAVETANK query|stream

What it had reported at the loss is shown as it was reported, and of a query what its sink had
listed by then; and in the end each word is counted exactly as often as it is in the files. What
must hold is worked out from the text, and what is shown is read from the parts that the directory
lists. `wavetank inspect --verify` is asked besides."""

import collections
import os
import re
import subprocess
import sys

import word_job

QUERY_LINE = re.compile(r"query query-1 batch (\d+): files \[\d+, \d+\), (\d+) rows in, ")
STREAM_LINE = re.compile(r"stream batch \d+ \((\d+) ms\): (\d+) files, ")


def query_is_wrong(output, reported):
    """Batch by batch: the table is then that of the files up to there."""
    for path in listed_before():
        with open(path, "rb") as before:
            if not holds(os.path.join(output, os.path.basename(path)), before.read()):
                return f"{os.path.basename(path)} was listed, and is not, or has other rows now"
    rows = 0
    for expected, (batch, came) in enumerate(QUERY_LINE.findall(reported)):
        rows += int(came)
        if int(batch) != expected:
            return f"batch {batch} was reported in the place of batch {expected}"
        wanted = word_job.counts(range(word_job.files_of_rows(rows)))
        shown = word_job.query_table(output, up_to=int(batch))
        if shown != wanted:
            return f"batch {batch} was reported, and up to it are shown {different(shown, wanted)}"
    return wrong_table(word_job.query_table(output))


def listed_before():
    """The parts that a reader could have seen before the power loss."""
    output = os.path.join(os.environ["CRASH_IMAGES_SEEN"], "output")
    return list(word_job.query_parts(output).values()) if os.path.isdir(output) else []


def holds(path, content):
    try:
        with open(path, "rb") as file:
            return file.read() == content
    except FileNotFoundError:
        return False


def stream_is_wrong(output, reported):
    """A batch that was reported has the one attempt that was complete then, with its files."""
    attempts, files = word_job.stream_attempts(output), 0
    for time, came in STREAM_LINE.findall(reported):
        shown = attempts.get(int(time), [])
        if len(shown) != 1:
            return f"batch {time} was reported, and has {len(shown)} complete attempts"
        wanted = word_job.counts(range(files, files + int(came)))
        files += int(came)
        if word_job.stream_counts(shown[0]) != wanted:
            found = different(word_job.stream_counts(shown[0]), wanted)
            return f"batch {time} was reported, and shows {found}"
    for time, each in attempts.items():
        if len({tuple(sorted(word_job.stream_counts(attempt).items())) for attempt in each}) > 1:
            return f"attempts at batch {time} differ"
    return wrong_table(word_job.stream_table(output))


def wrong_table(table):
    wanted = word_job.counts(range(word_job.FILES_AGAIN))
    return None if table == wanted else f"in the end are shown {different(table, wanted)}"


def different(shown, wanted):
    """'"to" 3 times instead of 4; ...'."""
    shown, wanted = collections.Counter(shown), collections.Counter(wanted)
    words = [word for word in sorted(shown | wanted) if shown[word] != wanted[word]]
    listed = [f'"{word}" {shown[word]} times instead of {wanted[word]}' for word in words[:5]]
    return "; ".join(listed) + (f"; and {len(words) - 5} more" if len(words) > 5 else "")


def inspection(wavetank, tree, engine):
    """What it says of the checkpoint and the sink."""
    paths = [os.path.join(tree, "checkpoint")]
    if engine == "query":
        paths.append(os.path.join(tree, "output"))
    return subprocess.run([wavetank, "inspect", "--verify", "--quiet", *paths], check=False,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=50)


def main():
    wavetank, engine = sys.argv[1:3]
    tree = os.environ["CRASH_IMAGES_TREE"]
    with open(os.environ["CRASH_IMAGES_REPORTED"], encoding="utf-8") as file:
        # What is torn off was not reported yet.
        reported = "".join(line for line in file if line.endswith("\n"))
    judge = query_is_wrong if engine == "query" else stream_is_wrong
    wrong = judge(os.path.join(tree, "output"), reported)
    if wrong:
        return wrong
    verified = inspection(wavetank, tree, engine)
    print(verified.stdout.strip())
    if verified.returncode != 0:
        return f"wavetank inspect --verify ends with {verified.returncode}: {verified.stdout}"
    return None


if __name__ == "__main__":
    sys.exit(main())
