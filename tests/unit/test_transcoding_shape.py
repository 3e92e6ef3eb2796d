"""Small clips, really transcoded: upright, in square pixels, in the right colours."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from clips import full_ffmpeg, layer_on_path, still_clip, with_display_matrix
from pictures import CORNERS, corner_colours, four_corners
from streams import played, shown_frames
from transcoded import made_of


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("clips")
    with layer_on_path(folder):
        yield folder


@pytest.mark.parametrize(
    "matrix",
    [
        (),
        ("-display_rotation", "90"),
        ("-display_rotation", "-90"),
        ("-display_rotation", "180"),
        ("-display_hflip",),
        ("-display_vflip",),
        ("-display_rotation", "90", "-display_hflip"),
    ],
)
def test_the_picture_is_upright(matrix: tuple[str, ...], folder: Path) -> None:
    name = "".join(matrix) or "none"
    stored = still_clip(folder / f"stored{name}.mp4", four_corners((320, 180)))
    source = with_display_matrix(stored, folder / f"turned{name}.mov", *matrix)
    expected = Image.fromarray(shown_by_full_ffmpeg(source, turned=bool(matrix)))
    made = made_of(source)
    shown = Image.fromarray(shown_frames(made.playlists[-1])[0].pixels)
    assert shown.size == expected.size
    assert corner_colours(shown) == corner_colours(expected)
    assert corner_colours(Image.open(made.transcoded.poster)) == corner_colours(expected)
    assert (corner_colours(shown) == list(CORNERS)) == (not matrix)


def shown_by_full_ffmpeg(source: Path, *, turned: bool) -> np.ndarray:
    png = source.with_suffix(".png")
    full_ffmpeg("-i", source, "-frames:v", "1", png)
    with Image.open(png) as picture:
        shown = np.asarray(picture.convert("RGB"))
    assert turned or shown.shape == (180, 320, 3)
    return shown


def test_a_portrait_held_upright_by_metadata_gets_portrait_rungs(folder: Path) -> None:
    upright = four_corners((180, 320))
    stored = still_clip(folder / "phone.mp4", upright.transpose(Image.Transpose.ROTATE_90))
    made = made_of(with_display_matrix(stored, folder / "phone.mov", "-display_rotation", "-90"))
    assert made.transcoded.probe.picture.rotation == 90
    sizes = [(rung.name, rung.width, rung.height) for rung in made.transcoded.stream.rungs]
    assert sizes == [("90p", 90, 160), ("180p", 180, 320)]
    for playlist in made.playlists:
        shown = Image.fromarray(shown_frames(playlist)[0].pixels)
        assert corner_colours(shown) == list(CORNERS)


def test_pixels_are_made_square(folder: Path) -> None:
    source = still_clip(folder / "anamorphic.mp4", four_corners((240, 180)), "-vf", "setsar=4/3")
    made = made_of(source)
    with av.open(str(made.playlists[-1]), mode="r") as container:
        stream = container.streams.video[0]
        assert (stream.width, stream.height) == (320, 180)
        assert stream.sample_aspect_ratio == 1


@pytest.mark.parametrize(
    ("size", "rung"), [((161, 91), "90p"), ((101, 63), "62p"), ((64, 64), "64p")]
)
def test_odd_and_small_sources(size: tuple[int, int], rung: str, folder: Path) -> None:
    source = folder / f"{size[0]}x{size[1]}.mp4"
    full_ffmpeg(
        *("-f", "lavfi", "-i", f"testsrc2=s={size[0]}x{size[1]}:d=1"),
        *("-c:v", "libx264", "-pix_fmt", "yuv444p", source),
    )
    made = made_of(source)
    assert [rung.name for rung in made.transcoded.stream.rungs] == [rung]
    assert len(played(made.path)[0]) == 25


@pytest.mark.parametrize("size", [(320, 180), (1280, 720)])
def test_colours_are_kept_and_said_to_be_bt709(size: tuple[int, int], folder: Path) -> None:
    """Standard definition is BT.601 where it does not say, high definition BT.709."""
    picture = four_corners(size)
    matrix = "bt601" if size[1] < 720 else "bt709"
    convert = f"scale=out_color_matrix={matrix}:out_range=tv"
    undeclared = f"{convert},setparams=colorspace=unknown:color_primaries=unknown:color_trc=unknown"
    source = still_clip(folder / f"{matrix}.mp4", picture, "-vf", undeclared, seconds=0.2)
    made = made_of(source)
    assert made.transcoded.probe.picture.colour_matrix == "unknown"
    with av.open(str(made.download), mode="r") as container:
        shown = container.streams.video[0].codec_context
        # 1 is BT.709 in ISO/IEC 23091-2, and the limited range in FFmpeg.
        assert (shown.colorspace, shown.color_primaries, shown.color_trc) == (1, 1, 1)
        assert (shown.color_range, shown.pix_fmt) == (1, "yuv420p")
    poster = np.asarray(Image.open(made.transcoded.poster)).astype(int)
    expected = np.asarray(picture.resize((320, 180))).astype(int)
    spots = [(row, column) for row in (45, 135) for column in (80, 240)]
    for spot in spots:
        assert np.abs(poster[spot] - expected[spot]).max() <= 8
