"""One sweep's clock, its counts, and what went wrong in it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from media_pipeline.records import LeaseLostError
from media_pipeline.telemetry import logger
from sweeping.counts import Count
from sweeping.queues import Intake

RETENTION = timedelta(days=4, hours=1)
"""How long a message can wait in a queue before it is lost; the routes' queues keep four days."""

SPARE_SECONDS = 30.0
"""What is left over at the end, for a call that is slow and for the metrics."""


class SweepError(Exception):
    """Some findings could not be seen to; the log names each, and the rest is done."""


class OutOfTimeError(Exception):
    """The sweep stops here; the next one goes on."""


@dataclass
class Run:
    """`holder` is what claims say of this sweep; `started` is the now that ages are judged by.

    `known` are the key and the ETag of each recent upload that its record tells of.
    """

    counts: Counter[Count]
    holder: str
    seconds_left: Callable[[], float]
    now: Callable[[], datetime]
    failures: int = 0
    intakes: Mapping[str, Intake] = field(default_factory=dict)
    known: set[tuple[str, str]] = field(default_factory=set)
    started: datetime = field(init=False)
    _floor: float = field(default=SPARE_SECONDS, init=False)

    def __post_init__(self) -> None:
        self.started = self.now()

    def count(self, count: Count) -> None:
        """One more."""
        self.counts[count] += 1

    def is_waiting(self, route: str, since: datetime) -> bool:
        """Whether what seems lost since then may only be waiting its turn, as far as is known."""
        if route not in self.intakes:
            return True
        return self.intakes[route].waiting > 0 and since > self.started - RETENTION

    def check_time(self) -> None:
        """Raises `OutOfTimeError` once there is too little left for anything more."""
        if self.seconds_left() < self._floor:
            raise OutOfTimeError

    @contextmanager
    def passing(self, share: float = 1.0) -> Iterator[None]:
        """One pass of the sweep, for which it may use a share of the time that is left."""
        time_left = self.seconds_left() - SPARE_SECONDS
        self._floor = SPARE_SECONDS + max(time_left, 0.0) * (1 - share)
        try:
            yield
        except OutOfTimeError:
            self.counts[Count.UNFINISHED] = 1
            logger.warning("The time ran out; the next sweep goes on")

    @contextmanager
    def guarding(self, about: Mapping[str, object]) -> Iterator[None]:
        """No failure about one thing keeps the sweep from the next; each is logged and counted."""
        with logger.append_context_keys(**about):
            try:
                yield
            except OutOfTimeError:
                raise
            except LeaseLostError:
                logger.info("Another worker has taken the record since")
            except Exception:  # noqa: BLE001  # counted, and raised at the end
                logger.exception("This could not be swept")
                self.failures += 1
