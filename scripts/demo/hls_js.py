"""hls.js, which plays HLS in browsers that do not by themselves: fetched by npm, never vendored."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import tarfile
from base64 import b64encode
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

PACKAGE = "hls.js@1.7.4"
INTEGRITY = (
    "sha512-3GlxGdPvT2YHvQYOt+yOzT/DEior/qJVNIylHA77kgeo"
    "BTdQQqi70GwefNEUmHQeNGyjC8U62+bruqW/Tpm+tg=="
)
"""Of the package's archive, as npm writes it into lock files."""

_MEMBER = "package/dist/hls.min.js"


class PlayerError(Exception):
    """The player could not be fetched, in a sentence."""


def fetch(build: Path, say: Callable[[str], None]) -> Path:
    """The player's script, below `build`, fetched once. Raises `PlayerError`."""
    script = build / PACKAGE / "hls.min.js"
    if not script.exists():
        say(f"Fetching {PACKAGE} with npm (once)")
        script.parent.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(dir=script.parent) as work:
            _extract(_packed(Path(work)), Path(work)).rename(script)
    return script


def _packed(folder: Path) -> Path:
    npm = shutil.which("npm")
    if npm is None:
        raise PlayerError("There is no npm to fetch hls.js with: install Node.js with npm.")
    command = [npm, "pack", PACKAGE, "--silent", "--pack-destination", str(folder.resolve())]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    archive = next(folder.glob("*.tgz"), None)
    if done.returncode or archive is None:
        raise PlayerError(f"npm could not fetch {PACKAGE}: {done.stderr.strip()[-500:]}")
    return archive


def _extract(archive: Path, folder: Path) -> Path:
    digest = hashlib.sha512(archive.read_bytes()).digest()
    if f"sha512-{b64encode(digest).decode()}" != INTEGRITY:
        raise PlayerError(f"npm's {PACKAGE} is not the one that was pinned: its SHA-512 differs.")
    with tarfile.open(archive) as package:
        member = package.extractfile(_MEMBER)
        if member is None:
            raise PlayerError(f"There is no {_MEMBER} in {PACKAGE}.")
        script = folder / "hls.min.js"
        script.write_bytes(member.read())
    return script
