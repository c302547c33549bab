"""What a power loss at one instant leaves: an image, drawn by a seed.

The history is replayed up to the instant; of the calls that are under way there, a drawn part has
taken effect. Then each thing that no completed sync covers is decided (disk.py has the rule)."""

import copy
import dataclasses
import random

import disk

# How what is not durable turns out. Real machines often show the extremes, which are rare among
# independent draws; "names alone" is what file systems leave that allocate late.
NOTHING, EVERYTHING, NAMES_ALONE, PREFIX, EACH = (
    "nothing un-synced", "everything", "names alone", "a prefix", "each by itself")
_MANNERS = [NOTHING] * 2 + [EVERYTHING, NAMES_ALONE] + [PREFIX] * 2 + [EACH] * 6


@dataclasses.dataclass
class Image:
    seed: str
    instant: int  # how many beginnings and ends of operations came before
    manner: str
    reported: bytes
    seen: dict  # what processes saw before: path to (Inode, content)
    entries: dict  # what is left: the same
    history: list  # of operations and of "begin" and "end" of syncs, as they were replayed
    names_done: list  # of each pending change of names, in order, whether it is done
    stale: bytes  # what was in a sector of appended space before

    def __str__(self):
        return f"image {self.seed} (at {self.instant}, survives: {self.manner})"


class History:
    """`before`: the disk as it was. `dropped`: kinds of syncs that have no effect."""

    def __init__(self, operations, before, dropped=()):
        self.operations = operations
        self.before = before
        self.dropped = dropped
        self.events = sorted(
            (line, index, is_end)
            for index, operation in enumerate(operations)
            for line, is_end in ((operation.begin, False), (operation.end, True)))

    def drops(self, kind):
        return kind in self.dropped or (kind == "after-write" and "file" in self.dropped)

    def image(self, seed):
        draw = random.Random(f"crash image {seed}")
        return self.image_at(self._draw_instant(draw), seed, draw.choice(_MANNERS), draw)

    def image_at(self, instant, seed, manner, draw):
        replay = Replay(self, instant)
        for operation in replay.under_way:
            if draw.random() < 0.5 and replay.can_take_effect(operation):
                replay.take_effect(operation)
        seen = replay.disk.seen_entries()
        loss = PowerLoss(replay.disk, manner, draw)
        return Image(seed, instant, manner, bytes(replay.reported), seen, loss.entries(),
                     replay.history, loss.names_done, loss.stale)

    def _draw_instant(self, draw):
        """Just before or after the end of a sync, or after a report, or anywhere."""
        near = {"sync": [], "report": []}
        for at, (_, index, is_end) in enumerate(self.events):
            call = self.operations[index].call
            if is_end and call in near:
                near[call].append(at + 1)
                if call == "sync":
                    near[call].append(at)
        places = near[draw.choice(("sync", "sync", "report"))]
        if places and draw.random() < 0.75:
            return draw.choice(places)
        return draw.randrange(len(self.events) + 1)


class Replay:
    """The disk as it is at an instant."""

    def __init__(self, history, instant):
        self.disk = copy.deepcopy(history.before)
        self.reported = bytearray()
        self.history = []
        self.paths = self._paths()
        points = {}  # of syncs that have begun
        begun = {}
        for _, index, is_end in history.events[:instant]:
            operation = history.operations[index]
            if operation.call == "sync":
                if history.drops(operation.sync_kind):
                    continue
                number = operation.arguments[0]
                if not is_end:
                    points[index] = self.disk.sequence
                    self.history.append(("begin", index, number))
                else:
                    self.disk.sync(number, points.pop(index))
                    self.history.append(("end", index))
            elif not is_end:
                begun[index] = operation
            else:
                del begun[index]
                self.take_effect(operation)
        self.under_way = [operation for operation in begun.values() if operation.call != "report"]

    def take_effect(self, operation):
        if operation.call == "report":
            self.reported += operation.arguments[0]
            return
        self.history.append(self._described(operation))
        getattr(self.disk, operation.call)(*operation.arguments)
        self._follow_directories(operation)
        if operation.call in ("make", "write", "truncate"):
            self.disk.inodes[operation.arguments[0]].modified = operation.time


    def can_take_effect(self, operation):
        """Of one under way: it may need another that is, and was not drawn."""
        call, given, inodes = operation.call, operation.arguments, self.disk.inodes
        if call in ("make", "link"):
            directory, name = given[2:4] if call == "make" else given[1:3]
            return (directory in inodes and name not in inodes[directory].entries
                    and (call == "make" or given[0] in inodes))
        if call in ("rename", "remove"):
            return given[0] in inodes and given[1] in inodes[given[0]].entries
        return given[0] in inodes

    def _described(self, operation):
        """With paths as they are before it, so that another model of a disk may replay it."""
        call, given, path = operation.call, operation.arguments, self.paths
        if call == "make":
            return ("make", given[0], given[1], path[given[2]] + given[3])
        if call == "link":
            return ("link", given[0], path[given[1]] + given[2])
        if call == "rename":
            return ("rename", path[given[0]] + given[1], path[given[2]] + given[3])
        if call == "remove":
            kind = self.disk.inodes[given[0]].entries[given[1]].kind
            return ("remove", kind, path[given[0]] + given[1])
        return (call, *given)

    def _paths(self):
        """Of each directory, by number, with a slash at its end."""
        return {0: b"", **{inode.number: path + b"/" for path, inode in self.disk.seen().items()
                           if inode.kind == disk.DIRECTORY}}

    def _follow_directories(self, operation):
        call, given = operation.call, operation.arguments
        if call == "make" and given[1] == disk.DIRECTORY:
            self.paths[given[0]] = self.paths[given[2]] + given[3] + b"/"
        elif call == "rename":
            moved = self.disk.inodes[given[2]].entries[given[3]]
            if moved.kind == disk.DIRECTORY:
                self.paths = self._paths()


class PowerLoss:
    def __init__(self, before, manner, draw):
        self.disk = before
        self.manner = manner
        self.draw = draw
        self.stale = draw.randbytes(disk.SECTOR)
        self.cut = draw.randrange(before.sequence + 1) if manner == PREFIX else 0
        self.names_done = [self._name_is_done(change) for change in before.pending]
        for change, done in zip(before.pending, self.names_done):
            if done:
                change.apply(lambda directory: directory.durable)
        self.contents = {}

    def entries(self):
        left = disk.walk(self.disk.root, lambda directory: directory.durable)
        return {path: (inode, self._content(inode)) for path, inode in left.items()}

    def _name_is_done(self, change):
        if self.manner == PREFIX:
            return change.sequence <= self.cut
        if self.manner == EACH:
            return self.draw.random() < 0.5
        return self.manner in (EVERYTHING, NAMES_ALONE)

    def _content(self, inode):
        if inode.number not in self.contents:
            self.contents[inode.number] = self._settled(inode.content)
        return self.contents[inode.number]

    def _settled(self, content):
        if not content.pending or self.manner in (NOTHING, NAMES_ALONE):
            return content.durable
        if self.manner == EVERYTHING:
            return bytes(content.seen)
        if self.manner == PREFIX:
            return content.after([each for each in content.pending if each.sequence <= self.cut])
        manner = self.draw.randrange(6)
        if manner == 0:
            return content.durable
        if manner == 1:
            return bytes(content.seen)
        return self._torn(content)

    def _torn(self, content):
        left = bytearray(content.durable)
        size = self._size(content)
        synced = len(left)
        del left[size:]
        left.extend(bytes(size - len(left)))
        for start in range(0, size, disk.SECTOR):
            stop = min(start + disk.SECTOR, size)
            touching = [write for write in content.pending
                        if write.offset < start + disk.SECTOR and write.end() > start]
            if not touching:
                continue
            applied = self.draw.randrange(len(touching) + (2 if stop > synced else 1))
            if applied > len(touching):
                begin = max(start, synced)
                left[begin:stop] = self.stale[begin - start:stop - start]
                continue
            for write in touching[:applied]:
                write.apply(left, start, stop)
        return bytes(left)

    def _size(self, content):
        sizes = [len(content.durable)] + [write.size_after for write in content.pending]
        how = self.draw.randrange(4)
        if how == 0:
            return sizes[0]
        if how == 1:
            return sizes[-1]
        if how == 2:
            return self.draw.choice(sizes)
        return self.draw.randint(min(sizes), max(sizes))
