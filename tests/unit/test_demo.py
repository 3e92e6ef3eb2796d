"""The demo's own parts: what it uploads, and how it shows what came out."""

from __future__ import annotations

import re
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from PIL import Image, ImageOps
from rich.console import Console

from aws_names import BUCKET
from demo import report, uploads
from demo.media import MediaError, Medium, named_media, own_media
from media_pipeline.recipe import load_recipe, match_key

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

RECIPE = load_recipe()


def record(**more: object) -> dict[str, Any]:
    located = {"key": "renditions/g/p/1/thumb.jpg", "bytes": Decimal(1234)}
    thumb = {
        "name": "thumb",
        "width": Decimal(300),
        "height": Decimal(200),
        "formats": {"jpg": located},
    }
    return {
        "status": "completed",
        "renditions": [thumb],
        "width": Decimal(2400),
        "timings": {"fetch": Decimal("0.25")},
        **more,
    }


def shown(records: dict[str, Any]) -> str:
    console = Console(record=True, width=120)
    report.show(console, "photo-42", records)
    return console.export_text()


def test_named_files_become_media_of_their_kinds(tmp_path: Path) -> None:
    names = [tmp_path / "a photo.JPG", tmp_path / "b.mov"]
    for path in names:
        path.touch()
    media = named_media([str(path) for path in names], RECIPE)
    assert [(medium.kind, medium.media_id) for medium in media] == [
        ("image", "a-photo-1"),
        ("video", "b-2"),
    ]
    assert all(match_key(RECIPE.keys.originals, medium.key) for medium in media)


@pytest.mark.parametrize("name", ["missing.jpg", "page.html"])
def test_a_file_that_cannot_be_uploaded_is_named(tmp_path: Path, name: str) -> None:
    (tmp_path / "page.html").touch()
    with pytest.raises(MediaError, match=re.escape(name)):
        named_media([str(tmp_path / name)], RECIPE)


def test_the_demos_own_media_are_a_sideways_photo_and_a_video(tmp_path: Path) -> None:
    photo, video = own_media(tmp_path)
    stored = Image.open(photo.path)
    assert stored.size == (1600, 2400)
    assert ImageOps.exif_transpose(stored).size == (2400, 1600)
    assert video.path.stat().st_size > 100_000
    made = [medium.path.stat().st_mtime_ns for medium in (photo, video)]
    assert [medium.path.stat().st_mtime_ns for medium in own_media(tmp_path)] == made


@pytest.mark.parametrize("in_parts", [False, True])
def test_an_upload_in_parts_is_one_multipart_upload(
    s3: S3Client, tmp_path: Path, in_parts: bool
) -> None:
    path = tmp_path / "photo.jpg"
    path.write_bytes(bytes(6 * 1024 * 1024))
    medium = Medium(path, "image", "photo-42")
    uploads.upload(s3, BUCKET, medium, in_parts)
    etag = s3.head_object(Bucket=BUCKET, Key=medium.key)["ETag"].strip('"')
    assert etag.endswith("-2") is in_parts


def test_the_tables_show_sizes_bytes_and_times() -> None:
    text = shown(record())
    for expected in ("thumb.jpg", "300 x 200", "1,234", "0.25", "2400", "renditions/g/p/1/"):
        assert expected in text


def test_a_failure_is_shown_with_its_code() -> None:
    error = {"code": "corrupt_image", "message": "It is damaged."}
    assert "corrupt_image: It is damaged." in shown({"status": "failed", "error": error})
