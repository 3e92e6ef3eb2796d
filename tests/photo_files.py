"""A photo in every kind of file that is taken, and what it shows, told without decoding it."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO
from typing import Any

import numpy as np
import pillow_heif
import tifffile
from numpy.typing import NDArray
from PIL import Image

from negatives import negative, with_white_band
from pictures import (
    COLOURS,
    D50,
    DISPLAY_P3,
    DISPLAY_P3_GAMMA,
    SRGB,
    Numbers,
    Samples,
    lab_of,
    quarters,
    samples_of,
    stored,
    strange_inks_profile,
)

pillow_heif.register_heif_opener()

SIZE = (131, 97)
"""Upright, in pixels, of every kind but RAW; odd, so that half pixels count."""

RAW_SIZE = (192, 128)

RGB = list(COLOURS.values())
GREYS = [40, 110, 180, 230]
ALPHAS = [128, 255, 255, 0]
INKS = [(200, 30, 60, 20), (10, 180, 90, 40), (0, 60, 220, 90), (90, 0, 10, 130)]
OTHER_RGB = [(0, 90, 90), (90, 0, 90), (90, 90, 0), (90, 90, 90)]

JPEG, PNG, WEBP, GIF, TIFF, BMP, AVIF, HEIC = (
    f"image/{name}" for name in ("jpeg", "png", "webp", "gif", "tiff", "bmp", "avif", "heic")
)
RAW = "image/x-dcraw"

EXACT, CONVERTED, INTERPOLATED, LOSSY = 1, 3, 6, 8
"""How many levels of 255 a pixel may change by; CIELAB is looked up in a table of few nodes."""


@dataclass(frozen=True)
class Kind:
    """One kind of file. `shown` is its upright pixels, RGBA in 8-bit sRGB, not rounded.

    `off` is how many levels its own encoding may change a pixel by, far from any border.
    """

    content_type: str
    write: Callable[[], bytes]
    shown: Numbers
    off: int = EXACT

    @property
    def is_clear(self) -> bool:
        return bool(self.shown[..., 3].min() < 255)


def shown(colours: Any, alphas: Any = 255, size: tuple[int, int] = SIZE) -> Numbers:  # noqa: ANN401
    """Four quarters as RGBA numbers: `colours` are rows of three, or four greys."""
    rows = np.array(colours, dtype=float).reshape(4, -1) * np.ones(3)
    corners = np.column_stack([rows, np.ones(4) * alphas])
    return corners[quarters(size, range(4))]


def shown_by(pixels: Samples) -> Numbers:
    """Opaque RGB samples as RGBA numbers."""
    return np.dstack([pixels, np.full(pixels.shape[:2], 255)]).astype(float)


def file_of(
    pixels: NDArray[Any],
    image_format: str,
    mode: str | None = None,
    **options: Any,  # noqa: ANN401
) -> bytes:
    """A file of samples, as Pillow writes it; `mode` is for what numpy cannot say."""
    image = Image.fromarray(pixels)
    if mode:
        image = Image.frombytes(mode, image.size, pixels.tobytes())
    body = BytesIO()
    image.save(body, image_format, **options)
    return body.getvalue()


def palette_file(image_format: str, **options: Any) -> bytes:  # noqa: ANN401
    image = Image.fromarray(quarters(SIZE, range(4))).convert("L")
    indexed = Image.frombytes("P", SIZE, image.tobytes())
    indexed.putpalette(bytes(np.array(RGB, dtype=np.uint8)))
    body = BytesIO()
    indexed.save(body, image_format, **options)
    return body.getvalue()


def animation(image_format: str, **options: Any) -> bytes:  # noqa: ANN401
    """Two frames, of which the first is what a still picture shows."""
    second = Image.fromarray(quarters(SIZE, OTHER_RGB))
    return file_of(
        quarters(SIZE, RGB), image_format, save_all=True, append_images=[second], **options
    )


def png(samples: Samples, colour_type: int, *chunks: tuple[bytes, bytes]) -> bytes:
    """A PNG of 16-bit samples, or of whatever depth numpy has (PNG, third edition, 5.3, 11.2)."""
    height, width = samples.shape[:2]
    depth = samples.itemsize * 8
    header = struct.pack(">IIBBBBB", width, height, depth, colour_type, 0, 0, 0)
    rows = samples.astype(f">u{samples.itemsize}")
    lines = b"".join(b"\0" + row.tobytes() for row in rows)
    all_chunks = (b"IHDR", header), *chunks, (b"IDAT", zlib.compress(lines)), (b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + b"".join(png_chunk(*chunk) for chunk in all_chunks)


def png_chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def tiff(samples: Samples, photometric: str, **options: Any) -> bytes:  # noqa: ANN401
    """A TIFF as tifffile writes it."""
    body = BytesIO()
    tifffile.imwrite(body, samples, photometric=photometric, metadata=None, **options)
    return body.getvalue()


def pages() -> bytes:
    body = BytesIO()
    with tifffile.TiffWriter(body) as file:
        for colours in (RGB, OTHER_RGB):
            file.write(quarters(SIZE, colours), photometric="rgb", metadata=None)
    return body.getvalue()


def sixteen(values: Any) -> Samples:  # noqa: ANN401
    """8-bit numbers as 16-bit ones of the same light, in quarters."""
    return quarters(SIZE, (np.array(values) * 257).tolist())


def with_alpha(colours: Any, alphas: list[int] = ALPHAS) -> list[list[int]]:  # noqa: ANN401
    rows = np.array(colours).reshape(4, -1)
    return [[*row, alpha] for row, alpha in zip(rows.tolist(), alphas, strict=True)]


def deep_heic(samples: Samples) -> bytes:
    """A HEIC of more than 8 bits, of 16-bit RGB."""
    body = BytesIO()
    pillow_heif.encode("RGB;16", SIZE, samples.tobytes(), body, quality=95)
    return body.getvalue()


def cmyk_file(**options: Any) -> bytes:  # noqa: ANN401
    return file_of(quarters(SIZE, INKS), "JPEG", "CMYK", quality=95, **options)


def ycck_file() -> bytes:
    """A JPEG whose inks are kept as the luma and chroma of their first three.

    The numbers of such files are inverted, and Pillow inverts what it saves: so luma and chroma,
    of the inks (JFIF 1.02), go in inverted, and the Adobe marker is told what they are.
    """
    to_ycc = np.array([[0.299, 0.587, 0.114], [-0.1687, -0.3313, 0.5], [0.5, -0.4187, -0.0813]])
    rows = np.array(INKS, dtype=float)
    ycc = np.clip(np.rint(rows[:, :3] @ to_ycc.T + (0, 128, 128)), 0, 255)
    inverted = np.column_stack([255 - ycc, rows[:, 3]]).astype(int)
    body = file_of(quarters(SIZE, inverted.tolist()), "JPEG", "CMYK", quality=95)
    transform = body.index(b"Adobe") + 11
    assert body[transform] == 0
    return body[:transform] + b"\2" + body[transform + 1 :]


def strange_inks_file(image_format: str, **options: Any) -> bytes:  # noqa: ANN401
    """Four solid inks, which a profile says are the four colours."""
    solids = (np.eye(4, dtype=int) * 255).tolist()
    profile = strange_inks_profile(lab_of(np.array(RGB, dtype=np.uint8)).tolist())
    return file_of(quarters(SIZE, solids), image_format, "CMYK", icc_profile=profile, **options)


def lab_corners() -> Numbers:
    """CIELAB of the four colours, as fine as 8 bits can say it."""
    lab = lab_of(np.array(RGB, dtype=np.uint8))
    return np.asarray(np.rint(lab * (255 / 100, 1, 1)) / (255 / 100, 1, 1))


def lab_samples() -> Samples:
    """CIELAB as TIFF has it in 8 bits (TIFF 6.0, section 23): L of 255, a and b signed."""
    levels = np.rint(lab_corners() * (255 / 100, 1, 1)).astype(int)
    return quarters(SIZE, (levels % 256).tolist())


def from_lab() -> Numbers:
    """8-bit sRGB of `lab_corners` (CIE 15, 8.2.1.2)."""
    lightness, a, b = lab_corners().T
    f = np.stack(
        [(lightness + 16) / 116 + a / 500, (lightness + 16) / 116, (lightness + 16) / 116 - b / 200]
    )
    xyz = np.where(f > 6 / 29, f**3, 3 * (6 / 29) ** 2 * (f - 4 / 29)) * np.array(D50)[:, None]
    return samples_of(np.linalg.solve(SRGB, xyz).T)


def from_display_p3(colours: Any) -> Numbers:  # noqa: ANN401
    light = (np.array(colours) / 255) ** DISPLAY_P3_GAMMA
    return samples_of(np.linalg.solve(SRGB, DISPLAY_P3 @ light.T).T)


def plain_colours(inks: Any) -> Numbers:  # noqa: ANN401
    """What is left of white light behind inks that each take away their share."""
    rows = 255.0 - np.array(inks)
    return np.asarray(rows[:, :3] * rows[:, 3:] / 255)


def dng(preview: bool = False, orientation: int = 1) -> bytes:
    pixels = with_white_band(RAW_SIZE, RGB)
    jpeg = file_of(stored(pixels, orientation), "JPEG", quality=95) if preview else None
    return negative(pixels, orientation, jpeg)
