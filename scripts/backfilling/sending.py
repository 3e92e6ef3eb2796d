"""Messages to the queues, in order, no faster than asked."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from backfilling.deployed import Deployed
from backfilling.errors import BackfillError
from backfilling.listing import Candidate
from media_pipeline.events import Job, write_event

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_sqs.type_defs import BatchResultErrorEntryTypeDef

MESSAGES_AT_ONCE = 10
"""What one `SendMessageBatch` takes."""

ATTEMPTS = 6

REASON = "Backfill"
"""What the events say in place of how the object was uploaded."""


class Pace:
    """At most `rate` messages a second, over any time."""

    def __init__(
        self, rate: float, clock: Callable[[], float], sleep: Callable[[float], None]
    ) -> None:
        self._seconds_each = 1 / rate
        self._clock = clock
        self._sleep = sleep
        self._free_at = clock()

    def wait(self, messages: int) -> None:
        """Return when so many may be sent."""
        early = self._free_at - self._clock()
        if early > 0:
            self._sleep(early)
        self._free_at = max(self._free_at, self._clock()) + messages * self._seconds_each


@dataclass(frozen=True)
class Refused:
    """An object whose message SQS will never take."""

    key: str
    told: str


class Queues:
    """The queues of the routes.

    A message names no version: whoever reads it asks S3 which one the key holds by then, which is
    the one that is meant, in a bucket with versions or without.
    """

    def __init__(
        self, sqs: SQSClient, deployed: Deployed, pace: Pace, sleep: Callable[[float], None]
    ) -> None:
        self._sqs = sqs
        self._deployed = deployed
        self._pace = pace
        self._sleep = sleep

    def send(self, candidates: Sequence[Candidate]) -> list[Refused]:
        """Send at most ten, each to the queue of its route.

        Raises `BackfillError` if SQS still does not take them after several tries.
        """
        refused = []
        for route, url in self._deployed.queues.items():
            of_route = [candidate for candidate in candidates if candidate.route == route]
            refused += self._send_to(url, of_route)
        return refused

    def _send_to(self, url: str, candidates: Sequence[Candidate]) -> list[Refused]:
        waiting = dict(enumerate(candidates))
        refused: list[Refused] = []
        failed: list[BatchResultErrorEntryTypeDef] = []
        for attempt in range(ATTEMPTS):
            if not waiting:
                return refused
            if attempt:
                self._sleep(0.5 * 2**attempt)
            self._pace.wait(len(waiting))
            answer = self._sqs.send_message_batch(
                QueueUrl=url,
                Entries=[
                    {"Id": str(number), "MessageBody": self._message(candidate)}
                    for number, candidate in waiting.items()
                ],
            )
            failed = answer.get("Failed", [])
            refused += [
                Refused(waiting[int(entry["Id"])].key, _told(entry))
                for entry in failed
                if entry["SenderFault"]
            ]
            again = {int(entry["Id"]) for entry in failed if not entry["SenderFault"]}
            waiting = {number: waiting[number] for number in sorted(again)}
        if waiting:
            raise BackfillError(
                f"SQS did not take {len(waiting)} messages in {ATTEMPTS} tries "
                f"({_told(failed[-1])})."
            )
        return refused

    def _message(self, candidate: Candidate) -> str:
        job = Job(
            self._deployed.bucket, candidate.key, holder=REASON, retry_failed=candidate.has_failed
        )
        return write_event(job, REASON)


def _told(entry: BatchResultErrorEntryTypeDef) -> str:
    return f"{entry['Code']}: {entry.get('Message', 'no more is said')}"
