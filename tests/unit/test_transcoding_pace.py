"""A run that cannot end in time is stopped as soon as its speed is known."""

from __future__ import annotations

import pytest

from media_pipeline.failures import PermanentError
from transcoding.pace import Pace


class Clock:
    """Goes when it is told to."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def paced(clock: Clock, seconds: float, deadline: float) -> tuple[Pace, list[tuple[str, int]]]:
    reports: list[tuple[str, int]] = []
    pace = Pace(
        seconds,
        2 * seconds + 60,
        lambda: 1000.0 + deadline - clock.now,
        lambda stage, share: reports.append((stage, share)),
        clock,
    )
    return pace, reports


def test_progress_is_the_share_of_the_video_that_is_made(clock: Clock) -> None:
    pace, reports = paced(clock, 200.0, 900.0)
    for done in (0.0, 1.0, 99.0, 199.9, 203.0):
        pace.follow(done)
    assert reports == [("transcoding", share) for share in (0, 0, 49, 99, 100)]


def test_a_run_that_ends_in_time_goes_on(clock: Clock) -> None:
    pace, reports = paced(clock, 1000.0, 900.0)
    for second in range(0, 890, 10):
        clock.now = 1000.0 + second
        pace.follow(second / 890 * 1000)
    assert len(reports) == 89


def test_a_run_that_cannot_end_in_time_is_stopped_at_the_first_look(clock: Clock) -> None:
    pace, _ = paced(clock, 7200.0, 900.0)
    clock.now += 14.9
    pace.follow(15.0)
    clock.now += 0.2
    with pytest.raises(PermanentError) as refused:
        pace.follow(30.0)
    assert refused.value.code == "time_limit"
    needed = 15.1 * 7200 / 30 - 15.1
    assert f"{needed:,.0f} more seconds" in refused.value.sentence
    assert "885 left" in refused.value.sentence
    assert "timeout_seconds" in refused.value.sentence


def test_a_run_of_unknown_length_is_left_to_its_deadline(clock: Clock) -> None:
    pace, reports = paced(clock, 0.0, 10.0)
    clock.now += 100.0
    pace.follow(1.0)
    assert reports == []


def test_a_run_that_shows_nothing_yet_is_not_judged(clock: Clock) -> None:
    pace, reports = paced(clock, 60.0, 20.0)
    clock.now += 16.0
    pace.follow(0.0)
    assert reports == [("transcoding", 0)]


def test_a_run_without_an_end_is_stopped(clock: Clock) -> None:
    pace, _ = paced(clock, 10.0, 900.0)
    pace.follow(79.0)
    with pytest.raises(PermanentError, match=r"^corrupt_video.* after 80 seconds"):
        pace.follow(81.0)
