"""The frame that becomes the poster, chosen among frames that are wrong in one way each."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageEnhance, ImageFilter

from pictures import photo
from transcoding.posters import choose

SIZE = 640, 360


def scene(number: int) -> Image.Image:
    """Another shot of the same place: moved, and lit a little differently."""
    larger = place_to_film()
    moved = larger.crop((20 * number, 10 * number, 20 * number + SIZE[0], 10 * number + SIZE[1]))
    return ImageEnhance.Brightness(moved).enhance(0.95 + 0.02 * number)


@cache
def place_to_film() -> Image.Image:
    """Soft ground and things with sharp edges, larger than a frame."""
    width, height = SIZE[0] + 200, SIZE[1] + 200
    picture = ImageEnhance.Contrast(photo((width, height))).enhance(1.6)
    draw = ImageDraw.Draw(picture)
    numbers = np.random.default_rng(11)
    for _ in range(120):
        left, top = int(numbers.integers(width)), int(numbers.integers(height))
        across, down = numbers.integers(5, 60, 2).tolist()
        ground = numbers.integers(-50, 50) + np.array(picture.getpixel((left, top)))
        box = (left, top, left + across, top + down)
        draw.ellipse(box, fill=tuple(int(value) for value in ground.clip(0, 255)))
    return picture


def solid(colour: str) -> Image.Image:
    return Image.new("RGB", SIZE, colour)


def speckled(level: int) -> Image.Image:
    """All but one colour, with a sensor's noise on it."""
    noise = np.random.default_rng(3).normal(level, 2, (SIZE[1], SIZE[0], 3))
    return Image.fromarray(noise.clip(0, 255).astype(np.uint8))


def faded(share: float, towards: str = "black") -> Image.Image:
    return Image.blend(scene(4), solid(towards), share)


def card(ground: str, letters: str) -> Image.Image:
    """A title: sharper and with more contrast than any scene."""
    picture = solid(ground)
    draw = ImageDraw.Draw(picture)
    for row in range(3):
        draw.text((60, 40 + 100 * row), "THE TITLE", fill=letters, font_size=90)
    return picture


def credits_roll() -> Image.Image:
    """Rows of small white letters on black."""
    picture = solid("black")
    draw = ImageDraw.Draw(picture)
    for row in range(18):
        draw.text((80, 20 * row), "a name of somebody who took part " * 2, fill="white")
    return picture


WRONG: dict[str, Callable[[], Image.Image]] = {
    "black": lambda: solid("black"),
    "white": lambda: solid("white"),
    "one colour": lambda: solid("#3060a0"),
    "near black": lambda: speckled(10),
    "near white": lambda: speckled(245),
    "flat": lambda: speckled(128),
    "a gradient": lambda: Image.linear_gradient("L").resize(SIZE).convert("RGB"),
    "fading from black": lambda: faded(0.6),
    "fading to white": lambda: faded(0.6, "white"),
    "burnt out": lambda: ImageEnhance.Contrast(scene(4).convert("L")).enhance(5).convert("RGB"),
    "blurred a little": lambda: scene(4).filter(ImageFilter.GaussianBlur(3)),
    "blurred": lambda: scene(4).filter(ImageFilter.GaussianBlur(12)),
    "dragged": lambda: scene(4).resize((16, SIZE[1])).resize(SIZE),
    "a white title on blue": lambda: card("#2040c0", "white"),
    "a black title on yellow": lambda: card("#f0e040", "black"),
    "a white title on black": lambda: card("black", "white"),
    "credits": credits_roll,
}


def saved(folder: Path, pictures: list[Image.Image], suffix: str = "jpg") -> list[Path]:
    frames = []
    for number, picture in enumerate(pictures):
        frames.append(folder / f"frame-{number:02}.{suffix}")
        picture.save(frames[-1], quality=92)
    return frames


@pytest.mark.parametrize("wrong", WRONG)
@pytest.mark.parametrize("place", [0, 2, 4])
def test_the_one_that_is_wrong_is_not_chosen(tmp_path: Path, wrong: str, place: int) -> None:
    pictures = [scene(number) for number in range(4)]
    pictures.insert(place, WRONG[wrong]())
    frames = saved(tmp_path, pictures)
    assert choose(frames) != frames[place]


@pytest.mark.parametrize("wrong", WRONG)
@pytest.mark.parametrize("place", [0, 1])
def test_of_two_the_right_one_is_chosen(tmp_path: Path, wrong: str, place: int) -> None:
    pictures = [scene(4)]
    pictures.insert(place, WRONG[wrong]())
    assert choose(saved(tmp_path, pictures)).name == f"frame-{1 - place:02}.jpg"


def test_the_only_frame_that_shows_something_is_chosen_among_many_that_do_not(
    tmp_path: Path,
) -> None:
    dull = ["black", "white", "near black", "near white", "flat", "fading from black"]
    pictures = [WRONG[wrong]() for wrong in dull] * 2
    pictures[7:7] = [scene(1)]
    assert choose(saved(tmp_path, pictures)).name == "frame-07.jpg"


def test_black_frames_have_no_say_in_what_is_sharp_and_what_is_typical(tmp_path: Path) -> None:
    # With its bars it would be the more typical one, and no less sharp than black.
    with_bars = WRONG["blurred"]()
    for top in (0, SIZE[1] - 40):
        with_bars.paste("black", (0, top, SIZE[0], top + 40))
    pictures = [*[WRONG["black"]()] * 7, with_bars, scene(1)]
    assert choose(saved(tmp_path, pictures)).name == "frame-08.jpg"


def test_the_sharpest_of_the_same_picture_is_chosen(tmp_path: Path) -> None:
    pictures = [scene(2).filter(ImageFilter.GaussianBlur(radius)) for radius in (8, 4, 2, 0, 2, 4)]
    assert choose(saved(tmp_path, pictures)).name == "frame-03.jpg"


def test_a_shot_like_the_rest_is_chosen_and_not_the_one_that_stands_alone(tmp_path: Path) -> None:
    # As sharp and as rich in contrast as the others, in other colours.
    alone = Image.merge("RGB", scene(3).split()[::-1]).point([255 - x for x in range(256)] * 3)
    tinted = [Image.blend(scene(number), solid("#806020"), 0.4) for number in range(4)]
    stranger = Image.blend(alone, solid("#2060c0"), 0.4)
    for place in (0, 4):
        frames = saved(tmp_path, [*tinted[:place], stranger, *tinted[place:]])
        assert choose(frames) != frames[place]


@pytest.mark.parametrize("wrong", WRONG)
def test_where_all_are_wrong_one_is_chosen(tmp_path: Path, wrong: str) -> None:
    frames = saved(tmp_path, [WRONG[wrong]()] * 3)
    assert choose(frames) == frames[0]


def test_the_choice_is_the_same_at_every_size_and_in_every_format(tmp_path: Path) -> None:
    pictures = [WRONG["blurred"](), scene(1), WRONG["credits"](), WRONG["black"]()]
    for width in (1920, 640, 360, 120):
        resized = [picture.resize((width, width * 9 // 16)) for picture in pictures]
        portrait = [picture.transpose(Image.Transpose.ROTATE_90) for picture in resized]
        for suffix in ("jpg", "png"):
            assert choose(saved(tmp_path, resized, suffix)).stem == "frame-01"
            assert choose(saved(tmp_path, portrait, suffix)).stem == "frame-01"


def test_what_is_missing_or_damaged_is_passed_over(tmp_path: Path) -> None:
    frames = saved(tmp_path, [WRONG["blurred"](), scene(1), WRONG["near black"](), scene(2)])
    frames[1].write_bytes(frames[1].read_bytes()[:2000])
    empty = tmp_path / "empty.jpg"
    empty.touch()
    text = tmp_path / "text.jpg"
    text.write_text("no picture")
    assert choose([tmp_path / "missing.jpg", empty, text, *frames]) == frames[3]


def test_where_nothing_can_be_read_the_first_is_the_answer(tmp_path: Path) -> None:
    missing = [tmp_path / "one.jpg", tmp_path / "other.jpg"]
    assert choose(missing) == missing[0]


@pytest.mark.parametrize("size", [(1, 1), (2, 2), (2, 400), (4000, 3), (16, 16)])
def test_pictures_of_every_shape_are_judged(tmp_path: Path, size: tuple[int, int]) -> None:
    frames = saved(tmp_path, [scene(0).resize(size), scene(1).resize(size)])
    assert choose(frames) in frames


def test_without_any_frame_there_is_nothing_to_choose() -> None:
    with pytest.raises(ValueError, match="no frame"):
        choose([])
