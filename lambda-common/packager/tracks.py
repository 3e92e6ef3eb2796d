"""Reads fragmented MP4 files of one track each: codec, fragments, and when they play.

Section numbers are of ISO/IEC 14496-12:2015. Only headers are read, never media.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import BinaryIO

from packager.boxes import Box, BoxError, child, children, find, payload_of, top_boxes
from packager.fragments import Defaults, Fragment, read_moof, read_trex
from packager.sample_entries import read_sample_entry

_EMPTY_EDIT = -1


@dataclass(frozen=True, slots=True)
class Track:
    """One track; sides are pixels and 0 for sound, channels and hertz are 0 for pictures.

    The first `init_size` bytes (`ftyp` and `moov`) are what a player needs before any fragment.
    `shift` is what the edit list adds to composition times, in seconds.
    """

    codec: str
    timescale: int
    init_size: int
    fragments: tuple[Fragment, ...]
    width: int = 0
    height: int = 0
    channels: int = 0
    sampling_rate: int = 0
    shift: Fraction = Fraction(0)

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
        """When the fragment's first sample is shown or heard.

        It is below zero for what an edit list cuts off, such as the priming of an AAC encoder.
        """
        return Fraction(fragment.time + fragment.composition_offset, self.timescale) + self.shift

    def seconds_after(self, number: int) -> Fraction:
        """When the fragment of this index is over: when the next one begins, if there is one."""
        if number + 1 < len(self.fragments):
            return self.seconds_at(self.fragments[number + 1])
        last = self.fragments[number]
        return self.seconds_at(last) + Fraction(last.duration, self.timescale)


def read_track(path: Path) -> Track:
    """The track in a fragmented MP4. Raises `BoxError` where the file breaks its format."""
    try:
        with path.open("rb") as file:
            return _read(file, path.stat().st_size)
    except struct.error as error:
        raise BoxError(f"a box is cut short: {error}") from error


def _read(file: BinaryIO, end: int) -> Track:
    moov, init_size, defaults = b"", 0, Defaults(0, 0, 0)
    fragments: list[Fragment] = []
    opened: Box | None = None
    for box in top_boxes(file, end):
        if box.kind == b"moov" and not moov:
            moov, init_size = payload_of(file, box), box.end
            defaults = read_trex(moov)
        elif box.kind == b"moof":
            opened = box
        elif box.kind == b"mdat" and opened and moov:
            size = box.end - opened.offset
            fragments.append(read_moof(payload_of(file, opened), defaults, opened.offset, size))
            opened = None
    if not moov:
        raise BoxError("there is no moov box")
    return _track(moov, init_size, tuple(fragments))


def _track(moov: bytes, init_size: int, fragments: tuple[Fragment, ...]) -> Track:
    traks = [inner for kind, inner in children(moov) if kind == b"trak"]
    if len(traks) != 1:
        raise BoxError(f"there are {len(traks)} tracks, not one")
    timescale = _timescale(child(traks[0], b"mdia", b"mdhd"))
    entry = read_sample_entry(child(traks[0], b"mdia", b"minf", b"stbl", b"stsd"))
    return Track(
        entry.codec,
        timescale,
        init_size,
        fragments,
        entry.width,
        entry.height,
        entry.channels,
        entry.sampling_rate,
        _shift(find(traks[0], b"edts", b"elst"), moov, timescale),
    )


def _timescale(header: bytes) -> int:
    """Ticks per second, from an `mvhd` (8.2.2) or an `mdhd` (8.4.2).

    Times of 32 bits in version 0, of 64 bits in version 1, come before it.
    """
    timescale: int = struct.unpack_from(">I", header, 20 if header[:1] == b"\x01" else 12)[0]
    if not timescale:
        raise BoxError("the timescale is zero")
    return timescale


def _shift(elst: bytes | None, moov: bytes, timescale: int) -> Fraction:
    """What an edit list (8.6.6) adds to composition times, in seconds.

    One that only begins later, or leaves out what comes first, can be packaged: empty edits, then
    one at normal speed. How long that one lasts is not looked at: fragments come after it.
    """
    if elst is None:
        return Fraction(0)
    layout = ">QqhH" if elst[:1] == b"\x01" else ">IihH"
    (count,) = struct.unpack_from(">I", elst, 4)
    waits = Fraction(0)
    for number in range(count):
        offset = 8 + number * struct.calcsize(layout)
        duration, media_time, rate, fraction = struct.unpack_from(layout, elst, offset)
        if media_time == _EMPTY_EDIT:
            waits += Fraction(duration, _timescale(child(moov, b"mvhd")))
        elif media_time < 0 or (rate, fraction) != (1, 0) or number + 1 < count:
            break
        else:
            return waits - Fraction(media_time, timescale)
    if count:
        raise BoxError("the edit list rearranges the track")
    return Fraction(0)
