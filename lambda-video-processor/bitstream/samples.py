"""Every frame of a picture track: when it is shown, where it lies, and what it is made of."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import pairwise
from mmap import mmap

from bitstream.bits import BitstreamError
from bitstream.h264 import IDR_SLICE, ORDINARY_UNITS, PPS, SLICE, SPS, Configuration, units
from bitstream.reasons import NotCopiedError, Reason
from bitstream.timing import LONGEST_GOP


@dataclass(frozen=True, slots=True)
class Samples:
    """The frames in the order in which they are decoded; times in ticks of the track, offsets and
    sizes in bytes of the file.

    `keys` are the numbers of those marked as key frames, `dropped` of those that are not shown.
    """

    shown: array[int] = field(default_factory=lambda: array("q"))
    decoded: array[int] = field(default_factory=lambda: array("q"))
    sizes: array[int] = field(default_factory=lambda: array("q"))
    offsets: array[int] = field(default_factory=lambda: array("q"))
    keys: array[int] = field(default_factory=lambda: array("q"))
    dropped: array[int] = field(default_factory=lambda: array("q"))

    def __len__(self) -> int:
        return len(self.shown)


def read_listing(lines: Iterable[str]) -> Samples:
    """Packets as ffprobe lists them in CSV: `pts,dts,size,pos,flags`.

    Raises `BitstreamError` where one lacks a time or a place.
    """
    samples = Samples()
    for line in lines:
        try:
            shown, decoded, size, offset, flags = line.rstrip("\n,").split(",")
            samples.shown.append(int(shown))
            samples.decoded.append(int(decoded))
            samples.sizes.append(int(size))
            samples.offsets.append(int(offset))
        except (ValueError, OverflowError) as error:
            raise BitstreamError("a frame has no time or no place in the file") from error
        if "K" in flags:
            samples.keys.append(len(samples) - 1)
        if "D" in flags:
            samples.dropped.append(len(samples) - 1)
    return samples


def gop_reasons(
    samples: Samples,
    timescale: int,
    end: Fraction,
    configuration: Configuration,
    file: mmap | bytes,
) -> Iterator[Reason]:
    """What the frames, shown until `end` seconds, are made of that speaks against copying them.

    Raises `NotCopiedError` for damage and for parameter sets that change.
    """
    try:
        broken = _first_open_gop(samples, configuration, file)
    except BitstreamError as error:
        sentence = f"The picture's frames are damaged ({error})."
        raise NotCopiedError.because("bitstream", sentence) from error
    if broken is not None:
        seconds = samples.shown[broken] / timescale
        yield Reason("open_gop", f"Playing cannot begin cleanly at the frame at {seconds:.3f} s.")
    longest = _longest_gop(samples, timescale, end)
    if longest > LONGEST_GOP:
        sentence = f"Key frames are up to {float(longest):.3f} s apart, and not at most 10."
        yield Reason("long_gop", sentence)


def _first_open_gop(
    samples: Samples, configuration: Configuration, file: mmap | bytes
) -> int | None:
    """The first key frame that is no IDR picture, or that is not shown before all that follow it
    and after all that it follows; or the first frame, if that is no key frame."""
    places = zip(samples.offsets, samples.sizes, strict=True)
    idrs = bytes(_is_idr(file, place, configuration) for place in places)
    if samples.keys[:1] != array("q", [0]):
        return 0
    latest = -1
    for first, after in zip(samples.keys, [*samples.keys[1:], len(samples)], strict=True):
        group = samples.shown[first:after]
        if not idrs[first] or min(group) < group[0] or group[0] <= latest:
            return first
        latest = max(group)
    return None


def _is_idr(file: mmap | bytes, place: tuple[int, int], configuration: Configuration) -> bool:
    """Whether the sample at `place` (offset and size) holds an IDR picture.

    Raises `BitstreamError` if it holds no picture or units that few decoders know, and
    `NotCopiedError` if it holds other parameter sets than the header.
    """
    first_slice = None
    known = (*configuration.sps, *configuration.pps)
    for unit in units(file, *place, configuration.length_size):
        header = file[unit.start]
        kind = header & 31
        if header & 0x80 or kind not in ORDINARY_UNITS:
            raise BitstreamError(f"there is a unit of type {kind}")
        if kind in (SLICE, IDR_SLICE) and first_slice is None:
            first_slice = kind
        if kind in (SPS, PPS) and file[unit.start : unit.stop] not in known:
            sentence = "The picture's parameter sets change on the way."
            raise NotCopiedError.because("parameter_sets", sentence)
    if first_slice is None:
        raise BitstreamError("a frame is empty")
    return first_slice == IDR_SLICE


def _longest_gop(samples: Samples, timescale: int, end: Fraction) -> Fraction:
    times = [Fraction(samples.shown[key], timescale) for key in samples.keys]
    return max((after - before for before, after in pairwise([*times, end])), default=end)
