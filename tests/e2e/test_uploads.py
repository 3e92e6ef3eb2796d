"""From an upload to what a page needs, through the deployed module and its own zips."""

from __future__ import annotations

import json
from base64 import b64decode
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image
from pillow_heif import register_heif_opener

from clips import full_ffmpeg, moving_clip
from e2e.application import wait_until
from e2e.conftest import House
from media_pipeline.leases import parse_time
from media_pipeline.recipe import load_recipe
from pictures import CORNERS, corner_colours, four_corners, photo
from playlists import read_master
from streams import played

EVENTS = Path(__file__).parent.parent / "events"


def jpeg(image: Image.Image, orientation: int = 1) -> bytes:
    exif = Image.Exif()
    exif[0x0112] = orientation
    exif[0x0110] = "Camera 7"
    body = BytesIO()
    image.save(body, "JPEG", quality=92, exif=exif)
    return body.getvalue()


def test_a_second_plan_changes_nothing(house: House) -> None:
    assert house.deployment.root.plan().is_empty


def test_a_photo_becomes_every_rendition_and_a_record(house: House) -> None:
    house.upload("originals/gallery-7/upright/IMG_1.JPG", jpeg(four_corners((2100, 1400), 6), 6))
    record = house.finished("upright")
    assert record["status"] == "completed"
    assert (record["width"], record["height"], record["type"]) == (2100, 1400, "image")
    assert len(record["blurhash"]) == 28
    assert len(b64decode(record["thumbhash"])) >= 21
    assert len(record["perceptualHash"]) == len(f"{2**64 - 1:x}")
    assert record["dominantColor"].startswith("#")
    assert record["metadata"]["camera"] == "Camera 7"
    lqip = Image.open(BytesIO(b64decode(record["lqip"].partition(",")[2])))
    assert (max(lqip.size), corner_colours(lqip)) == (20, list(CORNERS))
    recipe = load_recipe().images
    assert [made["name"] for made in record["renditions"]] == list(recipe.renditions)
    for made in record["renditions"]:
        assert made["formats"].keys() == recipe.renditions[made["name"]].formats.keys()
        for file_format, file in made["formats"].items():
            revision = record["pipeline"]["revision"]
            folder = f"renditions/gallery-7/upright/{revision}"
            assert file["key"] == f"{folder}/{made['name']}.{file_format}"
            body = house.read(file["key"])
            assert len(body) == file["bytes"]
            image = Image.open(BytesIO(body))
            assert image.size == (made["width"], made["height"])
            assert corner_colours(image) == list(CORNERS)
    head = house.s3.head_object(Bucket=house.deployment.bucket, Key=file["key"])
    assert head["CacheControl"] == "public, max-age=31536000, immutable"
    assert head["ContentType"] == "image/webp"


def test_a_video_becomes_a_stream_that_plays_to_its_last_frame(
    house: House, tmp_path: Path
) -> None:
    clip = moving_clip(tmp_path / "clip.mov", size=(1280, 720), seconds=5.0)
    house.upload("originals/gallery-7/clip/clip.mov", clip.read_bytes())
    record = house.finished("clip")
    assert record["status"] == "completed", record
    assert (record["width"], record["height"], record["type"]) == (1280, 720, "video")
    assert record["contentType"] == "video/quicktime"
    assert abs(float(record["durationSeconds"]) - 5.0) <= 1 / 25
    assert [rung["name"] for rung in record["stream"]["rungs"]] == ["360p", "480p", "720p"]
    assert record["stream"]["stage"] == "complete"
    assert (record["progress_percentage"], record["processing_stage"]) == (100, "completed")

    folder = f"renditions/gallery-7/clip/{record['pipeline']['revision']}/"
    house.save(folder, tmp_path / "saved")
    assert record["stream"]["key"] == f"{folder}hls/master.m3u8"
    master = tmp_path / "saved/hls/master.m3u8"
    assert len(read_master(master).variants) == 3
    streams = played(master)
    assert [len(times) for times in streams.values()].count(125) == 3, "frames are missing"

    download, original = record["downloads"]
    assert original["key"] == "originals/gallery-7/clip/clip.mov"
    assert original["bytes"] == clip.stat().st_size
    assert download["key"] == f"{folder}downloads/720p.mp4"
    full_ffmpeg("-i", tmp_path / "saved/downloads/720p.mp4", "-f", "null", "-")
    head = house.s3.head_object(Bucket=house.deployment.bucket, Key=download["key"])
    assert head["ContentDisposition"].startswith('attachment; filename="clip-720p.mp4"')
    track = (tmp_path / "saved/storyboard/storyboard.vtt").read_text()
    assert track.startswith("WEBVTT\n")
    assert "sheet-00001.jpg#xywh=" in track
    assert (tmp_path / "saved/storyboard/sheet-00001.jpg").is_file()
    assert record["storyboard"]["key"] == f"{folder}storyboard/storyboard.vtt"
    poster = Image.open(BytesIO(house.read(record["poster"]["key"])))
    assert poster.size == (640, 360) == (record["poster"]["width"], record["poster"]["height"])
    assert record["renditions"][0]["name"] == "thumb"
    assert len(record["blurhash"]) == 28


@pytest.mark.parametrize("name", ["a.HEIC", "a.avif", "a.gif", "a.tiff", "a.bmp"])
def test_what_phones_and_scanners_make_is_taken_too(house: House, name: str) -> None:
    register_heif_opener()
    body = BytesIO()
    image_format = {"HEIC": "HEIF"}.get(name[2:], name[2:])
    four_corners((400, 300)).save(body, image_format)
    house.upload(f"originals/gallery-7/of-{name}/{name}", body.getvalue())
    record = house.finished(f"of-{name}")
    assert (record["status"], record["width"]) == ("completed", 400)
    made = house.read(record["renditions"][1]["formats"]["webp"]["key"])
    assert corner_colours(Image.open(BytesIO(made))) == list(CORNERS)


@pytest.mark.parametrize("name", ["a b+c%.jpg", "ü ß.JPEG", "x&y.png", "what's (new).webp"])
def test_file_names_survive_the_route(house: House, name: str) -> None:
    media_id = f"named-{name}"
    body = BytesIO()
    suffix = Path(name).suffix.lower().strip(".")
    Image.new("RGB", (40, 30), "teal").save(body, {"jpg": "JPEG"}.get(suffix, suffix))
    key = f"originals/gallery-7/{media_id}/{name}"
    house.upload(key, body.getvalue())
    record = house.finished(media_id)
    assert (record["status"], record["originalKey"]) == ("completed", key)
    assert house.read(record["renditions"][0]["formats"]["jpg"]["key"])


def test_twenty_uploads_at_once_complete_and_none_waits(house: House) -> None:
    body = jpeg(photo((900, 600)))
    names = [f"burst-{number}" for number in range(20)]

    def upload(name: str) -> datetime:
        house.upload(f"originals/gallery-7/{name}/photo.jpg", body)
        return datetime.now(UTC)

    with ThreadPoolExecutor(len(names)) as threads:
        returned = dict(zip(names, threads.map(upload, names), strict=True))
    for name in names:
        record = house.finished(name)
        assert record["status"] == "completed"
        assert record["pipeline"]["attempts"] == 1
        # The claim created the record; its time is cut to the millisecond.
        claimed = parse_time(record["createdAt"]) + timedelta(milliseconds=1)
        assert returned[name] <= claimed, "the upload returned after its processing had begun"
    house.assert_queues_drain()


def without_picture(folder: Path) -> bytes:
    path = folder / "sound.mp4"
    full_ffmpeg("-f", "lavfi", "-i", "sine=duration=2", "-c:a", "aac", path)
    return path.read_bytes()


def half_a_photo(folder: Path) -> bytes:
    whole = jpeg(photo((900, 600)))
    return whole[: len(whole) // 2]


def half_a_photo_closed(folder: Path) -> bytes:
    return half_a_photo(folder) + b"\xff\xd9"


def half_a_video(folder: Path) -> bytes:
    whole = moving_clip(folder / "clip.mp4", seconds=2.0).read_bytes()
    return whole[: len(whole) // 2]


@pytest.mark.parametrize(
    ("name", "make", "code"),
    [
        ("half.jpg", half_a_photo, "corrupt_image"),
        ("closed.jpg", half_a_photo_closed, "corrupt_image"),
        ("text.jpg", lambda _: b"just text\n", "unsupported_image"),
        ("empty.png", lambda _: b"", "empty_file"),
        ("sound.mp4", without_picture, "no_video_stream"),
        ("half.mp4", half_a_video, "corrupt_video"),
        ("text.mov", lambda _: b"just text\n", "corrupt_video"),
        ("empty.mp4", lambda _: b"", "empty_file"),
    ],
)
def test_what_cannot_be_processed_fails_with_its_code_and_is_over(
    house: House, tmp_path: Path, name: str, make: object, code: str
) -> None:
    assert callable(make)
    house.upload(f"originals/gallery-7/bad-{name}/{name}", make(tmp_path))
    record = house.finished(f"bad-{name}")
    assert (record["status"], record["error"]["code"]) == ("failed", code)
    assert record["error"]["message"].endswith(".")
    house.assert_queues_drain()
    good = jpeg(photo((300, 200)))
    house.upload(f"originals/gallery-7/after-{name}/good.jpg", good)
    assert house.finished(f"after-{name}")["status"] == "completed"


def test_a_good_upload_over_a_bad_one_completes(house: House) -> None:
    key = "originals/gallery-7/again/photo.jpg"
    house.upload(key, b"just text")
    assert house.finished("again")["status"] == "failed"
    house.upload(key, jpeg(photo((300, 200))))
    wait_until(lambda: house.record("again")["status"] == "completed")
    assert "error" not in house.record("again")


def test_other_keys_cause_nothing(house: House) -> None:
    body = jpeg(photo((300, 200)))
    for key in (
        "originals/gallery-7/photo.jpg",
        "other/gallery-7/x/photo.jpg",
        "originals/a/b.gif",
    ):
        house.upload(key, body)
    house.upload("originals/gallery-7/witness/photo.jpg", body)
    assert house.finished("witness")["status"] == "completed"
    house.assert_queues_drain()
    scanned = house.dynamodb.scan(TableName=house.deployment.table, ProjectionExpression="id")
    assert {item["id"]["S"] for item in scanned["Items"]}.isdisjoint({"photo.jpg", "x", "b.gif"})


def invoke(house: House, route: str, payload: object) -> tuple[int, dict[str, str]]:
    answer = house.deployment.lambdas.invoke(
        FunctionName=house.deployment.functions[route], Payload=json.dumps(payload)
    )
    assert "FunctionError" not in answer, answer["Payload"].read()
    said = json.loads(answer["Payload"].read())
    return said["statusCode"], json.loads(said["body"])


def test_a_direct_invocation_is_answered(house: House) -> None:
    payload = json.loads((EVENTS / "direct_image.json").read_text())
    assert payload["s3_bucket"] == house.deployment.bucket, "the golden event names another bucket"
    missing = {**payload, "s3_key": "originals/gallery-7/never/there.jpg"}
    status, body = invoke(house, "images", missing)
    assert (status, body["code"], body["job_id"]) == (500, "source_unreadable", payload["job_id"])
    assert house.record("never")["status"] == "failed"
    status, body = invoke(house, "images", {**payload, "s3_key": None})
    assert status == 400
    assert "s3_key" in body["error"]
    house.upload(payload["s3_key"], jpeg(photo((300, 200))))
    assert house.finished("photo-42")["status"] == "completed"
    status, body = invoke(house, "images", payload)
    assert (status, body["message"]) == (200, "duplicate")
    status, body = invoke(house, "images", {**payload, "retry": True})
    assert (status, body["message"]) == (200, "completed")


def test_a_transient_failure_goes_back_to_the_queue_and_completes(house: House) -> None:
    """The outputs' bucket is away for the first try."""
    lambdas, name = house.deployment.lambdas, house.deployment.functions["images"]
    variables = lambdas.get_function_configuration(FunctionName=name)["Environment"]["Variables"]
    broken = {**variables, "OUTPUT_BUCKET": "no-such-bucket"}
    lambdas.update_function_configuration(FunctionName=name, Environment={"Variables": broken})
    try:
        house.upload("originals/gallery-7/tried/photo.jpg", jpeg(photo((300, 200))))
        log = house.deployment.aws.log_file(name)
        wait_until(lambda: "NoSuchBucket" in log.read_text())
        assert house.record("tried")["status"] == "processing"
    finally:
        lambdas.update_function_configuration(
            FunctionName=name, Environment={"Variables": variables}
        )
    record = house.finished("tried")
    assert record["status"] == "completed"
    assert record["pipeline"]["attempts"] >= 2
    house.assert_queues_drain()
