"""The routes' queues."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from media_pipeline.events import Job, write_event

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient


REASON = "Sweep"
"""What the messages give as S3's reason, such as `PutObject`."""


@dataclass(frozen=True)
class Intake:
    """Since when a route takes uploads, and how many messages wait in its queue."""

    created: datetime
    waiting: int


class Queues:
    """`urls` are the queues' by route; a route without one is processed by invocation alone."""

    def __init__(self, client: SQSClient, urls: Mapping[str, str]) -> None:
        self._client = client
        self.urls = urls

    def has(self, route: str | None) -> bool:
        return route in self.urls

    def send(self, route: str, job: Job) -> None:
        """Tell the route's function of an upload, as S3 would."""
        self._client.send_message(QueueUrl=self.urls[route], MessageBody=write_event(job, REASON))

    def intakes(self) -> dict[str, Intake]:
        """Each route's, as it is now."""
        return {route: self._intake(url) for route, url in self.urls.items()}

    def _intake(self, url: str) -> Intake:
        told = self._client.get_queue_attributes(
            QueueUrl=url, AttributeNames=["CreatedTimestamp", "ApproximateNumberOfMessages"]
        )["Attributes"]
        return Intake(
            datetime.fromtimestamp(float(told["CreatedTimestamp"]), UTC),
            int(told["ApproximateNumberOfMessages"]),
        )
