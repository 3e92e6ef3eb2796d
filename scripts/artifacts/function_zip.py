"""A Lambda's zip: its handler, what that imports of the project, and the locked wheels."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from artifacts.artifact import Artifact, digest, files_below
from artifacts.errors import BuildError
from artifacts.imports import Code, follow_imports
from artifacts.target import Target

# Each Lambda's handler; its own packages and its requirements.txt lie beside it.
FUNCTIONS: Mapping[str, str] = {
    "image-processor": "lambda-image-processor/image_processor.py",
    "video-processor": "lambda-video-processor/video_processor.py",
}
_COMMON = "lambda-common"
# What reads camera RAW is several times the rest, so that it is locked apart and asked for.
_WITH_RAW = "requirements-raw.txt"
_ONLY_WITH_RAW = frozenset({"rawpy"})
# Lambda's Python runtimes bring these.
_IN_THE_RUNTIME = frozenset({"boto3", "botocore"})
# What pip notes about an installation: it differs from one to the next, and nobody reads it.
_PIP_NOTES = frozenset({"RECORD", "INSTALLER", "REQUESTED", "direct_url.json"})


def build_function(
    artifact: Artifact,
    target: Target,
    project: Path,
    work: Path,
    report: Callable[[str], None],
    raw: bool,
) -> None:
    """Builds one of `FUNCTIONS`, unless it is there; with `raw`, so that it reads camera RAW.

    Raises `BuildError`.
    """
    handler = project / FUNCTIONS[artifact.name]
    knows_raw = handler.with_name(_WITH_RAW).is_file()
    requirements = handler.with_name(_WITH_RAW if raw and knows_raw else "requirements.txt")
    if missing := next((file for file in (handler, requirements) if not file.is_file()), None):
        raise BuildError(f"{missing} does not exist.")
    code = follow_imports(handler, (handler.parent, project / _COMMON))
    inputs = digest(
        {**code.files, requirements.name: requirements, **_builders()}, target=str(target)
    )
    if artifact.is_built_from(inputs):
        report(f"{artifact.name}: up to date")
        return
    report(f"{artifact.name}: installing its locked wheels for {target}")
    installed = work / artifact.name
    _install(requirements, target, installed)
    dependencies = {name: file for name, file in files_below(installed).items() if _belongs(name)}
    optional = _ONLY_WITH_RAW if knows_raw and not raw else frozenset()
    _check(code, dependencies, requirements, optional)
    major, minor = target.glibc
    facts = {
        "architecture": target.architecture,
        "glibc": f"{major}.{minor}",
        "runtime": target.runtime,
        **({"raw": raw} if knows_raw else {}),
    }
    artifact.write({**dependencies, **code.files}, inputs, facts, work)
    report(f"{artifact.name}: built, {artifact.zip.stat().st_size / 1e6:.1f} MB")


def _builders() -> dict[str, Path]:
    return {f"artifacts/{file.name}": file for file in Path(__file__).parent.glob("*.py")}


def _install(requirements: Path, target: Target, folder: Path) -> None:
    if marked := re.search(r"^[^#\s]\S* *;[^\\\n]*", requirements.read_text(), re.MULTILINE):
        raise BuildError(
            f"{requirements} says `{marked[0].strip()}`, which pip would judge by this "
            "machine and not by the target; lock it without the condition."
        )
    command = [
        *(sys.executable, "-m", "pip", "install", "--no-input", "--disable-pip-version-check"),
        *("--require-hashes", "--only-binary=:all:", "--no-deps", "--no-compile"),
        *target.pip_options,
        *("--target", str(folder), "--requirement", str(requirements)),
    ]
    pip = subprocess.run(command, capture_output=True, text=True, check=False)
    if pip.returncode:
        raise BuildError(_complaint(pip.stdout + pip.stderr, requirements, target))


def _complaint(said: str, requirements: Path, target: Target) -> str:
    if "No module named pip" in said:
        return f"{sys.executable} has no pip, which fetches the wheels."
    if "Connection" in said or "Retrying (" in said:
        return f"pip cannot reach its package index for {requirements}."
    if "DO NOT MATCH THE HASHES" in said:
        return f"A wheel's bytes are not those whose hash is in {requirements}."
    if found := re.search(r"No matching distribution found for (\S+)", said):
        return f"{found[1]} of {requirements} has no wheel for {target}."
    errors = [line for line in said.splitlines() if line.startswith("ERROR:")]
    return f"pip cannot install {requirements}: {' '.join(errors) or said.strip()[-500:]}"


def _belongs(name: str) -> bool:
    folders, _, file = name.rpartition("/")
    parts = folders.split("/")
    return not (
        parts[0] == "bin"
        or not {"__pycache__", "tests"}.isdisjoint(parts)
        or file.endswith(".pyc")
        or (parts[-1].endswith(".dist-info") and file in _PIP_NOTES)
    )


def _check(
    code: Code, dependencies: Mapping[str, Path], requirements: Path, optional: frozenset[str]
) -> None:
    """Every import is met, but for the `optional` ones, and by one file only."""
    if twice := code.files.keys() & dependencies.keys():
        raise BuildError(f"{min(twice)} is the name of a project's file and of a dependency's.")
    there = {re.split(r"[/.]", name)[0] for name in dependencies}
    there |= _IN_THE_RUNTIME | sys.stdlib_module_names | optional
    if missing := min(code.foreign.keys() - there, default=None):
        raise BuildError(
            f"{code.foreign[missing]} imports {missing}, which neither {requirements} nor Lambda's "
            "runtime brings."
        )
