"""What a backfill sends, and what it leaves out."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal

import pytest

import backfill
from aws_names import BUCKET, TABLE
from backfilled import RECIPE, Bucket, date_objects, photo
from backfilling.listing import Reason
from media_pipeline.events import parse_event
from media_pipeline.failures import PermanentError
from media_pipeline.recipe import DEFAULT_RECIPE
from media_pipeline.updates import write_item
from media_pipeline.worker import COMPLETED, Task
from worker_house import House

if TYPE_CHECKING:
    pass


def test_every_original_is_sent_once_to_the_queue_of_its_route(bucket: Bucket) -> None:
    bucket.put("originals/p/one/ü ß.JPEG", "originals/p/two/x&y.png", "originals/q/clip/a.MOV")
    bucket.put("originals/p/deep/er/a.jpg", "originals/p/text/a.txt", "other/p/three/a.jpg")
    run = bucket.run()
    assert sorted(bucket.received()) == ["originals/p/one/ü ß.JPEG", "originals/p/two/x&y.png"]
    assert bucket.received("videos") == ["originals/q/clip/a.MOV"]
    assert run.sent == 3
    assert run.counts == {
        ("images", Reason.SEND): 2,
        ("videos", Reason.SEND): 1,
        ("none", Reason.NOT_ORIGINAL): 2,
    }


def test_more_than_a_page_of_the_listing_is_sent(
    bucket: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = {photo(number) for number in range(113)}
    bucket.put(*keys)
    real = bucket.s3.list_objects_v2
    pages: list[int] = []

    def list_few(**request: Any) -> Any:  # noqa: ANN401
        page = real(**{**request, "MaxKeys": 25})
        pages.append(page["KeyCount"])
        return page

    monkeypatch.setattr(bucket.s3, "list_objects_v2", list_few)
    run = bucket.run()
    received = bucket.received()
    # Once to count them, once to send them.
    assert pages == 2 * [25, 25, 25, 25, 13]
    assert (len(received), set(received), run.sent) == (113, keys, 113)


def test_what_needs_nothing_is_skipped(bucket: Bucket) -> None:
    names = ("done", "failed", "held", "lapsed", "exhausted", "replaced", "older-recipe", "moved")
    keys = {name: f"originals/p/{name}/a.jpg" for name in names}
    bucket.put(*keys.values())
    for name in ("done", "replaced"):
        bucket.catalog.complete(bucket.claim(keys[name]), {})
    bucket.put(keys["replaced"], body=b"another original")
    bucket.catalog.fail(bucket.claim(keys["failed"]), PermanentError("corrupt_image", "It is."))
    bucket.claim(keys["held"])
    bucket.claim(keys["lapsed"], minutes=-1)
    bucket.catalog.exhaust(bucket.claim(keys["exhausted"]), "with TimeoutError")
    bucket.catalog.complete(bucket.claim(keys["older-recipe"], recipe_digest="0" * 16), {})
    bucket.catalog.complete(bucket.claim(keys["moved"], key="originals/p/moved/b.jpg"), {})
    run = bucket.run()
    sent = {"lapsed", "exhausted", "replaced", "older-recipe", "moved"}
    assert set(bucket.received()) == {keys[name] for name in sent}
    assert run.counts == {
        ("images", Reason.SEND): 5,
        ("images", Reason.COMPLETE): 1,
        ("images", Reason.FAILED): 1,
        ("images", Reason.IN_WORK): 1,
    }


def test_what_has_failed_for_good_is_done_again_on_request(bucket: Bucket, house: House) -> None:
    good, bad = photo(1), photo(2)
    process = house.process

    def be_denied(task: Task) -> dict[str, Any]:
        if task.job.key == bad:
            raise PermanentError("source_unreadable", "The key's policy was wrong.")
        return process(task)

    house.process = be_denied
    for key in (good, bad):
        house.run(replace(house.upload(key=key), holder=key))
    assert bucket.run().sent == 0
    run = bucket.run("--retry-failed")
    assert run.counts == {("images", Reason.SEND): 1, ("images", Reason.COMPLETE): 1}
    house.process = process
    [message] = bucket.sqs.receive_message(QueueUrl=bucket.urls["images"])["Messages"]
    [job] = parse_event(json.loads(message["Body"]), "backfilled")
    assert house.run(job) == COMPLETED
    # Delivered once more, it does nothing.
    assert house.run(job).name == "Duplicate"
    assert bucket.run("--retry-failed").sent == 0


def test_a_lease_of_another_version_does_not_hide_this_one(bucket: Bucket) -> None:
    key = photo(1)
    bucket.put(key)
    bucket.claim(key)
    bucket.put(key, body=b"another original")
    bucket.run()
    assert bucket.received() == [key]


@pytest.mark.parametrize("versioning", ["Enabled", "Suspended"])
def test_a_worker_does_again_what_another_recipe_made(
    bucket: Bucket, house: House, versioning: Literal["Enabled", "Suspended"]
) -> None:
    bucket.s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": versioning})
    key = photo(1)
    house.run(house.upload(key=key))
    assert bucket.run().counts == {("images", Reason.COMPLETE): 1}
    changed = json.loads(DEFAULT_RECIPE.read_text())
    changed["images"]["position"] = True
    house.recipe = json.dumps(changed)
    assert bucket.run(outputs={"recipe": changed}).sent == 1
    (message,) = bucket.sqs.receive_message(QueueUrl=bucket.urls["images"])["Messages"]
    (job,) = parse_event(json.loads(message["Body"]), message["MessageId"])
    assert house.run(job).name == "Completed"
    assert house.record_of("m00001", "p")["pipeline"]["recipeDigest"] != RECIPE.digest
    assert bucket.run(outputs={"recipe": changed}).counts == {("images", Reason.COMPLETE): 1}


def test_a_record_of_the_application_alone_hides_nothing(bucket: Bucket) -> None:
    bucket.put(photo(1))
    item: Any = {"id": {"S": "m00001"}, "projectId": {"S": "p"}, "status": {"S": "pending"}}
    bucket.dynamodb.put_item(TableName=TABLE, Item=item)
    bucket.run()
    assert bucket.received() == [photo(1)]


def test_the_newest_of_the_originals_of_one_record_is_sent(
    bucket: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = [f"originals/p/one/{name}.jpg" for name in "abc"]
    bucket.put(*keys)
    date_objects(bucket, monkeypatch, {keys[0]: 1, keys[1]: 3, keys[2]: 2})
    run = bucket.run()
    assert bucket.received() == [keys[1]]
    assert run.counts == {("images", Reason.SEND): 1, ("images", Reason.OLDER): 2}
    # The newest is left out, and no older one takes its place.
    assert bucket.run("--until", "2026-03-03").sent == 0


def test_a_file_of_nobody_parts_no_originals_of_a_record(
    bucket: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    record = [f"originals/p/one/IMG_{name}" for name in ("1.jpg", "2.aae", "3.jpg", "4.aae")]
    keys = ["originals/p/0/notes.txt", *record, "originals/p/two/a.jpg"]
    bucket.put(*keys)
    date_objects(bucket, monkeypatch, {key: day for day, key in enumerate(keys, start=1)})
    run = bucket.run()
    assert sorted(bucket.received()) == [record[2], keys[5]]
    assert run.counts == {
        ("images", Reason.SEND): 2,
        ("images", Reason.OLDER): 1,
        ("none", Reason.NOT_ORIGINAL): 3,
    }
    assert run.state.last_key == keys[5]


@pytest.mark.parametrize(
    "pipeline",
    [
        {"leaseToken": "t"},
        {"leaseToken": "t", "leaseExpiresAt": 5},
        {"leaseToken": "t", "leaseExpiresAt": "soon"},
        {"leaseToken": "t", "leaseExpiresAt": "2026-01-01T00:00:00"},
        {"outcome": 5},
        {"outcome": None},
    ],
)
@pytest.mark.parametrize("options", [[], ["--dry-run"]])
def test_a_record_that_cannot_be_read_is_named_and_the_others_sent(
    bucket: Bucket,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    pipeline: dict[str, Any],
    options: list[str],
) -> None:
    bucket.put(photo(1), photo(2))
    of_it = {"bucket": BUCKET, "key": photo(1), "etag": bucket.etag(photo(1))}
    odd = {**of_it, "recipeDigest": RECIPE.digest, **pipeline}
    item = {"id": "m00001", "projectId": "p", "pipeline": odd}
    bucket.dynamodb.put_item(TableName=TABLE, Item=write_item(item))
    assert bucket.command(monkeypatch, *options) == 0
    said = capsys.readouterr().out
    assert ["images", "its", "record", "cannot", "be", "read", "1", "8", "bytes"] in [
        line.split() for line in said.splitlines()
    ]
    assert f"in the record of {photo(1)} cannot be read; it is not sent.\n" in said
    assert bucket.received() == ([] if options else [photo(2)])


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (["--since", "2026-03-02"], {2, 3}),
        (["--until", "2026-03-02T00:00Z"], {1}),
        (["--since", "2026-03-02T01:00+02:00", "--until", "2026-03-03"], {2}),
        (["--since", "2026-03-02T00:00:01"], {3}),
        (["--prefix", "originals/p/m00003"], {3}),
        (["--route", "videos"], set()),
        (["--route", "images"], {1, 2, 3}),
    ],
)
def test_only_what_is_asked_for_is_sent(
    bucket: Bucket, monkeypatch: pytest.MonkeyPatch, options: list[str], expected: set[int]
) -> None:
    days = {photo(number): number for number in (1, 2, 3)}
    bucket.put(*days)
    date_objects(bucket, monkeypatch, days)
    run = bucket.run(*options)
    assert set(bucket.received()) == {photo(number) for number in expected}
    assert run.sent == len(expected)


def test_a_dry_run_counts_and_sends_nothing(
    bucket: Bucket, capsys: pytest.CaptureFixture[str]
) -> None:
    bucket.put(photo(1), photo(2), body=b"x" * 600_000)
    bucket.put("originals/p/clip/a.mp4", body=b"x" * 2_000_000)
    bucket.put("originals/p/done/a.jpg")
    bucket.catalog.complete(bucket.claim("originals/p/done/a.jpg"), {})
    state = bucket.folder / "state.json"
    assert backfill.main([bucket.file, "--dry-run", "--state", str(state)]) == 0
    said = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert ["images", "to", "send", "2", "1.2", "MB"] in said
    assert ["images", "complete", "already", "1", "8", "bytes"] in said
    assert ["videos", "to", "send", "1", "2.0", "MB"] in said
    assert ["Processing", "what", "is", "to", "send", "would"] in [line[:6] for line in said]
    assert bucket.received() == bucket.received("videos") == []
    assert not state.exists()


def test_a_queue_that_is_not_there_is_said(bucket: Bucket) -> None:
    bucket.put(photo(1), "originals/p/clip/a.mp4")
    del bucket.urls["videos"]
    run = bucket.run()
    assert run.counts == {("images", Reason.SEND): 1, ("videos", Reason.UNROUTED): 1}
    assert bucket.received() == [photo(1)]
