"""One backfill from the listing to the last message."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from backfilling import state as states
from backfilling.deployed import Deployed
from backfilling.errors import BackfillError
from backfilling.estimate import Work
from backfilling.listing import Candidate, Reason, candidates, list_objects
from backfilling.options import Options
from backfilling.progress import Display
from backfilling.sending import MESSAGES_AT_ONCE, Pace, Queues, Refused
from backfilling.state import Asked, State
from backfilling.verdicts import judged
from media_pipeline.leases import format_time

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sqs import SQSClient

DisplayOf = Callable[[int], Display]
"""Makes what shows the progress from how many objects there are."""


@dataclass(frozen=True)
class Services:
    """AWS, and time."""

    s3: S3Client
    dynamodb: DynamoDBClient
    sqs: SQSClient
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    now: Callable[[], datetime] = lambda: datetime.now(UTC)


@dataclass
class Backfill:
    """What was asked for, and how far it has come.

    `counts` is what became of the objects by route (none: nobody's original) and reason; `refused`
    are those whose messages SQS will never take, `unreadable` the keys of those whose records
    say nothing that can be read. Of a dry run the state stays as it begins.
    """

    deployed: Deployed
    options: Options
    services: Services
    state: State = field(init=False)
    counts: Counter[tuple[str, Reason]] = field(default_factory=Counter)
    sizes: Counter[tuple[str, Reason]] = field(default_factory=Counter)
    refused: list[Refused] = field(default_factory=list)
    unreadable: list[str] = field(default_factory=list)
    sent: int = 0

    def __post_init__(self) -> None:
        """Raises `BackfillError` for options that do not suit the module, and a bad state file."""
        filters = self.options.filters
        every = self.deployed.recipe.keys.originals_prefix
        if not self.prefix.startswith(every):
            raise BackfillError(
                f"No original begins with {self.prefix}: begin --prefix with {every}."
            )
        if filters.route is not None and filters.route not in self.deployed.queues:
            raise BackfillError(
                f"The module has no queue for {filters.route}, only for "
                f"{' and '.join(self.deployed.queues)}."
            )
        asked = Asked(
            bucket=self.deployed.bucket,
            prefix=self.prefix,
            since=None if filters.since is None else format_time(filters.since),
            until=None if filters.until is None else format_time(filters.until),
            route=filters.route,
            recipe=self.deployed.recipe.digest,
            retry_failed=filters.retry_failed,
        )
        is_new = self.options.is_dry_run
        self.state = State(asked) if is_new else states.resume(self.state_file, asked)

    @property
    def prefix(self) -> str:
        asked = self.options.prefix
        return self.deployed.recipe.keys.originals_prefix if asked is None else asked

    @property
    def state_file(self) -> Path:
        return self.options.state or Path(f"backfill-{self.deployed.bucket}.json")

    @property
    def to_send(self) -> dict[str, Work]:
        """By route, what was found to send."""
        return {
            route: Work(self.counts[route, Reason.SEND], self.sizes[route, Reason.SEND])
            for route in self.deployed.queues
        }

    def run(self, display_of: DisplayOf) -> None:
        """Look at every object, and send what is to send unless it is a dry run.

        Raises `BackfillError` and botocore's errors; `state_file` says then how far it came.
        """
        if not self.options.is_dry_run:
            # Before anything is sent, for a run that could not go on later had better not begin.
            states.save(self.state_file, self.state)
        queues = self._queues()
        with display_of(self._count()) as display:
            for chunk in self._chunks():
                looked_at = self.counts.total()
                for candidate in chunk:
                    self._note(candidate)
                if not self.options.is_dry_run:
                    for few in _tens(chunk):
                        self._send(queues, few)
                        display.show(looked_at + chunk.index(few[-1]) + 1, self.sent)
                    self._advance(last_key=chunk[-1].through or self.state.last_key)
                display.show(self.counts.total(), self.sent)
        if not self.options.is_dry_run:
            self._advance(is_finished=True)

    def _queues(self) -> Queues:
        services = self.services
        pace = Pace(self.options.rate, services.clock, services.sleep)
        return Queues(services.sqs, self.deployed, pace, services.sleep)

    def _count(self) -> int:
        """How many objects are to be looked at."""
        return sum(1 for _ in self._listed())

    def _listed(self) -> Iterator[Candidate]:
        return list_objects(
            self.services.s3, self.deployed.bucket, self.prefix, self.state.last_key
        )

    def _chunks(self) -> Iterator[list[Candidate]]:
        found = candidates(self._listed(), self.deployed, self.options.filters)
        services = self.services
        return judged(
            found,
            services.dynamodb,
            self.deployed,
            services.now,
            services.sleep,
            retry_failed=self.options.filters.retry_failed,
        )

    def _note(self, candidate: Candidate) -> None:
        if candidate.reason is not None:
            counted = (candidate.route or "none", candidate.reason)
            self.counts[counted] += 1
            self.sizes[counted] += candidate.size
        if candidate.reason is Reason.UNREADABLE:
            self.unreadable.append(candidate.key)

    def _send(self, queues: Queues, few: Sequence[Candidate]) -> None:
        refused = queues.send(few)
        self.refused += refused
        self.sent += len(few) - len(refused)
        self._advance(last_key=few[-1].through, sent=self.state.sent + len(few) - len(refused))

    def _advance(self, **changes: str | int | bool) -> None:
        state = msgspec.structs.replace(self.state, **changes)
        # First, so that what is told of the state is what the file holds.
        states.save(self.state_file, state)
        self.state = state


def _tens(chunk: Sequence[Candidate]) -> Iterator[Sequence[Candidate]]:
    to_send = [candidate for candidate in chunk if candidate.reason is Reason.SEND]
    for start in range(0, len(to_send), MESSAGES_AT_ONCE):
        yield to_send[start : start + MESSAGES_AT_ONCE]
