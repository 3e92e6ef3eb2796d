"""What a recipe says of an encoding reaches the encoder."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, JpegImagePlugin

from media_pipeline.stills import EFFORTS
from pictures import photo, similarity
from rendered import Rendered, images_recipe, numbers_of, parts_of

SIZE = (480, 320)
PROGRESSIVE, BASELINE = "c2", "c0"


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("encodings") / "a.png"
    photo(SIZE).save(path, compress_level=1)
    return path


def rendered_as(source: Path, **encodings: dict[str, Any]) -> Rendered:
    """One rendition of the whole photo for each of `encodings`, by name."""
    renditions = {
        name: {"width": SIZE[0], "formats": formats} for name, formats in encodings.items()
    }
    return Rendered(source, images_recipe(renditions))


def jpeg_frame_header(body: bytes) -> str:
    (marker,) = parts_of(body, "jpg") & {PROGRESSIVE, BASELINE}
    return marker


def test_a_jpeg_is_progressive_unless_told_otherwise(source: Path) -> None:
    rendered = rendered_as(
        source,
        unsaid={"jpg": {"quality": 80}},
        yes={"jpg": {"quality": 80, "progressive": True}},
        no={"jpg": {"quality": 80, "progressive": False}},
    )
    markers = {name: jpeg_frame_header(body) for name, body in rendered.files.items()}
    assert markers == {"unsaid.jpg": PROGRESSIVE, "yes.jpg": PROGRESSIVE, "no.jpg": BASELINE}
    assert similarity(rendered.image("yes.jpg"), rendered.image("no.jpg")) > 0.999


@pytest.mark.parametrize("quality", [20, 80, 100])
def test_a_jpeg_has_half_the_chroma_each_way(source: Path, quality: int) -> None:
    rendered = rendered_as(source, only={"jpg": {"quality": quality}})
    with rendered.image("only.jpg") as image:
        assert isinstance(image, JpegImagePlugin.JpegImageFile)
        assert [layer[1:3] for layer in image.layer] == [(2, 2), (1, 1), (1, 1)]


@pytest.mark.parametrize("file_format", ["jpg", "webp", "avif"])
def test_more_quality_is_more_bytes_and_a_better_picture(source: Path, file_format: str) -> None:
    qualities = (10, 40, 70, 95)
    rendered = rendered_as(source, **{f"q{q}": {file_format: {"quality": q}} for q in qualities})
    names = [f"q{quality}.{file_format}" for quality in qualities]
    sizes = [len(rendered.files[name]) for name in names]
    likeness = [similarity(rendered.image(name), photo(SIZE)) for name in names]
    assert sizes == sorted(set(sizes))
    assert likeness == sorted(set(likeness))
    assert likeness[-1] > 0.95


@pytest.mark.parametrize("file_format", EFFORTS)
def test_effort_reaches_the_encoder(source: Path, file_format: Any) -> None:  # noqa: ANN401
    """The most effort makes smaller files than the least, and the usual lies between them."""
    quality = {} if file_format == "png" else {"quality": 70}
    most = EFFORTS[file_format]
    rendered = rendered_as(
        source,
        least={file_format: {**quality, "effort": 1 if file_format == "png" else 0}},
        most={file_format: {**quality, "effort": most}},
        unsaid={file_format: quality},
    )
    sizes = {name.split(".")[0]: len(body) for name, body in rendered.files.items()}
    assert sizes["most"] < sizes["least"]
    assert sizes["most"] <= sizes["unsaid"] < sizes["least"]
    for name in rendered.files:
        assert similarity(rendered.image(name), photo(SIZE)) > 0.85, name


@pytest.mark.parametrize("effort", [0, 6, 9])
def test_a_png_is_lossless(tmp_path: Path, effort: int) -> None:
    pixels = photo(SIZE).convert("RGBA")
    pixels.putalpha(photo(SIZE).getchannel("R"))
    pixels.save(tmp_path / "a.webp", lossless=True, exact=True)
    rendered = rendered_as(tmp_path / "a.webp", only={"png": {"effort": effort}})
    assert np.array_equal(numbers_of(rendered.image("only.png"), "RGBA"), np.asarray(pixels))


BAD, GOOD = {"quality": 5}, {"quality": 100}


@pytest.mark.parametrize("drop_larger", [True, False])
def test_what_is_larger_than_its_jpeg_is_dropped_if_asked_for(
    source: Path, drop_larger: bool
) -> None:
    lossless = {"png": {"effort": 9}}
    renditions: dict[str, Any] = {
        "larger": {"jpg": BAD, "webp": GOOD, "avif": GOOD, **lossless},
        "smaller": {"jpg": GOOD, "webp": BAD, "avif": BAD, **lossless},
        "one_of_two": {"jpg": {"quality": 60}, "webp": GOOD, "avif": BAD},
        "no_jpeg": {"webp": GOOD, "avif": GOOD},
    }
    recipe = images_recipe(
        {name: {"width": 200, "formats": formats} for name, formats in renditions.items()},
        drop_larger=drop_larger,
    )
    rendered = Rendered(source, recipe)
    kept = {r["name"]: set(r["formats"]) for r in rendered.attributes["renditions"]}
    everything = {name: set(formats) for name, formats in renditions.items()}
    fewer = {"larger": {"jpg", "png"}, "one_of_two": {"jpg", "avif"}}
    assert kept == (everything | fewer if drop_larger else everything)
    assert rendered.files.keys() == {f"{n}.{f}" for n, formats in kept.items() for f in formats}
    for rendition in rendered.attributes["renditions"]:
        for file_format, located in rendition["formats"].items():
            name = f"{rendition['name']}.{file_format}"
            assert located == {"key": name, "bytes": len(rendered.files[name])}


def test_one_picture_in_many_encodings_at_once_is_not_mixed_up(source: Path) -> None:
    """Encoders run side by side on one image's pixels, and each must keep to its own settings."""
    qualities = range(5, 100, 5)
    together = rendered_as(source, **{f"q{q}": {"jpg": {"quality": q}} for q in qualities})
    for quality in qualities[::6]:
        alone = rendered_as(source, **{f"q{quality}": {"jpg": {"quality": quality}}})
        name = f"q{quality}.jpg"
        assert together.files[name] == alone.files[name]
    tables = {
        q: tuple(map(tuple, _quantization(together.image(f"q{q}.jpg")).values())) for q in qualities
    }
    assert len(set(tables.values())) == len(qualities)


def _quantization(image: Image.Image) -> dict[int, list[int]]:
    assert isinstance(image, JpegImagePlugin.JpegImageFile)
    return image.quantization
