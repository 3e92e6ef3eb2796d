"""What a sweep removes of outputs that no record means, and what it never touches."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from aws_names import BUCKET
from media_pipeline.failures import PermanentError
from media_pipeline.worker import COMPLETED, CuttingKind, Task
from sweep_house import DAY, HOUR, SweepHouse
from sweeping.revisions import Place
from worker_house import House, copy_original

OLD = DAY + timedelta(minutes=1)
FOLDER = "renditions/gallery-7/photo-42"


@pytest.fixture
def sweep_house(house: House) -> SweepHouse:
    """Its queues were there days before any upload."""
    sweep_house = SweepHouse.beside(house)
    sweep_house.turn(10 * DAY)
    return sweep_house


def supersede(house: House) -> str:
    """Two runs of one upload; the revision of the first."""
    job = house.upload()
    house.run(job)
    first = str(house.record["pipeline"]["revision"])
    assert house.run(replace(job, retry=True)) == COMPLETED
    return first


def put(house: House, *keys: str) -> None:
    for key in keys:
        house.s3.put_object(Bucket=BUCKET, Key=key, Body=b"x")


def test_a_superseded_revision_goes_after_a_day_and_the_current_one_stays(
    sweep_house: SweepHouse,
) -> None:
    house = sweep_house.house
    supersede(house)
    made = house.record["stream"]["key"]
    sweep_house.turn(DAY - HOUR)
    assert sweep_house.sweep() == {}
    assert len(house.keys("renditions/")) == 2
    sweep_house.turn(2 * HOUR)
    assert sweep_house.sweep() == {"RevisionsRemoved": 1}
    assert house.keys("renditions/") == [made]
    assert house.record["pipeline"].keys() >= {"revision", "endedAt"}
    assert "leftovers" not in house.record["pipeline"]
    assert sweep_house.sweep() == {}


def test_what_killed_and_failed_runs_have_written_goes(sweep_house: SweepHouse) -> None:
    house, job = sweep_house.house, sweep_house.house.upload()
    sweep_house.crash(job)
    sweep_house.crash(job)

    def fail(task: Task) -> dict[str, Any]:
        copy_original(task)
        raise PermanentError("corrupt_image", "The image is damaged.")

    house.process = fail
    assert house.run(job).name == "Failed"
    assert len(house.keys("renditions/")) == 3
    sweep_house.turn(OLD)
    assert sweep_house.sweep() == {"RevisionsRemoved": 3}
    assert house.keys("renditions/") == []
    assert house.record["pipeline"].keys().isdisjoint({"leftovers", "revision"})
    assert sweep_house.sweep() == {}


@pytest.mark.parametrize("count", [1001, 2500])
def test_a_revision_of_thousands_of_objects_goes_whole(sweep_house: SweepHouse, count: int) -> None:
    house = sweep_house.house
    first = supersede(house)
    put(house, *(f"{FOLDER}/{first}/hls/{number:05}.m4s" for number in range(count)))
    sweep_house.turn(OLD)
    assert sweep_house.sweep() == {"RevisionsRemoved": 1}
    left = house.s3.list_objects_v2(Bucket=BUCKET, Prefix="renditions/")
    assert [entry["Key"] for entry in left["Contents"]] == [house.record["stream"]["key"]]


def test_what_only_looks_alike_stays(sweep_house: SweepHouse) -> None:
    house = sweep_house.house
    first = supersede(house)
    alike = [
        f"{FOLDER}/{first}",
        f"{FOLDER}/{first}/",
        f"{FOLDER}/{first}0/copy.bin",
        f"{FOLDER}/{first.upper()}x/copy.bin",
        f"{FOLDER}-2/{first}/copy.bin",
        f"other/{FOLDER}/{first}/copy.bin",
        f"renditions/gallery-7/photo-43/{first}/copy.bin",
    ]
    put(house, *alike)
    sweep_house.turn(OLD)
    assert sweep_house.sweep() == {"RevisionsRemoved": 1}
    assert sorted(house.keys("renditions/") + house.keys("other/")) == sorted(
        [*alike, house.record["stream"]["key"]]
    )


@pytest.mark.parametrize(
    "odd", ["ü ß/π.jpg", "a b+c%25&<x>\"'.bin", "line\nbreak", "bell\x07", "back\\slash", "🙂"]
)
def test_keys_of_any_characters_are_removed(sweep_house: SweepHouse, odd: str) -> None:
    house = sweep_house.house
    key = "originals/gal&ery <7>/ph\x01oto ü/a.jpg"
    job = house.upload(key=key)
    house.run(job)
    [made] = house.keys("renditions/")
    put(house, f"{made.removesuffix('copy.bin')}{odd}")
    house.run(replace(job, retry=True))
    assert len(house.keys("renditions/")) == 3
    sweep_house.turn(OLD)
    assert sweep_house.sweep() == {"RevisionsRemoved": 1}
    assert len(house.keys("renditions/")) == 1


HOSTILE: list[object] = ["", "../", "renditions", ".", "/", "x" * 12, "ABCDEF012345", 7, None, []]


def test_hostile_leftovers_remove_nothing(sweep_house: SweepHouse) -> None:
    house = sweep_house.house
    house.run(house.upload())
    house.run(house.upload(key="originals/gallery-7/photo-43/b.jpg"))
    record = house.record
    own = record["pipeline"]["revision"]
    other = house.record_of("photo-43", "gallery-7")["pipeline"]["revision"]
    assert isinstance(other, str)
    sweep_house.rewrite(record, leftovers=[*HOSTILE, own, other])
    texts = [hostile for hostile in HOSTILE if isinstance(hostile, str)]
    put(house, *(f"{FOLDER}/{text}/copy.bin" for text in texts))
    put(house, *(f"{text}copy.bin" for text in texts))
    sweep_house.turn(OLD)
    before = house.keys()
    assert sweep_house.sweep() == {}
    assert house.keys() == before
    assert "leftovers" not in house.record["pipeline"]


@pytest.mark.parametrize(
    "key",
    [
        "originals/gallery-7/photo-43/b.jpg",
        "originals/gallery-7/photo-43",
        "renditions/gallery-7/photo-43/b.jpg",
        "",
    ],
)
def test_a_record_that_names_anothers_original_removes_nothing(
    sweep_house: SweepHouse, key: str
) -> None:
    house = sweep_house.house
    house.run(house.upload())
    house.run(house.upload(key="originals/gallery-7/photo-43/b.jpg"))
    other = house.record_of("photo-43", "gallery-7")["pipeline"]["revision"]
    sweep_house.rewrite(house.record, leftovers=[other], key=key)
    sweep_house.turn(OLD)
    before = house.keys()
    assert sweep_house.sweep() == {}
    assert house.keys() == before


def test_originals_are_never_removed(sweep_house: SweepHouse) -> None:
    """Even if a recipe that no plan takes lets both lie under the same keys."""
    house = sweep_house.house
    house.recipe = json.dumps(
        {
            "keys": {"originals": "{a}/{b}/{c}", "outputs": "{a}/{revision}/{output}"},
            "record": {"key": {"id": "b", "projectId": "a"}},
        }
    )
    put(house, "gallery/photo/a.jpg", "gallery/abcdef012345/b.jpg", "gallery/abcdef012345/x/b.jpg")
    pipeline = {
        "sourceVersion": "v",
        "recipeDigest": "d",
        "attempts": 1,
        "revision": "0" * 12,
        "key": "gallery/photo/a.jpg",
        "leftovers": ["abcdef012345"],
        "endedAt": "2026-01-01T00:00:00.000Z",
    }
    sweep_house.put(id="photo", projectId="gallery", pipeline=pipeline)
    assert sweep_house.sweep() == {"RevisionsRemoved": 1}
    assert house.keys() == ["gallery/abcdef012345/b.jpg", "gallery/photo/a.jpg"]


def test_outputs_in_a_bucket_of_their_own_are_removed_there(sweep_house: SweepHouse) -> None:
    house = sweep_house.house
    house.output_bucket = "outputs"
    house.s3.create_bucket(
        Bucket="outputs", CreateBucketConfiguration={"LocationConstraint": "eu-central-1"}
    )
    first = supersede(house)
    put(house, f"{FOLDER}/{first}/copy.bin")
    sweep_house.turn(OLD)
    assert sweep_house.sweep() == {"RevisionsRemoved": 1}
    left = house.s3.list_objects_v2(Bucket="outputs")["Contents"]
    assert [entry["Key"] for entry in left] == [house.record["stream"]["key"]]
    assert house.keys("renditions/") == [f"{FOLDER}/{first}/copy.bin"]


def test_a_record_that_is_claimed_meanwhile_keeps_what_it_says(sweep_house: SweepHouse) -> None:
    house = sweep_house.house
    first = supersede(house)
    sweep_house.turn(OLD)
    newer = house.upload(b"newer", "0B")
    with sweep_house.before("s3.DeleteObjects", lambda: house.run(newer)):
        assert sweep_house.sweep() == {"RevisionsRemoved": 1}
    record = house.record
    assert record["status"] == "completed"
    assert first in record["pipeline"]["leftovers"]
    assert house.s3.head_object(Bucket=BUCKET, Key=record["stream"]["key"])


@pytest.mark.parametrize(
    ("segments", "user", "removed"),
    [
        ("processed/{user_id}/{job_id}/{revision}/{output}", "user-7", 1),
        ("processed/{user_id}/{job_id}/{revision}/{output}", None, 1),
        ("processed/{job_id}/{output}", "user-7", 0),
    ],
)
def test_segments_of_an_earlier_run_go(
    sweep_house: SweepHouse, segments: str, user: str | None, removed: int
) -> None:
    house = sweep_house.house
    house.recipe = json.dumps({"keys": {"segments": segments}, "videos": {"jobs": "segments"}})
    house.cutting = CuttingKind(
        lambda request: request, lambda task, _: {"outputs": [copy_original(task)["stream"]]}
    )
    job = replace(house.upload(key="raw/a.mp4"), job_id="cut-42", user_id=user, etag=None)
    for retry in (False, True):
        assert house.run(replace(job, retry=retry)).name == "Completed"
    [record] = [item for item in sweep_house.items() if item["id"] == "cut-42"]
    assert len(house.keys("processed/")) == 1 + removed
    sweep_house.turn(OLD)
    assert sweep_house.sweep() == ({"RevisionsRemoved": 1} if removed else {})
    assert house.keys("processed/") == record["output_s3_keys"]


def test_segments_whose_words_the_record_does_not_tell_stay(sweep_house: SweepHouse) -> None:
    house = sweep_house.house
    house.recipe = json.dumps(
        {
            "keys": {"segments": "processed/{user_id}/{job_id}/{revision}/{output}"},
            "jobs": {"key": {"id": "join('-', [user_id, job_id])", "projectId": "'all'"}},
            "videos": {"jobs": "segments"},
        }
    )
    house.cutting = CuttingKind(
        lambda request: request, lambda task, _: {"outputs": [copy_original(task)["stream"]]}
    )
    job = replace(house.upload(key="raw/a.mp4"), job_id="cut-42", user_id="user-7", etag=None)
    for retry in (False, True):
        assert house.run(replace(job, retry=retry)).name == "Completed"
    sweep_house.turn(OLD)
    before = house.keys()
    assert sweep_house.sweep() == {}
    assert house.keys() == before


@pytest.mark.parametrize(
    ("template", "prefix"),
    [
        ("r/{a}/{revision}/{output}", "r/x y/0123456789ab"),
        ("r/{revision}-{a}/{output}", "r/0123456789ab"),
        ("r/{output}/{a}/{revision}", "r/"),
        ("r/{a}_{output}_{revision}.bin", "r/x y_"),
    ],
)
def test_a_place_lists_as_little_as_its_template_allows(template: str, prefix: str) -> None:
    place = Place.of(template, {"a": "x y"}, "0123456789ab")
    assert place.prefix == prefix
    key = template.format(a="x y", revision="0123456789ab", output="hls/a.m4s")
    assert key.startswith(prefix)
    assert place.has(key)
    for wrong in (
        f"{key}\n" if template.endswith("}.bin") else "",
        f"x{key}",
        re.sub("b", "c", key),
    ):
        assert not place.has(wrong)
