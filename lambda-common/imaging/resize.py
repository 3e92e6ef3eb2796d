"""Every size that a recipe asks for, made from as few pixels as quality allows."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from PIL import Image

from imaging.encode import CODECS
from media_pipeline.stills import Rendition

Size = tuple[int, int]
Region = tuple[float, float, float, float]

WHOLE: Region = (0.0, 0.0, 1.0, 1.0)

SAFE_GAP = 2.0
"""A size made from one less than 1.5 times as large loses visible sharpness; twice is cheapest."""

NARROW_GAP = 1.5
"""From here on a narrow filter is as sharp as a wide one, at two thirds of its work; what is made
from less than this many times its size, but for the first from the decoder, loses sharpness."""


@dataclass(frozen=True)
class Frame:
    """What a rendition shows of a picture, and how large.

    `size` is pixels; `region` is left, top, right and bottom as shares of the picture's sides;
    `scale` is how much smaller (at most 1.0) what it shows is than in the original.
    """

    size: Size
    scale: float
    region: Region = WHOLE


def frame_of(rendition: Rendition, size: Size) -> Frame:
    """The rendition's frame of a picture of `size` pixels; never larger than that."""
    return _cover(rendition, size) if rendition.fit == "cover" else _inside(rendition, size)


def largest_scale(renditions: Iterable[Rendition], size: Size) -> float:
    """The scale, at most 1.0, that a picture of `size` is needed at for all `renditions`.

    The largest may be made of one that is hardly larger, the others not.
    """
    scales = sorted({frame_of(rendition, size).scale for rendition in renditions}, reverse=True)
    return max([scales[0], *(min(1.0, scale * NARROW_GAP) for scale in scales[1:2])])


def sources_of(frames: Iterable[Frame]) -> dict[Frame, Frame | None]:
    """What each frame is made from, in an order in which they can be made.

    That is the smallest of the others that leaves a safe gap, or (None) the picture itself.
    """
    ordered = sorted(set(frames), key=lambda frame: (-frame.scale, frame.region, frame.size))
    sources: dict[Frame, Frame | None] = {}
    for frame in ordered:
        larger = [
            other
            for other in sources
            if other.region == WHOLE and other.scale >= frame.scale * SAFE_GAP
        ]
        sources[frame] = min(larger, key=lambda other: other.scale, default=None)
    return sources


def resize(pixels: Image.Image, frame: Frame) -> Image.Image:
    """`frame` of a picture, from `RGB`, `RGBA` or `RGBa` pixels that show the whole of it.

    Halving is an average of four pixels each. What is transparent lends no colour to its edges.
    """
    if pixels.mode == "RGBa":
        return _resize(pixels, frame).convert("RGBA")
    return _resize(pixels, frame)


def _resize(pixels: Image.Image, frame: Frame) -> Image.Image:
    """As `resize`, of pixels without alpha or with their colours multiplied by it."""
    if frame.region == WHOLE:
        if frame.size == pixels.size:
            return pixels
        if frame.size == (math.ceil(pixels.width / 2), math.ceil(pixels.height / 2)):
            return pixels.reduce(2)
    left, top, right, bottom = frame.region
    box = (left * pixels.width, top * pixels.height, right * pixels.width, bottom * pixels.height)
    gap = min((box[2] - box[0]) / frame.size[0], (box[3] - box[1]) / frame.size[1])
    narrow, wide = Image.Resampling.HAMMING, Image.Resampling.BICUBIC
    return pixels.resize(frame.size, narrow if gap >= NARROW_GAP else wide, box)


def _inside(rendition: Rendition, size: Size) -> Frame:
    box = _box(rendition)
    scale = min(1.0, box[0] / size[0], box[1] / size[1])
    return Frame((max(1, round(size[0] * scale)), max(1, round(size[1] * scale))), scale)


def _cover(rendition: Rendition, size: Size) -> Frame:
    box = _box(rendition)
    # A box that the picture cannot fill shrinks until it can, and keeps its shape.
    too_large = max(1.0, box[0] / size[0], box[1] / size[1])
    width = min(size[0], max(1, round(box[0] / too_large)))
    height = min(size[1], max(1, round(box[1] / too_large)))
    scale = max(width / size[0], height / size[1])
    shares = (width / scale / size[0], height / scale / size[1])
    corner = [
        max(0.0, min(focus - share / 2, 1.0 - share))
        for focus, share in zip(rendition.focus, shares, strict=True)
    ]
    far = [min(1.0, near + share) for near, share in zip(corner, shares, strict=True)]
    region = (corner[0], corner[1], far[0], far[1])
    return Frame((width, height), scale, region)


def _box(rendition: Rendition) -> Size:
    """What a rendition may fill: its own box, and no more than its formats can hold."""
    largest = min(CODECS[file_format].largest_side for file_format in rendition.formats)
    width, height = rendition.box or (rendition.width or largest, largest)
    return min(width, largest), min(height, largest)
