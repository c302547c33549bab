#!/usr/bin/env python3
"""Plants one mistake at a time into the product and shows which scenarios notice it.

A scenario that no mistake can make fail checks nothing. mutants.txt lists mistakes, one or a few
lines each, with the scenarios that must fail under them; README.md describes its format.

    run.py              builds and judges every mutant; minutes
    run.py --only NAME  the same for some of them
    run.py --check      whether the list fits the tree, without a build; a test does this
    run.py --list       what there is

Exit status: 0 every listed scenario fails as listed, and each scenario is listed by some mutant;
1 otherwise; 2 bad usage, a list that cannot be read, or a tree that does not pass without mutants.
"""

import argparse
import concurrent.futures
import fnmatch
import json
import os
import pathlib
import resource
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
# A copy of the tree, so that a run that is interrupted leaves no mistake in the real one. It is
# built where a checkout is built, and so finds in ccache whatever another build has compiled.
SCRATCH = ROOT / "build/mutants/tree"
BUILD = SCRATCH / "build/release"
LOGS = ROOT / "build/mutants/logs"
COPIED = ["CMakeLists.txt", "CMakePresets.json", "cmake", "platform", "checkpoint", "runtime",
          "simulator", "properties", "scenarios"]
# A mutant may loop for ever and allocate while it does: either is a way to be caught.
# A run takes some hundredths of a second, or a second when it restarts over and over.
RUN_SECONDS = 60
RUN_BYTES = 4 << 30

# How a scenario can end. `hangs` and `crashes` are the program's own end, not its verdict: a
# WT_CHECK that fails has caught the mistake too, before the checkers saw anything.
VERDICTS = ["violation", "stalled", "nondeterministic", "inconclusive", "hangs", "crashes"]


running = set()  # processes, to be killed when a run is interrupted


class BadList(Exception):
    pass


class Mutant:
    def __init__(self, name, line):
        self.name = name
        self.line = line
        self.file = ""
        self.breaks = ""
        self.edits = []  # of (original lines, replacement lines)
        self.expected = {}  # scenario -> verdict

    def apply(self, text):
        """The mutated text. Lines are compared without their indentation."""
        lines = text.split("\n")
        for original, replacement in self.edits:
            at = [i for i in range(len(lines) - len(original) + 1)
                  if [line.strip() for line in lines[i:i + len(original)]] == original]
            if len(at) != 1:
                raise BadList(f"{self.name}: its lines stand {len(at)} times in {self.file}, "
                              f"not once: {original[0]}")
            first = lines[at[0]]
            indent = first[:len(first) - len(first.lstrip())]
            lines[at[0]:at[0] + len(original)] = [indent + line for line in replacement]
        return "\n".join(lines)


def read_mutants(path):
    scenarios = scenario_names()
    mutants = []
    for number, raw in enumerate(path.read_text().split("\n"), 1):
        line = raw.rstrip()
        if not line or line.startswith("#"):
            continue
        word, _, rest = line.partition(" ")
        rest = rest.strip()
        if word == "mutant":
            mutants.append(Mutant(rest, number))
            continue
        if not mutants:
            raise BadList(f"{path}:{number}: begin with: mutant NAME")
        mutant = mutants[-1]
        if word == "file":
            mutant.file = rest
        elif word == "breaks":
            mutant.breaks = (mutant.breaks + " " + rest).strip()
        elif word == "-":
            if not mutant.edits or mutant.edits[-1][1]:
                mutant.edits.append(([], []))
            mutant.edits[-1][0].append(rest)
        elif word == "+":
            if not mutant.edits:
                raise BadList(f"{path}:{number}: a + line without a - line before it")
            mutant.edits[-1][1].append(rest)
        elif word in VERDICTS:
            for pattern in rest.split():
                matching = fnmatch.filter(scenarios, pattern)
                if not matching:
                    raise BadList(f"{path}:{number}: there is no scenario {pattern}")
                for scenario in matching:
                    if scenario in mutant.expected:
                        raise BadList(f"{path}:{number}: {scenario} is listed twice")
                    mutant.expected[scenario] = word
        else:
            raise BadList(f"{path}:{number}: cannot read this line: {line}")
    names = [mutant.name for mutant in mutants]
    for mutant in mutants:
        if names.count(mutant.name) > 1:
            raise BadList(f"{path}: two mutants are called {mutant.name}")
        for what in ("file", "breaks", "edits", "expected"):
            if not getattr(mutant, what):
                raise BadList(f"{path}:{mutant.line}: {mutant.name} lacks its: {what}")
    return mutants


def scenario_names():
    """'structured/torn_log_tail' and the like, of every scenario file."""
    folder = ROOT / "scenarios"
    return sorted(str(path.relative_to(folder).with_suffix(""))
                  for path in folder.rglob("*.textproto"))


def check(mutants):
    """What is wrong with the list, as lines; nothing is built."""
    wrong = []
    scenarios = scenario_names()
    for mutant in mutants:
        path = ROOT / mutant.file
        if not path.is_file():
            wrong.append(f"{mutant.name}: there is no file {mutant.file}")
            continue
        try:
            if mutant.apply(path.read_text()) == path.read_text():
                wrong.append(f"{mutant.name}: changes nothing")
        except BadList as bad:
            wrong.append(str(bad))
    for scenario in scenarios:
        if not any(scenario in mutant.expected for mutant in mutants):
            wrong.append(f"{scenario}: no mutant makes it fail: is it a check that cannot fail? "
                         "Add one to tests/mutations/mutants.txt, or strengthen its expectations")
    return wrong


def write_if_changed(path, content):
    # An untouched file keeps its time, and ninja builds nothing for it.
    if path.is_file() and path.read_bytes() == content:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def copy_tree():
    wanted = set()
    for name in COPIED:
        top = ROOT / name
        for path in [top] if top.is_file() else sorted(top.rglob("*")):
            if not path.is_file():
                continue
            relative = path.relative_to(ROOT)
            wanted.add(relative)
            write_if_changed(SCRATCH / relative, path.read_bytes())
            os.chmod(SCRATCH / relative, path.stat().st_mode)
    for path in sorted(SCRATCH.rglob("*")):
        relative = path.relative_to(SCRATCH)
        if path.is_file() and relative.parts[0] != "build" and relative not in wanted:
            path.unlink()


def build(log, jobs):
    """Whether the program builds; what was said stands in the log."""
    with open(log, "wb") as out:
        if not (BUILD / "build.ninja").is_file():
            configured = subprocess.run(
                ["cmake", "--preset", "release", "-DWAVETANK_BUILD_TESTS=OFF",
                 "-DWAVETANK_BUILD_BENCHMARKS=OFF", "-DWAVETANK_BUILD_ARCHITECTURE_TESTS=OFF"],
                cwd=SCRATCH, stdout=out, stderr=out)
            if configured.returncode != 0:
                return False
        command = ["cmake", "--build", str(BUILD), "--target", "wavetank", "-j", str(jobs)]
        return subprocess.run(command, stdout=out, stderr=out).returncode == 0


def limits():
    resource.setrlimit(resource.RLIMIT_AS, (RUN_BYTES, RUN_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def run_scenario(name):
    """How it ended, and why, as one line."""
    command = [str(BUILD / "bin/wavetank"), "run", "--json=-",
               str(SCRATCH / "scenarios" / (name + ".textproto"))]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                               preexec_fn=limits)
    running.add(process)
    try:
        out, err = process.communicate(timeout=RUN_SECONDS)
    except subprocess.TimeoutExpired:
        return "hangs", f"no end within {RUN_SECONDS} s"
    finally:
        if process.poll() is None:
            process.kill()
            process.communicate()
        running.discard(process)
    try:
        report = json.loads(out.decode())
    except ValueError:
        last = err.decode(errors="replace").strip().split("\n")[-1]
        return "crashes", f"exit status {process.returncode}: {last}"
    return report["verdict"], "; ".join(report.get("reasons", []))


def run_all(names, jobs):
    pool = concurrent.futures.ThreadPoolExecutor(max_workers=jobs)
    try:
        return dict(zip(names, pool.map(run_scenario, names)))
    except KeyboardInterrupt:
        for process in list(running):
            process.kill()
        raise
    finally:
        pool.shutdown(cancel_futures=True)


def judge(mutant, jobs):
    """The outcomes, and what differs from the list."""
    path = SCRATCH / mutant.file
    pristine = path.read_bytes()
    log = LOGS / (mutant.name + ".txt")
    try:
        write_if_changed(path, mutant.apply(pristine.decode()).encode())
        if not build(log, jobs):
            return {}, [f"{mutant.name} does not build: {log}"]
        outcomes = run_all(scenario_names(), jobs)
    finally:
        write_if_changed(path, pristine)
    with open(log, "a") as out:
        for name, (verdict, why) in outcomes.items():
            out.write(f"{verdict:<16} {name}: {why}\n")
    wrong = []
    for name, verdict in mutant.expected.items():
        got = outcomes[name][0]
        if got != verdict:
            wrong.append(f"{mutant.name}: {name} must end as {verdict}, and ends as {got}")
    return outcomes, wrong


def failed(outcomes):
    return {name: verdict for name, (verdict, _) in outcomes.items() if verdict != "pass"}


def grouped(verdicts):
    """'violation: a b; stalled: c'."""
    parts = []
    for verdict in VERDICTS:
        names = [name for name, got in verdicts.items() if got == verdict]
        if names:
            parts.append(f"{verdict}: {' '.join(names)}")
    return "; ".join(parts) or "none"


def report(mutants, results):
    print("\n== mutant | scenarios that it must fail (listed) | others that fail too")
    for mutant in mutants:
        got = failed(results[mutant.name])
        listed = {name: got[name] for name in mutant.expected if name in got}
        others = {name: verdict for name, verdict in got.items() if name not in mutant.expected}
        print(f"{mutant.name} | {grouped(listed)} | {grouped(others)}")
    print("\n== scenario | mutants that make it fail; * listed, [n]: scenarios that mutant fails")
    for name in scenario_names():
        found = []
        for mutant in mutants:
            got = failed(results[mutant.name])
            if name in got:
                star = "*" if name in mutant.expected else ""
                found.append((len(got), f"{mutant.name}{star} {got[name]} [{len(got)}]"))
        # Those that few scenarios notice say most about each of them.
        print(f"{name} | {', '.join(text for _, text in sorted(found)) or 'NONE'}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--only", nargs="+", metavar="NAME", help="these mutants")
    parser.add_argument("--list", action="store_true", help="name the mutants, and what they break")
    parser.add_argument("--check", action="store_true", help="does the list fit? builds nothing")
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), metavar="N")
    parser.add_argument("--mutants", type=pathlib.Path, metavar="FILE", help="another list",
                        default=pathlib.Path(__file__).with_name("mutants.txt"))
    arguments = parser.parse_args()

    try:
        mutants = read_mutants(arguments.mutants)
    except (BadList, OSError) as bad:
        print(bad, file=sys.stderr)
        return 2
    if arguments.list:
        for mutant in mutants:
            print(f"{mutant.name}: {mutant.breaks} ({mutant.file})")
        return 0
    # Some of the mutants cannot cover every scenario.
    wrong = check(mutants) if not arguments.only else []
    if arguments.check:
        print("\n".join(wrong) or f"{len(mutants)} mutants apply, and each of the "
              f"{len(scenario_names())} scenarios is made to fail by one")
        return 1 if wrong else 0

    if arguments.only:
        unknown = set(arguments.only) - {mutant.name for mutant in mutants}
        if unknown:
            print(f"there is no mutant {', '.join(sorted(unknown))}; --list names them",
                  file=sys.stderr)
            return 2
        mutants = [mutant for mutant in mutants if mutant.name in arguments.only]

    started = time.monotonic()
    LOGS.mkdir(parents=True, exist_ok=True)
    copy_tree()
    print("building the tree as it is", flush=True)
    if not build(LOGS / "unchanged.txt", arguments.jobs):
        print(f"it does not build: {LOGS / 'unchanged.txt'}", file=sys.stderr)
        return 2
    unchanged = failed(run_all(scenario_names(), arguments.jobs))
    if unchanged:
        print(f"without a mutant these fail: {grouped(unchanged)}", file=sys.stderr)
        return 2

    results = {}
    for number, mutant in enumerate(mutants, 1):
        begun = time.monotonic()
        results[mutant.name], differing = judge(mutant, arguments.jobs)
        wrong += differing
        count = len(failed(results[mutant.name]))
        verdict = "as listed" if not differing else "; ".join(differing)
        print(f"[{number}/{len(mutants)}] {mutant.name}: {count} scenarios fail, {verdict}, "
              f"{time.monotonic() - begun:.0f} s", flush=True)
    report(mutants, results)
    minutes = (time.monotonic() - started) / 60
    print(f"\n{len(mutants)} mutants, {len(scenario_names())} scenarios, {minutes:.1f} minutes")
    for line in wrong:
        print(f"WRONG: {line}")
    return 1 if wrong else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
