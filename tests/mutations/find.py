#!/usr/bin/env python3
"""Finds out what notices mutants of which that is not known yet, and writes it into their lists.

    find.py                    every mutant whose last line begins with `missed Not judged yet`
    find.py --only NAME...     these, in this order, whatever their last lines say
    find.py --most N           no more than N of them

Asked in this order, until one fails: every scenario; the test programs of the folder that the mutant
is in; 1000 runs of the search; the scripts around the command. Of the mechanical ones, which shall
show what scenarios and search find by themselves, the search is asked for --search-runs, and before
the test programs. A minute or two a mutant that only
the later ones notice. What has been found is written at once, so an interrupted run goes on where it
was. A mutant that nothing notices becomes `missed Nothing notices it.`: then argue that no answer can
differ, or write the test.
"""

import argparse
import hashlib
import json
import os
import pathlib
import re
import subprocess
import sys
import time

import lists
import tree

NOT_JUDGED = "Not judged yet"
# The test programs that look at a folder, those that take least first.
PROGRAMS = {
    "platform": ["platform_test", "conformance_test", "platform_real_test", "interposed_test",
                 "simulator_test"],
    "simulator": ["simulator_test", "conformance_test", "checkpoint_test"],
    "checkpoint": ["checkpoint_test", "operators_test", "checkpoint_exhaustive_test",
                   "runtime_test", "interpreter_test"],
    "runtime": ["operators_test", "functions_test", "runtime_test", "streaming_test",
                "interpreter_test", "checkpoint_test"],
    "properties": ["properties_test", "interpreter_test", "scenarios_test"],
    "scenarios": ["scenarios_test"],
}
SEARCH_RUNS = 1000
# The crashes that CI looks at.
os.environ.setdefault("EXHAUST_OPERATIONS", "3")


def replace_verdict(path, name, verdict):
    """Writes what is known of a mutant instead of its `missed` line and what follows of it."""
    lines = path.read_text().split("\n")
    at = lines.index(f"mutant {name}")
    end = next((i for i in range(at + 1, len(lines)) if lines[i].startswith("mutant ")), len(lines))
    first = next(i for i in range(at + 1, end)
                 if lines[i].split(" ")[0] in ("missed", "found", "equivalent", *lists.VERDICTS))
    last = first
    while last < end and lines[last].strip() and not lines[last].startswith("#"):
        last += 1
    path.write_text("\n".join(lines[:first] + [verdict] + lines[last:]))


def first_failed(out):
    found = re.search(r"\[  FAILED  \] ([\w/.]+\.[\w/.]+)", out)
    return found.group(1) if found else None


def unit_that_fails(program):
    """The test that fails, or that runs when the program ends otherwise."""
    status, out, _ = tree.run([str(tree.BUILD / "bin" / program), "--gtest_fail_fast",
                               "--gtest_filter=-DeliveryProperty.*"], tree.TEST_SECONDS,
                              {"RC_PARAMS": "seed=1"})
    if status == 0:
        return None
    begun = re.findall(r"\[ RUN      \] (\S+)", out)
    return first_failed(out) or (begun[-1] if begun else "*")


def scripts():
    """The tests that run the command."""
    listed = subprocess.run(["ctest", "--test-dir", str(tree.BUILD), "--show-only=json-v1"],
                            capture_output=True, text=True, check=True).stdout
    wavetank = str(tree.BUILD / "bin/wavetank")
    return [test["name"] for test in json.loads(listed)["tests"]
            if wavetank in test.get("command", [])]


def find(mutant, jobs, search_seconds, script_names, search_runs):
    log = tree.LOGS / f"{mutant.list}.{mutant.name}.txt"
    log.unlink(missing_ok=True)
    if not tree.build(log, ["wavetank"], jobs):
        return f"missed It does not build: see {log.name}."
    outcomes = tree.run_scenarios(lists.scenario_names(), jobs)
    order = {verdict: i for i, verdict in enumerate(lists.VERDICTS)}
    failed = sorted((order[verdict], name) for name, (verdict, _) in outcomes.items()
                    if verdict != "pass")
    if failed:
        return f"found scenario {failed[0][1]}"
    if mutant.is_mechanical:
        passed, seen, _ = tree.run_search(search_runs, search_seconds)
        if not passed:
            return f"found search {search_runs}"
    for program in PROGRAMS[mutant.file.split("/")[0]]:
        if not tree.build(log, [program], jobs):
            return f"missed {program} does not build with it: see {log.name}."
        test = unit_that_fails(program)
        if test is not None:
            return f"found unit {program} {test}"
    if not mutant.is_mechanical and not tree.run_search(SEARCH_RUNS, search_seconds)[0]:
        return "found search"
    if not tree.build(log, ["all"], jobs):
        return f"missed Not all builds with it: see {log.name}."
    for name in script_names:
        passed, _ = tree.run_script(name)
        if not passed:
            return f"found script {name}"
    return "missed Nothing notices it."


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--only", nargs="+", metavar="NAME")
    parser.add_argument("--most", type=int, metavar="N")
    parser.add_argument("--sample", metavar="HEX", help="--most of them, drawn by this seed")
    parser.add_argument("--search-runs", type=int, default=2000, metavar="N",
                        help="of the search, for a mechanical mutant")
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), metavar="N")
    parser.add_argument("--mutants", type=pathlib.Path, nargs="+", metavar="FILE",
                        default=lists.all_lists())
    arguments = parser.parse_args()
    mutants = [mutant for path in arguments.mutants for mutant in lists.read_mutants(path)]
    if arguments.only:
        named = {mutant.name: mutant for mutant in mutants}
        unknown = set(arguments.only) - set(named)
        if unknown:
            parser.error(f"there is no mutant {', '.join(sorted(unknown))}")
        mutants = [named[name] for name in arguments.only]
    else:
        mutants = [mutant for mutant in mutants if mutant.missed.startswith(NOT_JUDGED)]
    if arguments.sample:
        def drawn(mutant):
            return hashlib.sha256(f"{arguments.sample} {mutant.name}".encode()).digest()
        mutants = sorted(mutants, key=drawn)
    mutants = mutants[:arguments.most]

    tree.LOGS.mkdir(parents=True, exist_ok=True)
    tree.copy_tree()
    log = tree.LOGS / "unchanged.txt"
    print("building the tree as it is, and running what will be asked", flush=True)
    if not tree.configure(log) or not tree.build(log, ["all"], arguments.jobs):
        print(f"it does not build: {log}", file=sys.stderr)
        return 2
    script_names = scripts()
    passed, _, took = tree.run_search(SEARCH_RUNS, 3600)
    wrong = [] if passed else ["the search finds something"]
    wrong += [f"{name}: {verdict}" for name, (verdict, _) in
              tree.run_scenarios(lists.scenario_names(), arguments.jobs).items()
              if verdict != "pass"]
    folders = {mutant.file.split("/")[0] for mutant in mutants}
    for program in sorted({program for folder in folders for program in PROGRAMS[folder]}):
        test = unit_that_fails(program)
        if test is not None:
            wrong.append(f"{program} {test} fails")
    wrong += [f"{name} fails" for name in script_names if not tree.run_script(name)[0]]
    if wrong:
        print("without a mutant:", "; ".join(wrong), file=sys.stderr)
        return 2
    for number, mutant in enumerate(mutants, 1):
        begun = time.monotonic()
        path = tree.SCRATCH / mutant.file
        pristine = path.read_bytes()
        try:
            tree.write_if_changed(path, mutant.apply(pristine.decode()).encode())
            runs = arguments.search_runs
            verdict = find(mutant, arguments.jobs, 60 + 4 * took * max(1, runs / SEARCH_RUNS),
                           script_names, runs)
        finally:
            tree.write_if_changed(path, pristine)
        replace_verdict(mutant.path, mutant.name, verdict)
        print(f"[{number}/{len(mutants)}] {mutant.name}: {verdict}, "
              f"{time.monotonic() - begun:.0f} s", flush=True)
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
