"""One job's way through the worker, with S3 and DynamoDB as moto has them."""

from __future__ import annotations

import io
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from boto3.dynamodb.types import TypeDeserializer
from botocore.exceptions import ClientError, IncompleteReadError
from botocore.response import StreamingBody

from aws_names import BUCKET, TABLE
from media_pipeline.events import Job
from media_pipeline.failures import PermanentError, TransientError
from media_pipeline.recipe import load_recipe
from media_pipeline.records import Catalog, LeaseLostError
from media_pipeline.storage import Originals, Publisher
from media_pipeline.worker import (
    BUSY,
    COMPLETED,
    DUPLICATE,
    IGNORED,
    SUPERSEDED,
    Invocation,
    Kind,
    Outcome,
    Task,
    Worker,
)

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_s3 import S3Client

KEY = "originals/gallery-7/photo-42/a b+c%.jpg"
PLENTY = Invocation(lambda: 300.0)
LAST_TRY = replace(PLENTY, is_last_try=True)


@dataclass
class House:
    """A worker whose process is `process`, and the services around it."""

    s3: S3Client
    dynamodb: DynamoDBClient
    process: Callable[[Task], dict[str, Any]]
    recipe: str = "{}"
    byte_limit: int = 1000
    domain: str | None = None

    @property
    def worker(self) -> Worker:
        return Worker(
            Kind("image", lambda task: self.process(task), lambda _: self.byte_limit),
            load_recipe(self.recipe),
            Originals(self.s3),
            Catalog(self.dynamodb, TABLE),
            lambda key_of, before: Publisher(self.s3, BUCKET, key_of, self.domain, before),
        )

    def upload(self, body: bytes = b"original", sequencer: str | None = "0A") -> Job:
        answer = self.s3.put_object(Bucket=BUCKET, Key=KEY, Body=body)
        return Job(
            BUCKET,
            KEY,
            holder="message-1",
            version_id=answer.get("VersionId"),
            etag=answer["ETag"].strip('"'),
            sequencer=sequencer,
        )

    def run(self, job: Job, invocation: Invocation = PLENTY) -> Outcome:
        return self.worker.run(job, invocation)

    @property
    def record(self) -> dict[str, Any]:
        found = self.dynamodb.get_item(
            TableName=TABLE, Key={"id": {"S": "photo-42"}, "projectId": {"S": "gallery-7"}}
        )
        return {n: TypeDeserializer().deserialize(v) for n, v in found.get("Item", {}).items()}

    def keys(self, prefix: str = "") -> list[str]:
        found = self.s3.list_objects_v2(Bucket=BUCKET, Prefix=prefix)
        return [listed["Key"] for listed in found.get("Contents", [])]


def copy_original(task: Task) -> dict[str, Any]:
    return {"stream": task.publisher.put("copy.bin", task.source.read_bytes(), "text/plain")}


@pytest.fixture
def house(s3: S3Client, dynamodb: DynamoDBClient) -> House:
    return House(s3, dynamodb, copy_original)


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
    assert record["stream"] == {"key": key, "bytes": 8, "url": f"https://media.example.com/{key}"}
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
    assert house.run(replace(direct, retry=True)) == COMPLETED
    assert house.record["pipeline"]["attempts"] == 2


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


@pytest.mark.parametrize("invocation", [PLENTY, LAST_TRY])
def test_a_permanent_failure_is_recorded_and_not_raised(
    house: House, invocation: Invocation
) -> None:
    def refuse(task: Task) -> dict[str, Any]:
        raise PermanentError("corrupt_image", "The image is damaged.")

    house.process = refuse
    outcome = house.run(house.upload(), invocation)
    assert outcome.error is not None
    assert outcome.error.code == "corrupt_image"
    assert house.record["status"] == "failed"
    assert house.record["error"] == {"code": "corrupt_image", "message": "The image is damaged."}


@pytest.mark.parametrize(
    ("body", "limit", "code"), [(b"", 10, "empty_file"), (b"12345", 4, "file_too_large")]
)
def test_an_original_of_no_use_is_refused_unread(
    house: House, body: bytes, limit: int, code: str
) -> None:
    house.byte_limit = limit
    house.process = lambda _: pytest.fail("the original was processed")
    assert house.run(house.upload(body)).error is not None
    assert house.record["error"]["code"] == code


@pytest.mark.parametrize(
    "gone",
    [
        Job(BUCKET, KEY, "message-1", etag="e", sequencer="0A"),
        Job(BUCKET, KEY, "request-1", job_id="j"),
    ],
    ids=["event", "direct"],
)
def test_an_original_that_cannot_be_read_fails_with_both_causes(house: House, gone: Job) -> None:
    outcome = house.run(gone)
    assert outcome.error is not None
    assert outcome.error.code == "source_unreadable"
    assert house.record["status"] == "failed"
    assert "deleted" in house.record["error"]["message"]
    assert "may not read" in house.record["error"]["message"]
    assert house.run(house.upload(sequencer="0B")) == COMPLETED


def test_a_mistyped_key_takes_nothing_from_a_good_record(house: House) -> None:
    assert house.run(house.upload()) == COMPLETED
    before = house.record
    mistyped = Job(BUCKET, KEY.replace(".jpg", ".jpeg"), "request-1", job_id="j")
    outcome = house.run(mistyped)
    assert outcome.error is not None
    assert outcome.error.code == "source_unreadable"
    assert house.record == before


def test_an_upload_that_is_deleted_before_it_was_read_fails(house: House) -> None:
    replaced = house.upload(b"older")
    house.upload(b"newer")
    fetch = house.s3.get_object

    def get_object(**request: Any) -> Any:  # noqa: ANN401
        try:
            return fetch(**request)
        finally:
            house.s3.delete_object(Bucket=BUCKET, Key=KEY)

    house.s3.get_object = get_object  # type: ignore[method-assign]
    outcome = house.run(replaced)
    assert outcome.error is not None
    assert house.record["status"] == "failed"
    assert house.record["error"]["code"] == "source_unreadable"


def test_a_suspended_buckets_null_version_names_nothing(house: House) -> None:
    head = house.s3.head_object

    def head_object(**request: Any) -> Any:  # noqa: ANN401
        return {**head(**request), "VersionId": "null"}

    house.s3.head_object = head_object  # type: ignore[method-assign]
    first = house.upload(b"first", None)
    assert house.run(Job(BUCKET, KEY, "request-1", job_id="j")) == COMPLETED
    assert house.record["pipeline"]["sourceVersion"] == first.etag
    assert house.run(house.upload(b"second", "0A")) == COMPLETED


def test_a_download_that_breaks_off_is_tried_again(house: House) -> None:
    job = house.upload(b"original")
    fetch = house.s3.get_object

    def get_object(**request: Any) -> Any:  # noqa: ANN401
        answer = fetch(**request)
        return {**answer, "Body": StreamingBody(io.BytesIO(b"orig"), answer["ContentLength"])}

    house.s3.get_object = get_object  # type: ignore[method-assign]
    with pytest.raises(IncompleteReadError):
        house.run(job)
    house.s3.get_object = fetch  # type: ignore[method-assign]
    assert house.run(job) == COMPLETED


def test_a_transient_failure_gives_the_lease_back_and_the_next_try_completes(house: House) -> None:
    def throttled(task: Task) -> dict[str, Any]:
        raise ClientError({"Error": {"Code": "SlowDown"}}, "PutObject")

    job = house.upload()
    house.process = throttled
    with pytest.raises(ClientError):
        house.run(job)
    assert house.record["status"] == "processing"
    house.process = copy_original
    assert house.run(replace(job, holder="message-2")) == COMPLETED
    assert house.record["pipeline"]["attempts"] == 2


def test_the_last_try_fails_the_record_before_the_message_is_a_dead_letter(house: House) -> None:
    def broken(task: Task) -> dict[str, Any]:
        raise ConnectionError("refused")

    job = house.upload()
    house.process = broken
    with pytest.raises(ConnectionError):
        house.run(job, LAST_TRY)
    assert house.record["status"] == "failed"
    assert house.record["error"]["code"] == "retries_exhausted"
    house.process = copy_original
    assert house.run(replace(job, holder="redriven")) == COMPLETED
    assert "error" not in house.record


def test_a_failed_upload_of_an_output_is_never_a_completed_record(house: House) -> None:
    real_put = house.s3.put_object

    def put_object(**request: Any) -> Any:  # noqa: ANN401
        if request["Key"].startswith("renditions/"):
            raise ClientError({"Error": {"Code": "SlowDown"}}, "PutObject")
        return real_put(**request)

    job = house.upload()
    house.s3.put_object = put_object  # type: ignore[method-assign]
    with pytest.raises(ClientError):
        house.run(job)
    assert house.record["status"] == "processing"


def test_a_worker_that_lost_its_lease_publishes_nothing(house: House) -> None:
    older = house.upload(b"older", "0A")

    def overtaken(task: Task) -> dict[str, Any]:
        house.process = copy_original
        assert house.run(house.upload(b"newer", "0B")) == COMPLETED
        return {"width": 1}

    house.process = overtaken
    with pytest.raises(LeaseLostError):
        house.run(older)
    assert house.record["status"] == "completed"
    assert "width" not in house.record
    assert house.run(older) == SUPERSEDED


def test_outputs_whose_keys_are_used_again_are_not_cached_and_need_the_lease(house: House) -> None:
    house.recipe = '{"keys": {"outputs": "renditions/{project_id}/{media_id}/{output}"}}'
    older = house.upload(b"older", "0A")

    def overtaken(task: Task) -> dict[str, Any]:
        body = task.source.read_bytes()
        house.process = copy_original
        assert house.run(house.upload(b"newer", "0B")) == COMPLETED
        return {"stream": task.publisher.put("copy.bin", body, "text/plain")}

    house.process = overtaken
    with pytest.raises(LeaseLostError):
        house.run(older)
    written = house.s3.get_object(Bucket=BUCKET, Key="renditions/gallery-7/photo-42/copy.bin")
    assert written["Body"].read() == b"newer"
    assert written["CacheControl"] == "no-cache"


def test_no_job_is_started_with_too_little_time(house: House) -> None:
    with pytest.raises(TransientError):
        house.run(house.upload(), Invocation(lambda: 3.0))
    assert house.record == {}


def test_a_job_sees_no_file_of_another(house: House) -> None:
    seen: list[list[str]] = []

    def process(task: Task) -> dict[str, Any]:
        seen.append([path.name for path in task.folder.iterdir()])
        (task.folder / "left-behind").write_bytes(b"secret")
        return {}

    house.process = process
    stale = Path(tempfile.gettempdir()) / "media-pipeline"
    for sequencer, body in (("0A", b"1"), ("0B", b"2")):
        # What a killed invocation leaves in a warm function.
        stale.mkdir(exist_ok=True)
        (stale / "leftover").write_bytes(b"secret")
        assert house.run(house.upload(body, sequencer)) == COMPLETED
    assert seen == [["source"], ["source"]]
    assert not stale.exists()
