"""Whatever way a camera was held, its photo comes out upright, and says no more of the camera."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from negatives import MAKER
from photo_files import RGB, SIZE, dng, file_of
from pictures import CORNERS, corner_colours, display_p3_profile, quarters, stored
from rendered import Rendered, images_recipe, tales_of

RECIPE = images_recipe(
    {
        "small": {
            "width": 64,
            "formats": {"jpg": {"quality": 90}, "webp": {"quality": 90}, "png": {"effort": 1}},
        }
    }
)
LARGE = (1310, 970)
XMP = b"<x:xmpmeta xmlns:x='adobe:ns:meta/'>" + MAKER.encode() + b"</x:xmpmeta>"


def exif_with(orientation: int) -> bytes:
    exif = Image.Exif()
    exif[0x0112] = orientation
    exif[0x010F] = MAKER
    exif.get_ifd(0x8825).update({1: "N", 2: (52.0, 30.0, 0.0), 3: "E", 4: (13.0, 24.0, 0.0)})
    return exif.tobytes()


def tagged(
    image_format: str,
    size: tuple[int, int] = SIZE,
    **options: Any,  # noqa: ANN401
) -> Callable[[int], bytes]:
    """Four quarters with everything that tells tales beside them."""

    def write(orientation: int) -> bytes:
        return file_of(
            stored(quarters(size, RGB), orientation),
            image_format,
            exif=exif_with(orientation),
            icc_profile=display_p3_profile(),
            **options,
        )

    return write


WRITERS: dict[str, Callable[[int], bytes]] = {
    "jpeg": tagged("JPEG", quality=95, xmp=XMP, comment=MAKER),
    "jpeg decoded at a fraction": tagged("JPEG", LARGE, quality=95, xmp=XMP),
    "png": tagged("PNG"),
    "webp": tagged("WEBP", quality=95, xmp=XMP),
    "tiff": tagged("TIFF"),
    "avif": tagged("AVIF", quality=95, xmp=XMP),
    "heic": tagged("HEIF", quality=95, xmp=XMP),
    "dng": lambda orientation: dng(orientation=orientation),
    "dng with preview": lambda orientation: dng(preview=True, orientation=orientation),
}


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("writer", WRITERS)
def test_a_photo_is_turned_once_and_keeps_no_tales(
    tmp_path: Path, writer: str, orientation: int
) -> None:
    source = tmp_path / "source"
    source.write_bytes(WRITERS[writer](orientation))
    assert MAKER.encode() in source.read_bytes()
    rendered = Rendered(source, RECIPE)
    width, height = rendered.attributes["width"], rendered.attributes["height"]
    assert width > height
    assert rendered.sizes == {"small": (64, round(64 * height / width))}
    for name, body in rendered.files.items():
        with rendered.kept(name, tmp_path), rendered.image(name) as image:
            assert image.size == rendered.sizes["small"]
            assert corner_colours(image) == list(CORNERS)
            assert len(image.getexif()) == 0
            assert not {"icc_profile", "exif", "xmp", "comment"} & image.info.keys()
            assert MAKER.encode() not in body
            assert not tales_of(body, name.split(".")[1])


@pytest.mark.parametrize("orientation", [0, 9, 65535])
def test_an_orientation_that_there_is_not_turns_nothing(tmp_path: Path, orientation: int) -> None:
    source = tmp_path / "source"
    source.write_bytes(file_of(quarters(SIZE, RGB), "JPEG", exif=exif_with(orientation)))
    assert corner_colours(Rendered(source, RECIPE).image("small.png")) == list(CORNERS)


def test_the_position_is_told_only_where_the_recipe_asks(tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.write_bytes(WRITERS["jpeg"](1))
    told = images_recipe({"a": {"width": 8, "formats": {"jpg": {"quality": 80}}}}, position=True)
    assert "position" not in Rendered(source, RECIPE).attributes["metadata"]
    position = Rendered(source, told).attributes["metadata"]["position"]
    assert np.allclose([position["latitude"], position["longitude"]], [52.5, 13.4])
