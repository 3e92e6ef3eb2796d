"""From any event that a function receives to jobs; nothing after this knows where one came from.

Shapes: SQS records whose bodies hold any of the others; S3 event notifications
(https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html), bare or
wrapped by SNS; EventBridge's `Object Created`
(https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html); and a direct payload.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote_plus

from media_pipeline.failures import BadPayloadError

Event = Mapping[str, Any]


@dataclass(frozen=True)
class Job:
    """One upload to process.

    `holder` names who asks: the SQS message id, else the request id. `version_id` or `etag` name
    the upload, `sequencer` orders it among others of its key; a direct job has none of the three
    and means whatever the key holds now. `is_current` says that S3 was asked, and holds just this
    version. `retry` asks for a finished job to be done again.
    """

    bucket: str
    key: str
    holder: str
    version_id: str | None = None
    etag: str | None = None
    sequencer: str | None = None
    job_id: str | None = None
    retry: bool = False
    is_current: bool = False

    @property
    def source_version(self) -> str | None:
        """The version id, else the ETag."""
        return self.version_id or self.etag


def parse_event(event: object, holder: str) -> list[Job]:
    """Raises `BadPayloadError`, naming what is wrong, for anything that has none of the shapes."""
    if not isinstance(event, Mapping):
        raise BadPayloadError("the payload is not a JSON object")
    if isinstance(event.get("Records"), list):
        return [job for record in event["Records"] for job in _record_jobs(record, holder)]
    if event.get("Type") == "Notification" and "Message" in event:
        return parse_event(_parse_json(event["Message"], "Message"), holder)
    if event.get("source") == "aws.s3" and "detail" in event:
        return [_eventbridge_job(event["detail"], holder)]
    if event.get("Event") == "s3:TestEvent":
        return []
    return [_direct_job(event, holder)]


def _record_jobs(record: Event, holder: str) -> list[Job]:
    if record.get("eventSource") == "aws:sqs":
        return parse_event(_parse_json(record["body"], "body"), record["messageId"])
    if record.get("EventSource") == "aws:sns":
        return parse_event(_parse_json(record["Sns"]["Message"], "Sns.Message"), holder)
    if record.get("eventSource") == "aws:s3":
        return [_notification_job(record["s3"], holder)]
    raise BadPayloadError(f"a record of {record.get('eventSource')!r} is not one this reads")


def _notification_job(s3: Event, holder: str) -> Job:
    s3_object = s3["object"]
    return Job(
        bucket=s3["bucket"]["name"],
        # Notifications encode keys as HTML forms do; EventBridge does not encode them at all.
        key=unquote_plus(s3_object["key"]),
        holder=holder,
        version_id=_version_id(s3_object.get("versionId")),
        etag=s3_object.get("eTag"),
        sequencer=s3_object.get("sequencer"),
    )


def _eventbridge_job(detail: Event, holder: str) -> Job:
    s3_object = detail["object"]
    return Job(
        bucket=detail["bucket"]["name"],
        key=s3_object["key"],
        holder=holder,
        version_id=_version_id(s3_object.get("version-id")),
        etag=s3_object.get("etag"),
        sequencer=s3_object.get("sequencer"),
    )


def _version_id(version_id: str | None) -> str | None:
    """A bucket whose versioning is suspended says "null" of every upload, which names none."""
    return None if version_id == "null" else version_id


def _direct_job(payload: Event, holder: str) -> Job:
    named = {name: payload.get(name) for name in ("s3_bucket", "s3_key", "job_id")}
    for name, value in named.items():
        if value is None:
            raise BadPayloadError(f"{name} is missing")
        if not isinstance(value, str) or not value:
            raise BadPayloadError(f"{name} is not a string with something in it")
    retry = payload.get("retry")
    if retry is not None and not isinstance(retry, bool):
        raise BadPayloadError("retry is neither true nor false")
    return Job(
        bucket=str(named["s3_bucket"]),
        key=str(named["s3_key"]),
        holder=holder,
        job_id=str(named["job_id"]),
        retry=bool(retry),
    )


def _parse_json(text: object, where: str) -> object:
    try:
        return json.loads(str(text))
    except ValueError as error:
        raise BadPayloadError(f"{where} is not JSON: {error}") from error
