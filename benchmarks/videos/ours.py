"""This project: what its Lambda does with a video, writing to a folder instead of to S3.

`full` encodes every rung, `passthrough` is the default recipe, which copies the top one from a
source that allows it, and `first` ends as soon as such a source can be played. Outputs and the
record of the video are written to the folder that is the last argument.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, cast

from media_pipeline.events import Job
from media_pipeline.recipe import load_recipe
from media_pipeline.records import Catalog, Lease
from media_pipeline.storage import Publisher
from media_pipeline.task import Record, Task
from video_processor import process
from videos import RECORD

DIFFERENCES = {
    "full": '{"videos": {"first_publish": false, "passthrough": false}}',
    "passthrough": "{}",
    "first": "{}",
}
LONGEST = 900.0
"""Seconds that a Lambda has at most."""


class FirstPublishedError(BaseException):
    """Ends the job where only its first publish is measured; nothing on the way may catch it."""


class FolderClient:
    """The S3 client of a publisher whose bucket is a folder; a file is moved by its name alone."""

    def __init__(self, bucket: Path) -> None:
        self._bucket = bucket

    def upload_file(self, file: str, bucket: str, key: str, **_words: object) -> None:  # noqa: ARG002
        self._path(key).hardlink_to(file)

    def put_object(self, *, Key: str, Body: bytes, **_words: object) -> None:  # noqa: N803
        self._path(Key).write_bytes(Body)

    def _path(self, key: str) -> Path:
        path = self._bucket / key
        path.parent.mkdir(parents=True, exist_ok=True)
        return path


class Silent:
    """The table's stand-in: nobody is told anything, and a job may end at its first publish."""

    def __init__(self, *, ends_at_first: bool) -> None:
        self._ends_at_first = ends_at_first

    def report(self, _lease: Lease, _stage: str, _percentage: int) -> None:
        pass

    def publish_early(self, _lease: Lease, _attributes: Mapping[str, Any]) -> None:
        if self._ends_at_first:
            raise FirstPublishedError


def main(way: str, source: Path, folder: Path) -> None:
    """Process `source` as the Lambda does, without what the Lambda does around it."""
    with (
        # On the file system of the outputs, so that they can be linked.
        TemporaryDirectory(dir=folder.parent) as work,
        Publisher(cast(Any, FolderClient(folder)), "none", lambda name: name, None) as publisher,
    ):
        catalog = cast(Catalog, Silent(ends_at_first=way == "first"))
        task = Task(
            job=Job("none", source.name, "benchmark"),
            source=source,
            size=source.stat().st_size,
            folder=Path(work),
            recipe=load_recipe(DIFFERENCES[way]),
            publisher=publisher,
            record=Record(catalog, cast(Lease, None)),
            remaining=lambda: LONGEST,
        )
        try:
            record = process(task)
        except FirstPublishedError:
            return
        publisher.wait()
        (folder / RECORD).write_text(json.dumps(record, default=str))


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]))
