"""What a sweep removes of outputs that no record means, and what it never touches."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import Any

import pytest

from aws_names import BUCKET
from media_pipeline.failures import PermanentError
from media_pipeline.worker import COMPLETED, CuttingKind, Task
from sweep_house import DAY, HOUR, OLD, SweepHouse
from sweeping.revisions import Place
from sweeping.run import SweepError
from worker_house import LAST_TRY, House, copy_original

FOLDER = "renditions/gallery-7/photo-42"


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


def test_what_a_record_has_of_another_original_goes_from_where_it_lies(
    sweep_house: SweepHouse,
) -> None:
    """The table is keyed by a part of the path alone, and no more is listed than must be."""
    sweep_house.speak({"record": {"key": {"id": "media_id"}}})
    house = sweep_house.house
    for sequencer, project in (("0A", "gallery-7"), ("0B", "gallery-8")):
        job = house.upload(sequencer.encode(), sequencer, f"originals/{project}/photo-42/a.jpg")
        assert house.run(job) == COMPLETED
    made = house.record_at({"id": "photo-42"})["stream"]["key"]
    assert made.startswith("renditions/gallery-8/")
    sweep_house.turn(OLD)
    listed: list[str] = []
    house.s3.meta.events.register(
        "provide-client-params.s3.ListObjectsV2",
        lambda params, **_: listed.append(params["Prefix"]),
    )
    assert sweep_house.sweep() == {"RevisionsRemoved": 1}
    assert [prefix for prefix in listed if prefix.startswith("renditions/gallery-7/photo-42/")]
    assert not {"renditions/", "renditions/gallery-7/"} & {*listed}
    assert house.keys("renditions/") == [made]
    assert (
        house.record_at({"id": "photo-42"})["pipeline"]
        .keys()
        .isdisjoint({"leftovers", "leftoverKeys"})
    )


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


HOSTILE = ["../", "renditions", ".", "/", "x" * 12, "ABCDEF012345"]
LONG_AGO = "2026-01-01T00:00:00.000Z"


def test_hostile_leftovers_remove_nothing(sweep_house: SweepHouse) -> None:
    house = sweep_house.house
    house.run(house.upload())
    house.run(house.upload(key="originals/gallery-7/photo-43/b.jpg"))
    record = house.record
    own = record["pipeline"]["revision"]
    other = house.record_of("photo-43", "gallery-7")["pipeline"]["revision"]
    assert isinstance(other, str)
    sweep_house.rewrite(record, leftovers=dict.fromkeys([*HOSTILE, own, other], LONG_AGO))
    put(house, *(f"{FOLDER}/{text}/copy.bin" for text in HOSTILE))
    put(house, *(f"{text}copy.bin" for text in HOSTILE))
    sweep_house.turn(OLD)
    before = house.keys()
    assert sweep_house.sweep() == {}
    assert house.keys() == before
    assert house.record["pipeline"]["leftovers"].keys() == {*HOSTILE, own}


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
    sweep_house.rewrite(house.record, leftovers={other: LONG_AGO}, key=key)
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
        "leftovers": {"abcdef012345": LONG_AGO},
        "endedAt": LONG_AGO,
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


def test_a_medium_that_is_replaced_all_day_long_keeps_a_day_of_its_leftovers(
    sweep_house: SweepHouse,
) -> None:
    house = sweep_house.house
    for number in range(30):
        house.run(house.upload(f"{number}".encode(), f"{number:04X}"))
        sweep_house.turn(2 * HOUR)
        sweep_house.sweep()
    # The last one is meant, and of the others those that were left less than a day ago stay.
    assert len(house.keys("renditions/")) == 1 + 11
    assert len(house.record["pipeline"]["leftovers"]) == 11


@pytest.mark.parametrize("is_redriven", [True, False])
def test_what_was_made_before_outlives_tries_that_came_to_no_end(
    sweep_house: SweepHouse, is_redriven: bool
) -> None:
    """Until a redrive is done, pages may go on with what they have; what the tries wrote goes."""
    house, job = sweep_house.house, sweep_house.house.upload()
    house.run(job)
    made = house.record["stream"]["key"]

    def be_unreachable(task: Task) -> dict[str, Any]:
        copy_original(task)
        task.publisher.wait()
        raise ConnectionError("refused")

    process, house.process = house.process, be_unreachable
    sweep_house.crash(replace(job, retry=True))
    with pytest.raises(ConnectionError):
        house.run(job, LAST_TRY)
    assert house.record["error"]["code"] == "retries_exhausted"
    assert len(house.keys("renditions/")) == 3
    sweep_house.turn(3 * DAY)
    assert sweep_house.sweep() == {"RevisionsRemoved": 2}
    assert house.keys("renditions/") == [made]
    house.process = process
    if is_redriven:
        assert house.run(job) == COMPLETED
        sweep_house.turn(OLD)
    else:
        sweep_house.turn(11 * DAY)
    assert sweep_house.sweep() == {"RevisionsRemoved": 1}
    assert made not in house.keys("renditions/")
    assert len(house.keys("renditions/")) == is_redriven


def test_what_an_upload_of_another_name_has_left_goes_too(sweep_house: SweepHouse) -> None:
    house = sweep_house.house
    house.recipe = json.dumps(
        {"keys": {"outputs": "renditions/{project_id}/{media_id}/{filename}/{revision}/{output}"}}
    )
    folder = "originals/gallery-7/photo-42"
    house.run(house.upload(b"one", "0A", f"{folder}/a.jpg"))
    house.run(house.upload(b"other", "0B", f"{folder}/b.jpg"))
    assert len(house.keys("renditions/")) == 2
    sweep_house.turn(OLD)
    assert sweep_house.sweep() == {"RevisionsRemoved": 1}
    assert house.keys("renditions/") == [house.record["stream"]["key"]]


def test_what_s3_does_not_delete_keeps_nothing_else(sweep_house: SweepHouse) -> None:
    """A retention on one object: the rest goes, and the sweep says each time that it is there."""
    house = sweep_house.house
    job = house.upload()
    first = supersede(house)
    house.run(replace(job, retry=True))
    revisions = [first, *(house.record["pipeline"]["leftovers"].keys() - {first})]
    sweep_house.turn(OLD)
    delete = house.s3.delete_objects

    def refuse(*, Bucket: str, Delete: dict[str, Any]) -> dict[str, Any]:  # noqa: N803
        entries = Delete["Objects"]
        locked = [entry["Key"] for entry in entries if first in entry["Key"]]
        if free := [entry for entry in entries if entry["Key"] not in locked]:
            delete(Bucket=Bucket, Delete={"Objects": free})
        return {"Errors": [{"Key": key, "Code": "AccessDenied"} for key in locked]}

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(house.s3, "delete_objects", refuse)
        for removed in ({"RevisionsRemoved": 1}, {}):
            counts: dict[str, int] = {}
            with pytest.raises(SweepError):
                sweep_house.sweep(into=counts)
            assert counts == removed
    left = "".join(house.keys("renditions/"))
    assert first in left
    assert all(revision not in left for revision in revisions[1:])
    assert house.record["pipeline"]["leftovers"].keys() == {first}


def test_segments_have_no_revisions_to_remove(sweep_house: SweepHouse) -> None:
    house = sweep_house.house
    house.recipe = json.dumps({"videos": {"jobs": "segments"}})
    house.cutting = CuttingKind(
        lambda request: request, lambda task, _: {"outputs": [copy_original(task)["stream"]]}
    )
    job = replace(house.upload(key="raw/a.mp4"), job_id="cut-42", user_id="user-7", etag=None)
    for retry in (False, True):
        assert house.run(replace(job, retry=retry)).name == "Completed"
    [record] = [item for item in sweep_house.items() if item["id"] == "cut-42"]
    sweep_house.turn(OLD)
    assert sweep_house.sweep() == {}
    assert house.keys("processed/") == record["output_s3_keys"]


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
    for wrong in (f"x{key}", re.sub("b", "c", key)):
        assert not place.has(wrong)


def test_a_place_has_no_key_that_goes_on_in_another_line() -> None:
    place = Place.of("r/{revision}/{output}.bin", {}, "0123456789ab")
    assert place.has("r/0123456789ab/a.bin")
    assert not place.has("r/0123456789ab/a.bin\n")
