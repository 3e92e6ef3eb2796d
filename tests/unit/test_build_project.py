"""The project's own Lambda zips, built for this machine's Python."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from pathlib import Path
from zipfile import ZipFile

import pytest

from artifacts import Target, build
from artifacts.function_zip import FUNCTIONS

AARCH64 = 183
"""`e_machine` of an ELF file."""
SMALLEST_PROMISE, RAW_PROMISE = 60_000_000, 150_000_000
"""Bytes, unpacked, that a zip stays under without and with camera RAW."""


@pytest.fixture(scope="module")
def runtime_only(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with what Lambda's runtime brings and nothing else of this environment."""
    folder = tmp_path_factory.mktemp("runtime")
    for name in ("boto3", "botocore", "s3transfer", "dateutil", "urllib3", "six", "jmespath"):
        found = importlib.util.find_spec(name)
        assert found
        assert found.origin
        origin = Path(found.origin)
        installed = origin.parent if origin.name == "__init__.py" else origin
        (folder / installed.name).symlink_to(installed)
    return folder


def sizes_of(path: Path) -> int:
    with ZipFile(path) as archive:
        return sum(entry.file_size for entry in archive.infolist())


def test_camera_raw_is_built_in_on_request(tmp_path: Path, runtime_only: Path) -> None:
    here = Target.of_this_machine()
    made = build(list(FUNCTIONS), target=here, output=tmp_path / "made", raw=True)
    described = json.loads(
        made["image-processor"].with_name("image-processor.zip.json").read_text()
    )
    assert described["raw"] is True
    assert sizes_of(made["image-processor"]) < RAW_PROMISE
    with ZipFile(made["image-processor"]) as archive:
        archive.extractall(tmp_path / "task")
    code = (
        f"import sys; sys.path += {[str(tmp_path / 'task'), str(runtime_only)]}\n"
        "import image_processor, rawpy; assert rawpy.libraw_version > (0, 20)"
    )
    alone = subprocess.run([sys.executable, "-I", "-S", "-c", code], capture_output=True, text=True)
    assert alone.returncode == 0, alone.stderr
    with ZipFile(made["video-processor"]) as archive:
        assert not [name for name in archive.namelist() if name.startswith("rawpy")]


def test_all_that_is_compiled_in_a_zip_for_arm64_is_for_arm64(tmp_path: Path) -> None:
    target = Target.of_lambda("python3.13", "arm64")
    zips = build(list(FUNCTIONS), target=target, output=tmp_path, raw=True, cjk=True)
    for made in zips.values():
        with ZipFile(made) as archive:
            starts = [archive.open(name).read(20) for name in archive.namelist()]
        machines = [start[18] for start in starts if start.startswith(b"\x7fELF")]
        assert machines
        assert set(machines) == {AARCH64}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_the_projects_own_zips_are_whole_and_the_same_twice(
    name: str, tmp_path: Path, runtime_only: Path
) -> None:
    here = Target.of_this_machine()
    first = build([name], target=here, output=tmp_path / "first")[name]
    second = build([name], target=here, output=tmp_path / "second")[name]
    assert first.read_bytes() == second.read_bytes()
    with ZipFile(first) as archive:
        names = set(archive.namelist())
        archive.extractall(tmp_path / "task")
    packages = {entry.split("/")[0] for entry in names}
    assert packages.isdisjoint({"boto3", "botocore", "bin", "tests", "pytest"})
    described = json.loads(first.with_name(f"{name}.zip.json").read_text())
    assert described.get("raw") is (False if name == "image-processor" else None)
    assert packages.isdisjoint({"rawpy", "numpy"})
    assert sizes_of(first) < SMALLEST_PROMISE
    assert ("transcoding" in packages) == ("packager" in packages) == (name == "video-processor")
    assert "media_pipeline/default_recipe.json" in names
    assert not [entry for entry in names if "__pycache__" in entry or entry.endswith(".pyc")]
    module = Path(FUNCTIONS[name]).stem
    code = (
        f"import sys; sys.path += {[str(tmp_path / 'task'), str(runtime_only)]}\n"
        f"import {module} as handler; assert callable(handler.lambda_handler), handler"
    )
    environment = {"POWERTOOLS_SERVICE_NAME": "test", "POWERTOOLS_METRICS_NAMESPACE": "test"}
    alone = subprocess.run(
        [sys.executable, "-I", "-S", "-c", code], env=environment, capture_output=True, text=True
    )
    assert alone.returncode == 0, alone.stderr
