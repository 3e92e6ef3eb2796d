"""Debian packages through apt, checked against Debian's signatures, for any architecture.

Needs no root and leaves the machine's own lists and settings as they are: an apt of our own reads
the archives that the machine knows, as layers/ffmpeg/build.sh does for sources. A machine whose apt
knows none of Debian's uses Docker, as for the layer.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Collection, Mapping
from pathlib import Path

from artifacts.errors import BuildError

_KEYRINGS = Path("/usr/share/keyrings")
_PATIENCE_SECONDS = 600
# The suites of a release that each of Debian's archives has, by the archive's label.
_SUITES = {"Debian": ("{}", "{}-updates"), "Debian-Security": ("{}-security",)}
# Any machine's apt fetches for any processor, so that none has to be emulated.
_DOCKERFILE = """\
FROM debian:{release}-slim AS fetched
WORKDIR /debs
RUN echo 'APT::Architecture "{architecture}"; APT::Architectures "{architecture}";' \\
      > /etc/apt/apt.conf.d/architecture && apt-get update --error-on=any && \\
    apt-get download {names}
FROM scratch
COPY --from=fetched /debs /
"""


def fetch(
    names: Collection[str], release: str, architecture: str, folder: Path, work: Path
) -> None:
    """Puts the newest `<name>_<version>_<architecture>.deb` of each package into `folder`.

    `architecture` is in Debian's words; `work` is a folder of the caller's, not made yet, for apt's
    lists. Raises `BuildError` where there is neither an apt that knows Debian nor Docker, or a
    package cannot be had.
    """
    for made in ("lists/partial", "cache/archives/partial"):
        (work / made).mkdir(parents=True)
    lists = [f"Dir::State::Lists={work / 'lists'}", f"Dir::Cache={work / 'cache'}"]
    wanted = f"{', '.join(sorted(names))} of Debian {release} for {architecture}"
    archives = _usable_archives(release, lists)
    if archives:
        settings = _settings(archives, release, architecture, work) + lists
        _check(_run(_apt(settings, ["update", "--error-on=any"])), wanted)
        _check(_run(_apt(settings, ["download", *sorted(names)]), folder), wanted)
    elif shutil.which("docker"):
        dockerfile = _DOCKERFILE.format(
            architecture=architecture, names=" ".join(sorted(names)), release=release
        )
        _check(_run(_docker(folder), folder, dockerfile), wanted)
    else:
        raise BuildError(
            f"{wanted} can be fetched neither by apt, which knows no archive of Debian's here, nor "
            "by Docker; name a folder that holds the packages by --debs."
        )


def _usable_archives(release: str, lists: list[str]) -> dict[str, tuple[str, ...]]:
    """The suites that are wanted of each of Debian's archives, by address; none without the keys.

    A machine without lists yet does not know whose an archive is, and is given some of our own.
    """
    keys = _KEYRINGS / f"debian-archive-{release}-stable.gpg"
    if shutil.which("apt-get") is None or not keys.is_file():
        return {}
    if known := _archives([]):
        return known
    _run(_apt(lists, ["update"]))
    return _archives(lists)


def _settings(
    archives: Mapping[str, tuple[str, ...]], release: str, architecture: str, work: Path
) -> list[str]:
    """An apt that takes nothing which is not signed by Debian, whatever the machine's own does."""
    key = f"signed-by={_KEYRINGS / 'debian-archive-keyring.gpg'}"
    (work / "status").touch()
    (work / "sources.list").write_text(
        "".join(
            f"deb [arch={architecture} target=Packages lang=none {key}] {uri} {suite} main\n"
            for uri, suites in sorted(archives.items())
            for suite in (suite.format(release) for suite in suites)
        )
    )
    return [
        *(f"Dir::Etc::SourceList={work / 'sources.list'}", "Dir::Etc::SourceParts=/dev/null"),
        *("Dir::Etc::Preferences=/dev/null", "Dir::Etc::PreferencesParts=/dev/null"),
        *(f"Dir::State::status={work / 'status'}", "APT::Sandbox::User="),
        *(f"APT::Architecture={architecture}", f"APT::Architectures={architecture}"),
        *("Acquire::AllowInsecureRepositories=false", "Acquire::AllowWeakRepositories=false"),
        "Acquire::AllowDowngradeToInsecureRepositories=false",
        "APT::Get::AllowUnauthenticated=false",
    ]


def _archives(settings: list[str]) -> dict[str, tuple[str, ...]]:
    form = "$(ORIGIN)|$(LABEL)|$(REPO_URI)"
    listed = _run(_apt(settings, ["indextargets", "--format", form, "Created-By: Packages"]))
    lines = (line.split("|", 2) for line in listed.stdout.splitlines() if line.count("|") >= 2)
    return {
        uri: _SUITES[label]
        for origin, label, uri in lines
        if origin == "Debian" and label in _SUITES and not uri.startswith("cdrom:")
    }


def _apt(settings: list[str], command: list[str]) -> list[str]:
    return ["apt-get", *(word for setting in settings for word in ("-o", setting)), *command]


def _docker(folder: Path) -> list[str]:
    return ["docker", "build", "--pull", "--no-cache", "--output", f"type=local,dest={folder}", "-"]


def _check(done: subprocess.CompletedProcess[str], wanted: str) -> None:
    if done.returncode:
        errors = [line[3:] for line in done.stderr.splitlines() if line.startswith("E: ")]
        said = " ".join(errors) or done.stderr.strip()[-500:] or f"status {done.returncode}"
        raise BuildError(f"{done.args[0]} cannot fetch {wanted}: {said}")


def _run(
    command: list[str], folder: Path | None = None, told: str = ""
) -> subprocess.CompletedProcess[str]:
    # BuildKit alone can write files out, and adds one about itself unless told not to.
    docker = {"DOCKER_BUILDKIT": "1", "BUILDX_NO_DEFAULT_ATTESTATIONS": "1"}
    try:
        return subprocess.run(
            command,
            cwd=folder,
            env={**os.environ, **docker, "LC_ALL": "C.UTF-8"},
            input=told,
            capture_output=True,
            text=True,
            check=False,
            timeout=_PATIENCE_SECONDS,
        )
    except subprocess.TimeoutExpired:
        raise BuildError(f"{command[0]} takes longer than ten minutes.") from None
