"""Uploads whose event was lost."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from aws_names import BUCKET
from media_pipeline.events import Job, write_event
from media_pipeline.worker import COMPLETED
from sweep_house import DAY, HOUR, SweepHouse, ago
from worker_house import KEY, House, copy_original

MISSED = {"UploadsMissed": 1, "Requeued": 1}
BESIDE = "originals/gallery-7/photo-42/b.jpg"


@pytest.mark.parametrize("is_versioned", [False, True])
@pytest.mark.parametrize("is_known", [False, True])
def test_an_upload_whose_event_was_lost_is_processed(
    sweep_house: SweepHouse, is_versioned: bool, is_known: bool
) -> None:
    house = sweep_house.house
    if is_versioned:
        house.s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
    if is_known:
        sweep_house.put(id="photo-42", projectId="gallery-7", status="pending", title="Harbour")
    uploaded = house.upload()
    sweep_house.age_objects(3 * HOUR)
    assert sweep_house.sweep() == MISSED
    assert house.record["status"] == "processing"
    [job] = sweep_house.jobs()
    assert (job.key, job.version_id, job.etag) == (KEY, uploaded.version_id, uploaded.etag)
    assert sweep_house.sweep() == {}
    assert house.run(job) == COMPLETED
    record = house.record
    assert (record["status"], record.get("title")) == ("completed", "Harbour" if is_known else None)
    assert record["pipeline"]["sourceVersion"] == uploaded.source_version
    assert sweep_house.sweep() == {}


@pytest.mark.parametrize(
    "key",
    [
        "originals/a b+c%25/ü ß/x&y <1>.JPG",
        "originals/g/m/what's (new).HEIC",
        "originals/g/m\n/\x02.png",
    ],
)
def test_keys_of_any_characters_reach_the_worker(sweep_house: SweepHouse, key: str) -> None:
    sweep_house.house.upload(key=key)
    sweep_house.age_objects(3 * HOUR)
    assert sweep_house.sweep() == MISSED
    [job] = sweep_house.jobs()
    assert job.key == key
    assert sweep_house.house.run(job) == COMPLETED


def test_a_video_goes_to_the_videos_queue(sweep_house: SweepHouse) -> None:
    sweep_house.house.upload(key="originals/g/m/clip.MOV")
    sweep_house.age_objects(3 * HOUR)
    assert sweep_house.sweep() == MISSED
    assert (len(sweep_house.messages("images")), len(sweep_house.messages("videos"))) == (0, 1)
    assert sweep_house.house.record_of("m", "g")["type"] == "video"


def test_what_the_table_told_of_is_not_read_again(sweep_house: SweepHouse) -> None:
    house = sweep_house.house
    for number in range(3):
        assert house.run(house.upload(key=f"originals/g/{number}/a.jpg")) == COMPLETED
    house.upload(b"newer", key="originals/g/0/a.jpg")
    sweep_house.age_objects(3 * HOUR)
    read: list[str] = []
    house.dynamodb.meta.events.register(
        "provide-client-params.dynamodb.GetItem",
        lambda params, **_: read.append(params["Key"]["id"]["S"]),
    )
    assert sweep_house.sweep() == MISSED
    assert read == ["0"]


@pytest.mark.parametrize("hours", [0, 1.9, 145])
def test_an_upload_is_looked_at_between_two_hours_and_six_days(
    sweep_house: SweepHouse, hours: float
) -> None:
    sweep_house.house.upload()
    sweep_house.age_objects(hours * HOUR)
    assert sweep_house.sweep() == {}
    assert sweep_house.items() == []


def test_an_upload_from_before_the_queue_is_for_a_backfill(house: House) -> None:
    sweep_house = SweepHouse.beside(house)
    house.upload()
    sweep_house.age_objects(3 * HOUR)
    assert sweep_house.sweep() == {}
    sweep_house.turn(4 * HOUR)
    assert sweep_house.sweep() == {}


def test_an_older_upload_that_its_record_waits_for_is_processed(sweep_house: SweepHouse) -> None:
    house = sweep_house.house
    sweep_house.put(id="photo-42", projectId="gallery-7", status="pending", createdAt=ago(5 * DAY))
    house.upload()
    sweep_house.age_objects(5 * DAY)
    assert sweep_house.sweep() == MISSED
    assert sweep_house.work() == [COMPLETED]


def test_a_lost_event_of_a_new_version_is_made_up_for(sweep_house: SweepHouse) -> None:
    house = sweep_house.house
    house.run(house.upload(b"older", "0A"))
    newer = house.upload(b"newer")
    sweep_house.age_objects(3 * HOUR)
    assert sweep_house.sweep() == MISSED
    assert sweep_house.work() == [COMPLETED]
    assert house.record["pipeline"]["etag"] == newer.etag
    body = house.s3.get_object(Bucket=BUCKET, Key=house.record["stream"]["key"])["Body"].read()
    assert body == b"newer"


@pytest.mark.parametrize("processed", ["older", "newer"])
def test_of_two_uploads_for_one_record_the_later_one_is_meant(
    sweep_house: SweepHouse, processed: str
) -> None:
    """Not one and then the other, sweep after sweep."""
    house = sweep_house.house
    older = house.upload(b"older", "0A")
    sweep_house.age_objects(HOUR)
    newer = house.upload(b"newer", "0B", BESIDE)
    house.run({"older": older, "newer": newer}[processed])
    sweep_house.turn(3 * HOUR)
    assert sweep_house.sweep() == ({} if processed == "newer" else MISSED)
    assert sweep_house.work() == ([] if processed == "newer" else [COMPLETED])
    assert house.record["originalKey"] == BESIDE
    assert [sweep_house.sweep(), sweep_house.messages()] == [{}, []]


def test_an_older_upload_is_not_brought_back_once_the_later_one_was_deleted(
    sweep_house: SweepHouse,
) -> None:
    house = sweep_house.house
    house.upload(b"older", "0A")
    sweep_house.age_objects(HOUR)
    house.run(house.upload(b"newer", "0B", BESIDE))
    house.s3.delete_object(Bucket=BUCKET, Key=BESIDE)
    sweep_house.turn(3 * HOUR)
    assert sweep_house.sweep() == {}
    house.upload(b"newest", "0C")
    sweep_house.age_objects(2.5 * HOUR)
    assert sweep_house.sweep() == MISSED


@pytest.mark.parametrize(
    "key",
    [
        "originals/g/m/notes.txt",
        "originals/g/too-short.jpg",
        "originals/g/m/x/long.jpg",
        "g/m/a.jpg",
    ],
)
def test_what_no_route_takes_is_left_alone(sweep_house: SweepHouse, key: str) -> None:
    sweep_house.house.upload(key=key)
    sweep_house.age_objects(3 * HOUR)
    assert sweep_house.sweep() == {}


def test_an_upload_that_was_replaced_or_deleted_meanwhile_is_left_alone(
    sweep_house: SweepHouse,
) -> None:
    house = sweep_house.house
    house.upload(b"older")
    sweep_house.age_objects(3 * HOUR)
    with sweep_house.before("s3.HeadObject", lambda: house.upload(b"newer")):
        assert sweep_house.sweep() == {}
    sweep_house.age_objects(3 * HOUR)
    with sweep_house.before(
        "s3.HeadObject", lambda: house.s3.delete_object(Bucket=BUCKET, Key=KEY)
    ):
        assert sweep_house.sweep() == {}
    assert sweep_house.items() == []


def test_an_event_that_comes_at_the_last_moment_wins(sweep_house: SweepHouse) -> None:
    house = sweep_house.house
    uploaded = house.upload()
    sweep_house.age_objects(3 * HOUR)
    with sweep_house.before("dynamodb.UpdateItem", lambda: house.run(uploaded)):
        assert sweep_house.sweep() == {}
    assert (house.record["status"], sweep_house.messages()) == ("completed", [])


def test_thousands_of_uploads_are_seen(sweep_house: SweepHouse) -> None:
    house = sweep_house.house
    for number in range(1100):
        house.s3.put_object(Bucket=BUCKET, Key=f"originals/g/{number:04}/a.jpg", Body=b"x")
    sweep_house.age_objects(3 * HOUR, "originals/g/0001/")
    sweep_house.age_objects(3 * HOUR, "originals/g/1099/")
    assert sweep_house.sweep() == {"UploadsMissed": 2, "Requeued": 2}
    assert {item["id"] for item in sweep_house.items()} == {"0001", "1099"}


def test_jobs_and_other_buckets_are_not_taken_for_missed_uploads(sweep_house: SweepHouse) -> None:
    house = sweep_house.house
    house.s3.create_bucket(
        Bucket="elsewhere", CreateBucketConfiguration={"LocationConstraint": "eu-central-1"}
    )
    house.upload(b"older")
    house.s3.put_object(Bucket="elsewhere", Key=BESIDE, Body=b"newer")
    direct = Job("elsewhere", BESIDE, "request-1", job_id="j")
    assert house.run(direct) == COMPLETED
    sweep_house.turn(3 * HOUR)
    assert sweep_house.sweep() == {}
    sweep_house.rewrite(house.record, isJob=True, etag="another")
    assert sweep_house.sweep() == {}


def test_a_recipe_whose_records_no_upload_can_name_finds_none(sweep_house: SweepHouse) -> None:
    house = sweep_house.house
    house.recipe = json.dumps({"record": {"key": {"id": "job_id", "projectId": "project_id"}}})
    house.process = copy_original
    house.run(replace(house.upload(sequencer=None), job_id="mine"))
    sweep_house.turn(3 * HOUR)
    assert sweep_house.sweep() == {}


def test_while_messages_wait_nothing_is_taken_for_lost(sweep_house: SweepHouse) -> None:
    """An upload whose turn has not come for a day has not failed, and one message is enough."""
    house = sweep_house.house
    job = house.upload()
    sweep_house.sqs.send_message(
        QueueUrl=sweep_house.queues["images"], MessageBody=write_event(job, "PutObject")
    )
    for _ in range(8):
        sweep_house.turn(3 * HOUR)
        assert sweep_house.sweep() == {}
    assert house.keys("renditions/") == []
    assert sweep_house.work() == [COMPLETED]
    assert house.record["pipeline"]["attempts"] == 1


def test_while_messages_wait_a_dead_workers_own_may_be_among_them(sweep_house: SweepHouse) -> None:
    house = sweep_house.house
    job = house.upload()
    sweep_house.crash(job)
    sweep_house.sqs.send_message(
        QueueUrl=sweep_house.queues["images"], MessageBody=write_event(job, "PutObject")
    )
    sweep_house.turn(3 * HOUR)
    assert sweep_house.sweep() == {}
    assert sweep_house.work() == [COMPLETED]


def test_what_waited_longer_than_its_queue_keeps_messages_is_lost(sweep_house: SweepHouse) -> None:
    """Others wait there still, but none of these can."""
    house = sweep_house.house
    lost, died = ("originals/g/lost/a.jpg", "originals/g/died/a.jpg")
    house.upload(key=lost)
    sweep_house.crash(house.upload(key=died))
    sweep_house.sqs.send_message(
        QueueUrl=sweep_house.queues["images"],
        MessageBody=write_event(house.upload(key="originals/g/other/a.jpg"), "PutObject"),
    )
    sweep_house.turn(4 * DAY)
    assert sweep_house.sweep() == {}
    sweep_house.age_objects(2 * HOUR, "originals/g/lost/")
    sweep_house.age_records(2 * HOUR)
    assert sweep_house.sweep() == {"LeasesExpired": 1, "UploadsMissed": 1, "Requeued": 2}
    assert {job.key for job in sweep_house.jobs()} >= {lost, died}


def test_a_job_on_another_bucket_under_the_same_key_is_not_undone(sweep_house: SweepHouse) -> None:
    house = sweep_house.house
    house.run(house.upload())
    house.s3.create_bucket(
        Bucket="elsewhere", CreateBucketConfiguration={"LocationConstraint": "eu-central-1"}
    )
    house.s3.put_object(Bucket="elsewhere", Key=KEY, Body=b"other")
    sweep_house.turn(3 * HOUR)
    house.run(Job("elsewhere", KEY, "request-1", job_id="asked"))
    made = house.record["stream"]["key"]
    assert sweep_house.sweep() == {}
    assert house.record["stream"]["key"] == made


def test_what_lies_in_another_bucket_is_not_sent(sweep_house: SweepHouse) -> None:
    house = sweep_house.house
    sweep_house.crash(house.upload())
    sweep_house.rewrite(house.record, bucket="elsewhere")
    sweep_house.turn(3 * HOUR)
    assert sweep_house.sweep() == {"LeasesExpired": 1, "GivenUp": 1}
    assert house.record["error"]["code"] == "worker_lost"
    assert sweep_house.messages() == []
