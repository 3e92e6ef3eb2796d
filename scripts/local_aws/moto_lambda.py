"""Where moto's Lambda is not AWS's."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from threading import RLock
from typing import Any
from urllib.parse import unquote

from moto.awslambda.exceptions import InvalidParameterValueException, LambdaClientError
from moto.awslambda.models import EventSourceMapping, LambdaBackend, LambdaFunction
from moto.awslambda.responses import LambdaResponse
from moto.events.exceptions import InvalidEventPatternException
from moto.sqs.models import Queue, sqs_backends

from local_aws.amendments import Method, amended
from local_aws.environment import refusal
from local_aws.event_patterns import filter_of
from local_aws.invocations import Invocations
from local_aws.mappings import Mappings

HttpAnswer = tuple[int, dict[str, str], bytes]
Spec = dict[str, Any]


@contextmanager
def amended_lambda(invocations: Invocations, mappings: Mappings, sqs: RLock) -> Iterator[None]:
    """Run functions with `invocations`, never with moto's Docker, and poll with `mappings`."""
    amendments: list[tuple[type, str, Callable[[Method], Method]]] = [
        (LambdaResponse, "invoke", lambda _: _invoke(invocations)),
        (LambdaFunction, "invoke", lambda _: _invoke_later(invocations)),
        (LambdaFunction, "__init__", _configured),
        (LambdaFunction, "update_configuration", _reconfigured),
        (LambdaFunction, "update_function_code", _recoded),
        (LambdaFunction, "get_configuration", _with_logging),
        (LambdaBackend, "delete_function", lambda was: _function_deleted(was, invocations)),
        (
            LambdaBackend,
            "create_event_source_mapping",
            lambda was: _mapping_created(was, mappings, sqs),
        ),
        (LambdaBackend, "update_event_source_mapping", lambda was: _mapping_updated(was, mappings)),
        (LambdaBackend, "delete_event_source_mapping", lambda was: _mapping_deleted(was, mappings)),
    ]
    with ExitStack() as stack:
        for owner, name, make in amendments:
            stack.enter_context(amended(owner, name, make))
        yield


class InvalidRequestContentError(LambdaClientError):
    """A payload that is not JSON."""

    def __init__(self, reason: str) -> None:
        super().__init__(
            "InvalidRequestContentException", f"Could not parse request body into json: {reason}"
        )


def _invoke(invocations: Invocations) -> Method:
    """https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html"""

    def invoke(self: LambdaResponse) -> HttpAnswer:
        name = unquote(self.path.split("?")[0].rstrip("/").rsplit("/", 2)[-2])
        function = self.backend.get_function(name, self._get_param("Qualifier"))
        payload = self.body.encode() if isinstance(self.body, str) else bytes(self.body)
        try:
            json.loads(payload or b"{}")
        except ValueError as error:
            raise InvalidRequestContentError(str(error)) from None
        kind = self.headers.get("X-Amz-Invocation-Type", "RequestResponse")
        if kind == "DryRun":
            return 204, {"status": "204"}, b""
        if kind == "Event":
            invocations.invoke_later(function, payload or b"{}")
            return 202, {"status": "202"}, b""
        context = self.headers.get("X-Amz-Client-Context")
        answer = invocations.invoke(function, payload or b"{}", context)
        headers = {
            "Content-Type": "application/json",
            "X-Amz-Executed-Version": answer.version,
        }
        if answer.is_error:
            headers["X-Amz-Function-Error"] = "Unhandled"
        if self.headers.get("X-Amz-Log-Type") == "Tail":
            headers["X-Amz-Log-Result"] = b64encode(answer.log).decode()
        return 200, headers, answer.payload

    return invoke


def _invoke_later(invocations: Invocations) -> Method:
    """What in moto calls a function by itself, such as SNS, does not wait for it on AWS."""

    def invoke(self: LambdaFunction, body: str, _request: object, _response: object) -> str:
        invocations.invoke_later(self, body.encode())
        return "{}"

    return invoke


def _checked_environment(spec: Spec) -> None:
    variables = (spec.get("Environment") or {}).get("Variables") or {}
    if (reason := refusal(variables)) is not None:
        raise InvalidParameterValueException(reason)


def _configured(original: Method) -> Method:
    def initialize(
        self: LambdaFunction, account_id: str, spec: Spec, *rest: object, **more: object
    ) -> None:
        _checked_environment(spec)
        original(self, account_id, spec, *rest, **more)
        self.logging_config = spec.get("LoggingConfig") or {}  # type: ignore[attr-defined]

    return initialize


def _reconfigured(original: Method) -> Method:
    """Update what moto leaves as it was."""

    def update_configuration(self: LambdaFunction, updates: Spec) -> Spec:
        _checked_environment(updates)
        original(self, updates)
        if "LoggingConfig" in updates:
            self.logging_config = updates["LoggingConfig"]  # type: ignore[attr-defined]
        if "EphemeralStorage" in updates:
            self.ephemeral_storage = updates["EphemeralStorage"]["Size"]
        if "TracingConfig" in updates:
            self.tracing_config = updates["TracingConfig"]
        if "KMSKeyArn" in updates:
            self.kms_key_arn = updates["KMSKeyArn"]
        return self.get_configuration()

    return update_configuration


def _recoded(original: Method) -> Method:
    """Update what moto leaves as it was."""

    def update_function_code(self: LambdaFunction, updates: Spec) -> Spec:
        original(self, updates)
        if "Architectures" in updates:
            self.architectures = updates["Architectures"]
        return self.get_configuration()

    return update_function_code


def _with_logging(original: Method) -> Method:
    """Answer the logging configuration, without which Terraform plans to set it again."""

    def get_configuration(self: LambdaFunction, on_create: bool = False) -> Spec:
        configuration: Spec = original(self, on_create)
        configuration["LoggingConfig"] = {
            "LogFormat": "Text",
            "LogGroup": f"/aws/lambda/{self.function_name}",
            **self.logging_config,  # type: ignore[attr-defined]
        }
        return configuration

    return get_configuration


def _function_deleted(original: Method, invocations: Invocations) -> Method:
    def delete_function(
        self: LambdaBackend, function_name: str, qualifier: str | None = None
    ) -> None:
        arn = self.get_function(function_name, qualifier).function_arn
        original(self, function_name, qualifier)
        invocations.retire(arn)

    return delete_function


def _mapping_created(original: Method, mappings: Mappings, sqs: RLock) -> Method:
    """Poll instead of what moto does, which is to run the function while a message is sent."""

    def create_event_source_mapping(self: LambdaBackend, spec: Spec) -> EventSourceMapping:
        queue = _queue(self, spec["EventSourceArn"])
        if queue is not None:
            _check_mapping(self, queue, spec["FunctionName"], spec.get("FilterCriteria"))
        with sqs:
            mapping: EventSourceMapping = original(self, spec)
            if queue is not None:
                queue.lambda_event_source_mappings.clear()
        if queue is not None:
            mappings.start(mapping)
        return mapping

    return create_event_source_mapping


def _mapping_updated(original: Method, mappings: Mappings) -> Method:
    def update_event_source_mapping(
        self: LambdaBackend, uuid: str, spec: Spec
    ) -> EventSourceMapping | None:
        known = self.get_event_source_mapping(uuid)
        if known and (queue := _queue(self, known.event_source_arn)):
            name = spec.get("FunctionName") or known.function_arn
            _check_mapping(self, queue, name, spec.get("FilterCriteria"))
        updated: EventSourceMapping | None = original(self, uuid, spec)
        if updated and not updated.enabled:
            mappings.settle(uuid)
        return updated

    return update_event_source_mapping


def _mapping_deleted(original: Method, mappings: Mappings) -> Method:
    def delete_event_source_mapping(self: LambdaBackend, uuid: str) -> EventSourceMapping | None:
        mappings.remove(uuid)
        deleted: EventSourceMapping | None = original(self, uuid)
        return deleted

    return delete_event_source_mapping


def _queue(backend: LambdaBackend, arn: str) -> Queue | None:
    queues = sqs_backends[backend.account_id][backend.region_name].queues
    return next((queue for queue in list(queues.values()) if queue.queue_arn == arn), None)


def _check_mapping(
    backend: LambdaBackend, queue: Queue, function_name: str, criteria: Spec | None
) -> None:
    """Refuse what AWS refuses."""
    visibility = int(queue.attributes["VisibilityTimeout"])
    timeout = int(backend.get_function(function_name).timeout)
    if visibility < timeout:
        raise InvalidParameterValueException(
            f"Queue visibility timeout: {visibility} seconds is less than "
            f"Function timeout: {timeout} seconds"
        )
    for one in (criteria or {}).get("Filters", ()):
        try:
            filter_of(one["Pattern"])
        except InvalidEventPatternException as error:
            raise InvalidParameterValueException(
                f"Invalid filter pattern definition. {error.message}"
            ) from None
