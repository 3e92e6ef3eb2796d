"""Digital negatives (Adobe DNG 1.4), small enough to be written by tests."""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from io import BytesIO
from itertools import accumulate
from typing import Any

import numpy as np
from PIL import Image

from pictures import Samples, linear_light, quarters, stored

BYTE, ASCII, SHORT, LONG, RATIONAL, SRATIONAL = 1, 2, 3, 4, 5, 10
WIDTHS = {BYTE: 1, ASCII: 1, SHORT: 2, LONG: 4, RATIONAL: 8, SRATIONAL: 8}

NEUTRAL = (0.5, 1.0, 0.625)
"""What the sensor sees of white, in red, green and blue."""

SRGB_OF_XYZ = (3.2406, -1.5372, -0.4986, -0.9689, 1.8758, 0.0415, 0.0557, -0.2040, 1.0570)
"""Linear sRGB of XYZ under D65 (IEC 61966-2-1): this sensor has sRGB's primaries."""

WHITE_LEVEL = 60000
BAND = 8
"""Pixels of white between the quarters: so many that no converter has to brighten the picture."""

MAKER, MODEL, LENS = "Testmaker", "Testmaker One", "Prime 50"
METADATA = {
    "camera": MODEL,
    "lens": LENS,
    "exposureSeconds": 0.004,
    "aperture": 5.6,
    "iso": 200,
    "focalLengthMm": 50,
    "capturedAt": "2026-05-04T03:02:01",
}
"""What a photo's record says of every negative."""

Field = tuple[int, Sequence[float] | str]


def with_white_band(size: tuple[int, int], colours: Sequence[Any]) -> Samples:
    """Four quarters, of even sides, with white between them."""
    pixels = quarters(size, colours)
    half = BAND // 2
    pixels[size[1] // 2 - half : size[1] // 2 + half] = 255
    pixels[:, size[0] // 2 - half : size[0] // 2 + half] = 255
    return pixels


def negative(upright: Samples, orientation: int = 1, preview: bytes | None = None) -> bytes:
    """A DNG of 16-bit RGGB samples, not compressed, of upright 8-bit sRGB.

    With `preview`, a JPEG, that is the first picture and the sensor's is behind it, as DNG asks.
    """
    seen = stored(upright, orientation)
    strip = _mosaic(seen)
    parts: list[bytes] = [b""] * 6
    # The first round tells how long each part is, the second where they lie.
    for _ in range(2):
        start = list(accumulate(map(len, parts), initial=0))
        common = {**_camera(orientation), 0x8769: (LONG, [start[3]])}
        sensor = _sensor(seen.shape[1], seen.shape[0], start[5], len(strip))
        main, behind = {**common, **sensor}, b""
        if preview:
            main = {**common, **_preview(start[4], preview), 0x014A: (LONG, [start[2]])}
            behind = _directory(start[2], sensor)
        parts = [
            b"II*\0\x08\0\0\0",
            _directory(8, main),
            behind,
            _directory(start[3], _exposure()),
            preview or b"",
            strip,
        ]
    return b"".join(parts)


def _mosaic(seen: Samples) -> bytes:
    light = linear_light(seen) * NEUTRAL * WHITE_LEVEL
    bayer = light[..., 1].copy()
    bayer[::2, ::2] = light[::2, ::2, 0]
    bayer[1::2, 1::2] = light[1::2, 1::2, 2]
    return np.rint(bayer).astype("<u2").tobytes()


def _camera(orientation: int) -> dict[int, Field]:
    return {
        0x010F: (ASCII, MAKER),
        0x0110: (ASCII, MODEL),
        0x0112: (SHORT, [orientation]),
        0xC612: (BYTE, [1, 4, 0, 0]),
        0xC613: (BYTE, [1, 1, 0, 0]),
        0xC614: (ASCII, MODEL),
        0xC621: (SRATIONAL, SRGB_OF_XYZ),
        0xC628: (RATIONAL, NEUTRAL),
        0xC65A: (SHORT, [21]),
    }


def _sensor(width: int, height: int, offset: int, length: int) -> dict[int, Field]:
    return {
        0x00FE: (LONG, [0]),
        0x0100: (LONG, [width]),
        0x0101: (LONG, [height]),
        0x0102: (SHORT, [16]),
        0x0103: (SHORT, [1]),
        0x0106: (SHORT, [32803]),
        0x0111: (LONG, [offset]),
        0x0115: (SHORT, [1]),
        0x0116: (LONG, [height]),
        0x0117: (LONG, [length]),
        0x011C: (SHORT, [1]),
        0x828D: (SHORT, [2, 2]),
        0x828E: (BYTE, [0, 1, 1, 2]),
        0xC61A: (SHORT, [0]),
        0xC61D: (LONG, [WHITE_LEVEL]),
    }


def _preview(offset: int, jpeg: bytes) -> dict[int, Field]:
    with Image.open(BytesIO(jpeg)) as image:
        width, height = image.size
    return {
        0x00FE: (LONG, [1]),
        0x0100: (LONG, [width]),
        0x0101: (LONG, [height]),
        0x0102: (SHORT, [8, 8, 8]),
        0x0103: (SHORT, [7]),
        0x0106: (SHORT, [6]),
        0x0111: (LONG, [offset]),
        0x0115: (SHORT, [3]),
        0x0116: (LONG, [height]),
        0x0117: (LONG, [len(jpeg)]),
    }


def _exposure() -> dict[int, Field]:
    return {
        0x829A: (RATIONAL, [1 / 250]),
        0x829D: (RATIONAL, [5.6]),
        0x8827: (SHORT, [200]),
        0x9003: (ASCII, "2026:05:04 03:02:01"),
        0x920A: (RATIONAL, [50]),
        0xA434: (ASCII, LENS),
    }


def _directory(start: int, fields: Mapping[int, Field]) -> bytes:
    """An image file directory (TIFF 6.0, section 2) at an offset, with its values behind it."""
    entries, values = struct.pack("<H", len(fields)), b""
    behind = start + 2 + 12 * len(fields) + 4
    for tag, (kind, value) in sorted(fields.items()):
        body = _packed(kind, value)
        count = len(body) // WIDTHS[kind]
        if len(body) > 4:
            entries += struct.pack("<HHII", tag, kind, count, behind + len(values))
            values += body + bytes(len(body) % 2)
        else:
            entries += struct.pack("<HHI", tag, kind, count) + body.ljust(4, b"\0")
    return entries + bytes(4) + values


def _packed(kind: int, value: Sequence[float] | str) -> bytes:
    if isinstance(value, str):
        return value.encode() + b"\0"
    if kind in (RATIONAL, SRATIONAL):
        code = "<II" if kind == RATIONAL else "<ii"
        return b"".join(struct.pack(code, round(number * 10000), 10000) for number in value)
    code = {BYTE: "B", SHORT: "H", LONG: "I"}[kind]
    return struct.pack(f"<{len(value)}{code}", *map(int, value))
