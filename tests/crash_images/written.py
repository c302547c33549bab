"""Traces written by hand, for tests: as strace writes them, but with readable paths and bytes."""

import copy
import random
import re

import disk
import operations
import power_loss
import trace

ROOT = b"/tree"
REPORTS = b"/out"


def lines(text):
    """Of "TASK call(...) = result" lines: strings and paths become hexadecimal. `~` is the root."""
    written = []
    for line in text.strip().splitlines():
        line = line.strip().replace("~", ROOT.decode())
        if not line:
            continue
        task, _, rest = line.partition(" ")
        rest = re.sub(r'"([^"]*)"', lambda match: f'"{_hexadecimal(match[1])}"', rest)
        rest = re.sub(r"<(/[^>]*)>", lambda match: f"<{_hexadecimal(match[1])}>", rest)
        written.append(f"{task} {1000 + len(written)}.0 {rest}\n".encode())
    return written


def _hexadecimal(text):
    data = text.encode().decode("unicode_escape").encode("latin-1")
    return "".join(f"\\x{byte:02x}" for byte in data)


def calls(text):
    return trace.read_trace(lines(text))


def history(text, before=None, dropped=()):
    """`before`: path to bytes of what was there, durably; one that ends with / is a directory."""
    start = durable(before or {})
    found = operations.operations(calls(text), ROOT, b"/", REPORTS, copy.deepcopy(start))
    return power_loss.History(found, start, dropped)


def durable(files):
    start = disk.Disk()
    for path, content in files.items():
        above, _, name = path.strip("/").rpartition("/")
        directory = start.seen()[above.encode()].number if above else 0
        number = start.next_number()
        start.make(number, disk.DIRECTORY if path.endswith("/") else disk.FILE, directory,
                   name.encode())
        if content:
            start.write(number, 0, content)
    start.sync(None, start.sequence)
    return start


def seen(of):
    """What processes see in the end: path to bytes, None for directories."""
    replay = power_loss.Replay(of, len(of.events))
    return {path.decode(): _content(inode, inode.content.seen)
            for path, inode in replay.disk.seen().items()}


def entries(of, instant=None, manner=power_loss.NOTHING, seed=1):
    """Of an image, path to (Inode, content). `instant`: None for the end."""
    return of.image_at(len(of.events) if instant is None else instant, seed, manner,
                       random.Random(seed)).entries


def image(of, instant=None, manner=power_loss.NOTHING, seed=1):
    """Path to bytes, None for directories."""
    return {path.decode(): _content(inode, content)
            for path, (inode, content) in entries(of, instant, manner, seed).items()}


def images(of, instant=None, seeds=300):
    """All that are drawn when each thing is decided by itself."""
    drawn = []
    for seed in range(seeds):
        one = image(of, instant, power_loss.EACH, seed)
        if one not in drawn:
            drawn.append(one)
    return drawn


def _content(inode, content):
    return None if inode.kind == disk.DIRECTORY else bytes(content)
