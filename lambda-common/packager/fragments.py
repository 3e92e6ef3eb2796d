"""Where a track's fragments lie and when they play, from their `moof` boxes.

Section numbers are of ISO/IEC 14496-12:2015. A fragment's data must be addressed from its own
`moof`, as CMAF and Media Source Extensions ask: an absolute position is wrong in a segment.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

from packager.boxes import BoxError, child, children

_IS_NON_SYNC = 0x10000


@dataclass(frozen=True, slots=True)
class Fragment:
    """A `moof` with its `mdat`: byte range, and ticks of the track's timescale.

    `time` is when decoding begins; the first sample is shown `composition_offset` later. Its data
    end `first_sample_end` bytes after `offset`, 0 if the file does not say where. `starts_with_key`
    says whether decoding can begin here.
    """

    offset: int
    size: int
    time: int
    duration: int
    samples: int
    starts_with_key: bool
    composition_offset: int = 0
    first_sample_end: int = 0


@dataclass(frozen=True, slots=True)
class Defaults:
    """What a sample is if its fragment or run does not say (8.8.3, 8.8.7)."""

    duration: int
    size: int
    flags: int


@dataclass(frozen=True, slots=True)
class _Run:
    """A `trun`; `data_offset` is from the `moof` on, None right after the run before."""

    samples: int
    duration: int
    data_offset: int | None
    first_size: int
    first_flags: int
    first_composition_offset: int


def read_trex(moov: bytes) -> Defaults:
    """The track's defaults (8.8.3)."""
    _, _, duration, size, flags = struct.unpack_from(">5I", child(moov, b"mvex", b"trex"), 4)
    return Defaults(duration, size, flags)


def read_moof(moof: bytes, defaults: Defaults, offset: int, size: int) -> Fragment:
    """The fragment whose `moof` has this payload and, with its `mdat`, this place in the file."""
    trafs = [inner for kind, inner in children(moof) if kind == b"traf"]
    if len(trafs) != 1:
        raise BoxError(f"a fragment has {len(trafs)} tracks, not one")
    defaults = _tfhd(child(trafs[0], b"tfhd"), defaults)
    tfdt = child(trafs[0], b"tfdt")
    # 8.8.12: 64 bits in version 1, else 32.
    (time,) = struct.unpack_from(">Q" if tfdt[:1] == b"\x01" else ">I", tfdt, 4)
    runs = [_trun(inner, defaults) for kind, inner in children(trafs[0]) if kind == b"trun"]
    runs = [run for run in runs if run.samples]
    if not runs:
        return Fragment(offset, size, time, 0, 0, starts_with_key=False)
    first = runs[0]
    # Right after nothing, as 8.8.8 has it without an offset, lies the `moof` itself.
    data = first.data_offset or 0
    return Fragment(
        offset,
        size,
        time,
        duration=sum(run.duration for run in runs),
        samples=sum(run.samples for run in runs),
        starts_with_key=not first.first_flags & _IS_NON_SYNC,
        composition_offset=first.first_composition_offset,
        first_sample_end=data + first.first_size if data else 0,
    )


def _tfhd(tfhd: bytes, defaults: Defaults) -> Defaults:
    """8.8.7: after the track's number, only the fields whose flags are set."""
    (flags,) = struct.unpack_from(">I", tfhd)
    if flags & 0x01:
        raise BoxError("a fragment's data are addressed from the beginning of the file")
    offset = 8
    values = {0x08: defaults.duration, 0x10: defaults.size, 0x20: defaults.flags}
    for flag in (0x02, 0x08, 0x10, 0x20):
        if flags & flag:
            if flag in values:
                (values[flag],) = struct.unpack_from(">I", tfhd, offset)
            offset += 4
    return Defaults(values[0x08], values[0x10], values[0x20])


def _trun(trun: bytes, defaults: Defaults) -> _Run:
    """8.8.8: optional fields of the run, then rows of optional fields, one for each sample."""
    flags, count = struct.unpack_from(">2I", trun)
    offset, data_offset, first_flags = 8, None, defaults.flags
    if flags & 0x01:
        (data_offset,) = struct.unpack_from(">i", trun, offset)
        offset += 4
    if flags & 0x04:
        (first_flags,) = struct.unpack_from(">I", trun, offset)
        offset += 4
    fields = [bit for bit in (0x100, 0x200, 0x400, 0x800) if flags & bit]
    width = 4 * len(fields)
    if count * width > len(trun) - offset:
        raise BoxError(f"a run of {count} samples is cut short")
    duration = count * defaults.duration
    first = dict.fromkeys(fields, 0)
    if fields and count:
        rows = struct.iter_unpack(f">{len(fields)}I", trun[offset : offset + count * width])
        first = dict(zip(fields, struct.unpack_from(f">{len(fields)}I", trun, offset), strict=True))
        if 0x100 in fields:
            duration = sum(row[0] for row in rows)
    composition_offset = first.get(0x800, 0)
    if trun[0]:  # signed in version 1
        composition_offset -= (composition_offset & 0x80000000) << 1
    return _Run(
        count,
        duration,
        data_offset,
        first.get(0x200, defaults.size),
        first_flags if flags & 0x04 else first.get(0x400, first_flags),
        composition_offset,
    )
