"""A cutting job's way through the worker: what it takes, writes, and answers again."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from aws_names import BUCKET, TABLE
from media_pipeline.events import Job
from media_pipeline.failures import BadPayloadError, PermanentError
from media_pipeline.records import LeaseLostError
from media_pipeline.worker import (
    BUSY,
    COMPLETED,
    IGNORED,
    TAKEN,
    CuttingKind,
    Invocation,
    Outcome,
    Task,
)
from worker_house import KEY, LAST_TRY, House

SOURCE = "raw/a b.mp4"
REQUEST = {"cutting_options": {"type": "fixed", "duration_seconds": 5}}
JOB = Job(BUCKET, SOURCE, "request-1", job_id="cut-42", user_id="user-7", request=REQUEST)
TWO = Outcome("Completed", segments_created=2)


@dataclass
class Cutter:
    """Cuts an original into two halves, and remembers what it was asked."""

    checked: list[Mapping[str, Any]] = field(default_factory=list)
    asked: list[Mapping[str, Any]] = field(default_factory=list)
    problem: Exception | None = None

    def check(self, request: Mapping[str, Any]) -> None:
        self.checked.append(request)
        if request.get("mode") == "melt":
            raise BadPayloadError("mode must be encode or copy")

    def cut(self, task: Task, request: Mapping[str, Any]) -> dict[str, Any]:
        self.asked.append(request)
        task.report("cutting", 10)
        body = task.source.read_bytes()
        halves = body[: len(body) // 2], body[len(body) // 2 :]
        put = task.publisher.put
        located = [put(f"segment_{n:03}.mp4", half, "video/mp4") for n, half in enumerate(halves)]
        if self.problem:
            raise self.problem
        return {"outputs": located, "durationSeconds": 2.5}


@pytest.fixture
def cutter(house: House) -> Cutter:
    cutter = Cutter()
    house.cutting = CuttingKind(cutter.check, cutter.cut)
    house.s3.put_object(Bucket=BUCKET, Key=SOURCE, Body=b"original")
    return cutter


def record(house: House) -> dict[str, Any]:
    return house.record_of("cut-42", "user-7")


def test_a_cutting_job_becomes_segments_and_a_record_in_the_recipes_words(
    house: House, cutter: Cutter
) -> None:
    assert house.run(JOB) == TWO
    assert cutter.asked == [REQUEST]
    keys = ["processed/cut-42/segment_000.mp4", "processed/cut-42/segment_001.mp4"]
    assert house.keys("processed/") == keys
    bodies = [house.s3.get_object(Bucket=BUCKET, Key=key) for key in keys]
    assert b"".join(body["Body"].read() for body in bodies) == b"original"
    assert {body["CacheControl"] for body in bodies} == {"no-cache"}
    item = record(house)
    assert (item["status"], item["output_s3_keys"], item["segments_created"]) == (
        "COMPLETED",
        keys,
        2,
    )
    assert (item["processing_stage"], item["progress_percentage"]) == ("completed", 100)
    assert (item["type"], item["originalKey"], item["size"]) == ("segments", SOURCE, 8)
    assert float(item["durationSeconds"]) == 2.5
    assert item["updated_at"] == item["processedAt"]
    assert item.keys().isdisjoint({"updatedAt", "outputs", "segmentsCreated", "error_message"})


def test_a_job_of_no_user_has_its_record_under_jobs(house: House, cutter: Cutter) -> None:
    assert house.run(replace(JOB, user_id=None)) == TWO
    assert house.record_of("cut-42", "jobs")["status"] == "COMPLETED"


def test_the_same_request_again_is_answered_with_the_recorded_number(
    house: House, cutter: Cutter
) -> None:
    house.run(JOB)
    again = replace(JOB, holder="request-2")
    assert house.run(again) == Outcome("Duplicate", segments_created=2)
    assert len(cutter.asked) == 1
    assert house.run(replace(again, retry=True)) == TWO


@pytest.mark.parametrize(
    "other",
    [
        replace(JOB, request={**REQUEST, "mode": "copy"}),
        replace(JOB, request={"text_input": {}}),
        replace(JOB, key="raw/its copy.mp4"),
    ],
    ids=["another_mode", "another_text", "another_source_of_the_same_bytes"],
)
def test_another_request_under_the_same_job_id_runs_again(
    house: House, cutter: Cutter, other: Job
) -> None:
    house.s3.put_object(Bucket=BUCKET, Key="raw/its copy.mp4", Body=b"original")
    house.run(JOB)
    assert house.run(replace(other, holder="request-2")) == TWO
    assert len(cutter.asked) == 2
    assert record(house)["originalKey"] == other.key


def test_another_recipe_runs_again(house: House, cutter: Cutter) -> None:
    house.run(JOB)
    house.recipe = json.dumps({"videos": {"cuts": {"short_side": 720}}})
    assert house.run(replace(JOB, holder="request-2")) == TWO


def test_a_job_that_is_running_is_a_conflict(house: House, cutter: Cutter) -> None:
    others: list[Outcome] = []

    def cut(task: Task, request: Mapping[str, Any]) -> dict[str, Any]:
        house.s3.put_object(Bucket=BUCKET, Key=SOURCE, Body=b"replaced")
        others.append(house.run(replace(JOB, holder="request-2")))
        return cutter.cut(task, request)

    house.cutting = CuttingKind(cutter.check, cut)
    assert house.run(JOB) == TWO
    assert others == [BUSY]


@pytest.mark.parametrize(
    ("recipe", "job_id"),
    [("{}", "cut-42"), ('{"videos": {"jobs": "segments"}}', None)],
    ids=["direct", "event"],
)
def test_what_asks_for_no_cut_is_a_medium(
    house: House, cutter: Cutter, recipe: str, job_id: str | None
) -> None:
    house.recipe = recipe
    assert house.run(replace(house.upload(), job_id=job_id)) == COMPLETED
    assert cutter.asked == []
    assert house.record["status"] == "completed"


def test_a_recipe_may_make_a_cutting_job_of_every_direct_one(house: House, cutter: Cutter) -> None:
    house.recipe = json.dumps({"videos": {"jobs": "segments"}})
    assert house.run(replace(JOB, request=None)) == TWO
    assert cutter.checked == cutter.asked == [{}]


def test_such_a_recipe_changes_nothing_of_a_function_that_cannot_cut(house: House) -> None:
    house.recipe = json.dumps({"videos": {"jobs": "segments"}})
    house.upload()
    assert house.run(replace(JOB, key=KEY, request=None)) == COMPLETED


@pytest.mark.parametrize("field_name", ["cutting_options", "text_input", "mode"])
def test_a_function_that_cannot_cut_says_so(house: House, field_name: str) -> None:
    house.upload()
    with pytest.raises(BadPayloadError, match=f"{field_name} .* video") as refused:
        house.run(replace(JOB, key=KEY, request={field_name: {}}))
    assert "each image" in refused.value.sentence
    assert house.dynamodb.scan(TableName=TABLE)["Count"] == 0


@pytest.mark.parametrize(
    "job_id", ["a/b", "..", "a..b", ".a", "a b", "a\n", "ü", "a?b", "{output}", "a" * 201]
)
def test_a_job_id_that_is_no_part_of_a_key_is_refused(
    house: House, cutter: Cutter, job_id: str
) -> None:
    with pytest.raises(BadPayloadError, match="bad_payload: job_id"):
        house.run(replace(JOB, job_id=job_id))
    assert house.dynamodb.scan(TableName=TABLE)["Count"] == 0
    assert house.keys() == [SOURCE]


@pytest.mark.parametrize("job_id", ["a", "7", "_a-b.c", "A" * 200])
def test_any_other_job_id_is_taken(house: House, cutter: Cutter, job_id: str) -> None:
    assert house.run(replace(JOB, job_id=job_id)) == TWO
    assert house.keys(f"processed/{job_id}/segment_000.mp4")


def test_a_bad_request_is_refused_before_anything_is_read_or_claimed(
    house: House, cutter: Cutter
) -> None:
    with pytest.raises(BadPayloadError, match="mode"):
        house.run(replace(JOB, key="raw/missing.mp4", request={"mode": "melt"}))
    assert house.dynamodb.scan(TableName=TABLE)["Count"] == 0


def test_a_permanent_failure_is_recorded_in_the_recipes_words(house: House, cutter: Cutter) -> None:
    cutter.problem = PermanentError("corrupt_video", "The video is damaged.")
    outcome = house.run(JOB)
    assert (outcome.name, outcome.error) == ("Failed", cutter.problem)
    item = record(house)
    assert (item["status"], item["error_message"]) == ("FAILED", "The video is damaged.")
    assert item["error"]["code"] == "corrupt_video"
    assert item.keys().isdisjoint({"processing_stage", "progress_percentage", "output_s3_keys"})
    again = house.run(replace(JOB, holder="request-2"))
    assert again.name == "Duplicate"
    assert again.error is not None
    assert again.error.code == "corrupt_video"


def test_a_source_that_cannot_be_read_fails_the_job(house: House, cutter: Cutter) -> None:
    outcome = house.run(replace(JOB, key="raw/missing.mp4"))
    assert outcome.error is not None
    assert outcome.error.code == "source_unreadable"
    assert record(house)["status"] == "FAILED"
    assert house.run(replace(JOB, holder="request-2")) == TWO


def test_a_transient_failure_fails_the_record_and_may_be_asked_again(
    house: House, cutter: Cutter
) -> None:
    cutter.problem = ConnectionError("refused")
    with pytest.raises(ConnectionError):
        house.run(JOB, LAST_TRY)
    assert record(house)["status"] == "FAILED"
    assert "ConnectionError" in record(house)["error_message"]
    cutter.problem = None
    assert house.run(replace(JOB, holder="request-2"), LAST_TRY) == TWO
    assert "error_message" not in record(house)


def test_a_job_that_lost_its_lease_writes_no_segment(house: House, cutter: Cutter) -> None:
    """Its keys are the next worker's, too: the lease is asked for ahead of each write."""

    def cut(task: Task, request: Mapping[str, Any]) -> dict[str, Any]:
        house.cutting = CuttingKind(cutter.check, cutter.cut)
        # Lambda hands the same request out again once it has given up on this worker.
        assert house.run(JOB) == TWO
        task.publisher.put("segment_000.mp4", b"stale", "video/mp4")
        task.publisher.wait()
        return pytest.fail("the segment was written")

    house.cutting = CuttingKind(cutter.check, cut)
    with pytest.raises(LeaseLostError):
        house.run(JOB)
    [first, _] = record(house)["output_s3_keys"]
    assert house.s3.get_object(Bucket=BUCKET, Key=first)["Body"].read() == b"orig"


def test_the_record_of_a_medium_is_not_taken(house: House, cutter: Cutter) -> None:
    assert house.run(house.upload()) == COMPLETED
    before = house.record
    assert house.run(replace(JOB, job_id="photo-42", user_id="gallery-7")) == TAKEN
    assert house.record == before


def test_a_key_that_is_no_original_is_ignored_unless_it_is_cut(
    house: House, cutter: Cutter
) -> None:
    assert house.run(replace(JOB, request=None)) == IGNORED
    assert house.run(JOB, Invocation(lambda: 60.0, 60.0)) == TWO


BY_USER = json.dumps({"keys": {"segments": "cut/{user_id}/{job_id}/{output}"}})


@pytest.mark.parametrize(("user_id", "folder"), [("user-7", "user-7"), (None, "jobs")])
def test_segments_may_lie_under_their_user(
    house: House, cutter: Cutter, user_id: str | None, folder: str
) -> None:
    house.recipe = BY_USER
    assert house.run(replace(JOB, user_id=user_id)) == TWO
    assert house.keys(f"cut/{folder}/cut-42/segment_000.mp4")


@pytest.mark.parametrize("user_id", ["a/b", "..", "a b", "ü", "a" * 201])
def test_a_user_that_is_no_part_of_a_key_is_refused_where_keys_name_it(
    house: House, cutter: Cutter, user_id: str
) -> None:
    assert house.run(replace(JOB, user_id=user_id)) == TWO
    house.recipe = BY_USER
    with pytest.raises(BadPayloadError, match="bad_payload: user_id"):
        house.run(replace(JOB, user_id=user_id))
    assert house.keys("cut/") == []
