#!/usr/bin/env python3
"""Power losses of a real run: what a program wrote, and what of it would be there afterwards.

    run.py --tree=DIR --judge=COMMAND [OPTIONS] -- COMMAND...

COMMAND is run under strace to its end; all of its files lie below DIR. Then a power loss is put
somewhere into that run, DIR is given one of the contents that POSIX permits it to have after that,
COMMAND is started on it again (or --again), and the judge is asked. An image is wrong if the
program does not end with status 0 in time, or the judge does not. docs/crash_images.md explains it.

    --images=N         how many (20)
    --seed=N           the first of their seeds (1); a seed gives the same image of a recording
    --again=COMMAND    what is started on an image, if not COMMAND
    --seconds=N        how long each run may take (60)
    --drop=KIND        syncs of this kind have no effect, so most images must come out wrong:
                       "directory", "file", "after-write" (those of files that are straight after a
                       write to it), "everything" (sync, syncfs); again for more
    --recording=DIR    keeps the recording there; if there is one, images are drawn of it, and
                       COMMAND is not recorded again

Exit status: 0 all images came out right; 1 one did not; 2 bad usage, or a run that cannot be
followed.
"""

import argparse
import pathlib
import shlex
import sys
import tempfile

import judging
import operations
import recording
import trace


def parse(arguments):
    parser = argparse.ArgumentParser(usage=__doc__, add_help=True)
    parser.add_argument("--tree")
    parser.add_argument("--judge", required=True)
    parser.add_argument("--images", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--again")
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--drop", action="append", default=[], choices=operations.SYNC_KINDS)
    parser.add_argument("--recording")
    parser.add_argument("command", nargs="*")
    options = parser.parse_args(arguments)
    kept = options.recording and (pathlib.Path(options.recording) / "about.json").exists()
    if not kept and not (options.tree and options.command):
        parser.error("nothing is recorded yet: --tree and a COMMAND are needed")
    return options


def recorded(options, folder):
    folder.mkdir(parents=True, exist_ok=True)
    if (folder / "about.json").exists():
        return recording.Recording(folder)
    return recording.record(folder, options.tree, options.command, options.seconds)


def show(result):
    if result.wrong:
        print(f"WRONG  {result.image}: {result.wrong}", flush=True)
    else:
        print(f"right  {result.image}, {result.seconds:.1f} s", flush=True)


def main(arguments):
    options = parse(arguments)
    with tempfile.TemporaryDirectory(prefix="crash-images-") as scratch:
        try:
            of = recorded(options, pathlib.Path(options.recording or scratch + "/recording"))
        except (recording.Failed, trace.BadTrace, ValueError) as error:
            print(f"run.py: {error}", file=sys.stderr)
            return 2
        trial = judging.Trial(of, shlex.split(options.again) if options.again else of.command,
                              shlex.split(options.judge), options.seconds)
        seeds = [str(seed) for seed in range(options.seed, options.seed + options.images)]
        results = judging.judge_images(trial, seeds, options.drop, each=show)
        of.place.end()
    print(judging.summary(results))
    return 1 if any(result.wrong for result in results) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
