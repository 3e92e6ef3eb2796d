"""How large each rendition is, what it shows, and that it is as sharp as if made directly."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from PIL import Image

from imaging.resize import WHOLE, Frame, frame_of, resize, sources_of
from media_pipeline.recipe import load_recipe
from media_pipeline.stills import Encoding, Format, Rendition
from photos.decode import decode
from pictures import photo, similarity, stored
from rendered import PLENTY, Rendered, images_recipe, numbers_of
from resized import resize_all

IMAGES = load_recipe().images
WIDTHS = {"320w": 320, "640w": 640, "960w": 960, "1280w": 1280, "1920w": 1920}
JPG: dict[Format, Encoding] = {"jpg": Encoding(80)}
LOSSLESS = {"png": {"effort": 1}}


def save(tmp_path: Path, image: Image.Image, name: str, **options: Any) -> Path:  # noqa: ANN401
    path = tmp_path / name
    image.save(path, **options)
    return path


def test_the_default_recipe_of_a_photo(tmp_path: Path) -> None:
    rendered = Rendered(save(tmp_path, photo((2400, 1600)), "a.jpg", quality=95), IMAGES)
    assert rendered.files.keys() == {"thumb.jpg"} | {
        f"{name}.{suffix}" for name in WIDTHS for suffix in ("jpg", "webp")
    }
    for name, width in WIDTHS.items():
        for suffix, kind in (("jpg", "JPEG"), ("webp", "WEBP")):
            image = rendered.image(f"{name}.{suffix}")
            assert (image.size, image.format) == ((width, round(width / 1.5)), kind)
            assert rendered.types[f"{name}.{suffix}"] == Image.MIME[kind]
    assert rendered.image("thumb.jpg").size == (300, 200)
    attributes = rendered.attributes
    assert (attributes["width"], attributes["height"]) == (2400, 1600)
    assert attributes["contentType"] == "image/jpeg"
    listed = [(r["name"], r["width"], r["height"]) for r in attributes["renditions"]]
    assert listed == [("thumb", 300, 200), *((n, w, round(w / 1.5)) for n, w in WIDTHS.items())]
    assert attributes["renditions"][1]["formats"]["webp"] == {
        "key": "320w.webp",
        "bytes": len(rendered.files["320w.webp"]),
    }


@pytest.mark.parametrize("name", ["a.jpg", "a.png"])
def test_resizing_costs_no_sharpness(tmp_path: Path, name: str) -> None:
    """A JPEG is decoded at a fraction, a PNG in full; sizes are made from each other."""
    options = {"a.jpg": {"quality": 98}, "a.png": {"compress_level": 1}}[name]
    path = save(tmp_path, photo((2700, 1800)), name, **options)
    full = Image.open(path).convert("RGB")
    for largest in (1280, 1920):
        kept = {n: r for n, r in IMAGES.renditions.items() if (r.width or 0) <= largest}
        recipe = images_recipe(
            {n: {"width": r.width, "box": r.box, "formats": LOSSLESS} for n, r in kept.items()}
        )
        picture = decode(path, recipe, lambda: PLENTY).picture
        frames = [frame_of(rendition, picture.size) for rendition in kept.values()]
        assert {frame.size[0] for frame in frames} >= {300, 320, 640, 960, largest}
        for frame, made in resize_all(picture.pixels, frames).items():
            expected = full.resize(frame.size, Image.Resampling.LANCZOS)
            assert similarity(made, expected) >= 0.985, frame


def test_encoding_leaves_what_was_resized(tmp_path: Path) -> None:
    original = photo((2400, 1600))
    rendered = Rendered(save(tmp_path, original, "a.png", compress_level=1), IMAGES)
    for name, width in (("320w", 320), ("960w", 960), ("1920w", 1920)):
        expected = original.resize((width, round(width / 1.5)), Image.Resampling.LANCZOS)
        for suffix in ("jpg", "webp"):
            assert similarity(rendered.image(f"{name}.{suffix}"), expected) > 0.9, name


def test_nothing_is_made_larger_than_its_source(tmp_path: Path) -> None:
    rendered = Rendered(save(tmp_path, photo((500, 900)), "a.jpg"), IMAGES)
    sizes = rendered.sizes
    assert sizes["thumb"] == (167, 300)
    assert sizes["320w"] == (320, 576)
    assert sizes["640w"] == sizes["1920w"] == (500, 900)
    assert all(rendered.image(f"{name}.jpg").size == size for name, size in sizes.items())


def test_a_long_screenshot_becomes_what_its_formats_can_hold(tmp_path: Path) -> None:
    rendered = Rendered(save(tmp_path, Image.new("RGB", (700, 20000), "teal"), "a.png"), IMAGES)
    assert rendered.sizes["1920w"] == (573, 16383)
    assert rendered.image("1920w.webp").size == (573, 16383)


@pytest.mark.parametrize("size", [(5000, 1), (1, 5000), (1, 1), (2, 3)])
@pytest.mark.parametrize("fit", ["inside", "cover"])
def test_extreme_shapes_have_at_least_a_pixel(
    tmp_path: Path, size: tuple[int, int], fit: str
) -> None:
    formats = {"jpg": {"quality": 80}, "webp": {"quality": 80}, "avif": {"quality": 60}}
    only = {"box": [300, 200], "fit": fit, "formats": {**formats, **LOSSLESS}}
    source = save(tmp_path, Image.new("RGB", size, "teal"), "a.png")
    rendered = Rendered(source, images_recipe({"only": only}))
    inside = {(5000, 1): (300, 1), (1, 5000): (1, 200)}
    covered = {(5000, 1): (2, 1), (1, 5000): (1, 1), (2, 3): (2, 1)}
    expected = {"inside": inside, "cover": covered}[fit].get(size, size)
    assert rendered.sizes == {"only": expected}
    for name in rendered.files:
        assert np.abs(numbers_of(rendered.image(name))[0, 0] - (0, 128, 128)).max() <= 6


SIDES = st.integers(1, 20000)


@given(width=SIDES, height=SIDES, box=st.tuples(SIDES, SIDES))
def test_a_fit_is_inside_its_box_and_keeps_the_shape(
    width: int, height: int, box: tuple[int, int]
) -> None:
    frame = frame_of(Rendition(JPG, box=box), (width, height))
    assert 1 <= frame.size[0] <= min(width, box[0])
    assert 1 <= frame.size[1] <= min(height, box[1])
    # Within half a pixel of the exact shape, or as thin as a pixel allows.
    scale = min(1.0, box[0] / width, box[1] / height)
    assert frame.scale == pytest.approx(scale)
    assert abs(frame.size[0] - max(1, width * scale)) <= 0.5
    assert abs(frame.size[1] - max(1, height * scale)) <= 0.5
    assert frame.region == WHOLE


SHARES = st.floats(0, 1)


@given(size=st.tuples(SIDES, SIDES), box=st.tuples(SIDES, SIDES), focus=st.tuples(SHARES, SHARES))
@example(size=(20000, 1), box=(1, 20000), focus=(1.0, 0.0))
@example(size=(100, 100), box=(300, 200), focus=(0.0, 1.0))
def test_a_cover_fills_the_shape_of_its_box_around_its_focus(
    size: tuple[int, int], box: tuple[int, int], focus: tuple[float, float]
) -> None:
    frame = frame_of(Rendition(JPG, box=box, fit="cover", focus=focus), size)
    shrunk = min(1.0, size[0] / box[0], size[1] / box[1])
    for axis in (0, 1):
        assert 1 <= frame.size[axis] <= min(size[axis], box[axis])
        assert abs(frame.size[axis] - max(1, box[axis] * shrunk)) <= 0.5
        near, far = frame.region[axis], frame.region[axis + 2]
        shown = (far - near) * size[axis]
        assert 0 <= near < far <= 1
        # One pixel of the rendition stands for the same length both ways, and never for less
        # than a pixel of the photo.
        assert shown == pytest.approx(frame.size[axis] / frame.scale, rel=1e-6)
        assert shown >= frame.size[axis] * (1 - 1e-9)
        # Around the focus, or at the edge that is in the way.
        middle = (near + far) / 2
        assert (
            math.isclose(middle, focus[axis], abs_tol=1e-9)
            or (math.isclose(near, 0, abs_tol=1e-9) and focus[axis] <= middle)
            or (math.isclose(far, 1, abs_tol=1e-9) and focus[axis] >= middle)
        )
    # Nothing more is cut off than the shape asks for.
    shows_all = [frame.region[axis + 2] - frame.region[axis] >= 1 - 1e-9 for axis in (0, 1)]
    assert any(shows_all)


def ramps(size: tuple[int, int]) -> Image.Image:
    """Red tells how far to the right a pixel is, and green how far down."""
    across = np.tile((np.arange(size[0]) + 0.5) / size[0], (size[1], 1))
    down = np.tile(((np.arange(size[1]) + 0.5) / size[1])[:, None], (1, size[0]))
    return Image.fromarray(np.rint(np.dstack([across, down, across * 0]) * 255).astype(np.uint8))


COVERS = {
    # What is left of 480 x 320, in pixels: left, top, right, bottom.
    "middle": ([64, 64], [0.5, 0.5], (80, 0, 400, 320)),
    "left": ([64, 64], [0.0, 0.5], (0, 0, 320, 320)),
    "right": ([64, 64], [1.0, 0.0], (160, 0, 480, 320)),
    "left of the middle": ([64, 64], [0.4, 0.9], (32, 0, 352, 320)),
    "top": ([96, 32], [0.0, 0.0], (0, 0, 480, 160)),
    "bottom": ([96, 32], [0.3, 1.0], (0, 160, 480, 320)),
    "a third down": ([96, 32], [0.3, 0.3], (0, 16, 480, 176)),
    "of its own shape": ([96, 64], [0.0, 1.0], (0, 0, 480, 320)),
    "too large": ([4000, 2000], [0.5, 0.0], (0, 0, 480, 240)),
    "too tall": ([10, 4000], [1.0, 0.5], (479, 0, 480, 320)),
}


@pytest.mark.parametrize("orientation", [1, 6])
def test_a_cover_shows_what_lies_around_its_focus(tmp_path: Path, orientation: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    upright = np.asarray(ramps((480, 320)))
    source = save(tmp_path, Image.fromarray(stored(upright, orientation)), "a.png", exif=exif)
    names = {name: name.replace(" ", "-") for name in COVERS}
    covers = {
        names[name]: {"box": box, "fit": "cover", "focus": focus, "formats": LOSSLESS}
        for name, (box, focus, _) in COVERS.items()
    }
    # Others to be made from, which may not change what is seen.
    others = {f"{width}w": {"width": width, "formats": LOSSLESS} for width in (240, 480)}
    rendered = Rendered(source, images_recipe({**others, **covers}))
    sizes = {"too large": (480, 240), "too tall": (1, 320)}
    for name, (box, _, (left, top, right, bottom)) in COVERS.items():
        made = numbers_of(rendered.image(f"{names[name]}.png"))
        width, height = sizes.get(name, tuple(box))
        assert made.shape == (height, width, 3), name
        columns = left + (np.arange(width) + 0.5) * (right - left) / width
        rows = top + (np.arange(height) + 0.5) * (bottom - top) / height
        assert np.abs(made[height // 2, :, 0] - columns / 480 * 255).max() <= 1.6, name
        assert np.abs(made[:, width // 2, 1] - rows / 320 * 255).max() <= 1.6, name


FRAMES = st.lists(
    st.builds(
        Rendition,
        st.just(JPG),
        box=st.tuples(SIDES, SIDES),
        fit=st.sampled_from(["inside", "cover"]),
        focus=st.tuples(SHARES, SHARES),
    ),
    min_size=1,
    max_size=12,
)


@given(renditions=FRAMES, size=st.tuples(SIDES, SIDES))
def test_sizes_are_made_from_much_larger_ones_or_from_the_picture(
    renditions: list[Rendition], size: tuple[int, int]
) -> None:
    frames = [frame_of(rendition, size) for rendition in renditions]
    sources = sources_of(frames)
    assert sources.keys() == set(frames)
    done: list[Frame] = []
    for frame, source in sources.items():
        if source is not None:
            assert source in done, "it is asked for before it is made"
            assert source.region == WHOLE, "what was cut off there is missing here"
            assert source.scale >= 1.5 * frame.scale
        done.append(frame)


def test_the_default_sizes_of_a_large_photo_are_made_from_each_other() -> None:
    frames = [frame_of(rendition, (4032, 3024)) for rendition in IMAGES.renditions.values()]
    made_from = {
        frame.size[0]: source.size[0] for frame, source in sources_of(frames).items() if source
    }
    assert made_from.keys() == {300, 320, 640, 960}
    assert all(1.5 * width <= source for width, source in made_from.items())


@pytest.mark.parametrize("size", [(64, 48), (65, 49), (641, 401)])
def test_half_of_a_picture_is_the_mean_of_its_fours(size: tuple[int, int]) -> None:
    pixels = photo(size)
    half = (math.ceil(size[0] / 2), math.ceil(size[1] / 2))
    made = numbers_of(resize(pixels, Frame(half, 0.5)))
    whole = numbers_of(pixels)[: size[1] // 2 * 2, : size[0] // 2 * 2]
    means = (whole[::2, ::2] + whole[1::2, ::2] + whole[::2, 1::2] + whole[1::2, 1::2]) / 4
    assert np.abs(made[: means.shape[0], : means.shape[1]] - means).max() <= 1
