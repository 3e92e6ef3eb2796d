"""Debian packages made by hand: https://manpages.debian.org/deb.5."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Mapping
from pathlib import Path


def _tar(files: Mapping[str, bytes], packing: str) -> bytes:
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode=f"w:{packing}") as archive:  # type: ignore[call-overload]
        for name, content in files.items():
            entry = tarfile.TarInfo(f"./{name}")
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return made.getvalue()


def deb(
    folder: Path,
    name: str,
    files: Mapping[str, bytes],
    version: str = "1.0",
    architecture: str = "all",
    packing: str = "xz",
) -> Path:
    """A package with a copyright file besides those named, called as Debian's archive calls it."""
    control = f"Package: {name}\nVersion: {version}\nArchitecture: {architecture}\n"
    held = {**files, f"usr/share/doc/{name}/copyright": f"{name} is free".encode()}
    members = {
        "debian-binary": b"2.0\n",
        f"control.tar.{packing}": _tar({"control": control.encode()}, packing),
        f"data.tar.{packing}": _tar(held, packing),
    }
    made = b"!<arch>\n"
    for member, content in members.items():
        header = f"{member:<16}{0:<12}{0:<6}{0:<6}{'100644':<8}{len(content):<10}`\n"
        made += header.encode() + content + b"\n" * (len(content) % 2)
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"{name}_{version.replace(':', '%3a')}_{architecture}.deb"
    file.write_bytes(made)
    return file
