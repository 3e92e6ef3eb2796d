"""Four applications' records, attribute by attribute, from claim to end, as DynamoDB holds them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from aws_names import BUCKET
from media_pipeline.events import Job
from media_pipeline.failures import PermanentError
from media_pipeline.updates import write_item
from media_pipeline.worker import COMPLETED, CuttingKind, Invocation, Outcome, Task
from vocabularies import MEDIA_SITE, PHOTO_GALLERY, VIDEO_JOBS, VOCABULARIES
from worker_house import KEY, LAST_TRY, PLENTY, House

CDN = "https://media.example.com"
FAILURE = PermanentError("corrupt_image", "The image is damaged.")
SHOT = {"exposureSeconds": 0.004, "aperture": 2.8, "iso": 100, "focalLengthMm": 50.0}
Record = dict[str, Any]


def speak(house: House, difference: Mapping[str, Any], *key: str) -> None:
    """Give the worker an application's words, and a table that has `key`."""
    house.recipe = json.dumps(difference)
    house.domain = "media.example.com"
    house.table = "theirs"
    house.dynamodb.create_table(
        TableName="theirs",
        BillingMode="PAY_PER_REQUEST",
        KeySchema=[
            {"AttributeName": name, "KeyType": "RANGE" if place else "HASH"}
            for place, name in enumerate(key)
        ],
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in key],
    )


def shown(house: House, **key: str) -> Record:
    """A record without its key and what only the pipeline reads."""
    record = house.record_at(key)
    return {name: value for name, value in record.items() if name not in {*key, "pipeline"}}


def refuse(task: Task) -> Record:
    raise FAILURE


def picture(task: Task, name: str, size: tuple[int, int], *formats: str) -> Record:
    put = task.publisher.put
    made = {one: put(f"{name}.{one}", f"{name} {one}".encode(), f"image/{one}") for one in formats}
    return {"name": name, "width": size[0], "height": size[1], "formats": made}


@pytest.mark.parametrize("name", VOCABULARIES)
def test_a_difference_leaves_room_in_a_functions_environment(name: str) -> None:
    assert len(json.dumps(VOCABULARIES[name], separators=(",", ":"))) < 3000


def test_by_default_a_record_is_the_canonical_one(house: House) -> None:
    seen: list[Record] = []

    def process(task: Task) -> Record:
        seen.append(house.record)
        task.report("encoding", 10)
        seen.append(house.record)
        return {"original": task.locate_original(), "width": 3, "metadata": SHOT, "blurhash": "LE"}

    house.process = process
    assert house.run(house.upload()) == COMPLETED
    claimed, progressing = seen
    begun = {"id": "photo-42", "projectId": "gallery-7", "type": "image", "originalKey": KEY}
    changing = {"status", "pipeline", "createdAt", "updatedAt"}
    assert claimed.keys() == begun.keys() | changing
    assert progressing.keys() - claimed.keys() == {"processing_stage", "progress_percentage"}
    record = house.record
    times = {name: record.pop(name) for name in ("createdAt", "updatedAt", "processedAt")}
    assert times["createdAt"] <= times["updatedAt"] == times["processedAt"]
    assert "outcome" not in record.pop("pipeline")
    assert record.pop("timings").keys() == {"fetch", "process", "publish"}
    assert record == {
        **begun,
        "status": "completed",
        "original": {"key": KEY, "bytes": 8},
        "size": 8,
        "width": 3,
        "blurhash": "LE",
        "metadata": {name: Decimal(str(value)) for name, value in SHOT.items()},
        "processing_stage": "completed",
        "progress_percentage": 100,
    }


SITE_KEY = {"id": "film-7", "projectId": "shop"}
SITE = f"{CDN}/projects/shop/media/film-7"


def site_photo(task: Task) -> Record:
    renditions = [
        picture(task, "thumb", (300, 200), "jpg"),
        picture(task, "1920w", (1920, 1280), "jpg", "webp"),
    ]
    return {"original": task.locate_original(), "renditions": renditions, "width": 3000}


def test_a_media_sites_photo(house: House) -> None:
    speak(house, MEDIA_SITE, "id", "projectId")
    job = house.upload(key="projects/shop/media/film-7/original.jpg")
    house.process = refuse
    house.run(job)
    record = shown(house, **SITE_KEY)
    ended = record.pop("processedAt")
    assert record == {"processingStatus": "failed", "processingError": "The image is damaged."}
    again = house.run(replace(job, holder="message-2"))
    assert (again.name, again.error and again.error.code) == ("Duplicate", "corrupt_image")
    seen: list[Record] = []

    def process(task: Task) -> Record:
        seen.append(shown(house, **SITE_KEY))
        return site_photo(task)

    house.process = process
    assert house.run(replace(job, holder="message-3", retry=True)) == COMPLETED
    assert seen == [{"processingStatus": "processing", "processedAt": ended}]
    record = shown(house, **SITE_KEY)
    assert record.pop("processedAt") > ended
    thumb, original = f"{SITE}/thumb.jpg", f"{SITE}/original.jpg"
    assert record == {
        "processingStatus": "completed",
        "thumbnailUrl": thumb,
        "imageQualities": [
            {
                "quality": "1920w",
                "url": f"{SITE}/1920w.jpg",
                "width": 1920,
                "height": 1280,
                "resolution": "1920x1280",
                "formats": {"jpg": f"{SITE}/1920w.jpg", "webp": f"{SITE}/1920w.webp"},
            }
        ],
        "urls": {"original": original, "thumbnail": thumb},
    }


def test_a_media_sites_video(house: House) -> None:
    speak(house, MEDIA_SITE, "id", "projectId")
    seen: list[Record] = []

    def described(name: str, file: Mapping[str, Any], rate: int) -> Record:
        return {"name": name, "width": 854, "height": 480, "averageBandwidth": rate, **file}

    def process(task: Task) -> Record:
        put = task.publisher.put
        task.report("probing", 1)
        rung = described("480p", put("hls/480p.m3u8", b"rung", "text/plain"), 900)
        stream = {**put("hls/master.m3u8", b"master", "text/plain"), "rungs": [rung]}
        task.publish_early({"stream": stream})
        seen.append(shown(house, **SITE_KEY))
        file = put("downloads/480p.mp4", b"film", "video/mp4")
        return {
            "original": task.locate_original(),
            "renditions": [picture(task, "thumb", (640, 360), "jpg")],
            "stream": stream,
            "downloads": [described("480p", file, 950)],
        }

    house.process = process
    assert house.run(house.upload(key="projects/shop/media/film-7/original.mp4")) == COMPLETED
    size = {"width": 854, "height": 480, "resolution": "854x480"}
    rung = {"quality": "480p", "url": f"{SITE}/hls/480p.m3u8", "bitrate": 900, "isHLS": True}
    file = {"quality": "480p", "url": f"{SITE}/downloads/480p.mp4", "bitrate": 950, "isHLS": False}
    hls, thumb = f"{SITE}/hls/master.m3u8", f"{SITE}/thumb.jpg"
    assert seen == [
        {
            "processingStatus": "processing",
            "videoQualities": [{**rung, **size}],
            "urls": {"hls": hls},
        }
    ]
    record = shown(house, **SITE_KEY)
    assert record.pop("processedAt")
    assert record == {
        "processingStatus": "completed",
        "thumbnailUrl": thumb,
        "videoQualities": [{**rung, **size}, {**file, **size}],
        "urls": {"original": f"{SITE}/original.mp4", "thumbnail": thumb, "hls": hls},
    }


def test_a_photo_gallerys_photo(house: House) -> None:
    speak(house, PHOTO_GALLERY, "id")
    pending = {"id": "42", "status": "pending", "title": "the application's own"}
    house.dynamodb.put_item(TableName="theirs", Item=write_item(pending))
    seen: list[Record] = []

    def process(task: Task) -> Record:
        seen.append(shown(house, id="42"))
        task.report("encoding", 50)
        names = ("thumbnail", "small", "medium", "large")
        renditions = [picture(task, name, (400, 300), "jpg") for name in names]
        metadata = {"camera": "Camera One", **SHOT} if len(seen) == 1 else {}
        return {"width": 4000, "height": 3000, "renditions": renditions, "metadata": metadata}

    house.process = process
    job = house.upload(key="g 7/42_my_dog.v2.jpg")
    assert house.run(job) == COMPLETED
    assert seen == [{"status": "processing", "title": pending["title"]}]
    record = shown(house, id="42")
    assert record.pop("processed_at")
    files: Record = {}
    for name in ("thumbnail", "small", "medium", "large"):
        body = f"{name} jpg".encode()
        files |= {
            f"{name}_url": f"{CDN}/renditions/g%207/42_my_dog.v2_{name}.jpg",
            f"{name}_size": len(body),
            f"{name}_checksum": hashlib.sha256(body).hexdigest(),
        }
    shot = {"exposure": "0.004", "aperture": "2.8", "iso": "100", "focal_length": "50"}
    made = {**files, "dimensions": {"width": 4000, "height": 3000}, "title": pending["title"]}
    assert record == {
        **made,
        "status": "active",
        "camera": "Camera One",
        "settings": {name: Decimal(value) for name, value in shot.items()},
    }
    assert house.run(replace(job, retry=True)) == COMPLETED
    record = shown(house, id="42")
    assert record.pop("processed_at")
    assert record == {**made, "status": "active"}
    house.process = refuse
    house.run(replace(job, retry=True))
    record = shown(house, id="42")
    assert record.pop("processed_at")
    assert record == {"status": "failed", "title": pending["title"]}


CUTTING = Job(BUCKET, "raw/film.mp4", "request-1", job_id="cut-42", user_id="user-7")


def test_a_video_jobs_record(house: House) -> None:
    speak(house, VIDEO_JOBS, "video_id")
    house.s3.put_object(Bucket=BUCKET, Key=CUTTING.key, Body=b"film")
    house.dynamodb.put_item(
        TableName="theirs", Item=write_item({"video_id": "cut-42", "status": "QUEUED"})
    )
    seen: list[Record] = []

    def cut(task: Task, request: Mapping[str, Any]) -> Record:
        seen.append(shown(house, video_id="cut-42"))
        task.report("cutting", 10)
        seen.append(shown(house, video_id="cut-42"))
        if len(seen) < 4:
            raise FAILURE if len(seen) == 2 else ConnectionError
        names = ("segment_000.mp4", "segment_001.mp4")
        return {"outputs": [task.publisher.put(name, b"half", "video/mp4") for name in names]}

    def run(holder: str, invocation: Invocation = PLENTY) -> tuple[Outcome, Record]:
        outcome = house.run(replace(CUTTING, holder=holder, retry=holder == "again"), invocation)
        record = shown(house, video_id="cut-42")
        assert record.pop("updated_at")
        return outcome, record

    house.cutting = CuttingKind(lambda _: None, cut)
    outcome, record = run("request-1")
    assert record == {"status": "FAILED", "error_message": FAILURE.sentence}
    for moment in seen:
        assert moment.pop("updated_at")
    begun = {"status": "PROCESSING"}
    assert seen == [begun, {**begun, "processing_stage": "cutting", "progress_percentage": 10}]
    outcome, record = run("request-2")
    assert (outcome.name, outcome.error and outcome.error.code) == ("Duplicate", FAILURE.code)

    seen = [{}]
    with pytest.raises(ConnectionError):
        run("again", LAST_TRY)
    assert "ConnectionError" in house.record_at({"video_id": "cut-42"})["error_message"]
    assert house.record_at({"video_id": "cut-42"})["pipeline"]["outcome"]["code"]

    outcome, record = run("again")
    assert outcome == Outcome("Completed", segments_created=2)
    assert "error_message" not in seen[-2]
    keys = ["processed/cut-42/segment_000.mp4", "processed/cut-42/segment_001.mp4"]
    completed = {
        "status": "COMPLETED",
        "processing_stage": "completed",
        "progress_percentage": 100,
        "output_s3_keys": keys,
        "output_s3_urls": [f"{CDN}/{key}" for key in keys],
        "segments_created": 2,
    }
    assert record == completed
    assert run("request-4") == (Outcome("Duplicate", segments_created=2), completed)
