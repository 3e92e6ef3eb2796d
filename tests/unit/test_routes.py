"""Which route takes a key in, whose record it is about, and how an object is announced again."""

from __future__ import annotations

import json

import pytest

from media_pipeline.assignments import key_of_original, route_of
from media_pipeline.events import Job, parse_event, write_event
from media_pipeline.recipe import load_recipe

RECIPE = load_recipe()


@pytest.mark.parametrize(
    ("key", "route"),
    [
        ("originals/gallery-7/photo-42/harbour.jpg", "images"),
        ("originals/gallery-7/photo-42/HARBOUR.JpEg", "images"),
        ("originals/gallery-7/clip-9/a b+c%.MOV", "videos"),
        ("originals/gallery-7/clip-9/notes.txt", None),
        ("originals/gallery-7/photo-42/deeper/harbour.jpg", None),
        ("renditions/gallery-7/photo-42/harbour.jpg", None),
    ],
)
def test_a_key_is_taken_in_by_the_route_of_its_ending(key: str, route: str | None) -> None:
    assert route_of(key, RECIPE) == route


def test_an_original_names_its_record() -> None:
    key = "originals/gallery-7/photo-42/harbour.jpg"
    assert key_of_original(key, RECIPE) == {"id": "photo-42", "projectId": "gallery-7"}
    assert key_of_original("renditions/gallery-7/photo-42", RECIPE) is None
    assert key_of_original(f"originals/gallery-7/{'x' * 2000}/harbour.jpg", RECIPE) is None


@pytest.mark.parametrize("version", ["v-1", None])
@pytest.mark.parametrize("key", ["a b+c%.mp4", "ü/ß.jpg", "x&y.png", "\ufffe\uffff😀.jpg"])
def test_an_object_announced_again_is_the_job_that_it_was(key: str, version: str | None) -> None:
    job = Job("uploads", key, "sweep", version_id=version, etag="e1", sequencer="0A")
    message = {
        "Records": [
            {
                "eventSource": "aws:sqs",
                "messageId": "message-1",
                "body": write_event(job, "sweep"),
            }
        ]
    }
    [parsed] = parse_event(message, "request-1")
    assert parsed == Job("uploads", key, "message-1", version_id=version, etag="e1")
    body = message["Records"][0]["body"]
    assert json.loads(body)["detail"]["object"]["key"] == key
    assert body.isascii()
