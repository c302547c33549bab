"""The records that count in a fenced log, read as checkpoint/FORMAT.md says, with no code of the
product."""

import os
import re
import struct

MASK = 2**64 - 1
SEAL, RECORDS = 1, 2


class Damaged(Exception):
    """A sentence: what does not stand there as it must."""


def _crc32c_table():
    table = []
    for value in range(256):
        for _ in range(8):
            value = value >> 1 ^ (0x82F63B78 if value & 1 else 0)
        table.append(value)
    return table


_TABLE = _crc32c_table()


def crc32c(data):
    value = 0xFFFFFFFF
    for byte in data:
        value = value >> 8 ^ _TABLE[(value ^ byte) & 0xFF]
    return value ^ 0xFFFFFFFF


def file_id(owner):
    """FNV-1a, plus the length, through the finaliser of SplitMix64."""
    value = 0xCBF29CE484222325
    for byte in owner:
        value = (value ^ byte) * 0x100000001B3 & MASK
    value = value + len(owner) & MASK
    value = (value ^ value >> 30) * 0xBF58476D1CE4E5B9 & MASK
    value = (value ^ value >> 27) * 0x94D049BB133111EB & MASK
    return value ^ value >> 31


class Bytes:
    """Varints and strings, one after the other."""

    def __init__(self, data):
        self.data, self.at = data, 0

    def more(self):
        return self.at < len(self.data)

    def take(self, size):
        if self.at + size > len(self.data):
            raise Damaged(f"{size} bytes are not there")
        self.at += size
        return self.data[self.at - size:self.at]

    def varint(self):
        value = shift = 0
        while True:
            byte = self.take(1)[0]
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                return value
            shift += 7

    def string(self):
        return self.take(self.varint())


def _numbered(names, pattern):
    """(epoch, segment) to name."""
    found = {}
    for name in names:
        match = re.fullmatch(pattern + r"-(\d+)(?:\.(\d+))?", name)
        if match:
            found[int(match[1]), int(match[2] or 0)] = name
    return found


def _owner(path):
    with open(path, "rb") as file:
        data = file.read()
    if data[:4] != b"WTEP" or struct.unpack("<I", data[-4:])[0] != crc32c(data[:-4]):
        raise Damaged(f"{path} is no epoch file")
    return Bytes(data[8:-4]).string()


def _groups(path, owner, epoch, up_to=None):
    """(kind, payload) of each up to that length, or to a tear."""
    with open(path, "rb") as file:
        data = file.read()
    end = len(data) if up_to is None else up_to
    number, at, sequence, groups = struct.pack("<Q", file_id(owner)), 0, 0, []
    while at + 40 <= end:
        mark, checksum, length, kind, *place = struct.unpack_from("<4sIIIQQ", data, at)
        next_at = at + 40 + length
        covered = number + struct.pack("<Q", at) + data[at + 8:next_at]
        if mark != b"WTLG" or next_at > end or crc32c(covered) != checksum:
            break
        if place != [sequence, epoch]:
            break
        groups.append((kind, data[at + 40:next_at]))
        at, sequence = next_at, sequence + 1
    if up_to is not None and at != up_to:
        raise Damaged(f"{path} is referred to up to {up_to}, and can be read up to {at}")
    return groups


def _of_group(payload):
    numbered = Bytes(payload)
    return [numbered.string() for _ in range(numbered.varint())]


def _name(kind, epoch, segment):
    return f"{kind}-{epoch}" if segment == 0 else f"{kind}-{epoch}.{segment}"


def _sealed(directory, payload):
    """What the items of a seal stand for."""
    items, records = Bytes(payload), []
    for _ in range(items.varint()):
        tag = items.varint()
        if tag == 2:
            records += [items.string() for _ in range(items.varint())]
        elif tag in (4, 5):
            epoch, segment, length = items.varint(), items.varint(), items.varint()
            unique, kind = items.string(), "log" if tag == 4 else "base"
            owner = (unique + b"/base/%d" % segment if tag == 5 else
                     unique + b"/%d" % segment if segment else unique)
            path = os.path.join(directory, _name(kind, epoch, segment))
            for group, content in _groups(path, owner, epoch, length):
                if group == RECORDS:
                    records += _of_group(content)
        else:
            raise Damaged(f"a seal has an item of the kind {tag}, which is of older builds")
    return records


def records_that_count(directory):
    """None: the newest epoch has no log yet."""
    names = os.listdir(directory)
    epochs = [epoch for epoch, _ in _numbered(names, "epoch")]
    if not epochs:
        return None
    epoch = max(epochs)
    segments = [segment for its, segment in _numbered(names, "log") if its == epoch]
    if not segments:
        return None
    segment = max(segments)
    unique = _owner(os.path.join(directory, f"epoch-{epoch}"))
    owner = unique + b"/%d" % segment if segment else unique
    path = os.path.join(directory, _name("log", epoch, segment))
    groups = _groups(path, owner, epoch)
    if not groups or groups[0][0] != SEAL:
        raise Damaged(f"{path} does not begin with a seal")
    records = _sealed(directory, groups[0][1])
    for _, payload in groups[1:]:
        records += _of_group(payload)
    return records
