"""Photos of every other format that lost something, and damage beside a photo's pixels."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pillow_heif
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from media_pipeline.failures import PermanentError
from photos.decode import decode
from pictures import display_p3_profile, photo
from rendered import images_recipe, refusal_of

pillow_heif.register_heif_opener()

RECIPE = images_recipe({"small": {"width": 90, "formats": {"jpg": {"quality": 90}}}})
SIZE = (320, 213)


def written(folder: Path, body: bytes) -> Path:
    path = folder / "photo"
    path.write_bytes(body)
    return path


def size_of(path: Path) -> tuple[int, int]:
    return decode(path, RECIPE, lambda: 60.0).picture.size


def file_of(image_format: str, mode: str = "RGB", **options: Any) -> bytes:  # noqa: ANN401
    body = BytesIO()
    photo(SIZE).convert(mode).save(body, image_format, **options)
    return body.getvalue()


OTHERS: dict[str, Callable[[], bytes]] = {
    "png": lambda: file_of("PNG"),
    "png grey": lambda: file_of("PNG", "L"),
    "webp": lambda: file_of("WEBP", quality=80),
    "webp lossless": lambda: file_of("WEBP", lossless=True),
    "gif": lambda: file_of("GIF"),
    "tiff": lambda: file_of("TIFF"),
    "tiff lzw": lambda: file_of("TIFF", compression="tiff_lzw"),
    "tiff deflate": lambda: file_of("TIFF", compression="tiff_adobe_deflate"),
    "tiff jpeg": lambda: file_of("TIFF", compression="jpeg"),
    "bmp": lambda: file_of("BMP"),
    "avif": lambda: file_of("AVIF", quality=70),
    "heic": lambda: file_of("HEIF", quality=70),
}


@pytest.mark.parametrize("kind", OTHERS)
def test_other_formats_cut_off_anywhere_are_corrupt(tmp_path: Path, kind: str) -> None:
    body = OTHERS[kind]()
    assert size_of(written(tmp_path, body)) == SIZE
    for share in (*np.linspace(0.02, 0.98, 33), 0.99):
        cut = body[: int(len(body) * share)]
        code = refusal_of(written(tmp_path, cut), RECIPE).code
        # Of the first few bytes it cannot be known what they are the beginning of.
        assert code == ("corrupt_image" if len(cut) >= 40 else "unsupported_image"), share


@pytest.mark.parametrize("kind", OTHERS)
@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(at=st.floats(0, 0.999), length=st.integers(1, 200), byte=st.sampled_from([0, 0xAA, 0xFF]))
def test_no_damage_is_anything_but_a_refusal_or_a_photo(
    tmp_path: Path, kind: str, at: float, length: int, byte: int
) -> None:
    body = OTHERS[kind]()
    start = int(len(body) * at)
    damaged = body[:start] + bytes([byte]) * length + body[start + length :]
    try:
        decode(written(tmp_path, damaged), RECIPE, lambda: 60.0)
    except PermanentError as refusal:
        assert refusal.code in ("corrupt_image", "unsupported_image", "image_too_large")  # noqa: PT017


def exif_bytes() -> bytes:
    exif = Image.Exif()
    exif[0x010F] = "a camera"
    exif[0x9286] = b"a comment"
    return exif.tobytes()


def damaged_exifs() -> Iterator[bytes]:
    whole = exif_bytes()
    yield whole[:20]
    yield whole[:-5]
    yield b"Exif\0\0" + bytes(30)
    yield b"Exif\0\0II*\0" + struct.pack("<I", 0xFFFFFFF0) + bytes(9)
    # A directory of more entries than there are bytes, and one that follows itself.
    yield b"Exif\0\0II*\0\x08\0\0\0" + struct.pack("<H", 60000) + bytes(24)
    entry = struct.pack("<HHII", 0x8769, 4, 1, 8)
    yield b"Exif\0\0II*\0\x08\0\0\0" + struct.pack("<H", 1) + entry + struct.pack("<I", 8)


# libavif looks for the TIFF header itself, and refuses a file that has none there.
DAMAGED = [
    (image_format, exif)
    for exif in damaged_exifs()
    for image_format in ("JPEG", "PNG", "WEBP", "AVIF", "HEIF")
    if image_format != "AVIF" or exif[6:10] in (b"II*\0", b"MM\0*")
]


@pytest.mark.parametrize(("image_format", "exif"), DAMAGED, ids=range(len(DAMAGED)))
def test_damaged_exif_is_no_reason_to_refuse(
    tmp_path: Path, image_format: str, exif: bytes
) -> None:
    if image_format == "AVIF":
        # Its writer looks into the EXIF that it is given.
        whole = exif_bytes()[6:]
        body = file_of("AVIF", exif=exif_bytes())
        assert whole in body
        body = body.replace(whole, exif[6:].ljust(len(whole), b"\xff")[: len(whole)])
    else:
        body = file_of(image_format, exif=exif)
    path = written(tmp_path, body)
    assert size_of(path) == SIZE


@pytest.mark.parametrize("image_format", ["JPEG", "PNG", "WEBP", "TIFF", "AVIF", "HEIF"])
@pytest.mark.parametrize("length", [0, 12, 130, 300, -1])
def test_a_damaged_profile_is_no_reason_to_refuse(
    tmp_path: Path, image_format: str, length: int
) -> None:
    profile = display_p3_profile()[:length] if length else b"no profile at all"
    path = written(tmp_path, file_of(image_format, icc_profile=profile))
    assert size_of(path) == SIZE
