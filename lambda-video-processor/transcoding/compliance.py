"""Whether a source is what a player wants already, so that it can be copied instead of encoded.

Judged from headers, frame times and the first bytes of each frame; nothing is decoded. Whoever
copies a source that complies still copies what may be damaged inside its frames.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from itertools import pairwise
from mmap import ACCESS_READ, mmap
from pathlib import Path

from bitstream.bits import BitstreamError
from bitstream.mp4 import Movie, Mp4Error, Track, read_movie
from bitstream.picture import picture_reasons, read_coding
from bitstream.reasons import NotCopiedError, Reason
from bitstream.samples import Samples, gop_reasons, read_listing
from bitstream.sound import CopiedSound, judge_sound
from bitstream.timing import constant_rate, peak_bitrate
from transcoding.plan import STANDARD_RATES
from transcoding.sealed import SecondsLeft, input_options, run

_ENTRIES = "packet=pts,dts,size,pos,flags"

# Two hours of 60 frames a second are 432,000; each is a line of at most some 70 bytes on disk.
MOST_FRAMES = 500_000


@dataclass(frozen=True, slots=True)
class CopiedPicture:
    """H.264 that can be copied. Bit rates are bits per second, without any container.

    `idr_times` are the exact seconds at which IDR pictures are shown, `idr_frames` how many frames
    are shown before each of them; the first of both is 0. A time may be as much as a tick of the
    source's clock away from its frame's number divided by `frame_rate`.
    """

    codec: str
    width: int
    height: int
    frame_rate: Fraction
    frames: int
    idr_times: tuple[Fraction, ...]
    idr_frames: tuple[int, ...]
    peak_bitrate: int
    average_bitrate: int

    @property
    def seconds(self) -> Fraction:
        """How long the picture lasts."""
        return self.frames / self.frame_rate


@dataclass(frozen=True, slots=True)
class Compliance:
    """What of a source can be copied.

    `picture` is None if `reasons` speak against it; `sound` is None if there is none or if
    `sound_reasons` speak against it, and then it can be encoded beside a copied picture.
    """

    picture: CopiedPicture | None
    sound: CopiedSound | None
    reasons: tuple[Reason, ...] = ()
    sound_reasons: tuple[Reason, ...] = ()


def judge(
    source: Path,
    folder: Path,
    picture: int,
    sound: int | None,
    *,
    max_pixels: int,
    window: Fraction | int,
    seconds_left: SecondsLeft,
) -> Compliance:
    """Judges streams `picture` and `sound` of `source`, as ffprobe counts them.

    A list of the frames lies in `folder` meanwhile, at most 70 bytes for each; they are looked at
    only if the header has nothing against them. `max_pixels` is of one frame, `window` the seconds
    over which the peak bit rate is taken. Raises as `sealed.run` does.
    """
    try:
        movie = read_movie(source)
    except Mp4Error as error:
        sentence = f"The file is no MP4 or MOV whose header makes sense ({error})."
        return Compliance(None, None, (Reason("container", sentence),))
    copied_sound, sound_reasons = _judge_sound(movie, sound)
    list_frames = partial(_list_frames, source, picture, folder, max_pixels, seconds_left)
    try:
        copied = _judge_picture(movie, _track(movie, picture, b"vide"), source, window, list_frames)
    except NotCopiedError as error:
        return Compliance(None, copied_sound, error.reasons, sound_reasons)
    return Compliance(copied, copied_sound, (), sound_reasons)


def _track(movie: Movie, index: int, handler: bytes) -> Track:
    """The track behind a stream of ffprobe's: they have the same order.

    Cover art that a file names before its tracks shifts the numbers; such a file is not copied.
    """
    if index < len(movie.tracks):
        track = movie.tracks[index]
        if track.handler == handler and track.timescale:
            return track
    raise NotCopiedError.because("container", "The file's header does not say what its tracks are.")


def _judge_sound(movie: Movie, index: int | None) -> tuple[CopiedSound | None, tuple[Reason, ...]]:
    if index is None:
        return None, ()
    try:
        return judge_sound(_track(movie, index, b"soun")), ()
    except NotCopiedError as error:
        return None, error.reasons


def _judge_picture(
    movie: Movie,
    track: Track,
    source: Path,
    window: Fraction | int,
    list_frames: Callable[[], Samples],
) -> CopiedPicture:
    configuration, parameters = read_coding(track)
    if reasons := tuple(picture_reasons(movie, track, parameters)):
        raise NotCopiedError(reasons)
    samples = list_frames()
    times = sorted(samples.shown)
    rate = constant_rate(times, track.timescale, STANDARD_RATES)
    reasons = tuple(_timing_reasons(samples, track, times, rate))
    if reasons or rate is None:
        raise NotCopiedError(reasons)
    seconds = len(samples) / rate
    with source.open("rb") as file, mmap(file.fileno(), 0, access=ACCESS_READ) as mapped:
        reasons = tuple(gop_reasons(samples, track.timescale, seconds, configuration, mapped))
    if reasons:
        raise NotCopiedError(reasons)
    average = math.ceil(8 * sum(samples.sizes) / seconds)
    ticks = math.ceil(window * track.timescale)
    peak = peak_bitrate(samples.decoded, samples.sizes, ticks, track.timescale)
    return CopiedPicture(
        codec=f"avc1.{configuration.profile.hex()}",
        width=parameters.width,
        height=parameters.height,
        frame_rate=rate,
        frames=len(samples),
        idr_times=tuple(Fraction(samples.shown[key], track.timescale) for key in samples.keys),
        idr_frames=tuple(bisect_left(times, samples.shown[key]) for key in samples.keys),
        peak_bitrate=max(peak, average),
        average_bitrate=average,
    )


def _timing_reasons(
    samples: Samples, track: Track, times: Sequence[int], rate: Fraction | None
) -> Iterator[Reason]:
    """What speaks against frames shown at `times`, which ascend, if they have the rate `rate`."""
    if len(samples) > MOST_FRAMES:
        yield Reason("too_many_frames", f"The picture has more than {MOST_FRAMES} frames.")
        return
    if len(samples) != track.samples or samples.dropped:
        yield Reason("edit_list", "An edit leaves out some of the picture's frames.")
        return
    if times[:1] != [0]:
        yield Reason("late_start", "The picture's first frame is not shown at zero.")
    if any(after <= before for before, after in pairwise(samples.decoded)):
        yield Reason("decoding_times", "The picture's frames are not stored in order of time.")
    if rate is None:
        yield Reason("variable_rate", "The picture's frames are not shown at a constant rate.")


def _list_frames(
    source: Path, stream: int, folder: Path, max_pixels: int, seconds_left: SecondsLeft
) -> Samples:
    """All frames, and one more than `MOST_FRAMES` of those that have more."""
    listing = folder / "frames.csv"
    command = ["ffprobe", "-hide_banner", "-loglevel", "error"]
    for name, value in input_options(max_pixels).items():
        command += [f"-{name}", str(value)]
    command += ["-select_streams", str(stream), "-read_intervals", f"%+#{MOST_FRAMES + 1}"]
    command += ["-show_entries", _ENTRIES, "-of", "csv=p=0", "-o", str(listing), "-i", str(source)]
    try:
        run(command, seconds_left)
        with listing.open(encoding="ascii", errors="replace") as lines:
            return read_listing(lines)
    except BitstreamError as error:
        sentence = f"The file's tables make no sense ({error})."
        raise NotCopiedError.because("container", sentence) from error
    finally:
        listing.unlink(missing_ok=True)
