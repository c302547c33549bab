"""A run under strace, and what it left: enough to draw images of it at any time.

    DIR/before     the tree as it was, all of it durable
    DIR/trace      what strace wrote
    DIR/reported   what the program wrote to its standard output
    DIR/said       what it wrote to its standard error
    DIR/about.json tree, command, where it was started, and where `reported` was"""

import copy
import json
import os
import pathlib
import shutil
import signal
import subprocess
import time

import operations
import power_loss
import trace
import tree


class Failed(Exception):
    """A sentence: why there is no recording."""


def environment(root, reported=os.devnull):
    """`reported`: what the program had reported before the power loss, if there was one."""
    return {**os.environ, "CRASH_IMAGES_TREE": str(root), "CRASH_IMAGES_REPORTED": str(reported)}


def record(folder, root, command, seconds):
    """Runs the command to its end. It must leave the tree as the trace says."""
    if shutil.which("strace") is None:
        raise Failed("there is no strace: install the Debian package of that name")
    folder = pathlib.Path(folder)
    root = pathlib.Path(root).resolve()
    shutil.copytree(root, folder / "before", symlinks=True)
    (folder / "about.json").write_text(json.dumps(
        {"tree": str(root), "command": command, "directory": os.getcwd(),
         "reported": str(folder.resolve() / "reported")}))
    place = tree.Place(root)
    try:
        status = run(trace.command(folder / "trace", command), folder / "reported",
                     folder / "said", environment(root), seconds)
        if status != 0:
            raise Failed(f"the run to be recorded {ended(status, seconds)}: "
                         f"{tail(folder / 'said')}")
        recording = Recording(folder, place)
        difference = tree.difference(recording.after, root)
        if difference:
            raise Failed(f"the trace does not account for the tree: {difference}")
        place.know(recording.after)
    finally:
        place.hold(tree.read(folder / "before").seen_entries())
    return recording


class Recording:
    def __init__(self, folder, place=None):
        self.folder = pathlib.Path(folder)
        about = json.loads((self.folder / "about.json").read_text())
        self.tree = about["tree"]
        self.place = place or tree.Place(self.tree)
        self.command = about["command"]
        root, reported = os.fsencode(self.tree), os.fsencode(about["reported"])
        known = [root.hex(), reported.hex()]
        known = [b"<" + b"".join(b"\\x" + text[i:i + 2].encode() for i in range(0, len(text), 2))
                 for text in known]

        def wanted(rest):
            """Reading and mapping what is elsewhere fills most of a trace."""
            return (not rest.startswith((b"read", b"mmap", b"lseek", b"ioctl"))
                    or rest.startswith((b"readlink",)) or any(each in rest for each in known))

        with open(self.folder / "trace", "rb") as lines:
            calls = trace.read_trace(lines, wanted)
        self.before = tree.read(self.folder / "before")
        self.after = copy.deepcopy(self.before)
        self.operations = operations.operations(
            calls, root, os.fsencode(about["directory"]), reported, self.after)

    def history(self, dropped=()):
        return power_loss.History(self.operations, self.before, dropped)


def run(command, output, errors, variables, seconds):
    """The status; None after so many seconds. Nothing that it started is left."""
    until = time.monotonic() + seconds
    with open(output, "wb") as out, open(errors, "wb") as err:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=err,
                                   env=variables, start_new_session=True)
    has_ended = None
    try:
        # Not reaped before its group is ended, so that nobody else can have the group's number.
        while has_ended is None and time.monotonic() < until:
            time.sleep(0.005)
            has_ended = os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    return None if has_ended is None else process.returncode


def ended(status, seconds):
    if status is None:
        return f"did not end within {seconds} s"
    return f"ended with status {status}" if status >= 0 else f"was ended by signal {-status}"


def tail(path, most=600):
    return pathlib.Path(path).read_bytes()[-most:].decode(errors="replace").strip()
