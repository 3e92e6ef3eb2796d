"""Every call that a worker makes to AWS stops here, until the schedule says what becomes of it."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from threading import Semaphore, Thread, current_thread
from types import FrameType

from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.exceptions import ConnectionClosedError, EndpointConnectionError
from moto.core.botocore_stubber import MockRawResponse

PRODUCT = (
    "/lambda-common/",
    "/lambda-image-processor/",
    "/lambda-video-processor/",
    "/lambda-sweep/",
)


class Fate(Enum):
    """What becomes of one call."""

    PASSED = "passed"
    KILLED_BEFORE = "killed before"
    KILLED_AFTER = "killed after"
    THROTTLED = "throttled"
    FAILED = "failed"
    REFUSED = "refused"
    LOST = "lost"
    """Carried out, and the connection broke before the answer."""


KILLS = (Fate.KILLED_BEFORE, Fate.KILLED_AFTER)
FAULTS = (Fate.THROTTLED, Fate.FAILED, Fate.REFUSED, Fate.LOST)


class Killed(BaseException):
    """Takes the place of SIGKILL: no handler of the product's catches it."""


@dataclass(frozen=True)
class Call:
    """One attempt of one request; `site` is who makes it and for what."""

    service: str
    operation: str
    site: str


class Worker(Thread):
    """A function's invocation, which runs only while the schedule waits for it.

    It stops at each call to AWS, `pending`, and goes on when `step` says what becomes of that.
    `deadline` is until when it may run, `skew` how wrong its clock is, `kind` whether it is a
    `sweep` or a `function`; `receives` is how often its message was handed out, if it has one.
    """

    def __init__(
        self,
        work: Callable[[], object],
        ended: Callable[[Worker], None],
        deadline: datetime,
        skew: timedelta,
        kind: str,
        receives: int | None,
    ) -> None:
        super().__init__(daemon=True)
        self.deadline = deadline
        self.skew = skew
        self.kind = kind
        self.receives = receives
        self._work = work
        self._ended = ended
        self._may_run = Semaphore(0)
        self._has_stopped = Semaphore(0)
        self._fate = Fate.PASSED
        self.pending: Call | None = None
        self.is_dead = False
        self.has_ended = False
        self.answer: object = None
        self.error: BaseException | None = None

    def run(self) -> None:
        self._may_run.acquire()
        try:
            self.answer = self._work()
        except BaseException as error:  # noqa: BLE001
            self.error = error
        self.has_ended = True
        self._ended(self)
        self.pending = None
        self._has_stopped.release()

    def step(self, fate: Fate = Fate.PASSED) -> None:
        """Let the pending call meet its fate, and the worker run up to its next call."""
        self._fate = fate
        if fate in KILLS:
            self.is_dead = True
        self._may_run.release()
        self._has_stopped.acquire()

    def stop_at(self, call: Call) -> Fate:
        """In the worker's own thread: wait for what becomes of `call`."""
        if self.is_dead:
            return Fate.KILLED_BEFORE
        self.pending = call
        self._has_stopped.release()
        self._may_run.acquire()
        return self._fate


class Gate:
    """Stands between botocore's clients and moto.

    `carry_out` answers a request, in true time. `passed` is told of each call that took effect.
    """

    def __init__(
        self,
        carry_out: Callable[[str, AWSPreparedRequest], AWSResponse],
        passed: Callable[[Call, AWSResponse], None],
        met: Callable[[Call, Fate], None],
    ) -> None:
        self._carry_out = carry_out
        self._passed = passed
        self._met = met

    def __call__(self, event_name: str, request: AWSPreparedRequest, **_: object) -> AWSResponse:
        worker = current_thread()
        if not isinstance(worker, Worker) or worker.has_ended:
            return self._carry_out(event_name, request)
        service, operation = event_name.split(".")[1:]
        call = Call(service, operation, site_of(operation, request, sys._getframe()))
        fate = worker.stop_at(call)
        self._met(call, fate)
        if fate is Fate.KILLED_BEFORE:
            raise Killed
        if fate is Fate.REFUSED:
            raise EndpointConnectionError(endpoint_url=request.url)
        if fate in (Fate.THROTTLED, Fate.FAILED):
            return _refusal(service, request.url, fate)
        response = self._carry_out(event_name, request)
        self._passed(call, response)
        if fate is Fate.KILLED_AFTER:
            raise Killed
        if fate is Fate.LOST:
            raise ConnectionClosedError(endpoint_url=request.url)
        return response


THROTTLING = {
    "dynamodb": (400, "com.amazonaws.dynamodb.v20120810#ThrottlingException"),
    "s3": (503, "SlowDown"),
    "sqs": (400, "com.amazonaws.sqs#RequestThrottled"),
}


def _refusal(service: str, url: str, fate: Fate) -> AWSResponse:
    status, code = THROTTLING[service] if fate is Fate.THROTTLED else (500, "InternalError")
    if service == "s3":
        body = f"<Error><Code>{code}</Code><Message>try again</Message></Error>"
    else:
        body = f'{{"__type": "{code}", "message": "try again"}}'
    return AWSResponse(url, status, {}, MockRawResponse(body))  # type: ignore[arg-type]


def site_of(operation: str, request: AWSPreparedRequest, frame: FrameType | None) -> str:
    """Which method of the product calls AWS, and of an output its name.

    Of the innermost of the product's files, the outermost function: `Catalog.complete`, not
    `Catalog._write`.
    """
    file = ""
    found = "?"
    while frame is not None:
        code = frame.f_code
        if not file and any(part in code.co_filename for part in PRODUCT):
            file = code.co_filename
        if file:
            if code.co_filename != file:
                break
            found = code.co_qualname
        frame = frame.f_back
    if operation == "PutObject":
        return f"put {request.url.split('/renditions/')[-1].split('/', 3)[-1]}"
    return f"{found} ({operation})"
