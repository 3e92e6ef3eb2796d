"""Every event shape that a function can receive becomes the same job."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import quote_plus

import pytest

from media_pipeline.events import Job, parse_event
from media_pipeline.failures import BadPayloadError

EVENTS = Path(__file__).parent.parent / "events"

UPLOAD = Job(
    bucket="demo-media-123456789012-us-east-1",
    key="originals/gallery-7/photo-42/a b+c%.jpg",
    holder="request-1",
    version_id="3HL4kqtJlcpXroDTDmjVBH40Nr8X8gdR",
    etag="0f343b0931126a20f133d67c2b018a3b",
    sequencer="0065E1C5A8D4B7F2A9",
)


def event(name: str) -> Any:  # noqa: ANN401
    return json.loads((EVENTS / f"{name}.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    ("shape", "holder"),
    [
        ("eventbridge", "request-1"),
        ("s3_notification", "request-1"),
        ("sns_s3_notification", "request-1"),
        ("sqs_eventbridge", "059f36b4-87a3-44ab-83d2-661975830a7d"),
        ("sqs_s3_notification", "2e1424d4-f796-459a-8184-9c92662be6da"),
        ("sqs_sns_s3_notification", "f6a1b7c9-3d52-4e0b-9b7e-08c1d2e3f405"),
    ],
)
def test_every_shape_of_an_upload_gives_the_same_job(shape: str, holder: str) -> None:
    assert parse_event(event(shape), "request-1") == [replace(UPLOAD, holder=holder)]


@pytest.mark.parametrize("shape", ["s3_test_event", "sqs_s3_test_event"])
def test_the_event_that_s3_sends_to_try_a_notification_is_no_job(shape: str) -> None:
    assert parse_event(event(shape), "request-1") == []


def test_events_of_what_is_no_upload_are_no_jobs() -> None:
    removed = event("s3_notification")
    removed["Records"][0]["eventName"] = "ObjectRemoved:Delete"
    deleted = {**event("eventbridge"), "detail-type": "Object Deleted"}
    assert parse_event(removed, "request-1") == parse_event(deleted, "request-1") == []


@pytest.mark.parametrize("key", ["a b+c%.mp4", "ü/ß.jpg", "x&y.png", "a%20b.jpg", "a+b.jpg"])
def test_keys_survive_every_route(key: str) -> None:
    notification = event("s3_notification")
    notification["Records"][0]["s3"]["object"]["key"] = quote_plus(key, safe="/")
    bridged = event("eventbridge")
    bridged["detail"]["object"]["key"] = key
    direct = {**event("direct_image"), "s3_key": key}
    wrapped = {"Type": "Notification", "Message": json.dumps(notification)}
    queued = event("sqs_eventbridge")
    queued["Records"][0]["body"] = json.dumps(wrapped)
    for shape in (notification, bridged, direct, wrapped, queued):
        assert [job.key for job in parse_event(shape, "request-1")] == [key]


def test_a_direct_payload_names_no_version() -> None:
    [job] = parse_event(event("direct_image"), "request-1")
    assert job == Job(
        bucket="demo-media-123456789012-us-east-1",
        key="originals/gallery-7/photo-42/portrait.jpg",
        holder="request-1",
        job_id="job-42",
    )
    assert job.source_version is None


def test_null_is_absent_and_unknown_fields_are_ignored() -> None:
    absent = dict.fromkeys(("retry", "user_id", "cutting_options", "text_input", "mode"))
    payload = {**event("direct_image"), **absent, "colour": "red"}
    assert parse_event(payload, "request-1") == parse_event(event("direct_image"), "request-1")


def test_a_cutting_payload_keeps_its_request_as_it_came() -> None:
    [job] = parse_event(event("direct_cutting"), "request-1")
    assert (job.job_id, job.user_id) == ("cut-42", "user-7")
    assert job.request == {
        "cutting_options": {"type": "fixed", "duration_seconds": 30},
        "text_input": {"strategy": "one_for_all", "base_text": "Summer\n50 % off"},
        "mode": "encode",
    }


@pytest.mark.parametrize("field", ["cutting_options", "text_input", "mode"])
def test_one_field_makes_a_request(field: str) -> None:
    """What it holds is for the function that cuts to judge."""
    values: list[object] = [{}, 7, "copy"]
    for value in values:
        [job] = parse_event({**event("direct_video"), field: value}, "request-1")
        assert job.request == {field: value}


def test_an_upload_to_a_bucket_without_versions_is_named_by_its_etag() -> None:
    for version_id in (None, "null"):
        bridged = event("eventbridge")
        bridged["detail"]["object"]["version-id"] = version_id
        [job] = parse_event(bridged, "request-1")
        assert (job.version_id, job.source_version) == (None, UPLOAD.etag)


def test_a_message_with_several_records_gives_a_job_each() -> None:
    notification = event("s3_notification")
    notification["Records"] *= 2
    notification["Records"][1] = json.loads(json.dumps(notification["Records"][1]))
    notification["Records"][1]["s3"]["object"]["key"] = "other.jpg"
    assert [job.key for job in parse_event(notification, "r")] == [UPLOAD.key, "other.jpg"]


@pytest.mark.parametrize("field", ["s3_bucket", "s3_key", "job_id"])
@pytest.mark.parametrize("value", [None, "", 7, ["a"]])
def test_a_bad_payload_names_the_field(field: str, value: object) -> None:
    with pytest.raises(BadPayloadError, match=field):
        parse_event({**event("direct_image"), field: value}, "request-1")


@pytest.mark.parametrize(
    ("payload", "named"),
    [
        ([], "not a JSON object"),
        ("text", "not a JSON object"),
        ({"Records": [{"eventSource": "aws:kinesis"}]}, "aws:kinesis"),
        (
            {"Records": [{"eventSource": "aws:sqs", "messageId": "m", "body": "{"}]},
            "Input data was truncated",
        ),
        ({"Type": "Notification", "Message": "<xml/>"}, "malformed"),
        ({"s3_bucket": "b", "s3_key": "k", "job_id": "j", "retry": "yes"}, "retry"),
        ({"s3_bucket": "b", "s3_key": "k", "job_id": "j", "user_id": ""}, "user_id"),
        ({"s3_bucket": "b", "s3_key": "k", "job_id": "j", "user_id": "ü" * 513}, "user_id"),
        ({"source": "aws.s3", "detail-type": "Object Created", "detail": {"bucket": {}}}, "name"),
        ({"Records": ["text"]}, "record"),
        ({"s3_bucket": "a/b", "s3_key": "k", "job_id": "j"}, "s3_bucket"),
        ({"s3_bucket": "arn:aws:s3:::b", "s3_key": "k", "job_id": "j"}, "s3_bucket"),
        ({"s3_bucket": "b", "s3_key": "\ud800", "job_id": "j"}, "ud800"),
        ({"s3_bucket": "b", "s3_key": "k", "job_id": "\ud800"}, "ud800"),
    ],
)
def test_anything_else_is_refused_with_a_reason(payload: object, named: str) -> None:
    with pytest.raises(BadPayloadError, match=named):
        parse_event(payload, "request-1")


@pytest.mark.parametrize("path", sorted(EVENTS.glob("sqs_*.json")), ids=lambda path: path.stem)
def test_the_golden_messages_are_whole(path: Path) -> None:
    for record in event(path.stem)["Records"]:
        body = record["body"].encode()
        assert record["md5OfBody"] == hashlib.md5(body, usedforsecurity=False).hexdigest()
