"""Which record a job fills, as the recipe's expressions over the job's words say it."""

from __future__ import annotations

import json

import pytest

from aws_names import BUCKET
from media_pipeline.events import Job
from media_pipeline.failures import BadPayloadError
from media_pipeline.worker import COMPLETED
from worker_house import KEY, House


def key_of(*attributes: str) -> str:
    return json.dumps(
        {"record": {"key": dict(zip(attributes[::2], attributes[1::2], strict=True))}}
    )


def test_a_direct_jobs_words_may_name_the_record(house: House) -> None:
    house.recipe = key_of("id", "not_null(job_id, media_id)", "projectId", "user_id || project_id")
    job = house.upload()
    assert house.run(job) == COMPLETED
    direct = Job(BUCKET, KEY, "request-1", job_id="job-1", user_id="user-1")
    assert house.run(direct) == COMPLETED
    assert house.record_of("job-1", "user-1")["status"] == house.record["status"] == "completed"


@pytest.mark.parametrize(
    "text", ["job_id", "''", "`7`", "length(job_id)", "@", "join('', [media_id, `\"x\"`, job_id])"]
)
def test_a_job_whose_record_has_no_key_is_refused_by_name(house: House, text: str) -> None:
    house.recipe = key_of("id", text, "projectId", "project_id")
    with pytest.raises(BadPayloadError, match="bad_payload: id of the record's key") as refused:
        house.run(house.upload())
    assert f"{text} gives none" in refused.value.sentence


@pytest.mark.parametrize(("length", "is_taken"), [(1024, True), (1025, False)])
def test_a_key_has_at_most_1024_bytes(house: House, length: int, is_taken: bool) -> None:
    house.recipe = key_of("id", "media_id", "projectId", "job_id")
    house.upload()
    job = Job(BUCKET, KEY, "request-1", job_id="ü" * 512 + "x" * (length - 1024))
    if is_taken:
        assert house.run(job) == COMPLETED
    else:
        with pytest.raises(BadPayloadError, match="projectId"):
            house.run(job)
