"""Where FFmpeg cannot be built, the demo runs with what is on `PATH`, and says so."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest

from artifacts import LAYER, BuildError
from demo import artifacts_here

SENTENCE = "There is no compiler."


@pytest.fixture
def no_compiler(monkeypatch: pytest.MonkeyPatch) -> None:
    def build(names: Sequence[str], *, output: Path, **_: Any) -> None:  # noqa: ANN401
        output.mkdir(parents=True, exist_ok=True)
        if LAYER in names:
            raise BuildError(SENTENCE)

    monkeypatch.setattr(artifacts_here, "build", build)


def test_a_layer_is_made_of_the_programs_on_path(
    no_compiler: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    programs = tmp_path / "programs"
    programs.mkdir()
    for name in ("ffmpeg", "ffprobe"):
        (programs / name).write_text(f"#!/bin/sh\necho {name}\n")
        (programs / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(programs))
    said: list[str] = []
    here = artifacts_here.build_here(tmp_path / "build", said.append)
    assert any(SENTENCE in line and "PATH" in line for line in said)
    with ZipFile(here / "ffmpeg-layer.zip") as layer:
        assert layer.namelist() == ["bin/ffmpeg", "bin/ffprobe"]
    described = json.loads((here / "ffmpeg-layer.zip.json").read_bytes())
    assert described["runtime"] is None
    assert not (tmp_path / "build/ffmpeg-layer.zip").exists(), "it could be deployed by mistake"


def test_without_any_ffmpeg_the_demo_cannot_run(
    no_compiler: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(BuildError, match="install FFmpeg"):
        artifacts_here.build_here(tmp_path / "build", lambda _: None)
