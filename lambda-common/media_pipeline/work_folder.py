"""One private folder per job: empty at the start, gone at the end."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

NAME = "media-pipeline"


@contextmanager
def work_folder(measure: Callable[[float], None]) -> Iterator[Path]:
    """A warm function that was killed leaves its files; they are removed before the next job.

    `measure` is told, at the end, how many percent of the storage are in use.
    """
    folder = Path(tempfile.gettempdir()) / NAME
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(mode=0o700)
    try:
        yield folder
    finally:
        with suppress(OSError):
            storage = shutil.disk_usage(folder.parent)
            measure(100 * storage.used / storage.total)
        shutil.rmtree(folder, ignore_errors=True)
