"""The benchmark's own arithmetic: what it tells its contenders, and what it makes of the runs."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console
from rich.table import Table

from goals import goals_table, median_ratio
from images.contenders import FLOOR, OURS, PYVIPS, SHARP_BEST, SHARP_USUAL
from images.figures import (
    GOALS,
    Measured,
    Shape,
    contenders_table,
    figures,
    mismatch,
)
from images.job import BenchmarkJob, Output, outputs_of
from media_pipeline.recipe import load_recipe
from media_pipeline.stills import Encoding, Rendition
from processes import BenchmarkError, Spent, run

CARD = Output("card", 300, 225, "jpg", 80, None, progressive=True)
PAGE = Output("page", 640, 480, "webp", 75, 4, progressive=False)


def rounds(*cpu: float, wall: float = 1.0, peak: int = 50_000_000) -> list[Spent]:
    return [Spent(seconds, wall, peak) for seconds in cpu]


def measured() -> Measured:
    """Three rounds, the second of them on a machine that was three times as slow."""
    return Measured(
        spent={
            OURS: [
                Spent(1, 0.6, 90_000_000),
                Spent(3, 2.1, 130_000_000),
                Spent(1, 0.5, 80_000_000),
            ],
            SHARP_USUAL: rounds(2, 6, 2),
            SHARP_BEST: rounds(1.25, 3.75, 1.25),
            PYVIPS: rounds(4, 12, 4),
            FLOOR: rounds(0.8, 2.4, 0.8, wall=123.0, peak=456_000_000),
        },
        sizes={OURS: 900, SHARP_USUAL: 1000, SHARP_BEST: 500, PYVIPS: 600, FLOOR: 700},
        similarities={"ours": {"3x2": 0.99, "6x4": 0.98}, "sharp": {"3x2": 0.97, "6x4": 0.995}},
        starts={"ours": [0.5, 1.2, 0.6], "bare": [0.4, 1.0, 0.4]},
        peak_100mp=250_000_000,
    )


def without_node() -> Measured:
    answer = measured()
    for name in (SHARP_USUAL, SHARP_BEST):
        del answer.spent[name], answer.sizes[name]
    del answer.similarities["sharp"]
    return answer


def lines(table: Table) -> list[list[str]]:
    """The table's printed words, row by row, columns apart."""
    console = Console(record=True, width=120)
    console.print(table)
    rows = [line.split("  ") for line in console.export_text().splitlines()]
    return [[cell.strip() for cell in row if cell.strip()] for row in rows if "".join(row).strip()]


def test_a_ratio_is_the_median_of_the_rounds_own() -> None:
    # The ratio of the medians would be 4 / 2.
    assert median_ratio([1, 4, 9], [2, 1, 3]) == 3
    with pytest.raises(ValueError, match="shorter"):
        median_ratio([1, 2], [1])


def test_every_output_has_the_recipes_settings_and_the_records_size() -> None:
    recipe = {
        "page": Rendition({"jpg": Encoding(80, progressive=False), "webp": Encoding(75)}, width=9),
        "card": Rendition({"webp": Encoding(60, effort=0), "jpg": Encoding(70)}, width=9),
    }
    recorded: list[dict[str, Any]] = [
        {"name": "card", "width": 300, "height": 225, "formats": {}},
        {"name": "page", "width": 640, "height": 480, "formats": {}},
    ]
    assert outputs_of(recipe, recorded) == [
        Output("page", 640, 480, "jpg", 80, None, progressive=False),
        Output("page", 640, 480, "webp", 75, 4, progressive=False),
        Output("card", 300, 225, "webp", 60, 0, progressive=False),
        Output("card", 300, 225, "jpg", 70, None, progressive=True),
    ]


def test_a_rendition_that_the_record_lacks_is_no_output() -> None:
    with pytest.raises(KeyError, match="thumb"):
        outputs_of(load_recipe().images.renditions, [])


def test_a_job_is_read_as_it_was_written(tmp_path: Path) -> None:
    again = replace(CARD, format="webp", progressive=False)
    job = BenchmarkJob(Path("a photo.jpg"), [CARD, PAGE, again])
    job.write(tmp_path / "job.json")
    assert BenchmarkJob.read(tmp_path / "job.json") == job
    assert job.sizes == [(640, 480), (300, 225)]
    assert [output.file for output in job.outputs] == ["card.jpg", "page.webp", "card.webp"]


ALIKE = {"card.jpg": Shape(300, 225, True), "page.webp": Shape(640, 480, False)}


@pytest.mark.parametrize(
    ("difference", "file"),
    [
        ({"card.jpg": Shape(300, 226, True)}, "card.jpg"),
        ({"card.jpg": Shape(300, 225, False)}, "card.jpg"),
        ({"more.webp": Shape(1, 1, False)}, "more.webp"),
    ],
)
def test_who_made_something_else_is_named(difference: dict[str, Shape], file: str) -> None:
    assert mismatch("sharp", [CARD, PAGE], ALIKE) is None
    sentence = mismatch("sharp", [CARD, PAGE], ALIKE | difference) or ""
    assert f"sharp made {file} as" in sentence


def test_who_made_too_little_is_named() -> None:
    sentence = mismatch("sharp", [CARD, PAGE], {"card.jpg": ALIKE["card.jpg"]}) or ""
    assert "sharp made page.webp as nothing" in sentence


def test_the_figures_compare_this_project_with_each_of_the_others() -> None:
    assert figures(measured()) == pytest.approx(
        {
            "cpu_vs_sharp_usual": 0.5,
            "cpu_vs_sharp_best": 0.8,
            "cpu_vs_pyvips": 0.25,
            "cpu_vs_floor": 1.25,
            "wall_vs_cpu": 0.6,
            "peak_mb": 130,
            "peak_mb_100mp": 250,
            "min_ssim": 0.98,
            "sharp_min_ssim": 0.97,
            "bytes_vs_sharp": 0.9,
            "cold_start_vs_bare_boto3": 1.25,
        }
    )


def test_without_node_the_figures_about_sharp_are_null_and_the_others_stay() -> None:
    of_sharp = {
        "cpu_vs_sharp_usual",
        "cpu_vs_sharp_best",
        "sharp_min_ssim",
        "bytes_vs_sharp",
    }
    full, answer = figures(measured()), figures(without_node())
    assert {name for name, figure in answer.items() if figure is None} == of_sharp
    assert {n: f for n, f in full.items() if n not in of_sharp} == {
        n: f for n, f in answer.items() if n not in of_sharp
    }
    assert lines(contenders_table(without_node()))[3:5] == [
        [SHARP_USUAL, "not here"],
        [SHARP_BEST, "not here"],
    ]
    assert ["bytes_vs_sharp", "not here", "at most 1.05"] in lines(goals_table(answer, GOALS))


def test_the_table_has_a_row_for_everyone() -> None:
    rows = lines(contenders_table(measured()))
    assert rows[2:] == [
        [OURS, "1.000", "0.600", "130", "900"],
        [SHARP_USUAL, "2.000", "1.000", "50", "1,000"],
        [SHARP_BEST, "1.250", "1.000", "50", "500"],
        [PYVIPS, "4.000", "1.000", "50", "600"],
        # Wall and memory of the floor's process are not the floor's.
        [FLOOR, "0.800", "700"],
    ]


@pytest.mark.parametrize(
    ("name", "figure", "verdict"),
    [
        ("cpu_vs_floor", 1.10, "met"),
        ("cpu_vs_floor", 1.101, "not met"),
        ("peak_mb", 159.9, "met"),
        ("peak_mb", 160.0, "not met"),
        ("min_ssim", 0.985, "met"),
        ("min_ssim", 0.9849, "not met"),
    ],
)
def test_a_figure_is_held_to_its_goal(name: str, figure: float, verdict: str) -> None:
    (row,) = lines(goals_table({name: figure}, GOALS))[2:]
    assert row == [name, f"{figure:.4g}", str(GOALS[name]), verdict]


def test_a_figure_without_a_goal_is_only_shown() -> None:
    assert lines(goals_table({"cpu_vs_pyvips": 0.25}, GOALS))[2:] == [["cpu_vs_pyvips", "0.25"]]


def test_a_process_is_measured_with_its_children() -> None:
    # Each burns CPU until its own clock says that a tenth of a second is gone.
    burn = "import time\nwhile time.process_time() < 0.1: pass\n"
    code = f"import subprocess, sys\n{burn}subprocess.run([sys.executable, '-c', {burn!r}])\n"
    spent, said = run([sys.executable, "-c", code + "print('done')"], {})
    assert spent.cpu >= 0.2
    assert spent.wall > 0
    assert said == b"done\n"


def test_a_process_that_fails_says_why() -> None:
    with pytest.raises(BenchmarkError, match=r"ended with 1:\n.*no photo"):
        run([sys.executable, "-c", "raise SystemExit('there is no photo')"], {})
