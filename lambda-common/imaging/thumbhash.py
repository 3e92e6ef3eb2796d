"""ThumbHash: a picture's lowest cosines, its shape and its transparency in about 25 bytes.

The format is that of https://evanw.github.io/thumbhash/ (its reference encoder, `rgbaToThumbHash`):
lightness, a yellow-blue and a red-green axis and, where there is any, alpha; of each the mean, the
largest cosine, and every cosine of the triangle of lowest frequencies in four bits.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

from PIL import Image

from imaging.cosines import Rows, lowest_cosines

LARGEST_SIDE = 100


def thumbhash(pixels: Image.Image) -> bytes:
    """The ThumbHash of `RGB` or `RGBA` pixels, at most 100 on a side."""
    if max(pixels.size) > LARGEST_SIDE:
        raise ValueError(f"a ThumbHash is made of at most {LARGEST_SIDE} pixels a side")
    has_alpha = pixels.mode == "RGBA"
    lightness, yellow_blue, red_green, alpha = _axes(pixels.convert("RGBA"))
    most = 5 if has_alpha else 7
    across, down = (max(1, _nearest(most * side / max(pixels.size))) for side in pixels.size)
    light = _Channel(lightness, max(3, across), max(3, down))
    yellow = _Channel(yellow_blue, 3, 3)
    red = _Channel(red_green, 3, 3)
    is_landscape = pixels.width > pixels.height
    header = (
        _nearest(63 * light.mean)
        | _nearest(31.5 + 31.5 * yellow.mean) << 6
        | _nearest(31.5 + 31.5 * red.mean) << 12
        | _nearest(31 * light.largest) << 18
        | has_alpha << 23
        | (down if is_landscape else across) << 24
        | _nearest(63 * yellow.largest) << 27
        | _nearest(63 * red.largest) << 33
        | is_landscape << 39
    )
    channels = [light, yellow, red]
    body = bytearray(header.to_bytes(5, "little"))
    if has_alpha:
        clear = _Channel(alpha, 5, 5)
        body.append(_nearest(15 * clear.mean) | _nearest(15 * clear.largest) << 4)
        channels.append(clear)
    return bytes(body) + _in_fours(level for channel in channels for level in channel.levels)


class _Channel:
    """One axis: its mean, its largest cosine, and all its cosines in 16 levels of that."""

    def __init__(self, rows: Rows, across: int, down: int) -> None:
        cosines = lowest_cosines(rows, across, down)
        triangle = [
            cosines[v][u]
            for v in range(down)
            for u in range(across)
            if (u or v) and u * down < across * (down - v)
        ]
        self.mean = cosines[0][0]
        self.largest = max(map(abs, triangle))
        self.levels = [
            _nearest(15 * (0.5 + 0.5 * cosine / self.largest)) if self.largest else 0
            for cosine in triangle
        ]


def _axes(pixels: Image.Image) -> tuple[Rows, Rows, Rows, Rows]:
    """Each axis as rows of shares; what is transparent takes the mean colour of what is not."""
    bands = pixels.split()
    alpha = [value / 255 for value in bands[3].tobytes()]
    opaque = sum(alpha) or 1.0
    colours = []
    for band in bands[:3]:
        values = [value / 255 for value in band.tobytes()]
        mean = sum(map(float.__mul__, values, alpha)) / opaque
        colours.append([mean + (v - mean) * a for v, a in zip(values, alpha, strict=True)])
    triples = list(zip(*colours, strict=True))
    axes = (
        [(red + green + blue) / 3 for red, green, blue in triples],
        [(red + green) / 2 - blue for red, green, blue in triples],
        [red - green for red, green, _ in triples],
        alpha,
    )
    width = pixels.width
    lightness, yellow_blue, red_green, clear = (
        [axis[start : start + width] for start in range(0, len(axis), width)] for axis in axes
    )
    return lightness, yellow_blue, red_green, clear


def _in_fours(levels: Iterable[int]) -> bytes:
    """Numbers of four bits, two to a byte, the first in the lower half."""
    numbers = list(levels)
    if len(numbers) % 2:
        numbers.append(0)
    return bytes(low | high << 4 for low, high in zip(numbers[::2], numbers[1::2], strict=True))


def _nearest(number: float) -> int:
    """Halves go up, as in the reference, and not to the even number."""
    return math.floor(number + 0.5)
