"""How far a run has come, on a terminal or in a log."""

from __future__ import annotations

from collections.abc import Callable
from types import TracebackType
from typing import Protocol, Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

SECONDS_BETWEEN_LINES = 10.0


class Display(Protocol):
    """Shows how many objects of how many were looked at, and how many messages were sent."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...

    def show(self, looked_at: int, sent: int) -> None:
        """Both since the run began."""


class Bar:
    """A bar on a terminal."""

    def __init__(self, console: Console, total: int) -> None:
        columns = (
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("looked at, {task.fields[sent]:,} sent"),
            TimeRemainingColumn(),
        )
        self._progress = Progress(*columns, console=console)
        self._task = self._progress.add_task("", total=total, sent=0)

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._progress.stop()

    def show(self, looked_at: int, sent: int) -> None:
        """Both since the run began."""
        self._progress.update(self._task, completed=looked_at, sent=sent)


class Lines:
    """A line every ten seconds, for a log."""

    def __init__(self, say: Callable[[str], None], total: int, clock: Callable[[], float]) -> None:
        self._say = say
        self._total = total
        self._clock = clock
        self._due = clock() + SECONDS_BETWEEN_LINES

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        return None

    def show(self, looked_at: int, sent: int) -> None:
        """Both since the run began."""
        if self._clock() >= self._due:
            self._say(f"{looked_at:,} of {self._total:,} looked at, {sent:,} sent")
            self._due = self._clock() + SECONDS_BETWEEN_LINES
