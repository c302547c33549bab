#!/usr/bin/env python3
"""Holds docs/crash_matrix.md to the scenario files.

    crash_matrix.py TREE

Each row D1 to D14 is there once; each of its cells names scenarios that are there and do what the
column says, or says why the moment cannot arise.
"""
import pathlib
import re
import sys

ROWS = [f"D{number}" for number in range(1, 15)]
FAULTS = {  # by column
    2: ("process.crash", "process.zombie"),
    3: ("machine.power_loss", "machine.power_loss_at_worst"),
}


def problems_of_cell(tree, cell, faults):
    if cell.startswith("cannot arise: ") and len(cell) > len("cannot arise: "):
        return
    names = re.findall(r"`([^`]+)`", cell)
    if not names:
        yield "names no scenario, and not why it cannot arise"
    for name in names:
        path = tree / "scenarios" / f"{name}.textproto"
        if not path.exists():
            yield f"names {name}, which is not there"
        elif not set(re.findall(r'kind: "([^"]+)"', path.read_text())) & set(faults):
            yield f"names {name}, which has no fault of {', '.join(faults)}"


def problems_of(tree):
    rows = {}
    for line in (tree / "docs" / "crash_matrix.md").read_text().splitlines():
        cells = [cell.strip() for cell in line.strip("|").split(" | ")]
        if re.fullmatch(r"D\d+", cells[0].strip()):
            if cells[0] in rows:
                yield f"{cells[0]} is there twice"
            rows[cells[0]] = cells
    for row in ROWS:
        if row not in rows:
            yield f"{row} is not there"
            continue
        if len(rows[row]) != 4:
            yield f"{row} has {len(rows[row])} columns, not 4"
            continue
        for column, faults in FAULTS.items():
            for problem in problems_of_cell(tree, rows[row][column], faults):
                yield f"{row}, column {column + 1}: {problem}"


def main():
    found = list(problems_of(pathlib.Path(sys.argv[1])))
    for problem in found:
        print(problem)
    print(f"{len(ROWS)} rows, {len(found)} problems")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
