"""One disk: what processes see, what is durable, and what only the next power loss decides.

The rule is that of platform/disk.h and of POSIX, not of any one file system:
- Each 512-byte sector that was written since the last completed sync of its file holds any of the
  values that it was given since then, or the synced one; in appended space also zeros, or bytes of
  something else. The size is anything between the least and the largest since then.
- A sync of a file makes its content and size durable, not its name.
- Each change of names (something made, linked, renamed, removed) is done or undone, by itself,
  until the directory is synced in which the name appears or, for a removal, stood. A rename is one
  change. What settles a change settles the earlier ones of the same names.
- A sync covers what had ended before it began, from its own end on."""

import dataclasses

SECTOR = 512
FILE, DIRECTORY, SYMLINK = "file", "directory", "symlink"


@dataclasses.dataclass
class Write:
    """A write, or (`data` is None) a change of the size to `offset`."""
    sequence: int
    offset: int
    data: bytes | None
    size_after: int

    def end(self):
        return self.offset + len(self.data) if self.data is not None else 1 << 62

    def apply(self, content, start, stop):
        """To bytes [start, stop) of the content, as far as it goes. Beyond a new size are zeros."""
        start, stop = max(start, self.offset), min(stop, self.end(), len(content))
        if start >= stop:
            return
        if self.data is None:
            content[start:stop] = bytes(stop - start)
        else:
            content[start:stop] = self.data[start - self.offset:stop - self.offset]


class Content:
    def __init__(self, durable=b""):
        self.seen = bytearray(durable)
        self.durable = bytes(durable)
        self.pending = []

    def write(self, sequence, offset, data):
        if data:
            _resize(self.seen, max(len(self.seen), offset + len(data)))
            self.seen[offset:offset + len(data)] = data
            self.pending.append(Write(sequence, offset, data, len(self.seen)))

    def truncate(self, sequence, size):
        _resize(self.seen, size)
        self.pending.append(Write(sequence, size, None, size))

    def settle(self, point):
        covered = [write for write in self.pending if write.sequence <= point]
        self.durable = self.after(covered)
        self.pending = self.pending[len(covered):]

    def after(self, writes):
        """What is durable, and these writes."""
        content = bytearray(self.durable)
        for write in writes:
            _resize(content, write.size_after)
            write.apply(content, 0, len(content))
        return bytes(content)


def _resize(content, size):
    if size < len(content):
        del content[size:]
    else:
        content.extend(bytes(size - len(content)))


class Inode:
    def __init__(self, number, kind, content=b"", target=b""):
        self.number = number
        self.kind = kind
        self.content = Content(content)
        self.target = target  # of a symbolic link
        self.entries = {}  # of a directory: name to Inode, as processes see them
        self.durable = {}
        self.modified = 0.0
        self.mode = None  # of permissions, if it is known


@dataclasses.dataclass
class NameChange:
    sequence: int
    settles_in: Inode
    names: list  # of (directory, name, inode, whether it appears there)

    def apply(self, table):
        """`table` gives the entries of a directory."""
        for directory, name, inode, appears in self.names:
            if appears:
                table(directory)[name] = inode
            elif table(directory).get(name) is inode:
                del table(directory)[name]

    def touches(self):
        return {(directory.number, name) for directory, name, _, _ in self.names}


class Disk:
    """Inode 0 is the root, a directory whose own name no power loss takes."""

    def __init__(self):
        self.inodes = {0: Inode(0, DIRECTORY)}
        self.pending = []  # changes of names, in their order
        self.sequence = 0  # of the newest change of names or content

    @property
    def root(self):
        return self.inodes[0]

    def next_number(self):
        return len(self.inodes)

    # What calls do. Directories and files are given by their numbers.
    def make(self, number, kind, directory, name, target=b""):
        inode = self.inodes.setdefault(number, Inode(number, kind, target=target))
        self._change(directory, [(self.inodes[directory], name, inode, True)])

    def link(self, number, directory, name):
        self._change(directory, [(self.inodes[directory], name, self.inodes[number], True)])

    def rename(self, from_directory, from_name, to_directory, to_name):
        source, target = self.inodes[from_directory], self.inodes[to_directory]
        inode = source.entries[from_name]
        if target.entries.get(to_name) is not inode:
            self._change(to_directory, [(source, from_name, inode, False),
                                        (target, to_name, inode, True)])

    def remove(self, directory, name):
        inode = self.inodes[directory].entries[name]
        self._change(directory, [(self.inodes[directory], name, inode, False)])

    def write(self, number, offset, data):
        self.sequence += 1
        self.inodes[number].content.write(self.sequence, offset, data)

    def truncate(self, number, size):
        self.sequence += 1
        self.inodes[number].content.truncate(self.sequence, size)

    def sync(self, number, point):
        """Of what had changed by `point`, an earlier `sequence`. None stands for everything."""
        if number is None:
            for inode in self.inodes.values():
                inode.content.settle(point)
            self._settle([change.sequence <= point for change in self.pending])
        elif self.inodes[number].kind == DIRECTORY:
            directory = self.inodes[number]
            self._settle([change.settles_in is directory and change.sequence <= point
                          for change in self.pending])
        else:
            self.inodes[number].content.settle(point)

    def _change(self, settles_in, names):
        self.sequence += 1
        change = NameChange(self.sequence, self.inodes[settles_in], names)
        change.apply(lambda directory: directory.entries)
        self.pending.append(change)

    def _settle(self, settles):
        for later in reversed(range(len(settles))):
            if settles[later]:
                touched = self.pending[later].touches()
                for earlier in range(later):
                    if self.pending[earlier].touches() & touched:
                        settles[earlier] = True
        for change, settled in zip(self.pending, settles):
            if settled:
                change.apply(lambda directory: directory.durable)
        self.pending = [change for change, settled in zip(self.pending, settles) if not settled]

    def seen(self):
        """Path to inode of all that processes see, in order."""
        return walk(self.root, lambda directory: directory.entries)

    def seen_entries(self):
        """The same, path to (Inode, content)."""
        return {path: (inode, bytes(inode.content.seen)) for path, inode in self.seen().items()}


def walk(root, table):
    found = {}
    left = [(b"", root)]
    while left:
        above, directory = left.pop()
        for name, inode in table(directory).items():
            found[above + name] = inode
            if inode.kind == DIRECTORY:
                left.append((above + name + b"/", inode))
    return dict(sorted(found.items()))
