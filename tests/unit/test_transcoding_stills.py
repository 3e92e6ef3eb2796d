"""The poster and the storyboard of clips whose every frame is known by its grey."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from clips import GREY_STEP, full_ffmpeg, grey_clip, layer_on_path
from transcoded import Made, made_of
from transcoding.transcoder import Storyboard


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("clips")
    with layer_on_path(folder):
        yield folder


def thumbnails(board: Storyboard) -> list[tuple[float, float]]:
    """When each cue begins, and the mean luma of the picture it points to."""
    cue = r"(\d+):(\d+):(\d+\.\d+) --> \S+\n(\S+)#xywh=(\d+),(\d+),(\d+),(\d+)"
    found = []
    for hours, minutes, seconds, name, *sides in re.findall(cue, board.track):
        left, top, width, height = map(int, sides)
        (sheet,) = (path for path in board.sheets if path.name == name)
        with Image.open(sheet) as image:
            picture = image.convert("L").crop((left, top, left + width, top + height))
        begin = 3600 * int(hours) + 60 * int(minutes) + float(seconds)
        found.append((begin, float(np.asarray(picture).mean())))
    return found


def luma(frame: int) -> float:
    """What the limited luma of a grey clip's frame is in full range."""
    return frame * GREY_STEP * 255 / 219


@pytest.fixture(scope="module")
def greys(folder: Path) -> Path:
    return grey_clip(folder / "greys.mp4", 48, "N/6")


def test_each_cue_points_to_what_is_shown_then(greys: Path) -> None:
    made = made_of(greys, storyboard={"seconds": 1, "columns": 3, "rows": 2, "width": 32})
    assert made.transcoded.storyboard
    found = thumbnails(made.transcoded.storyboard)
    assert [begin for begin, _ in found] == list(range(8))
    assert [grey for _, grey in found] == pytest.approx([luma(6 * at) for at in range(8)], abs=2)
    assert len(made.transcoded.storyboard.sheets) == 2


def test_a_time_without_frames_repeats_the_last_picture(greys: Path, folder: Path) -> None:
    gap = folder / "gap.mkv"
    kept = "select=not(between(t\\,1.95\\,5.05))"
    full_ffmpeg("-i", greys, "-vf", kept, "-fps_mode", "vfr", "-c:v", "ffv1", gap)
    still = folder / "gap.mov"
    full_ffmpeg("-i", gap, "-fps_mode", "passthrough", "-c:v", "prores", still)
    made = made_of(still, storyboard={"seconds": 1, "width": 32})
    assert made.transcoded.storyboard
    greys_found = [grey for _, grey in thumbnails(made.transcoded.storyboard)]
    frames = [0, 6, 6, 6, 6, 31, 36, 42]
    assert greys_found == pytest.approx([luma(frame) for frame in frames], abs=2)


def test_a_recipe_can_do_without(greys: Path) -> None:
    assert made_of(greys, storyboard={"seconds": 0}).transcoded.storyboard is None


def poster_of(made: Made) -> float:
    with Image.open(made.transcoded.poster) as image:
        return float(np.asarray(image.convert("L")).mean())


def test_the_poster_is_not_of_the_black_that_a_video_begins_with(folder: Path) -> None:
    card = folder / "late.mp4"
    black = "color=black:size=320x180:rate=10:duration=8"
    show = "testsrc2=size=320x180:rate=10:duration=2"
    graph = f"{black}[a];{show}[b];[a][b]concat"
    full_ffmpeg("-f", "lavfi", "-i", graph, "-c:v", "libx264", "-pix_fmt", "yuv420p", card)
    assert poster_of(made_of(card)) > 50


def test_only_the_poster_is_left_of_its_candidates(greys: Path) -> None:
    made = made_of(greys)
    assert [path.name for path in made.transcoded.poster.parent.glob("candidate-*")] == [
        made.transcoded.poster.name
    ]
