"""The routes' queues."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from media_pipeline.events import Job, write_event

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient


class Queues:
    """`urls` are the queues' by route; a route without one is processed by invocation alone."""

    def __init__(self, client: SQSClient, urls: Mapping[str, str]) -> None:
        self._client = client
        self.urls = urls

    def has(self, route: str | None) -> bool:
        return route in self.urls

    def send(self, route: str, job: Job, reason: str) -> None:
        """Tell the route's function of an upload, as S3 would."""
        self._client.send_message(QueueUrl=self.urls[route], MessageBody=write_event(job, reason))

    def created(self) -> dict[str, datetime]:
        """When each route began to take uploads."""
        return {
            route: datetime.fromtimestamp(
                float(
                    self._client.get_queue_attributes(
                        QueueUrl=url, AttributeNames=["CreatedTimestamp"]
                    )["Attributes"]["CreatedTimestamp"]
                ),
                UTC,
            )
            for route, url in self.urls.items()
        }
