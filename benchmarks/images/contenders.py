"""Who takes part: each the command of a process of its own."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from processes import python, run

OURS = "this project"
SHARP_USUAL = "sharp, a pipeline per output"
SHARP_BEST = "sharp, decoded once"
PYVIPS = "pyvips, a thumbnail per output"
FLOOR = "the floor: decode and encodes alone"

HERE = Path(__file__).parent


@dataclass(frozen=True)
class Contender:
    """One way to make the outputs; with a folder as its last argument it writes them there."""

    name: str
    command: list[str]
    environment: Mapping[str, str]


@dataclass(frozen=True)
class Node:
    """Node with sharp. `folder` holds `node_modules`."""

    program: str
    folder: Path

    @property
    def version(self) -> str:
        return run([self.program, "--version"], os.environ)[1].decode().strip().removeprefix("v")

    @property
    def sharp_version(self) -> str:
        manifest = self.folder / "node_modules" / "sharp" / "package.json"
        return str(json.loads(manifest.read_bytes())["version"])

    @property
    def environment(self) -> Mapping[str, str]:
        """Where sharp is found from scripts that lie elsewhere."""
        return {**os.environ, "NODE_PATH": str((self.folder / "node_modules").resolve())}

    def command(self, script: str, *arguments: object) -> list[str]:
        return [self.program, str(HERE / script), *map(str, arguments)]


def install_sharp(folder: Path) -> Node | None:
    """Node with the sharp that `package.json` names, installed once; None without Node or npm."""
    program, npm = shutil.which("node"), shutil.which("npm")
    if program is None or npm is None:
        return None
    manifest = (HERE / "package.json").read_bytes()
    installed = folder / "installed.json"
    if not installed.exists() or installed.read_bytes() != manifest:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "package.json").write_bytes(manifest)
        # sharp's libraries are packages of their own: nothing has to be built by a script.
        run(
            [npm, "install", "--no-package-lock", "--ignore-scripts", "--prefix", str(folder)],
            os.environ,
        )
        installed.write_bytes(manifest)
    return Node(program, folder)


def contenders(photo: Path, job: Path, node: Node | None) -> list[Contender]:
    """Everyone who is here, this project first."""
    here = [
        Contender(OURS, python("images.ours", photo), os.environ),
        Contender(PYVIPS, python("images.vips_thumbnails", job), os.environ),
        Contender(FLOOR, python("images.floor", job), os.environ),
    ]
    if node is not None:
        usual, best = (node.command(f"sharp_{way}.js", job) for way in ("usual", "best"))
        here.append(Contender(SHARP_USUAL, usual, node.environment))
        here.append(Contender(SHARP_BEST, best, node.environment))
    return here
