"""Where videos are cut, for any length, rate and wish."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cutting.cuts import Cut, plan_cuts, snap_cuts
from cutting.options import Fixed, Random
from media_pipeline.failures import PermanentError

RATES = st.sampled_from([Fraction(25), Fraction(30), Fraction(30000, 1001), Fraction(1, 2)])
SECONDS = st.fractions(min_value=Fraction(1, 100), max_value=4000, max_denominator=48000)
LENGTHS = st.fractions(min_value=5, max_value=600, max_denominator=100)


def lengths(cuts: tuple[Cut, ...], rate: Fraction) -> list[Fraction]:
    return [(cut.after - cut.first) / rate for cut in cuts]


def test_the_tail_is_kept() -> None:
    cuts = plan_cuts(Fraction(241, 2), Fixed(Fraction(30)), Fraction(30))
    assert lengths(cuts, Fraction(30)) == [30, 30, 30, 30, Fraction(1, 2)]


def test_no_empty_segment_follows_a_last_whole_one() -> None:
    cuts = plan_cuts(Fraction(60), Fixed(Fraction(30)), Fraction(25))
    assert cuts == (Cut(0, 750), Cut(750, 1500))


@given(SECONDS, LENGTHS, RATES)
def test_fixed_pieces_are_nearest_to_their_time_and_together_the_whole(
    seconds: Fraction, length: Fraction, rate: Fraction
) -> None:
    cuts = plan_cuts(seconds, Fixed(length), rate)
    assert cuts[0].first == 0
    assert abs(cuts[-1].after - seconds * rate) <= Fraction(1, 2) or cuts == (Cut(0, 1),)
    for number, cut in enumerate(cuts):
        assert cut.after > cut.first
        assert abs(cut.first - number * length * rate) <= Fraction(1, 2)
        assert number == 0 or cut.first == cuts[number - 1].after


@given(SECONDS, LENGTHS, LENGTHS, RATES, st.integers(0, 99))
def test_random_pieces_keep_to_their_bounds(
    seconds: Fraction, one: Fraction, other: Fraction, rate: Fraction, seed: int
) -> None:
    options = Random(min(one, other), max(one, other), seed)
    cuts = plan_cuts(seconds, options, rate)
    assert cuts == plan_cuts(seconds, options, rate)
    assert cuts[-1].after == max(1, round(seconds * rate))
    *inner, last = lengths(cuts, rate)
    assert all(options.shortest - 1 / rate <= length for length in inner)
    assert all(length <= options.longest + 1 / rate for length in [*inner, last])
    longer = plan_cuts(seconds + 100, options, rate)
    assert longer[: len(cuts) - 1] == cuts[:-1]


def test_random_pieces_are_spread_over_their_bounds() -> None:
    options = Random(Fraction(10), Fraction(20), 3)
    found = sorted(lengths(plan_cuts(Fraction(15_000), options, Fraction(30)), Fraction(30)))[1:-1]
    tenths = [sum(10 + n <= length < 11 + n for length in found) / len(found) for n in range(10)]
    assert all(0.06 < share < 0.14 for share in tenths), tenths


def test_without_a_seed_no_two_jobs_are_cut_the_same() -> None:
    options = Random(Fraction(5), Fraction(600))
    first, second = (plan_cuts(Fraction(7200), options, Fraction(30)) for _ in range(2))
    assert first != second


def test_too_many_segments_are_refused() -> None:
    with pytest.raises(PermanentError, match="too_many_segments"):
        plan_cuts(Fraction(50_000), Fixed(Fraction(5)), Fraction(30))


def test_cuts_snap_to_the_nearest_key_frame() -> None:
    keys = [Fraction(key, 10) for key in (0, 38, 52, 99, 200)]
    wanted = [Fraction(time) for time in (0, 5, 10, 15, 19, 21)]
    # 15 is nearer to 20 than to 9.9; 19 and 21 have the same, which is taken once.
    assert snap_cuts(wanted, keys) == [Fraction(key, 10) for key in (0, 52, 99, 200)]


@given(
    st.sets(st.integers(1, 300), min_size=0, max_size=40),
    st.sets(st.integers(1, 300), max_size=20),
)
def test_snapped_cuts_ascend_and_none_is_nearer(keys: set[int], wanted: set[int]) -> None:
    possible = [Fraction(key) for key in sorted({0, *keys})]
    times = [Fraction(time) for time in sorted({0, *wanted})]
    chosen = snap_cuts(times, possible)
    assert chosen == sorted(set(chosen))
    assert chosen[0] == 0
    for time in times[1:]:
        nearest = min(abs(key - time) for key in possible)
        assert min(abs(key - time) for key in chosen) == nearest
