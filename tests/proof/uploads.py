"""What is uploaded, the events that S3 tells of it, and what a calm run makes of it."""

from __future__ import annotations

import io
import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import boto3
from PIL import Image

from aws_names import BUCKET

CONTENTS = {"images": ("wide", "tall", "damaged"), "videos": ("wide", "damaged")}


@dataclass
class Upload:
    """One PUT; `order` counts those of all keys, as S3 saw them."""

    key: str
    content: str
    order: int
    version: str
    event: str
    deliveries: int = 0
    is_lost: bool = False


class Uploads:
    """All that was put, in S3's order.

    Sequencers are hexadecimal, in either case, of any length and with any number of zeros at their
    end; two uploads of one moment may have the same but for those.
    """

    def __init__(self, kind: str, versioned: bool) -> None:
        self.kind = kind
        self.made: list[Upload] = []
        self._versioned = versioned
        self._tick = 0x0055AED6DCD90000

    def put(self, medium: int, content: str, *, form: int = 0, tick: bool = True) -> Upload:
        """`form` says how the sequencer is written, `tick` whether its moment is a new one."""
        suffix = "jpg" if self.kind == "images" else "mp4"
        key = f"originals/gallery/{medium}/original.{suffix}"
        body = contents(self.kind)[content]
        answer = boto3.client("s3").put_object(Bucket=BUCKET, Key=key, Body=body)
        etag = answer["ETag"].strip('"')
        version_id = answer.get("VersionId") if self._versioned else None
        self._tick += 9 if tick else 0
        named = {
            "key": key,
            "size": len(body),
            "etag": etag,
            "version-id": version_id,
            "sequencer": write_sequencer(self._tick, form),
        }
        event = {
            "source": "aws.s3",
            "detail-type": "Object Created",
            "detail": {
                "bucket": {"name": BUCKET},
                "object": {name: value for name, value in named.items() if value is not None},
            },
        }
        upload = Upload(key, content, len(self.made), version_id or etag, json.dumps(event))
        self.made.append(upload)
        return upload

    def latest(self) -> dict[str, Upload]:
        """By key, what it holds now."""
        return {upload.key: upload for upload in self.made}

    def order_of(self, key: str, version: str) -> int:
        """The place of the latest upload of that version; -1 for none."""
        places = [u.order for u in self.made if (u.key, u.version) == (key, version)]
        return max(places, default=-1)


def write_sequencer(tick: int, form: int) -> str:
    """One of the ways to write a moment: what is right of it may be any number of zeros."""
    text = f"{tick:018X}".rstrip("0") + "0" * (form % 4)
    return text.lower() if form >= 4 else text


@cache
def contents(kind: str) -> dict[str, bytes]:
    """The bytes of each of `CONTENTS`."""
    if kind == "images":
        return {
            "wide": _photo(48, 32),
            "tall": _photo(20, 40),
            "damaged": _photo(40, 40)[:-200],
        }
    clip = _clip()
    return {"wide": clip, "damaged": clip[: len(clip) // 2]}


def _photo(width: int, height: int) -> bytes:
    file = io.BytesIO()
    Image.linear_gradient("L").resize((width, height)).convert("RGB").save(file, "JPEG")
    return file.getvalue()


def _clip() -> bytes:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "clip.mp4"
        source = "testsrc2=size=64x48:rate=10:duration=1"
        from clips import full_ffmpeg

        full_ffmpeg("-f", "lavfi", "-i", source, "-c:v", "libx264", "-pix_fmt", "yuv420p", path)
        return path.read_bytes()
