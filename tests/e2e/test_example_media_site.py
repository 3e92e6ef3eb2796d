"""The example `media-site`: originals among what is made of them, and the site's own words."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from decimal import Decimal
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from clips import moving_clip
from demo.artifacts_here import build_here
from demo.clients import REGION
from demo.deployment import variables_for
from demo.roots import Root
from e2e.application import EXAMPLES, Application, real_media, wait_until
from local_aws.process import LocalAwsProcess
from pictures import photo
from playlists import read_master

BUILD = Path("build")
DOMAIN = "cdn.site.example"
WIDTHS = (320, 640, 960, 1280, 1920)
PHOTO_FILES = {
    "thumb.jpg",
    "blur_placeholder.jpg",
    *(f"{width}w.{ending}" for width in WIDTHS for ending in ("jpg", "webp")),
}
ENDS = {"completed", "failed"}
WRITTEN_FOR_ALL = {
    "id",
    "projectId",
    "pipeline",
    "processingStatus",
    "processedAt",
    "thumbnailUrl",
    "urls",
}
Site = tuple[Application, dict[str, Any]]


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    """The application, and the example's outputs."""
    artifacts = build_here(BUILD, print)
    folder = BUILD / f"test-media-site{os.environ.get('PYTEST_XDIST_WORKER', '')}"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    said = {
        "region": REGION,
        **variables_for(artifacts),
        "delivery_domain": DOMAIN,
        "disposable": True,
    }
    with LocalAwsProcess(folder / "aws") as aws:
        root = Root(EXAMPLES / "media-site", folder / "root", aws.endpoint, said)
        outputs = root.apply()
        assert root.plan().is_empty
        yield Application.at(aws, outputs["table"]), outputs


def _upload(site: Site, medium: str, file: Path, name: str = "") -> str:
    """The folder of the medium, whose original has the ending of `file` unless `name` is given."""
    application, outputs = site
    folder = f"projects/summer 24/media/{medium}/"
    key = folder + (name or f"original{file.suffix}")
    application.s3.put_object(Bucket=outputs["bucket"], Key=key, Body=file.read_bytes())
    return folder


def _ended(site: Site, medium: str) -> dict[str, Any]:
    return site[0].ended("processingStatus", ENDS, id=medium, projectId="summer 24")


def _invocations(site: Site) -> dict[str, int]:
    application, outputs = site
    return {
        route: application.invocations(function["name"])
        for route, function in outputs["functions"].items()
    }


def _save_photo(path: Path) -> Path:
    photo((4032, 3024)).save(path, quality=90)
    return path


@pytest.fixture(scope="module")
def picture(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("photo")
    return real_media("camera-12mp-4032x3024.jpg", _save_photo, folder)


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    def make(path: Path) -> Path:
        return moving_clip(path, size=(1280, 720), seconds=5)

    return real_media("bbb-720p-5s.mp4", make, tmp_path_factory.mktemp("clip"))


def test_a_photo_is_invoked_for_once_and_said_in_the_sites_words(site: Site, picture: Path) -> None:
    application, outputs = site
    before = _invocations(site)
    folder = _upload(site, "photo-1", picture)
    record = _ended(site, "photo-1")
    wait_until(lambda: application.queues_are_empty(outputs["queues"]))

    assert record.keys() == WRITTEN_FOR_ALL | {"imageQualities"}
    assert record["processingStatus"] == "completed"
    made = application.keys(outputs["bucket"], folder)
    assert made == PHOTO_FILES | {f"original{picture.suffix}"}
    base = f"https://{DOMAIN}/projects/summer%2024/media/photo-1"
    assert record["thumbnailUrl"] == f"{base}/thumb.jpg"
    assert record["urls"] == {
        "original": f"{base}/original{picture.suffix}",
        "thumbnail": f"{base}/thumb.jpg",
    }
    qualities = record["imageQualities"]
    assert [quality["quality"] for quality in qualities] == [f"{width}w" for width in WIDTHS]
    for quality, width in zip(qualities, WIDTHS, strict=True):
        assert quality == {
            "quality": f"{width}w",
            "url": f"{base}/{width}w.jpg",
            "width": width,
            "height": quality["height"],
            "resolution": f"{width}x{quality['height']}",
            "formats": {"jpg": f"{base}/{width}w.jpg", "webp": f"{base}/{width}w.webp"},
        }
        for url in quality["formats"].values():
            body = application.body(outputs["bucket"], url, DOMAIN)
            assert Image.open(BytesIO(body)).size == (width, quality["height"])

    # Eleven more objects came to lie where originals do.
    after = _invocations(site)
    assert after == {"images": before["images"] + 1, "videos": before["videos"]}


def test_a_file_that_was_called_as_an_output_is_processed_once(site: Site, picture: Path) -> None:
    """The site names it `original`; as `thumb.jpg`, it would be none of the site's originals."""
    application, outputs = site
    before = _invocations(site)["images"]
    named_thumb = picture.with_name("thumb.jpg")
    folder = _upload(site, "photo-2", picture, name=f"original{named_thumb.suffix}")
    stray = _upload(site, "photo-3", picture, name=named_thumb.name)
    assert _ended(site, "photo-2")["processingStatus"] == "completed"
    wait_until(lambda: application.queues_are_empty(outputs["queues"]))
    assert _invocations(site)["images"] == before + 1
    assert application.keys(outputs["bucket"], folder) > PHOTO_FILES
    assert application.keys(outputs["bucket"], stray) == {"thumb.jpg"}
    assert application.record(id="photo-3", projectId="summer 24") == {}


def test_a_video_lies_in_folders_and_is_said_in_the_sites_words(
    site: Site, clip: Path, tmp_path: Path
) -> None:
    application, outputs = site
    before = _invocations(site)
    folder = _upload(site, "clip-1", clip)
    record = _ended(site, "clip-1")
    wait_until(lambda: application.queues_are_empty(outputs["queues"]))

    assert record["processingStatus"] == "completed"
    assert record.keys() == WRITTEN_FOR_ALL | {"videoQualities"}
    made = application.keys(outputs["bucket"], folder)
    assert {"thumb.jpg", "hls/master.m3u8", "hls/480p/init.mp4", "downloads/720p.mp4"} <= made
    base = f"https://{DOMAIN}/projects/summer%2024/media/clip-1"
    assert record["thumbnailUrl"] == f"{base}/thumb.jpg"
    assert record["urls"] == {
        "original": f"{base}/original{clip.suffix}",
        "thumbnail": f"{base}/thumb.jpg",
        "hls": f"{base}/hls/master.m3u8",
    }
    qualities = record["videoQualities"]
    assert all(
        quality.keys() == {"quality", "url", "width", "height", "bitrate", "resolution", "isHLS"}
        for quality in qualities
    )
    assert [(quality["quality"], quality["isHLS"]) for quality in qualities] == [
        ("360p", True),
        ("480p", True),
        ("720p", True),
        ("720p", False),
        ("original", False),
    ]
    top = qualities[3]
    assert (top["width"], top["height"], top["resolution"]) == (1280, 720, "1280x720")
    assert top["url"] == f"{base}/downloads/720p.mp4"
    body = application.body(outputs["bucket"], top["url"], DOMAIN)
    assert top["bitrate"] == pytest.approx(Decimal(len(body) * 8) / 5, rel=Decimal("0.1"))
    for name in made:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(application.body(outputs["bucket"], f"{base}/{name}", DOMAIN))
    assert len(read_master(tmp_path / "hls/master.m3u8").variants) == 3

    after = _invocations(site)
    assert after == {"images": before["images"], "videos": before["videos"] + 1}


def test_a_failure_is_said_in_the_sites_words(site: Site, tmp_path: Path) -> None:
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"\x89PNG\r\n\x1a\n and no more")
    _upload(site, "broken", broken)
    record = _ended(site, "broken")
    assert record.keys() == {
        "id",
        "projectId",
        "pipeline",
        "processingStatus",
        "processingError",
        "processedAt",
    }
    assert record["processingStatus"] == "failed"
    assert record["processingError"]
