"""Storyboards: how many pictures on how many sheets, and a track that finds each of them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise
from math import ceil

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from media_pipeline.recipe import Storyboard, load_recipe
from transcoding.storyboard import PlannedStoryboard, plan_storyboard, webvtt

WORDS = load_recipe().videos.storyboard


@dataclass(frozen=True)
class Cue:
    """One cue: seconds, the sheet it names, and the rectangle left, top, width, height."""

    start: float
    end: float
    sheet: str
    left: int
    top: int
    width: int
    height: int


def read_track(track: str) -> list[Cue]:
    """Blocks parted by blank lines, as the W3C's grammar has them; nothing else is taken."""
    assert track.endswith("\n")
    signature, *blocks = track[:-1].split("\n\n")
    assert signature == "WEBVTT"
    moment = r"(\d\d):([0-5]\d):([0-5]\d)\.(\d{3})"
    cue = re.compile(rf"{moment} --> {moment}\n([^#\s]+)#xywh=(\d+),(\d+),(\d+),(\d+)")
    cues = []
    for block in blocks:
        match = cue.fullmatch(block)
        assert match, block
        hours, minutes, seconds, parts = (
            [int(match[place + offset]) for offset in (0, 4)] for place in (1, 2, 3, 4)
        )
        start, end = (
            3600 * hours[i] + 60 * minutes[i] + seconds[i] + parts[i] / 1000 for i in (0, 1)
        )
        cues.append(Cue(start, end, match[9], *map(int, match.groups()[9:])))
    return cues


def sheet_names(plan: PlannedStoryboard, pictures: int) -> list[str]:
    """As many sheets as this many pictures fill."""
    return [f"sheet-{n:05}.jpg" for n in range(1, ceil(pictures / plan.columns / plan.rows) + 1)]


def planned(lasts: float, frame: tuple[int, int] = (1920, 1080), **words: int) -> PlannedStoryboard:
    plan = plan_storyboard(lasts, *frame, msgspec.structs.replace(WORDS, **words))
    assert plan
    return plan


def test_a_recipe_can_have_none() -> None:
    assert plan_storyboard(60, 1920, 1080, msgspec.structs.replace(WORDS, seconds=0)) is None


@pytest.mark.parametrize(
    ("seconds", "words", "interval"),
    [
        (60.0, {}, 5.0),
        (40.0, {}, 5.0),
        (20.0, {}, 2.5),
        (9.999, {}, 1.25),
        (3.0, {}, 1.0),
        (0.04, {}, 1.0),
        (30.0, {"seconds": 2}, 2.0),
        (7200.0, {}, 5.0),
        (7501.0, {}, 6.0),
        (7200.0, {"seconds": 1}, 5.0),
        (0.0, {}, 5.0),
    ],
)
def test_long_videos_have_longer_intervals_and_short_ones_shorter(
    seconds: float, words: dict[str, int], interval: float
) -> None:
    assert planned(seconds, (1920, 1080), **words).interval == interval


@pytest.mark.parametrize(
    ("frame", "tile"),
    [
        ((1920, 1080), (160, 90)),
        ((1080, 1920), (90, 160)),
        ((720, 720), (160, 160)),
        ((853, 480), (160, 90)),
        ((2560, 1080), (160, 68)),
        ((120, 90), (120, 90)),
        ((121, 91), (120, 92)),
        ((4000, 2), (160, 2)),
    ],
)
def test_a_picture_has_the_frames_shape(frame: tuple[int, int], tile: tuple[int, int]) -> None:
    plan = planned(60, frame)
    assert (plan.width, plan.height) == tile


@pytest.mark.parametrize(
    ("seconds", "columns", "rows", "sheets"),
    [
        (3.0, 3, 1, 1),
        (20.0, 8, 1, 1),
        (50.0, 10, 1, 1),
        (51.0, 10, 2, 1),
        (500.0, 10, 10, 1),
        (501.0, 10, 10, 2),
        (7200.0, 10, 10, 15),
    ],
)
def test_sheets_are_no_larger_than_their_pictures_need(
    seconds: float, columns: int, rows: int, sheets: int
) -> None:
    plan = planned(seconds)
    assert (plan.columns, plan.rows) == (columns, rows)
    cues = read_track(webvtt(plan, seconds, [f"{n}.jpg" for n in range(sheets)]))
    assert {cue.sheet for cue in cues} == {f"{n}.jpg" for n in range(sheets)}


def test_where_the_length_is_unknown_sheets_have_the_recipes_size() -> None:
    plan = planned(0.0)
    assert (plan.columns, plan.rows) == (10, 10)
    assert len(read_track(webvtt(plan, 12.0, ["one.jpg"]))) == 3


def test_no_sheet_is_larger_than_phones_decode() -> None:
    plan = planned(7200, (3000, 3000), width=640, columns=20, rows=20, seconds=1)
    assert plan.columns == 20
    assert plan.rows == 2
    assert plan.columns * plan.width * plan.rows * plan.height <= 2**24


def test_a_track_says_where_each_picture_lies() -> None:
    plan = PlannedStoryboard(2.5, 160, 90, columns=2, rows=2, quality=75)
    track = webvtt(plan, 11.04, ["sheet-1.jpg", "sheet-2.jpg"])
    assert track == (
        "WEBVTT\n\n"
        "00:00:00.000 --> 00:00:02.500\nsheet-1.jpg#xywh=0,0,160,90\n\n"
        "00:00:02.500 --> 00:00:05.000\nsheet-1.jpg#xywh=160,0,160,90\n\n"
        "00:00:05.000 --> 00:00:07.500\nsheet-1.jpg#xywh=0,90,160,90\n\n"
        "00:00:07.500 --> 00:00:10.000\nsheet-1.jpg#xywh=160,90,160,90\n\n"
        "00:00:10.000 --> 00:00:11.040\nsheet-2.jpg#xywh=0,0,160,90\n"
    )


def test_hours_are_counted() -> None:
    plan = planned(5000)
    cues = read_track(webvtt(plan, 5000.5, sheet_names(plan, 1001)))
    assert (cues[-1].start, cues[-1].end) == (5000.0, 5000.5)


def test_without_all_the_sheets_the_last_picture_stays_until_the_end() -> None:
    plan = PlannedStoryboard(1.0, 16, 10, columns=2, rows=1, quality=75)
    cues = read_track(webvtt(plan, 9.0, ["a.jpg", "b.jpg"]))
    assert [(cue.start, cue.end) for cue in cues] == [(0, 1), (1, 2), (2, 3), (3, 9)]


def test_without_any_sheet_a_track_is_empty() -> None:
    assert read_track(webvtt(planned(60), 60.0, [])) == []


@given(
    seconds=st.floats(0.01, 86_400),
    real=st.floats(0.9, 1.1),
    frame=st.tuples(st.integers(1, 8192), st.integers(1, 8192)),
    words=st.builds(
        Storyboard,
        seconds=st.integers(1, 600),
        width=st.integers(16, 640),
        columns=st.integers(1, 20),
        rows=st.integers(1, 20),
        quality=st.just(75),
    ),
)
def test_every_picture_lies_on_its_sheet_and_cues_follow_one_another(
    seconds: float, real: float, frame: tuple[int, int], words: Storyboard
) -> None:
    plan = plan_storyboard(seconds, *frame, words)
    assert plan
    assert plan.width % 2 == plan.height % 2 == 0
    assert max(plan.width, plan.height) <= words.width + 1
    assert (plan.columns <= words.columns, plan.rows <= words.rows) == (True, True)
    pictures = ceil(seconds / plan.interval)
    assert pictures <= 1500
    lasts = seconds * real
    names = sheet_names(plan, pictures)
    cues = read_track(webvtt(plan, lasts, names))
    assert cues[0].start == 0
    assert cues[-1].end == pytest.approx(lasts, abs=0.001)
    for number, cue in enumerate(cues):
        assert cue.end > cue.start == pytest.approx(number * plan.interval)
        assert cue.left + cue.width <= plan.columns * plan.width
        assert cue.top + cue.height <= plan.rows * plan.height
    assert all(one.end == other.start for one, other in pairwise(cues))
    # Sheets are filled in their order, and no two cues share a place.
    places = [(names.index(cue.sheet), cue.top, cue.left) for cue in cues]
    assert places == sorted(set(places))
