"""What a zip holds of Debian's packages: the right files, of the right processor, from Debian."""

from __future__ import annotations

import json
import sys
from hashlib import sha256
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest

from artifacts import PROJECT, BuildError, Target, build, debian_archive
from artifacts.bundled import PACKAGES, Wishes, bundle
from artifacts.debian_archive import fetch
from artifacts.target import Architecture
from debian_packages import deb

VIDEO = "video-processor"
LAMBDA = Target.of_lambda("python3.13", "x86_64")
LISTED = {
    "release": "sid",
    "always": {
        "fonts-plain": {"usr/share/fonts/plain.ttf": "fonts/10-plain.ttf"},
        "libline": {"usr/lib/*/libline.so.0.*": "lib/libline.so.0"},
        "licences": {"usr/share/common-licenses/FREE": "share/licences/FREE"},
    },
    "cjk": {
        "fonts-wide": {"usr/share/fonts/wide.ttf": "fonts/20-wide.ttf"},
        "licences": {"usr/share/common-licenses/OPEN": "share/licences/OPEN"},
    },
}
ALWAYS = {
    "fonts/10-plain.ttf",
    "lib/libline.so.0",
    "share/debian-packages.json",
    "share/doc/fonts-plain/copyright",
    "share/doc/libline/copyright",
    "share/licences/FREE",
}
ONLY_CJK = {"fonts/20-wide.ttf", "share/doc/fonts-wide/copyright", "share/licences/OPEN"}
MACHINES = {"x86_64": 62, "arm64": 183}
"""`e_machine` of an ELF file: EM_X86_64 and EM_AARCH64."""


def library(debs: Path, architecture: str, glibc: str = "2.17", version: str = "1.0") -> Path:
    content = f"\x7fELF{architecture}\0GLIBC_2.2.5\0GLIBC_{glibc}\0".encode()
    path = f"usr/lib/{architecture}-linux-gnu/libline.so.0.4.0"
    return deb(debs, "libline", {path: content}, version, architecture)


@pytest.fixture
def debs(tmp_path: Path) -> Path:
    folder = tmp_path / "debs"
    deb(folder, "fonts-plain", {"usr/share/fonts/plain.ttf": b"plain"}, packing="gz")
    deb(folder, "fonts-wide", {"usr/share/fonts/wide.ttf": b"wide"}, "1:2.0~1")
    common = "usr/share/common-licenses"
    deb(folder, "licences", {f"{common}/FREE": b"take it", f"{common}/OPEN": b"have it"})
    library(folder, "amd64")
    library(folder, "arm64")
    return folder


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project with a video Lambda of one file, without wheels."""
    room = tmp_path / "project" / "lambda-video-processor"
    room.mkdir(parents=True)
    (room / "video_processor.py").write_text("def lambda_handler(event, context): ...\n")
    (room / "requirements.txt").touch()
    (room / PACKAGES).write_text(json.dumps(LISTED))
    return room.parent


def built(project: Path, debs: Path, output: Path, target: Target = LAMBDA, **wanted: Any) -> Path:  # noqa: ANN401
    return build([VIDEO], target=target, output=output, project=project, debs=debs, **wanted)[VIDEO]


def described(made: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(made.with_name(f"{made.name}.json").read_bytes())
    return content


@pytest.mark.parametrize("cjk", [False, True])
def test_a_zip_holds_what_is_listed_and_says_where_it_is_from(
    project: Path, debs: Path, tmp_path: Path, cjk: bool
) -> None:
    made = built(project, debs, tmp_path / "out", cjk=cjk)
    with ZipFile(made) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    assert files.keys() == ALWAYS | (ONLY_CJK if cjk else set()) | {"video_processor.py"}
    assert files["fonts/10-plain.ttf"] == b"plain"
    assert files["share/licences/FREE"] == b"take it"
    assert files["share/doc/libline/copyright"] == b"libline is free"
    record = json.loads(files["share/debian-packages.json"])
    assert record["release"] == "sid"
    assert record["packages"]["libline"] == {
        "architecture": "amd64",
        "files": ["lib/libline.so.0"],
        "sha256": sha256((debs / "libline_1.0_amd64.deb").read_bytes()).hexdigest(),
        "version": "1.0",
    }
    versions = {"fonts-plain": "1.0", "libline": "1.0"} | ({"fonts-wide": "1:2.0~1"} if cjk else {})
    assert (described(made)["packages"], described(made)["cjk"]) == (versions, cjk)


@pytest.mark.parametrize(("architecture", "word"), [("x86_64", "amd64"), ("arm64", "arm64")])
def test_a_library_is_of_the_targets_processor(
    project: Path,
    debs: Path,
    tmp_path: Path,
    architecture: Architecture,
    word: str,
) -> None:
    target = Target.of_lambda("python3.13", architecture)
    with ZipFile(built(project, debs, tmp_path / "out", target)) as archive:
        assert archive.read("lib/libline.so.0").startswith(b"\x7fELF" + word.encode())


def test_equal_packages_give_equal_bytes_and_are_zipped_once(
    project: Path, debs: Path, tmp_path: Path
) -> None:
    first, second = (built(project, debs, tmp_path / name) for name in ("first", "second"))
    assert first.read_bytes() == second.read_bytes()
    before = first.stat().st_mtime_ns
    assert built(project, debs, tmp_path / "first").stat().st_mtime_ns == before
    (debs / "libline_1.0_amd64.deb").unlink()
    library(debs, "amd64", version="1.1")
    assert described(built(project, debs, tmp_path / "first"))["packages"]["libline"] == "1.1"
    with ZipFile(built(project, debs, tmp_path / "first", cjk=True)) as archive:
        assert set(archive.namelist()) >= ONLY_CJK


def test_what_was_fetched_is_kept(project: Path, debs: Path, tmp_path: Path) -> None:
    kept = project / "build" / "debian" / "sid-x86_64"
    kept.parent.mkdir(parents=True)
    debs.rename(kept)
    made = build([VIDEO], target=LAMBDA, output=tmp_path / "out", project=project)[VIDEO]
    with ZipFile(made) as archive:
        assert set(archive.namelist()) >= ALWAYS


@pytest.fixture(params=["absent", "two", "processor", "glibc", "file", "text", "unreadable"])
def broken(request: pytest.FixtureRequest, debs: Path) -> str:
    """A folder of packages that nothing can be built from, and what must be said of it."""
    lib = debs / "libline_1.0_amd64.deb"
    match request.param:
        case "absent":
            lib.unlink()
            return r"debs holds no libline_<version>_amd64\.deb"
        case "two":
            library(debs, "amd64", version="1.1")
            return r"debs holds 2 packages libline; leave one"
        case "processor":
            library(debs, "arm64").replace(lib)
            return r"libline_1\.0_amd64\.deb is for arm64"
        case "glibc":
            library(debs, "amd64", glibc="2.38")
            return r"lib/libline\.so\.0 needs glibc 2\.38, newer than .* glibc 2\.34"
        case "file":
            deb(debs, "fonts-plain", {"usr/share/fonts/fancy.ttf": b""})
            return r"fonts-plain_1\.0_all\.deb holds 0 files usr/share/fonts/plain\.ttf"
        case "text":
            lib.write_text("<html>404</html>")
            return r"libline_1\.0_amd64\.deb is not a Debian package"
        case _:
            lib.write_bytes(lib.read_bytes().replace(b"\xfd7zXZ", b"\x28\xb5\x2f\xfd."))
            return r"libline_1\.0_amd64\.deb holds control\.tar\.xz, which cannot be unpacked"


def test_what_cannot_be_bundled_is_said_in_a_sentence(
    project: Path, debs: Path, tmp_path: Path, broken: str
) -> None:
    with pytest.raises(BuildError, match=broken):
        built(project, debs, tmp_path / "out")
    assert not (tmp_path / "out" / f"{VIDEO}.zip").exists()


def test_a_library_of_the_targets_own_glibc_will_do(
    project: Path, debs: Path, tmp_path: Path
) -> None:
    library(debs, "amd64", glibc="2.34")
    assert built(project, debs, tmp_path / "out").exists()


def test_a_machine_without_apt_and_docker_is_told_what_to_do(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "bin").mkdir()
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    with pytest.raises(
        BuildError, match=r"^fonts-plain.* neither by apt.* nor by Docker; .* --debs\.$"
    ):
        build([VIDEO], target=LAMBDA, output=tmp_path / "out", project=project)


def test_a_machine_without_apt_fetches_by_docker(
    project: Path, debs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A docker that writes down what it is told, and puts out what a build would."""
    bin_folder = tmp_path / "bin"
    bin_folder.mkdir()
    (debs / "libline_1.0_arm64.deb").unlink()
    docker = bin_folder / "docker"
    docker.write_text(
        f"#!{sys.executable}\n"
        "import os, pathlib, shutil, sys\n"
        f"pathlib.Path({str(tmp_path / 'told')!r}).write_text(sys.stdin.read())\n"
        "assert os.environ['DOCKER_BUILDKIT'] == '1' and sys.argv[1] == 'build'\n"
        "out = sys.argv[sys.argv.index('--output') + 1].removeprefix('type=local,dest=')\n"
        f"shutil.copytree({str(debs)!r}, out, dirs_exist_ok=True)\n"
    )
    docker.chmod(0o755)
    monkeypatch.setenv("PATH", str(bin_folder))
    made = build([VIDEO], target=LAMBDA, output=tmp_path / "out", project=project)[VIDEO]
    with ZipFile(made) as archive:
        assert set(archive.namelist()) >= ALWAYS
    told = (tmp_path / "told").read_text()
    assert "FROM debian:sid-slim" in told
    assert 'APT::Architecture "amd64"' in told
    assert "apt-get download fonts-plain libline licences\n" in told


@pytest.mark.parametrize("architecture", MACHINES)
def test_the_projects_own_packages_come_from_debian_for_either_processor(
    tmp_path: Path,
    architecture: Architecture,
) -> None:
    wishes = Wishes.read(PROJECT / "lambda-video-processor" / PACKAGES, cjk=True)
    target = Target("python3.13", architecture, (2, 26))
    made = bundle(wishes, target, tmp_path / "debs", tmp_path)
    library = made.entries["lib/libfribidi.so.0"].read_bytes()
    assert int.from_bytes(library[18:20], "little") == MACHINES[architecture]
    assert b"\0libfribidi.so.0\0" in library
    fonts = [file.read_bytes() for name, file in made.entries.items() if name.startswith("fonts/")]
    assert len(fonts) == 2
    assert all(font.startswith(b"\0\1\0\0") for font in fonts)
    assert b"GNU LESSER" in made.entries["share/licences/LGPL-2.1"].read_bytes()


def test_packages_that_debian_has_not_signed_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository = tmp_path / "repository"
    held = deb(repository, "fonts-plain", {"usr/share/fonts/plain.ttf": b"bad"})
    packages = repository / "dists/trixie/main/binary-amd64/Packages"
    packages.parent.mkdir(parents=True)
    packages.write_text(
        f"Package: fonts-plain\nVersion: 1.0\nArchitecture: all\nFilename: ./{held.name}\n"
        f"Size: {held.stat().st_size}\nSHA256: {sha256(held.read_bytes()).hexdigest()}\n"
    )
    listed = f" {sha256(packages.read_bytes()).hexdigest()} {packages.stat().st_size}"
    (repository / "dists/trixie/Release").write_text(
        "Origin: Debian\nLabel: Debian\nSuite: stable\nCodename: trixie\nArchitectures: amd64\n"
        "Components: main\nDate: Sat, 01 Nov 2025 00:00:00 UTC\n"
        f"SHA256:\n{listed} main/binary-amd64/Packages\n"
    )
    monkeypatch.setattr(debian_archive, "_archives", lambda _: {f"file:{repository}": ("{}",)})
    (tmp_path / "here").mkdir()
    with pytest.raises(BuildError, match=r"apt-get cannot fetch fonts-plain.*is not signed"):
        fetch(["fonts-plain"], "trixie", "amd64", tmp_path / "here", tmp_path / "work")
    assert not list((tmp_path / "here").iterdir())
