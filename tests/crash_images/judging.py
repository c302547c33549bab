"""An image, and what comes of it: the tree is put in its place, the program started on it, and a
judge asked about what it leaves."""

import collections
import dataclasses
import time

import power_loss
import recording
import tree


@dataclasses.dataclass
class Trial:
    """How images of one recording are tried."""
    recording: recording.Recording
    again: list  # the command that is started on each
    judge: list  # a command: status 0 if what it finds is right
    seconds: float  # how long each may take
    simulated: object = None  # a SimulatedDisk, which must be able to leave each image


@dataclasses.dataclass
class Result:
    image: power_loss.Image
    wrong: str  # empty: it came out right
    said: str = ""  # by the judge
    seconds: float = 0.0


def judge_image(trial, image):
    """The tree holds afterwards what the program left."""
    of, folder = trial.recording, trial.recording.folder
    if trial.simulated is not None:
        why = trial.simulated.cannot_leave(image, of.before)
        if why is not None:
            return Result(image, f"the simulator's disk cannot leave it: {why}")
    (folder / "reported_before").write_bytes(image.reported)
    seen = tree.Place(folder / "seen")
    seen.hold(image.seen)
    seen.end()
    of.place.hold(image.entries)
    variables = recording.environment(of.tree, folder / "reported_before")
    variables["CRASH_IMAGES_SEEN"] = str(folder / "seen")
    status = recording.run(trial.again, folder / "reported_again", folder / "said_again", variables,
                           trial.seconds)
    if status != 0:
        return Result(image, f"started again, it {recording.ended(status, trial.seconds)}: "
                             f"{recording.tail(folder / 'said_again')}")
    variables["CRASH_IMAGES_REPORTED_AGAIN"] = str(folder / "reported_again")
    status = recording.run(trial.judge, folder / "judged", folder / "judged_errors", variables,
                           trial.seconds)
    said = recording.tail(folder / "judged") + recording.tail(folder / "judged_errors")
    if status != 0:
        return Result(image, f"the judge {recording.ended(status, trial.seconds)}: {said}")
    return Result(image, "", said)


def judge_images(trial, seeds, dropped=(), each=lambda result: None):
    """A result for each seed. The tree holds afterwards what it held before the recorded run."""
    history = trial.recording.history(dropped)
    results = []
    try:
        for seed in seeds:
            start = time.monotonic()
            results.append(judge_image(trial, history.image(seed)))
            results[-1].seconds = time.monotonic() - start
            each(results[-1])
    finally:
        trial.recording.place.hold(trial.recording.before.seen_entries())
    return results


def summary(results):
    """'40 images, 0 wrong (nothing un-synced: 7, ...)'."""
    manners = collections.Counter(result.image.manner for result in results)
    wrong = sum(1 for result in results if result.wrong)
    listed = ", ".join(f"{manner}: {count}" for manner, count in sorted(manners.items()))
    return f"{len(results)} images, {wrong} wrong (survives {listed})"
