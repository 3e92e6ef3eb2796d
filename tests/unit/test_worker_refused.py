"""What the record says of a payload that cannot become a cutting job."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from aws_names import BUCKET
from media_pipeline.events import Job
from media_pipeline.failures import BadPayloadError
from media_pipeline.worker import CuttingKind, Task
from worker_house import House

SEGMENTS = '{"videos": {"jobs": "segments"}}'
ERROR = BadPayloadError("Object missing required field `s3_key`")
PAYLOAD = {"s3_bucket": BUCKET, "job_id": "cut-42", "user_id": "user-7"}
JOB = Job(BUCKET, "raw/a.mp4", "request-2", job_id="cut-42", user_id="user-7")


def _cut(task: Task, request: Mapping[str, Any]) -> dict[str, Any]:
    return {"outputs": [task.publisher.put("segment_000.mp4", b"piece", "video/mp4")]}


@pytest.fixture
def cutter(house: House) -> House:
    house.s3.put_object(Bucket=BUCKET, Key=JOB.key, Body=b"original")
    return replace(house, cutting=CuttingKind(dict, _cut), recipe=SEGMENTS)


def _record(house: House) -> dict[str, Any]:
    return house.record_of("cut-42", "user-7")


def test_the_record_of_a_job_says_what_is_wrong_with_its_payload(cutter: House) -> None:
    queued = {"id": {"S": "cut-42"}, "projectId": {"S": "user-7"}, "status": {"S": "QUEUED"}}
    cutter.dynamodb.put_item(TableName=cutter.table, Item={**queued, "title": {"S": "Bunny"}})
    cutter.worker.refuse(PAYLOAD, "request-1", ERROR)
    record = _record(cutter)
    assert (record["status"], record["title"]) == ("FAILED", "Bunny")
    assert record["error_message"] == ERROR.sentence
    assert record["error"]["code"] == "bad_payload"


def test_a_payload_put_right_is_taken(cutter: House) -> None:
    cutter.worker.refuse(PAYLOAD, "request-1", ERROR)
    assert cutter.run(JOB).segments_created == 1
    record = _record(cutter)
    assert record["status"] == "COMPLETED"
    assert "error_message" not in record


def test_the_record_says_what_is_wrong_with_the_last_payload(cutter: House) -> None:
    cutter.worker.refuse(PAYLOAD, "request-1", ERROR)
    cutter.worker.refuse(PAYLOAD, "request-2", BadPayloadError("mode must be encode or copy"))
    assert _record(cutter)["error_message"] == "mode must be encode or copy"


def test_a_job_that_ran_is_not_made_to_fail(cutter: House) -> None:
    cutter.run(JOB)
    before = _record(cutter)
    cutter.worker.refuse(PAYLOAD, "request-1", ERROR)
    assert _record(cutter) == before


def test_a_request_for_cuts_is_a_job_whatever_the_recipe_says(cutter: House) -> None:
    house = replace(cutter, recipe="{}")
    house.worker.refuse({**PAYLOAD, "mode": "melt"}, "request-1", ERROR)
    assert _record(house)["status"] == "FAILED"


@pytest.mark.parametrize(
    "payload",
    [
        {},
        {"job_id": None, "user_id": "user-7"},
        {"job_id": "", "user_id": "user-7"},
        {"job_id": 42, "user_id": "user-7"},
        {"job_id": "a" * 2000},
    ],
)
def test_a_payload_that_names_no_record_changes_none(
    cutter: House, payload: dict[str, Any]
) -> None:
    cutter.worker.refuse(payload, "request-1", ERROR)
    assert cutter.dynamodb.scan(TableName=cutter.table)["Count"] == 0


def test_the_records_of_media_are_left_alone(house: House, cutter: House) -> None:
    replace(cutter, recipe="{}").worker.refuse(PAYLOAD, "request-1", ERROR)
    house.worker.refuse(PAYLOAD, "request-1", ERROR)
    assert house.dynamodb.scan(TableName=house.table)["Count"] == 0


@pytest.mark.parametrize("pipeline", [{"S": "nightly"}, {"N": "5"}, {"M": {}}, {"NULL": True}])
def test_an_attribute_of_the_modules_name_is_left_alone(
    cutter: House, pipeline: dict[str, Any]
) -> None:
    item = {"id": {"S": "cut-42"}, "projectId": {"S": "user-7"}, "pipeline": pipeline}
    cutter.dynamodb.put_item(TableName=cutter.table, Item=item)
    before = _record(cutter)
    with pytest.raises(BadPayloadError, match="`pipeline`"):
        cutter.run(JOB)
    with pytest.raises(BadPayloadError, match="`pipeline`"):
        cutter.worker.refuse(PAYLOAD, "request-1", ERROR)
    assert _record(cutter) == before
