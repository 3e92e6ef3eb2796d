"""What the image processor makes of one file, at hand for a test."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from io import BytesIO
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
import pytest
from PIL import Image

from media_pipeline.failures import PermanentError
from media_pipeline.recipe import load_recipe
from media_pipeline.stills import Images
from photos.photo import render_photo
from pictures import Numbers

PLENTY = 60.0
"""Seconds that are left unless a test says otherwise."""


def images_recipe(renditions: dict[str, Any] | None = None, **differences: Any) -> Images:  # noqa: ANN401
    """The default recipe of photos with other renditions, and whatever else differs."""
    images = {"renditions": renditions, **differences}
    return load_recipe(json.dumps({"images": images})).images


def pillow_limit_as_it_was() -> AbstractContextManager[object]:
    """A recipe's limit stays with Pillow when a photo is done, and would refuse other tests'."""
    return patch.object(Image, "MAX_IMAGE_PIXELS", Image.MAX_IMAGE_PIXELS)


class Rendered:
    """Every output of one photo: `files` and `types` by name, and the record's `attributes`."""

    def __init__(
        self,
        source: Path,
        recipe: Images,
        seconds_left: Callable[[], float] = lambda: PLENTY,
        assets: dict[str, bytes] | None = None,
    ) -> None:
        self.source = source
        self.files: dict[str, bytes] = {}
        self.types: dict[str, str] = {}
        read_asset = (assets or {}).__getitem__
        with pillow_limit_as_it_was():
            self.attributes = render_photo(source, recipe, self.put, read_asset, seconds_left)

    def put(self, name: str, body: bytes, content_type: str) -> dict[str, Any]:
        self.files[name] = body
        self.types[name] = content_type
        return {"key": name, "bytes": len(body)}

    def image(self, name: str) -> Image.Image:
        return Image.open(BytesIO(self.files[name]))

    @property
    def sizes(self) -> dict[str, tuple[int, int]]:
        """What the record says of each rendition, in pixels."""
        return {r["name"]: (r["width"], r["height"]) for r in self.attributes["renditions"]}

    @contextmanager
    def kept(self, name: str, folder: Path) -> Iterator[None]:
        """If what follows fails, the source and the output lie in `folder` to be looked at."""
        try:
            yield
        except AssertionError as error:
            kept = folder / f"source{self.source.suffix}", folder / f"made-{name}"
            kept[0].write_bytes(self.source.read_bytes())
            kept[1].write_bytes(self.files[name])
            error.add_note(f"source and output are kept: {kept[0]} {kept[1]}")
            raise


def refusal_of(source: Path, recipe: Images) -> PermanentError:
    """Why a file is refused; it is an error if any of it has been put."""
    with pytest.raises(PermanentError) as refusal, pillow_limit_as_it_was():
        render_photo(
            source,
            recipe,
            lambda *_: pytest.fail("a rendition was put"),
            lambda _: pytest.fail("a watermark was read"),
            lambda: PLENTY,
        )
    return refusal.value


def numbers_of(image: Image.Image, mode: str = "RGB") -> Numbers:
    """Samples as numbers that can be subtracted, [y][x][channel]."""
    return np.asarray(image.convert(mode), dtype=np.float64)


PIXEL_PARTS = {
    "jpg": {"c0", "c2", "c4", "db", "dd", "e0"},
    "png": {"IHDR", "IDAT", "IEND"},
    "webp": {"VP8 ", "VP8L", "VP8X", "ALPH", "ANIM", "ANMF"},
    "avif": set[str](),
}
"""What files are made of that hold nothing but a picture, as `parts_of` names it."""


def tales_of(body: bytes, file_format: str) -> set[str]:
    """The parts of a file that hold anything but its picture."""
    return parts_of(body, file_format) - PIXEL_PARTS[file_format]


def parts_of(body: bytes, file_format: str) -> set[str]:
    """The names of a file's segments, chunks or boxes, of which pixels are only some.

    JPEG: the second bytes of its markers (ITU-T T.81, B.1), up to its first scan. PNG and WebP:
    chunks. AVIF: whatever of the named boxes and items occurs anywhere.
    """
    if file_format == "jpg":
        return set(_jpeg_markers(body))
    if file_format == "avif":
        return {name for name in ("Exif", "mime", "prof", "rICC") if name.encode() in body}
    start, order, around = (8, "big", 4) if file_format == "png" else (12, "little", 0)
    return set(_chunks(body, start, order == "big", around))


def _jpeg_markers(body: bytes) -> Iterator[str]:
    at = 2
    while body[at + 1] != 0xDA:
        yield f"{body[at + 1]:02x}"
        at += 2 + int.from_bytes(body[at + 2 : at + 4], "big")


def _chunks(body: bytes, at: int, is_png: bool, around: int) -> Iterator[str]:
    """PNG: length, name, body, checksum. WebP (RIFF): name, length, body, to an even length."""
    while at < len(body):
        first, second = body[at : at + 4], body[at + 4 : at + 8]
        name, length = (second, first) if is_png else (first, second)
        size = int.from_bytes(length, "big" if is_png else "little")
        yield name.decode("ascii")
        at += 8 + size + (around if is_png else size % 2)
