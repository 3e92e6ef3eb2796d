"""What S3 tells EventBridge, in AWS's own words.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html

moto's events have another shape and one constant sequencer, and go out before the object has its
metadata. Here they are noted while a request is served, and leave once it was answered.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from queue import SimpleQueue
from uuid import uuid4

from moto.events.models import Rule, events_backends
from moto.events.utils import EventMessageType
from moto.s3.models import FakeBucket, FakeKey
from moto.s3.notifications import S3NotificationEvent

logger = logging.getLogger(__name__)

REASONS = {
    S3NotificationEvent.OBJECT_CREATED_PUT_EVENT: "PutObject",
    S3NotificationEvent.OBJECT_CREATED_POST_EVENT: "POST Object",
    S3NotificationEvent.OBJECT_CREATED_COPY_EVENT: "CopyObject",
    S3NotificationEvent.OBJECT_CREATED_COMPLETE_MULTIPART_UPLOAD_EVENT: "CompleteMultipartUpload",
}
"""The call that made an object. Deletions, tags and the like are not told of here."""


@dataclass(frozen=True)
class Told:
    """An event, and the rules that were enabled when it happened.

    Chosen then and not when it is delivered: who switches a rule on after an upload was answered
    can rely on its not being told of that upload.
    """

    event: EventMessageType
    rules: list[Rule]


@dataclass
class Request:
    """A request that is being served, and the events that it causes."""

    request_id: str
    source_ip: str
    events: list[Told] = field(default_factory=list)


class S3Events:
    """Notes events in the threads of requests, and delivers them in one of its own."""

    def __init__(self) -> None:
        self._here = threading.local()
        self._sequencer = _Sequencer()
        self._leaving: SimpleQueue[Told | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._deliver, name="EventBridge", daemon=True)
        self._thread.start()

    @contextmanager
    def noted(self, request_id: str, source_ip: str) -> Iterator[Callable[[], None]]:
        """Note the events of one request in this thread; call what is given once it is answered."""
        request = Request(request_id, source_ip)

        def send() -> None:
            for event in request.events:
                self._leaving.put(event)

        self._here.request = request
        try:
            yield send
        finally:
            self._here.request = None

    def note(
        self, account_id: str, bucket: FakeBucket, cause: S3NotificationEvent, key: FakeKey
    ) -> None:
        """What moto calls when an object of a bucket that speaks to EventBridge has changed."""
        request: Request | None = getattr(self._here, "request", None)
        if cause in REASONS and request is not None:
            rules = events_backends[account_id][bucket.region_name].event_buses["default"].rules
            request.events.append(
                Told(
                    self._event(account_id, cause, bucket, key, request),
                    [rule for rule in list(rules.values()) if rule.state == "ENABLED"],
                )
            )

    def stop(self) -> None:
        """Deliver what is under way, and no more."""
        self._leaving.put(None)
        self._thread.join()

    def _event(
        self,
        account_id: str,
        cause: S3NotificationEvent,
        bucket: FakeBucket,
        key: FakeKey,
        request: Request,
    ) -> EventMessageType:
        described: dict[str, object] = {
            "key": key.name,
            "size": key.size,
            "etag": key.etag.strip('"'),
        }
        if bucket.is_versioned:
            described["version-id"] = key.version_id
        described["sequencer"] = self._sequencer.next()
        return {
            "version": "0",
            "id": str(uuid4()),
            "detail-type": "Object Created",
            "source": "aws.s3",
            "account": account_id,
            # moto writes it as AWS does when it sends the event to a target.
            "time": time.time(),
            "region": bucket.region_name,
            "resources": [bucket.arn],
            "detail": {
                "version": "0",
                "bucket": {"name": bucket.name},
                "object": described,
                "request-id": request.request_id,
                "requester": account_id,
                "source-ip-address": request.source_ip,
                "reason": REASONS[cause],
            },
        }

    def _deliver(self) -> None:
        while (told := self._leaving.get()) is not None:
            for rule in told.rules:
                with _survived(told.event):
                    if rule.event_pattern.get_pattern():
                        rule.send_to_targets(told.event, transform_input=False)


@contextmanager
def _survived(event: EventMessageType) -> Iterator[None]:
    """As on AWS, nobody is told of a target that does not exist, and the others are served."""
    try:
        yield
    except Exception:
        logger.exception("an event of %s", event["resources"])


class _Sequencer:
    """Hexadecimal numbers that grow, also when the clock goes back. Called one at a time."""

    def __init__(self) -> None:
        self._last = 0

    def next(self) -> str:
        self._last = max(self._last + 1, int(time.time() * 2**32))
        return f"{self._last:018X}"
