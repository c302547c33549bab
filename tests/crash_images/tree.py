"""A tree of files on this machine's disk: read, written, compared."""

import os
import shutil
import stat

import disk


def read(root):
    """As a disk on which all of it is durable."""
    found = disk.Disk()
    numbers = {}  # of hard links
    left = [(0, os.fsencode(root))]
    while left:
        directory, path = left.pop()
        for entry in sorted(os.scandir(path), key=lambda entry: entry.name):
            info = entry.stat(follow_symlinks=False)
            known = numbers.get((info.st_dev, info.st_ino))
            if known is not None:
                found.link(known, directory, entry.name)
                continue
            number = found.next_number()
            if stat.S_ISLNK(info.st_mode):
                found.make(number, disk.SYMLINK, directory, entry.name, os.readlink(entry.path))
            elif stat.S_ISDIR(info.st_mode):
                found.make(number, disk.DIRECTORY, directory, entry.name)
                left.append((number, entry.path))
            elif stat.S_ISREG(info.st_mode):
                found.make(number, disk.FILE, directory, entry.name)
                numbers[info.st_dev, info.st_ino] = number
                with open(entry.path, "rb") as file:
                    found.write(number, 0, file.read())
            else:
                raise ValueError(f"{os.fsdecode(entry.path)} is neither a file nor a directory: "
                                 "images hold none of that kind")
            found.inodes[number].modified = info.st_mtime
            found.inodes[number].mode = stat.S_IMODE(info.st_mode)
    found.sync(None, found.sequence)
    return found


class Place:
    """A directory that holds now one tree, now another.

    A program may know its directories by themselves (their device and number), so one that several
    trees have is the same in each: while a tree lacks it, it waits beside the place."""

    def __init__(self, root):
        self.root = os.fsencode(os.path.realpath(root))
        self.waiting = self.root + b".waiting"
        self.numbers = {}  # of the model's inodes, by device and number

    def know(self, model):
        """What is there, is what processes see of the disk."""
        for path, inode in model.seen().items():
            if inode.kind == disk.DIRECTORY:
                self.numbers[_identity(os.path.join(self.root, path))] = inode.number

    def hold(self, entries):
        """`entries`: path to (Inode, content)."""
        self._clear()
        written = {}
        for path, (inode, content) in sorted(entries.items()):
            place = os.path.join(self.root, path)
            if inode.number in written:
                os.link(written[inode.number], place)
            elif inode.kind == disk.DIRECTORY:
                self._make_directory(place, inode.number)
            elif inode.kind == disk.SYMLINK:
                os.symlink(inode.target, place)
            else:
                _write_file(place, inode, content)
                written[inode.number] = place

    def end(self):
        """No other tree will be held."""
        shutil.rmtree(self.waiting, ignore_errors=True)

    def _clear(self):
        os.makedirs(self.root, exist_ok=True)
        os.makedirs(self.waiting, exist_ok=True)
        for above, directories, files in os.walk(self.root, topdown=False):
            for name in files:
                os.unlink(os.path.join(above, name))
            for name in directories:
                path = os.path.join(above, name)
                number = None if os.path.islink(path) else self.numbers.get(_identity(path))
                if os.path.islink(path):
                    os.unlink(path)
                elif number is None:
                    os.rmdir(path)
                else:
                    os.rename(path, self._waits(number))

    def _waits(self, number):
        return os.path.join(self.waiting, b"%d" % number)

    def _make_directory(self, path, number):
        if os.path.isdir(self._waits(number)):
            os.rename(self._waits(number), path)
        else:
            os.mkdir(path)
            self.numbers[_identity(path)] = number


def _identity(path):
    info = os.stat(path)
    return info.st_dev, info.st_ino


def _write_file(path, inode, content):
    with open(path, "xb") as file:
        file.write(content)
    if inode.mode is not None:
        os.chmod(path, inode.mode)
    os.utime(path, (inode.modified, inode.modified))


def difference(model, root):
    """Where what processes see of the disk is not what is there, as a sentence; None: nowhere."""
    there = {path: inode for path, inode in read(root).seen().items()}
    seen = model.seen()
    for path in sorted(set(there) ^ set(seen)):
        return f"{os.fsdecode(path)} is {'there' if path in there else 'not there'}"
    for path, inode in seen.items():
        if (inode.kind, inode.target) != (there[path].kind, there[path].target):
            return f"{os.fsdecode(path)} is of another kind"
        if inode.content.seen != there[path].content.seen:
            return f"{os.fsdecode(path)} has other bytes"
    return None
