"""Invocations as AWS does them: warm instances, cold starts, and retries of asynchronous ones.

https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html
https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from threading import BoundedSemaphore, Event, Lock, Thread
from uuid import uuid4

from moto.awslambda.models import LambdaFunction

from local_aws.deployments import Deployment, UnrunnableError, deployment_of
from local_aws.executions import Answer, Execution, error_payload
from local_aws.instances import Host, Instance
from local_aws.runtime_api import Failed, Ready, Responded

INIT_SECONDS = 10.0
"""What initialization may take before it is begun again in the invocation's own time."""

ASYNCHRONOUS_AT_ONCE = 10
"""The concurrency of a new account."""

RETRY_SECONDS = (60.0, 120.0)
"""How long after a failure an asynchronous invocation is tried again."""


class Invocations:
    """Runs functions in as many instances as it takes, and keeps those warm."""

    def __init__(self, host: Host, retry_seconds: Sequence[float] = RETRY_SECONDS) -> None:
        self._pool = _Pool(host)
        self._retry_seconds = retry_seconds
        self._asynchronous = BoundedSemaphore(ASYNCHRONOUS_AT_ONCE)
        self._stopping = Event()

    def invoke(
        self, function: LambdaFunction, payload: bytes, client_context: str | None = None
    ) -> Answer:
        """Run `function` once, and wait for it. Errors are answers too."""
        try:
            deployment = deployment_of(function)
        except UnrunnableError as error:
            body = error_payload("Runtime.Unsupported", str(error))
            return Answer(str(uuid4()), str(function.version), body, is_error=True)
        execution = Execution(deployment, payload, client_context)
        instance = self._pool.take(deployment)
        outcome = execution.initialize(instance, INIT_SECONDS)
        if not isinstance(outcome, Ready):
            # AWS tries once more, now in the invocation's own time.
            self._pool.discard([instance])
            execution.start_clock()
            instance = self._pool.start(deployment)
            outcome = execution.initialize(instance, execution.remaining)
        if isinstance(outcome, Ready):
            outcome = execution.run(instance)
        if instance.is_initialized and isinstance(outcome, Responded | Failed):
            answer = execution.answer(instance, outcome)
            self._pool.give_back(instance)
            return answer
        self._pool.discard([instance])
        return execution.answer(instance, outcome)

    def invoke_later(self, function: LambdaFunction, payload: bytes) -> None:
        """Run `function` without waiting, and again after failures."""
        Thread(target=self._invoke_patiently, args=(function, payload), daemon=True).start()

    def retire(self, arn: str) -> None:
        """Stop the idle instances of a function that is no more."""
        self._pool.retire(arn)

    def stop(self) -> None:
        """Kill every instance; what they were doing fails, and nothing is tried again."""
        self._stopping.set()
        self._pool.stop()

    def _invoke_patiently(self, function: LambdaFunction, payload: bytes) -> None:
        configured = [config.config for config in function.event_invoke_config][-1:]
        retries = configured[0].get("MaximumRetryAttempts", 2) if configured else 2
        for seconds in [0.0, *self._retry_seconds[:retries]]:
            if self._stopping.wait(seconds):
                return
            with self._asynchronous:
                if self._stopping.is_set() or not self.invoke(function, payload).is_error:
                    return


class _Pool:
    """The instances of all functions, idle or not; safe to use from several threads."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._lock = Lock()
        self._is_open = True
        self._instances: set[Instance] = set()
        self._idle: dict[str, list[Instance]] = {}

    def take(self, deployment: Deployment) -> Instance:
        """The instance that was used last, or a new one; what was started otherwise is stopped."""
        with self._lock:
            idle = self._idle.pop(deployment.arn, [])
            warm = [i for i in idle if i.is_alive and i.deployment == deployment]
            taken = warm.pop() if warm else None
            self._idle[deployment.arn] = warm
        self.discard([i for i in idle if i is not taken and i not in warm])
        return taken or self.start(deployment)

    def start(self, deployment: Deployment) -> Instance:
        """A new instance, which has yet to initialize."""
        instance = Instance(deployment, self._host)
        with self._lock:
            self._instances.add(instance)
            is_open = self._is_open
        if not is_open:
            self.discard([instance])
        return instance

    def give_back(self, instance: Instance) -> None:
        """Keep `instance` warm."""
        with self._lock:
            if self._is_open:
                self._idle.setdefault(instance.deployment.arn, []).append(instance)

    def discard(self, instances: Iterable[Instance]) -> None:
        """Stop `instances`."""
        stopped = list(instances)
        for instance in stopped:
            instance.stop()
        with self._lock:
            self._instances.difference_update(stopped)

    def retire(self, arn: str) -> None:
        """Stop the idle instances of the function `arn`."""
        with self._lock:
            idle = self._idle.pop(arn, [])
        self.discard(idle)

    def stop(self) -> None:
        """Stop all instances, and whatever is started from now on."""
        with self._lock:
            self._is_open = False
            instances = list(self._instances)
        self.discard(instances)
