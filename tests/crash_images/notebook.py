#!/usr/bin/env python3
"""A program to try crash images on: it keeps notes in a file, says of each when it is safe, and
goes on where it was. With --careless it syncs nothing.

    notebook.py [--careless]          writes the notes 1 to 20 that are not there yet
    notebook.py --judge               whether all are there, and what was said to be safe was"""

import os
import re
import sys

NOTES = 20


def read(path):
    """Whole lines; what a power loss tore is not one."""
    try:
        with open(path, "rb") as file:
            text = file.read()
    except FileNotFoundError:
        return []
    return [int(line) for line in re.findall(rb"note (\d+)\n", text)]


def write(folder, careless):
    """A new file with one note more, in place of the old one."""
    path, new = os.path.join(folder, "notes"), os.path.join(folder, "new")
    notes = read(path)
    for note in range(len(notes) + 1, NOTES + 1):
        notes.append(note)
        with open(new, "wb") as file:
            file.write(b"".join(b"note %d\n" % each for each in notes))
            file.flush()
            if not careless:
                os.fsync(file.fileno())
        os.rename(new, path)
        if not careless:
            directory = os.open(folder, os.O_RDONLY)
            os.fsync(directory)
            os.close(directory)
        print(f"safe {note}", flush=True)


def judge(folder):
    with open(os.environ["CRASH_IMAGES_REPORTED"], encoding="ascii") as file:
        safe = len(file.readlines())
    with open(os.environ["CRASH_IMAGES_REPORTED_AGAIN"], encoding="ascii") as file:
        again = [int(line.split()[1]) for line in file]
    if read(os.path.join(folder, "notes")) != list(range(1, NOTES + 1)):
        return "not all notes are there"
    lost = [note for note in again if note <= safe]
    return f"safe, and had to be written again: {lost}" if lost else None


def main():
    folder = os.environ["CRASH_IMAGES_TREE"]
    match sys.argv[1:]:
        case [] | ["--careless"]:
            return write(folder, careless=len(sys.argv) > 1)
        case ["--judge"]:
            return judge(folder)
    print(__doc__, file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main())
