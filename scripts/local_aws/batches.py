"""What Lambda makes of SQS messages: the event, the filter, and which of them are done.

https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html
"""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Sequence
from typing import TYPE_CHECKING

from moto.events.models import EventPattern

if TYPE_CHECKING:
    from mypy_boto3_sqs.type_defs import MessageAttributeValueOutputTypeDef, MessageTypeDef

Record = dict[str, object]


def record_of(message: MessageTypeDef, queue_arn: str) -> Record:
    """One of an event's `Records`."""
    record: Record = {
        "messageId": message["MessageId"],
        "receiptHandle": message["ReceiptHandle"],
        "body": message["Body"],
        "attributes": message["Attributes"],
        "messageAttributes": {
            name: _attribute(value) for name, value in message.get("MessageAttributes", {}).items()
        },
        "md5OfBody": message["MD5OfBody"],
        "eventSource": "aws:sqs",
        "eventSourceARN": queue_arn,
        "awsRegion": queue_arn.split(":")[3],
    }
    if "MD5OfMessageAttributes" in message:
        record["md5OfMessageAttributes"] = message["MD5OfMessageAttributes"]
    return record


def _attribute(value: MessageAttributeValueOutputTypeDef) -> dict[str, object]:
    attribute: dict[str, object] = {
        "stringListValues": [],
        "binaryListValues": [],
        "dataType": value["DataType"],
    }
    if "StringValue" in value:
        attribute["stringValue"] = value["StringValue"]
    if "BinaryValue" in value:
        attribute["binaryValue"] = b64encode(value["BinaryValue"]).decode()
    return attribute


def passes(record: Record, filters: Sequence[EventPattern]) -> bool:
    """Whether one of `filters` matches; a body that is a JSON object is matched by its fields."""
    if not filters:
        return True
    document = {**record, "body": _parsed(str(record["body"]))}
    return any(pattern.matches_event(document) for pattern in filters)  # type: ignore[arg-type]


def _parsed(body: str) -> object:
    try:
        parsed = json.loads(body)
    except ValueError:
        return body
    return parsed if isinstance(parsed, dict) else body


def done_of(message_ids: Sequence[str], payload: bytes, reports_failures: bool) -> list[str]:
    """Which messages to delete after an invocation without an error.

    With `ReportBatchItemFailures`, an answer that cannot be understood fails the whole batch.
    """
    if not reports_failures:
        return list(message_ids)
    try:
        answer = json.loads(payload or b"null")
        failures = (answer or {}).get("batchItemFailures") or []
        failed = {failure["itemIdentifier"] for failure in failures}
    except (AttributeError, KeyError, TypeError, ValueError):
        return []
    if not failed <= set(message_ids):
        return []
    return [message_id for message_id in message_ids if message_id not in failed]
