"""Where moto's S3 and EventBridge are not AWS's."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any
from xml.etree import ElementTree

from moto.events.models import EventsBackend, Rule
from moto.iam.access_control import IAMPolicyStatement, PermissionResult
from moto.s3 import notifications
from moto.s3.models import FakeBucket, FakeKey
from moto.s3.notifications import S3NotificationEvent
from moto.s3.responses import S3Response

from local_aws.amendments import Method, amended
from local_aws.event_patterns import validate
from local_aws.s3_events import S3Events


@contextmanager
def amended_s3(events: S3Events) -> Iterator[None]:
    """Tell EventBridge of objects through `events`."""
    with ExitStack() as stack:
        stack.enter_context(amended(notifications, "send_event", _once))
        stack.enter_context(
            amended(notifications, "_send_event_bridge_message", lambda _: events.note)
        )
        stack.enter_context(amended(S3Response, "get_bucket_notification", _with_event_bridge))
        stack.enter_context(amended(EventsBackend, "put_rule", _validated))
        stack.enter_context(
            amended(IAMPolicyStatement, "is_action_permitted", _over_secure_transport)
        )
        yield


def _once(original: Method) -> Method:
    """moto tells of a multipart upload twice, first as if it were a plain PUT."""

    def send_event(
        account_id: str, event_name: S3NotificationEvent, bucket: FakeBucket, key: FakeKey
    ) -> None:
        is_put = event_name is S3NotificationEvent.OBJECT_CREATED_PUT_EVENT
        if not (is_put and key.multipart is not None):
            original(account_id, event_name, bucket, key)

    return send_event


def _validated(original: Method) -> Method:
    def put_rule(
        self: EventsBackend, name: str, description: str | None = None, **rest: str | None
    ) -> Rule:
        if pattern := rest.get("event_pattern"):
            validate(pattern)
        rule: Rule = original(self, name, description, **rest)
        return rule

    return put_rule


def _over_secure_transport(original: Method) -> Method:
    """Take loopback for secure: moto denies all where a policy denies what comes without TLS."""

    def is_action_permitted(
        self: IAMPolicyStatement, *args: str | None, **options: dict[str, str] | None
    ) -> PermissionResult:
        conditions = self._statement.get("Condition", {})
        if conditions.get("Bool", {}).get("aws:SecureTransport") == "false":
            return PermissionResult.NEUTRAL
        permitted: PermissionResult = original(self, *args, **options)
        return permitted

    return is_action_permitted


def _with_event_bridge(original: Method) -> Method:
    """Answer the switch, without which Terraform plans to set it again."""

    def get_bucket_notification(self: S3Response) -> tuple[int, dict[str, Any], str]:
        status, headers, body = original(self)
        configuration = self.backend.get_bucket_notification_configuration(self.bucket_name)
        if configuration is not None and configuration.event_bridge is not None:
            document = ElementTree.fromstring(body)  # noqa: S314 - it is moto's own
            namespace = document.tag.partition("}")[0] + "}" if "}" in document.tag else ""
            ElementTree.SubElement(document, f"{namespace}EventBridgeConfiguration")
            body = ElementTree.tostring(document, encoding="unicode")
        return status, headers, body

    return get_bucket_notification
