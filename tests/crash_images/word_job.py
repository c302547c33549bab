"""What the jobs of word_job_run.py are given, what they may say, and what they must come to: worked
out here, of the text alone."""

import collections
import os
import re

# Of files that come without waiting, one after the other. A query's state gets a snapshot after ten
# batches; a stream's take longer.
GROUPS = {"query": (1, 3, 2, 1, 4, 1, 1, 2, 5, 1, 1, 2), "stream": (1, 3, 2, 4, 1, 5, 2, 6)}
FILES = 24
FILES_AGAIN = FILES + 1  # after a power loss: one more, so that the job has to go on
WORDS = "to be or not that is the question whether nobler in mind suffer slings and arrows".split()


def name_of(number):
    return f"f{number:02}"


def times_of(number):
    """When an input file was read and modified, in nanoseconds."""
    return (1_767_225_600 + number) * 10**9, (1_767_225_600 + number) * 10**9


def lines_of(number):
    """Of an input file: some words, so often that every count tells how many files were counted."""
    words = [WORDS[(number * 7 + i * i) % len(WORDS)] for i in range(3 + number % 5)]
    return [" ".join(words), f"file{number:02} all"]


def counts(numbers):
    """Of the words in these files."""
    return collections.Counter(word for number in numbers for line in lines_of(number)
                               for word in line.split())


def files_of_rows(rows):
    """How many files, from the first on, have so many lines."""
    if rows % 2:
        raise ValueError(f"{rows} rows are not those of whole files")
    return rows // 2


def query_parts(output):
    """Of a file sink: (batch, partition) to path, in the order of the batches."""
    found = {}
    for name in os.listdir(output):
        match = re.fullmatch(r"part-(\d+)-(\d+)\.csv", name)
        if match:
            found[int(match[1]), int(match[2])] = os.path.join(output, name)
    return dict(sorted(found.items()))


def query_listing(output):
    """What who only lists sees of a file sink: a file may be of several batches."""
    text = b""
    for path in query_parts(output).values():
        with open(path, "rb") as file:
            text += file.read()
    return text


def query_table(text):
    """Of a query in update mode: the last row of each word."""
    return {word: int(count) for word, count in
            (line.split(",") for line in text.decode("ascii").splitlines())}


def stream_attempts(output):
    """Of a stream: batch time to the paths of its complete attempts, the newest last."""
    found = collections.defaultdict(list)
    for name in sorted(os.listdir(output)):
        match = re.fullmatch(r"counts-(\d+)", name)
        for attempt in sorted(os.listdir(os.path.join(output, name))) if match else ():
            path = os.path.join(output, name, attempt)
            if os.path.exists(os.path.join(path, "_SUCCESS")):
                found[int(match[1])].append(path)
    return dict(found)


def stream_counts(attempt):
    """Its mark says how many parts count, then names them."""
    table = collections.Counter()
    with open(os.path.join(attempt, "_SUCCESS"), encoding="ascii") as mark:
        parts = mark.read().split()[2:]
    for part in parts:
        with open(os.path.join(attempt, part), encoding="ascii") as file:
            for word, count in re.findall(r"\((\w+),(\d+)\)\n", file.read()):
                table[word] += int(count)
    return table


def stream_table(output):
    """One complete attempt of each batch, added up."""
    return sum((stream_counts(attempts[-1]) for attempts in stream_attempts(output).values()),
               collections.Counter())
