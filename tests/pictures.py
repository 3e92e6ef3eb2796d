"""Still pictures that tests make for themselves."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from io import BytesIO
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from skimage.metrics import structural_similarity

Samples = NDArray[np.unsignedinteger[Any]]
"""Rows of pixels, [y][x] or [y][x][channel]."""

Numbers = NDArray[np.float64]

RED, GREEN, BLUE, YELLOW = "red", "green", "blue", "yellow"
CORNERS = (RED, GREEN, BLUE, YELLOW)
"""Top left, top right, bottom left, bottom right of an upright test picture."""

COLOURS = {RED: (220, 30, 30), GREEN: (30, 160, 60), BLUE: (30, 60, 200), YELLOW: (230, 220, 40)}


def photo(size: tuple[int, int]) -> Image.Image:
    """A picture with detail at every scale, the same each time: sums of noise, blurred apart."""
    noise = np.random.default_rng(7)
    layers = np.zeros((size[1], size[0], 3))
    for octave in range(1, 8):
        shape = (max(2, size[1] >> octave), max(2, size[0] >> octave), 3)
        grain = Image.fromarray(noise.integers(0, 256, shape, dtype=np.uint8))
        layers += np.asarray(grain.resize(size, Image.Resampling.BICUBIC), dtype=float) * 2**octave
    return Image.fromarray((layers / layers.max() * 255).astype(np.uint8))


def jpeg(size: tuple[int, int]) -> bytes:
    """The same as a JPEG."""
    body = BytesIO()
    photo(size).save(body, "JPEG")
    return body.getvalue()


def four_corners(size: tuple[int, int], orientation: int = 1) -> Image.Image:
    """Four coloured quarters, `size` upright, stored so that EXIF `orientation` makes them upright.

    The orientations are those of EXIF 2.32, 4.6.4 A: where the stored row 0 and column 0 belong.
    """
    return Image.fromarray(stored(quarters(size, list(COLOURS.values())), orientation))


def quarters(size: tuple[int, int], values: Sequence[Any]) -> Samples:
    """Four quarters, in the order of `CORNERS`, of one sample or one row of channels each."""
    corners = np.array(values)
    across = (np.arange(size[0]) >= size[0] // 2).astype(int)
    down = (np.arange(size[1]) >= size[1] // 2).astype(int)
    dtype = np.uint8 if corners.max() < 256 else np.uint16
    return np.asarray(corners[2 * down[:, None] + across[None, :]], dtype=dtype)


def stored(upright: Samples, orientation: int) -> Samples:
    """The rows and columns of a file that EXIF `orientation` makes `upright`."""
    turned = np.swapaxes(upright, 0, 1) if orientation >= 5 else upright
    flips = {2: (1,), 3: (0, 1), 4: (0,), 6: (0,), 7: (0, 1), 8: (1,)}
    return np.ascontiguousarray(np.flip(turned, flips.get(orientation, ())))


def corner_colours(image: Image.Image) -> list[str]:
    """The nearest named colour in the middle of each quarter, in the order of `CORNERS`."""
    pixels = np.asarray(image.convert("RGB")).astype(int)
    height, width = pixels.shape[:2]
    spots = [(r * height // 4, c * width // 4) for r in (1, 3) for c in (1, 3)]
    return [
        min(COLOURS, key=lambda name: int(np.abs(pixels[spot] - COLOURS[name]).sum()))
        for spot in spots
    ]


def similarity(one: Image.Image, other: Image.Image) -> float:
    """The SSIM of two pictures of one size: 1 when they are the same."""
    pixels = (np.asarray(image.convert("RGB"), dtype=float) for image in (one, other))
    return float(structural_similarity(*pixels, channel_axis=2, data_range=255))  # type: ignore[no-untyped-call]


DISPLAY_P3 = np.array(
    [[0.51512, 0.29198, 0.1571], [0.2412, 0.69225, 0.06657], [-0.00105, 0.04189, 0.78407]]
)
SRGB = np.array(
    [[0.43607, 0.38515, 0.14307], [0.22249, 0.71687, 0.06061], [0.01392, 0.09708, 0.7141]]
)
"""XYZ of the primaries, in columns, adapted to D50 as profiles have them."""

D50 = (0.9642, 1.0, 0.8249)
DISPLAY_P3_GAMMA = 2.2


def display_p3_profile() -> bytes:
    """A matrix profile with Display P3's primaries and a plain 2.2 gamma (ICC.1:2001-04)."""
    curve = b"curv\0\0\0\0" + struct.pack(">IH", 1, round(DISPLAY_P3_GAMMA * 256)) + b"\0\0"
    columns = {b"rXYZ": 0, b"gXYZ": 1, b"bXYZ": 2}
    primaries = {tag: _xyz(DISPLAY_P3[:, column]) for tag, column in columns.items()}
    curves = dict.fromkeys((b"rTRC", b"gTRC", b"bTRC"), curve)
    return _profile(b"mntr", b"RGB ", b"XYZ ", {**primaries, **curves})


def strange_inks_profile(solids: Sequence[Sequence[float]]) -> bytes:
    """A CMYK profile whose four solid inks have four colours of CIELAB (D50).

    A `lut8Type` with the sixteen corners of the ink cube (ICC.1:2001-04, 6.5.8): paper is white,
    inks that lie on each other are black.
    """
    nodes = np.zeros((16, 3))
    nodes[0] = (100, 0, 0)
    nodes[[8, 4, 2, 1]] = solids
    table = np.rint(nodes * (255 / 100, 1, 1) + (0, 128, 128)).astype(np.uint8)
    identity = _fixed(*np.eye(3).flat)
    ramp = bytes(range(256))
    lut = b"mft1\0\0\0\0" + bytes([4, 3, 2, 0]) + identity + ramp * 4 + table.tobytes() + ramp * 3
    return _profile(b"prtr", b"CMYK", b"Lab ", {b"A2B0": lut})


def lab_of(colours: Samples) -> Numbers:
    """CIELAB (D50) of rows of 8-bit sRGB (IEC 61966-2-1; CIE 15)."""
    xyz = linear_light(colours) @ SRGB.T / D50
    f = np.where(xyz > (6 / 29) ** 3, np.cbrt(xyz), xyz / (3 * (6 / 29) ** 2) + 4 / 29)
    x, y, z = f[..., 0], f[..., 1], f[..., 2]
    return np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], axis=-1)


def linear_light(samples: Samples) -> Numbers:
    """Shares of the light of white, of 8-bit sRGB (IEC 61966-2-1)."""
    shares = samples / 255
    return np.where(shares <= 0.04045, shares / 12.92, ((shares + 0.055) / 1.055) ** 2.4)


def samples_of(light: Numbers) -> Numbers:
    """8-bit sRGB, not rounded, of shares of the light of white (IEC 61966-2-1)."""
    light = np.clip(light, 0, 1)
    return 255 * np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)


def _fixed(*values: float) -> bytes:
    return b"".join(struct.pack(">i", round(value * 65536)) for value in values)


def _xyz(values: Sequence[float] | Numbers) -> bytes:
    return b"XYZ \0\0\0\0" + _fixed(*values)


def _profile(kind: bytes, colours: bytes, connection: bytes, tags: dict[bytes, bytes]) -> bytes:
    """An ICC profile, version 2.4, of a device class and two colour spaces."""
    description = b"desc\0\0\0\0" + struct.pack(">I", 5) + b"test\0" + bytes(4 + 4 + 2 + 1 + 67)
    common = {b"desc": description, b"cprt": b"text\0\0\0\0none", b"wtpt": _xyz(D50)}
    tags = {**common, **tags}
    directory, bodies = struct.pack(">I", len(tags)), b""
    for name, body in tags.items():
        offset = 128 + 4 + 12 * len(tags) + len(bodies)
        directory += name + struct.pack(">II", offset, len(body))
        bodies += body + bytes(-len(body) % 4)
    header = struct.pack(
        ">I4sI4s4s4s12s4s4sI4s4s8sI12s4s44s",
        128 + len(directory) + len(bodies),
        b"none",
        0x02400000,
        kind,
        colours,
        connection,
        struct.pack(">6H", 2026, 1, 1, 0, 0, 0),
        b"acsp",
        b"none",
        0,
        b"none",
        b"none",
        bytes(8),
        1,
        _fixed(*D50),
        b"none",
        bytes(44),
    )
    return header + directory + bodies
