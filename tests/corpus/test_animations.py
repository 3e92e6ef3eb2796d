"""Animations: every frame against what libvips decodes."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path

import numpy as np
import pytest
import pyvips  # type: ignore[import-untyped]
from numpy.typing import NDArray

from media_pipeline.recipe import load_recipe
from rendered import Rendered, images_recipe

MOVING = {"width": 320, "animated": True, "formats": {"webp": {"quality": 90}}}


@dataclass(frozen=True)
class Shown:
    """A frame: the milliseconds that it is shown from and until, and its pixels (RGBA)."""

    start: int
    end: int
    pixels: NDArray[np.float64]


def shown(animation: pyvips.Image, size: tuple[int, int]) -> list[Shown]:
    """All frames of an animation at `size`."""
    height = animation.get("page-height")
    ends = list(accumulate(animation.get("delay")))
    frames = []
    for number, (start, end) in enumerate(zip([0, *ends], ends, strict=False)):
        page = animation.crop(0, number * height, animation.width, height)
        page = page if page.hasalpha() else page.bandjoin(255)
        scaled = page.premultiply().resize(size[0] / page.width, vscale=size[1] / height)
        pixels = scaled.unpremultiply().cast("uchar").numpy().astype(float)
        frames.append(Shown(start, end, pixels))
    return frames


@pytest.mark.parametrize(
    ("name", "frames", "size"),
    [("animated-squares.gif", 30, (80, 80)), ("animated-loop3.webp", 10, (320, 246))],
)
def test_an_animation_shows_the_same_at_every_moment(
    corpus: Path, name: str, frames: int, size: tuple[int, int]
) -> None:
    source = pyvips.Image.new_from_file(str(corpus / name), n=-1)
    body = Rendered(corpus / name, images_recipe({"moving": MOVING})).files["moving.webp"]
    made = pyvips.Image.new_from_buffer(body, "", n=-1)
    assert (made.width, made.get("page-height")) == size
    assert made.get("loop") == source.get("loop")
    # The encoder makes one frame of equal ones that follow each other.
    expected, seen = shown(source, size), shown(made, size)
    assert len(expected) == frames
    assert seen[-1].end == expected[-1].end
    for frame in expected:
        [at_once] = (f for f in seen if f.start <= frame.start and frame.end <= f.end)
        opacity = frame.pixels[..., 3:] / 255
        differences = np.abs(at_once.pixels - frame.pixels)
        assert differences[..., 3].mean() < 2
        assert (differences[..., :3] * opacity).mean() < 4, frame.start
    assert np.abs(seen[0].pixels - seen[len(seen) // 2].pixels).mean() > 0.5, "nothing moves"


@pytest.mark.parametrize("name", ["animated-squares.gif", "animated-loop3.webp"])
def test_a_recipe_without_movement_has_stills_of_it(corpus: Path, name: str) -> None:
    for file_name, body in Rendered(corpus / name, load_recipe().images).files.items():
        still = pyvips.Image.new_from_buffer(body, "")
        assert "n-pages" not in still.get_fields() or still.get("n-pages") == 1, file_name
