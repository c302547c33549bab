"""What a file sink's manifest says, batch by batch, read as docs/file_sink.md and manifest.proto
say, with no code of the product."""

import dataclasses
import os

import fenced_log
from fenced_log import Damaged

VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5
FENCE, ENTRY, DROPPED, FILED = 1, 2, 3, 4


@dataclasses.dataclass
class Part:
    name: str  # the plain one
    text: bytes  # its rows, wherever they stand


def fields(message):
    """Of Protobuf's wire format: number to values, in their order."""
    of, found = fenced_log.Bytes(message), {}
    while of.more():
        number, kind = divmod(of.varint(), 8)
        if kind == VARINT:
            value = of.varint()
        elif kind == BYTES:
            value = of.string()
        elif kind in (FIXED64, FIXED32):
            value = int.from_bytes(of.take(8 if kind == FIXED64 else 4), "little")
        else:
            raise Damaged(f"a field is of the kind {kind}")
        found.setdefault(number, []).append(value)
    return found


def _one(message, number, default=0):
    return message.get(number, [default])[-1]


def entries(output):
    """Batch to its parts, in the order of the batches from 0 on; empty before there is a manifest.
    (Of a sink that forgets none: not in complete mode.)"""
    directory = os.path.join(output, "_wavetank")
    records = fenced_log.records_that_count(directory) if os.path.isdir(directory) else None
    parts, fence, filed = {}, (0, 0), set()
    for record in records or ():
        [(kind, [message])] = fields(record).items()
        message = fields(message)
        batch = _one(message, 2)
        if kind == FENCE:
            token = (_one(message, 2), _one(message, 3))
            if token < fence:
                raise Damaged(f"the manifest's token falls from {fence} to {token}")
            fence = token
        elif kind == ENTRY:
            if batch != len(parts):
                raise Damaged(f"the manifest has batch {batch} in the place of batch {len(parts)}")
            parts[batch] = message.get(6, [])
        elif kind == FILED:
            if batch not in parts or batch in filed:
                raise Damaged(f"batch {batch} is filed before it is there, or twice")
            if (_one(message, 4), _one(message, 5)) != fence:
                raise Damaged(f"batch {batch} is filed under another token than {fence}")
            filed.add(batch)
            parts[batch] = message.get(3, [])
        else:
            raise Damaged(f"the manifest has a record of the kind {kind}")
    return {batch: [_part(directory, part) for part in its] for batch, its in parts.items()}


def _part(directory, message):
    part = fields(message)
    name, text = _one(part, 2, b"").decode(), _one(part, 9, b"")
    size, offset = _one(part, 3), _one(part, 10)
    if not text:
        path = os.path.join(directory, "staged", _one(part, 6, b"").decode())
        with open(path, "rb") as file:
            whole = file.read()
        if len(whole) != (_one(part, 11) or size):
            raise Damaged(f"{path} has {len(whole)} bytes")
        text = whole[offset:offset + size]
    if len(text) != size or fenced_log.crc32c(text) != _one(part, 4):
        raise Damaged(f"{name} does not have the text of which the manifest has the checksum")
    return Part(name, text[_one(part, 8):])
