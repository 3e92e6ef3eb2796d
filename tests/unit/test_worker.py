"""One job's way through the worker, with S3 and DynamoDB as moto has them."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import Any

import pytest

from aws_names import BUCKET, TABLE
from media_pipeline.events import Job
from media_pipeline.worker import (
    BUSY,
    COMPLETED,
    DUPLICATE,
    IGNORED,
    SUPERSEDED,
    Outcome,
    Task,
)
from worker_house import KEY, LAST_TRY, House, copy_original


def test_an_upload_becomes_outputs_and_a_completed_record(house: House) -> None:
    house.domain = "media.example.com"
    assert house.run(house.upload()) == COMPLETED
    record = house.record
    revision = record["pipeline"]["revision"]
    key = f"renditions/gallery-7/photo-42/{revision}/copy.bin"
    assert record["status"] == "completed"
    assert record["type"] == "image"
    assert record["originalKey"] == KEY
    assert record["size"] == len(b"original")
    assert record["stream"] == {
        "key": key,
        "bytes": 8,
        "url": f"https://media.example.com/{key}",
        "sha256": hashlib.sha256(b"original").hexdigest(),
    }
    assert record["timings"].keys() == {"fetch", "process", "publish"}
    written = house.s3.get_object(Bucket=BUCKET, Key=key)
    assert written["Body"].read() == b"original"
    assert written["CacheControl"] == "public, max-age=31536000, immutable"
    assert written["ContentType"] == "text/plain"


def test_a_key_that_is_no_original_is_ignored(house: House) -> None:
    for key in ("other/photo.jpg", "originals/too-short.jpg", "originals/a/b/c/too-long.jpg"):
        assert house.run(Job(BUCKET, key, "m", etag="e")) == IGNORED
    assert house.dynamodb.scan(TableName=TABLE)["Count"] == 0


def test_the_same_upload_again_is_a_duplicate(house: House) -> None:
    job = house.upload()
    assert house.run(job) == COMPLETED
    assert house.run(replace(job, holder="message-2")) == DUPLICATE


def test_an_older_upload_is_superseded(house: House) -> None:
    older = house.upload(b"older", "0A")
    newer = house.upload(b"newer", "0B")
    assert house.run(newer) == COMPLETED
    assert house.run(older) == SUPERSEDED


def test_an_event_of_a_replaced_upload_brings_in_the_newer_one(house: House) -> None:
    """The newer upload's own event may be lost or late; the record must not wait for it."""
    older = house.upload(b"older", "0A")
    newer = house.upload(b"newer", "0B")
    assert house.run(older) == COMPLETED
    [key] = house.keys("renditions/")
    assert house.s3.get_object(Bucket=BUCKET, Key=key)["Body"].read() == b"newer"
    assert house.run(newer) == DUPLICATE


def test_a_newer_upload_that_was_taken_up_and_not_done_is_gone_on_with(house: House) -> None:
    """Its own event may have come meanwhile, and have been answered that a worker was at it."""
    older = house.upload(b"older", "0A")
    newer = replace(house.upload(b"newer", "0B"), holder="message-2")

    def be_interrupted(task: Task) -> dict[str, Any]:
        assert house.run(newer) == BUSY
        raise ConnectionError("reset")

    house.process = be_interrupted
    with pytest.raises(ConnectionError):
        house.run(older)
    house.process = copy_original
    assert house.run(older) == COMPLETED
    assert house.s3.get_object(Bucket=BUCKET, Key=house.record["stream"]["key"])["Body"].read() == (
        b"newer"
    )
    assert house.record["pipeline"]["attempts"] == 2


def be_unreachable(task: Task) -> dict[str, Any]:
    raise ConnectionError("refused")


def test_a_newer_upload_that_was_given_up_is_done_by_a_redrive_of_the_older(house: House) -> None:
    older = house.upload(b"older", "0A")
    house.upload(b"newer", "0B")

    house.process = be_unreachable
    with pytest.raises(ConnectionError):
        house.run(older, LAST_TRY)
    assert house.record["error"]["code"] == "retries_exhausted"
    house.process = copy_original
    assert house.run(replace(older, holder="message-9")) == COMPLETED
    assert house.run(older) == SUPERSEDED
    [key] = house.keys("renditions/")
    assert house.s3.get_object(Bucket=BUCKET, Key=key)["Body"].read() == b"newer"


def test_a_newer_upload_that_was_taken_up_and_deleted_since_fails(house: House) -> None:
    older = house.upload(b"older", "0A")
    house.upload(b"newer", "0B")

    house.process = be_unreachable
    with pytest.raises(ConnectionError):
        house.run(older)
    house.s3.delete_object(Bucket=BUCKET, Key=older.key)
    assert house.run(older).name == "Failed"
    assert house.record["error"]["code"] == "source_unreadable"


def test_a_versioned_upload_is_read_as_the_version_its_event_named(house: House) -> None:
    house.s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
    older = house.upload(b"older", "0A")
    newer = house.upload(b"newer", "0B")
    seen: list[bytes] = []

    def read(task: Task) -> dict[str, Any]:
        seen.append(task.source.read_bytes())
        return {}

    house.process = read
    assert house.run(older) == COMPLETED
    assert house.run(newer) == COMPLETED
    assert house.run(older) == SUPERSEDED
    assert seen == [b"older", b"newer"]


def test_a_direct_job_means_what_the_key_holds_now(house: House) -> None:
    house.run(house.upload(b"older"))
    house.upload(b"newer")
    direct = Job(BUCKET, KEY, "request-1", job_id="j")
    assert house.run(direct) == COMPLETED
    assert house.run(direct) == DUPLICATE
    revision = house.record["pipeline"]["revision"]
    assert house.run(replace(direct, retry=True)) == COMPLETED
    assert revision in house.record["pipeline"]["leftovers"]


def test_an_event_without_order_asks_s3_which_version_is_current(house: House) -> None:
    first = house.upload(b"first", None)
    second = house.upload(b"second", None)
    assert house.run(second) == COMPLETED
    assert house.run(first) == SUPERSEDED
    third = house.upload(b"third", None)
    assert house.run(third) == COMPLETED


def test_a_job_that_another_message_holds_is_left_alone(house: House) -> None:
    job = house.upload()
    others: list[Outcome] = []

    def process(task: Task) -> dict[str, Any]:
        others.append(house.run(replace(job, holder="message-2")))
        return copy_original(task)

    house.process = process
    assert house.run(job) == COMPLETED
    assert others == [BUSY]
