"""Which frame of a video stands for it while nothing plays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from operator import mul
from pathlib import Path
from statistics import median, median_low

from PIL import Image, ImageFilter, ImageStat

_FORMATS = ("JPEG", "PNG")
# Everything is measured on copies of this size, in pixels of the longer side: large enough that
# a blur one would notice in a poster shows, small enough that grain does not.
_SIDE = 320
_NEAR_BLACK, _NEAR_WHITE = 24, 232
# A standard deviation of luma that a well exposed picture reaches.
_FULL_CONTRAST = 40.0
# Bits of entropy that the luma of a picture with some variety has.
_FULL_VARIETY = 6.0
# What is less is a single colour, or a picture that is all but black or white.
_LEAST_CONTRAST = 8.0
_LEAST_EXPOSED = 0.1
_BINS = 16

# The second derivative of luma along both axes, around grey.
_LAPLACIAN = ImageFilter.Kernel((3, 3), (0, 1, 0, 1, -4, 1, 0, 1, 0), scale=1, offset=128)
# A stronger one counts as this much: a few edges of bars and letters do not make a blur sharp.
_STRONGEST = 24


@dataclass(frozen=True, slots=True)
class _Look:
    """What is measured of one picture.

    `exposed` is the share of pixels neither near black nor near white, `contrast` the standard
    deviation of luma, `variety` its entropy in bits, `detail` the mean square of its Laplacian,
    `colours` the shares of the bins of each channel's histogram.
    """

    exposed: float
    contrast: float
    variety: float
    detail: float
    colours: tuple[float, ...]

    @property
    def shows_something(self) -> bool:
        return self.exposed >= _LEAST_EXPOSED and self.contrast >= _LEAST_CONTRAST


def choose(frames: Sequence[Path]) -> Path:
    """The frame (JPEG or PNG) that is the best poster, the first of those that are equally good.

    With everything measured on a small copy, a frame's score is the product of

    - the share of its pixels that are neither near black nor near white,
    - its contrast: the standard deviation of luma over `_FULL_CONTRAST`, at most 1,
    - its variety: the entropy of luma over `_FULL_VARIETY`, at most 1,
    - its sharpness d / (d + D): d is the mean square of the luma's Laplacian, cut off at
      `_STRONGEST`; without the cut it is what autofocus measures (Pech-Pacheco et al., "Diatom
      autofocusing in brightfield microscopy", ICPR 2000). D is the lower median of all d,
    - its likeness to the others: what its colour histogram has in common with the median
      histogram, over what the most typical frame has.

    The medians are taken over the frames that show something, so that black ones do not count.
    Frames that are missing or damaged are passed over, and where all are, the answer is the first.
    Raises `ValueError` where there is none at all.
    """
    if not frames:
        raise ValueError("there is no frame to choose from")
    looks = {frame: look for frame in frames if (look := _look(frame))}
    if not looks:
        return frames[0]
    scores = _scores(list(looks.values()))
    best = max(range(len(scores)), key=scores.__getitem__)
    return list(looks)[best]


def _scores(looks: Sequence[_Look]) -> list[float]:
    told_by = [look for look in looks if look.shows_something] or looks
    usual_detail = median_low(look.detail for look in told_by)
    colours = [median(shares) for shares in zip(*(look.colours for look in told_by), strict=True)]
    likenesses = [sum(map(min, look.colours, colours)) for look in looks]
    most_typical = max(likenesses)
    return [
        look.exposed
        * min(1.0, look.contrast / _FULL_CONTRAST)
        * min(1.0, look.variety / _FULL_VARIETY)
        * _share(look.detail, look.detail + usual_detail)
        * _share(likeness, most_typical)
        for look, likeness in zip(looks, likenesses, strict=True)
    ]


def _share(part: float, whole: float) -> float:
    return part / whole if whole else 0.0


def _look(frame: Path) -> _Look | None:
    """None for what is not there or cannot be read."""
    try:
        with Image.open(frame, formats=_FORMATS) as image:
            # A JPEG is decoded at an eighth, a quarter or half of its size.
            image.draft("RGB", _within(_SIDE, image.size))
            small = image.convert("RGB")
    except (OSError, SyntaxError, ValueError):
        return None
    small.thumbnail((_SIDE, _SIDE), Image.Resampling.BOX)
    luma = small.convert("L")
    shades = luma.histogram()
    pixels = small.width * small.height
    histogram = small.histogram()
    width = 256 // _BINS
    return _Look(
        exposed=sum(shades[_NEAR_BLACK:_NEAR_WHITE]) / pixels,
        contrast=ImageStat.Stat(luma).stddev[0],
        variety=luma.entropy(),
        detail=_detail(luma),
        colours=tuple(
            sum(histogram[start : start + width]) / pixels
            for start in range(0, len(histogram), width)
        ),
    )


def _within(side: int, size: tuple[int, int]) -> tuple[int, int]:
    """`size` brought down to `side`, rounded down."""
    width, height = (max(1, side * length // max(size)) for length in size)
    return width, height


def _detail(luma: Image.Image) -> float:
    """The mean square of the Laplacian, but for the outermost pixels, which have none."""
    if min(luma.size) < 3:
        return 0.0
    inside = (1, 1, luma.width - 1, luma.height - 1)
    counts = luma.filter(_LAPLACIAN).crop(inside).histogram()
    squares = (min(abs(value - 128), _STRONGEST) ** 2 for value in range(256))
    return float(sum(map(mul, counts, squares)) / sum(counts))
