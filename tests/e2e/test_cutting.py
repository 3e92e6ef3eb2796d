"""A cutting job, as `aws lambda invoke` sends it, to the deployed function."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from clips import moving_clip
from demo.uploads import read_record
from e2e.conftest import House
from streams import heard_samples, shown_frames

KEY = "originals/gallery-7/film/film.mp4"
TEXTS = ['Part one: "50 % off"', "Καλημέρα, Привет"]


def invoke(house: House, payload: dict[str, Any]) -> tuple[int, dict[str, Any]]:
    answer = house.deployment.lambdas.invoke(
        FunctionName=house.deployment.functions["videos"], Payload=json.dumps(payload)
    )
    assert "FunctionError" not in answer, answer["Payload"].read()
    said = json.loads(answer["Payload"].read())
    return said["statusCode"], json.loads(said["body"])


@pytest.fixture(scope="module")
def film(house: House, tmp_path_factory: pytest.TempPathFactory) -> Path:
    film = moving_clip(tmp_path_factory.mktemp("film") / "film.mp4", size=(640, 360), seconds=12.5)
    house.upload(KEY, film.read_bytes())
    assert house.finished("film")["status"] == "completed"
    return film


def job(house: House, job_id: str, **words: object) -> dict[str, Any]:
    return {"s3_bucket": house.deployment.bucket, "s3_key": KEY, "job_id": job_id, **words}


def test_a_video_becomes_segments_with_text(house: House, film: Path, tmp_path: Path) -> None:
    payload = job(
        house,
        "cut-1",
        user_id="user-3",
        cutting_options={"type": "fixed", "duration_seconds": 5},
        text_input={"strategy": "unique_for_all", "unique_texts": TEXTS, "base_text": None},
        unknown="ignored",
    )
    status, body = invoke(house, payload)
    assert (status, body["job_id"], body["segments_created"]) == (200, "cut-1", 3)
    assert body["message"]
    record = read_record(house.dynamodb, house.deployment.table, "cut-1", "user-3")
    assert (record["projectId"], record["status"]) == ("user-3", "COMPLETED")
    keys = [f"processed/cut-1/segment_{number:03}.mp4" for number in range(3)]
    assert record["output_s3_keys"] == keys

    house.save("processed/cut-1/", tmp_path)
    source = shown_frames(film)
    position, heard = 0, Fraction(0)
    for key, frames in zip(keys, (125, 125, 63), strict=True):
        path = tmp_path / Path(key).name
        shown = shown_frames(path)
        assert abs(len(shown) - frames) <= 1
        of_source = source[position : position + len(shown)]
        # The lower half has no text and is what the source shows then; the upper half has some.
        for one, other in zip(shown[::25], of_source[::25], strict=True):
            differences = np.abs(one.pixels.astype(int) - other.pixels.astype(int))
            assert differences[200:].mean() < 12
            assert differences[:180].mean() > differences[200:].mean()
        position += len(shown)
        samples, rate = heard_samples(path)
        heard += Fraction(len(samples), rate)
    assert position == len(source)
    assert float(heard) == pytest.approx(12.5, abs=0.1)

    again, answered = invoke(house, payload)
    assert (again, answered["segments_created"]) == (200, 3)


def test_a_bad_payload_names_the_field(house: House, film: Path) -> None:
    short = job(house, "cut-2", cutting_options={"type": "fixed", "duration_seconds": 4})
    status, body = invoke(house, short)
    assert (status, body["job_id"]) == (400, "cut-2")
    assert "cutting_options.duration_seconds" in body["error"]
    record = read_record(house.dynamodb, house.deployment.table, "cut-2", "jobs")
    assert (record["status"], record["error_message"]) == ("FAILED", body["error"])


def test_a_job_that_cannot_be_done_says_why(house: House) -> None:
    house.upload("originals/gallery-7/text/text.mov", b"This is no video.\n" * 100)
    payload = job(house, "cut-3", cutting_options={"type": "fixed", "duration_seconds": 5})
    status, body = invoke(house, {**payload, "s3_key": "originals/gallery-7/text/text.mov"})
    assert (status, body["job_id"], body["code"]) == (500, "cut-3", "corrupt_video")
    record = read_record(house.dynamodb, house.deployment.table, "cut-3", "jobs")
    assert (record["status"], record["projectId"]) == ("FAILED", "jobs")
    assert record["error_message"] == body["error"]
    house.assert_queues_drain()
