"""SQS's message move tasks, which moto lacks: what a dead-letter queue holds goes back.

https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_StartMessageMoveTask.html

A task is over before it is answered, however slow it was asked to be.
"""

from __future__ import annotations

import json
import time
from base64 import b64encode
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from threading import RLock
from typing import Any
from uuid import uuid4

from moto.core.responses import ActionResult
from moto.sqs.exceptions import SQSException
from moto.sqs.models import Message, Queue, SQSBackend
from moto.sqs.responses import SQSResponse

from local_aws.amendments import Method, amended, one_at_a_time

MOST_LISTED = 10
UNKNOWN_SOURCE = "CouldNotDetermineMessageSource"
"""Why a message stays where it is: nobody knows which queue it comes from."""

ORIGIN = "origin"
"""An attribute of a message: the name of the queue that it was sent to."""

Task = dict[str, Any]
"""One of the `Results` of `ListMessageMoveTasks`."""


class ResourceNotFoundError(SQSException):
    """A queue that is named does not exist."""

    def __init__(self, parameter: str) -> None:
        super().__init__(
            "ResourceNotFoundException",
            f"The resource that you specified for the {parameter} parameter doesn't exist.",
        )


class NoDeadLetterQueueError(SQSException):
    """No queue's redrive policy names the source."""

    def __init__(self) -> None:
        super().__init__(
            "InvalidParameterValue", "Source queue must be configured as a Dead Letter Queue."
        )


@contextmanager
def message_moves(lock: RLock) -> Iterator[None]:
    """Give moto's SQS `StartMessageMoveTask` and `ListMessageMoveTasks`."""
    tasks: dict[str, list[Task]] = {}
    with ExitStack() as stack:
        stack.enter_context(amended(Queue, "add_message", _with_origin))
        for name, method in (
            ("start_message_move_task", _start(tasks)),
            ("list_message_move_tasks", _list(tasks)),
        ):
            setattr(SQSResponse, name, one_at_a_time(lock)(method))
            stack.callback(delattr, SQSResponse, name)
        yield


def _with_origin(original: Method) -> Method:
    """Note where a message was sent to, which moto forgets when it becomes a dead letter."""

    def add_message(self: Queue, message: Message) -> None:
        vars(message).setdefault(ORIGIN, self.name)
        original(self, message)

    return add_message


def _start(tasks: dict[str, list[Task]]) -> Method:
    def start_message_move_task(self: SQSResponse) -> ActionResult:
        backend, source_arn = self.sqs_backend, self._get_param("SourceArn")
        source = _queue(backend, source_arn, "SourceArn")
        if not backend.list_dead_letter_source_queues(source.name):
            raise NoDeadLetterQueueError
        task: Task = {
            "SourceArn": source_arn,
            "StartedTimestamp": int(time.time() * 1000),
        }
        destination = None
        if destination_arn := self._get_param("DestinationArn"):
            destination = _queue(backend, destination_arn, "DestinationArn")
            task["DestinationArn"] = destination_arn
        if pace := self._get_param("MaxNumberOfMessagesPerSecond"):
            task["MaxNumberOfMessagesPerSecond"] = pace
        _move(backend, source, destination, task)
        tasks.setdefault(source_arn, []).insert(0, task)
        handle = {"taskId": str(uuid4()), "sourceArn": source_arn}
        return ActionResult({"TaskHandle": b64encode(json.dumps(handle).encode()).decode()})

    return start_message_move_task


def _list(tasks: dict[str, list[Task]]) -> Method:
    def list_message_move_tasks(self: SQSResponse) -> ActionResult:
        source_arn = self._get_param("SourceArn")
        _queue(self.sqs_backend, source_arn, "SourceArn")
        count = min(self._get_param("MaxResults") or 1, MOST_LISTED)
        return ActionResult({"Results": tasks.get(source_arn, [])[:count]})

    return list_message_move_tasks


def _queue(backend: SQSBackend, arn: str, parameter: str) -> Queue:
    for queue in backend.queues.values():
        if queue.queue_arn == arn:
            return queue
    raise ResourceNotFoundError(parameter)


def _move(backend: SQSBackend, source: Queue, destination: Queue | None, task: Task) -> None:
    """Send what is visible anew, as AWS does: with an id of its own and no receives."""
    moved, remaining = 0, 0
    for message in [message for message in source._messages if message.visible]:
        target = destination or backend.queues.get(vars(message)[ORIGIN])
        if target is None or target is source:
            remaining += 1
            continue
        source._messages.remove(message)
        source._pending_messages.discard(message)
        backend.send_message(
            target.name,
            message.body,
            message.message_attributes,
            deduplication_id=message.deduplication_id,
            group_id=message.group_id,
            system_attributes=message.system_attributes,
        )
        moved += 1
    task["ApproximateNumberOfMessagesMoved"] = moved
    task["ApproximateNumberOfMessagesToMove"] = moved + remaining
    task["Status"] = "FAILED" if remaining else "COMPLETED"
    if remaining:
        task["FailureReason"] = UNKNOWN_SOURCE
