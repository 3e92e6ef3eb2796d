"""Files that are rare, and the right pixels of them, or the right refusal."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
import tifffile

from negatives import negative, with_white_band
from photo_files import file_of
from pictures import photo
from rendered import Rendered, images_recipe, numbers_of, refusal_of

RECIPE = images_recipe({"only": {"width": 64, "formats": {"png": {}}}})
RGB = ((220, 30, 30), (30, 160, 60), (30, 60, 200), (230, 220, 40))


def chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png(depth: int, colour_type: int, row: bytes, key: bytes) -> bytes:
    """Eight pixels, of which the first four are of the colour that is named as transparent."""
    header = struct.pack(">IIBBBBB", 8, 1, depth, colour_type, 0, 0, 0)
    chunks = [(b"IHDR", header), (b"tRNS", key), (b"IDAT", zlib.compress(b"\0" + row))]
    body = b"".join(chunk(kind, inner) for kind, inner in [*chunks, (b"IEND", b"")])
    return b"\x89PNG\r\n\x1a\n" + body


@pytest.mark.parametrize(
    "body",
    [
        png(1, 0, b"\xf0", b"\0\1"),
        png(2, 0, bytes([0b01010101, 0b10101010]), b"\0\1"),
        png(4, 0, b"\x55\x55\x33\x33", b"\0\5"),
        png(8, 0, bytes([9] * 4 + [200] * 4), b"\0\x09"),
        png(16, 0, struct.pack(">8H", *[40000] * 4, *[20000] * 4), struct.pack(">H", 40000)),
        png(8, 2, bytes([4, 5, 6] * 4 + [1, 2, 3] * 4), bytes([0, 4, 0, 5, 0, 6])),
        png(
            16, 2, struct.pack(">24H", *[40000, 1000, 9] * 4, *[9] * 12), b"\x9c\x40\x03\xe8\0\x09"
        ),
    ],
    ids=["1", "2", "4", "8", "16", "rgb8", "rgb16"],
)
def test_the_colour_that_a_png_names_is_transparent(tmp_path: Path, body: bytes) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(body)
    alpha = numbers_of(Rendered(path, RECIPE).image("only.png"), "RGBA")[0, :, 3]
    assert alpha.tolist() == [0] * 4 + [255] * 4


@pytest.mark.parametrize("kind", [np.float32, np.uint32, np.int16])
def test_a_tiff_of_numbers_that_are_no_shades_is_unsupported(
    tmp_path: Path, kind: type[np.generic]
) -> None:
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, np.ones((32, 32), kind), photometric="minisblack")
    assert refusal_of(path, RECIPE).code == "unsupported_image"


def test_a_tile_is_no_way_around_the_limit(tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    shades = np.zeros((16, 16), np.uint8)
    tifffile.imwrite(path, shades, tile=(2048, 2048), compression="zlib", photometric="minisblack")
    few = images_recipe({"only": {"width": 64, "formats": {"png": {}}}}, limits={"pixels": 1000000})
    assert refusal_of(path, few).code == "image_too_large"
    assert Rendered(path, RECIPE).attributes["width"] == 16


def test_a_damaged_preview_leaves_the_sensors_pixels(tmp_path: Path) -> None:
    size = (128, 96)
    preview = file_of(np.asarray(photo(size)), "JPEG", quality=95)
    broken = preview[: len(preview) * 3 // 4] + b"\xff\xd9"
    path = tmp_path / "a.dng"
    path.write_bytes(negative(with_white_band(size, RGB), preview=broken))
    made = numbers_of(Rendered(path, RECIPE).image("only.png"))
    assert np.abs(made[12, 16] - RGB[0]).max() <= 4


def test_a_still_that_is_smaller_does_not_stop_what_moves(tmp_path: Path) -> None:
    path = tmp_path / "a.gif"
    first, *others = (photo((64, 48)).rotate(degrees) for degrees in (0, 90, 180))
    first.save(path, save_all=True, append_images=others, duration=100)
    formats = {"jpg": {"quality": 1}, "webp": {"quality": 100}}
    moving = {"width": 64, "animated": True, "formats": formats}
    still = {"width": 64, "formats": formats}
    recipe = images_recipe({"moving": moving, "still": still}, drop_larger=True)
    assert set(Rendered(path, recipe).files) == {"moving.jpg", "moving.webp", "still.jpg"}


@pytest.mark.parametrize("order", [("avif", "jpg", "png"), ("jpg", "png", "avif")])
def test_formats_are_recorded_in_the_recipes_order(tmp_path: Path, order: tuple[str, ...]) -> None:
    path = tmp_path / "a.png"
    photo((320, 240)).save(path)
    options = {"avif": {"quality": 50, "effort": 4}, "jpg": {"quality": 80}, "png": {}}
    recipe = images_recipe({"only": {"width": 320, "formats": {n: options[n] for n in order}}})
    [rendition] = Rendered(path, recipe).attributes["renditions"]
    assert tuple(rendition["formats"]) == order
