"""What a processor is given to make everything of one original."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from threading import Lock
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from media_pipeline.events import Job
from media_pipeline.recipe import Recipe
from media_pipeline.records import Catalog, Lease
from media_pipeline.storage import Located, Publisher
from media_pipeline.telemetry import logger

PUBLISHING_SECONDS = 5.0
"""What a processor leaves over for small outputs to be uploaded and the record to be written."""

UPLOAD_BYTES_PER_SECOND = 25_000_000
"""What outputs are counted on to reach S3 at; a function has about 75 MB/s to itself."""

PROGRESS_SECONDS = 2.0
"""The least time between two writes of how far a job has come."""


class Record:
    """The record that a job holds, for what is written into it while the job runs.

    `clock` is monotonic, in seconds.
    """

    def __init__(
        self, catalog: Catalog, lease: Lease, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._catalog = catalog
        self._lease = lease
        self._clock = clock
        self._lock = Lock()
        self._due: float | None = None

    def report(self, stage: str, percentage: int) -> None:
        """Write the progress unless it was written a moment ago; see `Task.report`."""
        with self._lock:
            if self._due is not None and self._clock() < self._due:
                return
            try:
                self._catalog.report(self._lease, stage, min(max(percentage, 0), 100))
            except (BotoCoreError, ClientError):
                logger.warning("The progress was not written", exc_info=True)
            finally:
                self._due = self._clock() + PROGRESS_SECONDS

    def publish_early(self, attributes: Mapping[str, Any]) -> None:
        with self._lock:
            self._catalog.publish_early(self._lease, attributes)


@dataclass
class Task:
    """The original in its private folder, and where outputs and news of the job go.

    `size` is the original's, in bytes; `remaining` is how many seconds the function has left.
    """

    job: Job
    source: Path
    size: int
    folder: Path
    recipe: Recipe
    publisher: Publisher
    record: Record
    remaining: Callable[[], float]
    _reserved: float = field(default=PUBLISHING_SECONDS, init=False)

    def seconds_left(self) -> float:
        """The time there is for making outputs; what publishing them needs is set aside."""
        return self.remaining() - self._reserved

    def reserve(self, size: int) -> None:
        """Set aside the time that outputs of `size` bytes need to be uploaded at the end."""
        self._reserved = PUBLISHING_SECONDS + size / UPLOAD_BYTES_PER_SECOND

    def report(self, stage: str, percentage: int) -> None:
        """Tell the record how far the job has come, at most every two seconds.

        What comes sooner is not written, nor what DynamoDB refuses. Raises `LeaseLostError` once
        the record is another worker's, which ends the job.
        """
        self.record.report(stage, percentage)

    def publish_early(self, attributes: Mapping[str, Any]) -> None:
        """Give the record some results once all that was put so far is in S3.

        The record stays `processing`; should the job fail, its failure removes them again.
        """
        self.publisher.wait()
        self.record.publish_early(attributes)

    def locate_original(self) -> Located:
        """What the record says of the upload itself as a download; no copy is made."""
        return self.publisher.locate_original(self.job, self.size)

    def copy_original(self, folder: str, content_type: str = "application/octet-stream") -> Located:
        """Start copying the upload to an output in `folder` that downloads under its own name."""
        uploaded = PurePosixPath(self.job.key)
        suffix = (
            uploaded.suffix if uploaded.suffix[1:].isalnum() and uploaded.suffix.isascii() else ""
        )
        return self.publisher.copy_original(
            f"{folder}/original{suffix}", self.job, self.size, content_type, uploaded.name
        )
