"""Every sample of an MP4 that FFmpeg wrote with one track: when it is shown, and where it lies.

Boxes are those of ISO/IEC 14496-12:2015, whose sections are named below.
"""

from __future__ import annotations

import struct
from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import accumulate, chain, repeat
from pathlib import Path

from packager.boxes import BoxError, child, children, find, payload_of, top_boxes


@dataclass(frozen=True, slots=True)
class Track:
    """Samples in the order in which they are decoded, and the boxes that describe them all.

    `decoded` and `shown` are ticks of `timescale` since the movie's start (negative for what an
    edit leaves out), `last` how long the last sample is, `end` the seconds until all has been
    shown; `offsets` are bytes of the file, one more than there are samples; `keys` are numbers of
    samples. `header` is the end of the `tkhd`, from its layer to its height, `language` the end of
    the `mdhd`; `handler` and `entries` are what is in `hdlr` and `stsd`; `media_boxes` are all of
    the `minf` but its `stbl`, whole.
    """

    path: Path
    timescale: int
    decoded: array[int]
    shown: array[int]
    last: int
    end: Fraction
    offsets: array[int]
    keys: array[int]
    header: bytes
    language: bytes
    handler: bytes
    media_boxes: bytes
    entries: bytes

    def clean_keys(self) -> list[int]:
        """The keys that are shown after all samples before them and before all that follow."""
        before = list(accumulate(chain([-1 << 62], self.shown), max))
        following = list(accumulate(reversed(self.shown), min))
        following.reverse()
        return [key for key in self.keys if before[key] < self.shown[key] <= following[key]]


def read_track(path: Path) -> Track:
    """The one track of `path`. Raises `BoxError` if its tables do not fit its media."""
    with path.open("rb") as file:
        boxes = {box.kind: box for box in top_boxes(file, path.stat().st_size)}
        if b"moov" not in boxes or b"mdat" not in boxes:
            raise BoxError("the file has no header or no media")
        moov = payload_of(file, boxes[b"moov"])
    trak = child(moov, b"trak")
    mdia = child(trak, b"mdia")
    minf = child(mdia, b"minf")
    stbl = child(minf, b"stbl")
    mdhd = child(mdia, b"mdhd")
    timescale = _timescale(mdhd)
    decoded, last = _decoding(child(stbl, b"stts"))
    origin = _origin(find(trak, b"edts", b"elst"), timescale, _timescale(child(moov, b"mvhd")))
    decoded = array("q", (time + origin for time in decoded))
    shown = _shown(decoded, find(stbl, b"ctts"))
    offsets = _offsets(stbl)
    if len(offsets) != len(decoded) + 1 or offsets[-1] > boxes[b"mdat"].end:
        raise BoxError("the samples do not fit the media")
    return Track(
        path=path,
        timescale=timescale,
        decoded=decoded,
        shown=shown,
        last=last,
        end=Fraction(max(shown, default=-last) + last, timescale),
        offsets=offsets,
        keys=_keys(find(stbl, b"stss"), len(decoded)),
        header=child(trak, b"tkhd")[-52:],
        language=mdhd[-4:],
        handler=child(mdia, b"hdlr"),
        media_boxes=b"".join(
            struct.pack(">I4s", len(payload) + 8, kind) + payload
            for kind, payload in children(minf)
            if kind != b"stbl"
        ),
        entries=child(stbl, b"stsd"),
    )


def _timescale(header: bytes) -> int:
    """Ticks per second in an `mvhd` or `mdhd` (8.2.2, 8.4.2)."""
    (timescale,) = struct.unpack_from(">I", header, 20 if header[:1] == b"\x01" else 12)
    return int(timescale)


def _decoding(stts: bytes) -> tuple[array[int], int]:
    """When each sample is decoded, counted from the first, and how long the last is (8.6.1.2)."""
    runs = list(struct.iter_unpack(">II", stts[8:]))
    gaps = chain.from_iterable(repeat(gap, number) for number, gap in runs)
    times = array("q", accumulate(gaps, initial=0))
    last = runs[-1][1] if runs else 0
    return times[:-1], last


def _shown(decoded: array[int], ctts: bytes | None) -> array[int]:
    """When each sample is shown (8.6.1.3)."""
    if ctts is None:
        return decoded
    runs = struct.iter_unpack(">Ii", ctts[8:])
    delays = chain.from_iterable(repeat(delay, number) for number, delay in runs)
    return array("q", (time + delay for time, delay in zip(decoded, delays, strict=True)))


def _origin(elst: bytes | None, timescale: int, movie_timescale: int) -> int:
    """Ticks from the media's clock to the movie's, of an edit list (8.6.6) that only shifts."""
    if elst is None:
        return 0
    entries = struct.iter_unpack(">QqI" if elst[:1] == b"\x01" else ">IiI", elst[8:])
    waited = 0
    for duration, media_time, _ in entries:
        if media_time >= 0:
            return waited - int(media_time)
        waited += round(Fraction(duration * timescale, movie_timescale))
    return waited


def _offsets(stbl: bytes) -> array[int]:
    """Where each sample begins (8.7.3, 8.7.5): a single track's lie one after the other."""
    same, number = struct.unpack_from(">II", child(stbl, b"stsz"), 4)
    sizes = repeat(same, number) if same else _numbers(child(stbl, b"stsz")[12:], "I")
    chunks = find(stbl, b"stco")
    starts = _numbers(chunks[8:], "I") if chunks else _numbers(child(stbl, b"co64")[8:], "Q")
    return array("q", accumulate(sizes, initial=next(starts, 0)))


def _keys(stss: bytes | None, samples: int) -> array[int]:
    """Numbers of the sync samples, from 0; all of them where there is no table (8.6.2)."""
    numbers = range(samples) if stss is None else (key - 1 for key in _numbers(stss[8:], "I"))
    return array("q", numbers)


def _numbers(payload: bytes, kind: str) -> Iterator[int]:
    return (number for (number,) in struct.iter_unpack(f">{kind}", payload))
