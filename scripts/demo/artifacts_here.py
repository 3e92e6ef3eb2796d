"""The artifacts for this machine's own Python, kept apart from those that are deployed."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

from artifacts import ARTIFACTS, LAYER, BuildError, Target, build
from artifacts.artifact import Artifact


def build_here(folder: Path, say: Callable[[str], None]) -> Path:
    """Build what is not built yet; the answer is the folder that holds all of the zips.

    Where FFmpeg's layer cannot be built, one is made of the ffmpeg and ffprobe on `PATH`: good
    enough to run here, and kept where nothing deploys it from. Raises `BuildError`.
    """
    target = Target.of_this_machine()
    here = folder / "local"
    build([name for name in ARTIFACTS if name != LAYER], target=target, output=here, report=say)
    try:
        build([LAYER], target=target, output=folder, report=say)
    except BuildError as error:
        say(f"{error} The demo goes on with the ffmpeg on PATH.")
        _layer_from_path(Artifact(LAYER, here), target)
    else:
        for name in (f"{LAYER}.zip", f"{LAYER}.zip.json"):
            shutil.copy2(folder / name, here / name)
    return here


def _layer_from_path(layer: Artifact, target: Target) -> None:
    found = {f"bin/{program}": shutil.which(program) for program in ("ffmpeg", "ffprobe")}
    entries = {name: Path(path) for name, path in found.items() if path}
    if len(entries) < len(found):
        raise BuildError("There is no ffmpeg and ffprobe on PATH either; install FFmpeg.")
    facts = {"architecture": target.architecture, "runtime": None}
    with TemporaryDirectory(dir=layer.output) as work:
        layer.write(entries, "the ffmpeg on PATH", facts, Path(work))
