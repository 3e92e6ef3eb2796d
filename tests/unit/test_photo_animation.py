"""Animations: what moves, for how long, how often, and where it has to stay still."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from io import BytesIO
from itertools import chain, repeat
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from media_pipeline.failures import PermanentError
from photo_files import ALPHAS, RGB, SIZE, with_alpha
from pictures import Numbers, display_p3_profile, quarters, stored
from rendered import Rendered, images_recipe, numbers_of, parts_of, refusal_of

WEBP = {"webp": {"quality": 95, "effort": 1}}
EVERY = {"jpg": {"quality": 90}, "png": {"effort": 1}, "avif": {"quality": 90, "effort": 0}, **WEBP}
RENDITIONS: dict[str, dict[str, Any]] = {
    "moving": {"width": 4000, "animated": True, "formats": EVERY},
    "small": {"width": 64, "animated": True, "formats": WEBP},
    "still": {"width": 64, "formats": WEBP},
}
RECIPE = images_recipe(RENDITIONS)
LOSSY = 10


def colours_at(moment: int) -> list[Any]:
    """The colours of the quarters, which go round."""
    return [RGB[(corner + moment) % 4] for corner in range(4)]


def frames_of(count: int, orientation: int = 1) -> list[Image.Image]:
    return [
        Image.fromarray(stored(quarters(SIZE, colours_at(moment)), orientation))
        for moment in range(count)
    ]


def save(
    tmp_path: Path,
    frames: list[Image.Image],
    image_format: str,
    **options: Any,  # noqa: ANN401
) -> Path:
    path = tmp_path / "source"
    lossless = {"lossless": True} if image_format == "WEBP" else {}
    first, *others = frames
    first.save(path, image_format, save_all=True, append_images=others, **lossless, **options)
    return path


def loops_and_durations(body: bytes) -> tuple[int, list[int]]:
    """How often a WebP plays (0 for ever), and the milliseconds of its frames.

    By the layout of its ANIM and ANMF chunks (RFC 9649, 2.7.1).
    """
    assert {"VP8X", "ANIM", "ANMF"} <= parts_of(body, "webp")
    at, loops, durations = 12, -1, []
    while at < len(body):
        name, length = body[at : at + 4], int.from_bytes(body[at + 4 : at + 8], "little")
        chunk = body[at + 8 : at + 8 + length]
        if name == b"ANIM":
            loops = int.from_bytes(chunk[4:6], "little")
        if name == b"ANMF":
            durations.append(int.from_bytes(chunk[12:15], "little"))
        at += 8 + length + length % 2
    return loops, durations


def moments_of(body: bytes, mode: str = "RGB") -> Iterator[Numbers]:
    with Image.open(BytesIO(body)) as image:
        for at in range(getattr(image, "n_frames", 1)):
            image.seek(at)
            yield numbers_of(image, mode)


def assert_shows(moment: Numbers, corners: Any) -> None:  # noqa: ANN401
    """The middle of each quarter has the colour that it should."""
    height, width = moment.shape[:2]
    spots = [(y * height // 4, x * width // 4) for y in (1, 3) for x in (1, 3)]
    for spot, expected in zip(spots, corners, strict=True):
        assert np.abs(moment[spot] - expected).max() <= LOSSY, (spot, moment[spot], expected)


@pytest.mark.parametrize("image_format", ["GIF", "WEBP", "PNG", "AVIF"])
def test_every_frame_is_there_in_its_place(tmp_path: Path, image_format: str) -> None:
    durations = [40, 80, 120, 200, 40]
    source = save(tmp_path, frames_of(5), image_format, duration=durations)
    rendered = Rendered(source, RECIPE)
    assert rendered.sizes == {"moving": SIZE, "small": (64, 47), "still": (64, 47)}
    for name in ("moving", "small"):
        body = rendered.files[f"{name}.webp"]
        assert loops_and_durations(body)[1] == durations
        moments = list(moments_of(body))
        assert len(moments) == 5
        for at, moment in enumerate(moments):
            assert moment.shape[:2] == rendered.sizes[name][::-1]
            assert_shows(moment, colours_at(at))


def test_what_cannot_move_or_should_not_shows_the_first_frame(tmp_path: Path) -> None:
    rendered = Rendered(save(tmp_path, frames_of(3), "GIF", duration=50), RECIPE)
    assert rendered.types["moving.webp"] == "image/webp"
    for name in ("moving.jpg", "moving.png", "moving.avif", "still.webp"):
        with rendered.image(name) as image:
            assert getattr(image, "n_frames", 1) == 1
            assert_shows(numbers_of(image), colours_at(0))
    assert not {"ANIM", "ANMF"} & parts_of(rendered.files["still.webp"], "webp")


def test_a_gif_of_one_frame_does_not_move(tmp_path: Path) -> None:
    rendered = Rendered(save(tmp_path, frames_of(1), "GIF"), RECIPE)
    assert not {"ANIM", "ANMF"} & parts_of(rendered.files["moving.webp"], "webp")


def test_delays_that_browsers_lengthen_are_lengthened_for_gif_alone(tmp_path: Path) -> None:
    """Browsers show a GIF's frame of 10 ms or less for 100 ms, and a WebP's as it says."""
    delays = [0, 10, 20, 30, 500]
    gif = Rendered(save(tmp_path, frames_of(5), "GIF", duration=delays), RECIPE)
    assert loops_and_durations(gif.files["moving.webp"])[1] == [100, 100, 20, 30, 500]
    webp = Rendered(save(tmp_path, frames_of(4), "WEBP", duration=[5, 10, 15, 500]), RECIPE)
    assert loops_and_durations(webp.files["moving.webp"])[1] == [5, 10, 15, 500]


@pytest.mark.parametrize(
    ("image_format", "options", "plays"),
    [
        ("GIF", {}, 1),
        ("GIF", {"loop": 0}, 0),
        ("GIF", {"loop": 1}, 2),
        ("GIF", {"loop": 7}, 8),
        ("WEBP", {"loop": 0}, 0),
        ("WEBP", {"loop": 1}, 1),
        ("WEBP", {"loop": 7}, 7),
        ("PNG", {"loop": 0}, 0),
        ("PNG", {"loop": 3}, 3),
    ],
)
def test_it_plays_as_often_as_it_did(
    tmp_path: Path, image_format: str, options: dict[str, int], plays: int
) -> None:
    """A GIF counts its repeats, and plays once if it says nothing; the others count plays."""
    rendered = Rendered(save(tmp_path, frames_of(2), image_format, duration=50, **options), RECIPE)
    assert loops_and_durations(rendered.files["moving.webp"])[0] == plays


@pytest.mark.parametrize(("image_format", "loop"), [("GIF", 65535), ("PNG", 65535), ("PNG", 10**6)])
def test_more_plays_than_a_webp_can_count_are_as_many_as_it_can(
    tmp_path: Path, image_format: str, loop: int
) -> None:
    source = save(tmp_path, frames_of(2), image_format, duration=50, loop=loop)
    assert loops_and_durations(Rendered(source, RECIPE).files["moving.webp"]) == (65535, [50, 50])


@pytest.mark.parametrize("image_format", ["PNG", "AVIF"])
def test_frames_that_stay_for_hours_stay_for_ten_minutes(tmp_path: Path, image_format: str) -> None:
    """A WebP has 24 bits for a frame's milliseconds, and its encoder 31 for the whole."""
    durations = [60_000_000] * 60
    source = save(tmp_path, frames_of(60), image_format, duration=durations)
    made = loops_and_durations(Rendered(source, RECIPE).files["moving.webp"])[1]
    assert made == [655_350] * 60


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("image_format", ["WEBP", "PNG"])
def test_every_frame_is_turned_once(tmp_path: Path, image_format: str, orientation: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    exif[0x010F] = "a camera"
    frames = frames_of(3, orientation)
    source = save(tmp_path, frames, image_format, duration=50, exif=exif.tobytes())
    rendered = Rendered(source, RECIPE)
    assert (rendered.attributes["width"], rendered.attributes["height"]) == SIZE
    body = rendered.files["moving.webp"]
    assert not {"EXIF", "ICCP", "XMP "} & parts_of(body, "webp")
    for at, moment in enumerate(moments_of(body)):
        assert moment.shape[:2] == SIZE[::-1]
        assert_shows(moment, colours_at(at))


@pytest.mark.parametrize("image_format", ["WEBP", "PNG"])
def test_alpha_is_kept_in_every_frame(tmp_path: Path, image_format: str) -> None:
    alphas = [[255] * 4, *(ALPHAS[by:] + ALPHAS[:by] for by in range(4))]
    rows = [with_alpha(colours_at(at), shares) for at, shares in enumerate(alphas)]
    frames = [Image.fromarray(quarters(SIZE, corners)) for corners in rows]
    rendered = Rendered(save(tmp_path, frames, image_format, duration=50), RECIPE)
    moments = list(moments_of(rendered.files["moving.webp"], "RGBA"))
    for moment, corners in zip(moments, rows, strict=True):
        seen = np.where(np.array(corners)[:, 3:] > 0, corners, 0)
        hidden = np.where(moment[..., 3:] > 0, moment, 0)
        assert_shows(hidden, seen)


def test_a_gif_keeps_its_holes_in_every_frame(tmp_path: Path) -> None:
    """One quarter after the other is transparent, and what was there before is gone."""
    frames = []
    for hole in range(4):
        image = Image.frombytes("P", SIZE, quarters(SIZE, range(4)).tobytes())
        image.putpalette(bytes(np.array(RGB, dtype=np.uint8)))
        image.info["transparency"] = hole
        frames.append(image.convert("RGBA"))
    rendered = Rendered(save(tmp_path, frames, "GIF", duration=50, disposal=2), RECIPE)
    moments = list(moments_of(rendered.files["moving.webp"], "RGBA"))
    assert len(moments) == 4
    for at, moment in enumerate(moments):
        corners = [(*RGB[c], 255) if c != at else (0, 0, 0, 0) for c in range(4)]
        assert_shows(np.where(moment[..., 3:] > 0, moment, 0), corners)


def test_a_profile_is_applied_to_every_frame(tmp_path: Path) -> None:
    plain = Rendered(save(tmp_path, frames_of(2), "WEBP", duration=50), RECIPE)
    expected = list(moments_of(plain.files["moving.webp"]))
    profile = display_p3_profile()
    source = save(tmp_path, frames_of(2), "WEBP", duration=50, icc_profile=profile)
    still = numbers_of(Rendered(source, RECIPE).image("moving.png"))
    moving = list(moments_of(Rendered(source, RECIPE).files["moving.webp"]))
    assert np.abs(still - expected[0]).max() > 10, "the profile would change nothing"
    assert np.abs(moving[0] - still)[20:-20:70, 20:-20:90].max() <= LOSSY
    # The second frame has the first one's colours in other corners.
    assert np.abs(moving[1][12, 12] - still[12, -12]).max() <= LOSSY


def test_a_moving_cover_is_cut_the_same_in_every_frame(tmp_path: Path) -> None:
    right = {"box": [40, 80], "fit": "cover", "focus": [1.0, 0.5], "animated": True}
    recipe = images_recipe({"right": {**right, "formats": WEBP}})
    rendered = Rendered(save(tmp_path, frames_of(4), "GIF", duration=50), recipe)
    for at, moment in enumerate(moments_of(rendered.files["right.webp"])):
        assert moment.shape == (80, 40, 3)
        colours = colours_at(at)
        assert_shows(moment, [colours[1], colours[1], colours[3], colours[3]])


@pytest.mark.parametrize("image_format", ["GIF", "WEBP", "PNG", "AVIF"])
def test_too_many_frames_are_refused(tmp_path: Path, image_format: str) -> None:
    source = save(tmp_path, frames_of(4), image_format, duration=50)

    def recipe(frames: int) -> Any:  # noqa: ANN401
        return images_recipe(
            {"still": RENDITIONS["still"]},
            limits={"bytes": 10**8, "pixels": 10**8, "frames": frames},
        )

    assert Rendered(source, recipe(4)).sizes.keys() == {"still"}
    assert refusal_of(source, recipe(3)).code == "too_many_frames"


@pytest.mark.parametrize("image_format", ["GIF", "WEBP", "PNG", "AVIF"])
@pytest.mark.parametrize("share", [0.3, 0.6, 0.9])
def test_an_animation_cut_short_is_corrupt(tmp_path: Path, image_format: str, share: float) -> None:
    source = save(tmp_path, frames_of(6), image_format, duration=50)
    whole = source.read_bytes()
    source.write_bytes(whole[: int(len(whole) * share)])
    assert refusal_of(source, RECIPE).code == "corrupt_image"


def test_pages_of_a_tiff_are_no_frames(tmp_path: Path) -> None:
    source = save(tmp_path, frames_of(4), "TIFF")
    recipe = images_recipe(RENDITIONS, limits={"bytes": 10**8, "pixels": 10**8, "frames": 1})
    rendered = Rendered(source, recipe)
    assert "ANMF" not in parts_of(rendered.files["moving.webp"], "webp")


def running_out_after(looks: int) -> Callable[[], float]:
    """Seconds left that are plenty for so many looks at the clock, and then none."""
    seconds = chain(repeat(60.0, looks), repeat(-1.0))
    return lambda: next(seconds)


@pytest.mark.parametrize("looks", [0, 1, 5, 29, 30, 31, 45])
def test_an_animation_that_takes_too_long_is_given_up(tmp_path: Path, looks: int) -> None:
    source = save(tmp_path, frames_of(30), "GIF", duration=50)
    only = images_recipe({"moving": {"width": 64, "animated": True, "formats": WEBP}})
    with pytest.raises(PermanentError) as refusal:
        Rendered(source, only, running_out_after(looks))
    assert refusal.value.code == "time_limit"
