"""What a backfill says of its cost and its progress."""

from __future__ import annotations

import io
import json
from dataclasses import replace

import pytest
from rich.console import Console

from backfilling.deployed import Deployed, Function
from backfilling.estimate import Dollars, Work, assumptions, estimate
from backfilling.progress import Bar, Lines
from backfilling.report import readable
from media_pipeline.recipe import load_recipe

DEPLOYED = Deployed(
    bucket="media-example",
    table="media",
    region="eu-central-1",
    queues={"images": "https://queue/images", "videos": "https://queue/videos"},
    functions={},
    recipe=load_recipe(),
)


def test_a_thousand_photos_of_four_megabytes() -> None:
    # 0.4 s + 4 x 0.12 s = 0.88 s of 1769 MB each; 11 files, 3 reads, 8 + 2 units of the table,
    # 3 requests of a queue.
    lambdas = 1000 * 0.88 * (1769 / 1024) * 0.0000166667 + 1000 * 0.0000002
    s3 = 11_000 * 0.000005 + 3000 * 0.0000004
    table = 8000 * 0.000000625 + 2000 * 0.000000125
    queue = 3000 * 0.0000004
    cost = estimate({"images": Work(1000, 4_000_000_000)}, DEPLOYED, {})["images"]
    assert cost.low == cost.high == pytest.approx(lambdas + s3 + table + queue)
    assert str(cost) == "$0.09"


def test_a_hundred_videos_of_fifty_megabytes_have_a_range() -> None:
    # 5000 MB last from 2500 s to 20,000 s; 12 files of 4 rungs, 2 of the sound, a master, 4 of the
    # first stream, 3 of the storyboard, a download and a poster: 24.
    fixed = 100 * (
        0.0000002 + 24 * 0.000005 + 3 * 0.0000004 + 60 * 0.000000625 + 2 * 0.000000125 + 0.0000012
    )
    gigabytes = 3008 / 1024
    low = (300 + 2500 * 1.1) * gigabytes * 0.0000166667 + fixed
    high = (300 + 20_000 * 1.1) * gigabytes * 0.0000166667 + fixed
    cost = estimate({"videos": Work(100, 5_000_000_000)}, DEPLOYED, {})["videos"]
    assert cost.low == pytest.approx(low)
    assert cost.high == pytest.approx(high)
    assert str(cost) == "$0.17 to $1.11"


def test_segments_that_are_objects_cost_a_write_each() -> None:
    objects = replace(DEPLOYED, recipe=load_recipe('{"videos": {"segments": "objects"}}'))
    work = {"videos": Work(1, 100_000_000)}
    one, other = estimate(work, DEPLOYED, {})["videos"], estimate(work, objects, {})["videos"]
    # Five tracks (four rungs and a sound), a segment each 4 s.
    assert other.low - one.low == pytest.approx(50 / 4 * 5 * 0.000005)
    assert other.high - one.high == pytest.approx(400 / 4 * 5 * 0.000005)


def test_what_was_measured_is_taken_as_it_is() -> None:
    work = {"videos": Work(0, 1_000_000_000)}
    small = replace(DEPLOYED, functions={"videos": Function(memory_mb=2048, architecture="arm64")})
    cost = estimate(work, small, {"videos": 2.0})["videos"]
    assert cost.low == cost.high == pytest.approx(2000 * 2 * 0.0000133334)


def test_less_memory_takes_longer_and_costs_the_same() -> None:
    work = {"images": Work(10, 40_000_000), "videos": Work(10, 400_000_000)}
    small = replace(
        DEPLOYED,
        functions={"images": Function(memory_mb=512), "videos": Function(memory_mb=10240)},
    )
    for route, cost in estimate(work, DEPLOYED, {}).items():
        other = estimate(work, small, {})[route]
        assert cost.low == pytest.approx(other.low)
        assert cost.high == pytest.approx(other.high)


def test_assumptions_are_said() -> None:
    small = replace(DEPLOYED, functions={"images": Function(3538, "arm64")})
    images, videos = assumptions(small, {"videos": 1.5})
    assert images == "images: 0.2 s each and 0.06 s per MB with 3,538 MB of arm64"
    assert videos == "videos: 3 s each and 1.5 s per MB with 3,008 MB of x86_64"
    _, videos = assumptions(DEPLOYED, {})
    assert "0.55 s to 4.4 s per MB" in videos


def test_nothing_costs_nothing() -> None:
    cost = estimate({"images": Work(), "videos": Work()}, DEPLOYED, {})
    assert cost == {"images": Dollars(0, 0), "videos": Dollars(0, 0)}
    assert str(cost["videos"]) == "$0.00"
    assert str(Dollars(0.004, 1234.5)) == "less than $0.01 to $1,234.50"


@pytest.mark.parametrize(
    ("size", "said"),
    [(0, "0 bytes"), (999, "999 bytes"), (1000, "1.0 KB"), (4_260_000_000, "4.3 GB")],
)
def test_sizes_are_readable(size: int, said: str) -> None:
    assert readable(size) == said


def test_a_log_gets_a_line_each_ten_seconds() -> None:
    lines: list[str] = []
    seconds = 0.0
    with Lines(lines.append, 5000, lambda: seconds) as display:
        for number in range(25):
            seconds = float(number)
            display.show(number * 100, number * 10)
    assert lines == ["1,000 of 5,000 looked at, 100 sent", "2,000 of 5,000 looked at, 200 sent"]


def test_a_terminal_gets_a_bar() -> None:
    console = Console(file=io.StringIO(), force_terminal=True, width=100)
    with Bar(console, 4000) as display:
        display.show(2000, 1500)
    assert isinstance(console.file, io.StringIO)
    said = console.file.getvalue()
    assert "2000/4000" in said
    assert "1,500 sent" in said


def test_every_video_recipe_counts_what_it_adds() -> None:
    def files(differences: object) -> float:
        deployed = replace(DEPLOYED, recipe=load_recipe(json.dumps({"videos": differences})))
        cost = estimate({"videos": Work(1, 0)}, deployed, {})["videos"]
        return (cost.low - estimate({"videos": Work(1, 0)}, DEPLOYED, {})["videos"].low) / 0.000005

    assert files({"first_publish": False}) == pytest.approx(-4)
    assert files({"storyboard": {"seconds": 0}, "dash": True}) == pytest.approx(-2)
    assert files({"downloads": [], "original": "copied"}) == pytest.approx(0)
