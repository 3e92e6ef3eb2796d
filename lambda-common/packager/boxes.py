"""Reads fragmented MP4: where its fragments lie, when they play, and what codec they need.

Boxes are those of ISO/IEC 14496-12 (the ISO base media file format), sample entries those of
14496-15 (AVC) and 14496-14 (AAC); section numbers below are of 14496-12:2015 if nothing else is
said. Files hold one track each. Only headers are read, never media.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import BinaryIO

# No header that an encoder writes comes near this; a size that does is a mistake.
_MOST_HEADER_BYTES = 64 << 20
_IS_NON_SYNC = 0x10000


class BoxError(ValueError):
    """The file is no MP4 of one track that can be packaged."""


@dataclass(frozen=True, slots=True)
class Fragment:
    """A `moof` with its `mdat`: byte range, and ticks of the track's timescale.

    `starts_with_key` says whether decoding can begin here.
    """

    offset: int
    size: int
    time: int
    duration: int
    samples: int
    starts_with_key: bool


@dataclass(frozen=True, slots=True)
class Track:
    """One track; sides are pixels and 0 for sound, `channels` is 0 for pictures.

    The first `init_size` bytes (`ftyp` and `moov`) are what a player needs before any fragment.
    """

    codec: str
    timescale: int
    init_size: int
    fragments: tuple[Fragment, ...]
    width: int = 0
    height: int = 0
    channels: int = 0

    @property
    def seconds(self) -> Fraction:
        """How long the track lasts."""
        return Fraction(sum(fragment.duration for fragment in self.fragments), self.timescale)

    @property
    def sample_rate(self) -> Fraction:
        """Samples (frames of a picture) per second, 0 of an empty track."""
        samples = sum(fragment.samples for fragment in self.fragments)
        return samples / self.seconds if self.seconds else Fraction(0)

    def seconds_at(self, fragment: Fragment) -> Fraction:
        """When the fragment begins."""
        return Fraction(fragment.time, self.timescale)


@dataclass(frozen=True, slots=True)
class _Box:
    kind: bytes
    offset: int
    size: int
    header: int


@dataclass(frozen=True, slots=True)
class _Defaults:
    """What a sample is if its fragment does not say (8.8.3, 8.8.7)."""

    duration: int
    flags: int


def read_track(path: Path) -> Track:
    """The track in a fragmented MP4. Raises `BoxError` where the file breaks its format."""
    try:
        with path.open("rb") as file:
            return _read(file, path.stat().st_size)
    except struct.error as error:
        raise BoxError(f"a box is cut short: {error}") from error


def _read(file: BinaryIO, end: int) -> Track:
    track: Track | None = None
    defaults = _Defaults(0, 0)
    fragments: list[Fragment] = []
    opened: _Box | None = None
    for box in _top_boxes(file, end):
        if box.kind == b"moov" and track is None:
            moov = _payload(file, box)
            track, defaults = _read_moov(moov, box.offset + box.size), _trex(moov)
        elif box.kind == b"moof":
            opened = box
        elif box.kind == b"mdat" and opened and track:
            moof = _payload(file, opened)
            size = box.offset + box.size - opened.offset
            fragments.append(_read_moof(moof, defaults, opened.offset, size))
            opened = None
    if track is None:
        raise BoxError("there is no moov box")
    return Track(
        track.codec,
        track.timescale,
        track.init_size,
        tuple(fragments),
        track.width,
        track.height,
        track.channels,
    )


def _top_boxes(file: BinaryIO, end: int) -> Iterator[_Box]:
    offset = 0
    while offset < end:
        file.seek(offset)
        box = _header(file.read(16), offset, end)
        yield box
        offset += box.size


def _header(head: bytes, offset: int, end: int) -> _Box:
    """Size and kind of a box (4.2): 32 bits of size, or 1 and 64 bits, or 0 for the rest."""
    size, kind = struct.unpack_from(">I4s", head)
    header = 8
    if size == 1:
        size, header = struct.unpack_from(">Q", head, 8)[0], 16
    elif size == 0:
        size = end - offset
    if size < header or offset + size > end:
        raise BoxError(f"box {kind!r} at {offset} has the impossible size {size}")
    return _Box(kind, offset, size, header)


def _payload(file: BinaryIO, box: _Box) -> bytes:
    if box.size > _MOST_HEADER_BYTES:
        raise BoxError(f"box {box.kind!r} is too large: {box.size} bytes")
    file.seek(box.offset + box.header)
    return file.read(box.size - box.header)


def _children(payload: bytes) -> Iterator[tuple[bytes, bytes]]:
    offset = 0
    while offset + 8 <= len(payload):
        box = _header(payload[offset : offset + 16], offset, len(payload))
        yield box.kind, payload[offset + box.header : offset + box.size]
        offset += box.size


def _child(payload: bytes, *path: bytes) -> bytes:
    for kind in path:
        found = next((inner for name, inner in _children(payload) if name == kind), None)
        if found is None:
            raise BoxError(f"there is no {kind.decode()} box")
        payload = found
    return payload


def _read_moov(moov: bytes, init_size: int) -> Track:
    tracks = [inner for kind, inner in _children(moov) if kind == b"trak"]
    if len(tracks) != 1:
        raise BoxError(f"there are {len(tracks)} tracks, not one")
    mdhd = _child(tracks[0], b"mdia", b"mdhd")
    # 8.4.2: times of 32 bits in version 0, of 64 bits in version 1, come before the timescale.
    (timescale,) = struct.unpack_from(">I", mdhd, 20 if mdhd[:1] == b"\x01" else 12)
    if not timescale:
        raise BoxError("the timescale is zero")
    stsd = _child(tracks[0], b"mdia", b"minf", b"stbl", b"stsd")
    entry, fields = next(_children(stsd[8:]), (b"", b""))
    if entry in (b"avc1", b"avc3"):
        width, height = struct.unpack_from(">HH", fields, 24)  # 12.1.3
        codec = f"{entry.decode()}.{_avc_profile(_child(fields[78:], b'avcC'))}"
        return Track(codec, timescale, init_size, (), width=width, height=height)
    if entry == b"mp4a":
        (channels,) = struct.unpack_from(">H", fields, 16)  # 12.2.3
        codec = f"mp4a.{_aac_object_type(_child(fields[28:], b'esds'))}"
        return Track(codec, timescale, init_size, (), channels=channels)
    raise BoxError(f"sample entry {entry!r} is not supported")


def _avc_profile(avcc: bytes) -> str:
    """Profile, constraints and level in hex (RFC 6381 3.3) from an AVCDecoderConfigurationRecord
    (14496-15, 5.3.3.1)."""
    version, profile, constraints, level = struct.unpack_from("4B", avcc)
    if version != 1:
        raise BoxError(f"avcC has version {version}")
    return f"{profile:02x}{constraints:02x}{level:02x}"


def _aac_object_type(esds: bytes) -> str:
    """Object type indication in hex and audio object type (RFC 6381 3.3), from the descriptors
    of 14496-1, 7.2.6: ES (3), in it decoder configuration (4), in it decoder specific (5)."""
    es = _descriptor(esds[4:], 3)
    flags = es[2] if len(es) > 2 else 0
    skipped = 3 + (2 if flags & 0x80 else 0) + (2 if flags & 0x20 else 0)
    if flags & 0x40:
        skipped += 1 + struct.unpack_from("B", es, skipped)[0]
    config = _descriptor(es[skipped:], 4)
    (indication,) = struct.unpack_from("B", config)
    # 14496-3, 1.6.2.1: five bits of audio object type, and six more where they are all set.
    (bits,) = struct.unpack_from(">H", _descriptor(config[13:], 5))
    object_type = bits >> 11
    if object_type == 31:
        object_type = 32 + (bits >> 5 & 63)
    return f"{indication:02x}.{object_type}"


def _descriptor(payload: bytes, tag: int) -> bytes:
    """The descriptor's body; its length is spelled seven bits at a time (14496-1, 8.3.3)."""
    size, offset = 0, 1
    if payload[:1] != bytes([tag]):
        raise BoxError(f"there is no descriptor {tag}")
    while True:
        (byte,) = struct.unpack_from("B", payload, offset)
        size, offset = size << 7 | byte & 0x7F, offset + 1
        if not byte & 0x80:
            return payload[offset : offset + size]


def _trex(moov: bytes) -> _Defaults:
    _, _, duration, _, flags = struct.unpack_from(">5I", _child(moov, b"mvex", b"trex"), 4)
    return _Defaults(duration, flags)


def _read_moof(moof: bytes, defaults: _Defaults, offset: int, size: int) -> Fragment:
    runs = [inner for kind, inner in _children(moof) if kind == b"traf"]
    if len(runs) != 1:
        raise BoxError(f"a fragment has {len(runs)} tracks, not one")
    defaults = _tfhd(_child(runs[0], b"tfhd"), defaults)
    tfdt = _child(runs[0], b"tfdt")
    # 8.8.12: 64 bits in version 1, else 32.
    (time,) = struct.unpack_from(">Q" if tfdt[:1] == b"\x01" else ">I", tfdt, 4)
    samples, duration, key = 0, 0, None
    for kind, inner in _children(runs[0]):
        if kind == b"trun":
            count, ticks, first = _trun(inner, defaults)
            samples, duration = samples + count, duration + ticks
            key = first if key is None else key
    return Fragment(offset, size, time, duration, samples, bool(key))


def _tfhd(tfhd: bytes, defaults: _Defaults) -> _Defaults:
    """8.8.7: after the track's number, only the fields whose flags are set."""
    (flags,) = struct.unpack_from(">I", tfhd)
    offset = 8
    values = {0x08: defaults.duration, 0x20: defaults.flags}
    for flag, width in ((0x01, 8), (0x02, 4), (0x08, 4), (0x10, 4), (0x20, 4)):
        if flags & flag:
            if flag in values:
                (values[flag],) = struct.unpack_from(">I", tfhd, offset)
            offset += width
    return _Defaults(values[0x08], values[0x20])


def _trun(trun: bytes, defaults: _Defaults) -> tuple[int, int, bool]:
    """Samples, ticks, and whether the first sample is a sync sample (8.8.8)."""
    flags, count = struct.unpack_from(">2I", trun)
    flags &= 0xFFFFFF
    offset = 8 + (4 if flags & 0x01 else 0)
    first_flags = defaults.flags
    if flags & 0x04:
        (first_flags,) = struct.unpack_from(">I", trun, offset)
        offset += 4
    fields = [bit for bit in (0x100, 0x200, 0x400, 0x800) if flags & bit]
    width = 4 * len(fields)
    if count * width > len(trun) - offset:
        raise BoxError(f"a run of {count} samples is cut short")
    duration = count * defaults.duration
    if 0x100 in fields:
        rows = struct.iter_unpack(f">{len(fields)}I", trun[offset : offset + count * width])
        duration = sum(row[0] for row in rows)
    if 0x400 in fields and count and not flags & 0x04:
        (first_flags,) = struct.unpack_from(">I", trun, offset + 4 * fields.index(0x400))
    return count, duration, count > 0 and not first_flags & _IS_NON_SYNC
