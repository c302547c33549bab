"""Asks whether the simulator's disk could leave an image: simulated_disk.cc answers."""

import subprocess

import disk


class SimulatedDisk:
    def __init__(self, program):
        self.program = program

    def cannot_leave(self, image, before):
        """Why not; None: it could. `before`: the disk on which the image's history began."""
        lines = [*_as_history(before), *image.history]
        text = "".join(_line(line) + "\n" for line in lines)
        text += "names " + ("".join("01"[done] for done in image.names_done) or "-") + "\n"
        text += f"stale {image.stale.hex()}\n"
        for path, (inode, content) in image.entries.items():
            text += f"has {inode.number} {path.hex()} {content.hex() or '-'}\n"
        done = subprocess.run([self.program], input=text.encode(), stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, timeout=120, check=False)
        if done.returncode == 0:
            return None
        return done.stdout.decode(errors="replace").strip() or f"status {done.returncode}"


def _as_history(before):
    made = set()
    for path, inode in before.seen().items():
        if inode.number in made:
            yield ("link", inode.number, path)
            continue
        made.add(inode.number)
        yield ("make", inode.number, inode.kind, path)
        if inode.content.seen:
            yield ("write", inode.number, 0, bytes(inode.content.seen))
    yield ("begin", "before", None)
    yield ("end", "before")


def _line(words):
    call = words[0]
    if call == "make" and words[2] == disk.SYMLINK:
        return "make - a symbolic link, which it does not have"
    if call == "begin":
        return f"begin {words[1]} {'all' if words[2] is None else words[2]}"
    return " ".join([call, *(word.hex() or "-" if isinstance(word, bytes) else str(word)
                             for word in words[1:])])
