#!/usr/bin/env python3
"""Mutants that nobody made up: what keeps a promise is taken out of the source, one place at a time.

    mechanical.py            compares the lists in mechanical/ with what the source gives; a test does
    mechanical.py --write    brings them up to date: what is known of a mutant whose lines are as they
                             were stays, a new one is `missed Not judged yet`, one whose lines are
                             gone goes

Of what durability and exactly-once rest on, in SOURCES:

    sync           each call that syncs: it does nothing, and says OK
    step           each durable step that gives a status alone: it is left out
    order          each two durable steps that follow one another: they change places
    check          each condition on an epoch, an attempt, a version and the like: it never holds;
                   each call that only checks: it is left out
    duplicate      each condition on whether something was there before: it never holds

A list is written, and judged, as those that people made up (README.md). The names are those of the
places, so that they stay when other places come and go.

Exit status: 0; 1 the lists are not what the source gives; 2 bad usage, or a list that cannot be read.
"""

import argparse
import hashlib
import pathlib
import re
import sys

import lists

FOLDER = lists.FOLDER / "mechanical"
SOURCES = ["checkpoint", "runtime/cluster", "runtime/connectors", "runtime/dstream",
           "runtime/structured"]
NOT_JUDGED = "missed Not judged yet."

SYNC = re.compile(r"co_await [\w.>\-()*]*?(?:->|\.)?Sync\w*\(")
FENCES = re.compile(r"epoch|token|fence|attempt|incarnation|superseded|owner|sequence|generation|"
                    r"newest|newer|older|higher|stale|version|identity|committed|prepared|defined|"
                    r"complete|distrust|\bhash|withdrawn|cancelled|\blive\b|\bdead\b",
                    re.IGNORECASE)
BEFORE = re.compile(r"\.second\b|\bcontains\(|\.insert\(|\.erase\(|\bseen\b|\bfresh\b|\bknown|"
                    r"[!=]= \w+[.\w]*\.end\(\)")
# What makes something durable, or visible, or takes it away.
VERBS = (r"(?:Append|Create\w*|Write(?:Group|Base|Anew|At|And|File|Temporary)\w*|Link\w*|Rename|"
         r"Remove\w*|Discard|Drop|Stage|Publish|Commit\w*|LogCompleted|LogInput\w*|TakeOver|"
         r"Announce|Confirm|Settle|Seal\w*|Sync\w*|Fence\w*|Defined|Report|Put\w*|Truncate|"
         r"MakeDirectories|Reserve|RunOutputs)")
DURABLE = re.compile(r"co_await [\w.>\-()*]*?\b" + VERBS + r"\(")
ALONE = re.compile(r"^(?:WT_CO_RETURN_IF_ERROR\()?(?:\()?co_await [\w.>\-()*]*?\b" + VERBS + r"\(")
CHECKED = re.compile(r"^WT_CO_RETURN_IF_ERROR\((?:co_await )?[\w.>\-()*:]*\b"
                     r"(?:Check|Confirm|Look|Refuse|Verify|Must)\w*\(")
STEP = re.compile(r"^co_await [\w.>\-()*]*\bStep\(")
DECLARED = re.compile(r"^(?:WT_CO_ASSIGN_OR_RETURN\()?(?:const )?[\w:<>&* ]*?\b(\w+)(?: = |, co_await)")


class Statement:
    """Lines of the source up to a semicolon or a brace, and where they begin."""

    def __init__(self, at, text):
        self.at = at
        self.lines = text

    @property
    def joined(self):
        return " ".join(line.strip() for line in self.lines)

    @property
    def indent(self):
        return len(self.lines[0]) - len(self.lines[0].lstrip())


def balanced_end(text, opening):
    """Behind the parenthesis that closes the one at `opening`."""
    depth = 0
    for at in range(opening, len(text)):
        depth += {"(": 1, ")": -1}.get(text[at], 0)
        if depth == 0:
            return at + 1
    return len(text)


def without_planted_bugs(all_statements):
    """What `wavetank bugs` plants (platform/planted.h) keeps no promise: left out, with its block
    unless that is the product's."""
    found, depth = [], 0
    for statement in all_statements:
        text = statement.joined
        if depth > 0:
            depth += text.count("{") - text.count("}")
        elif "Planted(" not in text:
            found.append(statement)
        elif text.endswith("{") and "!platform::Planted(" not in text:
            depth = 1
    return found


def statements(lines):
    """In order, comments, directives and planted bugs left out."""
    found, begin = [], None
    for at, line in enumerate(lines):
        text = line.split("//")[0].rstrip()
        if not text.strip() or text.lstrip().startswith("#"):
            continue
        if begin is None:
            begin = at
        joined = " ".join(each.split("//")[0] for each in lines[begin:at + 1])
        open_parentheses = joined.count("(") - joined.count(")")
        if open_parentheses <= 0 and text[-1] in ";{}":
            found.append(Statement(begin, lines[begin:at + 1]))
            begin = None
    return without_planted_bugs(found)


def with_condition(statement):
    """The statement with the condition of its `if` evaluated and false; None if it has none."""
    text = statement.joined
    begin = re.match(r"(?:\} else )?if \(", text)
    if begin is None or "constexpr" in text[:begin.end() + 12]:
        return None, None
    opening = begin.end() - 1
    end = balanced_end(text, opening)
    condition = text[opening + 1:end - 1]
    declared = re.match(r"(.*); (.*)$", condition)
    if declared:
        return condition, (f"{text[:opening]}({declared.group(1)}; "
                           f"((void)({declared.group(2)}), false)){text[end:]}")
    if re.match(r"(?:const )?(?:auto|absl::\w+|[\w:]+)[*&]? \w+ = ", condition):
        return None, None
    return condition, f"{text[:opening]}((void)({condition}), false){text[end:]}"


def mutations(lines):
    """(kind, the statements as they are, lines instead of them)."""
    all_statements = statements(lines)
    for number, statement in enumerate(all_statements):
        text = statement.joined
        found = SYNC.search(text)
        if found:
            end = balanced_end(text, found.end() - 1)
            yield "sync", statement, [f"{text[:found.start()]}absl::OkStatus(){text[end:]}"]
        elif ALONE.match(text) and text.endswith(";"):
            yield "step", statement, []
        if CHECKED.match(text) and text.endswith(";"):
            yield "check", statement, []
        condition, never = with_condition(statement)
        if never is not None and BEFORE.search(condition):
            yield "duplicate", statement, [never]
        elif never is not None and FENCES.search(condition):
            yield "check", statement, [never]
        swapped = neighbours(all_statements[number:number + 4])
        if swapped:
            last = swapped[1][-1]
            whole = Statement(statement.at, lines[statement.at:last.at + len(last.lines)])
            yield ("order", whole, [line.strip() for part in (swapped[1], swapped[0])
                                    for each in part for line in each.lines])


def neighbours(following):
    """Two durable steps, each with the Step that tells of it; None if these are not two."""
    parts = []
    for statement in following:
        text = statement.joined
        if statement.indent != following[0].indent or not text.endswith(";"):
            break
        if re.search(r"\bco_return\b|\breturn\b", text):
            break
        if DURABLE.search(text) and len(parts) < 2:
            parts.append([statement])
        elif parts and STEP.match(text) and len(parts[-1]) == 1:
            parts[-1].append(statement)
        else:
            break
    if len(parts) < 2:
        return None
    declared = DECLARED.match(parts[0][0].joined)
    if declared and re.search(rf"\b{declared.group(1)}\b",
                              " ".join(each.joined for each in parts[1])):
        return None
    return parts


def unique(lines, statement):
    """The statement's lines with as many before them as make them stand once in the file."""
    stripped = [line.strip() for line in lines]
    begin, end = statement.at, statement.at + len(statement.lines)
    while begin > 0:
        wanted = stripped[begin:end]
        count = sum(stripped[at:at + len(wanted)] == wanted for at in range(len(stripped)))
        if count == 1:
            break
        begin -= 1
    return stripped[begin:end], stripped[begin:statement.at]


class Made:
    def __init__(self, kind, file, original, replacement, what):
        self.kind = kind
        self.file = file
        self.original = original
        self.replacement = replacement
        self.what = what
        place = "\n".join([file, *original, *replacement])
        digest = hashlib.sha256(place.encode()).hexdigest()[:6]
        self.name = f"{kind}_{pathlib.Path(file).stem}_{digest}"

    def text(self, verdict):
        out = [f"mutant {self.name}", f"file {self.file}", f"breaks {self.what}"]
        out += [f"- {line}".rstrip() for line in self.original]
        out += [f"+ {line}".rstrip() for line in self.replacement]
        return "\n".join(out + [verdict]) + "\n"


MEANING = {
    "sync": "What is synced here is durable from here on.",
    "step": "What this step does is done.",
    "check": "What is checked here is heeded.",
    "duplicate": "What was there before is known.",
    "order": "The first of these steps is durable before the second begins.",
}


def made():
    all_made = []
    for folder in SOURCES:
        for path in sorted((lists.ROOT / folder).rglob("*")):
            if path.suffix not in (".cc", ".h"):
                continue
            file = str(path.relative_to(lists.ROOT))
            lines = path.read_text().split("\n")
            for kind, statement, instead in mutations(lines):
                original, before = unique(lines, statement)
                if any(not line for line in original):
                    # The format has no empty lines.
                    continue
                all_made.append(Made(kind, file, original, before + instead, MEANING[kind]))
    names = [each.name for each in all_made]
    return [each for each in all_made if names.count(each.name) == 1]


def verdicts_known():
    """By name: the last lines of what is in the lists."""
    known = {}
    for path in sorted(FOLDER.glob("*.txt")):
        for block in re.split(r"(?m)^(?=mutant )", path.read_text()):
            name = re.match(r"mutant (\S+)", block)
            last = [line for line in block.rstrip().split("\n")
                    if line.split(" ")[0] in ("found", "equivalent", "missed")]
            if name and last:
                known[name.group(1)] = "\n".join(last)
    return known


def wanted():
    """What the lists must be, by their names."""
    known, texts = verdicts_known(), {}
    for each in made():
        texts.setdefault(each.kind, []).append(each.text(known.get(each.name, NOT_JUDGED)))
    return {kind: f"# Written by mechanical.py --write: {MEANING[kind]}\n\n" + "\n".join(blocks)
            for kind, blocks in texts.items()}


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--write", action="store_true", help="bring the lists up to date")
    arguments = parser.parse_args()
    wrong = []
    for kind, text in wanted().items():
        path = FOLDER / f"{kind}.txt"
        if arguments.write:
            FOLDER.mkdir(exist_ok=True)
            path.write_text(text)
        elif not path.is_file() or path.read_text() != text:
            wrong.append(f"{path.relative_to(lists.ROOT)} is not what the source gives: run "
                         "tests/mutations/mechanical.py --write, then find.py")
        mutants = lists.read_mutants(path) if path.is_file() else []
        print(f"{kind}: {len(mutants)} mutants, "
              f"{sum(m.missed.startswith('Not judged') for m in mutants)} not judged")
    print("\n".join(wrong))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
