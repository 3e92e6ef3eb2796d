"""Where a video is cut: arithmetic on whole frames."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import count, pairwise

from cutting.options import Fixed, Options, Random
from media_pipeline.failures import PermanentError

MOST_CUTS = 1500
"""A record may have the key and the URL of each: 270 bytes, of the 400 KB that an item may have."""


@dataclass(frozen=True, slots=True)
class Cut:
    """One segment: the number of its first frame, and that of the first after it."""

    first: int
    after: int


def plan_cuts(seconds: Fraction, options: Options, frame_rate: Fraction) -> tuple[Cut, ...]:
    """The segments of a video that lasts `seconds`, together all of its frames.

    Every boundary is the frame nearest to its exact time, so that roundings do not add up. For a
    seed, a longer video is cut where a shorter one is, and on. Raises `PermanentError` with
    `too_many_segments` beyond `MOST_CUTS`.
    """
    frames = max(1, round(seconds * frame_rate))
    starts = [0]
    for time in _boundaries(options):
        frame = round(time * frame_rate)
        if frame >= frames:
            break
        if frame > starts[-1]:
            starts.append(frame)
        if len(starts) > MOST_CUTS:
            raise PermanentError(
                "too_many_segments",
                f"The video would have more than {MOST_CUTS} segments; ask for longer ones.",
            )
    return tuple(Cut(first, after) for first, after in pairwise([*starts, frames]))


def snap_cuts(wanted: Sequence[Fraction], possible: Sequence[Fraction]) -> list[Fraction]:
    """The times, among those `possible`, that are nearest to each wanted one; no time twice.

    Both ascend and begin with the video's start.
    """
    chosen = [possible[0]]
    place = 0
    for time in wanted[1:]:
        while place + 1 < len(possible) and possible[place + 1] <= time:
            place += 1
        nearest = min(possible[place : place + 2], key=lambda near: abs(near - time))
        if nearest > chosen[-1]:
            chosen.append(nearest)
    return chosen


def _boundaries(options: Options) -> Iterator[Fraction]:
    """When the second, third ... segment begins, without end."""
    match options:
        case Fixed(seconds):
            yield from (number * seconds for number in count(1))
        case Random(shortest, longest, seed):
            # Chance here needs to be repeatable, and guards nothing.
            chance = random.Random(seed)  # noqa: S311
            time = Fraction(0)
            while True:
                time += shortest + (longest - shortest) * Fraction(chance.random())
                yield time
