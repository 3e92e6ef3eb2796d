"""What a record shows while its job still runs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from botocore.exceptions import ClientError, ReadTimeoutError

from media_pipeline.failures import PermanentError
from media_pipeline.records import LeaseLostError
from media_pipeline.task import PUBLISHING_SECONDS, UPLOAD_BYTES_PER_SECOND
from media_pipeline.worker import COMPLETED, Invocation, Task
from worker_house import House, copy_original

Shown = tuple[str | None, int | None]


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


def shown(house: House) -> Shown:
    record = house.record
    return record.get("processing_stage"), record.get("progress_percentage")


def test_progress_is_written_at_once_and_then_every_two_seconds(house: House) -> None:
    house.clock = clock = Clock()
    seen: list[Shown] = []

    def process(task: Task) -> dict[str, Any]:
        for stage, percentage, later in [
            ("probing", 0, 0.0),
            ("probing", 5, 0.5),
            ("encoding", 10, 1.4),
            ("encoding", 11, 0.1),
            ("encoding", 12, 1.9),
            ("publishing", 99, 100.0),
        ]:
            clock.now += later
            task.report(stage, percentage)
            seen.append(shown(house))
        return {}

    house.process = process
    assert house.run(house.upload()) == COMPLETED
    assert seen == [
        ("probing", 0),
        ("probing", 0),
        ("probing", 0),
        ("encoding", 11),
        ("encoding", 11),
        ("publishing", 99),
    ]
    assert shown(house) == ("completed", 100)


@pytest.mark.parametrize(("reported", "written"), [(-3, 0), (101, 100)])
def test_progress_stays_a_percentage(house: House, reported: int, written: int) -> None:
    seen: list[Shown] = []

    def process(task: Task) -> dict[str, Any]:
        task.report("encoding", reported)
        seen.append(shown(house))
        return {}

    house.process = process
    house.run(house.upload())
    assert seen == [("encoding", written)]


@pytest.mark.parametrize(
    "refusal",
    [
        ClientError({"Error": {"Code": "ProvisionedThroughputExceededException"}}, "UpdateItem"),
        ReadTimeoutError(endpoint_url="https://dynamodb.example.com"),
    ],
    ids=["throttled", "unanswered"],
)
def test_progress_that_cannot_be_written_is_no_failure(house: House, refusal: Exception) -> None:
    house.clock = clock = Clock()
    update = house.dynamodb.update_item
    tries: list[float] = []

    def refuse(**request: Any) -> Any:  # noqa: ANN401
        tries.append(clock.now)
        clock.now += 5.0
        raise refusal

    def process(task: Task) -> dict[str, Any]:
        house.dynamodb.update_item = refuse  # type: ignore[method-assign]
        for later in (0.0, 1.9, 0.1):
            clock.now += later
            task.report("encoding", 50)
        house.dynamodb.update_item = update  # type: ignore[method-assign]
        return copy_original(task)

    house.process = process
    assert house.run(house.upload()) == COMPLETED
    assert tries == [1000.0, 1007.0], "two seconds are counted from the end of a slow write"


def test_progress_of_a_lost_lease_ends_the_job(house: House) -> None:
    older = house.upload(b"older", "0A")

    def overtaken(task: Task) -> dict[str, Any]:
        house.process = copy_original
        assert house.run(house.upload(b"newer", "0B")) == COMPLETED
        task.report("encoding", 50)
        return pytest.fail("the job went on")

    house.process = overtaken
    with pytest.raises(LeaseLostError):
        house.run(older)
    assert shown(house) == ("completed", 100)


def test_an_early_publication_is_shown_once_its_objects_are_there(house: House) -> None:
    seen: list[dict[str, Any]] = []

    def process(task: Task) -> dict[str, Any]:
        first = task.publisher.put("first.m3u8", b"#EXTM3U", "application/vnd.apple.mpegurl")
        task.publish_early({"stream": {**first, "stage": "first"}, "durationSeconds": 2.5})
        assert house.keys("renditions/") == [first["key"]]
        seen.append(house.record)
        last = task.publisher.put("last.m3u8", b"#EXTM3U", "application/vnd.apple.mpegurl")
        return {"stream": {**last, "stage": "complete"}}

    house.process = process
    assert house.run(house.upload()) == COMPLETED
    [early] = seen
    assert (early["status"], early["stream"]["stage"]) == ("processing", "first")
    assert early["durationSeconds"] == Decimal("2.5")
    assert "leaseToken" in early["pipeline"]
    assert house.record["stream"]["stage"] == "complete"
    assert "durationSeconds" not in house.record


def test_nothing_is_published_early_whose_object_failed(house: House) -> None:
    put = house.s3.put_object

    def refuse(**request: Any) -> Any:  # noqa: ANN401
        if request["Key"].startswith("renditions/"):
            raise ClientError({"Error": {"Code": "SlowDown"}}, "PutObject")
        return put(**request)

    def process(task: Task) -> dict[str, Any]:
        task.publish_early({"stream": task.publisher.put("first.m3u8", b"#EXTM3U", "text/plain")})
        return {}

    job = house.upload()
    house.s3.put_object = refuse  # type: ignore[method-assign]
    house.process = process
    with pytest.raises(ClientError):
        house.run(job)
    assert "stream" not in house.record


def test_a_failure_takes_an_early_publication_back(house: House) -> None:
    def process(task: Task) -> dict[str, Any]:
        task.report("encoding", 50)
        task.publish_early({"stream": {"stage": "first"}})
        raise PermanentError("corrupt_video", "The video is damaged.")

    house.process = process
    house.run(house.upload())
    record = house.record
    assert record["status"] == "failed"
    assert record.keys().isdisjoint({"stream", "processing_stage", "progress_percentage"})


def test_an_early_publication_survives_a_transient_failure(house: House) -> None:
    """What plays stays playable while the message waits for its next try."""

    def process(task: Task) -> dict[str, Any]:
        task.publish_early({"stream": {"stage": "first"}})
        raise ConnectionError("refused")

    job = house.upload()
    house.process = process
    with pytest.raises(ConnectionError):
        house.run(job)
    assert (house.record["status"], house.record["stream"]) == ("processing", {"stage": "first"})
    house.process = copy_original
    assert house.run(replace(job, holder="message-2")) == COMPLETED


def test_an_early_publication_of_a_lost_lease_changes_nothing(house: House) -> None:
    older = house.upload(b"older", "0A")

    def overtaken(task: Task) -> dict[str, Any]:
        house.process = copy_original
        assert house.run(house.upload(b"newer", "0B")) == COMPLETED
        task.publish_early({"stream": {"stage": "first"}})
        return pytest.fail("the job went on")

    house.process = overtaken
    with pytest.raises(LeaseLostError):
        house.run(older)
    assert house.record["stream"]["bytes"] == len(b"newer")


@pytest.mark.parametrize(
    ("reserve", "left"),
    [
        (lambda _: None, 300.0 - 5.0),
        (lambda task: task.reserve(0), 300.0 - 5.0),
        (lambda task: task.reserve(1_000_000_000), 300.0 - 5.0 - 40.0),
        (lambda task: (task.reserve(1_000_000_000), task.reserve(25_000_000)), 300.0 - 5.0 - 1.0),
    ],
    ids=["nothing", "no_bytes", "a_gigabyte", "the_last_word"],
)
def test_the_time_to_publish_is_set_aside(
    house: House, reserve: Callable[[Task], object], left: float
) -> None:
    assert (PUBLISHING_SECONDS, UPLOAD_BYTES_PER_SECOND) == (5.0, 25_000_000)
    seen: list[float] = []

    def process(task: Task) -> dict[str, Any]:
        reserve(task)
        seen.append(task.seconds_left())
        return {}

    house.process = process
    house.run(house.upload(), Invocation(lambda: 300.0, 300.0))
    assert seen == [left]
