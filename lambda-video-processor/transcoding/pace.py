"""Whether a run that has begun can end in time: told from how fast it is."""

from __future__ import annotations

import time
from collections.abc import Callable

from media_pipeline.failures import PermanentError
from transcoding.refusals import senseless_times
from transcoding.sealed import SecondsLeft

# Before this many seconds FFmpeg's start weighs too much for its speed to mean anything.
_FIRST_LOOK = 15.0


class Pace:
    """Follows a run over `seconds` of video, 0 if that is not known, and never over `longest`."""

    def __init__(
        self,
        seconds: float,
        longest: float,
        seconds_left: SecondsLeft,
        report: Callable[[str, int], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._seconds = seconds
        self._longest = longest
        self._seconds_left = seconds_left
        self._report = report
        self._clock = clock
        self._started = clock()

    def follow(self, done: float) -> None:
        """Takes in that `done` seconds of video are made.

        Raises `PermanentError` with `time_limit` as soon as the rest, at the speed so far, takes
        longer than there is time, and with `corrupt_video` when there is no end.
        """
        if done > self._longest:
            raise senseless_times(self._longest)
        if not self._seconds:
            return
        share = min(1.0, done / self._seconds)
        self._report("transcoding", int(100 * share))
        spent = self._clock() - self._started
        if spent < _FIRST_LOOK or share <= 0:
            return
        needed = spent / share - spent
        left = self._seconds_left()
        if needed > left:
            raise PermanentError(
                "time_limit",
                f"What is made of the video would take about {needed:,.0f} more seconds, and the "
                f"function has {left:,.0f} left; raise timeout_seconds or memory_mb in functions, "
                "ask for fewer or smaller pictures, or upload a shorter video.",
            )
