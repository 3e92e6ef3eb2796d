"""How the layer's zip is made of what its build gives, by stand-ins for the build itself."""

from __future__ import annotations

import json
import os
import platform
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from zipfile import ZipFile

import pytest

from artifacts import LAYER, BuildError, Target, build

REPOSITORY = Path(__file__).parents[2]
HERE = Target.of_this_machine()
ELSEWHERE = Target.of_lambda("python3.13", "x86_64" if HERE.architecture == "arm64" else "arm64")
PATIENCE_SECONDS = 60.0

BUILD_INFO = {
    "architecture": HERE.architecture,
    "binaries": {"bin/ffmpeg": "00"},
    "sources": {"ffmpeg": {"file": "f.dsc", "sha256": "11", "version": "7:7.1.5-0"}},
}
# Makes a layer of its arguments: build.sh's are an architecture, the layer's folder, a work folder.
MAKE_LAYER = f"""
make_layer() {{
  mkdir -p "$1/bin" "$1/share/ffmpeg-layer"
  echo '{json.dumps(BUILD_INFO)}' >"$1/share/ffmpeg-layer/build-info.json"
  echo "$2" >"$1/bin/ffmpeg"
}}
"""
GOOD = f'{MAKE_LAYER}\necho compiling\necho much detail >&2\nmake_layer "$2" "for $1"\n'


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project on Debian whose layer is built by a script of a few lines."""
    monkeypatch.setattr(platform, "freedesktop_os_release", lambda: {"ID": "debian"})
    folder = tmp_path / "project"
    (folder / "layers/ffmpeg").mkdir(parents=True)
    (folder / "layers/ffmpeg/components").write_text("decoder h264\n")
    write_script(folder, GOOD)
    return folder


def write_script(project: Path, script: str) -> None:
    (project / "layers/ffmpeg/build.sh").write_text(script)


def build_layer(
    project: Path, output: Path, said: list[str] | None = None, target: Target = HERE
) -> Path:
    report = [] if said is None else said
    made = build([LAYER], target=target, output=output, project=project, report=report.append)
    return made[LAYER]


def test_the_layer_and_its_description_say_what_was_built(project: Path, tmp_path: Path) -> None:
    said: list[str] = []
    made = build_layer(project, tmp_path, said)
    with ZipFile(made) as archive:
        assert archive.namelist() == ["bin/ffmpeg", "share/ffmpeg-layer/build-info.json"]
        assert archive.read("bin/ffmpeg").decode() == f"for {HERE.architecture}\n"
        modes = [entry.external_attr >> 16 for entry in archive.infolist()]
    assert modes == [0o100755, 0o100644]
    description = json.loads((tmp_path / f"{LAYER}.zip.json").read_bytes())
    assert (
        description.items()
        >= {
            **BUILD_INFO,
            "runtime": None,
            "sha256": sha256(made.read_bytes()).hexdigest(),
            "versions": {"ffmpeg": "7:7.1.5-0"},
        }.items()
    )
    assert f"{LAYER}: compiling" in said
    assert (tmp_path / f"{LAYER}.log").read_text() == "much detail\n"


def test_a_built_layer_stays_until_its_recipe_changes(project: Path, tmp_path: Path) -> None:
    built = build_layer(project, tmp_path).stat().st_ino
    (project / "layers/ffmpeg/README.md").write_text("Told better.")
    assert build_layer(project, tmp_path).stat().st_ino == built
    (project / "layers/ffmpeg/components").write_text("decoder h264 hevc\n")
    assert build_layer(project, tmp_path).stat().st_ino != built


@pytest.mark.parametrize(
    ("script", "sentence"),
    [
        ("echo 'error: There is no compiler.'; exit 1", r"^There is no compiler\. \(log: "),
        ("echo linking; echo detail >&2; exit 2", r"last stage being 'linking'\. \(log: "),
        ("exit 3", r"last stage being 'its first'\. \(log: "),
    ],
)
def test_a_failed_build_says_where_its_log_is_and_leaves_the_last_zip(
    project: Path, tmp_path: Path, script: str, sentence: str
) -> None:
    before = build_layer(project, tmp_path).read_bytes()
    write_script(project, script)
    with pytest.raises(BuildError, match=sentence) as failure:
        build_layer(project, tmp_path)
    assert str(tmp_path / f"{LAYER}.log") in str(failure.value)
    assert (tmp_path / f"{LAYER}.zip").read_bytes() == before


def put_on_path(folder: Path, script: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A `docker` that runs a script, and nothing else on `PATH` but the system's programs."""
    folder.mkdir()
    (folder / "docker").write_text(f"#!/bin/bash\n{script}")
    (folder / "docker").chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}/usr/bin{os.pathsep}/bin")


def test_another_architectures_layer_is_not_replaced_without_a_word(
    project: Path, tmp_path: Path
) -> None:
    build_layer(project, tmp_path)
    said: list[str] = []
    build_layer(project, tmp_path, said)
    assert said == [f"{LAYER}: up to date"]
    with ZipFile(build_layer(project, tmp_path, said, ELSEWHERE)) as archive:
        assert archive.read("bin/ffmpeg").decode() == f"for {ELSEWHERE.architecture}\n"
    assert said[1] == f"{LAYER}: replacing the one for {HERE.architecture}"


def test_more_than_lambda_takes_is_refused(project: Path, tmp_path: Path) -> None:
    write_script(project, f'{GOOD}\ntruncate --size 250M "$2/bin/ffprobe"\n')
    with pytest.raises(BuildError, match=r"262\.1 MB unpacked, and Lambda takes 262\.1 MB of"):
        build_layer(project, tmp_path)
    assert not (tmp_path / f"{LAYER}.zip").exists()


@pytest.mark.parametrize("target", [HERE, ELSEWHERE])
def test_elsewhere_docker_builds_either_layer_without_emulation(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, target: Target
) -> None:
    monkeypatch.setattr(platform, "freedesktop_os_release", lambda: {"ID": "fedora"})
    find_layer = "for word; do [[ $word == type=local,dest=* ]] && layer=${word#*dest=}; done"
    docker = f'{MAKE_LAYER}\n{find_layer}\nmake_layer "$layer" "$*"\n'
    put_on_path(tmp_path / "docker", docker, monkeypatch)
    with ZipFile(build_layer(project, tmp_path, target=target)) as archive:
        words = archive.read("bin/ffmpeg").decode().split()
    assert words[0] == "build"
    assert words[-1] == str(project / "layers/ffmpeg")
    assert "--platform" not in words
    assert words[words.index("--build-arg") + 1] == f"ARCHITECTURE={target.architecture}"


def test_without_debian_and_docker_there_is_no_layer(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(platform, "freedesktop_os_release", lambda: {"ID": "fedora"})
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(BuildError, match="on Debian or with Docker, and this machine has neither"):
        build_layer(project, tmp_path)


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def has_ended(process: int) -> bool:
    """Gone, or dead and waiting for a parent to notice."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True


def test_a_build_that_is_terminated_takes_along_what_it_started(
    project: Path, tmp_path: Path
) -> None:
    child = tmp_path / "child"
    write_script(project, f"sleep 600 & echo $! >{child}; echo waiting; wait")
    code = (
        "import build, functools, pathlib, platform\n"
        "platform.freedesktop_os_release = lambda: {'ID': 'debian'}\n"
        f"project = pathlib.Path({str(project)!r})\n"
        "build.build = functools.partial(build.build, project=project)\n"
        f"build.main(['--local', '--output', {str(tmp_path)!r}, {LAYER!r}])"
    )
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY / "scripts")}
    command = [sys.executable, "-c", code]
    with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True) as builder:
        try:
            assert f"{LAYER}: waiting\n" in iter(builder.stderr or ())
            builder.send_signal(signal.SIGTERM)
            assert builder.wait(PATIENCE_SECONDS) == 128 + signal.SIGTERM
            wait_until(lambda: has_ended(int(child.read_text())))
        finally:
            builder.kill()
    assert not (tmp_path / f"{LAYER}.zip").exists()
    write_script(project, GOOD)
    assert build_layer(project, tmp_path).exists()
