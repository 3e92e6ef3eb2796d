"""Every kind of photo file into every format of a rendition, by its pixels."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from media_pipeline.stills import EFFORTS
from photo_files import EXACT, LOSSY, Kind
from photo_kinds import KINDS
from pictures import Numbers
from rendered import Rendered, images_recipe, numbers_of, tales_of

BACKGROUND = (32, 64, 160)
SIDE = 64
FORMATS: dict[str, dict[str, Any]] = {
    "jpg": {"quality": 90},
    "webp": {"quality": 90},
    "avif": {"quality": 90, "effort": 1},
    "png": {"effort": 1},
}
RECIPE = images_recipe(
    {
        "small": {"box": [SIDE, SIDE], "formats": FORMATS},
        "whole": {"width": 4000, "formats": FORMATS},
    },
    background="#{:02x}{:02x}{:02x}".format(*BACKGROUND),
)

FRINGE = 17
"""A JPEG's coded unit: so far from a border the colours of one side are seen on the other."""


@pytest.fixture(scope="module", params=[*KINDS.values()], ids=[*KINDS])
def kind(request: pytest.FixtureRequest) -> Kind:
    assert isinstance(request.param, Kind)
    return request.param


@pytest.fixture(scope="module")
def rendered(kind: Kind, tmp_path_factory: pytest.TempPathFactory) -> Rendered:
    source = tmp_path_factory.mktemp("kind") / "source"
    source.write_bytes(kind.write())
    return Rendered(source, RECIPE)


def test_formats_are_those_of_the_recipe() -> None:
    assert FORMATS.keys() == {"jpg"} | EFFORTS.keys()


def test_the_record_tells_the_type_and_the_upright_size(kind: Kind, rendered: Rendered) -> None:
    height, width = kind.shown.shape[:2]
    attributes = rendered.attributes
    assert attributes["contentType"] == kind.content_type
    assert (attributes["width"], attributes["height"]) == (width, height)
    assert rendered.sizes == {
        "small": (SIDE, round(SIDE * height / width)),
        "whole": (width, height),
    }


@pytest.mark.parametrize("file_format", FORMATS)
def test_every_kind_in_every_format(
    kind: Kind, rendered: Rendered, file_format: str, tmp_path: Path
) -> None:
    shows_through = kind.is_clear and file_format != "jpg"
    expected = kind.shown if shows_through else laid_on(BACKGROUND, kind.shown)
    off = kind.off + (0 if file_format == "png" else LOSSY)
    for name, size in rendered.sizes.items():
        output = f"{name}.{file_format}"
        with rendered.kept(output, tmp_path), rendered.image(output) as image:
            assert rendered.types[output] == Image.MIME[str(image.format)]
            assert image.size == size
            assert image.mode == ("RGBA" if shows_through else "RGB")
            assert not tales_of(rendered.files[output], file_format)
            made = numbers_of(image, "RGBA")
            assert_same(inner(made), inner(scaled(expected, size)), off)


@pytest.mark.parametrize(
    "kind",
    [pytest.param(kind, id=name) for name, kind in KINDS.items() if kind.off == EXACT],
    indirect=True,
    scope="module",
)
def test_every_pixel_survives_where_nothing_is_lossy(kind: Kind, rendered: Rendered) -> None:
    made = numbers_of(rendered.image("whole.png"), "RGBA")
    assert_same(made, kind.shown, EXACT)


def laid_on(background: tuple[int, int, int], pixels: Numbers) -> Numbers:
    share = pixels[..., 3:] / 255
    flat = pixels[..., :3] * share + np.array(background) * (1 - share)
    return np.dstack([flat, np.full(flat.shape[:2], 255.0)])


def scaled(pixels: Numbers, size: tuple[int, int]) -> Numbers:
    """The nearest pixels of a picture of another size."""
    height, width = pixels.shape[:2]
    rows = (np.arange(size[1]) + 0.5) * height / size[1]
    columns = (np.arange(size[0]) + 0.5) * width / size[0]
    return pixels[np.ix_(rows.astype(int), columns.astype(int))]


def inner(pixels: Numbers) -> Numbers:
    """What is not near the lines between the quarters, corner by corner: [4, pixels, RGBA]."""
    height, width = pixels.shape[:2]
    rows, columns = (side // 2 - min(FRINGE, side // 5) for side in (height, width))
    corners = (
        pixels[slice_y, slice_x]
        for slice_y in (slice(rows), slice(-rows, None))
        for slice_x in (slice(columns), slice(-columns, None))
    )
    return np.array([corner.reshape(-1, 4) for corner in corners])


def assert_same(made: Numbers, expected: Numbers, off: int) -> None:
    """Colours count where they can be seen."""
    is_seen = expected[..., 3:] > 0
    difference = np.abs(made - expected)
    difference[..., :3] *= is_seen
    worst = np.unravel_index(difference.argmax(), difference.shape)
    assert difference.max() <= off + 0.5, (
        f"{difference.max():.1f} levels off at {worst}: {made[worst[:-1]]}"
        f" instead of {expected[worst[:-1]].round(1)}"
    )
