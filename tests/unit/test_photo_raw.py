"""Camera RAW: negatives that the tests make, and what they are known to show."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from negatives import LENS, METADATA, WHITE_LEVEL, negative, with_white_band
from photo_files import OTHER_RGB, RAW_SIZE, RGB, dng, file_of
from photos.raw import Camera
from pictures import CORNERS, Numbers, corner_colours, quarters, stored
from rendered import Rendered, images_recipe, numbers_of, refusal_of

SMALL = images_recipe({"only": {"width": 48, "formats": {"png": {"effort": 1}}}})
WHOLE = images_recipe({"only": {"width": 4000, "formats": {"png": {"effort": 1}}}})
LIMITS = {"bytes": 10**8, "frames": 1}
QUARTERS = [(y * RAW_SIZE[1] // 4, x * RAW_SIZE[0] // 4) for y in (1, 3) for x in (1, 3)]


def written(tmp_path: Path, body: bytes) -> Path:
    path = tmp_path / "a.dng"
    path.write_bytes(body)
    return path


def with_other_preview(size: tuple[int, int], orientation: int = 1) -> bytes:
    """A negative whose preview has other colours than the sensor, to tell which was taken."""
    shown = stored(quarters(size, OTHER_RGB), orientation)
    return negative(with_white_band(RAW_SIZE, RGB), orientation, file_of(shown, "JPEG", quality=95))


def corners_of(rendered: Rendered) -> Numbers:
    made = numbers_of(rendered.image("only.png"))
    height, width = made.shape[:2]
    return np.array([made[y * height // 4, x * width // 4] for y in (1, 3) for x in (1, 3)])


def test_the_sensors_colours_come_out_as_they_went_in(tmp_path: Path) -> None:
    rendered = Rendered(written(tmp_path, dng()), WHOLE)
    made = numbers_of(rendered.image("only.png"))
    assert made.shape == (RAW_SIZE[1], RAW_SIZE[0], 3)
    assert rendered.attributes["contentType"] == "image/x-dcraw"
    for spot, colour in zip(QUARTERS, RGB, strict=True):
        assert np.abs(made[spot] - colour).max() <= 1.5, spot
    middle = made[RAW_SIZE[1] // 2, RAW_SIZE[0] // 2]
    assert np.abs(middle - 255).max() <= 1, "what was white in the camera's balance is not"


def test_the_files_metadata_is_told(tmp_path: Path) -> None:
    for body in (dng(), dng(preview=True)):
        assert Rendered(written(tmp_path, body), SMALL).attributes["metadata"] == METADATA


def test_metadata_that_only_libraw_can_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("photos.raw.metadata_of", lambda *_: {})
    told = Rendered(written(tmp_path, dng()), SMALL).attributes["metadata"]
    lens = told.pop("lens")
    assert lens.endswith(LENS)
    assert told == {
        name: pytest.approx(METADATA[name], rel=1e-5)
        for name in ("exposureSeconds", "aperture", "iso", "focalLengthMm")
    }


@pytest.mark.parametrize(
    ("size", "width", "is_taken"),
    [
        (RAW_SIZE, 4000, True),
        (RAW_SIZE, 48, True),
        ((96, 64), 96, True),
        ((96, 64), 48, True),
        ((96, 64), 120, False),
        ((96, 64), 4000, False),
        # Of another shape: it may have been cut, or have borders.
        ((192, 108), 48, False),
        ((144, 128), 48, False),
    ],
)
def test_the_preview_is_taken_where_it_is_large_enough(
    tmp_path: Path, size: tuple[int, int], width: int, is_taken: bool
) -> None:
    recipe = images_recipe({"only": {"width": width, "formats": {"png": {"effort": 1}}}})
    rendered = Rendered(written(tmp_path, with_other_preview(size)), recipe)
    expected = OTHER_RGB if is_taken else RGB
    assert np.abs(corners_of(rendered) - expected).max() <= 6
    assert (rendered.attributes["width"], rendered.attributes["height"]) == RAW_SIZE
    shown = min(width, RAW_SIZE[0])
    assert rendered.sizes == {"only": (shown, round(shown * 2 / 3))}


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("size", [RAW_SIZE, (96, 64)])
def test_a_preview_is_turned_once(tmp_path: Path, orientation: int, size: tuple[int, int]) -> None:
    rendered = Rendered(written(tmp_path, with_other_preview(size, orientation)), SMALL)
    assert rendered.sizes == {"only": (48, 32)}
    assert np.abs(corners_of(rendered) - OTHER_RGB).max() <= 6


@pytest.mark.parametrize("orientation", range(1, 9))
def test_the_sensors_pixels_are_turned_once(tmp_path: Path, orientation: int) -> None:
    rendered = Rendered(written(tmp_path, dng(orientation=orientation)), SMALL)
    assert rendered.sizes == {"only": (48, 32)}
    assert corner_colours(rendered.image("only.png")) == list(CORNERS)


@pytest.mark.parametrize("share", [0.05, 0.3, 0.6, 0.9, 0.99])
def test_a_negative_cut_short_is_corrupt(tmp_path: Path, share: float) -> None:
    whole = dng()
    source = written(tmp_path, whole[: int(len(whole) * share)])
    assert refusal_of(source, SMALL).code == "corrupt_image"


@pytest.mark.parametrize("behind", [-1000, -400, 0, 1000])
def test_a_negative_cut_short_shows_its_preview_if_that_is_whole(
    tmp_path: Path, behind: int
) -> None:
    """The sensor's pixels lie behind the preview, and are looked at only where they are needed."""
    whole = with_other_preview(RAW_SIZE)
    end_of_preview = len(whole) - RAW_SIZE[0] * RAW_SIZE[1] * 2
    source = written(tmp_path, whole[: end_of_preview + behind])
    if behind < 0:
        assert refusal_of(source, SMALL).code == "corrupt_image"
    else:
        assert np.abs(corners_of(Rendered(source, SMALL)) - OTHER_RGB).max() <= 6


@pytest.mark.parametrize("preview", [False, True])
def test_without_libraw_it_says_how_to_build_with_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, preview: bool
) -> None:
    monkeypatch.setitem(sys.modules, "rawpy", None)
    refusal = refusal_of(written(tmp_path, dng(preview)), SMALL)
    assert refusal.code == "unsupported_image"
    assert "`make build RAW=1`" in str(refusal)


@pytest.mark.parametrize("preview", [False, True])
def test_too_many_pixels_are_refused_before_they_are_developed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, preview: bool
) -> None:
    source = written(tmp_path, dng(preview))
    pixels = RAW_SIZE[0] * RAW_SIZE[1]
    renditions = {"only": {"width": 4000, "formats": {"png": {}}}}
    enough = images_recipe(renditions, limits={**LIMITS, "pixels": pixels})
    assert Rendered(source, enough).sizes == {"only": RAW_SIZE}
    monkeypatch.setattr(Camera, "demosaic", lambda _: pytest.fail("it was developed"))
    too_few = images_recipe(renditions, limits={**LIMITS, "pixels": pixels - 1})
    assert refusal_of(source, too_few).code == "image_too_large"


def test_a_preview_larger_than_the_limit_is_no_way_around_it(tmp_path: Path) -> None:
    pixels = RAW_SIZE[0] * RAW_SIZE[1]
    source = written(tmp_path, with_other_preview((4 * RAW_SIZE[0], 4 * RAW_SIZE[1])))
    renditions = {"only": {"width": 48, "formats": {"png": {}}}}
    recipe = images_recipe(renditions, limits={**LIMITS, "pixels": pixels})
    assert refusal_of(source, recipe).code == "image_too_large"


def test_levels_are_those_of_sixteen_bits() -> None:
    """The negatives would prove less if their samples fitted eight bits."""
    body = negative(with_white_band(RAW_SIZE, RGB))
    samples = np.frombuffer(body[-RAW_SIZE[0] * RAW_SIZE[1] * 2 :], dtype="<u2")
    assert samples.max() == WHITE_LEVEL
    assert (samples == WHITE_LEVEL).mean() > 0.01
