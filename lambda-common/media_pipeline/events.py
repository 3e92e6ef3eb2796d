"""From any event that a function receives to jobs; nothing after this knows where one came from.

Shapes: SQS records whose bodies hold any of the others; S3 event notifications
(https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html), bare or
wrapped by SNS; EventBridge's `Object Created`
(https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html); and a direct payload.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Annotated, Any
from urllib.parse import unquote_plus

import msgspec

from media_pipeline.failures import BadPayloadError


@dataclass(frozen=True)
class Job:
    """One upload to process.

    `holder` names who asks: the SQS message id, else the request id. `version_id` or `etag` name
    the upload, `sequencer` orders it among others of its key; a direct job has none of the three
    and means whatever the key holds now. `retry` asks for a finished job to be done again,
    `retry_failed` for one that has failed.
    `request` is what a direct job says of cutting (`CUTTING_FIELDS`), unread; None: nothing.
    """

    bucket: str
    key: str
    holder: str
    version_id: str | None = None
    etag: str | None = None
    sequencer: str | None = None
    job_id: str | None = None
    retry: bool = False
    retry_failed: bool = False
    user_id: str | None = None
    request: Mapping[str, Any] | None = None

    @property
    def source_version(self) -> str | None:
        """The version id, else the ETag."""
        return self.version_id or self.etag


class _NotifiedObject(msgspec.Struct):
    key: str
    version_id: str | None = msgspec.field(name="versionId", default=None)
    etag: str | None = msgspec.field(name="eTag", default=None)
    sequencer: str | None = None


class _BridgedObject(msgspec.Struct):
    key: str
    version_id: str | None = msgspec.field(name="version-id", default=None)
    etag: str | None = None
    sequencer: str | None = None


class _Bucket(msgspec.Struct):
    name: str


class _Notification(msgspec.Struct):
    bucket: _Bucket
    object: _NotifiedObject


class _Bridged(msgspec.Struct):
    """`retry_failed` is this project's own: no event of S3's has it."""

    bucket: _Bucket
    object: _BridgedObject
    retry_failed: bool = msgspec.field(name="retry-failed", default=False)


class _SnsMessage(msgspec.Struct, rename="pascal"):
    message: str


class _Message(msgspec.Struct):
    body: str
    message_id: str = msgspec.field(name="messageId")


Text = Annotated[str, msgspec.Meta(min_length=1)]
# What a client of S3 takes; whether there is such a bucket is another question.
BucketName = Annotated[str, msgspec.Meta(pattern="^[A-Za-z0-9._-]{1,255}$")]
# Of part of a DynamoDB key, which takes 1,024 bytes.
UserId = Annotated[str, msgspec.Meta(min_length=1, max_length=255)]

CUTTING_FIELDS = ("cutting_options", "text_input", "mode")
"""What makes a cutting job of a direct payload; null means absent."""


class _Payload(msgspec.Struct):
    s3_bucket: BucketName
    s3_key: Text
    job_id: Text
    retry: bool | None = None
    user_id: UserId | None = None
    cutting_options: Any = None
    text_input: Any = None
    mode: Any = None


def named_version(version_id: str | None) -> str | None:
    """A bucket whose versioning is suspended says "null" of every upload, which names none."""
    return None if version_id in (None, "", "null") else version_id


def write_event(job: Job, reason: str) -> str:
    """The message of an object that S3 told of long ago, or never: EventBridge's own, for a queue.

    It names no sequencer, so that whoever reads it asks S3 whether the version is still current.
    """
    named = {"key": job.key, "etag": job.etag, "version-id": job.version_id}
    event = {
        "source": "aws.s3",
        "detail-type": "Object Created",
        "detail": {
            "bucket": {"name": job.bucket},
            "object": {name: value for name, value in named.items() if value is not None},
            "reason": reason,
            **({"retry-failed": True} if job.retry_failed else {}),
        },
    }
    # ASCII, for SQS refuses U+FFFE and U+FFFF in a message, which keys may have.
    return json.dumps(event)


def parse_event(event: object, holder: str) -> list[Job]:
    """Raises `BadPayloadError`, naming what is wrong, for anything that has none of the shapes."""
    try:
        return _parse(event, holder)
    except msgspec.DecodeError as error:
        raise BadPayloadError(str(error)) from error
    except UnicodeEncodeError as error:
        raise BadPayloadError(f"{error.object!r} has a character that is none") from error
    except RecursionError as error:
        raise BadPayloadError("the payload is nested too deeply") from error


def _parse(event: object, holder: str) -> list[Job]:
    if not isinstance(event, Mapping):
        raise BadPayloadError("the payload is not a JSON object")
    if isinstance(event.get("Records"), list):
        return [job for record in event["Records"] for job in _parse_record(record, holder)]
    if event.get("Type") == "Notification":
        return _parse_text(msgspec.convert(event, _SnsMessage).message, holder)
    if event.get("source") == "aws.s3":
        if event.get("detail-type") != "Object Created":
            return []
        return [_upload(msgspec.convert(event.get("detail"), _Bridged), holder)]
    if event.get("Event") == "s3:TestEvent":
        return []
    return [_direct(msgspec.convert(event, _Payload), holder)]


def _direct(payload: _Payload, holder: str) -> Job:
    for text in (payload.s3_key, payload.job_id, payload.user_id or ""):
        # JSON can say half of a character, which neither S3 nor DynamoDB takes.
        text.encode()
    given = {name: getattr(payload, name) for name in CUTTING_FIELDS}
    request = {name: value for name, value in given.items() if value is not None}
    return Job(
        bucket=payload.s3_bucket,
        key=payload.s3_key,
        holder=holder,
        job_id=payload.job_id,
        retry=bool(payload.retry),
        user_id=payload.user_id,
        request=request or None,
    )


def _parse_record(record: object, holder: str) -> list[Job]:
    if not isinstance(record, Mapping):
        raise BadPayloadError("a record is not a JSON object")
    # SNS alone writes the name with a capital.
    source = record.get("eventSource", record.get("EventSource"))
    if source == "aws:sqs":
        message = msgspec.convert(record, _Message)
        return _parse_text(message.body, message.message_id)
    if source == "aws:sns":
        return _parse_text(msgspec.convert(record.get("Sns"), _SnsMessage).message, holder)
    if source == "aws:s3":
        if not str(record.get("eventName")).startswith("ObjectCreated:"):
            return []
        upload = _upload(msgspec.convert(record.get("s3"), _Notification), holder)
        # Notifications encode keys as HTML forms do; EventBridge does not encode them at all.
        return [replace(upload, key=unquote_plus(upload.key))]
    raise BadPayloadError(f"a record of {source!r} is none that this function reads")


def _parse_text(text: str, holder: str) -> list[Job]:
    return _parse(msgspec.json.decode(text), holder)


def _upload(event: _Notification | _Bridged, holder: str) -> Job:
    uploaded = event.object
    return Job(
        bucket=event.bucket.name,
        key=uploaded.key,
        holder=holder,
        version_id=named_version(uploaded.version_id),
        etag=uploaded.etag,
        sequencer=uploaded.sequencer,
        retry_failed=isinstance(event, _Bridged) and event.retry_failed,
    )
