"""What strace wrote, as calls with a beginning and an end.

A call that stands on one line begins and ends there; one during which another process or thread
came to a call stands on two, "<unfinished ...>" and "resumed". It took effect somewhere between
them. strace shows the end of a call before who made it can go on, so of two calls of which one
waited for the other, that one begins on a later line than the other ends."""

import dataclasses
import re

# What changes files or names, makes them durable, or says which descriptor stands for what.
TRACED = ("open openat openat2 creat close close_range dup dup2 dup3 fcntl read readv lseek write "
          "writev pwrite64 pwritev pwritev2 truncate ftruncate fallocate rename renameat renameat2 "
          "link linkat symlink symlinkat unlink unlinkat mkdir mkdirat rmdir mknod mknodat fsync "
          "fdatasync sync syncfs copy_file_range sendfile splice ioctl mmap io_uring_setup clone "
          "clone3 fork vfork execve chdir fchdir").split()
MOST_BYTES = 1 << 24  # of a call's data, and of a path

_LINE = re.compile(rb"(\d+) +(\d+\.\d+) (.*)", re.DOTALL)
_RESUMED = re.compile(rb"<\.\.\. (\w+) resumed>(.*)", re.DOTALL)
_UNFINISHED = b" <unfinished ...>"
_DONE = re.compile(rb"\)\s+= (-?\d+|0x[0-9a-f]+|\?)(?:<[^>]*>)?(\(deleted\))?")


class BadTrace(Exception):
    """A sentence: what the trace holds that cannot be followed, and what to do."""


@dataclasses.dataclass
class Call:
    task: int  # the thread
    name: str
    arguments: list  # as strace writes them
    begin: int  # lines
    end: int
    time: float  # of the beginning, since 1970
    result: int  # below 0: it failed
    is_gone: bool = False  # the file that it opened had no name any more when it ended

    def __str__(self):
        return f"{self.name} of {self.task} in line {self.begin}"


def command(output, program):
    """strace over the program, and all that it starts."""
    return ["strace", "-f", "--seccomp-bpf", "-ttt", "-y", "-xx", "-qq", "-e", "signal=none",
            "-s", str(MOST_BYTES), "-e", "trace=" + ",".join(TRACED), "-o", str(output), *program]


def text(argument):
    """The bytes of a string, or of a path."""
    if not (argument.startswith(b'"') and argument.endswith(b'"')):
        raise BadTrace(f"not a whole string: {argument[:60]!r}")
    return _bytes(argument[1:-1])


def vector(argument):
    """The bytes of what writev writes."""
    return b"".join(_bytes(part) for part in re.findall(rb'iov_base="([^"]*)"', argument))


def descriptor(argument):
    """Of '3</a/b>' the number and the path; the path is None if strace says none."""
    number, _, path = argument.partition(b"<")
    path = _bytes(path.partition(b">")[0]) if path else None
    return (None if number == b"AT_FDCWD" else int(number)), path


def number(argument):
    return int(argument, 0) if not re.fullmatch(rb"0[0-7]+", argument) else int(argument, 8)


def read_trace(lines, wanted=lambda line: True):
    """All calls that ended, in the order in which they began. `wanted` may leave out lines that do
    not matter, so long as it is the same for both of a call."""
    calls, unfinished = [], {}
    for at, line in enumerate(lines):
        match = _LINE.match(line.rstrip(b"\n"))
        if not match:
            raise BadTrace(f"line {at} of the trace is none of strace's: {line[:60]!r}")
        task, time, rest = int(match[1]), float(match[2]), match[3]
        if rest.startswith((b"+++", b"---")):
            continue
        resumed = _RESUMED.match(rest)
        if resumed:
            if task not in unfinished:
                continue
            begin, time, before = unfinished.pop(task)
            rest = before + resumed[2]
        else:
            begin = at
        if rest.endswith(_UNFINISHED):
            unfinished[task] = (begin, time, rest.removesuffix(_UNFINISHED))
        elif wanted(rest):
            calls.append(_call(task, rest, begin, at, time))
    for task, (begin, _, rest) in unfinished.items():
        name = rest.partition(b"(")[0].decode()
        if name in MUTATING and wanted(rest):
            raise BadTrace(f"{name} of {task} in line {begin} has no end, so nobody knows what it "
                           "did: let the program end in good order")
    return sorted(calls, key=lambda call: call.begin)


MUTATING = {"write", "writev", "pwrite64", "pwritev", "pwritev2", "truncate", "ftruncate",
            "fallocate", "rename", "renameat", "renameat2", "link", "linkat", "unlink", "unlinkat",
            "mkdir", "mkdirat", "rmdir", "copy_file_range"}


def _call(task, rest, begin, end, time):
    name, _, inner = rest.partition(b"(")
    done = None
    for done in _DONE.finditer(inner):
        pass
    if done is None:
        raise BadTrace(f"line {end} of the trace has a call without a result: {rest[:60]!r}")
    result = -1 if done[1] == b"?" else int(done[1], 0)
    return Call(task, name.decode(), _split(inner[:done.start()]), begin, end, time, result,
                done[2] is not None)


def _split(inner):
    """At the commas outside of brackets. No string holds any: they are in hexadecimal."""
    parts, depth, start = [], 0, 0
    for match in re.finditer(rb"[\[({})\]]|, ", inner):
        if match[0] in (b"[", b"(", b"{"):
            depth += 1
        elif match[0] in (b"]", b")", b"}"):
            depth -= 1
        elif depth == 0:
            parts.append(inner[start:match.start()])
            start = match.end()
    last = inner[start:]
    return parts + [last] if parts or last else []


def _bytes(hexadecimal):
    """Of strace's \\x68\\x69."""
    return bytes.fromhex(hexadecimal.replace(b"\\x", b"").decode())
