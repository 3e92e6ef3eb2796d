"""What a Lambda's zip holds of Debian's packages: fonts, a library, their licences.

A Lambda's `debian-packages.json` names a release of Debian and, for each package, which file
becomes which of the zip: those of `always`, and those of `cjk` where that is asked for. Versions
are the release's newest, as for the FFmpeg layer, and are recorded in the zip.
"""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import mkdtemp

from artifacts.debian_archive import fetch
from artifacts.debian_package import DebianPackage
from artifacts.errors import BuildError
from artifacts.target import Target

PACKAGES = "debian-packages.json"
_RECORD = "share/debian-packages.json"
_LICENCES = "share/licences/"
_DEBIANS_WORDS = {"x86_64": "amd64", "arm64": "arm64"}
_GLIBC = re.compile(rb"\0GLIBC_(\d+)\.(\d+)")


@dataclass(frozen=True, slots=True)
class Bundle:
    """The files to put into a zip by their names in it, and each package's version."""

    entries: dict[str, Path]
    versions: dict[str, str]


@dataclass(frozen=True, slots=True)
class Wishes:
    """Which packages to take, and which of their files becomes which of the zip."""

    release: str
    files: Mapping[str, Mapping[str, str]]

    @classmethod
    def read(cls, listed: Path, cjk: bool) -> Wishes:
        content = json.loads(listed.read_bytes())
        files: dict[str, dict[str, str]] = {}
        for section in ("always", "cjk") if cjk else ("always",):
            for name, wanted in content[section].items():
                files.setdefault(name, {}).update(wanted)
        return cls(content["release"], files)

    def kept_in(self, project: Path, target: Target) -> Path:
        """The folder below a project's build/ for what was fetched."""
        return project / "build" / "debian" / f"{self.release}-{target.architecture}"


def bundle(
    wishes: Wishes,
    target: Target,
    debs: Path,
    work: Path,
    report: Callable[[str], None] = lambda _: None,
    may_fetch: bool = True,
) -> Bundle:
    """What was wished for, its files in a folder of their own in `work`.

    `debs` is where the .debs lie; what is not there is fetched if that is permitted. Raises
    `BuildError`, for a library too that needs a newer glibc than the target has.
    """
    architecture = _DEBIANS_WORDS[target.architecture]
    missing = [name for name in wishes.files if not _found(debs, name, architecture)]
    if missing and not may_fetch:
        raise BuildError(f"{debs} holds no {missing[0]}_<version>_{architecture}.deb.")
    if missing:
        report(f"fetching {', '.join(missing)} of Debian {wishes.release}")
        _fetch_into(debs, missing, wishes.release, architecture, work)
    entries: dict[str, bytes] = {}
    packages: dict[str, DebianPackage] = {}
    for name, files in wishes.files.items():
        package = _open(debs, name, architecture)
        entries |= {entry: package.read(pattern) for pattern, entry in files.items()}
        # A licence's text is the same in every version of what it comes with.
        if not all(entry.startswith(_LICENCES) for entry in files.values()):
            packages[name] = package
            entries[f"share/doc/{name}/copyright"] = package.read(f"usr/share/doc/{name}/copyright")
    entries[_RECORD] = _record(wishes, packages)
    _check_glibc(entries, target)
    versions = {name: package.version for name, package in packages.items()}
    return Bundle(_written(entries, Path(mkdtemp(dir=work))), versions)


def _fetch_into(
    debs: Path, names: Collection[str], release: str, architecture: str, work: Path
) -> None:
    """Each .deb comes to its place whole, whoever else is building."""
    fetched = Path(mkdtemp(dir=work))
    fetch(names, release, architecture, fetched, Path(mkdtemp(dir=work)) / "apt")
    debs.mkdir(parents=True, exist_ok=True)
    for deb in fetched.glob("*.deb"):
        beside = debs / f".{fetched.name}-{deb.name}"
        shutil.move(deb, beside)
        beside.replace(debs / deb.name)


def _record(wishes: Wishes, packages: Mapping[str, DebianPackage]) -> bytes:
    content = {
        name: {
            "architecture": package.architecture,
            "files": sorted(wishes.files[name].values()),
            "sha256": package.sha256,
            "version": package.version,
        }
        for name, package in packages.items()
    }
    described = {"packages": content, "release": wishes.release}
    return (json.dumps(described, indent=2, sort_keys=True) + "\n").encode()


def _found(debs: Path, name: str, architecture: str) -> list[Path]:
    return [deb for kind in (architecture, "all") for deb in debs.glob(f"{name}_*_{kind}.deb")]


def _open(debs: Path, name: str, architecture: str) -> DebianPackage:
    found = _found(debs, name, architecture)
    if len(found) != 1:
        raise BuildError(f"{debs} holds {len(found)} packages {name}; leave one of them there.")
    package = DebianPackage.open(found[0])
    if package.architecture not in {architecture, "all"}:
        raise BuildError(f"{found[0]} is for {package.architecture}.")
    return package


def _check_glibc(entries: Mapping[str, bytes], target: Target) -> None:
    """A library names the versions of glibc's symbols that it was linked to."""
    for name, content in entries.items():
        if not content.startswith(b"\x7fELF"):
            continue
        needed = max((int(a), int(b)) for a, b in _GLIBC.findall(content) or [(0, 0)])
        if needed > target.glibc:
            raise BuildError(f"{name} needs glibc {needed[0]}.{needed[1]}, newer than {target}.")


def _written(entries: Mapping[str, bytes], folder: Path) -> dict[str, Path]:
    for name, content in entries.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return {name: folder / name for name in entries}
