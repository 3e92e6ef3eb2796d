"""S3 tells EventBridge of objects in the words that the golden event keeps."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import pytest

from aws_names import REGION
from embedded_aws.bench import Bench, Marks, eventually

GOLDEN = json.loads((Path(__file__).parents[1] / "events/eventbridge.json").read_text())

FORMS = {
    "id": r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}",
    "account": r"\d{12}",
    "time": r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ",
    "etag": r"[0-9a-f]{32}(-\d+)?",
    "sequencer": r"[0-9A-F]{16,}",
    "request-id": r"[0-9A-Z]{16}",
    "requester": r"\d{12}",
    "source-ip-address": r"\d+\.\d+\.\d+\.\d+",
    "version-id": r"\S+",
}
"""What the golden event's own values must match, and an emitted event's too."""

KEYS = ["originals/a b+c%.mp4", "originals/ü/ß.jpg", "originals/x&y.png", "originals/日本/🎬.MOV"]

Upload = Callable[[Bench, str, str], str]


def put(bench: Bench, bucket: str, key: str) -> str:
    return bench.s3.put_object(Bucket=bucket, Key=key, Body=b"12345", Tagging="a=b")["ETag"]


def upload_parts(bench: Bench, bucket: str, key: str) -> str:
    s3 = bench.s3
    upload = s3.create_multipart_upload(Bucket=bucket, Key=key)["UploadId"]
    parts = []
    for number, body in enumerate([b"1" * 5 * 1024 * 1024, b"2"], start=1):
        part = s3.upload_part(Bucket=bucket, Key=key, UploadId=upload, PartNumber=number, Body=body)
        parts.append({"ETag": part["ETag"], "PartNumber": number})
    return s3.complete_multipart_upload(
        Bucket=bucket,
        Key=key,
        UploadId=upload,
        MultipartUpload={"Parts": parts},  # type: ignore[typeddict-item]
    )["ETag"]


def copy(bench: Bench, bucket: str, key: str) -> str:
    quiet = bench.bucket()
    upload_parts(bench, quiet, "source")
    return bench.s3.copy_object(
        Bucket=bucket, Key=key, CopySource={"Bucket": quiet, "Key": "source"}
    )["CopyObjectResult"]["ETag"]


def post(bench: Bench, bucket: str, key: str) -> str:
    form = bench.s3.generate_presigned_post(bucket, key)
    lines = []
    for name, value in {**form["fields"], "file": "12345"}.items():
        filename = '; filename="f"' if name == "file" else ""
        lines += ["--edge", f'Content-Disposition: form-data; name="{name}"{filename}', "", value]
    request = Request(  # noqa: S310
        form["url"],
        data="\r\n".join([*lines, "--edge--", ""]).encode(),
        headers={"Content-Type": "multipart/form-data; boundary=edge"},
    )
    urlopen(request).close()  # noqa: S310
    return bench.s3.head_object(Bucket=bucket, Key=key)["ETag"]


UPLOADS: dict[str, Upload] = {
    "PutObject": put,
    "CompleteMultipartUpload": upload_parts,
    "CopyObject": copy,
    "POST Object": post,
}


def bucket_with_events(bench: Bench, versioned: bool = True) -> str:
    bucket = bench.bucket()
    if versioned:
        bench.s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    bench.s3.put_bucket_notification_configuration(
        Bucket=bucket, NotificationConfiguration={"EventBridgeConfiguration": {}}
    )
    return bucket


def queue_of_rule(
    bench: Bench, pattern: dict[str, Any], state: str = "ENABLED", rule: str | None = None
) -> str:
    """A queue that a rule sends to; the answer is its URL."""
    queue, rule = bench.queue(), rule or bench.name("rule")
    bench.events.put_rule(Name=rule, EventPattern=json.dumps(pattern), State=state)  # type: ignore[arg-type]
    bench.events.put_targets(Rule=rule, Targets=[{"Id": "queue", "Arn": bench.arn(queue)}])
    return queue


def queue_of_bucket(bench: Bench, bucket: str) -> str:
    pattern = {"source": ["aws.s3"], "detail": {"bucket": {"name": [bucket]}}}
    return queue_of_rule(bench, pattern)


def events_of(bench: Bench, bucket: str, queue: str, number: int) -> list[dict[str, Any]]:
    """Wait for `number` events, and then for one more object's: whatever was told twice is there.

    The answer leaves that one out, and is in the order of the sequencers.
    """
    found = [json.loads(body) for body in bench.received(queue, number)]
    put(bench, bucket, "last")

    def has_last() -> bool:
        found.extend(json.loads(body) for body in bench.received(queue, 1))
        return any(event["detail"]["object"]["key"] == "last" for event in found)

    eventually(has_last)
    # AWS: pad on the right with zeros, then compare as text.
    found.sort(key=lambda event: event["detail"]["object"]["sequencer"].ljust(32, "0"))
    assert found[-1]["detail"]["object"]["key"] == "last"
    return found[:-1]


def assert_same_shape(value: object, golden: object, name: str = "") -> None:
    assert type(value) is type(golden), name
    if isinstance(value, dict) and isinstance(golden, dict):
        assert value.keys() == golden.keys(), name
        for key in golden:
            assert_same_shape(value[key], golden[key], key)
    elif name in FORMS:
        assert re.fullmatch(FORMS[name], str(golden)), f"the golden {name} is {golden}"
        assert re.fullmatch(FORMS[name], str(value)), f"{name} is {value}"


@pytest.mark.parametrize("reason", UPLOADS)
def test_each_way_to_make_an_object_is_told_once_in_the_golden_shape(
    bench: Bench, reason: str
) -> None:
    bucket = bucket_with_events(bench)
    queue = queue_of_bucket(bench, bucket)
    etags = [UPLOADS[reason](bench, bucket, key) for key in KEYS]
    events = events_of(bench, bucket, queue, len(KEYS))
    assert [event["detail"]["object"]["key"] for event in events] == KEYS
    for event, etag in zip(events, etags, strict=True):
        assert_same_shape(event, GOLDEN)
        described = event["detail"]["object"]
        head = bench.s3.head_object(
            Bucket=bucket, Key=described["key"], VersionId=described["version-id"]
        )
        assert described["etag"] == etag.strip('"') == head["ETag"].strip('"')
        assert described["size"] == head["ContentLength"]
        assert event["detail"]["reason"] == reason
        assert event["detail"]["bucket"] == {"name": bucket}
        assert event["resources"] == [f"arn:aws:s3:::{bucket}"]
        assert event["region"] == REGION
        for constant in ("version", "source", "detail-type"):
            assert event[constant] == GOLDEN[constant]


def test_an_event_names_the_request_that_caused_it(bench: Bench) -> None:
    bucket = bucket_with_events(bench)
    queue = queue_of_bucket(bench, bucket)
    answer = bench.s3.put_object(Bucket=bucket, Key="key", Body=b"")
    (event,) = events_of(bench, bucket, queue, 1)
    headers = answer["ResponseMetadata"]["HTTPHeaders"]
    assert event["detail"]["request-id"] == headers["x-amz-request-id"]
    assert event["detail"]["object"]["version-id"] == answer["VersionId"]


def test_versions_of_a_key_have_growing_sequencers(bench: Bench) -> None:
    bucket = bucket_with_events(bench)
    queue = queue_of_bucket(bench, bucket)
    versions = [
        bench.s3.put_object(Bucket=bucket, Key="key", Body=b"")["VersionId"] for _ in range(5)
    ]
    events = events_of(bench, bucket, queue, 5)
    assert [event["detail"]["object"]["version-id"] for event in events] == versions
    assert len({event["detail"]["object"]["sequencer"] for event in events}) == 5


def test_a_bucket_without_versions_tells_of_none(bench: Bench) -> None:
    bucket = bucket_with_events(bench, versioned=False)
    queue = queue_of_bucket(bench, bucket)
    put(bench, bucket, "key")
    (event,) = events_of(bench, bucket, queue, 1)
    golden = json.loads(json.dumps(GOLDEN))
    del golden["detail"]["object"]["version-id"]
    assert_same_shape(event, golden)


def test_what_is_no_new_object_is_not_told(bench: Bench) -> None:
    bucket = bucket_with_events(bench)
    queue = queue_of_bucket(bench, bucket)
    put(bench, bucket, "key")
    bench.s3.put_object_tagging(
        Bucket=bucket, Key="key", Tagging={"TagSet": [{"Key": "a", "Value": "c"}]}
    )
    bench.s3.put_object_acl(Bucket=bucket, Key="key", ACL="private")
    bench.s3.delete_object(Bucket=bucket, Key="key")
    assert len(events_of(bench, bucket, queue, 1)) == 1


def test_a_rule_takes_what_its_pattern_matches_and_nothing_while_disabled(bench: Bench) -> None:
    bucket = bucket_with_events(bench)
    every = queue_of_bucket(bench, bucket)
    suffix = {"suffix": {"equals-ignore-case": ".jpg"}}
    pattern = {"detail": {"bucket": {"name": [bucket]}, "object": {"key": [suffix]}}}
    photos, none = queue_of_rule(bench, pattern), queue_of_rule(bench, pattern, state="DISABLED")
    put(bench, bucket, "a.JPG")
    put(bench, bucket, "b.mp4")
    assert len(events_of(bench, bucket, every, 2)) == 2
    (body,) = bench.received(photos, 1)
    assert json.loads(body)["detail"]["object"]["key"] == "a.JPG"
    assert bench.held(photos) == bench.held(none) == (0, 0)


def test_a_rule_switched_on_after_an_upload_is_not_told_of_it(bench: Bench) -> None:
    bucket, slow, rule = bucket_with_events(bench), bench.name("rule"), bench.name("rule")
    pattern = {"detail": {"bucket": {"name": [bucket]}}}
    queue = bench.arn(queue_of_rule(bench, pattern, rule=slow))
    # So many to tell that the other rule is switched on before its turn.
    targets = [{"Id": f"{number}", "Arn": queue} for number in range(500)]
    bench.events.put_targets(Rule=slow, Targets=targets)  # type: ignore[arg-type]
    late = queue_of_rule(bench, pattern, "DISABLED", rule)
    put(bench, bucket, "early")
    bench.events.enable_rule(Name=rule)
    assert events_of(bench, bucket, late, 0) == []


def test_a_bucket_that_is_not_switched_on_tells_nothing(bench: Bench) -> None:
    loud, quiet = bucket_with_events(bench), bench.bucket()
    queue = queue_of_rule(bench, {"source": ["aws.s3"]})
    put(bench, quiet, "key")
    assert events_of(bench, loud, queue, 0) == []
    on = bench.s3.get_bucket_notification_configuration(Bucket=loud)
    off = bench.s3.get_bucket_notification_configuration(Bucket=quiet)
    assert "EventBridgeConfiguration" in on
    assert "EventBridgeConfiguration" not in off


def test_20_uploads_at_once_are_told_once_each(bench: Bench) -> None:
    bucket = bucket_with_events(bench)
    queue = queue_of_bucket(bench, bucket)
    keys = [f"key-{number:02}" for number in range(20)]
    with ThreadPoolExecutor(20) as clients:
        list(clients.map(lambda key: put(bench, bucket, key), keys))
    events = events_of(bench, bucket, queue, 20)
    assert sorted(event["detail"]["object"]["key"] for event in events) == keys
    assert len({event["detail"]["object"]["sequencer"] for event in events}) == 20


def test_a_put_returns_before_its_object_is_processed(bench: Bench, marks: Marks) -> None:
    gate = marks.path.with_name("gate")
    function = bench.function(
        Marks.PYTHON
        + f"""
def handler(event, context):
    while not os.path.exists({str(gate)!r}):
        time.sleep(0.01)
    mark()
""",
        environment={"MARKS": str(marks.path)},
    )
    bucket = bucket_with_events(bench)
    queue = queue_of_bucket(bench, bucket)
    bench.mapping(queue, function)
    put(bench, bucket, "key")
    assert len(marks) == 0
    gate.touch()
    eventually(lambda: len(marks) == 1 and bench.held(queue) == (0, 0))
