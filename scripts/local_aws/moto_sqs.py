"""Where moto's SQS is not AWS's."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from threading import Event, RLock
from typing import Any

from moto.sqs.models import Message, SQSBackend

from local_aws.amendments import Method, amended, one_at_a_time
from local_aws.message_moves import message_moves

ALLOW_POLICY = "RedriveAllowPolicy"

WAKE_SECONDS = 0.1
"""How often a long poll looks; a message that comes back after its visibility timeout calls
nobody."""


@contextmanager
def amended_sqs(stopping: Event) -> Iterator[RLock]:
    """Amend moto's SQS; what is given is the lock that its calls take turns with.

    Long polls end once `stopping` is set.
    """
    lock = RLock()
    with ExitStack() as stack:
        stack.enter_context(amended(SQSBackend, "get_queue_attributes", _as_set))
        # A message sent while another is deleted was lost: `delete_message` replaces the list.
        for name, method in list(vars(SQSBackend).items()):
            if callable(method) and not name.startswith("_") and name != "receive_message":
                stack.enter_context(amended(SQSBackend, name, one_at_a_time(lock)))
        stack.enter_context(
            amended(SQSBackend, "receive_message", lambda once: _long_poll(once, lock, stopping))
        )
        # Asked of every message in every call; moto's own way with dates takes ten times as long.
        stack.enter_context(amended(Message, "visible", lambda _: _visible))
        stack.enter_context(amended(Message, "delayed", lambda _: _delayed))
        stack.enter_context(message_moves(lock))
        yield lock


# Any: a property is what replaces a property, and no method.
_visible: Any = property(lambda message: time.time() * 1000 > message.visible_at)
_delayed: Any = property(lambda message: time.time() * 1000 < message.delayed_until)


def _long_poll(receive: Method, lock: RLock, stopping: Event) -> Method:
    """Hold the lock to look, and not to wait."""

    def receive_message(
        self: SQSBackend,
        queue_name: str,
        count: int,
        wait_seconds_timeout: int,
        visibility_timeout: int,
        message_attribute_names: list[str] | None = None,
    ) -> list[Message]:
        end = time.monotonic() + wait_seconds_timeout
        while True:
            with lock:
                messages: list[Message] = receive(
                    self, queue_name, count, 0, visibility_timeout, message_attribute_names
                )
            if messages or time.monotonic() >= end or stopping.wait(WAKE_SECONDS):
                return messages

    return receive_message


def _as_set(original: Method) -> Method:
    """Answer what was set: compact JSON, and the redrive allow policy, which moto forgets.

    Terraform's provider compares the texts, and would wait and plan changes for ever.
    """

    def get_queue_attributes(
        self: SQSBackend, queue_name: str, attribute_names: list[str]
    ) -> dict[str, object]:
        known = [name for name in attribute_names if name != ALLOW_POLICY]
        answered: dict[str, object] = original(self, queue_name, known)
        for name in ("Policy", "RedrivePolicy"):
            if isinstance(text := answered.get(name), str):
                answered[name] = json.dumps(json.loads(text), separators=(",", ":"))
        allowed = getattr(self.get_queue(queue_name), "redrive_allow_policy", None)
        if allowed and {"All", ALLOW_POLICY} & set(attribute_names):
            answered[ALLOW_POLICY] = allowed
        return answered

    return get_queue_attributes
