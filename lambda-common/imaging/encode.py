"""Pixels into the bytes of a format, with nothing in them but the picture."""

from __future__ import annotations

from io import BytesIO
from typing import Any

from PIL import Image

from media_pipeline.recipe import Encoding, Format

CONTENT_TYPES: dict[Format, str] = {"jpg": "image/jpeg", "webp": "image/webp"}


def encode(pixels: Image.Image, file_format: Format, encoding: Encoding, background: str) -> bytes:
    """The encoded picture; JPEG, which has no alpha, lays it on `background` (`#rrggbb`).

    `pixels` may be shared between threads: Pillow keeps an encoder's settings on the image that it
    saves, so each call saves a copy of its own.
    """
    options: dict[str, Any] = {"quality": encoding.quality}
    if file_format == "jpg":
        image = flatten(pixels, background)
        options |= {"format": "JPEG", "progressive": True, "optimize": True, "subsampling": "4:2:0"}
    else:
        image = pixels.copy()
        options |= {"format": "WEBP", "method": 4}
    # What `info` holds (EXIF, XMP, comments) would be written into the file again.
    image.info.clear()
    body = BytesIO()
    image.save(body, **options)
    return body.getvalue()


def flatten(pixels: Image.Image, background: str) -> Image.Image:
    """An opaque copy: `pixels` laid on a plain colour."""
    if pixels.mode == "RGB":
        return pixels.copy()
    flat = Image.new("RGB", pixels.size, background)
    flat.paste(pixels, mask=pixels.getchannel("A"))
    return flat
