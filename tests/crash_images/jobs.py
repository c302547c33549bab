#!/usr/bin/env python3
"""Power losses of real runs of both engines: word_count and word_count_dstream, as one process and
as a cluster with a store service.

    jobs.py [--images=N] [--seed=N] [--jobs=N] [--no-controls] WAVETANK SIMULATED_DISK

Runs are recorded, and of each some images drawn, started again and judged (word_job_judge.py).
Each image must be one that the simulator's disk can leave. Then the check itself is checked: with
one kind of sync dropped, most images must come out wrong. Recordings of which an image is wrong are
kept in build/crash_images.

Exit status: 0 all came out right, and the controls wrong; 1 otherwise.
"""

import argparse
import concurrent.futures
import dataclasses
import itertools
import os
import pathlib
import shutil
import sys
import tempfile
import threading
import time

import judging
import power_loss
import recording
import simulated
import trace

HERE = pathlib.Path(__file__).resolve().parent
KEPT = HERE.parents[1] / "build/crash_images"
# The model decides what is durable, so the trees may stand where a sync costs nothing.
MEMORY = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
KINDS = [(engine, where) for where in ("local", "cluster") for engine in ("query", "stream")]
# Every other run begins its logs anew after a few batches, and forgets what is old.
SMALL_LOGS = ("--log-bytes=1000", "--retain=2")
# A stream makes up for the batches that it missed since its recording, so that is made anew.
IMAGES_OF_A_RECORDING = 10
CONTROLS = ("directory", "file", "after-write")
IMAGES_OF_A_CONTROL = 5
SECONDS_OF_A_CONTROL = 20
SECONDS = 180
saying = threading.Lock()


def say(*words):
    with saying:
        print(*words, flush=True)


class Unit:
    """One recording, and what is drawn of it."""

    def __init__(self, options, number, images, controls):
        self.options = options
        self.engine, self.where = KINDS[number % len(KINDS)]
        small = (number + number // len(KINDS) + options.seed) % 2 == 0
        self.job_options = SMALL_LOGS if small else ()
        self.first = options.seed * 1000000 + number * 1000
        self.images = images
        self.controls = controls
        self.folder = KEPT / f"{self.first}-{self.engine}-{self.where}"
        self.results = []
        self.control_results = {}
        self.failed = ""

    def run(self):
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)
        with tempfile.TemporaryDirectory(prefix="crash-images-", dir=MEMORY) as above:
            try:
                (pathlib.Path(above) / "tree").mkdir()
                self._judge(pathlib.Path(above) / "tree")
            except (recording.Failed, trace.BadTrace) as error:
                self.failed = str(error)
                say(f"FAILED {self.folder.name}: {error}")
        if not self.failed and not any(result.wrong for result in self.results):
            shutil.rmtree(self.folder)
        return self

    def _judge(self, tree):
        command = [sys.executable, "-S", str(HERE / "word_job_run.py"), self.options.wavetank,
                   self.engine, self.where, *self.job_options]
        of = recording.record(self.folder, tree, command, SECONDS)
        judge = [sys.executable, str(HERE / "word_job_judge.py"), self.options.wavetank,
                 self.engine]
        trial = judging.Trial(of, command, judge, SECONDS,
                              simulated.SimulatedDisk(self.options.simulated_disk))
        seeds = range(self.first, self.first + self.images)
        self.results = judging.judge_images(trial, seeds, each=self._show)
        say(f"{' '.join((self.engine, self.where, *self.job_options))}: {len(of.operations)} "
            f"operations, {judging.summary(self.results)}")
        hasty = dataclasses.replace(trial, simulated=None, again=[
            "env", f"WORD_JOB_SECONDS={SECONDS_OF_A_CONTROL}", *command])
        for kind in self.controls:
            seeds = itertools.islice(self._telling_seeds(of.history([kind])), IMAGES_OF_A_CONTROL)
            self.control_results[kind] = judging.judge_images(hasty, seeds, [kind])

    def _telling_seeds(self, history):
        """Of images before which something was reported, and that lack some of what there was."""
        for seed in itertools.count(self.first + 500):
            image = history.image(seed)
            if image.reported and image.manner in (power_loss.NOTHING, power_loss.EACH):
                yield seed

    def _show(self, result):
        if result.wrong:
            say(f"WRONG  {result.image} of {self.folder.name}: {result.wrong}\n"
                f"  tests/crash_images/run.py --recording={self.folder} --images=1 "
                f"--seed={result.image.seed} --judge='{HERE}/word_job_judge.py "
                f"{self.options.wavetank} {self.engine}'")


def units(options):
    """The first of each kind makes the controls too."""
    made, left = [], options.images
    while left > 0 or len(made) < len(KINDS):
        images = max(1, min(left, IMAGES_OF_A_RECORDING))
        controls = CONTROLS if options.controls and len(made) < len(KINDS) else ()
        made.append(Unit(options, len(made), images, controls))
        left -= images
    return made


def controls_are_wrong(done):
    """Whether most images of each control are, and not for being slow."""
    good = True
    for kind in CONTROLS:
        results = [result for unit in done for result in unit.control_results.get(kind, [])]
        wrong = sum(1 for result in results if result.wrong and "had not come" not in result.wrong)
        enough = 2 * wrong > len(results)
        good = good and enough
        say(f"control: without syncs of the kind {kind}: {wrong} of {len(results)} images wrong"
            f"{'' if enough else ', which is too few: this check sees nothing'}")
    return good


def main(arguments):
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("--images", type=int, default=40)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--no-controls", dest="controls", action="store_false")
    parser.add_argument("wavetank", type=os.path.abspath)
    parser.add_argument("simulated_disk", type=os.path.abspath)
    options = parser.parse_args(arguments)
    start = time.monotonic()
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        try:
            done = list(pool.map(Unit.run, units(options)))
        except KeyboardInterrupt:
            pool.shutdown(cancel_futures=True)
            raise
    results = [result for unit in done for result in unit.results]
    good = not options.controls or controls_are_wrong(done)
    wrong = any(result.wrong for result in results) or any(unit.failed for unit in done)
    say(f"{judging.summary(results)}, of {len(done)} runs, in {time.monotonic() - start:.0f} s")
    return 0 if good and not wrong else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
