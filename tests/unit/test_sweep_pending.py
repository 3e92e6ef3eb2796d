"""Records whose upload never came, and those of others that only look so."""

from __future__ import annotations

from decimal import Decimal

import pytest

from aws_names import BUCKET
from media_pipeline.worker import COMPLETED
from sweep_house import DAY, HOUR, SweepHouse, ago
from sweeping.findings import PendingWords
from vocabularies import MEDIA_SITE
from worker_house import KEY

MISSED = {"UploadsMissed": 1, "Requeued": 1}
EXPIRED = {"PendingExpired": 1, "GivenUp": 1}


def test_a_record_whose_upload_never_came_fails_after_a_day(sweep_house: SweepHouse) -> None:
    house = sweep_house.house
    waiting = {"projectId": "gallery-7", "status": "pending", "title": "Harbour"}
    sweep_house.put(id="photo-42", createdAt=ago(25 * HOUR), **waiting)
    sweep_house.put(id="young", createdAt=ago(23 * HOUR), **waiting)
    assert sweep_house.sweep() == EXPIRED
    record = house.record
    assert (record["status"], record["title"]) == ("failed", "Harbour")
    assert record["error"]["code"] == "upload_missing"
    assert house.record_of("young", "gallery-7")["status"] == "pending"
    assert sweep_house.sweep() == {}
    assert house.run(house.upload()) == COMPLETED
    assert house.record["status"] == "completed"


def test_an_upload_that_came_too_late_and_whose_event_was_lost_is_processed(
    sweep_house: SweepHouse,
) -> None:
    sweep_house.put(id="photo-42", projectId="gallery-7", status="pending", createdAt=ago(2 * DAY))
    assert sweep_house.sweep() == EXPIRED
    sweep_house.house.upload()
    sweep_house.turn(3 * HOUR)
    assert sweep_house.sweep() == MISSED
    assert sweep_house.work() == [COMPLETED]


@pytest.mark.parametrize(
    ("created", "is_over"),
    [
        (Decimal(1_700_000_000), True),
        (Decimal("1700000000.5"), True),
        ("2024-01-01T00:00:00Z", True),
        ("2024-01-01T00:00:00.000000", True),
        ("2024-01-01", True),
        ("2999-01-01T00:00:00+02:00", False),
        (Decimal(1_700_000_000_000), False),
        (Decimal("1e120"), False),
        (Decimal(-(10**30)), False),
        ("last Monday", False),
        ("", False),
        (True, False),
        (None, False),
        (["2024-01-01"], False),
    ],
)
def test_times_are_read_as_iso_8601_or_as_seconds(
    sweep_house: SweepHouse, created: object, is_over: bool
) -> None:
    sweep_house.put(id="photo-42", projectId="gallery-7", status="pending", createdAt=created)
    assert sweep_house.sweep() == (EXPIRED if is_over else {})


def test_a_table_of_others_is_left_as_it_is(sweep_house: SweepHouse) -> None:
    old = ago(9 * DAY)
    theirs: list[dict[str, object]] = [
        {"status": "PENDING", "createdAt": old},
        {"createdAt": old},
        {"status": {"S": "pending"}, "createdAt": old},
        {"status": "pending"},
        {"status": "pending", "createdAt": old, "pipeline": "theirs"},
        {"status": "pending", "createdAt": old, "pipeline": {"stage": 3}},
        {"pipeline": {"sourceVersion": "v", "leaseToken": "t", "leaseExpiresAt": old}},
        {"pipeline": None},
        {"pipeline": [], "data": b"\x00", "numbers": {1, 2}, "texts": {"a"}},
    ]
    for number, item in enumerate(theirs):
        sweep_house.put(id=f"theirs-{number}", projectId="p", **item)
    before = sorted(sweep_house.items(), key=str)
    assert sweep_house.sweep() == {}
    assert sorted(sweep_house.items(), key=str) == before


def test_without_words_for_pending_nothing_is_waited_for(sweep_house: SweepHouse) -> None:
    sweep_house.pending = None
    sweep_house.put(id="photo-42", projectId="gallery-7", status="pending", createdAt=ago(9 * DAY))
    assert sweep_house.sweep() == {}


def test_pending_records_of_an_application_are_failed_in_its_words(
    sweep_house: SweepHouse,
) -> None:
    sweep_house.speak(MEDIA_SITE)
    words = {"processingStatus": "waiting", "kind": "photo"}
    sweep_house.pending = PendingWords(words, "added.at")
    old = {"added.at": Decimal(1_700_000_000)}
    for media_id in ("photo-41", "photo-42"):
        sweep_house.put(id=media_id, projectId="gallery-7", **words, **old)
    sweep_house.put(id="photo-40", projectId="gallery-7", **{**words, "kind": "video"}, **old)
    sweep_house.house.upload(key="projects/gallery-7/media/photo-42/original.jpg")
    assert sweep_house.sweep() == EXPIRED
    of = {item["id"]: item for item in sweep_house.items()}
    assert of["photo-41"]["processingStatus"] == "failed"
    assert "upload" in of["photo-41"]["processingError"]
    assert [of[f"photo-{n}"]["processingStatus"] for n in (40, 42)] == ["waiting", "waiting"]


def test_an_upload_that_comes_at_the_last_moment_wins_over_the_end_of_its_wait(
    sweep_house: SweepHouse,
) -> None:
    house = sweep_house.house
    sweep_house.put(id="photo-42", projectId="gallery-7", status="pending", createdAt=ago(2 * DAY))
    for call in ("GetItem", "UpdateItem"):
        with sweep_house.before(f"dynamodb.{call}", lambda: house.run(house.upload())):
            assert sweep_house.sweep() == {}
        assert house.record["status"] == "completed"
        sweep_house.put(
            id="photo-42", projectId="gallery-7", status="pending", createdAt=ago(2 * DAY)
        )
        house.s3.delete_object(Bucket=BUCKET, Key=KEY)


def test_a_wait_that_a_killed_sweep_began_to_end_is_ended(sweep_house: SweepHouse) -> None:
    house = sweep_house.house
    sweep_house.put(id="photo-42", projectId="gallery-7", status="pending", createdAt=ago(2 * DAY))
    sweep_house.sweep()
    record = house.record
    record["status"] = "processing"
    lease = {"leaseToken": "t", "holder": "sweep request-0", "leaseExpiresAt": ago(3 * HOUR)}
    sweep_house.rewrite(record, outcome=None, endedAt=None, **lease)
    assert sweep_house.sweep() == {"LeasesExpired": 1, "GivenUp": 1}
    assert house.record["error"]["code"] == "upload_missing"
