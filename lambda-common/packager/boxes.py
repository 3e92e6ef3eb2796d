"""The boxes that MP4 files are made of (ISO/IEC 14496-12:2015, 4.2), read without their media."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

# No header that an encoder writes comes near this; a size that does is a mistake.
_MOST_HEADER_BYTES = 64 << 20


class BoxError(ValueError):
    """The file is no MP4 of one track that can be packaged."""


@dataclass(frozen=True, slots=True)
class Box:
    """Where a box lies, in bytes; the first `header` bytes are its size and kind."""

    kind: bytes
    offset: int
    size: int
    header: int

    @property
    def end(self) -> int:
        """Where the next box begins."""
        return self.offset + self.size


def top_boxes(file: BinaryIO, end: int) -> Iterator[Box]:
    """The boxes of a file of `end` bytes that lie in no other."""
    offset = 0
    while offset < end:
        file.seek(offset)
        box = _header(file.read(16), offset, end)
        yield box
        offset = box.end


def _header(head: bytes, offset: int, end: int) -> Box:
    """Size and kind of a box (4.2): 32 bits of size, or 1 and 64 bits, or 0 for the rest."""
    size, kind = struct.unpack_from(">I4s", head)
    header = 8
    if size == 1:
        size, header = struct.unpack_from(">Q", head, 8)[0], 16
    elif size == 0:
        size = end - offset
    if size < header or offset + size > end:
        raise BoxError(f"box {kind!r} at {offset} has the impossible size {size}")
    return Box(kind, offset, size, header)


def payload_of(file: BinaryIO, box: Box) -> bytes:
    """What is in a box."""
    if box.size > _MOST_HEADER_BYTES:
        raise BoxError(f"box {box.kind!r} is too large: {box.size} bytes")
    file.seek(box.offset + box.header)
    return file.read(box.size - box.header)


def children(payload: bytes) -> Iterator[tuple[bytes, bytes]]:
    """The boxes in a box: kind and payload."""
    offset = 0
    while offset + 8 <= len(payload):
        box = _header(payload[offset : offset + 16], offset, len(payload))
        yield box.kind, payload[offset + box.header : box.end]
        offset = box.end


def find(payload: bytes, *path: bytes) -> bytes | None:
    """The payload of the first box at `path`, from a box's payload on; None if there is none."""
    for kind in path:
        found = next((inner for name, inner in children(payload) if name == kind), None)
        if found is None:
            return None
        payload = found
    return payload


def child(payload: bytes, *path: bytes) -> bytes:
    """As `find`, but raises `BoxError` if there is none."""
    found = find(payload, *path)
    if found is None:
        raise BoxError(f"there is no {'/'.join(kind.decode() for kind in path)} box")
    return found
