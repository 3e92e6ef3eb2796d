"""A message's way back to its queue."""

from __future__ import annotations

from typing import TYPE_CHECKING

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from media_pipeline.telemetry import logger

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord

RETRY_SECONDS = (10, 60, 300)
"""How long a message that failed stays hidden, after its first, second and later receives."""


class Queue:
    """Whatever queue a message came from; its client is made when the first message fails."""

    def __init__(self, config: Config, max_receives: int) -> None:
        self._config = config
        self._max_receives = max_receives

    def is_first_receive(self, record: SQSRecord) -> bool:
        """Whether the message was not handed out before."""
        return _receives(record) == 1

    def is_last_receive(self, record: SQSRecord) -> bool:
        """Whether the message becomes a dead letter if it fails this time too."""
        return _receives(record) >= self._max_receives

    def postpone(self, record: SQSRecord, *, is_busy: bool = False) -> None:
        """Let the message come back sooner than the visibility timeout, which outlasts a whole job.

        One that waits for another worker (`is_busy`) has the visibility timeout before its last
        receive, for that outlasts any lease.
        A refusal is only logged: the message then comes back later.
        """
        if is_busy and _receives(record) == self._max_receives - 1:
            return
        attempt = min(_receives(record), len(RETRY_SECONDS)) - 1
        seconds = 0 if self.is_last_receive(record) else RETRY_SECONDS[attempt]
        account, name = record.event_source_arn.split(":")[-2:]
        sqs = boto3.client("sqs", config=self._config)
        try:
            sqs.change_message_visibility(
                QueueUrl=f"{sqs.meta.endpoint_url}/{account}/{name}",
                ReceiptHandle=record.receipt_handle,
                VisibilityTimeout=seconds,
            )
        except (BotoCoreError, ClientError):
            logger.exception("The message keeps its visibility timeout")


def _receives(record: SQSRecord) -> int:
    return int(record.attributes.approximate_receive_count)
