"""When frames are shown, and the constant rate that they keep."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from fractions import Fraction

LONGEST_GOP = Fraction(10)
"""Seconds. More, and players buffer badly and seek slowly."""

# Times rounded to ticks as coarse as this share of a frame look constant whatever they are.
_COARSEST_TICK = Fraction(1, 8)


def constant_rate(
    times: Sequence[int], timescale: int, usual: Collection[Fraction] = ()
) -> Fraction | None:
    """Frames per second, if ascending `times` (ticks) lie on one grid, each at most a tick off it.

    Equal gaps give their own rate; times rounded to ticks give the one of `usual` that explains
    them best, else the simplest that does. None if no rate does.
    """
    if len(times) < 2 or times[1] <= times[0]:
        return None
    gap, first = times[1] - times[0], times[0]
    if all(time - first == number * gap for number, time in enumerate(times)):
        return Fraction(timescale, gap)
    gaps = _possible_gaps(times)
    if gaps is None or gaps[0] * _COARSEST_TICK < 1:
        return None
    slowest, fastest = timescale / gaps[1], timescale / gaps[0]
    middle = (slowest + fastest) / 2
    fitting = [rate for rate in usual if slowest <= rate <= fastest]
    return min(fitting, key=lambda rate: abs(rate - middle), default=_simplest(slowest, fastest))


def _possible_gaps(times: Sequence[int]) -> tuple[Fraction, Fraction] | None:
    """The shortest and the longest gap with which every time is at most one tick off the grid.

    Fractions are compared as integers: there may be half a million.
    """
    low, low_over = 0, 1
    high, high_over = times[1] - times[0] + 1, 1
    for number in range(1, len(times)):
        ticks = times[number] - times[0]
        if (ticks - 1) * low_over > low * number:
            low, low_over = ticks - 1, number
        if (ticks + 1) * high_over < high * number:
            high, high_over = ticks + 1, number
        if low * high_over > high * low_over:
            return None
    return Fraction(low, low_over), Fraction(high, high_over)


def _simplest(low: Fraction, high: Fraction) -> Fraction:
    """The fraction with the smallest denominator from `low` to `high`, both positive."""
    whole = -(-low.numerator // low.denominator)
    if whole <= high:
        return Fraction(whole)
    below = whole - 1
    return below + 1 / _simplest(1 / (high - below), 1 / (low - below))


def peak_bitrate(times: Sequence[int], sizes: Sequence[int], window: int, timescale: int) -> int:
    """The most bits per second that any `window` ticks hold, `sizes` being bytes at `times`.

    Times ascend. A stream that is shorter than the window is taken to fill it.
    """
    most, inside, first = 0, 0, 0
    for time, size in zip(times, sizes, strict=True):
        inside += size
        while time - times[first] >= window:
            inside -= sizes[first]
            first += 1
        most = max(most, inside)
    return -(-8 * most * timescale // window)
