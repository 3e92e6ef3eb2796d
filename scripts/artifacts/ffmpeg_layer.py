"""The FFmpeg layer's zip, from what layers/ffmpeg builds: on Debian directly, else by Docker."""

from __future__ import annotations

import json
import os
import platform
import shutil
import signal
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from artifacts.artifact import Artifact, digest, files_below
from artifacts.errors import BuildError
from artifacts.target import Architecture, Target

# BuildKit, which alone can write files out, without a file about itself among them.
_DOCKER_SETTINGS = {"DOCKER_BUILDKIT": "1", "BUILDX_NO_DEFAULT_ATTESTATIONS": "1"}
_BUILD_INFO = "share/ffmpeg-layer/build-info.json"


def build_layer(
    artifact: Artifact, target: Target, source: Path, work: Path, report: Callable[[str], None]
) -> None:
    """Builds the layer for the target's architecture from the folder `source`, unless it is there.

    What the tools print goes to `<output>/ffmpeg-layer.log`. Raises `BuildError`.
    """
    sources = {name: file for name, file in files_below(source).items() if name != "README.md"}
    sources["artifact.py"] = Path(__file__).with_name("artifact.py")
    inputs = digest(sources, architecture=target.architecture)
    if artifact.is_built_from(inputs):
        report(f"{artifact.name}: up to date")
        return
    log = artifact.output / f"{artifact.name}.log"
    report(f"{artifact.name}: building FFmpeg, a few minutes (log: {log})")
    layer = work / artifact.name
    _run(
        _command(source, target.architecture, layer, work / "ffmpeg"),
        log,
        lambda line: report(f"{artifact.name}: {line}"),
    )
    artifact.write(files_below(layer), inputs, _facts(layer / _BUILD_INFO), work)
    report(f"{artifact.name}: built, {artifact.zip.stat().st_size / 1e6:.1f} MB")


def _command(source: Path, architecture: Architecture, layer: Path, work: Path) -> Sequence[str]:
    if _on_debian():
        return ["bash", str(source / "build.sh"), architecture, str(layer), str(work)]
    if shutil.which("docker") is None:
        raise BuildError("FFmpeg is built on Debian or with Docker, and this machine has neither.")
    return [
        *("docker", "build", "--pull", "--no-cache"),
        *("--build-arg", f"ARCHITECTURE={architecture}"),
        *("--output", f"type=local,dest={layer}"),
        str(source),
    ]


def _on_debian() -> bool:
    try:
        return platform.freedesktop_os_release()["ID"] == "debian"
    except OSError:
        return False


def _run(command: Sequence[str], log: Path, report: Callable[[str], None]) -> None:
    """Runs a build: its standard output are stages to report, or `error: <sentence>` to end with.

    Whatever ends this function ends the build's whole process group as well.
    """
    last = ""
    with (
        log.open("w") as said,
        subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=said,
            text=True,
            env={**os.environ, **_DOCKER_SETTINGS},
            start_new_session=True,
        ) as process,
    ):
        try:
            for line in process.stdout or ():
                last = line.strip()
                if not last.startswith("error: "):
                    report(last)
        except BaseException:
            os.killpg(process.pid, signal.SIGKILL)
            raise
    if process.returncode:
        sentence = f"FFmpeg's build failed, the last stage being {last or 'its first'!r}."
        if last.startswith("error: "):
            sentence = last.removeprefix("error: ")
        raise BuildError(f"{sentence} (log: {log})")


def _facts(build_info: Path) -> dict[str, Any]:
    info = json.loads(build_info.read_bytes())
    versions = {name: source["version"] for name, source in info["sources"].items()}
    return {**info, "runtime": None, "versions": versions}
