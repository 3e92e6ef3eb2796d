"""The examples that plug into a workspace of 44 resources, none of which they may change."""

from __future__ import annotations

import os
from collections.abc import Iterator
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from typing import Any

import boto3
import pytest
from PIL import Image

from artifacts import Target, build
from clips import moving_clip
from demo.artifacts_here import build_here
from demo.clients import REGION
from demo.deployment import variables_for
from e2e.application import EXAMPLES, Application, real_media, wait_until
from e2e.workspaces import Workspace, applied, assert_untouched
from negatives import METADATA, negative, with_white_band
from pictures import photo

BUILD = Path("build")
GALLERY_DOMAIN = "photos.example.com"
SIZES = {
    "thumbnail": (400, 400),
    "small": (800, 600),
    "medium": (2000, 2000),
    "large": (4000, 4000),
}
ASKED_FOR = ["iam list_user_policies acme-web"]
"""What `video-jobs` adds to the workspace in a resource of its own."""

PHOTO_WORDS = {
    *(f"{size}_{word}" for size in SIZES for word in ("url", "size", "checksum")),
    "dimensions",
    "camera",
    "settings",
    "status",
    "processed_at",
}


@pytest.fixture(scope="module")
def workspace() -> Iterator[Workspace]:
    # Its owner has let the bucket tell EventBridge, as `eventbridge_switch` asks.
    folder = BUILD / f"test-adopting{os.environ.get('PYTEST_XDIST_WORKER', '')}"
    with applied(folder, {"eventbridge": True}) as made:
        yield made


@pytest.fixture(scope="module")
def artifacts() -> Path:
    return build_here(BUILD, print)


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    def make(path: Path) -> Path:
        return moving_clip(path, size=(1280, 720), seconds=5)

    return real_media("bbb-720p-5s.mp4", make, tmp_path_factory.mktemp("clip"))


def test_existing_workspace(workspace: Workspace, artifacts: Path, clip: Path) -> None:
    root = workspace.example(
        EXAMPLES / "existing-workspace", {"region": REGION, **variables_for(artifacts)}
    )
    assert root.plan().counts == (2, 0, 0)
    outputs = root.apply()
    assert root.plan().is_empty
    assert len(workspace.root.resources()) == 44
    assert_untouched(workspace)

    application = Application.at(workspace.aws, "acme-media")
    key = "originals/acme/clip-1/clip.mp4"
    application.s3.put_object(Bucket="acme-media", Key=key, Body=clip.read_bytes())
    job = {"s3_bucket": "acme-media", "s3_key": key, "job_id": "job-1"}
    assert application.invoke(outputs["function"], job)[0] == 200
    record = application.record(id="clip-1", projectId="acme")
    assert record["status"] == "completed"
    assert record["stream"]["key"] in application.keys("acme-media")
    assert [rung["name"] for rung in record["stream"]["rungs"]] == ["360p", "480p", "720p"]

    root.destroy()
    assert_untouched(workspace, alone=True)


@pytest.fixture(scope="module")
def video_jobs(workspace: Workspace, artifacts: Path) -> Iterator[dict[str, Any]]:
    root = workspace.example(
        EXAMPLES / "video-jobs", {"region": REGION, **variables_for(artifacts)}
    )
    yield root.apply()
    assert root.plan().is_empty
    root.destroy()
    assert_untouched(workspace)


def test_video_jobs(workspace: Workspace, video_jobs: dict[str, Any], clip: Path) -> None:
    application = Application.at(workspace.aws, "acme-videos")
    function = video_jobs["function"]
    assert_untouched(workspace, except_for=ASKED_FOR)
    application.s3.put_object(Bucket="acme-media", Key="videos/bunny.mp4", Body=clip.read_bytes())
    assert application.keys("acme-media", "processed/") == set()

    application.put(video_id="job-1", status="QUEUED", title="Bunny")
    job = {"s3_bucket": "acme-media", "s3_key": "videos/bunny.mp4", "job_id": "job-1"}
    cuts = {"cutting_options": {"type": "fixed", "duration_seconds": 5}}
    status, body = application.invoke(function, {**job, **cuts})
    record = application.record(video_id="job-1")
    assert (status, body["segments_created"]) == (200, len(record["output_s3_keys"]))

    keys = record["output_s3_keys"]
    assert {key.removeprefix("processed/job-1/") for key in keys} == application.keys(
        "acme-media", "processed/job-1/"
    )
    assert record == {
        "video_id": "job-1",
        "title": "Bunny",
        "pipeline": record["pipeline"],
        "status": "COMPLETED",
        "processing_stage": "completed",
        "progress_percentage": 100,
        "output_s3_keys": keys,
        "output_s3_urls": [f"https://acme-media.s3.us-east-1.amazonaws.com/{key}" for key in keys],
        "segments_created": len(keys),
        "updated_at": record["updated_at"],
    }


def test_a_video_job_that_fails(workspace: Workspace, video_jobs: dict[str, Any]) -> None:
    application = Application.at(workspace.aws, "acme-videos")
    application.put(video_id="job-2", status="QUEUED")
    job = {"s3_bucket": "acme-media", "s3_key": "videos/nowhere.mp4", "job_id": "job-2"}
    status, body = application.invoke(video_jobs["function"], job)
    record = application.record(video_id="job-2")
    assert (status, body["job_id"]) == (500, "job-2")
    assert record.keys() == {"video_id", "pipeline", "status", "error_message", "updated_at"}
    assert (record["status"], record["error_message"]) == ("FAILED", body["error"])


@pytest.mark.parametrize("field", ["s3_bucket", "s3_key", "job_id"])
def test_a_payload_without_a_field_names_it(
    workspace: Workspace, video_jobs: dict[str, Any], field: str
) -> None:
    application = Application.at(workspace.aws, "acme-videos")
    job_id = f"job-without-{field}"
    application.put(video_id=job_id, status="QUEUED")
    job = {"s3_bucket": "acme-media", "s3_key": "videos/a.mp4", "job_id": job_id}
    del job[field]
    status, body = application.invoke(video_jobs["function"], job)
    assert (status, field in body["error"]) == (400, True), body
    record = application.record(video_id=job_id)
    if field == "job_id":
        # Nothing says whose record it is.
        assert record == {"video_id": job_id, "status": "QUEUED"}
    else:
        assert (record["status"], record["error_message"]) == ("FAILED", body["error"])


def test_the_web_user_may_invoke_this_one_function(
    workspace: Workspace, video_jobs: dict[str, Any]
) -> None:
    iam = boto3.client("iam", **workspace.access)
    named = {"UserName": "acme-web", "PolicyName": "invoke-video-jobs"}
    (statement,) = iam.get_user_policy(**named)["PolicyDocument"]["Statement"]
    assert statement["Action"] == ["lambda:InvokeFunction"]
    (function,) = statement["Resource"]
    assert function.endswith(f":function:{video_jobs['function']}")


@pytest.fixture(scope="module")
def gallery(workspace: Workspace) -> Iterator[dict[str, Any]]:
    """The example's outputs, its image processor built to open camera RAW."""
    artifacts = BUILD / "local-raw"
    build(
        ["image-processor", "sweep"],
        target=Target.of_this_machine(),
        output=artifacts,
        report=print,
        raw=True,
    )
    root = workspace.example(
        EXAMPLES / "photo-gallery", {"region": REGION, **variables_for(artifacts)}
    )
    yield root.apply()
    assert root.plan().is_empty
    root.destroy()
    assert_untouched(workspace, except_for=ASKED_FOR)


def _camera_exif() -> Image.Exif:
    exif = Image.Exif()
    exif[0x0110] = "Camera 7"
    exif.get_ifd(0x8769)[0x829D] = 2.8
    return exif


def _camera_photo(path: Path) -> Path:
    photo((4032, 3024)).save(path, quality=90, exif=_camera_exif())
    return path


def _heic(path: Path) -> Path:
    """HEIF's other coding: only real media bring HEVC's."""
    photo((1440, 960)).save(path, "AVIF", exif=_camera_exif())
    return path


def _raw(path: Path) -> Path:
    colours = [(200, 30, 30), (30, 200, 30), (30, 30, 200), (120, 120, 120)]
    path.write_bytes(negative(with_white_band((640, 480), colours)))
    return path


@pytest.mark.parametrize("kind", ["camera", "phone", "raw"])
def test_photo_gallery(
    workspace: Workspace, gallery: dict[str, Any], kind: str, tmp_path: Path
) -> None:
    file = {
        "camera": lambda: real_media("camera-12mp-4032x3024.jpg", _camera_photo, tmp_path),
        "phone": lambda: real_media("iphone13.HEIC", _heic, tmp_path),
        "raw": lambda: _raw(tmp_path / "negative.dng"),
    }[kind]()
    application = Application.at(workspace.aws, "acme-photos")
    function = gallery["functions"]["images"]["name"]
    before = application.invocations(function)
    application.put(id=f"{kind}7", status="pending", owner="alex", uploaded_at="today")
    name = f"{kind}7_my_summer.photo{file.suffix}"
    application.s3.put_object(Bucket="acme-media", Key=f"gallery-7/{name}", Body=file.read_bytes())
    record = application.ended("status", {"active", "failed"}, id=f"{kind}7")
    wait_until(lambda: application.queues_are_empty(gallery["queues"]))
    assert application.invocations(function) == before + 1

    assert record["status"] == "active", record
    assert record.keys() == PHOTO_WORDS | {"id", "pipeline", "owner", "uploaded_at"}
    assert (record["owner"], record["uploaded_at"]) == ("alex", "today")
    stem = f"renditions/gallery-7/{kind}7_my_summer.photo"
    made = {f"_{size}.jpg" for size in SIZES}
    assert application.keys("acme-renditions", stem) == made
    assert record["dimensions"].keys() == {"width", "height"}
    full = (int(record["dimensions"]["width"]), int(record["dimensions"]["height"]))
    for size, box in SIZES.items():
        url = record[f"{size}_url"]
        assert url == f"https://{GALLERY_DOMAIN}/{stem}_{size}.jpg"
        body = application.body("acme-renditions", url, GALLERY_DOMAIN)
        assert record[f"{size}_size"] == len(body)
        assert record[f"{size}_checksum"] == sha256(body).hexdigest()
        scale = min(1, box[0] / full[0], box[1] / full[1])
        shown = Image.open(BytesIO(body)).size
        assert shown == pytest.approx([side * scale for side in full], abs=1)
    if kind == "raw":
        assert record["camera"] == METADATA["camera"]
        assert record["settings"]["lens"] == METADATA["lens"]
        assert record["settings"]["iso"] == METADATA["iso"]


def test_the_gallery_leaves_the_workspace_as_it_was(
    workspace: Workspace, gallery: dict[str, Any]
) -> None:
    assert gallery["eventbridge_switch"]["owner_must_add"]
    assert "eventbridge = true" in gallery["eventbridge_switch"]["block"]
    assert len(workspace.root.resources()) == 44
    assert_untouched(workspace, except_for=ASKED_FOR)
