"""What Lambda's own runtime brings: its interface client and boto3, and nothing else."""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

PROVIDED = ("awslambdaric", "boto3")


def link_runtime(folder: Path) -> None:
    """Fill `folder` with links to the files of `PROVIDED` and of all they require.

    With the whole virtual environment importable, a dependency that a zip lacks would be found.
    """
    folder.mkdir(parents=True)
    for distribution in _closure(PROVIDED):
        for name in {file.parts[0] for file in distribution.files or ()}:
            if name not in ("..", "__pycache__"):
                target = Path(str(distribution.locate_file(name)))
                (folder / name).symlink_to(target.resolve())


def _closure(names: tuple[str, ...]) -> Iterator[metadata.Distribution]:
    waiting, seen = list(names), set[str]()
    while waiting:
        name = re.sub(r"[-_.]+", "-", waiting.pop()).lower()
        if name in seen:
            continue
        seen.add(name)
        try:
            distribution = metadata.distribution(name)
        except metadata.PackageNotFoundError:
            continue  # Required on other platforms or Pythons only.
        yield distribution
        for requirement in distribution.requires or ():
            needed = re.match(r"[A-Za-z0-9._-]+", requirement)
            if needed and "extra ==" not in requirement:
                waiting.append(needed[0])
