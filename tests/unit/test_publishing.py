"""What the two functions say of the files they publish."""

from __future__ import annotations

import hashlib
from io import BytesIO
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from PIL import Image

import image_processor
import publishing
from aws_names import BUCKET
from media_pipeline.worker import COMPLETED, Task
from transcoding.transcoder import Download
from worker_house import KEY, House


def test_a_photos_record_has_the_original_and_the_sum_of_each_rendition(house: House) -> None:
    body = BytesIO()
    Image.new("RGB", (40, 30), "teal").save(body, "JPEG")
    house.process = image_processor.process
    house.byte_limit = 10_000
    assert house.run(house.upload(body.getvalue())) == COMPLETED
    record = house.record
    assert record["original"] == {"key": KEY, "bytes": len(body.getvalue())}
    files = [file for made in record["renditions"] for file in made["formats"].values()]
    assert len(files) == 11
    for file in files:
        written = house.s3.get_object(Bucket=BUCKET, Key=file["key"])["Body"].read()
        assert file["sha256"] == hashlib.sha256(written).hexdigest()


@pytest.mark.parametrize("original", ["listed", "copied"])
def test_a_download_says_its_average_bit_rate(house: House, original: str) -> None:
    def process(task: Task) -> dict[str, Any]:
        path = task.folder / "720p.mp4"
        path.write_bytes(bytes(1500))
        made: Any = SimpleNamespace(
            downloads=[Download("downloads/720p.mp4", 1280, 720, path)],
            stream=SimpleNamespace(seconds=2.5),
            probe=SimpleNamespace(
                container="mp4", picture=SimpleNamespace(width=1920, height=1080)
            ),
        )
        return {"downloads": publishing.publish_downloads(task, made)}

    house.process = process
    house.recipe = f'{{"videos": {{"original": "{original}"}}}}'
    assert house.run(house.upload()) == COMPLETED
    download, upload = house.record["downloads"]
    assert (download["bytes"], download["averageBandwidth"]) == (1500, 4800)
    assert (upload["bytes"], upload["averageBandwidth"]) == (8, 26)
    assert "sha256" not in download, "a film is not read a second time"


def test_the_pieces_of_a_job_are_its_outputs(house: House) -> None:
    house.domain = "media.example.com"

    def process(task: Task) -> dict[str, Any]:
        pieces = []
        for number in range(2):
            path = Path(task.folder / f"segment_{number:03}.mp4")
            path.write_bytes(bytes(number + 1))
            pieces.append(SimpleNamespace(path=path, seconds=1.25))
        made: Any = SimpleNamespace(segments=pieces, width=64, height=48, warnings=())
        described = publishing.publish_segments(task, made)
        assert described["durationSeconds"] == 2.5
        return {"downloads": described["outputs"]}

    house.process = process
    house.recipe = '{"keys": {"outputs": "made/{media_id}/{output}"}}'
    assert house.run(house.upload()) == COMPLETED
    assert house.record["downloads"] == [
        {
            "key": f"made/photo-42/segment_00{number}.mp4",
            "bytes": number + 1,
            "url": f"https://media.example.com/made/photo-42/segment_00{number}.mp4",
        }
        for number in range(2)
    ]
