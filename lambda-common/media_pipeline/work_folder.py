"""One private folder per job: empty at the start, gone at the end."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

NAME = "media-pipeline"


@contextmanager
def work_folder() -> Iterator[Path]:
    """A warm function that was killed leaves its files; they are removed before the next job."""
    folder = Path(tempfile.gettempdir()) / NAME
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(mode=0o700)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
