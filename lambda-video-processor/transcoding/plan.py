"""What to make of a video: pure arithmetic from a probe and a recipe to a plan.

A plan names no option of FFmpeg, so that many workers, or another engine, can carry it out.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Literal

from media_pipeline.failures import PermanentError
from media_pipeline.recipe import Audio, Rung, VideoLimits, Videos
from media_pipeline.stills import Rendition, Stills
from transcoding.graph import Look
from transcoding.probe import Picture, Probe, Sound
from transcoding.storyboard import PlannedStoryboard, plan_storyboard

NTSC = Fraction(1000, 1001)
STANDARD_RATES = tuple(
    sorted(
        {Fraction(rate) for rate in (10, 12, 15, 24, 25, 30, 48, 50, 60, 100, 120, 240)}
        | {rate * NTSC for rate in (15, 24, 30, 48, 60, 120, 240)}
    )
)
Effort = Literal["low", "medium", "high"]

# A frame with a quarter of the pixels needs more than a quarter of the bits to look as good.
_BITS_PER_PIXEL_EXPONENT = 0.75
_LEAST_BITRATE = 64_000
_LONGER_FACTOR, _LONGER_SECONDS = 2, 60
# Lengths are rounded up to whole frames and packets.
_ROUNDED = 0.5
_POSTER_CANDIDATES = 12
_SECONDS_BETWEEN_POSTERS = 5.0


@dataclass(frozen=True, slots=True)
class PlannedRung:
    """One step of the ladder: pixels (both even), bits per second, and bits of decoder buffer."""

    name: str
    width: int
    height: int
    bitrate: int
    max_bitrate: int
    buffer: int


@dataclass(frozen=True, slots=True)
class PlannedSound:
    """A sound that all rungs share, made of stream `index` of the source."""

    index: int
    bitrate: int
    channels: int
    sample_rate: int
    name: str
    language: str | None


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything that one run makes of one source.

    `rungs` are ordered from the lowest; all have a key frame at every `gop_frames`th frame and
    nowhere else. `poster_times` are when candidates for the poster are shown, `poster_size` the
    width and height that is enough for all its renditions. `downloads` are names of rungs.
    `loudness_target` is LUFS, None where loudness stays, and `gain` the decibels on all sounds that
    lead there, once they are known. `seconds` is how long the picture should last, 0 where the
    source does not say; `limits` are what the engine may not go beyond.
    """

    picture_index: int
    look: Look
    gop_frames: int
    rungs: tuple[PlannedRung, ...]
    sounds: tuple[PlannedSound, ...]
    poster_times: tuple[float, ...]
    poster_size: tuple[int, int]
    storyboard: PlannedStoryboard | None
    downloads: tuple[str, ...]
    effort: Effort
    loudness_target: float | None
    seconds: float
    limits: VideoLimits
    gain: float = 0.0

    @property
    def top(self) -> PlannedRung:
        """The highest rung."""
        return self.rungs[-1]

    @property
    def longest(self) -> float:
        """Seconds beyond which the source is not what its header says, and nothing is decoded.

        Headers of some containers are rough guesses; but one damaged time must not make hours of a
        short video.
        """
        most = self.limits.seconds + _LONGER_SECONDS
        return min(_LONGER_FACTOR * self.seconds + _LONGER_SECONDS, most) if self.seconds else most

    @property
    def gop_seconds(self) -> Fraction:
        """The exact length of a group of pictures."""
        return self.gop_frames / self.look.frame_rate

    @property
    def estimated_bytes(self) -> int:
        """What the files will hold, if all bit rates are used up."""
        by_name = {rung.name: rung.bitrate for rung in self.rungs}
        pictures = sum(by_name.values()) + sum(by_name[name] for name in self.downloads)
        sounds = sum(sound.bitrate for sound in self.sounds) * (1 + len(self.downloads))
        return round((pictures + sounds) * self.seconds / 8)


def plan(probe: Probe, recipe: Videos) -> Plan:
    """The plan for a source.

    Raises `PermanentError` with `video_too_large` or `video_too_long` beyond the recipe's limits.
    """
    picture = probe.picture
    refuse_beyond(recipe.limits, picture, max(probe.seconds or 0.0, picture.seconds or 0.0))
    rate = frame_rate(picture, recipe.max_frame_rate)
    rungs = ladder(picture.width, picture.height, recipe.ladder)
    # What a container says as a whole counts from its start.
    seconds = picture.start + picture.seconds if picture.seconds else probe.seconds or 0.0
    return Plan(
        picture_index=picture.index,
        look=look(picture, rate),
        gop_frames=max(1, round(recipe.gop_seconds * rate)),
        rungs=rungs,
        sounds=tuple(_sound(sound, recipe.audio) for sound in probe.sounds[: recipe.audio.tracks]),
        poster_times=_poster_times(seconds),
        poster_size=_poster_size(rungs[-1], recipe.poster),
        storyboard=plan_storyboard(seconds, picture.width, picture.height, recipe.storyboard),
        downloads=_downloads(recipe.downloads, rungs),
        effort=recipe.effort,
        loudness_target=_loudness_target(recipe.audio),
        seconds=seconds,
        limits=recipe.limits,
    )


def below(plan: Plan, bitrate: int) -> Plan:
    """The same plan where the top rung takes only `bitrate`: no other one takes more for less."""
    top = plan.top
    lower = (_at_most(rung, _bitrate_of(rung, top, bitrate)) for rung in plan.rungs[:-1])
    return replace(plan, rungs=(*lower, top))


def _bitrate_of(rung: PlannedRung, top: PlannedRung, bitrate: int) -> int:
    """What looks as good in the rung as `bitrate` does in the top one."""
    share: float = (rung.width * rung.height) / (top.width * top.height)
    worth: float = bitrate * share**_BITS_PER_PIXEL_EXPONENT
    return max(_LEAST_BITRATE, round(worth))


def _at_most(rung: PlannedRung, bitrate: int) -> PlannedRung:
    scale = min(1.0, bitrate / rung.bitrate)
    return replace(
        rung,
        bitrate=round(rung.bitrate * scale),
        max_bitrate=round(rung.max_bitrate * scale),
        buffer=round(rung.buffer * scale),
    )


def look(picture: Picture, rate: Fraction) -> Look:
    """How the picture is coded, to be shown `rate` times a second."""
    return Look(rate, picture.interlaced, picture.hdr, _colour_matrix(picture))


def _poster_size(top: PlannedRung, poster: Stills) -> tuple[int, int]:
    """As large as the largest rendition needs it, and at most as large as the top rung."""
    scale = max(_scale_to(top, rendition) for rendition in poster.renditions.values())
    if scale >= 1:
        return top.width, top.height
    return math.ceil(top.width * scale), math.ceil(top.height * scale)


def _scale_to(top: PlannedRung, rendition: Rendition) -> Fraction:
    if rendition.box is None:
        return Fraction(rendition.width or top.width, top.width)
    sides = zip(rendition.box, (top.width, top.height), strict=True)
    scales = [Fraction(wanted, side) for wanted, side in sides]
    return max(scales) if rendition.fit == "cover" else min(scales)


def _poster_times(seconds: float) -> tuple[float, ...]:
    """The middles of equal parts; every few seconds where it is not known how many there are."""
    apart = seconds / _POSTER_CANDIDATES if seconds else _SECONDS_BETWEEN_POSTERS
    return tuple((number + 0.5) * apart for number in range(_POSTER_CANDIDATES - 1))


def ladder(width: int, height: int, recipe: dict[str, Rung]) -> tuple[PlannedRung, ...]:
    """The rungs that a picture of this size fills, lowest first; never larger than the picture.

    One smaller than the lowest rung gets a single rung of its own size, named by its short side,
    with the lowest rung's bit rates scaled down.
    """
    short_side = min(width, height)
    rungs = sorted(recipe.items(), key=lambda item: (item[1].short_side, item[1].bitrate))
    fitting = [
        _rung(name, width, height, rung) for name, rung in rungs if rung.short_side <= short_side
    ]
    return tuple(fitting) or (_own_rung(width, height, rungs[0][1]),)


def frame_rate(picture: Picture, most: int) -> Fraction:
    """The constant rate to encode at: the source's nominal rate, at most `most`.

    A constant rate is kept, and put right where it is nearly a standard one; beyond `most` every
    second, third ... frame is kept, so that motion stays even. Frames at no constant rate are
    timed on a grid of 30 or 60 a second.
    """
    mean, base = picture.mean_rate or picture.base_rate, picture.base_rate
    if base and base * Fraction(4, 5) <= mean <= base * Fraction(101, 100):
        return _within(_snapped(base, Fraction(1, 200)) or base.limit_denominator(1001), most)
    if standard := _snapped(mean, Fraction(1, 100)):
        return _within(standard, most)
    return min(Fraction(most), Fraction(30 if mean <= 30 else 60))


def _within(rate: Fraction, most: int) -> Fraction:
    if rate < 1:
        return min(Fraction(most), rate * math.ceil(1 / rate))
    return rate / math.ceil(rate / most)


def _snapped(rate: Fraction, tolerance: Fraction) -> Fraction | None:
    nearest = min(STANDARD_RATES, key=lambda standard: abs(standard - rate))
    return nearest if abs(nearest - rate) <= nearest * tolerance else None


def refuse_beyond(limits: VideoLimits, picture: Picture, seconds: float) -> None:
    """Raises `PermanentError` with `video_too_large` or `video_too_long` beyond the limits."""
    pixels = max(picture.pixels, picture.width * picture.height)
    if pixels > limits.pixels:
        raise PermanentError(
            "video_too_large",
            f"The video's frames have {pixels} pixels ({picture.width} x {picture.height}), "
            f"and at most {limits.pixels} are accepted; export it in a smaller size.",
        )
    if seconds > limits.seconds + _ROUNDED:
        raise PermanentError(
            "video_too_long",
            f"The video lasts {seconds:.0f} seconds, and at most {limits.seconds} are accepted; "
            "cut it into shorter ones.",
        )


def _sides(width: int, height: int, short_side: int) -> tuple[int, int]:
    """The picture's sides scaled to `short_side`, both even, as 4:2:0 chroma needs them."""
    scale = Fraction(max(2, short_side - short_side % 2), min(width, height))
    nearest = (2 * math.ceil(side * scale / 2 - Fraction(1, 2)) for side in (width, height))
    return next(nearest), next(nearest)


def _rung(name: str, width: int, height: int, rung: Rung) -> PlannedRung:
    sides = _sides(width, height, rung.short_side)
    return PlannedRung(name, *sides, rung.bitrate, rung.max_bitrate, rung.buffer)


def _own_rung(width: int, height: int, lowest: Rung) -> PlannedRung:
    sides = _sides(width, height, min(width, height))
    scale = (min(sides) / lowest.short_side) ** (2 * _BITS_PER_PIXEL_EXPONENT)
    bitrate = max(_LEAST_BITRATE, round(lowest.bitrate * scale))
    return PlannedRung(
        f"{min(sides)}p",
        *sides,
        bitrate,
        round(lowest.max_bitrate * bitrate / lowest.bitrate),
        round(lowest.buffer * bitrate / lowest.bitrate),
    )


def _colour_matrix(picture: Picture) -> Literal["declared", "bt601", "bt709"]:
    """Where a source does not say, players take high definition for BT.709, the rest for BT.601."""
    if picture.colour_matrix != "unknown":
        return "declared"
    return "bt709" if picture.width >= 1280 or picture.height >= 720 else "bt601"


def _sound(sound: Sound, recipe: Audio) -> PlannedSound:
    name = sound.title or "Audio"
    return PlannedSound(
        sound.index, recipe.bitrate, recipe.channels, recipe.sample_rate, name, sound.language
    )


def _loudness_target(recipe: Audio) -> float | None:
    return recipe.loudness_target if recipe.loudness == "normalised" else None


def _downloads(recipe: list[str], rungs: tuple[PlannedRung, ...]) -> tuple[str, ...]:
    wanted = [rungs[-1].name if name == "top" else name for name in recipe]
    made = {rung.name for rung in rungs}
    return tuple(name for name in dict.fromkeys(wanted) if name in made)
