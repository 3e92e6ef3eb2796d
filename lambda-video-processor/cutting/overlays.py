"""All captions of a video as PNGs of one size, each shown from the time that its file has."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from io import BytesIO
from pathlib import Path

from PIL import Image

from media_pipeline.recipe import Captions

Place = tuple[int, int]
Draw = Callable[[str, int, int, Captions], tuple[Image.Image, Place]]
"""As `captions.draw_caption`: text, frame's width and height, style; RGBA and its left and top."""


@dataclass(frozen=True, slots=True)
class Overlay:
    """Files for FFmpeg's image2 demuxer, and where in the frame they all lie, in pixels."""

    pattern: str
    place: Place


def lay_out(
    texts: Sequence[str],
    times: Sequence[Fraction],
    size: Place,
    style: Captions,
    draw: Draw,
    folder: Path,
) -> Overlay:
    """Captions in `folder`, made here, for a frame of that `size`; each from its one of `times`.

    One that does not change is one file. Pictures over a video must not change their size, so all
    lie on a canvas that has room for each; its sides are even, as 4:2:0 chroma is.
    """
    folder.mkdir()
    drawn = {text: _drawn(text, size, style, draw) for text in dict.fromkeys(texts)}
    boxes = [box for _, box in drawn.values()]
    left, top = (min(box[side] for box in boxes) // 2 * 2 for side in (0, 1))
    right, bottom = (-(-max(box[side] for box in boxes) // 2) * 2 for side in (2, 3))
    number, before = 0, None
    for text, time in zip(texts, times, strict=True):
        if text == before:
            continue
        png, box = drawn[text]
        canvas = Image.new("RGBA", (right - left, bottom - top))
        with Image.open(BytesIO(png), formats=["PNG"]) as caption:
            canvas.paste(caption, (box[0] - left, box[1] - top))
        path = folder / f"{number:05d}.png"
        canvas.save(path, compress_level=1)
        nanoseconds = max(0, int(time * 1_000_000_000))
        os.utime(path, ns=(nanoseconds, nanoseconds))
        number, before = number + 1, text
    # The demuxer takes the first % of a path for the number, unless it is doubled.
    return Overlay(str(folder).replace("%", "%%") + "/%05d.png", (left, top))


def _drawn(
    text: str, size: Place, style: Captions, draw: Draw
) -> tuple[bytes, tuple[int, int, int, int]]:
    """A caption packed, since hundreds are kept, and its left, top, right and bottom."""
    image, (left, top) = draw(text, *size, style)
    packed = BytesIO()
    image.save(packed, "PNG", compress_level=1)
    return packed.getvalue(), (left, top, left + image.width, top + image.height)
