"""What is no photo, or too much of one, is refused with a code before it costs anything."""

from __future__ import annotations

import gc
import struct
import weakref
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile

from media_pipeline.recipe import load_recipe
from media_pipeline.stills import Images
from photo_files import RGB, SIZE, png_chunk, tiff
from photo_kinds import KINDS
from pictures import photo, quarters
from rendered import Rendered, images_recipe, refusal_of

IMAGES = load_recipe().images
SMALL = {"small": {"width": 16, "formats": {"jpg": {"quality": 80}}}}


def written(tmp_path: Path, body: bytes, name: str = "a.jpg") -> Path:
    path = tmp_path / name
    path.write_bytes(body)
    return path


@pytest.mark.parametrize(
    "body",
    [
        b"just text\n",
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        b"%PDF-1.7\n",
        b"\xff",
        b"\0\0\0\x18ftypisom\0\0\0\0isommp42",
        b"BM and then some words that are no bitmap",
    ],
)
def test_what_is_no_image_is_unsupported_whatever_its_name(tmp_path: Path, body: bytes) -> None:
    assert refusal_of(written(tmp_path, body), IMAGES).code == "unsupported_image"


def of_many_pixels(side: int) -> bytes:
    """A PNG whose header announces them, with nothing behind it."""
    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + png_chunk(b"IHDR", header) + png_chunk(b"IDAT", b"")


@pytest.mark.parametrize("side", [11000, 60000])
def test_a_bomb_is_refused_by_its_header(tmp_path: Path, side: int) -> None:
    assert refusal_of(written(tmp_path, of_many_pixels(side)), IMAGES).code == "image_too_large"


@pytest.mark.parametrize("kind", KINDS)
def test_the_limit_of_pixels_is_the_same_for_every_kind(tmp_path: Path, kind: str) -> None:
    source = written(tmp_path, KINDS[kind].write())
    height, width = KINDS[kind].shown.shape[:2]

    def of_pixels(pixels: int) -> Images:
        return images_recipe(SMALL, limits={"bytes": 10**8, "pixels": pixels, "frames": 2})

    assert Rendered(source, of_pixels(width * height)).sizes.keys() == {"small"}
    assert refusal_of(source, of_pixels(width * height - 1)).code == "image_too_large"


def tiff_of(samples: Any, **options: Any) -> bytes:  # noqa: ANN401
    body = BytesIO()
    tifffile.imwrite(body, samples, metadata=None, **options)
    return body.getvalue()


@pytest.mark.parametrize(
    "body",
    [
        tiff_of(np.zeros((30, 40, 3), np.float32), photometric="rgb"),
        tiff_of(np.zeros((30, 40, 3), np.uint32), photometric="rgb"),
        tiff_of(np.zeros((30, 40), np.complex64), photometric="minisblack"),
        tiff(quarters(SIZE, RGB), "rgb", bigtiff=True, byteorder=">"),
    ],
    ids=["floats", "32 bits", "complex", "big, big-endian"],
)
def test_a_tiff_that_pillow_cannot_read_is_unsupported(tmp_path: Path, body: bytes) -> None:
    refusal = refusal_of(written(tmp_path, body, "a.tif"), IMAGES)
    assert refusal.code == "unsupported_image"
    assert "TIFF" in str(refusal)


def test_refusals_keep_no_pictures_alive(tmp_path: Path) -> None:
    """A warm function must not hold on to what an earlier upload left in a traceback."""
    body = BytesIO()
    photo((600, 400)).save(body, "PNG")
    source = written(tmp_path, body.getvalue()[:5000])
    refusals = [refusal_of(source, IMAGES) for _ in range(2)]
    assert {refusal.code for refusal in refusals} == {"corrupt_image"}
    assert refusals[0] is not refusals[1]
    gone = weakref.ref(refusals[0])
    del refusals
    gc.collect()
    assert gone() is None
