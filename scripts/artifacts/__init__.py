"""The zips that Terraform deploys: three Lambdas and the FFmpeg layer."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from fcntl import LOCK_EX, LOCK_NB, flock
from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp

from artifacts.artifact import Artifact
from artifacts.errors import BuildError
from artifacts.ffmpeg_layer import build_layer
from artifacts.function_zip import FUNCTIONS, Extras, build_function
from artifacts.target import Target

__all__ = ["ARTIFACTS", "LAYER", "BuildError", "Target", "build"]

LAYER = "ffmpeg-layer"
ARTIFACTS = (*FUNCTIONS, LAYER)
PROJECT = Path(__file__).resolve().parents[2]


def build(
    names: Sequence[str] = ARTIFACTS,
    *,
    target: Target,
    output: Path,
    project: Path = PROJECT,
    report: Callable[[str], None] = lambda _: None,
    raw: bool = False,
    cjk: bool = False,
    debs: Path | None = None,
) -> dict[str, Path]:
    """Builds the named artifacts and returns their zips, `<output>/<name>.zip`, by name.

    What is already built from the same inputs is left as it is. `project` is the folder that holds
    `lambda-common` and the rest; `report` is given short lines of progress; `raw` builds what opens
    camera RAW into the image processor, `cjk` a font for Chinese, Japanese and Korean into the
    video processor. Debian packages are taken from the folder `debs`, else fetched by apt and kept
    below the project's build/. One build at a time works in a folder, another waits. Raises
    `BuildError`, whose text is one sentence for a person; artifacts named before the one that
    failed are built.
    """
    output = output.resolve()
    output.mkdir(parents=True, exist_ok=True)
    extras = Extras(raw, cjk, debs)
    zips = {}
    with _sole_builder(output, report), _work_folder(output) as work:
        for name in names:
            artifact = Artifact(name, output)
            if artifact.architecture not in {None, target.architecture}:
                report(f"{name}: replacing the one for {artifact.architecture}")
            if name == LAYER:
                build_layer(artifact, target, project / "layers" / "ffmpeg", work, report)
            elif name in FUNCTIONS:
                build_function(artifact, target, project, work, report, extras)
            else:
                raise BuildError(f"There is no artifact {name}, only {', '.join(ARTIFACTS)}.")
            zips[name] = artifact.zip
    return zips


@contextmanager
def _sole_builder(output: Path, report: Callable[[str], None]) -> Iterator[None]:
    with (output / ".build.lock").open("w") as lock:
        try:
            flock(lock, LOCK_EX | LOCK_NB)
        except BlockingIOError:
            report("waiting for another build to end")
            flock(lock, LOCK_EX)
        yield


@contextmanager
def _work_folder(output: Path) -> Iterator[Path]:
    """A folder of this build's own, on the file system of the zips; a killed build's is removed."""
    works = output / ".work"
    rmtree(works, ignore_errors=True)
    works.mkdir(exist_ok=True)
    try:
        yield Path(mkdtemp(dir=works))
    finally:
        rmtree(works, ignore_errors=True)
