"""What the video Lambda's zip holds for captions: fonts in `fonts/`, libfribidi in `lib/`."""

from __future__ import annotations

import shutil
from pathlib import Path

from artifacts import PROJECT, Target
from artifacts.bundled import PACKAGES, Wishes, bundle

LISTED = PROJECT / "lambda-video-processor" / PACKAGES


def unpack_bundle(folder: Path, cjk: bool = False) -> Path:
    """`folder` with the files that a build for this machine would put into the zip."""
    wishes, target = Wishes.read(LISTED, cjk), Target.of_this_machine()
    folder.mkdir(parents=True, exist_ok=True)
    made = bundle(wishes, target, wishes.kept_in(PROJECT, target), folder)
    for name, file in made.entries.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(file, folder / name)
    return folder
