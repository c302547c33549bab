"""The lists of mutants: their format (README.md), whether they fit the tree, and samples of them."""

import fnmatch
import hashlib
import pathlib
import re

ROOT = pathlib.Path(__file__).resolve().parents[2]
FOLDER = pathlib.Path(__file__).resolve().parent

# How a scenario can end. `hangs` and `crashes` are the program's own end, not its verdict: a
# WT_CHECK that fails has caught the mistake too, before the checkers saw anything.
VERDICTS = ["violation", "stalled", "nondeterministic", "inconclusive", "hangs", "crashes"]
SEARCH_RUNS = 1000


class BadList(Exception):
    pass


class Mutant:
    def __init__(self, name, path, line):
        self.name = name
        self.path = path
        self.line = line
        self.file = ""
        self.breaks = ""
        self.edits = []  # of (original lines, replacement lines)
        self.expected = {}  # scenario -> verdict; any but "pass" if None
        self.judges_all = False  # with verdicts: what other scenarios say is shown too
        self.units = []  # of (test binary, filter)
        self.scripts = []  # names of tests that are scripts around the command, as ctest knows them
        self.search_runs = 0
        self.equivalent = ""  # why no answer can differ
        self.missed = ""  # why nothing finds it, as far as is known

    @property
    def list(self):
        return self.path.stem

    @property
    def is_found(self):
        return bool(self.expected or self.units or self.scripts or self.search_runs)

    @property
    def is_mechanical(self):
        return self.path.parent.name == "mechanical"

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
        # What nobody uses any more is no error.
        quiet = ['#pragma clang diagnostic ignored "-Wall"'] if self.is_mechanical else []
        return "\n".join(quiet + lines)


def all_lists():
    return [FOLDER / "mutants.txt", *sorted((FOLDER / "planted").glob("*.txt")),
            *sorted((FOLDER / "mechanical").glob("*.txt"))]


def scenario_names():
    """'structured/torn_log_tail' and the like, of every scenario file."""
    folder = ROOT / "scenarios"
    return sorted(str(path.relative_to(folder).with_suffix(""))
                  for path in folder.rglob("*.textproto"))


def read_found(mutant, rest, where, scenarios):
    """The rest of a line that begins with `found`."""
    how, *words = rest.split()
    if how == "unit" and len(words) == 2:
        mutant.units.append((words[0], words[1]))
    elif how == "script" and len(words) == 1:
        mutant.scripts.append(words[0])
    elif how == "scenario" and len(words) == 1 and words[0] in scenarios:
        mutant.expected[words[0]] = None
    elif how == "scenario" and len(words) == 1:
        raise BadList(f"{where}: there is no scenario {words[0]}")
    elif how == "search" and len(words) <= 1 and all(word.isdigit() for word in words):
        mutant.search_runs = int(words[0]) if words else SEARCH_RUNS
    elif how == "equivalent" and words:
        mutant.equivalent = " ".join(words)
    else:
        raise BadList(f"{where}: write: found unit BINARY FILTER, found script TEST, "
                      "found scenario NAME, found search [RUNS], equivalent REASON, or missed REASON")


def read_mutants(path):
    scenarios = scenario_names()
    mutants = []
    for number, raw in enumerate(path.read_text().split("\n"), 1):
        line = raw.rstrip()
        if not line or line.startswith("#"):
            continue
        where = f"{path}:{number}"
        word, _, rest = line.partition(" ")
        rest = rest.strip()
        if word == "mutant":
            mutants.append(Mutant(rest, path, number))
            continue
        if not mutants:
            raise BadList(f"{where}: begin with: mutant NAME")
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
                raise BadList(f"{where}: a + line without a - line before it")
            mutant.edits[-1][1].append(rest)
        elif word == "found" and rest:
            read_found(mutant, rest, where, scenarios)
        elif word == "equivalent" and rest:
            mutant.equivalent = rest
        elif word == "missed" and rest:
            mutant.missed = rest
        elif word in VERDICTS:
            mutant.judges_all = True
            for pattern in rest.split():
                matching = fnmatch.filter(scenarios, pattern)
                if not matching:
                    raise BadList(f"{where}: there is no scenario {pattern}")
                for scenario in matching:
                    if scenario in mutant.expected:
                        raise BadList(f"{where}: {scenario} is listed twice")
                    mutant.expected[scenario] = word
        else:
            raise BadList(f"{where}: cannot read this line: {line}")
    names = [mutant.name for mutant in mutants]
    for mutant in mutants:
        where = f"{path}:{mutant.line}"
        if names.count(mutant.name) > 1:
            raise BadList(f"{path}: two mutants are called {mutant.name}")
        for what in ("file", "breaks", "edits"):
            if not getattr(mutant, what):
                raise BadList(f"{where}: {mutant.name} lacks its: {what}")
        if mutant.is_found + bool(mutant.equivalent) + bool(mutant.missed) != 1:
            raise BadList(f"{where}: {mutant.name} must be one of: found by something, equivalent, "
                          "missed")
    return mutants


def tests_of_the_tree():
    """'Suite.Case' of every test; of a typed or parametrised one without what follows."""
    begins = re.compile(r"^(?:TEST\w*|TYPED_TEST\w*|RC_GTEST\w*)\(\s*(\w+),\s*(\w+)", re.MULTILINE)
    return {f"{suite}.{case}" for path in (ROOT / "tests").rglob("*.cc")
            for suite, case in begins.findall(path.read_text())}


def names_a_test(pattern, tests):
    """Whether one of a filter's patterns may name a test; prefixes of instantiations are cut."""
    plain = [part.split("/") for part in pattern.split("-")[0].split(":")]
    for parts in plain:
        at = next((i for i, part in enumerate(parts) if "." in part), None)
        # Suite/0.Case is a typed test, Instance/Suite.Case/0 a parametrised one.
        candidates = [parts[at]] if at is not None else []
        if at:
            candidates.append(parts[at - 1] + "." + parts[at].split(".", 1)[1])
        if any(fnmatch.filter(tests, candidate) for candidate in candidates) or at is None:
            return True
    return False


def names_a_script(name, cmake):
    """Whether the CMakeLists of the tests add one of that name, whole or by its case."""
    words = re.split(r"[\s()]+", cmake)
    return name in words or name.split(".")[-1] in words


def check(mutants):
    """What is wrong with the lists, as lines; nothing is built."""
    wrong = []
    tests = tests_of_the_tree()
    cmake = "\n".join(path.read_text() for path in (ROOT / "tests").rglob("CMakeLists.txt"))
    lists_of = {}
    for mutant in mutants:
        lists_of.setdefault(mutant.name, set()).add(mutant.list)
    for name, of in lists_of.items():
        if len(of) > 1:
            wrong.append(f"{name}: mutants of {' and '.join(sorted(of))} are called so")
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
        for binary, pattern in mutant.units:
            if not names_a_test(pattern, tests):
                wrong.append(f"{mutant.name}: no test of {binary} is called {pattern}")
        for name in mutant.scripts:
            if not names_a_script(name, cmake):
                wrong.append(f"{mutant.name}: no script is called {name}")
    for scenario in scenario_names():
        if not any(scenario in mutant.expected for mutant in mutants):
            wrong.append(f"{scenario}: no mutant makes it fail: is it a check that cannot fail? "
                         "Add one to tests/mutations/mutants.txt, or strengthen its expectations")
    return wrong


def drawn(mutants, count, seed):
    """`count` of them, the same for the same seed whatever the order of the lists."""
    def place(mutant):
        return hashlib.sha256(f"{seed} {mutant.list} {mutant.name}".encode()).digest()
    chosen = sorted(mutants, key=place)[:count]
    return [mutant for mutant in mutants if mutant in chosen]


def sample(mutants, count, seed):
    """Equivalent ones and known misses have nothing to judge and are not drawn."""
    return drawn([mutant for mutant in mutants if mutant.is_found], count, seed)


def percent(part, whole):
    return f"{100 * part / whole:.0f} %" if whole else "none"


def summary(mutants, failed_to_show):
    """By list, how many are found and how many argued equivalent. `failed_to_show` holds those that
    are listed as found and were not."""
    lines = []
    for name in dict.fromkeys(mutant.list for mutant in mutants):
        of_list = [mutant for mutant in mutants if mutant.list == name]
        equivalent = sum(bool(mutant.equivalent) for mutant in of_list)
        found = [mutant for mutant in of_list if mutant.is_found and mutant not in failed_to_show]
        scenario = sum(bool(mutant.expected) for mutant in found)
        unit = sum(bool(mutant.units or mutant.scripts) and not mutant.expected
                   for mutant in found)
        judged = len(of_list) - equivalent
        lines.append(
            f"{name}: {len(of_list)} mutants, {len(found)} found ({percent(len(found), judged)} of "
            f"those not equivalent: {scenario} by a scenario, {unit} by a test, "
            f"{len(found) - scenario - unit} by the search), {equivalent} argued equivalent "
            f"({percent(equivalent, len(of_list))} of all), {judged - len(found)} not found")
    return lines
