"""What got stuck is found by the deployed sweep, invoked as its schedule invokes it."""

from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest

from e2e.application import wait_until
from e2e.conftest import House
from media_pipeline.events import Job
from media_pipeline.leases import format_time, parse_time
from media_pipeline.updates import write_item
from pictures import jpeg
from sweep_house import Killed
from sweeping.counts import Count
from sweeping.settings import SweepSettings
from sweeping.sweeper import Sweeper
from worker_house import PLENTY
from worker_house import House as WorkerHouse

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def sweep(house: House) -> dict[str, int]:
    """Do what the Scheduler does every three hours; the answer is what was counted."""
    deployment = house.deployment
    scheduler = boto3.client("scheduler", **deployment.access)
    _, group, name = deployment.outputs["sweep"]["schedule_arn"].split("/")
    schedule = scheduler.get_schedule(GroupName=group, Name=name)
    assert (schedule["State"], schedule["ScheduleExpression"]) == ("ENABLED", "rate(3 hours)")
    target = schedule["Target"]
    answer = deployment.lambdas.invoke(FunctionName=target["Arn"], Payload=target["Input"].encode())
    told = answer["Payload"].read()
    assert "FunctionError" not in answer, told
    counts: dict[str, int] = json.loads(told)
    assert counts.keys() == {count.value for count in Count}
    assert counts["Unfinished"] == 0
    return counts


def deployed_environment(house: House) -> dict[str, str]:
    name = house.deployment.outputs["sweep"]["name"]
    described = house.deployment.lambdas.get_function_configuration(FunctionName=name)
    return described["Environment"]["Variables"]


def turn_back(house: House, media_id: str, passed: timedelta) -> None:
    """Let a record's times be as if they had been written earlier."""
    pipeline = house.record(media_id)["pipeline"]
    for times in (pipeline, pipeline.get("leftovers", {})):
        for name in times.keys() - {"leftovers"}:
            if name in ("leaseExpiresAt", "endedAt") or times is not pipeline:
                times[name] = format_time(parse_time(times[name]) - passed)
    house.dynamodb.update_item(
        TableName=house.deployment.table,
        Key=write_item({"id": media_id, "projectId": "gallery-7"}),
        UpdateExpression="SET pipeline = :then",
        ExpressionAttributeValues=write_item({":then": pipeline}),
    )


def folders(house: House, media_id: str) -> set[str]:
    """The revisions under which outputs of a medium lie."""
    listed = house.s3.list_objects_v2(
        Bucket=house.deployment.bucket, Prefix=f"renditions/gallery-7/{media_id}/"
    )
    return {entry["Key"].split("/")[3] for entry in listed.get("Contents", [])}


def test_a_job_whose_worker_was_killed_is_completed(house: House) -> None:
    key = "originals/gallery-7/crashed/photo.jpg"
    with house.untold("images"):
        answer = house.s3.put_object(Bucket=house.deployment.bucket, Key=key, Body=jpeg((900, 600)))
    job = Job(
        house.deployment.bucket,
        key,
        "message-1",
        answer.get("VersionId"),
        answer["ETag"].strip('"'),
    )

    def be_killed(task: object) -> dict[str, Any]:
        raise Killed

    worker = WorkerHouse(
        house.s3,
        house.dynamodb,
        be_killed,
        byte_limit=10**9,
        output_bucket=house.deployment.bucket,
        table=house.deployment.table,
    )
    with pytest.raises(Killed):
        worker.run(job, PLENTY)
    assert house.record("crashed")["status"] == "processing"
    assert sweep(house)["LeasesExpired"] == 0
    turn_back(house, "crashed", 3 * HOUR)
    counts = sweep(house)
    assert (counts["LeasesExpired"], counts["Requeued"]) == (1, 1)
    record = house.finished("crashed")
    assert (record["status"], record["pipeline"]["attempts"]) == ("completed", 3)
    assert house.read(record["renditions"][0]["formats"]["jpg"]["key"])
    house.assert_queues_drain()


def test_a_superseded_revision_is_removed_and_the_current_one_kept(house: House) -> None:
    key = "originals/gallery-7/replaced/photo.jpg"
    house.upload(key, jpeg((900, 600)))
    first = house.finished("replaced")["pipeline"]["revision"]
    house.upload(key, jpeg((600, 900)))
    wait_until(lambda: house.record("replaced").get("height") == 900)
    record = house.record("replaced")
    current = record["pipeline"]["revision"]
    assert folders(house, "replaced") == {first, current}
    assert sweep(house)["RevisionsRemoved"] == 0
    turn_back(house, "replaced", 2 * DAY)
    assert sweep(house)["RevisionsRemoved"] == 1
    assert folders(house, "replaced") == {current}
    for rendition in record["renditions"]:
        for file in rendition["formats"].values():
            assert house.read(file["key"])
    assert house.read(key)


def test_a_record_whose_upload_never_came_is_failed(house: House) -> None:
    old = format_time(datetime.now(UTC) - 2 * DAY)
    for media_id, created in (("never", old), ("soon", format_time(datetime.now(UTC)))):
        item = {"id": media_id, "projectId": "gallery-7", "status": "pending"}
        house.dynamodb.put_item(
            TableName=house.deployment.table, Item=write_item({**item, "createdAt": created})
        )
    counts = sweep(house)
    assert (counts["PendingExpired"], counts["GivenUp"]) == (1, 1)
    assert house.record("never")["error"]["code"] == "upload_missing"
    assert house.record("soon")["status"] == "pending"
    house.upload("originals/gallery-7/never/photo.jpg", jpeg((300, 200)))
    wait_until(lambda: house.record("never")["status"] == "completed")


def test_an_upload_whose_event_was_lost_is_completed(house: House) -> None:
    """The time of an object in S3 cannot be turned back, so the sweep's own is turned forward.

    It runs in this process, with the environment of the deployed one.
    """
    with house.untold("images"):
        house.upload("originals/gallery-7/lost/a b+c%.jpg", jpeg((900, 600)))
    assert sweep(house)["UploadsMissed"] == 0
    assert house.record("lost") == {}
    later = [datetime.now(UTC) + 3 * HOUR]
    sweeper = Sweeper(
        SweepSettings.from_environment(deployed_environment(house)),
        house.s3,
        house.dynamodb,
        house.deployment.sqs,
        # When it began; its claims are of now.
        lambda: later.pop() if later else datetime.now(UTC),
    )
    counts: Counter[Count] = Counter()
    sweeper.sweep(counts, "sweep request-1", lambda: 900.0)
    assert counts[Count.UPLOADS_MISSED] >= 1
    record = house.finished("lost")
    assert record["status"] == "completed"
    assert house.read(record["renditions"][0]["formats"]["jpg"]["key"])
    house.assert_queues_drain()
