"""What everyone made, read with the layer's ffprobe."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from processes import BenchmarkError, run
from transcoding.plan import Plan
from videos import RECORD
from videos.contenders import rung_file


@dataclass(frozen=True)
class Coded:
    """What has to be the same for everyone: pixels, frames, and at which of them groups begin."""

    width: int
    height: int
    frames: int
    key_frames: tuple[int, ...]


@dataclass(frozen=True)
class Ladder:
    """Everyone's rungs by name, and the bytes of their coded pictures together."""

    rungs: Mapping[str, Coded]
    picture_bytes: int


def our_rungs(folder: Path) -> dict[str, Path]:
    """The rungs that the record names; with the default layout each is one file."""
    record = json.loads((folder / RECORD).read_bytes())
    rungs = {
        rung["name"]: (folder / rung["key"]).with_suffix(".mp4")
        for rung in record["stream"]["rungs"]
    }
    for path in rungs.values():
        if not path.is_file():
            raise BenchmarkError(f"This project made no {path.relative_to(folder)}.")
    return rungs


def passed_through(folder: Path) -> str | None:
    """The rung that is the source's own bitstream, if the record names one."""
    name: str | None = json.loads((folder / RECORD).read_bytes())["stream"].get("passedThrough")
    return name


def usual_rungs(plan: Plan, folder: Path) -> dict[str, Path]:
    return {rung.name: rung_file(rung, folder) for rung in plan.rungs}


def read_ladder(rungs: Mapping[str, Path]) -> Ladder:
    """What the files hold; nothing is decoded."""
    coded, size = {}, 0
    for name, path in rungs.items():
        words = "stream=width,height:packet=size,flags"
        command = ["ffprobe", "-v", "error", "-select_streams", "v:0", "-show_entries", words]
        said = json.loads(run([*command, "-of", "json", str(path)], os.environ)[1])
        stream, packets = said["streams"][0], said["packets"]
        keys = (number for number, packet in enumerate(packets) if packet["flags"].startswith("K"))
        coded[name] = Coded(stream["width"], stream["height"], len(packets), tuple(keys))
        size += sum(int(packet["size"]) for packet in packets)
    return Ladder(coded, size)


def mismatch(ours: Ladder, usual: Ladder) -> str | None:
    """A sentence about the first rung that the usual way did not make as this project, if any."""
    for name in sorted(ours.rungs.keys() | usual.rungs.keys()):
        if ours.rungs.get(name) != usual.rungs.get(name):
            return (
                f"The contenders cannot be compared: {name} is {ours.rungs.get(name, 'nothing')} "
                f"here and {usual.rungs.get(name, 'nothing')} elsewhere."
            )
    return None


def bytes_in(folder: Path) -> int:
    """Of everything made, but for the record."""
    files = (path for path in folder.rglob("*") if path.is_file() and path.name != RECORD)
    return sum(path.stat().st_size for path in files)
