"""Pixels into the bytes of a format, with nothing in them but the picture."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import PIL.WebPImagePlugin  # noqa: F401  Or else the first WebP has Pillow import all it knows.
from PIL import Image

from imaging.colour import flatten
from media_pipeline.stills import Encoding, Format


@dataclass(frozen=True)
class Codec:
    """One format's encoder. `largest_side` is the most pixels that it writes in a row or column.

    `cost` is about how many times as long a pixel takes as in JPEG; `options` are Pillow's.
    """

    content_type: str
    largest_side: int
    cost: int
    options: Callable[[Encoding], dict[str, Any]]


def encode(pixels: Image.Image, file_format: Format, encoding: Encoding, background: str) -> bytes:
    """The encoded picture; JPEG, which has no alpha, lays it on `background` (`#rrggbb`).

    `pixels` may be shared between threads: Pillow keeps an encoder's settings on the image that it
    saves, so each call saves a copy of its own.
    """
    image = flatten(pixels, background) if file_format == "jpg" else pixels.copy()
    # What `info` holds (EXIF, XMP, comments) would be written into the file again.
    image.info.clear()
    # A real file, though in memory, since Pillow keeps the interpreter's lock for any other.
    with open(os.memfd_create(file_format), "w+b") as file:  # noqa: PTH123
        image.save(file, **CODECS[file_format].options(encoding))
        file.seek(0)
        return file.read()


def _jpeg(encoding: Encoding) -> dict[str, Any]:
    return {
        "format": "JPEG",
        "quality": encoding.quality,
        "progressive": encoding.progressive is not False,
        "optimize": True,
        "subsampling": "4:2:0",
    }


def webp_options(encoding: Encoding) -> dict[str, Any]:
    """Pillow's options for a WebP, still or animated."""
    effort = 4 if encoding.effort is None else encoding.effort
    return {"format": "WEBP", "quality": encoding.quality, "method": effort}


def _avif(encoding: Encoding) -> dict[str, Any]:
    # libavif counts the other way: 10 is its least effort.
    effort = 4 if encoding.effort is None else encoding.effort
    return {"format": "AVIF", "quality": encoding.quality, "speed": 10 - effort}


def _png(encoding: Encoding) -> dict[str, Any]:
    return {"format": "PNG", "compress_level": 6 if encoding.effort is None else encoding.effort}


CODECS: dict[Format, Codec] = {
    "jpg": Codec("image/jpeg", 65500, 1, _jpeg),
    "png": Codec("image/png", 65500, 4, _png),
    "webp": Codec("image/webp", 16383, 6, webp_options),
    "avif": Codec("image/avif", 16384, 25, _avif),
}
