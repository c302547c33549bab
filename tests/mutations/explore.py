#!/usr/bin/env python3
"""Shows how many mutants the search finds by itself, in a few hundred runs.

    explore.py                        those of planted/fencing.txt: mistakes in fencing and recovery
    explore.py --only NAME...         these of them
    explore.py --sample N --seed HEX  N of them, drawn by HEX
    explore.py --mutants FILE...      of other lists
    explore.py --runs N               instead of 300

Each is built, and `wavetank explore --runs=300` must fail: nothing else is asked, whatever the lists
say finds it. Of those that are argued equivalent there is nothing to find. What came of each is
kept in build/mutants/explore.json, so that an interrupted run goes on where it was; --anew begins
anew. Exit status: 0 at least --at-least percent were found; 1 fewer; 2 bad usage, or a tree in
which the search fails without a mutant.
"""

import argparse
import json
import os
import pathlib
import sys
import time

import lists
import tree

RUNS = 300
KEPT = tree.LOGS.parent / "explore.json"


def look_for(mutant, runs, seconds, jobs):
    """What the search says of the mutant, as {"found", "seen"}; None if it does not build."""
    path = tree.SCRATCH / mutant.file
    pristine = path.read_bytes()
    log = tree.LOGS / f"{mutant.list}.{mutant.name}.txt"
    try:
        tree.write_if_changed(path, mutant.apply(pristine.decode()).encode())
        if not tree.build(log, ["wavetank"], jobs):
            return None
        passed, seen, _ = tree.run_search(runs, seconds)
    finally:
        tree.write_if_changed(path, pristine)
    return {"found": not passed, "seen": seen if not passed else ""}


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--only", nargs="+", metavar="NAME", help="these mutants")
    parser.add_argument("--sample", type=int, metavar="N", help="N of them, drawn by --seed")
    parser.add_argument("--seed", default="0", metavar="HEX", help="what --sample draws by")
    parser.add_argument("--runs", type=int, default=RUNS, metavar="N", help="of the search")
    parser.add_argument("--at-least", type=int, default=80, metavar="PERCENT")
    parser.add_argument("--anew", action="store_true", help="forget what is known")
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), metavar="N")
    parser.add_argument("--mutants", type=pathlib.Path, nargs="+", metavar="FILE",
                        default=[lists.FOLDER / "planted/fencing.txt"])
    return parser.parse_args()


def choose(arguments):
    mutants = [mutant for path in arguments.mutants for mutant in lists.read_mutants(path)
               if not mutant.equivalent]
    if arguments.only:
        mutants = [mutant for mutant in mutants if mutant.name in arguments.only]
    if arguments.sample:
        mutants = lists.drawn(mutants, arguments.sample, arguments.seed)
    return mutants


def main():
    arguments = parse_arguments()
    mutants = choose(arguments)
    if not mutants:
        print("there is no such mutant", file=sys.stderr)
        return 2
    tree.LOGS.mkdir(parents=True, exist_ok=True)
    tree.copy_tree()
    print("building the tree as it is", flush=True)
    log = tree.LOGS / "unchanged.txt"
    if not tree.configure(log) or not tree.build(log, ["wavetank"], arguments.jobs):
        print(f"it does not build: {log}", file=sys.stderr)
        return 2
    passed, seen, took = tree.run_search(arguments.runs, 3600)
    if not passed:
        print(f"without a mutant {arguments.runs} runs of the search fail: {seen}", file=sys.stderr)
        return 2
    known = json.loads(KEPT.read_text()) if KEPT.is_file() and not arguments.anew else {}
    of_runs = known.setdefault(str(arguments.runs), {})
    for number, mutant in enumerate(mutants, 1):
        begun = time.monotonic()
        if mutant.name not in of_runs:
            of_runs[mutant.name] = look_for(mutant, arguments.runs, 60 + 4 * took, arguments.jobs)
            KEPT.write_text(json.dumps(known, indent=1))
        result = of_runs[mutant.name]
        verdict = ("does not build" if result is None else
                   f"found: {result['seen']}" if result["found"] else "not found")
        print(f"[{number}/{len(mutants)}] {mutant.name}: {verdict}, "
              f"{time.monotonic() - begun:.0f} s", flush=True)
    built = [mutant for mutant in mutants if of_runs[mutant.name] is not None]
    found = sum(of_runs[mutant.name]["found"] for mutant in built)
    print(f"{found} of {len(built)} found in {arguments.runs} runs of the search "
          f"({lists.percent(found, len(built))}); not built: {len(mutants) - len(built)}")
    return 0 if 100 * found >= arguments.at_least * len(built) else 1


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
