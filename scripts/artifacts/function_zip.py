"""A Lambda's zip: its handler, what that imports of the project, locked wheels, Debian's fonts."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable, Mapping, Set
from dataclasses import dataclass
from pathlib import Path

from artifacts.artifact import Artifact, digest, files_below
from artifacts.bundled import PACKAGES, Wishes, bundle
from artifacts.errors import BuildError
from artifacts.imports import Code, follow_imports
from artifacts.target import Target

# Each Lambda's handler; its own packages and its requirements.txt lie beside it, and the list of
# Debian packages that it takes files from, if any.
FUNCTIONS: Mapping[str, str] = {
    "image-processor": "lambda-image-processor/image_processor.py",
    "video-processor": "lambda-video-processor/video_processor.py",
    "sweep": "lambda-sweep/sweep.py",
}
_COMMON = "lambda-common"
# What reads camera RAW is several times the rest, so that it is locked apart and asked for.
_WITH_RAW = "requirements-raw.txt"
_ONLY_WITH_RAW = frozenset({"rawpy"})
# Lambda's Python runtimes bring these.
_IN_THE_RUNTIME = frozenset({"boto3", "botocore"})
# What pip notes about an installation: it differs from one to the next, and nobody reads it.
_PIP_NOTES = frozenset({"RECORD", "INSTALLER", "REQUESTED", "direct_url.json"})


@dataclass(frozen=True, slots=True)
class Extras:
    """What is built in on request: what opens camera RAW, and a font for Chinese, Japanese, Korean.

    `debs` is a folder that holds the Debian packages where no apt can fetch them.
    """

    raw: bool = False
    cjk: bool = False
    debs: Path | None = None


def build_function(
    artifact: Artifact,
    target: Target,
    project: Path,
    work: Path,
    report: Callable[[str], None],
    extras: Extras,
) -> None:
    """Builds one of `FUNCTIONS`, unless it is there, with those `extras` that concern it.

    Raises `BuildError`.
    """
    handler = project / FUNCTIONS[artifact.name]
    knows_raw = handler.with_name(_WITH_RAW).is_file()
    raw = extras.raw and knows_raw
    requirements = handler.with_name(_WITH_RAW if raw else "requirements.txt")
    if missing := next((file for file in (handler, requirements) if not file.is_file()), None):
        raise BuildError(f"{missing} does not exist.")
    listed = handler.with_name(PACKAGES)
    wishes = Wishes.read(listed, extras.cjk) if listed.is_file() else None
    code = follow_imports(handler, (handler.parent, project / _COMMON))
    sources = {**code.files, requirements.name: requirements, **_builders()}
    inputs = digest(sources, target=str(target), packages=repr(wishes), debs=_names(extras.debs))
    if artifact.is_built_from(inputs):
        report(f"{artifact.name}: up to date")
        return
    report(f"{artifact.name}: installing its locked wheels for {target}")
    installed = work / artifact.name
    _install(requirements, target, installed)
    dependencies = {name: file for name, file in files_below(installed).items() if _belongs(name)}
    _check(code, dependencies, requirements, _ONLY_WITH_RAW if knows_raw and not raw else set())
    facts = {**_facts(target), **({"raw": raw} if knows_raw else {})}
    if wishes:
        bundled = bundle(
            wishes,
            target,
            extras.debs or wishes.kept_in(project, target),
            work,
            lambda line: report(f"{artifact.name}: {line}"),
            may_fetch=extras.debs is None,
        )
        _refuse_twice(bundled.entries, {**dependencies, **code.files})
        dependencies |= bundled.entries
        facts |= {"cjk": extras.cjk, "packages": bundled.versions}
    artifact.write({**dependencies, **code.files}, inputs, facts, work)
    report(f"{artifact.name}: built, {artifact.zip.stat().st_size / 1e6:.1f} MB")


def _facts(target: Target) -> dict[str, object]:
    major, minor = target.glibc
    return {
        "architecture": target.architecture,
        "glibc": f"{major}.{minor}",
        "runtime": target.runtime,
    }


def _names(debs: Path | None) -> str:
    """The packages that a folder offers, whose names say their versions."""
    return " ".join(sorted(deb.name for deb in debs.glob("*.deb"))) if debs else ""


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
    code: Code, dependencies: Mapping[str, Path], requirements: Path, optional: Set[str]
) -> None:
    """Every import is met, but for the `optional` ones, and by one file only."""
    _refuse_twice(dependencies, code.files)
    there = {re.split(r"[/.]", name)[0] for name in dependencies}
    there |= _IN_THE_RUNTIME | sys.stdlib_module_names | optional
    if missing := min(code.foreign.keys() - there, default=None):
        raise BuildError(
            f"{code.foreign[missing]} imports {missing}, which neither {requirements} nor Lambda's "
            "runtime brings."
        )


def _refuse_twice(dependencies: Mapping[str, Path], others: Mapping[str, Path]) -> None:
    if twice := others.keys() & dependencies.keys():
        raise BuildError(f"{min(twice)} is the name of a project's file and of a dependency's.")
