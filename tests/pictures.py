"""Still pictures that tests make for themselves."""

from __future__ import annotations

import struct

import numpy as np
from PIL import Image
from skimage.metrics import structural_similarity

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


def four_corners(size: tuple[int, int], orientation: int = 1) -> Image.Image:
    """Four coloured quarters, `size` upright, stored so that EXIF `orientation` makes them upright.

    The orientations are those of EXIF 2.32, 4.6.4 A: where the stored row 0 and column 0 belong.
    """
    upright = np.zeros((size[1], size[0], 3), dtype=np.uint8)
    middle_row, middle_column = size[1] // 2, size[0] // 2
    upright[:middle_row, :middle_column] = COLOURS[RED]
    upright[:middle_row, middle_column:] = COLOURS[GREEN]
    upright[middle_row:, :middle_column] = COLOURS[BLUE]
    upright[middle_row:, middle_column:] = COLOURS[YELLOW]
    turned = np.swapaxes(upright, 0, 1) if orientation >= 5 else upright
    flips = {2: (1,), 3: (0, 1), 4: (0,), 6: (0,), 7: (0, 1), 8: (1,)}
    stored = np.flip(turned, flips.get(orientation, ()))
    return Image.fromarray(np.ascontiguousarray(stored))


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


def display_p3_profile() -> bytes:
    """A matrix profile with Display P3's primaries and a plain 2.2 gamma (ICC.1:2001-04)."""

    def fixed(*values: float) -> bytes:
        return b"".join(struct.pack(">i", round(value * 65536)) for value in values)

    def xyz(*values: float) -> bytes:
        return b"XYZ \0\0\0\0" + fixed(*values)

    curve = b"curv\0\0\0\0" + struct.pack(">IH", 1, round(2.2 * 256)) + b"\0\0"
    description = b"desc\0\0\0\0" + struct.pack(">I", 3) + b"P3\0" + bytes(4 + 4 + 2 + 1 + 67)
    tags = {
        b"desc": description + bytes(-len(description) % 4),
        b"cprt": b"text\0\0\0\0none",
        b"wtpt": xyz(0.9642, 1.0, 0.8249),
        b"rXYZ": xyz(0.51512, 0.2412, -0.00105),
        b"gXYZ": xyz(0.29198, 0.69225, 0.04189),
        b"bXYZ": xyz(0.1571, 0.06657, 0.78407),
        b"rTRC": curve,
        b"gTRC": curve,
        b"bTRC": curve,
    }
    offset = 128 + 4 + 12 * len(tags)
    directory, bodies = struct.pack(">I", len(tags)), b""
    for name, body in tags.items():
        directory += name + struct.pack(">II", offset + len(bodies), len(body))
        bodies += body
    header = struct.pack(
        ">I4sI4s4s4s12s4s4sI4s4s8sI12s4s44s",
        offset + len(bodies),
        b"none",
        0x02400000,
        b"mntr",
        b"RGB ",
        b"XYZ ",
        struct.pack(">6H", 2026, 1, 1, 0, 0, 0),
        b"acsp",
        b"none",
        0,
        b"none",
        b"none",
        bytes(8),
        1,
        fixed(0.9642, 1.0, 0.8249),
        b"none",
        bytes(44),
    )
    return header + directory + bodies
