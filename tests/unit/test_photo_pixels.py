"""What becomes of the pixels of photos that are out of the ordinary."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from media_pipeline.recipe import load_recipe
from photo_files import GREYS, RGB, SIZE, file_of, png
from photos.decode import decode
from pictures import (
    display_p3_profile,
    lab_of,
    photo,
    quarters,
    similarity,
    strange_inks_profile,
)
from rendered import PLENTY, Rendered, images_recipe, numbers_of

IMAGES = load_recipe().images
LOSSLESS = {"png": {"effort": 1}}
RECIPE = images_recipe(
    {
        "whole": {"width": 4000, "formats": LOSSLESS},
        "half": {"width": 320, "formats": {**LOSSLESS, "webp": {"quality": 80}}},
    }
)


def save(tmp_path: Path, image: Image.Image, name: str, **options: Any) -> Path:  # noqa: ANN401
    path = tmp_path / name
    image.save(path, **options)
    return path


def written(tmp_path: Path, body: bytes) -> Path:
    path = tmp_path / "source"
    path.write_bytes(body)
    return path


INKS_PROFILE = strange_inks_profile(lab_of(np.array(RGB, dtype=np.uint8)).tolist())


@pytest.mark.parametrize(
    ("values", "profile"),
    [
        (RGB, b"not a profile"),
        (RGB, INKS_PROFILE),
        (RGB, display_p3_profile()[:200]),
        (GREYS, display_p3_profile()),
        (GREYS, INKS_PROFILE),
    ],
    ids=["noise", "of inks", "cut off", "colours for grey", "inks for grey"],
)
def test_a_profile_that_does_not_fit_says_nothing(
    tmp_path: Path, values: list[Any], profile: bytes
) -> None:
    pixels = quarters(SIZE, values)
    source = written(tmp_path, file_of(pixels, "PNG", icc_profile=profile))
    made = numbers_of(Rendered(source, RECIPE).image("whole.png"))
    expected = pixels if pixels.ndim == 3 else np.dstack([pixels] * 3)
    assert np.array_equal(made, expected)


def test_resizing_does_not_bleed_the_colour_of_what_is_transparent(tmp_path: Path) -> None:
    stored = Image.new("RGBA", (641, 400), (255, 0, 0, 0))
    stored.paste((0, 0, 255, 255), (0, 0, 321, 400))
    rendered = Rendered(save(tmp_path, stored, "a.png"), RECIPE)
    for name in ("half.webp", "half.png"):
        made = numbers_of(rendered.image(name), "RGBA")
        seen = made[made[..., 3] > 128]
        assert (seen[:, 0] < 40).all(), "red from under the transparency shows at the edge"


@pytest.mark.parametrize("size", [(640, 300), (600, 300)])
def test_sixteen_bits_are_scaled_not_cut(tmp_path: Path, size: tuple[int, int]) -> None:
    ramp = np.tile(np.linspace(0, 65535, size[0]).astype(np.uint16), (size[1], 1))
    for samples, colour_type in ((ramp, 0), (np.dstack([ramp] * 3), 2)):
        rendered = Rendered(written(tmp_path, png(samples, colour_type)), RECIPE)
        row = numbers_of(rendered.image("half.png"))[80, :, 0]
        assert np.abs(row - np.linspace(0, 255, 320)).max() <= 2


def test_alpha_that_hides_nothing_is_left_out(tmp_path: Path) -> None:
    rendered = Rendered(save(tmp_path, photo((400, 300)).convert("RGBA"), "a.png"), RECIPE)
    assert rendered.image("half.webp").mode == rendered.image("whole.png").mode == "RGB"


def test_damaged_exif_is_no_reason_to_refuse(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    exif[0x010F] = "a camera"
    path = save(tmp_path, photo((400, 300)), "a.jpg", exif=exif)
    whole = path.read_bytes()
    start = whole.index(b"Exif") + 6
    recipe = images_recipe({"thumb": {"width": 30, "formats": LOSSLESS}})
    for offset in range(start + 8, start + 38):
        for value in (0, 0x7F, 0xFF):
            path.write_bytes(whole[:offset] + bytes([value]) + whole[offset + 1 :])
            assert Rendered(path, recipe).attributes["width"] in (300, 400), offset


@pytest.mark.parametrize("image_format", ["JPEG", "MPO"])
def test_a_jpeg_is_decoded_at_a_fraction_that_covers_the_largest_rendition(
    tmp_path: Path, image_format: str
) -> None:
    """Whether or not other pictures lie behind it, as phones have them."""
    behind = {"save_all": True, "append_images": [photo((300, 200))]}
    options = behind if image_format == "MPO" else {}
    path = save(tmp_path, photo((2700, 1800)), "a.jpg", format=image_format, **options)
    for width, decoded in ((1280, 1350), (1400, 2700), (300, 338)):
        recipe = images_recipe({"only": {"width": width, "formats": LOSSLESS}})
        found = decode(path, recipe, lambda: PLENTY)
        assert found.content_type == "image/jpeg"
        assert (found.picture.size, found.picture.pixels.width) == ((2700, 1800), decoded)


def test_a_photo_in_many_tiles_is_the_same_photo(tmp_path: Path) -> None:
    original = photo((300, 200))
    source = save(tmp_path, original, "a.heic", quality=90)
    assert similarity(Rendered(source, RECIPE).image("whole.png"), original) > 0.9
