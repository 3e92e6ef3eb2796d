"""What lies in a Debian package, read without Debian's tools.

A .deb is an `ar` archive of `debian-binary`, `control.tar.*` and `data.tar.*`:
https://manpages.debian.org/deb.5
"""

from __future__ import annotations

import io
import re
import tarfile
from dataclasses import dataclass
from fnmatch import fnmatchcase
from hashlib import sha256
from pathlib import Path

from artifacts.errors import BuildError

_AR = b"!<arch>\n"
_HEADER_BYTES = 60


@dataclass(frozen=True, slots=True)
class DebianPackage:
    """A .deb file by what its control file says; `sha256` is of the .deb, in hex."""

    file: Path
    version: str
    architecture: str
    sha256: str

    @classmethod
    def open(cls, file: Path) -> DebianPackage:
        """Raises `BuildError` for a file that is no Debian package."""
        with _tar(file, "control") as control:
            text = _read(control, "control") or b""
        fields = dict(re.findall(r"^(Version|Architecture): *(\S+)", text.decode(), re.MULTILINE))
        if len(fields) < 2:
            raise BuildError(f"{file} does not say its version and architecture.")
        content = sha256(file.read_bytes()).hexdigest()
        return cls(file, fields["Version"], fields["Architecture"], content)

    def read(self, pattern: str) -> bytes:
        """The one regular file whose path, without a leading slash, matches a shell pattern.

        Raises `BuildError` where there is none, or more than one.
        """
        with _tar(self.file, "data") as data:
            names = [_plain(member.name) for member in data.getmembers() if member.isreg()]
            found = [name for name in names if fnmatchcase(name, pattern)]
            if len(found) != 1:
                raise BuildError(f"{self.file} holds {len(found)} files {pattern}, not one.")
            return _read(data, found[0]) or b""


def _tar(file: Path, kind: str) -> tarfile.TarFile:
    """`control.tar.*` or `data.tar.*`, packed as this Python can unpack it."""
    deb = file.read_bytes()
    position = len(_AR)
    while deb.startswith(_AR) and (header := deb[position : position + _HEADER_BYTES]):
        name = header[:16].decode("latin-1").rstrip(" /")
        try:
            size = int(header[48:58])
        except ValueError:
            break
        position += len(header)
        if name.startswith(f"{kind}.tar"):
            try:
                return tarfile.open(fileobj=io.BytesIO(deb[position : position + size]))
            except tarfile.TarError:
                raise BuildError(f"{file} holds {name}, which cannot be unpacked.") from None
        position += size + size % 2
    raise BuildError(f"{file} is not a Debian package.")


def _plain(name: str) -> str:
    return name.removeprefix("./")


def _read(archive: tarfile.TarFile, name: str) -> bytes | None:
    for member in archive.getmembers():
        if _plain(member.name) == name and (content := archive.extractfile(member)):
            return content.read()
    return None
