"""One invocation from its start to its answer: the clock, the log lines, the forms of errors."""

from __future__ import annotations

import json
import secrets
import signal
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import uuid4

from local_aws.deployments import Deployment
from local_aws.instances import Instance, TimedOut
from local_aws.runtime_api import Exited, Failed, Invocation, Ready, Responded, Signal


@dataclass(frozen=True)
class Answer:
    """What an invocation came to: `payload` is JSON, `log` the last 4 KB that it wrote."""

    request_id: str
    version: str
    payload: bytes
    is_error: bool
    log: bytes = b""


def error_payload(error_type: str, message: str) -> bytes:
    """An error that is not the handler's, as Lambda writes it."""
    return json.dumps({"errorType": error_type, "errorMessage": message}).encode()


class Execution:
    """An invocation of `deployment` on its way.

    The timeout counts from when the handler can begin, or from `start_clock` if that is earlier.
    """

    def __init__(
        self, deployment: Deployment, payload: bytes, client_context: str | None = None
    ) -> None:
        self.request_id = str(uuid4())
        self._deployment = deployment
        self._payload = payload
        self._client_context = client_context
        self._started: float | None = None
        self._init_seconds = 0.0

    def start_clock(self) -> None:
        """From now on the timeout counts."""
        self._started = time.monotonic()

    @property
    def remaining(self) -> float:
        """Seconds until the timeout."""
        return self._deployment.timeout_seconds - self._elapsed

    @property
    def _elapsed(self) -> float:
        return 0.0 if self._started is None else time.monotonic() - self._started

    def initialize(self, instance: Instance, seconds: float) -> Signal | TimedOut:
        """Wait until `instance` can be invoked: `Ready`, or what went wrong."""
        instance.log.begin()
        if instance.is_initialized:
            return Ready()
        began = time.monotonic()
        outcome = instance.initialize(seconds)
        self._init_seconds = time.monotonic() - began
        if not isinstance(outcome, Ready):
            phase = "init" if self._started is None else "invoke"
            status = "timeout" if isinstance(outcome, TimedOut) else "error"
            instance.log.write(
                f"INIT_REPORT Init Duration: {self._init_seconds * 1000:.2f} ms\t"
                f"Phase: {phase}\tStatus: {status}"
            )
        return outcome

    def run(self, instance: Instance) -> Signal | TimedOut:
        """Invoke `instance` and wait, at most until the timeout."""
        if self._started is None:
            self.start_clock()
        self._log_start(instance)
        invocation = Invocation(
            request_id=self.request_id,
            function_arn=self._deployment.arn,
            payload=self._payload,
            deadline_ms=int((time.time() + self.remaining) * 1000),
            trace=(
                f"Root=1-{int(time.time()):08x}-{secrets.token_hex(12)};"
                f"Parent={secrets.token_hex(8)};Sampled=0"
            ),
            client_context=self._client_context,
        )
        return instance.invoke(invocation, self.remaining)

    def answer(self, instance: Instance, outcome: Signal | TimedOut) -> Answer:
        """End the log of this invocation, and say what came of it."""
        milliseconds = self._elapsed * 1000
        if not instance.is_initialized:
            self._log_start(instance)
        if isinstance(outcome, TimedOut):
            now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
            instance.log.write(f"{now} {self.request_id} {self._timed_out()}")
        instance.log.write(f"END RequestId: {self.request_id}")
        instance.log.write(
            f"REPORT RequestId: {self.request_id}\tDuration: {milliseconds:.2f} ms\t"
            f"Memory Size: {self._deployment.memory_mb} MB"
            + (f"\tInit Duration: {self._init_seconds * 1000:.2f} ms" if self._init_seconds else "")
        )
        return Answer(
            request_id=self.request_id,
            version=self._deployment.version,
            payload=self._answer_payload(outcome),
            is_error=not isinstance(outcome, Responded),
            log=instance.log.tail(),
        )

    def _log_start(self, instance: Instance) -> None:
        instance.log.write(
            f"START RequestId: {self.request_id} Version: {self._deployment.version}"
        )

    def _answer_payload(self, outcome: Signal | TimedOut) -> bytes:
        match outcome:
            case Responded(body) | Failed(body):
                return body
            case Exited(status):
                error_type, reason = "Runtime.ExitError", _how_it_ended(status)
            case _:
                error_type, reason = "Sandbox.Timedout", self._timed_out()
        return error_payload(error_type, f"RequestId: {self.request_id} Error: {reason}")

    def _timed_out(self) -> str:
        return f"Task timed out after {self._deployment.timeout_seconds:.2f} seconds"


def _how_it_ended(status: int) -> str:
    if status == 0:
        return "Runtime exited without providing a reason"
    if status < 0:
        described = (signal.strsignal(-status) or str(-status)).lower()
        return f"Runtime exited with error: signal: {described}"
    return f"Runtime exited with error: exit status {status}"
