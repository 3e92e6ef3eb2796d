"""How outputs and the original are offered as downloads."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from boto3.s3.transfer import TransferConfig
from botocore.exceptions import ClientError

from aws_names import BUCKET
from media_pipeline import storage
from media_pipeline.events import Job
from media_pipeline.storage import Located, Publisher
from media_pipeline.worker import COMPLETED, Task
from worker_house import KEY, House

NAME = "attachment; filename=\"a b+c_.jpg\"; filename*=UTF-8''a%20b+c%25.jpg"
MEGABYTE = 1024**2


def run(house: House, make: Callable[[Task], Located]) -> dict[str, Any]:
    """The record's one download, of the upload that was made before."""
    head = house.s3.head_object(Bucket=BUCKET, Key=KEY)
    house.process = lambda task: {"downloads": [make(task)]}
    job = Job(BUCKET, KEY, "m", head.get("VersionId"), head["ETag"].strip('"'), "0F")
    assert house.run(job) == COMPLETED
    [download] = house.record["downloads"]
    return download  # type: ignore[no-any-return]


@pytest.mark.parametrize("is_file", [True, False])
def test_an_output_with_a_download_name_is_saved_under_it(house: House, is_file: bool) -> None:
    def put(task: Task) -> Located:
        path = task.folder / "made"
        path.write_bytes(b"movie")
        body: Path | bytes = path if is_file else b"movie"
        return task.publisher.put("720p.mp4", body, "video/mp4", download_name="a b+c%.jpg")

    house.upload()
    written = house.s3.get_object(Bucket=BUCKET, Key=run(house, put)["key"])
    assert written["ContentDisposition"] == NAME
    assert written["ContentType"] == "video/mp4"
    assert written["CacheControl"] == "public, max-age=31536000, immutable"
    assert written["Body"].read() == b"movie"


def test_an_output_without_one_is_shown(house: House) -> None:
    house.upload()
    located = run(house, lambda task: task.publisher.put("poster.jpg", b"poster", "image/jpeg"))
    assert "ContentDisposition" not in house.s3.head_object(Bucket=BUCKET, Key=located["key"])


def test_the_original_is_listed_where_it_lies(house: House) -> None:
    house.upload()
    assert run(house, lambda task: task.locate_original()) == {"key": KEY, "bytes": 8}
    assert house.keys("renditions/") == []


def test_the_original_has_a_url_where_it_lies_behind_the_delivery_domain(house: House) -> None:
    house.domain = "media.example.com"
    house.upload()
    assert run(house, lambda task: task.locate_original()) == {
        "key": KEY,
        "bytes": 8,
        "url": "https://media.example.com/originals/gallery-7/photo-42/a%20b%2Bc%25.jpg",
    }


def test_the_original_of_another_bucket_names_it_and_has_no_url(house: House) -> None:
    house.domain = "media.example.com"
    house.output_bucket = "outputs"
    house.upload()
    located = run(house, lambda task: task.locate_original())
    assert located == {"bucket": BUCKET, "key": KEY, "bytes": 8}


@pytest.mark.parametrize("versioning", ["Enabled", None])
def test_the_original_is_copied_within_s3(house: House, versioning: Any) -> None:  # noqa: ANN401
    if versioning:
        house.s3.put_bucket_versioning(
            Bucket=BUCKET, VersioningConfiguration={"Status": versioning}
        )
    house.s3.create_bucket(
        Bucket="outputs", CreateBucketConfiguration={"LocationConstraint": "eu-central-1"}
    )
    house.output_bucket = "outputs"
    house.s3.put_object(
        Bucket=BUCKET,
        Key=KEY,
        Body=b"original",
        ContentType="text/html",
        Metadata={"owner": "somebody"},
        Tagging="team=7",
    )
    located = run(house, lambda task: task.copy_original("downloads", "video/mp4"))
    revision = house.record["pipeline"]["revision"]
    assert located == {
        "key": f"renditions/gallery-7/photo-42/{revision}/downloads/original.jpg",
        "bytes": 8,
    }
    copy = house.s3.get_object(Bucket="outputs", Key=located["key"])
    assert copy["Body"].read() == b"original"
    assert (copy["ContentType"], copy["ContentDisposition"]) == ("video/mp4", NAME)
    assert copy["CacheControl"] == "public, max-age=31536000, immutable"
    assert copy["Metadata"] == {}
    assert house.s3.get_object_tagging(Bucket="outputs", Key=located["key"])["TagSet"] == []


def test_a_large_original_is_copied_in_parts(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    size = 5 * MEGABYTE
    monkeypatch.setattr(storage, "COPYING", TransferConfig(size, multipart_chunksize=size))
    body = bytes(range(256)) * (8 * MEGABYTE // 256)
    house.byte_limit = len(body)
    house.upload(body)
    located = run(house, lambda task: task.copy_original("downloads", "video/mp4"))
    copy = house.s3.get_object(Bucket=BUCKET, Key=located["key"])
    assert copy["ETag"].strip('"').endswith("-2"), "it was not copied in two parts"
    assert copy["Body"].read() == body
    assert (copy["ContentType"], copy["ContentDisposition"]) == ("video/mp4", NAME)


def test_the_copy_is_of_the_version_that_was_processed(house: House) -> None:
    house.s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
    house.upload(b"original")

    def copy(task: Task) -> Located:
        house.upload(b"newer")
        return task.copy_original("downloads")

    written = house.s3.get_object(Bucket=BUCKET, Key=run(house, copy)["key"])
    assert written["Body"].read() == b"original"
    assert written["ContentType"] == "application/octet-stream"


def test_a_copy_of_what_was_replaced_takes_up_the_newer_upload(house: House) -> None:
    job = house.upload(b"original")
    seen: list[bytes] = []

    def process(task: Task) -> dict[str, Any]:
        seen.append(task.source.read_bytes())
        if len(seen) == 1:
            house.upload(b"newer")
        return {"downloads": [task.copy_original("downloads")]}

    house.process = process
    assert house.run(job) == COMPLETED
    assert seen == [b"original", b"newer"]
    [copy] = house.record["downloads"]
    assert house.s3.get_object(Bucket=BUCKET, Key=copy["key"])["Body"].read() == b"newer"


def test_a_copy_that_s3_refuses_is_tried_again(house: House) -> None:
    job = house.upload()
    house.output_bucket = "missing"
    house.process = lambda task: {"downloads": [task.copy_original("downloads")]}
    with pytest.raises(ClientError):
        house.run(job)
    assert house.record["status"] == "processing"


@pytest.mark.parametrize("name", ["clip", "clip.", "clip.mp4 b", "clip.ü"])
def test_a_suffix_that_is_none_is_not_part_of_a_copys_key(house: House, name: str) -> None:
    copied: list[str] = []

    class Copying(Publisher):
        def copy_original(self, name: str, *_: object) -> Located:
            copied.append(name)
            return {}

    def process(task: Task) -> dict[str, Any]:
        job = replace(task.job, key=f"originals/a/b/{name}")
        publisher = Copying(house.s3, BUCKET, str, None)
        replace(task, job=job, publisher=publisher).copy_original("downloads")
        return {}

    house.process = process
    assert house.run(house.upload()) == COMPLETED
    assert copied == ["downloads/original"]


BESIDE = """{"keys": {
    "originals": "originals/{project_id}/{media_id}/{filename}",
    "outputs": "originals/{project_id}/{media_id}/{output}"
}}"""


def test_an_output_that_would_be_taken_for_an_upload_is_not_written(house: House) -> None:
    """No plan lets such a recipe pass; should one, nothing goes round in circles."""
    job = house.upload()
    outcome = replace(house, recipe=BESIDE).run(job)
    assert outcome.error is not None
    assert outcome.error.code == "output_is_original"
    assert house.keys("originals/") == [KEY]


def test_what_goes_to_another_bucket_cannot_be_taken_for_an_upload(house: House) -> None:
    house.s3.create_bucket(
        Bucket="outputs", CreateBucketConfiguration={"LocationConstraint": "eu-central-1"}
    )
    job = house.upload()
    assert replace(house, recipe=BESIDE, output_bucket="outputs").run(job) == COMPLETED


def test_a_key_that_s3_would_not_take_is_said(house: House) -> None:
    long = "long" * 60
    job = house.upload(key=f"originals/{long}/{long}/photo.jpg")
    recipe = f'{{"keys": {{"outputs": "{"{project_id}/" * 5}{{revision}}/{{output}}"}}}}'
    outcome = replace(house, recipe=recipe).run(job)
    assert outcome.error is not None
    assert outcome.error.code == "key_too_long"


def test_a_record_that_dynamodb_would_not_take_is_said(house: House) -> None:
    house.process = lambda _: {"metadata": {"text": "x" * 500_000}}
    outcome = house.run(house.upload())
    assert outcome.error is not None
    assert outcome.error.code == "record_too_large"
    assert house.record["status"] == "failed"
