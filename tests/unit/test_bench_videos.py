"""The benchmark's own arithmetic, and that its contenders make the same of a clip."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console
from rich.table import Table

from clips import full_ffmpeg, layer_on_path, moving_clip
from goals import goals_table
from media_pipeline.recipe import load_recipe
from processes import BenchmarkError, Spent, run
from rounds import in_rounds, rounds_named
from transcoding.plan import Plan, PlannedRung, plan
from transcoding.probe import probe
from videos import RECORD, ours
from videos.contenders import (
    FIRST,
    FLOOR,
    OURS,
    PASSTHROUGH,
    USUAL,
    floor,
    floor_cpu,
    ready_frames,
    usual,
)
from videos.figures import Measured, contenders_table, figures, goals, similarities_table
from videos.measuring import together
from videos.outputs import (
    Coded,
    Ladder,
    bytes_in,
    mismatch,
    our_rungs,
    passed_through,
    read_ladder,
    usual_rungs,
)
from videos.sources import similarity


def rounds(*cpu: float) -> list[Spent]:
    return [Spent(seconds, 2 * seconds, 50_000_000) for seconds in cpu]


def measured() -> Measured:
    """Three rounds, the second of them on a machine that was three times as slow."""
    return Measured(
        spent={
            OURS: rounds(20, 60, 22),
            PASSTHROUGH: rounds(10, 36, 11),
            FIRST: rounds(0.5, 1.2, 0.44),
            USUAL: rounds(50, 150, 44),
            FLOOR: rounds(16, 48, 20),
        },
        sizes={OURS: 1000, PASSTHROUGH: 900, FIRST: 100, USUAL: 1250},
        picture_sizes={OURS: 600, USUAL: 500},
        similarities={
            OURS: {"360p": 0.9704, "1080p": 0.99},
            USUAL: {"360p": 0.98, "1080p": 0.9696},
        },
    )


def lines(table: Table) -> list[list[str]]:
    """The table's printed words, row by row, columns apart."""
    console = Console(record=True, width=120)
    console.print(table)
    rows = [line.split("  ") for line in console.export_text().splitlines()]
    return [[cell.strip() for cell in row if cell.strip()] for row in rows if "".join(row).strip()]


def test_the_figures_compare_the_medians_of_the_rounds_own_ratios() -> None:
    assert figures(measured()) == pytest.approx(
        {
            "cpu_vs_usual": 0.4,
            "cpu_vs_floor": 1.25,
            "passthrough_vs_full": 0.5,
            "first_publish_vs_full": 0.02,
            "min_ssim": 0.97,
            "usual_min_ssim": 0.97,
            "bytes_vs_usual": 0.8,
            "picture_bytes_vs_usual": 1.2,
        }
    )


def test_each_figure_is_held_to_its_goal_and_the_ssim_to_the_usual_ways() -> None:
    answer = figures(measured())
    verdicts = {row[0]: row[2:] for row in lines(goals_table(answer, goals(answer)))[2:]}
    assert verdicts == {
        "cpu_vs_usual": ["at most 0.5", "met"],
        "cpu_vs_floor": ["at most 1.05", "not met"],
        "passthrough_vs_full": ["at most 0.6", "met"],
        "first_publish_vs_full": ["at most 0.03", "met"],
        "min_ssim": ["at least 0.97", "met"],
        "usual_min_ssim": [],
        "bytes_vs_usual": ["at most 1.05", "met"],
        "picture_bytes_vs_usual": ["at most 1.05", "not met"],
    }
    worse = answer | {"min_ssim": 0.969}
    assert ["min_ssim", "0.969", "at least 0.97", "not met"] in lines(
        goals_table(worse, goals(worse))
    )


def test_the_tables_have_a_row_for_everyone() -> None:
    assert lines(contenders_table(measured()))[2:] == [
        [OURS, "22.00", "44.00", "50", "1,000"],
        [PASSTHROUGH, "11.00", "22.00", "50", "900"],
        [FIRST, "0.50", "1.00", "50", "100"],
        [USUAL, "50.00", "100.00", "50", "1,250"],
        # Wall and memory of the floor's processes are not the floor's.
        [FLOOR, "20.00"],
    ]
    assert lines(similarities_table(measured()))[2:] == [
        ["360p", "0.97040", "0.98000"],
        ["1080p", "0.99000", "0.96960"],
    ]


def test_the_floor_has_one_decode() -> None:
    # Scales of 3 and 5 seconds beside a decode of 2, encodes of 20 and 40 beside reading, a sound.
    parts = ([2 + 3, 2 + 5], [0.5, 0.25], [0.5 + 20, 0.25 + 40], [1])
    assert floor_cpu(2, *parts) == 2 + 3 + 5 + 20 + 40 + 1


def test_processes_one_after_the_other_add_up() -> None:
    assert together([Spent(1, 2, 30), Spent(10, 20, 20)]) == Spent(11, 22, 30)


def test_rounds_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    assert list(in_rounds(2, said.append)) == [1, 2]
    assert said[:2] == ["Round 1 of 2", "Round 2 of 2"]
    monkeypatch.delenv("ROUNDS", raising=False)
    assert rounds_named(3) == 3
    monkeypatch.setenv("ROUNDS", "7")
    assert rounds_named(3) == 7
    for wrong in ("0", "-1", "two", "1.5"):
        monkeypatch.setenv("ROUNDS", wrong)
        with pytest.raises(BenchmarkError, match=f"not {wrong}"):
            rounds_named(3)


@pytest.mark.parametrize(
    "difference",
    [
        {"90p": Coded(160, 90, 75, (0, 49))},
        {"90p": Coded(160, 90, 74, (0, 50))},
        {"90p": Coded(160, 92, 75, (0, 50))},
        {"180p": Coded(320, 180, 75, (0, 50))},
    ],
)
def test_who_made_something_else_is_named(difference: dict[str, Coded]) -> None:
    same = Ladder({"90p": Coded(160, 90, 75, (0, 50))}, 1000)
    assert mismatch(same, replace(same, picture_bytes=2000)) is None
    other = Ladder({**same.rungs, **difference}, 1000)
    (name,) = difference
    assert f"{name} is" in (mismatch(same, other) or "")
    assert f"{name} is" in (mismatch(other, same) or "")


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """What a stream can have as it is: closed groups of a second, a steady rate, stereo."""
    folder = tmp_path_factory.mktemp("bench")
    grid = ["-g", "25", "-keyint_min", "25", "-sc_threshold", "0", "-b:v", "300k", "-ac", "2"]
    tags = ["-vf", "setparams=range=tv:color_primaries=bt709:color_trc=bt709:colorspace=bt709"]
    moving_clip(folder / "clip.mp4", seconds=3.0, options=[*grid, *tags, "-bf", "0"])
    with layer_on_path(folder):
        yield folder / "clip.mp4"


def planned(clip: Path) -> Plan:
    recipe = load_recipe().videos
    return plan(probe(clip, recipe.limits.pixels, lambda: 60.0), recipe)


def made(way: str, clip: Path, folder: Path) -> Path:
    folder.mkdir()
    ours.main(way, clip, folder)
    return folder


def run_usual(clip: Path, folder: Path) -> Path:
    folder.mkdir()
    for command in usual(clip, planned(clip), folder):
        run(command, os.environ)
    return folder


def x264_settings(path: Path) -> bytes:
    """What x264 says of itself in a message to whom it may concern (SEI, user data)."""
    match = re.search(rb"x264 - core [ -~]+keyint=[ -~]+", path.read_bytes())
    assert match
    return match[0]


def test_both_ways_make_the_same_pictures(clip: Path, tmp_path: Path) -> None:
    here = made("full", clip, tmp_path / "here")
    elsewhere = run_usual(clip, tmp_path / "elsewhere")
    ladder = read_ladder(our_rungs(here))
    others = read_ladder(usual_rungs(planned(clip), elsewhere))
    # Groups of the recipe's two seconds, 25 frames in each.
    assert ladder.rungs == {"180p": Coded(320, 180, 75, (0, 50))}
    assert mismatch(ladder, others) is None
    # The same settings, as the encoder itself wrote them; rate control is not repeatable to a byte.
    assert x264_settings(here / "hls" / "180p.mp4") == x264_settings(elsewhere / "180p.mp4")
    assert ladder.picture_bytes == pytest.approx(others.picture_bytes, rel=0.02)
    assert sorted(path.name for path in elsewhere.iterdir()) == [
        "180p.mp4",
        "download-180p.mp4",
        "poster.jpg",
        "sheet-00001.jpg",
    ]
    outputs = {str(path.relative_to(here)) for path in here.rglob("*.*")}
    assert {
        "downloads/180p.mp4",
        "hls/master.m3u8",
        "storyboard/sheet-00001.jpg",
        "storyboard/storyboard.vtt",
        "thumb.jpg",
    } <= outputs
    assert passed_through(here) is None
    # What it worked with is gone.
    assert sorted(path.name for path in tmp_path.iterdir()) == ["elsewhere", "here"]


def test_a_source_that_allows_it_is_passed_through_and_published_first(
    clip: Path, tmp_path: Path
) -> None:
    full = made("passthrough", clip, tmp_path / "full")
    assert passed_through(full) == "180p"
    first = made("first", clip, tmp_path / "first")
    names = {path.name for path in (first / "hls").iterdir()}
    assert {"first.m3u8", "180p.mp4", "audio.mp4"} <= names
    assert not {"master.m3u8", "thumb.jpg"} & names
    assert (first / "hls" / "180p.mp4").read_bytes() == (full / "hls" / "180p.mp4").read_bytes()


def test_the_floors_processes_write_nothing_but_the_frames_they_are_given(
    clip: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    plan_of_clip = planned(clip)
    for command in ready_frames(clip, plan_of_clip, tmp_path):
        run(command, os.environ)
    sizes = {path.name: path.stat().st_size for path in tmp_path.iterdir()}
    assert sizes == {"180p.yuv": 75 * 320 * 180 * 3 // 2}
    commands = floor(clip, plan_of_clip, tmp_path)
    parts = (commands.scales, commands.reads, commands.encodes, commands.sounds)
    assert [len(part) for part in parts] == [1, 1, 1, 1]
    for command in [commands.decode, *(command for part in parts for command in part)]:
        run(command, os.environ)
    assert [path.name for path in tmp_path.iterdir()] == ["180p.yuv"]
    assert floor(clip, replace(plan_of_clip, sounds=()), tmp_path).sounds == []


def test_the_usual_way_has_a_process_for_every_output(clip: Path, tmp_path: Path) -> None:
    rungs = tuple(PlannedRung(f"{side}p", 2 * side, side, 1, 1, 1) for side in (360, 480, 720))
    with_ladder = replace(planned(clip), rungs=rungs, downloads=("720p", "360p"))
    commands = usual(clip, with_ladder, tmp_path)
    assert sorted(Path(command[-1]).name for command in commands) == [
        "360p.mp4",
        "480p.mp4",
        "720p.mp4",
        "download-360p.mp4",
        "download-720p.mp4",
        "poster.jpg",
        "sheet-%05d.jpg",
    ]
    without = replace(with_ladder, storyboard=None, downloads=())
    assert len(usual(clip, without, tmp_path)) == 4


def test_a_picture_is_like_itself_and_less_like_a_worse_one(clip: Path, tmp_path: Path) -> None:
    worse = tmp_path / "worse.mp4"
    full_ffmpeg("-i", clip, "-c:v", "libx264", "-qp", "45", "-an", worse)
    assert similarity(clip, clip, (320, 180)) == 1.0
    assert 0.3 < similarity(worse, clip, (320, 180)) < 0.95


def test_bytes_are_counted_in_all_folders_and_without_the_record(tmp_path: Path) -> None:
    (tmp_path / "hls").mkdir()
    (tmp_path / "hls" / "a.mp4").write_bytes(bytes(30))
    (tmp_path / "b.jpg").write_bytes(bytes(4))
    (tmp_path / RECORD).write_bytes(bytes(1000))
    assert bytes_in(tmp_path) == 34
