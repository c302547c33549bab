#!/usr/bin/env python3
"""same_explorations.py FIRST SECOND --seeds=A-B [OPTION...]: two builds of `wavetank` explore the
same seeds, the second with other bytes in fresh heap memory. All that their runs did must be the
same; the first seed whose runs differ is named, unless --runs says where to end. FIRST may be the
summary (explore --json, FILE.json) of an exploration with the same options: then none is named."""
import json
import os
import subprocess
import sys
import tempfile

# Times of the host; and a sum of fractions, which depends on the order in which workers end.
OF_THE_HOST = ("seconds", "worker_seconds", "virtual_seconds")
MOST_SHOWN = 5


def without_the_host(summary):
    return {key: value for key, value in summary.items() if key not in OF_THE_HOST}


def explore(program, options, environment):
    """The summary of an exploration, without what the host made of it."""
    if program.endswith(".json"):
        return without_the_host(json.load(open(program)))
    with tempfile.NamedTemporaryFile(suffix=".json") as summary:
        command = [program, "explore", *options, f"--json={summary.name}",
                   f"--save={tempfile.gettempdir()}/same_explorations"]
        try:
            ran = subprocess.run(command, env=environment, capture_output=True, text=True,
                                 check=False)
        except OSError as wrong:
            sys.exit(f"{program} cannot be run: {wrong.strerror}")
        if ran.returncode != 0:
            sys.exit(f"{program} explore {' '.join(options)}: status {ran.returncode}\n"
                     f"{ran.stdout[-4000:]}{ran.stderr[-4000:]}")
        said = json.load(open(summary.name))
    return without_the_host(said)


def difference(programs, options):
    """What of two summaries is not alike."""
    perturbed = dict(os.environ, GLIBC_TUNABLES="glibc.malloc.perturb=165")
    first = explore(programs[0], options, dict(os.environ))
    second = explore(programs[1], options, perturbed)
    return {key: (first.get(key), second.get(key)) for key in first.keys() | second.keys()
            if first.get(key) != second.get(key)}


def narrow(programs, first, last, others):
    """The first of these seeds of which the runs differ. They differ over all of them."""
    while first < last:
        middle = (first + last) // 2
        if difference(programs, [f"--seeds={first}-{middle}", *others]):
            last = middle
        else:
            first = middle + 1
    return first


def main():
    programs, options = sys.argv[1:3], sys.argv[3:]
    seeds = [option for option in options if option.startswith("--seeds=")]
    if len(programs) != 2 or len(seeds) != 1:
        sys.exit(__doc__)
    differs = difference(programs, options)
    if not differs:
        return
    print(f"the runs of {programs[0]} and of {programs[1]} differ:", file=sys.stderr)
    for key, (one, other) in sorted(differs.items()):
        if isinstance(one, dict):
            names = sorted(name for name in one.keys() | other.keys()
                           if one.get(name) != other.get(name))
            one = {name: one.get(name) for name in names[:MOST_SHOWN]}
            other = {name: other.get(name) for name in names[:MOST_SHOWN]}
        print(f"  {key}: {one} and {other}", file=sys.stderr)
    is_ended = any(option.startswith("--runs=") for option in options)
    if not is_ended and not programs[0].endswith(".json"):
        first, last = map(int, seeds[0].removeprefix("--seeds=").split("-"))
        others = [option for option in options if option not in seeds]
        seed = narrow(programs, first, last, others)
        print(f"  first with --seeds={seed}-{seed}", file=sys.stderr)
    sys.exit(1)


if __name__ == "__main__":
    main()
