"""What the calls of a trace do to one tree of files, and what they report.

Descriptors are followed through open, dup, fork and exec, so that a write finds its file whatever
names it has by then. What would change the tree in a way that is not followed (a shared writable
mapping, io_uring, a file that comes in from outside) is refused in a sentence: no image is drawn
from half a history."""

import dataclasses
import os
import re

import disk
import trace


@dataclasses.dataclass
class Operation:
    """`call` is a method of disk.Disk with its arguments, or "report" and the bytes, or "sync" and
    the number of the inode that is synced (None: all)."""
    call: str
    arguments: tuple
    begin: int  # lines of the trace, between which it took effect
    end: int
    time: float
    sync_kind: str = ""  # one of SYNC_KINDS


# "after-write": of a file, straight after the same thread's write to it.
SYNC_KINDS = ("directory", "file", "after-write", "everything")


@dataclasses.dataclass
class Opened:
    """An open file description."""
    inode: int
    appends: bool
    syncs: bool
    position: int = 0


@dataclasses.dataclass
class Descriptor:
    opened: Opened
    closes_on_exec: bool


class Process:
    def __init__(self, directory, descriptors):
        self.directory = directory  # the current one, an absolute path
        self.descriptors = descriptors


class Disagreement(Exception):
    """A call succeeded that could not have in the tree as it is followed."""


def operations(calls, root, here, reports, before):
    """`root`: the tree, as an absolute path without links. `here`: the first process's directory.
    `reports`: path of the file to which the program reports. `before`: a disk that holds the tree
    as it was, which then follows. Gives the operations in the order in which they took effect."""
    return Follower(calls, root, here, reports, before).follow()


class Follower:
    def __init__(self, calls, root, here, reports, before):
        self.calls = calls
        self.root, self.reports = root, reports
        self.disk = before
        self.here = here
        self.found = []
        self.done = set()  # beginnings of calls
        self.line = 0
        self.processes = {}
        self.gone = {}  # of each place, which inode last lost that name, and that call's end
        self.newest_write = {}  # of each thread: its (inode, call's place among its calls)
        self.made_by = {call.result: call for call in calls
                        if call.name in ("clone", "clone3", "fork", "vfork") and call.result > 0}

    def follow(self):
        # A number is free for another file before the end of the close that frees it.
        def at(call):
            return call.begin if call.name in ("close", "close_range") else call.end

        for call in sorted(self.calls, key=at):
            self.line = call.end
            self._do(call)
        self.found.sort(key=lambda operation: operation.end)
        return self.found

    def _do(self, call):
        if call.begin in self.done:
            return
        self.done.add(call.begin)
        follow = getattr(self, "_" + call.name, None)
        if call.result < 0 or follow is None:
            return
        process = self._process(call.task)
        try:
            follow(process, call)
        except Disagreement as disagreement:
            # Of calls side by side, the order of their ends need not be that of their effects.
            beside = [other for other in self.calls
                      if other.begin < call.end < other.end and other.begin not in self.done]
            if not beside:
                raise trace.BadTrace(f"{call}: {disagreement}: something else has changed the tree "
                                     "meanwhile") from None
            self._do(beside[0])
            self.done.discard(call.begin)
            self._do(call)

    def _process(self, task):
        if task not in self.processes:
            parent_call = self.made_by.get(task)
            if parent_call is None:
                self.processes[task] = Process(self.here, {})
            else:
                parent = self._process(parent_call.task)
                flags = b" ".join(parent_call.arguments)
                if b"CLONE_FILES" in flags:
                    self.processes[task] = parent
                else:
                    self.processes[task] = Process(parent.directory, {
                        number: dataclasses.replace(each)
                        for number, each in parent.descriptors.items()})
        return self.processes[task]

    def _add(self, call, method, *arguments, sync_kind=""):
        operation = Operation(method, arguments, call.begin, min(call.end, self.line), call.time,
                              sync_kind)
        if method not in ("report", "sync"):
            getattr(self.disk, method)(*arguments)
        self.found.append(operation)

    # Paths.
    def _inside(self, path):
        """Of a path without links: the part below the root; None: it is elsewhere."""
        if path == self.root:
            return b""
        return path[len(self.root) + 1:] if path.startswith(self.root + b"/") else None

    def _at(self, process, base, argument):
        """Of a path argument, the directory's inode and the name; None: it is elsewhere."""
        path = trace.text(argument)
        if base is not None:
            number, base_path = trace.descriptor(base)
            if number is None and base_path is not None:
                process.directory = base_path
            if number is not None and not path.startswith(b"/"):
                if self._inside(base_path) is None:
                    return self._outside(base_path + b"/" + path)
                return self._walk(self._opened(process, base).inode, path)
        return self._outside(os.path.join(process.directory, path))

    def _outside(self, absolute):
        absolute = os.path.normpath(absolute)
        inside = self._inside(absolute)
        if inside is None:  # by links that lead to the tree
            above, name = os.path.split(absolute)
            inside = self._inside(os.path.join(os.path.realpath(above), name))
        return None if inside is None else self._walk(0, inside)

    def _walk(self, number, path, links=0):
        directory = self.disk.inodes[number]
        above = [directory]
        parts = [part for part in path.split(b"/") if part not in (b"", b".")]
        for part in parts[:-1]:
            if part == b"..":
                if len(above) == 1:
                    raise trace.BadTrace(f"a path leads out of a directory by '..': {path!r}")
                above.pop()
                continue
            entry = above[-1].entries.get(part)
            if entry is not None and entry.kind == disk.SYMLINK:
                raise trace.BadTrace(f"a path leads through a symbolic link of the tree: {path!r}; "
                                     "name the file directly")
            if entry is None or entry.kind != disk.DIRECTORY:
                raise Disagreement(f"there is no {part!r} in {path!r}")
            above.append(entry)
        if not parts:
            return above[-1].number, b""
        return above[-1].number, parts[-1]

    def _entry(self, place, call):
        directory, name = place
        if name == b"":
            return self.disk.inodes[directory]
        entry = self.disk.inodes[directory].entries.get(name)
        if entry is None and self._was_there_for(call, place):
            return self.disk.inodes[self.gone[place][0]]
        if entry is None:
            raise Disagreement(f"there is no {name!r}")
        return entry

    def _was_there_for(self, call, place):
        """It came beside the call by which what was there lost the name, and so before it."""
        return place in self.gone and self.gone[place][1] > call.begin

    def _absent(self, place):
        directory, name = place
        if name in self.disk.inodes[directory].entries:
            raise Disagreement(f"there is already a {name!r}")
        return place

    # Descriptors.
    def _opened(self, process, argument):
        """The open file that a descriptor of the tree stands for; None: it is of something else."""
        number, path = trace.descriptor(argument)
        if path is None or self._inside(path) is None:
            return None
        if number not in process.descriptors:
            raise trace.BadTrace(f"descriptor {number} of {path!r} was opened before the trace "
                                 "began, or came from another process: open files by their names")
        return process.descriptors[number].opened

    def _keep(self, process, result, opened, closes_on_exec):
        if opened is None:
            process.descriptors.pop(result, None)
        else:
            process.descriptors[result] = Descriptor(opened, closes_on_exec)

    def _close(self, process, call):
        process.descriptors.pop(trace.descriptor(call.arguments[0])[0], None)

    def _close_range(self, process, call):
        first, last = (trace.number(argument) for argument in call.arguments[:2])
        for number in [each for each in process.descriptors if first <= each <= last]:
            if b"CLOEXEC" in call.arguments[2]:
                process.descriptors[number].closes_on_exec = True
            else:
                del process.descriptors[number]

    def _dup(self, process, call):
        self._keep(process, call.result, self._opened(process, call.arguments[0]), False)

    _dup2 = _dup

    def _dup3(self, process, call):
        self._keep(process, call.result, self._opened(process, call.arguments[0]),
                   b"O_CLOEXEC" in call.arguments[2])

    def _fcntl(self, process, call):
        if call.arguments[1] in (b"F_DUPFD", b"F_DUPFD_CLOEXEC"):
            self._keep(process, call.result, self._opened(process, call.arguments[0]),
                       call.arguments[1] == b"F_DUPFD_CLOEXEC")
        elif call.arguments[1] == b"F_SETFD" and self._opened(process, call.arguments[0]):
            number, _ = trace.descriptor(call.arguments[0])
            process.descriptors[number].closes_on_exec = b"FD_CLOEXEC" in call.arguments[2]
        elif call.arguments[1] == b"F_SETFL":
            opened = self._opened(process, call.arguments[0])
            if opened is not None:
                opened.appends = b"O_APPEND" in call.arguments[2]

    def _clone(self, process, call):
        self._process(call.result)

    _clone3 = _fork = _vfork = _clone

    def _execve(self, process, call):
        # Of a process with several threads, the one that executes goes on alone.
        kept = {number: each for number, each in process.descriptors.items()
                if not each.closes_on_exec}
        self.processes[call.task] = Process(process.directory, kept)

    def _chdir(self, process, call):
        process.directory = os.path.normpath(
            os.path.join(process.directory, trace.text(call.arguments[0])))

    def _fchdir(self, process, call):
        process.directory = trace.descriptor(call.arguments[0])[1]

    # Opening.
    def _open(self, process, call):
        self._open_at(process, call, None, *call.arguments[:2])

    def _openat(self, process, call):
        self._open_at(process, call, *call.arguments[:3])

    def _openat2(self, process, call):
        self._open_at(process, call, *call.arguments[:2],
                      re.search(rb"flags=([A-Z_|]*)", call.arguments[2])[1])

    def _creat(self, process, call):
        self._open_at(process, call, None, call.arguments[0], b"O_WRONLY|O_CREAT|O_TRUNC")

    def _open_at(self, process, call, base, path, flags):
        flags = set(flags.split(b"|"))
        place = self._at(process, base, path)
        if place is None:
            return self._keep(process, call.result, None, False)
        if b"O_TMPFILE" in flags:
            raise trace.BadTrace(f"{call}: O_TMPFILE is not followed: make files by their names")
        if b"O_EXCL" in flags and b"O_CREAT" in flags:
            self._absent(place)
        there = place[1] in self.disk.inodes[place[0]].entries
        found_removed = call.is_gone and self._was_there_for(call, place)
        if not there and b"O_CREAT" in flags and not found_removed:
            number = self.disk.next_number()
            self._add(call, "make", number, disk.FILE, *place)
        else:
            entry = self._entry(place, call)
            if entry.kind == disk.SYMLINK:
                raise trace.BadTrace(f"{call}: a symbolic link of the tree is opened: name the "
                                     "file directly")
            number = entry.number
            if b"O_TRUNC" in flags and entry.content.seen:
                self._add(call, "truncate", number, 0)
        opened = Opened(number, b"O_APPEND" in flags, bool(flags & {b"O_SYNC", b"O_DSYNC"}))
        self._keep(process, call.result, opened, b"O_CLOEXEC" in flags)

    # Content.
    def _lseek(self, process, call):
        opened = self._opened(process, call.arguments[0])
        if opened is not None:
            opened.position = call.result

    def _read(self, process, call):
        opened = self._opened(process, call.arguments[0])
        if opened is not None:
            opened.position += call.result

    _readv = _read

    def _write(self, process, call):
        self._written(process, call, trace.text(call.arguments[1]))

    def _writev(self, process, call):
        self._written(process, call, trace.vector(call.arguments[1]))

    def _pwrite64(self, process, call):
        self._written(process, call, trace.text(call.arguments[1]),
                      trace.number(call.arguments[3]))

    def _pwritev(self, process, call):
        self._written(process, call, trace.vector(call.arguments[1]),
                      trace.number(call.arguments[3]))

    def _pwritev2(self, process, call):
        at = trace.number(call.arguments[3])
        self._written(process, call, trace.vector(call.arguments[1]), None if at == -1 else at,
                      syncs=b"RWF_DSYNC" in call.arguments[4] or b"RWF_SYNC" in call.arguments[4])

    def _written(self, process, call, data, offset=None, syncs=False):
        if trace.descriptor(call.arguments[0])[1] == self.reports:
            return self._add(call, "report", data[:call.result])
        opened = self._opened(process, call.arguments[0])
        if opened is None:
            return None
        content = self.disk.inodes[opened.inode].content
        moves = offset is None
        if opened.appends:
            offset = len(content.seen)
        elif offset is None:
            offset = opened.position
        self._add(call, "write", opened.inode, offset, data[:call.result])
        self.newest_write[call.task] = (opened.inode, call.end)
        if moves:
            opened.position = offset + call.result
        if opened.syncs or syncs:
            self._add(call, "sync", opened.inode, sync_kind="after-write")
            self.found[-1].begin = self.found[-1].end  # it covers the write
        return None

    def _truncate(self, process, call):
        place = self._at(process, None, call.arguments[0])
        if place is not None:
            self._add(call, "truncate", self._entry(place, call).number,
                      trace.number(call.arguments[1]))

    def _ftruncate(self, process, call):
        opened = self._opened(process, call.arguments[0])
        if opened is not None:
            self._add(call, "truncate", opened.inode, trace.number(call.arguments[1]))

    def _fallocate(self, process, call):
        opened = self._opened(process, call.arguments[0])
        if opened is None:
            return
        mode, offset, length = call.arguments[1], *map(trace.number, call.arguments[2:4])
        size = len(self.disk.inodes[opened.inode].content.seen)
        if re.search(b"COLLAPSE|INSERT", mode):
            raise trace.BadTrace(f"{call}: a range of a file is moved, which is not followed")
        if re.search(b"PUNCH|ZERO", mode):
            end = offset + length if b"KEEP_SIZE" not in mode else min(offset + length, size)
            self._add(call, "write", opened.inode, offset, bytes(max(0, end - offset)))
        elif b"KEEP_SIZE" not in mode and offset + length > size:
            self._add(call, "truncate", opened.inode, offset + length)

    def _copy_file_range(self, process, call):
        source = self._opened(process, call.arguments[0])
        target = self._opened(process, call.arguments[2])
        if target is None or call.result == 0:
            return
        if source is None:
            raise trace.BadTrace(f"{call}: bytes come in from outside of the tree")
        places = []
        for opened, given in ((source, call.arguments[1]), (target, call.arguments[3])):
            places.append(opened.position if given == b"NULL" else
                          trace.number(given.strip(b"[]").partition(b" ")[0]))
            if given == b"NULL":
                opened.position += call.result
        data = self.disk.inodes[source.inode].content.seen[places[0]:places[0] + call.result]
        self._add(call, "write", target.inode, places[1], bytes(data))

    def _sendfile(self, process, call):
        self._refuse_descriptor(process, call, call.arguments[0])

    def _splice(self, process, call):
        self._refuse_descriptor(process, call, call.arguments[2])

    def _ioctl(self, process, call):
        if call.arguments[1].startswith((b"FICLONE", b"BTRFS_IOC_CLONE")):
            self._refuse_descriptor(process, call, call.arguments[0])

    def _mmap(self, process, call):
        if b"MAP_SHARED" in call.arguments[3] and b"PROT_WRITE" in call.arguments[2]:
            self._refuse_descriptor(process, call, call.arguments[4])

    def _refuse_descriptor(self, process, call, argument):
        if self._opened(process, argument) is not None:
            raise trace.BadTrace(f"{call}: what it writes to the tree the trace does not show: "
                                 "write with write or pwrite")

    def _io_uring_setup(self, process, call):
        raise trace.BadTrace(f"{call}: what goes through io_uring the trace does not show: switch "
                             "it off")

    # Names.
    def _rename_at(self, process, call, from_base, from_path, to_base, to_path, flags=b"0"):
        source = self._at(process, from_base, from_path)
        target = self._at(process, to_base, to_path)
        if source is None and target is None:
            return
        if b"EXCHANGE" in flags or b"WHITEOUT" in flags:
            raise trace.BadTrace(f"{call}: {flags.decode()} is not followed")
        if target is None:
            raise trace.BadTrace(f"{call}: a file leaves the tree")
        if source is None:
            raise trace.BadTrace(f"{call}: a file comes in from outside of the tree: make it in "
                                 "there")
        self._lose(call, source)
        self._add(call, "rename", *source, *target)

    def _rename(self, process, call):
        self._rename_at(process, call, None, call.arguments[0], None, call.arguments[1])

    def _renameat(self, process, call):
        self._rename_at(process, call, *call.arguments[:4])

    def _renameat2(self, process, call):
        self._rename_at(process, call, *call.arguments[:5])

    def _link_at(self, process, call, from_base, from_path, to_base, to_path):
        target = self._at(process, to_base, to_path)
        if target is None:
            return
        source = self._at(process, from_base, from_path)
        if source is None:
            raise trace.BadTrace(f"{call}: a link from outside of the tree")
        self._add(call, "link", self._entry(source, call).number, *self._absent(target))

    def _link(self, process, call):
        self._link_at(process, call, None, call.arguments[0], None, call.arguments[1])

    def _linkat(self, process, call):
        self._link_at(process, call, *call.arguments[:4])

    def _symlink_at(self, process, call, target, base, path):
        place = self._at(process, base, path)
        if place is not None:
            self._add(call, "make", self.disk.next_number(), disk.SYMLINK, *self._absent(place),
                      trace.text(target))

    def _symlink(self, process, call):
        self._symlink_at(process, call, call.arguments[0], None, call.arguments[1])

    def _symlinkat(self, process, call):
        self._symlink_at(process, call, *call.arguments[:3])

    def _unlink_at(self, process, call, base, path):
        place = self._at(process, base, path)
        if place is not None:
            self._lose(call, place)
            self._add(call, "remove", *place)

    def _lose(self, call, place):
        directory, name = place
        if name not in self.disk.inodes[directory].entries:
            raise Disagreement(f"there is no {name!r}")
        self.gone[place] = (self.disk.inodes[directory].entries[name].number, call.end)

    def _unlink(self, process, call):
        self._unlink_at(process, call, None, call.arguments[0])

    _rmdir = _unlink

    def _unlinkat(self, process, call):
        self._unlink_at(process, call, *call.arguments[:2])

    def _make_directory_at(self, process, call, base, path):
        place = self._at(process, base, path)
        if place is not None:
            self._add(call, "make", self.disk.next_number(), disk.DIRECTORY, *self._absent(place))

    def _mkdir(self, process, call):
        self._make_directory_at(process, call, None, call.arguments[0])

    def _mkdirat(self, process, call):
        self._make_directory_at(process, call, *call.arguments[:2])

    def _mknod(self, process, call):
        if self._at(process, None, call.arguments[0]) is not None:
            raise trace.BadTrace(f"{call}: what is no file or directory is not followed")

    def _mknodat(self, process, call):
        if self._at(process, *call.arguments[:2]) is not None:
            raise trace.BadTrace(f"{call}: what is no file or directory is not followed")

    # Syncs.
    def _fsync(self, process, call):
        opened = self._opened(process, call.arguments[0])
        if opened is None:
            return
        kind = "directory" if self.disk.inodes[opened.inode].kind == disk.DIRECTORY else "file"
        inode, ended = self.newest_write.pop(call.task, (None, 0))
        if inode == opened.inode and kind == "file" and self._nothing_between(call, ended):
            kind = "after-write"
        self._add(call, "sync", opened.inode, sync_kind=kind)

    _fdatasync = _fsync

    def _nothing_between(self, call, ended):
        return not any(other.task == call.task and ended < other.begin < call.begin
                       for other in self.calls)

    def _sync(self, process, call):
        self._add(call, "sync", None, sync_kind="everything")

    def _syncfs(self, process, call):
        if self._opened(process, call.arguments[0]) is not None:
            self._add(call, "sync", None, sync_kind="everything")
