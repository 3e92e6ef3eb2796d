"""A zip and the JSON beside it: the same bytes wherever they are made, and made only once.

What Lambda takes: https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import file_digest, sha256
from pathlib import Path
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from artifacts.errors import BuildError

# Of a function and its layers together, unpacked.
_MOST_BYTES = 250 * 1024 * 1024
# The earliest time that a zip can hold.
_EPOCH = (1980, 1, 1, 0, 0, 0)
_UNIX = 3


@dataclass(frozen=True, slots=True)
class Artifact:
    """`<output>/<name>.zip`, described by `<output>/<name>.zip.json`."""

    name: str
    output: Path

    @property
    def zip(self) -> Path:
        return self.output / f"{self.name}.zip"

    @property
    def description(self) -> Path:
        return self.output / f"{self.name}.zip.json"

    @property
    def architecture(self) -> str | None:
        """What the zip that is there was built for; none where there is no zip."""
        try:
            return str(json.loads(self.description.read_bytes())["architecture"])
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def is_built_from(self, inputs: str) -> bool:
        """Whether the zip is there, whole, and was made from what has this digest."""
        try:
            description = json.loads(self.description.read_bytes())
            return bool(
                description["inputs"] == inputs and description["sha256"] == _file_digest(self.zip)
            )
        except (OSError, ValueError, KeyError, TypeError):
            return False

    def write(
        self, entries: Mapping[str, Path], inputs: str, facts: Mapping[str, Any], work: Path
    ) -> None:
        """Zips `entries` (name in the zip to file) and describes the zip by `facts`.

        To these are added `inputs`, the zip's size in `bytes` and its `sha256`. Each of the two
        files is put in its place whole, the zip first. Raises `BuildError` for more than Lambda
        takes.
        """
        unpacked = sum(file.stat().st_size for file in entries.values())
        if unpacked > _MOST_BYTES:
            raise BuildError(
                f"{self.zip.name} would be {unpacked / 1e6:.1f} MB unpacked, and Lambda takes "
                f"{_MOST_BYTES / 1e6:.1f} MB of a function and its layers together."
            )
        made = work / self.zip.name
        _write_zip(entries, made)
        described = work / self.description.name
        description = {
            **facts,
            "bytes": made.stat().st_size,
            "inputs": inputs,
            "sha256": _file_digest(made),
        }
        described.write_text(json.dumps(description, indent=2, sort_keys=True) + "\n")
        made.replace(self.zip)
        described.replace(self.description)


def files_below(folder: Path) -> dict[str, Path]:
    """Every file below a folder by its path within it, as a zip names it."""
    return {
        path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.is_file()
    }


def digest(files: Mapping[str, Path], **facts: str) -> str:
    """SHA-256 in hex over files, by name and content, and over facts in words."""
    content = {name: _file_digest(path) for name, path in files.items()}
    return sha256(json.dumps([content, facts], sort_keys=True).encode()).hexdigest()


def _file_digest(path: Path) -> str:
    with path.open("rb") as file:
        return file_digest(file, "sha256").hexdigest()


def _write_zip(entries: Mapping[str, Path], path: Path) -> None:
    """Entries in order of their names, of one time; what lies in `bin/` is executable."""
    with ZipFile(path, "w") as archive:
        for name, file in sorted(entries.items()):
            entry = ZipInfo(name, _EPOCH)
            entry.compress_type = ZIP_DEFLATED
            entry.create_system = _UNIX
            mode = 0o100755 if name.startswith("bin/") else 0o100644
            entry.external_attr = mode << 16
            archive.writestr(entry, file.read_bytes(), compresslevel=9)
