"""What a sweep does about records whose worker never came back."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from aws_names import BUCKET
from media_pipeline.events import Job
from media_pipeline.failures import PermanentError
from media_pipeline.worker import COMPLETED, DUPLICATE, CuttingKind, Task
from sweep_house import DAY, HOUR, SweepHouse
from vocabularies import VOCABULARIES
from worker_house import KEY, LAST_TRY, copy_original

REVIVED = {"LeasesExpired": 1, "Requeued": 1}
GIVEN_UP = {"LeasesExpired": 1, "GivenUp": 1}
ORIGINALS = {
    "default": KEY,
    "media-site": "projects/gallery-7/media/photo-42/original.jpg",
    "photo-gallery": "gallery-7/photo-42_harbour.jpg",
    "video-jobs": KEY,
}


def only_record(house: SweepHouse) -> dict[str, Any]:
    [record] = house.items()
    return record


@pytest.mark.parametrize("is_versioned", [False, True])
def test_a_job_whose_worker_was_killed_is_done_after_all(
    sweep_house: SweepHouse, is_versioned: bool
) -> None:
    house = sweep_house.house
    if is_versioned:
        house.s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
    uploaded = house.upload()
    sweep_house.crash(uploaded)
    sweep_house.turn(3 * HOUR)
    assert sweep_house.sweep() == REVIVED
    pipeline = house.record["pipeline"]
    assert pipeline["holder"] == "sweep request-1"
    assert (pipeline["attempts"], pipeline["sequencer"]) == (2, "0A")
    [job] = sweep_house.jobs()
    assert (job.bucket, job.key) == (BUCKET, KEY)
    assert (job.version_id, job.etag) == (uploaded.version_id, uploaded.etag)
    assert house.run(job) == COMPLETED
    assert house.run(job) == DUPLICATE
    record = house.record
    assert record["status"] == "completed"
    assert record["pipeline"]["sourceVersion"] == uploaded.source_version
    assert house.s3.get_object(Bucket=BUCKET, Key=record["stream"]["key"])["Body"].read()


@pytest.mark.parametrize("name", VOCABULARIES)
def test_a_record_in_an_applications_own_words_is_done_after_all(
    sweep_house: SweepHouse, name: str
) -> None:
    sweep_house.speak(VOCABULARIES[name])
    job = sweep_house.house.upload(key=ORIGINALS[name])
    sweep_house.house.run(job)
    calm = only_record(sweep_house)
    sweep_house.house.dynamodb.delete_table(TableName=sweep_house.house.table)
    sweep_house.speak(VOCABULARIES[name])
    sweep_house.crash(job)
    sweep_house.turn(3 * HOUR)
    assert sweep_house.sweep() == REVIVED
    assert sweep_house.work() == [COMPLETED]
    again = only_record(sweep_house)
    assert again["pipeline"]["sourceVersion"] == calm["pipeline"]["sourceVersion"]
    times = {"pipeline", "createdAt", "updatedAt", "processedAt", "processed_at", "timings"}
    of_a_revision = {"stream"}
    assert again.keys() == calm.keys()
    assert {n: v for n, v in again.items() if n not in times | of_a_revision} == {
        n: v for n, v in calm.items() if n not in times | of_a_revision
    }


def test_a_lease_that_may_still_be_held_is_left_alone(sweep_house: SweepHouse) -> None:
    """For two hours its message may bring the job back."""
    sweep_house.crash(sweep_house.house.upload())
    sweep_house.age_records(2 * HOUR)
    before = sweep_house.house.record
    assert sweep_house.sweep() == {}
    assert (sweep_house.house.record, sweep_house.messages()) == (before, [])


def test_the_next_sweep_leaves_alone_what_one_has_just_sent(sweep_house: SweepHouse) -> None:
    sweep_house.crash(sweep_house.house.upload())
    sweep_house.turn(3 * HOUR)
    assert [sweep_house.sweep(), sweep_house.sweep()] == [REVIVED, {}]
    assert len(sweep_house.messages()) == 1


def test_a_message_that_was_lost_again_is_sent_again_until_five_attempts_are_over(
    sweep_house: SweepHouse,
) -> None:
    house = sweep_house.house
    sweep_house.crash(house.upload())
    found = []
    for _ in range(6):
        sweep_house.age_records(3 * HOUR)
        found.append(sweep_house.sweep())
        sweep_house.messages()
    assert found == [REVIVED, REVIVED, REVIVED, REVIVED, GIVEN_UP, {}]
    record = house.record
    assert (record["status"], record["error"]["code"]) == ("failed", "retries_exhausted")
    assert "redrive" in record["error"]["message"]


def test_a_redrive_may_claim_what_a_sweep_gave_up(sweep_house: SweepHouse) -> None:
    house, job = sweep_house.house, sweep_house.house.upload()
    for attempt in range(5):
        sweep_house.crash(replace(job, holder="message-1"))
        assert house.record["pipeline"]["attempts"] == attempt + 1
    sweep_house.age_records(3 * HOUR)
    assert sweep_house.sweep() == GIVEN_UP
    assert sweep_house.messages() == []
    assert house.run(replace(job, holder="message-1")) == COMPLETED


def test_a_record_that_ended_is_left_alone(sweep_house: SweepHouse) -> None:
    house = sweep_house.house
    house.run(house.upload())
    exhausted = house.upload(key="originals/gallery-7/photo-43/a.jpg")
    house.process = lambda _: (_ for _ in ()).throw(ConnectionError())
    with pytest.raises(ConnectionError):
        house.run(exhausted, LAST_TRY)
    sweep_house.turn(6 * HOUR)
    before = sorted(sweep_house.items(), key=str)
    assert sweep_house.sweep() == {}
    assert sorted(sweep_house.items(), key=str) == before
    sweep_house.turn(30 * DAY)
    assert sweep_house.sweep() == {}
    assert sweep_house.messages() == []
    house.process = copy_original
    assert house.run(exhausted) == COMPLETED


def test_a_record_that_failed_before_records_said_when_is_left_alone(
    sweep_house: SweepHouse,
) -> None:
    house = sweep_house.house
    sweep_house.crash(house.upload())
    sweep_house.rewrite(house.record, outcome={"code": "retries_exhausted", "message": "Every."})
    sweep_house.turn(3 * HOUR)
    before = house.record
    assert sweep_house.sweep() == {}
    assert house.record == before


@pytest.mark.parametrize("call", ["GetItem", "UpdateItem"])
def test_a_newer_version_that_took_the_record_is_left_alone(
    sweep_house: SweepHouse, call: str
) -> None:
    house = sweep_house.house
    sweep_house.crash(house.upload(b"older", "0A"))
    sweep_house.turn(3 * HOUR)
    newer = house.upload(b"newer", "0B")
    with sweep_house.before(f"dynamodb.{call}", lambda: house.run(newer)):
        assert sweep_house.sweep() == {}
    assert (house.record["status"], sweep_house.messages()) == ("completed", [])


@pytest.fixture
def cutting_house(sweep_house: SweepHouse) -> SweepHouse:
    def cut(task: Task, request: object) -> dict[str, Any]:
        return {"outputs": [sweep_house.house.process(task)["stream"]]}

    sweep_house.house.cutting = CuttingKind(lambda request: request, cut)
    sweep_house.house.s3.put_object(Bucket=BUCKET, Key="raw/a.mp4", Body=b"original")
    return sweep_house


CUT = Job(
    BUCKET, "raw/a.mp4", "request-1", job_id="cut-42", user_id="user-7", request={"mode": "copy"}
)


def test_a_cutting_job_whose_function_died_is_failed_for_its_caller(
    cutting_house: SweepHouse,
) -> None:
    house = cutting_house.house
    cutting_house.crash(CUT)
    cutting_house.turn(3 * HOUR)
    assert cutting_house.sweep() == GIVEN_UP
    record = house.record_of("cut-42", "user-7")
    assert (record["status"], record["error"]["code"]) == ("FAILED", "worker_lost")
    assert '"retry": true' in record["error_message"]
    assert cutting_house.messages("videos") == []
    assert house.run(replace(CUT, retry=True)).name == "Completed"
    assert house.record_of("cut-42", "user-7")["status"] == "COMPLETED"


def test_a_cutting_job_that_runs_is_left_alone(cutting_house: SweepHouse) -> None:
    cutting_house.crash(CUT)
    cutting_house.turn(HOUR)
    assert cutting_house.sweep() == {}


def test_without_a_queue_the_caller_is_told(sweep_house: SweepHouse) -> None:
    sweep_house.queues = {}
    sweep_house.crash(sweep_house.house.upload())
    sweep_house.turn(3 * HOUR)
    assert sweep_house.sweep() == GIVEN_UP
    assert sweep_house.house.record["error"]["code"] == "worker_lost"


def test_a_record_that_no_message_would_lead_to_is_failed(sweep_house: SweepHouse) -> None:
    """A queue's message names no job, and such a record's key is made of one."""
    house = sweep_house.house
    house.recipe = json.dumps({"record": {"key": {"id": "job_id", "projectId": "project_id"}}})
    sweep_house.crash(replace(house.upload(sequencer=None), job_id="mine"))
    sweep_house.turn(3 * HOUR)
    assert sweep_house.sweep() == GIVEN_UP
    assert house.record_of("mine", "gallery-7")["error"]["code"] == "worker_lost"


def test_a_record_from_before_keys_were_kept_is_failed(sweep_house: SweepHouse) -> None:
    house = sweep_house.house
    sweep_house.crash(house.upload())
    sweep_house.rewrite(house.record, key=None, bucket=None, etag=None)
    sweep_house.turn(3 * HOUR)
    assert sweep_house.sweep() == GIVEN_UP
    assert house.record["error"]["code"] == "worker_lost"


def test_what_a_revived_job_fails_for_is_in_its_record(sweep_house: SweepHouse) -> None:
    house = sweep_house.house
    sweep_house.crash(house.upload())
    sweep_house.turn(3 * HOUR)
    sweep_house.sweep()

    def refuse(task: Task) -> dict[str, Any]:
        raise PermanentError("corrupt_image", "The image is damaged.")

    house.process = refuse
    assert [outcome.name for outcome in sweep_house.work()] == ["Failed"]
    assert house.record["error"]["code"] == "corrupt_image"
