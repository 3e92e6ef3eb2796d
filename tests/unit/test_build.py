"""A Lambda's zip: what goes in, the same bytes every time, made once, of the target's wheels."""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Iterator, Mapping
from fcntl import LOCK_EX, flock
from hashlib import sha256
from pathlib import Path
from threading import Thread
from typing import Any
from zipfile import ZipFile

import pytest

from artifacts import BuildError, Target, build
from artifacts.imports import follow_imports

LAMBDA = Target.of_lambda("python3.13", "x86_64")
IMAGE = "image-processor"
PATIENCE_SECONDS = 60.0

SOURCES = {
    "lambda-image-processor/image_processor.py": (
        "import json\nimport boto3\nimport brush\nfrom typing import TYPE_CHECKING\n"
        "from drawing import pens\nfrom drawing.shapes import circle\n"
        "if TYPE_CHECKING:\n    from unlocked import Stub\n    import drawing.notes\n"
        "def lambda_handler(event, context):\n    return pens.NAME, brush.WHEEL\n"
    ),
    "lambda-common/drawing/__init__.py": "",
    "lambda-common/drawing/py.typed": "",
    "lambda-common/drawing/palette.json": "{}",
    "lambda-common/drawing/pens.py": (
        "NAME = 'pen'\ndef refill():\n    from .ink import colour\n    return colour\n"
    ),
    "lambda-common/drawing/ink.py": "from . import shapes\ncolour = 'blue'\n",
    "lambda-common/drawing/notes.py": "",
    "lambda-common/drawing/shapes/__init__.py": "from .round import circle\n",
    "lambda-common/drawing/shapes/round.py": "circle = 'circle'\n",
    "lambda-common/drawing/__pycache__/pens.cpython-311.pyc": "stale",
    "lambda-common/weaving/__init__.py": "",
    "lambda-video-processor/transcoding/__init__.py": "",
}
OF_THE_PROJECT = {
    "image_processor.py",
    "drawing/__init__.py",
    "drawing/py.typed",
    "drawing/palette.json",
    "drawing/pens.py",
    "drawing/ink.py",
    "drawing/shapes/__init__.py",
    "drawing/shapes/round.py",
}


def wheel(folder: Path, tag: str, extra: Mapping[str, str] | None = None) -> Path:
    """A wheel of `brush` 1.0 with a compatibility tag, which its module says too."""
    made = folder / f"brush-1.0-{tag}.whl"
    info = "brush-1.0.dist-info"
    with ZipFile(made, "w") as archive:
        archive.writestr("brush/__init__.py", f"WHEEL = {tag!r}\n")
        archive.writestr("brush/tests/test_brush.py", "")
        archive.writestr(f"{info}/METADATA", "Metadata-Version: 2.1\nName: brush\nVersion: 1.0\n")
        archive.writestr(f"{info}/WHEEL", f"Wheel-Version: 1.0\nTag: {tag}\n")
        archive.writestr(f"{info}/entry_points.txt", "[console_scripts]\nbrush = brush:main\n")
        archive.writestr(f"{info}/RECORD", "")
        for name, text in (extra or {}).items():
            archive.writestr(name, text)
    return made


def lock(project: Path, *files: Path, name: str = "requirements.txt") -> None:
    hashes = " ".join(f"--hash=sha256:{sha256(file.read_bytes()).hexdigest()}" for file in files)
    (project / "lambda-image-processor" / name).write_text(f"brush==1.0 {hashes}\n")


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that is all that pip looks into."""
    folder = tmp_path / "index"
    folder.mkdir()
    for name in [name for name in os.environ if name.startswith("PIP_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    return folder


@pytest.fixture
def project(tmp_path: Path, index: Path) -> Path:
    """A project with a photo Lambda of a few files and one locked wheel that suits any target."""
    folder = tmp_path / "project"
    for name, text in SOURCES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    lock(folder, wheel(index, "py3-none-any"))
    return folder


def build_image(project: Path, output: Path, target: Target = LAMBDA, *, raw: bool = False) -> Path:
    return build([IMAGE], target=target, output=output, project=project, raw=raw)[IMAGE]


def described(zip_file: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(zip_file.with_name(f"{zip_file.name}.json").read_bytes())
    return content


def identity(file: Path) -> tuple[int, int]:
    return file.stat().st_ino, file.stat().st_mtime_ns


def test_a_zip_holds_what_the_handler_imports_and_the_wheels_and_nothing_else(
    project: Path, tmp_path: Path
) -> None:
    with ZipFile(build_image(project, tmp_path / "out")) as archive:
        names = archive.namelist()
    info = {f"brush-1.0.dist-info/{name}" for name in ("METADATA", "WHEEL", "entry_points.txt")}
    assert set(names) == OF_THE_PROJECT | {"brush/__init__.py"} | info
    assert names == sorted(names)


def test_equal_inputs_in_other_folders_at_other_times_give_equal_bytes(
    project: Path, tmp_path: Path
) -> None:
    first = build_image(project, tmp_path / "first")
    elsewhere = shutil.copytree(project, tmp_path / "elsewhere" / "deeper")
    for file in elsewhere.rglob("*.*"):
        file.chmod(0o700)
        os.utime(file, (1e9, 1e9))
    second = build_image(elsewhere, tmp_path / "second")
    assert first.read_bytes() == second.read_bytes()
    assert described(first) == described(second)


def test_the_description_names_the_target_and_the_size_and_digest_of_the_zip(
    project: Path, tmp_path: Path
) -> None:
    made = build_image(project, tmp_path)
    assert (
        described(made).items()
        >= {
            "architecture": "x86_64",
            "bytes": made.stat().st_size,
            "runtime": "python3.13",
            "sha256": sha256(made.read_bytes()).hexdigest(),
        }.items()
    )


def test_what_is_built_from_the_same_inputs_stays(project: Path, tmp_path: Path) -> None:
    before = identity(build_image(project, tmp_path))
    assert identity(build_image(project, tmp_path)) == before


@pytest.mark.parametrize("changed", ["source", "package data", "requirements", "target", "zip"])
def test_a_changed_input_or_a_damaged_zip_is_built_anew(
    project: Path, tmp_path: Path, index: Path, changed: str
) -> None:
    made = build_image(project, tmp_path)
    before, bytes_before, target = identity(made), made.read_bytes(), LAMBDA
    match changed:
        case "source":
            (project / "lambda-common/drawing/ink.py").write_text("colour = 'green'\n")
        case "package data":
            (project / "lambda-common/drawing/palette.json").write_text("[]")
        case "requirements":
            lock(project, wheel(index, "py3-none-any", {"brush/hair.py": ""}))
        case "target":
            target = Target.of_lambda("python3.12", "arm64")
        case "zip":
            made.write_bytes(bytes_before[:-1])
    again = build_image(project, tmp_path, target)
    assert identity(again) != before
    assert (again.read_bytes() == bytes_before) == (changed in {"target", "zip"})
    assert described(again)["sha256"] == sha256(again.read_bytes()).hexdigest()


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        (Target.of_lambda("python3.13", "x86_64"), "cp313-cp313-manylinux_2_34_x86_64"),
        (Target.of_lambda("python3.12", "x86_64"), "cp312-cp312-manylinux2014_x86_64"),
        (Target.of_lambda("python3.13", "arm64"), "cp311-abi3-manylinux_2_28_aarch64"),
        (Target("python3.11", "x86_64", (2, 36)), "cp311-cp311-manylinux_2_36_x86_64"),
    ],
)
def test_wheels_are_the_targets_and_never_the_machines_own(
    project: Path, tmp_path: Path, index: Path, target: Target, expected: str
) -> None:
    tags = [
        *(f"cp3{minor}-cp3{minor}-manylinux_2_36_x86_64" for minor in (11, 12, 13)),
        "cp313-cp313-manylinux_2_34_x86_64",
        "cp312-cp312-manylinux2014_x86_64",
        "cp312-cp312-musllinux_1_2_x86_64",
        "cp313-cp313-macosx_11_0_arm64",
        "cp311-abi3-manylinux_2_28_aarch64",
    ]
    (index / "brush-1.0-py3-none-any.whl").unlink()
    lock(project, *[wheel(index, tag) for tag in tags])
    with ZipFile(build_image(project, tmp_path, target)) as archive:
        assert archive.read("brush/__init__.py").decode() == f"WHEEL = {expected!r}\n"


def test_a_lambda_whose_glibc_is_too_old_for_a_wheel_is_refused(
    project: Path, tmp_path: Path, index: Path
) -> None:
    (index / "brush-1.0-py3-none-any.whl").unlink()
    lock(project, wheel(index, "cp311-cp311-manylinux_2_28_x86_64"))
    with pytest.raises(BuildError, match=r"brush==1\.0 .* no wheel for python3\.11 .* glibc 2\.26"):
        build_image(project, tmp_path, Target.of_lambda("python3.11", "x86_64"))
    assert build_image(project, tmp_path, Target("python3.11", "x86_64", (2, 28))).exists()


@pytest.fixture(params=["missing", "hash", "marker", "sdist", "import", "clash"])
def broken(request: pytest.FixtureRequest, project: Path, index: Path) -> Iterator[str]:
    """A project that cannot be built, and what the sentence about it must say."""
    requirements = project / "lambda-image-processor/requirements.txt"
    match request.param:
        case "missing":
            (project / "lambda-common/drawing/ink.py").unlink()
            yield r"pens\.py imports drawing\.ink, which does not exist"
        case "hash":
            wheel(index, "py3-none-any", {"brush/backdoor.py": ""})
            yield r"not those whose hash is in .*requirements\.txt"
        case "marker":
            pin, hashes = requirements.read_text().split(" ", 1)
            requirements.write_text(f"{pin} ; python_version < '3.12' {hashes}")
            yield r"`brush==1\.0 ; python_version < '3\.12' .*lock it without the condition"
        case "sdist":
            (index / "brush-1.0-py3-none-any.whl").rename(index / "brush-1.0.tar.gz")
            yield r"brush==1\.0 .* has no wheel"
        case "import":
            (project / "lambda-common/drawing/ink.py").write_text("import numpy.linalg\n")
            yield r"ink\.py imports numpy, which neither .*requirements\.txt nor Lambda's"
        case "clash":
            lock(project, wheel(index, "py3-none-any", {"drawing/ink.py": ""}))
            yield r"drawing/ink\.py is the name of a project's file and of a dependency's"


def test_what_cannot_be_built_is_said_in_a_sentence_and_leaves_the_last_zip(
    project: Path, tmp_path: Path, broken: str
) -> None:
    for name in (f"{IMAGE}.zip", f"{IMAGE}.zip.json"):
        (tmp_path / name).write_text("of the last build")
    with pytest.raises(BuildError, match=broken):
        build_image(project, tmp_path)
    assert (tmp_path / f"{IMAGE}.zip").read_text() == "of the last build"
    assert not (tmp_path / ".work").exists()


def test_rawpy_is_missed_only_by_a_zip_with_raw(project: Path, tmp_path: Path, index: Path) -> None:
    (project / "lambda-common/drawing/ink.py").write_text("import rawpy\n")
    lock(project, wheel(index, "py3-none-any"), name="requirements-raw.txt")
    assert described(build_image(project, tmp_path))["raw"] is False
    with pytest.raises(BuildError, match=r"imports rawpy, which neither .*requirements-raw\.txt"):
        build_image(project, tmp_path, raw=True)
    with_rawpy = wheel(index, "py3-none-any", {"rawpy.py": ""})
    lock(project, with_rawpy, name="requirements-raw.txt")
    made = build_image(project, tmp_path, raw=True)
    assert described(made)["raw"] is True
    with ZipFile(made) as archive:
        assert "rawpy.py" in archive.namelist()


def test_a_second_builder_waits_for_the_first(project: Path, tmp_path: Path) -> None:
    said: list[str] = []
    builder = Thread(
        target=build,
        args=([IMAGE],),
        kwargs={"target": LAMBDA, "output": tmp_path, "project": project, "report": said.append},
    )
    with (tmp_path / ".build.lock").open("w") as first:
        flock(first, LOCK_EX)
        builder.start()
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not said and time.monotonic() < deadline:
            time.sleep(0.01)
        assert said == ["waiting for another build to end"]
        assert not (tmp_path / f"{IMAGE}.zip").exists()
    builder.join(PATIENCE_SECONDS)
    assert (tmp_path / f"{IMAGE}.zip").exists()


def test_what_the_project_does_not_hold_is_foreign(
    project: Path,
) -> None:
    handler = project / "lambda-image-processor/image_processor.py"
    code = follow_imports(handler, (handler.parent, project / "lambda-common"))
    assert set(code.files) == OF_THE_PROJECT
    assert set(code.foreign) == {"json", "boto3", "brush", "typing"}
