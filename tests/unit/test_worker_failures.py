"""What a worker does when something goes wrong."""

from __future__ import annotations

import io
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError, IncompleteReadError
from botocore.response import StreamingBody

from aws_names import BUCKET
from media_pipeline.events import Job
from media_pipeline.failures import PermanentError, TransientError
from media_pipeline.records import LeaseLostError
from media_pipeline.worker import (
    COMPLETED,
    SUPERSEDED,
    Invocation,
    Task,
)
from worker_house import KEY, LAST_TRY, PLENTY, House, copy_original


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
    ("had", "left", "is_to_blame"),
    [(120.0, 100.0, True), (120.0, 40.0, False), (200.0, 100.0, False)],
)
def test_a_job_is_blamed_for_no_time_that_went_elsewhere(
    house: House, had: float, left: float, is_to_blame: bool
) -> None:
    """Of `had` seconds 120 were left when the job began; AWS took all but `left` before its end."""
    seconds = [120.0]

    def give_up(task: Task) -> dict[str, Any]:
        seconds[0] = left
        raise PermanentError("time_limit", "Encoding took longer than the function has.")

    house.process = give_up
    invocation = Invocation(lambda: seconds[0], had)
    if is_to_blame:
        assert house.run(house.upload(), invocation).name == "Failed"
        assert house.record["error"]["code"] == "time_limit"
    else:
        with pytest.raises(TransientError):
            house.run(house.upload(), invocation)
        assert house.record["status"] == "processing"


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


@pytest.mark.parametrize(("status", "is_asked_again"), [(404, False), (403, False), (503, True)])
def test_no_upload_is_dropped_because_s3_is_out_of_order(
    house: House, status: int, is_asked_again: bool
) -> None:
    """For a key that holds nothing, the functions' roles get 403."""
    house.run(house.upload(b"older", sequencer=None))
    newer = house.upload(b"newer")
    before = house.record

    def head_object(**_: object) -> None:
        metadata: Any = {"HTTPStatusCode": status}
        raise ClientError({"Error": {}, "ResponseMetadata": metadata}, "HeadObject")

    house.s3.head_object = head_object  # type: ignore[method-assign,assignment]
    if is_asked_again:
        with pytest.raises(ClientError):
            house.run(newer)
    else:
        assert house.run(newer).name == "Superseded"
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
        house.run(house.upload(), Invocation(lambda: 3.0, 300.0))
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
