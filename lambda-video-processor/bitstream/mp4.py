"""The header of an MP4 or MOV file, as far as copying its tracks depends on it.

Boxes are those of ISO/IEC 14496-12:2015, whose sections are named below, and of Apple's QuickTime
File Format where MOV differs. Only the `moov` is read, never media.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

# Two hours of 60 frames a second need about 10 MB of tables.
_MOST_HEADER_BYTES = 64 << 20
# An MP4 has a handful; a file of nothing but empty boxes would keep the reader busy for minutes.
_MOST_TOP_BOXES = 1 << 12
_FIRST_BOXES = frozenset({b"ftyp", b"moov", b"mdat", b"free", b"skip", b"wide", b"pnot"})
_ONE = 1 << 16
_IDENTITY = (_ONE, 0, 0, 0, _ONE, 0)
_VISUAL_FIELDS = 78
# Fields before the boxes of a sound's sample entry, by its version: 12.2.3 and QuickTime's.
_SOUND_FIELDS = {0: 28, 1: 44, 2: 64}


class Mp4Error(ValueError):
    """The file is no MP4 whose header makes sense."""


@dataclass(frozen=True, slots=True)
class Edit:
    """One entry of an edit list (8.6.6). `duration` is in ticks of the movie, `media_time` in
    ticks of the track and -1 for an empty edit, `rate` in 65536ths."""

    duration: int
    media_time: int
    rate: int


@dataclass(frozen=True, slots=True)
class SampleEntry:
    """One description in `stsd` (8.5.2): its four letters, and the boxes inside it by theirs.

    `sides` are a picture's pixels, (0, 0) for anything else.
    """

    kind: bytes
    boxes: dict[bytes, bytes]
    sides: tuple[int, int] = (0, 0)


@dataclass(frozen=True, slots=True)
class Track:
    """One track. `timescale` is ticks per second, `samples` how many it has.

    `is_straight` says that its matrix neither turns, mirrors nor stretches; `durations` is the
    table of runs of samples equally long, as (samples, ticks of each); `delay` is how many ticks
    after its decoding the first sample is shown.
    """

    handler: bytes
    timescale: int
    is_straight: bool
    edits: tuple[Edit, ...]
    entries: tuple[SampleEntry, ...]
    samples: int
    durations: tuple[tuple[int, int], ...]
    delay: int


@dataclass(frozen=True, slots=True)
class Movie:
    """The whole file: ticks per second of the movie's own clock, and its tracks in their order."""

    timescale: int
    is_straight: bool
    is_fragmented: bool
    tracks: tuple[Track, ...]


def read_movie(path: Path) -> Movie:
    """The header of an MP4 or MOV. Raises `Mp4Error` where the file has none or a broken one."""
    try:
        with path.open("rb") as file:
            return _read_movie(_find_moov(file, path.stat().st_size))
    except struct.error as error:
        raise Mp4Error(f"a box is cut short: {error}") from error


def _find_moov(file: BinaryIO, end: int) -> bytes:
    offset = 0
    for _ in range(_MOST_TOP_BOXES):
        if offset >= end:
            break
        file.seek(offset)
        head = file.read(16)
        if offset == 0 and head[4:8] not in _FIRST_BOXES:
            raise Mp4Error("it begins like a file of another kind")
        kind, header, size = _box(head, end - offset)
        if kind == b"moov":
            if size > _MOST_HEADER_BYTES:
                raise Mp4Error(f"the header is too large: {size} bytes")
            file.seek(offset + header)
            return file.read(size - header)
        offset += size
    raise Mp4Error("there is no moov box")


def _box(head: bytes, room: int) -> tuple[bytes, int, int]:
    """Kind, header bytes and whole bytes of a box (4.2) that has `room` bytes to lie in."""
    size, kind = struct.unpack_from(">I4s", head)
    header = 8
    if size == 1:
        size, header = struct.unpack_from(">Q", head, 8)[0], 16
    elif size == 0:
        size = room
    if not header <= size <= room:
        raise Mp4Error(f"box {kind!r} has the impossible size {size}")
    return kind, header, size


def _children(payload: bytes) -> Iterator[tuple[bytes, bytes]]:
    offset = 0
    # QuickTime may end a list of boxes with four zero bytes, which are too few for a box.
    while offset + 8 <= len(payload):
        kind, header, size = _box(payload[offset : offset + 16], len(payload) - offset)
        yield kind, payload[offset + header : offset + size]
        offset += size


def _inner(payload: bytes) -> dict[bytes, bytes]:
    """The boxes in a box by kind, the first of each."""
    boxes: dict[bytes, bytes] = {}
    for kind, inner in _children(payload):
        boxes.setdefault(kind, inner)
    return boxes


def _need(boxes: dict[bytes, bytes], kind: bytes) -> bytes:
    if kind not in boxes:
        raise Mp4Error(f"there is no {kind.decode()} box")
    return boxes[kind]


def _read_movie(moov: bytes) -> Movie:
    boxes = _inner(moov)
    mvhd = _need(boxes, b"mvhd")
    # 8.2.2: times of 32 bits in version 0, of 64 bits in version 1, come before the rest.
    timescale_at, matrix_at = (20, 48) if mvhd[:1] == b"\x01" else (12, 36)
    (timescale,) = struct.unpack_from(">I", mvhd, timescale_at)
    tracks = tuple(_read_track(inner) for kind, inner in _children(moov) if kind == b"trak")
    return Movie(timescale, _is_straight(mvhd, matrix_at), b"mvex" in boxes, tracks)


def _read_track(trak: bytes) -> Track:
    boxes = _inner(trak)
    tkhd = _need(boxes, b"tkhd")
    media = _inner(_need(boxes, b"mdia"))
    mdhd = _need(media, b"mdhd")
    (timescale,) = struct.unpack_from(">I", mdhd, 20 if mdhd[:1] == b"\x01" else 12)
    (handler,) = struct.unpack_from("4s", _need(media, b"hdlr"), 8)
    table = _inner(_need(_inner(_need(media, b"minf")), b"stbl"))
    elst = _inner(boxes.get(b"edts", b"")).get(b"elst")
    return Track(
        handler=handler,
        timescale=timescale,
        is_straight=_is_straight(tkhd, 52 if tkhd[:1] == b"\x01" else 40),
        edits=tuple(_edits(elst)) if elst else (),
        entries=tuple(_entries(_need(table, b"stsd"), handler)),
        samples=_samples(table),
        durations=_durations(table.get(b"stts", b"")),
        delay=_delay(table.get(b"ctts", b"")),
    )


def _is_straight(header: bytes, offset: int) -> bool:
    """Whether the matrix (8.2.2) leaves the picture as it is; where it is put does not matter."""
    return struct.unpack_from(">6i", header, offset) == _IDENTITY


def _edits(elst: bytes) -> Iterator[Edit]:
    (count,) = struct.unpack_from(">I", elst, 4)
    fields = struct.Struct(">Qqi" if elst[:1] == b"\x01" else ">Iii")
    if count * fields.size > len(elst) - 8:
        raise Mp4Error(f"an edit list of {count} entries is cut short")
    return (Edit(*fields.unpack_from(elst, 8 + at * fields.size)) for at in range(count))


def _samples(table: dict[bytes, bytes]) -> int:
    """How many samples there are, from `stsz` or `stz2` (8.7.3)."""
    sizes = table.get(b"stsz") or _need(table, b"stz2")
    (count,) = struct.unpack_from(">I", sizes, 8)
    return int(count)


def _durations(stts: bytes) -> tuple[tuple[int, int], ...]:
    whole = 8 + (len(stts) - 8) // 8 * 8
    return tuple(struct.iter_unpack(">II", stts[8:whole])) if len(stts) > 8 else ()


def _delay(ctts: bytes) -> int:
    """The first offset in `ctts` (8.6.1.3). Writers put negative ones in version 0, too."""
    return int(struct.unpack_from(">i", ctts, 12)[0]) if len(ctts) > 8 else 0


def _entries(stsd: bytes, handler: bytes) -> Iterator[SampleEntry]:
    for kind, fields in _children(stsd[8:]):
        if handler == b"vide":
            width, height = struct.unpack_from(">HH", fields, 24)
            yield SampleEntry(kind, _inner(fields[_VISUAL_FIELDS:]), (width, height))
        elif handler == b"soun":
            yield SampleEntry(kind, _sound_boxes(fields))
        else:
            yield SampleEntry(kind, {})


def _sound_boxes(fields: bytes) -> dict[bytes, bytes]:
    (version,) = struct.unpack_from(">H", fields, 8)
    if version not in _SOUND_FIELDS:
        raise Mp4Error(f"a sound's sample entry has version {version}")
    boxes = _inner(fields[_SOUND_FIELDS[version] :])
    # QuickTime keeps what belongs to the decoder in a box of its own.
    return _inner(boxes[b"wave"]) | boxes if b"wave" in boxes else boxes
