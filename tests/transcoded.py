"""Clips transcoded as the video processor does, and their streams as players find them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import mkdtemp

from clips import LADDER
from media_pipeline.recipe import Videos, load_recipe
from packager import File
from playlists import Master, read_master
from transcoding import Transcoded, transcode


def small_recipe(**differences: object) -> Videos:
    """Two small rungs, both encoded whatever the source, unless `differences` say otherwise."""
    small = {"ladder": json.loads(LADDER), "first_publish": False, "passthrough": False}
    return load_recipe(json.dumps({"videos": {**small, **differences}})).videos


@dataclass(frozen=True)
class Made:
    """A transcoded clip and its stream as players find it."""

    transcoded: Transcoded
    path: Path
    master: Master

    @property
    def playlists(self) -> list[Path]:
        return [variant.playlist.path for variant in self.master.variants]

    @property
    def download(self) -> Path:
        return self.transcoded.downloads[0].path


def lay_out(files: Sequence[File], folder: Path) -> Path:
    """Writes a packaged stream as it would be published; the answer is its master playlist."""
    for file in files:
        path = folder / file.name
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(file.content, str):
            path.write_text(file.content)
        elif isinstance(file.content, Path):
            path.hardlink_to(file.content)
        else:
            path.write_bytes(file.content.read())
    return folder / files[-1].name


def made_of(source: Path, **differences: object) -> Made:
    # A folder whose name means something to FFmpeg wherever it is not taken literally.
    folder = Path(mkdtemp(prefix="%d [a] 'b', c:d ", dir=source.parent))
    recipe = small_recipe(**differences)
    transcoded = transcode(source, folder, recipe, lambda: 120.0)
    path = lay_out(transcoded.stream.files, folder / "published")
    return Made(transcoded, path, read_master(path))
