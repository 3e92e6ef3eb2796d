"""The project's Terraform, copied to where tests may leave traces."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from media_pipeline.recipe import DEFAULT_RECIPE
from terraform import ROOT, run, terraform_environment

Plan = dict[str, Any]


class Checkout:
    """Terraform's files in a folder of their own, with `artifacts` to deploy."""

    def __init__(self, path: Path) -> None:
        self.path = path
        kept = {"*.tf", "*.hcl", DEFAULT_RECIPE.name}
        for pattern in kept:
            for source in sorted(ROOT.glob(pattern)):
                shutil.copy(source, path)
        for folder in ("modules", "environments", "examples", "tests/terraform", "lambda-common"):
            for pattern in kept:
                for source in sorted((ROOT / folder).rglob(pattern)):
                    target = path / source.relative_to(ROOT)
                    target.parent.mkdir(parents=True, exist_ok=True)
                    shutil.copy(source, target)
        write_artifacts(path / "artifacts")

    def run(self, folder: str, *arguments: str) -> str:
        """Run Terraform in a folder of the copy, without the machine's AWS settings."""
        clean = {key: value for key, value in os.environ.items() if not key.startswith("AWS_")}
        kept = self.path / "kept" / folder.replace("/", "-")
        environment = terraform_environment(kept, clean)
        return run([f"-chdir={self.path / folder}", *arguments], environment)

    def plan(self, folder: str, *arguments: str) -> Plan:
        """What Terraform would do in a folder of the copy."""
        self.run(folder, "init", "-no-color")
        self.run(folder, "plan", "-no-color", "-input=false", "-out=tfplan", *arguments)
        plan: Plan = json.loads(self.run(folder, "show", "-json", "tfplan"))
        return plan


def write_artifacts(
    folder: Path,
    *,
    architecture: str = "x86_64",
    runtime: str = "python3.13",
    raw: bool | None = False,
    size: int = 1,
    names: Sequence[str] = ("image-processor", "video-processor", "ffmpeg-layer", "sweep"),
) -> None:
    """Zips with nothing in them, described as given; `raw=None` as before there was the word."""
    folder.mkdir()
    for name in names:
        path = folder / f"{name}.zip"
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr(name, "")
        description = {
            "architecture": architecture,
            "runtime": None if name == "ffmpeg-layer" else runtime,
            **({"raw": raw} if name == "image-processor" and raw is not None else {}),
            "bytes": size,
            "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
        }
        path.with_name(f"{name}.zip.json").write_text(json.dumps(description))


def planned(plan: Plan, kind: str, within: str = "") -> list[dict[str, Any]]:
    """What resources of a kind would be, of the addresses that begin as given."""
    return [
        change["change"]["after"]
        for change in plan["resource_changes"]
        if change["type"] == kind and change["address"].startswith(within)
    ]


def granted_in(plan: Plan, within: str) -> dict[str, dict[str, set[str]]]:
    """By name of the policy and by resource, what roles may do."""
    granted: dict[str, dict[str, set[str]]] = {}
    for policy in planned(plan, "aws_iam_role_policy", within):
        (statement,) = json.loads(policy["policy"])["Statement"]
        assert statement["Effect"] == "Allow"
        actions = set(statement["Action"])
        granted[policy["name"]] = dict.fromkeys(statement["Resource"], actions)
    return granted
