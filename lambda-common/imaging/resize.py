"""Every size that a recipe asks for, made from as few pixels as quality allows."""

from __future__ import annotations

from collections.abc import Mapping

from PIL import Image

from media_pipeline.recipe import Format, Rendition

Size = tuple[int, int]

SAFE_GAP = 1.5
"""A size made from one less than this many times as large loses visible sharpness."""

LARGEST_SIDES: dict[Format, int] = {"jpg": 65500, "webp": 16383}
"""The most pixels that libjpeg and libwebp write in a row or a column."""


def largest_wanted(renditions: Mapping[str, Rendition]) -> Size:
    """The width and height, in pixels, that no rendition goes beyond."""
    boxes = [_box(rendition) for rendition in renditions.values()]
    return max(box[0] for box in boxes), max(box[1] for box in boxes)


def fit(rendition: Rendition, size: Size) -> Size:
    """The rendition's size in pixels: in the source's proportions and never larger than it."""
    box = _box(rendition)
    scale = min(1.0, box[0] / size[0], box[1] / size[1])
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))


def resize_all(pixels: Image.Image, sizes: set[Size]) -> dict[Size, Image.Image]:
    """`pixels` at every one of `sizes`, each made from the smallest that is large enough."""
    made: dict[Size, Image.Image] = {}
    for size in sorted(sizes, reverse=True):
        larger = [image for image in made.values() if image.width >= size[0] * SAFE_GAP]
        source = min(larger, key=lambda image: image.width, default=pixels)
        same = source.size == size
        made[size] = source if same else source.resize(size, Image.Resampling.LANCZOS)
    return made


def _box(rendition: Rendition) -> Size:
    """What a rendition may fill: its own box, and no more than its formats can hold."""
    largest = min(LARGEST_SIDES[file_format] for file_format in rendition.formats)
    width, height = rendition.box or (rendition.width or largest, largest)
    return min(width, largest), min(height, largest)
