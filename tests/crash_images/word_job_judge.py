#!/usr/bin/env python3
"""Whether a job that lost power came out right.

    word_job_judge.py WAVETANK query|stream

What it had reported at the loss is shown as it was reported, and of a query what its sink had
listed by then; and in the end each word is counted exactly as often as it is in the files. What
must hold is worked out from the text. What a query shows is read from the parts that the directory
lists, and, batch by batch, as the manifest says. `wavetank inspect --verify` is asked besides."""

import collections
import itertools
import os
import re
import subprocess
import sys

import sink_manifest
import word_job

QUERY_LINE = re.compile(r"query query-1 batch (\d+): files \[\d+, \d+\), (\d+) rows in, ")
STREAM_LINE = re.compile(r"stream batch \d+ \((\d+) ms\): (\d+) files, ")


def query_is_wrong(output, reported):
    """Batch by batch, by the manifest: the table is then that of the files up to there. And who
    only lists has seen batches from the first on, each whole, which are there still, and sees all
    in the end."""
    if os.path.isdir(seen()):
        wrong = wrong_listing(seen(), whole=False)
        if wrong:
            return f"when the power was lost, {wrong}"
        for path in word_job.query_parts(seen()).values():
            with open(path, "rb") as before:
                if not holds(os.path.join(output, os.path.basename(path)), before.read()):
                    return f"{os.path.basename(path)} was listed, and is not, or has other rows now"
    wrong = wrong_listing(output, whole=True)
    if wrong:
        return f"in the end, {wrong}"
    batches = texts(output)
    rows = 0
    for expected, (batch, came) in enumerate(QUERY_LINE.findall(reported)):
        rows += int(came)
        if int(batch) != expected:
            return f"batch {batch} was reported in the place of batch {expected}"
        wanted = word_job.counts(range(word_job.files_of_rows(rows)))
        shown = word_job.query_table(b"".join(batches[:expected + 1]))
        if shown != wanted:
            return f"batch {batch} was reported, and up to it are shown {different(shown, wanted)}"
    return wrong_table(word_job.query_table(word_job.query_listing(output)))


def seen():
    """The sink, as a reader could have found it just before the power loss."""
    return os.path.join(os.environ["CRASH_IMAGES_SEEN"], "output")


def texts(output):
    """Of each batch that is committed, its rows."""
    return [b"".join(part.text for part in parts)
            for parts in sink_manifest.entries(output).values()]


def wrong_listing(output, whole):
    """A file may be of several batches; all in all they are listed in order, none in part, none
    twice, and none that is not committed."""
    listed, committed = word_job.query_listing(output), texts(output)
    shown = list(itertools.accumulate(committed, initial=b""))
    if listed == shown[-1] or not whole and listed in shown:
        return None
    return (f"{len(listed)} bytes are listed, which are not those of {len(committed)} batches"
            f"{'' if whole else ' or the first of them'}: {[len(text) for text in committed]}")


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
    try:
        wrong = judge(os.path.join(tree, "output"), reported)
    except (sink_manifest.Damaged, OSError, ValueError) as error:
        return f"what is shown cannot be read: {error}"
    if wrong:
        return wrong
    verified = inspection(wavetank, tree, engine)
    print(verified.stdout.strip())
    if verified.returncode != 0:
        return f"wavetank inspect --verify ends with {verified.returncode}: {verified.stdout}"
    return None


if __name__ == "__main__":
    sys.exit(main())
