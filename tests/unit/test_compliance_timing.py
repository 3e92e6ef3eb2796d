"""Rates, peaks and segments: arithmetic, against the same found by trying everything."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from bitstream.timing import constant_rate, peak_bitrate
from transcoding.plan import STANDARD_RATES

TIMESCALES = (600, 1000, 12800, 15360, 16000, 30000, 90000)


@given(
    rate=st.sampled_from(STANDARD_RATES),
    timescale=st.sampled_from(TIMESCALES),
    frames=st.integers(400, 1000),
    start=st.integers(0, 1000),
    half=st.sampled_from([Fraction(0), Fraction(1, 2)]),
)
def test_a_standard_rate_is_found_in_rounded_times(
    rate: Fraction, timescale: int, frames: int, start: int, half: Fraction
) -> None:
    assume(timescale / rate >= 10)
    # Times of neighbouring rates are told apart once they differ by a few ticks.
    assume(frames * timescale / rate / 1001 > 4)
    times = [start + (number * timescale / rate + half).__floor__() for number in range(frames)]
    assert constant_rate(times, timescale, STANDARD_RATES) == rate


@given(
    gap=st.integers(1, 5000),
    timescale=st.sampled_from(TIMESCALES),
    frames=st.integers(2, 200),
)
def test_equal_gaps_are_a_rate_of_their_own(gap: int, timescale: int, frames: int) -> None:
    times = range(0, gap * frames, gap)
    assert constant_rate(times, timescale, STANDARD_RATES) == Fraction(timescale, gap)


@given(
    rate=st.fractions(1, 60, max_denominator=200),
    frames=st.integers(300, 600),
    moved=st.integers(1, 299),
    ticks=st.integers(3, 300).flatmap(lambda most: st.sampled_from([most, -most])),
)
def test_one_frame_off_the_grid_is_a_rate_that_varies(
    rate: Fraction, frames: int, moved: int, ticks: int
) -> None:
    times = [round(number * 90000 / rate) for number in range(frames)]
    times[moved] += ticks
    assert constant_rate(times, 90000, STANDARD_RATES) is None


@given(
    timescale=st.sampled_from((600, 1000, 90000)),
    gap=st.fractions(8, 30, max_denominator=20),
    jitter=st.lists(st.integers(-2, 2), min_size=2, max_size=8),
)
def test_a_rate_explains_every_time_to_a_tick(
    timescale: int, gap: Fraction, jitter: list[int]
) -> None:
    times = [round(number * gap) + off for number, off in enumerate(jitter)]
    elapsed = {number: time - times[0] for number, time in enumerate(times) if number}
    rate = constant_rate(times, timescale, STANDARD_RATES)
    if rate:
        grid = timescale / rate
        assert all(abs(ticks - number * grid) <= 1 for number, ticks in elapsed.items())
    else:
        # No gap suits both of some two times, or ticks are too coarse to tell.
        longest = min(Fraction(ticks + 1, number) for number, ticks in elapsed.items())
        shortest = max(Fraction(ticks - 1, number) for number, ticks in elapsed.items())
        assert shortest > longest or shortest < 8


@pytest.mark.parametrize("times", [[], [0], [0, 0], [0, 0, 512], [0, 512, 512, 1024]])
def test_times_without_a_grid(times: list[int]) -> None:
    assert constant_rate(times, 12800) is None


def test_times_rounded_too_coarsely_prove_nothing() -> None:
    times = [0, 1, 2, 3, 5, 6, 7, 8]
    assert constant_rate(times, 30) is None
    assert constant_rate([0, 33, 67, 100, 133], 1000) == 30


def test_an_unusual_rate_is_the_simplest_that_explains_the_times() -> None:
    times = [round(number * Fraction(1000 * 3, 50)) for number in range(500)]
    assert constant_rate(times, 1000, STANDARD_RATES) == Fraction(50, 3)
    times = [round(number * Fraction(1000 * 7, 100)) + number % 2 for number in range(500)]
    assert constant_rate(times, 1000, STANDARD_RATES) == Fraction(100, 7)


@given(
    frames=st.lists(st.tuples(st.integers(1, 40), st.integers(0, 10**6)), min_size=1, max_size=40),
    window=st.integers(1, 300),
    timescale=st.integers(1, 1000),
)
def test_the_peak_is_that_of_the_fullest_window(
    frames: list[tuple[int, int]], window: int, timescale: int
) -> None:
    times = [sum(gap for gap, _ in frames[:number]) - 50 for number in range(len(frames))]
    sizes = [size for _, size in frames]
    spans = [
        sum(size for time, size in zip(times, sizes, strict=True) if first <= time < first + window)
        for first in range(-50, times[-1] + 1)
    ]
    peak = peak_bitrate(times, sizes, window, timescale)
    assert 0 <= peak - max(spans) * 8 * Fraction(timescale, window) < 1
