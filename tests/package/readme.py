#!/usr/bin/env python3
"""What the root README shows: programs, and commands with their output.

    readme.py COMMAND < OUTPUT    whether the output has the lines that the README shows for COMMAND

In shown output "…" stands for what differs from run to run: within a line for some text, alone for
any number of lines."""

import pathlib
import re
import sys

README = pathlib.Path(__file__).resolve().parents[2] / "README.md"


def programs(text):
    """The blocks between ```cpp or ```cmake and ```, as (language, lines)."""
    found = re.findall(r"^```(cpp|cmake)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    return [(language, body.rstrip("\n").split("\n")) for language, body in found]


def commands(text):
    """(command, lines of output) of each "    $ command" that is shown."""
    found = []
    for line in re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL).split("\n"):
        if line.startswith("    $ "):
            found.append((line[6:], []))
        elif line.startswith("    ") and found:
            found[-1][1].append(line[4:].rstrip())
        elif line.strip():
            # A paragraph may stand between a command and more of its output.
            continue
    return found


def fits(shown, line):
    """Whether a line is the one that is shown. Columns may be wider."""
    parts = [r"\s+".join(re.escape(word) for word in part.split()) for part in shown.split("…")]
    return re.fullmatch(r"\s*" + ".*".join(rf"\s*{part}\s*" for part in parts), line) is not None


def first_missing(shown, output):
    """The first shown line that does not stand in the output, behind those before it; or None."""
    lines = iter(output.split("\n"))
    for expected in shown:
        if expected.strip() in ("", "…"):
            continue
        if not any(fits(expected, line) for line in lines):
            return expected
    return None


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    shown = dict(commands(README.read_text())).get(sys.argv[1])
    if shown is None:
        sys.exit(f"README.md shows no command: {sys.argv[1]}")
    missing = first_missing(shown, sys.stdin.read())
    if missing is not None:
        sys.exit(f"README.md shows for {sys.argv[1]}, and it did not write:\n{missing}")


if __name__ == "__main__":
    main()
