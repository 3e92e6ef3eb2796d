"""Event source mappings: a poller per mapping, which knows queues by their public API alone.

https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html
"""

from __future__ import annotations

import json
import logging
import math
import time
from threading import Condition, Event, Lock, Thread
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from moto.awslambda.models import EventSourceMapping
from moto.awslambda.utils import get_backend
from moto.core.exceptions import JsonRESTError

from local_aws.batches import Record, done_of, passes, record_of
from local_aws.event_patterns import filter_of
from local_aws.invocations import Invocations

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

logger = logging.getLogger(__name__)

POLL_SECONDS = 1
"""How long one receive waits; Lambda's 20 s would only delay the end of a mapping."""

MOST_PER_RECEIVE = 10
DEFAULT_CONCURRENCY = 5
"""How many batches are in work at once where the mapping does not say; Lambda begins with five."""


class Mappings:
    """The pollers of all mappings, by UUID."""

    def __init__(self, endpoint: str, invocations: Invocations) -> None:
        self._endpoint = endpoint
        self._invocations = invocations
        self._pollers: dict[str, Poller] = {}

    def start(self, mapping: EventSourceMapping) -> None:
        """Begin to poll for a mapping that was created."""
        sqs: SQSClient = boto3.session.Session(
            aws_access_key_id="test",
            aws_secret_access_key="test",  # noqa: S106
            region_name=mapping.region,
        ).client("sqs", endpoint_url=self._endpoint, config=Config(proxies={}))
        poller = Poller(mapping, sqs, self._invocations)
        self._pollers[mapping.uuid] = poller
        poller.start()

    def settle(self, uuid: str) -> None:
        """Return when nothing is received any more by what the mapping was before a change."""
        if uuid in self._pollers:
            self._pollers[uuid].settle()

    def remove(self, uuid: str) -> None:
        """Stop polling for a mapping that was deleted; batches in work are finished."""
        if poller := self._pollers.pop(uuid, None):
            poller.stop()
            poller.settle()

    def stop(self) -> None:
        """Stop polling altogether."""
        for poller in self._pollers.values():
            poller.stop()

    def join(self) -> None:
        """Wait for what is in work."""
        for poller in self._pollers.values():
            poller.join()
        self._pollers.clear()


class Poller:
    """Receives for one mapping, and runs each batch in a thread of its own.

    It reads the mapping anew each time around, so that an update takes effect.
    """

    def __init__(
        self, mapping: EventSourceMapping, sqs: SQSClient, invocations: Invocations
    ) -> None:
        self._mapping = mapping
        self._sqs = sqs
        self._invocations = invocations
        _, account, queue = mapping.event_source_arn.split(":")[3:6]
        self._queue_url = f"{sqs.meta.endpoint_url}/{account}/{queue}"
        self._stopping = Event()
        self._receiving = Lock()
        self._in_work = 0
        self._changed = Condition()
        self._name = f"poller of {mapping.event_source_arn}"
        self._thread = Thread(target=self._poll, name=self._name, daemon=True)

    def start(self) -> None:
        """Begin to receive."""
        self._thread.start()

    def stop(self) -> None:
        """Receive no more."""
        self._stopping.set()
        with self._changed:
            self._changed.notify_all()

    def settle(self) -> None:
        """Wait for a receive that is under way."""
        with self._receiving:
            pass

    def join(self) -> None:
        """After `stop`, wait for what is in work."""
        self._thread.join()

    def _poll(self) -> None:
        while not self._stopping.is_set():
            with self._changed:
                self._changed.wait_for(self._may_receive, timeout=POLL_SECONDS)
                if not self._may_receive():
                    continue
            try:
                with self._receiving:
                    records = self._receive()
                self._dispatch(records)
            except (BotoCoreError, ClientError, JsonRESTError):
                # A queue or a function that is gone: AWS keeps trying, too.
                logger.exception("polling %s", self._queue_url)
                self._stopping.wait(POLL_SECONDS)
        with self._changed:
            self._changed.wait_for(lambda: self._in_work == 0)

    def _may_receive(self) -> bool:
        scaling = self._mapping.scaling_config or {}
        concurrency = scaling.get("MaximumConcurrency") or DEFAULT_CONCURRENCY
        return bool(self._mapping.enabled) and self._in_work < concurrency

    def _receive(self) -> list[Record]:
        """A batch: what is there at once, or what comes within the batching window."""
        if not self._mapping.enabled or self._stopping.is_set():
            return []
        size = self._mapping.batch_size
        records = self._receive_once(size, POLL_SECONDS)
        window_end = time.monotonic() + (self._mapping.max_batch_window or 0)
        while records and len(records) < size and not self._stopping.is_set():
            remaining = window_end - time.monotonic()
            if remaining <= 0:
                break
            seconds = min(POLL_SECONDS, math.ceil(remaining))
            records += self._receive_once(size - len(records), seconds)
        return records

    def _receive_once(self, most: int, seconds: int) -> list[Record]:
        answer = self._sqs.receive_message(
            QueueUrl=self._queue_url,
            MaxNumberOfMessages=min(most, MOST_PER_RECEIVE),
            WaitTimeSeconds=seconds,
            AttributeNames=["All"],
            MessageAttributeNames=["All"],
        )
        return [record_of(m, self._mapping.event_source_arn) for m in answer.get("Messages", ())]

    def _dispatch(self, records: list[Record]) -> None:
        criteria: dict[str, Any] = self._mapping.filter_criteria or {}
        filters = [filter_of(one["Pattern"]) for one in criteria.get("Filters", ())]
        batch = [record for record in records if passes(record, filters)]
        self._delete([record for record in records if record not in batch])
        if batch:
            with self._changed:
                self._in_work += 1
            Thread(target=self._work, args=(batch,), name=self._name, daemon=True).start()

    def _work(self, batch: list[Record]) -> None:
        try:
            self._delete(self._invoke(batch))
        except (BotoCoreError, ClientError, JsonRESTError):
            logger.exception("a batch of %s", self._queue_url)
        finally:
            with self._changed:
                self._in_work -= 1
                self._changed.notify_all()

    def _invoke(self, batch: list[Record]) -> list[Record]:
        """The records that are done. The others come back after the queue's visibility timeout."""
        mapping = self._mapping
        function = get_backend(mapping.account_id, mapping.region).get_function(
            mapping.function_arn
        )
        answer = self._invocations.invoke(function, json.dumps({"Records": batch}).encode())
        if answer.is_error:
            return []
        reports_failures = "ReportBatchItemFailures" in (mapping.function_response_types or ())
        ids = [str(record["messageId"]) for record in batch]
        done = done_of(ids, answer.payload, reports_failures)
        return [record for record in batch if record["messageId"] in done]

    def _delete(self, records: list[Record]) -> None:
        for first in range(0, len(records), MOST_PER_RECEIVE):
            self._sqs.delete_message_batch(
                QueueUrl=self._queue_url,
                Entries=[
                    {"Id": str(number), "ReceiptHandle": str(record["receiptHandle"])}
                    for number, record in enumerate(records[first : first + MOST_PER_RECEIVE])
                ],
            )
