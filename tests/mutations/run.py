#!/usr/bin/env python3
"""Plants one mistake at a time into the product and shows what notices it.

A check that no mistake can make fail checks nothing. mutants.txt lists mistakes with the scenarios
that must fail under them; the lists in planted/ hold mistakes that were made up without a look at
the tests, with what found each. README.md describes the format.

    run.py                        builds and judges every mutant; an hour and more
    run.py --only NAME...         the same for some of them
    run.py --sample N --seed HEX  the same for N of them, drawn by HEX (a commit's hash)
    run.py --mutants FILE...      of these lists; all are read otherwise
    run.py --check                whether the lists fit the tree, without a build; a test does this
    run.py --list                 what there is, and how much of it is found

Exit status: 0 everything listed notices its mutant, as listed, and each scenario is listed by some
mutant; 1 otherwise; 2 bad usage, a list that cannot be read, or a tree that does not pass without
mutants.
"""

import argparse
import os
import pathlib
import re
import sys
import time

import lists
import tree


def failed(outcomes):
    return {name: verdict for name, (verdict, _) in outcomes.items() if verdict != "pass"}


def grouped(verdicts):
    """'violation: a b; stalled: c'."""
    parts = []
    for verdict in lists.VERDICTS:
        names = [name for name, got in verdicts.items() if got == verdict]
        if names:
            parts.append(f"{verdict}: {' '.join(names)}")
    return "; ".join(parts) or "none"


def targets_of(mutants):
    """What must be built to judge these."""
    by_command = any(mutant.expected or mutant.scripts or mutant.search_runs
                     for mutant in mutants)
    targets = {"wavetank"} if by_command else set()
    targets |= {binary for mutant in mutants for binary, _ in mutant.units}
    return sorted(targets)


class Judge:
    def __init__(self, jobs):
        self.jobs = jobs
        self.search_seconds = {}  # runs -> how long they may take

    def unchanged(self, mutants):
        """What fails without any mistake, as lines: such a check says nothing about a mutant."""
        wrong = []
        scenarios = lists.scenario_names() if any(m.expected for m in mutants) else []
        outcomes = failed(tree.run_scenarios(scenarios, self.jobs))
        if outcomes:
            wrong.append(f"without a mutant these fail: {grouped(outcomes)}")
        for binary, pattern in sorted({unit for mutant in mutants for unit in mutant.units}):
            passed, seen = tree.run_unit(binary, pattern)
            if not passed:
                wrong.append(f"without a mutant this fails: {binary} {pattern}: {seen}")
        for name in sorted({name for mutant in mutants for name in mutant.scripts}):
            passed, seen = tree.run_script(name)
            if not passed:
                wrong.append(f"without a mutant this fails: {name}: {seen}")
        for runs in sorted({mutant.search_runs for mutant in mutants} - {0}):
            passed, seen, took = tree.run_search(runs, 3600)
            self.search_seconds[runs] = 60 + 4 * took
            if not passed:
                wrong.append(f"without a mutant {runs} runs of the search fail: {seen}")
        return wrong

    def judge(self, mutant):
        """How scenarios ended, and what differs from the list."""
        path = tree.SCRATCH / mutant.file
        pristine = path.read_bytes()
        log = tree.LOGS / f"{mutant.list}.{mutant.name}.txt"
        log.unlink(missing_ok=True)
        outcomes, wrong, seen = {}, [], []
        try:
            tree.write_if_changed(path, mutant.apply(pristine.decode()).encode())
            if not tree.build(log, targets_of([mutant]), self.jobs):
                return {}, [f"{mutant.name} does not build: {log}"]
            names = lists.scenario_names() if mutant.judges_all else list(mutant.expected)
            outcomes = tree.run_scenarios(names, self.jobs)
            for name, verdict in mutant.expected.items():
                got = outcomes[name][0]
                if got != verdict if verdict else got == "pass":
                    wrong.append(f"{mutant.name}: {name} must end as {verdict or 'failed'}, "
                                 f"and ends as {got}")
            for binary, pattern in mutant.units:
                passed, what = tree.run_unit(binary, pattern)
                seen.append(f"{'pass' if passed else 'fail':<16} {binary} {pattern}: {what}")
                if passed:
                    wrong.append(f"{mutant.name}: {binary} {pattern} must fail, and passes")
            for name in mutant.scripts:
                passed, what = tree.run_script(name)
                seen.append(f"{'pass' if passed else 'fail':<16} {name}: {what}")
                if passed:
                    wrong.append(f"{mutant.name}: {name} must fail, and passes")
            if mutant.search_runs:
                passed, what, _ = tree.run_search(mutant.search_runs,
                                                  self.search_seconds[mutant.search_runs])
                seen.append(f"{'pass' if passed else 'fail':<16} search: {what}")
                if passed:
                    wrong.append(f"{mutant.name}: {mutant.search_runs} runs of the search must "
                                 "find it, and do not")
        finally:
            tree.write_if_changed(path, pristine)
        with open(log, "a") as out:
            for name, (verdict, why) in outcomes.items():
                out.write(f"{verdict:<16} {name}: {why}\n")
            out.writelines(line + "\n" for line in seen)
        return outcomes, wrong


def report(mutants, results):
    """Which scenarios notice which mutants, both ways, for lists that judge by all scenarios."""
    mutants = [mutant for mutant in mutants if mutant.judges_all]
    if not mutants:
        return
    print("\n== mutant | scenarios that it must fail (listed) | others that fail too")
    for mutant in mutants:
        got = failed(results[mutant.name])
        listed = {name: got[name] for name in mutant.expected if name in got}
        others = {name: verdict for name, verdict in got.items() if name not in mutant.expected}
        print(f"{mutant.name} | {grouped(listed)} | {grouped(others)}")
    print("\n== scenario | mutants that make it fail; * listed, [n]: scenarios that mutant fails")
    for name in lists.scenario_names():
        found = []
        for mutant in mutants:
            got = failed(results[mutant.name])
            if name in got:
                star = "*" if name in mutant.expected else ""
                found.append((len(got), f"{mutant.name}{star} {got[name]} [{len(got)}]"))
        # Those that few scenarios notice say most about each of them.
        if found:
            print(f"{name} | {', '.join(text for _, text in sorted(found))}")


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--only", nargs="+", metavar="NAME", help="these mutants")
    parser.add_argument("--sample", type=int, metavar="N", help="N of them, drawn by --seed")
    parser.add_argument("--seed", metavar="HEX", help="what --sample draws by: a commit's hash")
    parser.add_argument("--list", action="store_true", help="name the mutants, and what they break")
    parser.add_argument("--check", action="store_true", help="do the lists fit? builds nothing")
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), metavar="N")
    parser.add_argument("--mutants", type=pathlib.Path, nargs="+", metavar="FILE",
                        help="these lists", default=lists.all_lists())
    arguments = parser.parse_args()
    if (arguments.sample is None) != (arguments.seed is None):
        parser.error("--sample and --seed belong together")
    if arguments.sample is not None and arguments.sample < 1:
        parser.error(f"--sample={arguments.sample}: draw at least one")
    if arguments.seed is not None and not re.fullmatch("[0-9a-fA-F]+", arguments.seed):
        parser.error(f"--seed={arguments.seed} is not a hexadecimal number")
    return arguments


def choose(mutants, arguments):
    """Those that the arguments name; exits with 2 where they name what is not there."""
    if arguments.only:
        unknown = set(arguments.only) - {mutant.name for mutant in mutants}
        if unknown:
            print(f"there is no mutant {', '.join(sorted(unknown))}; --list names them",
                  file=sys.stderr)
            sys.exit(2)
        mutants = [mutant for mutant in mutants if mutant.name in arguments.only]
    if arguments.sample:
        of = len(mutants)
        mutants = lists.sample(mutants, arguments.sample, arguments.seed)
        print(f"drawn by {arguments.seed}, {len(mutants)} of {of} mutants: "
              f"{' '.join(mutant.name for mutant in mutants)}", flush=True)
    return mutants


def judge_all(mutants, jobs):
    """What is wrong, as lines; None if nothing could be judged."""
    tree.LOGS.mkdir(parents=True, exist_ok=True)
    tree.copy_tree()
    print("building the tree as it is", flush=True)
    judged = [mutant for mutant in mutants if mutant.is_found]
    log = tree.LOGS / "unchanged.txt"
    if not tree.configure(log) or not tree.build(log, targets_of(judged), jobs):
        print(f"it does not build: {log}", file=sys.stderr)
        return None
    judge = Judge(jobs)
    without = judge.unchanged(judged)
    if without:
        print("\n".join(without), file=sys.stderr)
        return None
    results, wrong, not_found = {}, [], []
    for number, mutant in enumerate(judged, 1):
        begun = time.monotonic()
        results[mutant.name], differing = judge.judge(mutant)
        wrong += differing
        not_found += [mutant] if differing else []
        count = len(failed(results[mutant.name]))
        verdict = "as listed" if not differing else "; ".join(differing)
        fail = f"{count} scenarios fail, " if mutant.expected else ""
        print(f"[{number}/{len(judged)}] {mutant.name}: {fail}{verdict}, "
              f"{time.monotonic() - begun:.0f} s", flush=True)
    report(judged, results)
    print()
    print("\n".join(lists.summary(mutants, not_found)))
    return wrong


def main():
    arguments = parse_arguments()
    try:
        mutants = [mutant for path in arguments.mutants for mutant in lists.read_mutants(path)]
    except (lists.BadList, OSError) as bad:
        print(bad, file=sys.stderr)
        return 2
    if arguments.list:
        for mutant in mutants:
            print(f"{mutant.list} {mutant.name}: {mutant.breaks} ({mutant.file})")
        print("\n".join(lists.summary(mutants, [])))
        return 0
    whole = arguments.mutants == lists.all_lists() and not arguments.only
    # Some of the mutants cannot cover every scenario.
    wrong = lists.check(mutants) if whole else []
    if arguments.check:
        print("\n".join(wrong) or f"{len(mutants)} mutants apply, and each of the "
              f"{len(lists.scenario_names())} scenarios is made to fail by one")
        return 1 if wrong else 0

    mutants = choose(mutants, arguments)
    started = time.monotonic()
    differing = judge_all(mutants, arguments.jobs)
    if differing is None:
        return 2
    wrong += differing
    print(f"{len(mutants)} mutants, {(time.monotonic() - started) / 60:.1f} minutes")
    for line in wrong:
        print(f"WRONG: {line}")
    return 1 if wrong else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
