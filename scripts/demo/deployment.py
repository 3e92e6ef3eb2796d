"""The module applied to an embedded AWS of its own, and the way to what it made."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from demo.clients import Clients
from demo.roots import Root
from local_aws.process import LocalAwsProcess

SOURCE = Path("environments/local")


@dataclass(frozen=True)
class Deployment(Clients):
    """What `terraform apply` made, by its outputs, and clients to use it with."""

    aws: LocalAwsProcess
    root: Root
    outputs: dict[str, Any]

    @property
    def bucket(self) -> str:
        return str(self.outputs["bucket"]["name"])

    @property
    def table(self) -> str:
        return str(self.outputs["table"]["name"])

    @property
    def functions(self) -> dict[str, str]:
        """The functions' names by route: `images`, `videos`."""
        return {route: made["name"] for route, made in self.outputs["functions"].items()}


@contextlib.contextmanager
def deploy(
    artifacts: Path,
    folder: Path,
    say: Callable[[str], None],
    keep: bool = False,
    source: Path = SOURCE,
) -> Iterator[Deployment]:
    """Start an embedded AWS and apply `environments/local` to it; stop it at the end.

    `source` is another root with the same variables and outputs.

    With `keep` it is left running, unless an exception ends the block. What both write goes to
    `folder`, emptied first, since the state of an AWS that is gone would mislead Terraform.
    Raises `LocalAwsError` or `terraform.TerraformError`.
    """
    variables = variables_for(artifacts)
    _stop_kept(folder)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    aws = LocalAwsProcess(folder / "aws", outlives=keep)
    try:
        say(f"The embedded AWS listens at {aws.endpoint}.")
        root = Root(source, folder, aws.endpoint, {"endpoint": aws.endpoint, **variables})
        yield Deployment(aws.endpoint, aws, root, root.apply(say))
    except BaseException:
        aws.stop()
        raise
    if not keep:
        aws.stop()


def variables_for(artifacts: Path) -> dict[str, str]:
    """What a root is told of the folder that holds the artifacts."""
    described = json.loads(next(artifacts.glob("*-processor.zip.json")).read_bytes())
    return {
        "artifacts_directory": str(artifacts.resolve()),
        "architecture": described["architecture"],
        "runtime": described["runtime"],
    }


def _stop_kept(folder: Path) -> None:
    """End the embedded AWS that an earlier demo was asked to keep, and wait until it has ended."""
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):
        process_id = int((folder / "aws/lock").read_text())
        if b"local_aws" not in Path(f"/proc/{process_id}/cmdline").read_bytes():
            return
        os.kill(process_id, signal.SIGTERM)
        while True:
            os.kill(process_id, 0)
            time.sleep(0.1)
