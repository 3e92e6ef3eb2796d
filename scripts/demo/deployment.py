"""The module applied to an embedded AWS of its own, and the way to what it made."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config

import terraform

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sqs import SQSClient

ROOT = "environments/local"
REGION = "us-east-1"
STOPS_WITHIN_SECONDS = 30


class DeploymentError(Exception):
    """The embedded AWS did not start; says why in a sentence."""


@dataclass(frozen=True)
class Deployment:
    """What `terraform apply` made, by its outputs, and clients to use it with."""

    endpoint: str
    folder: Path
    outputs: dict[str, Any]
    process_id: int

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

    def queue_url(self, route: str, kind: str = "queue") -> str:
        """The URL of a route's `queue` or `dead_letter_queue`."""
        return str(self.outputs["queues"][route][kind]["url"])

    def log_file(self, function: str) -> Path:
        """Where the embedded AWS writes what a function logs."""
        return self.folder / "logs" / f"{function}.log"

    @cached_property
    def s3(self) -> S3Client:
        path_style = Config(s3={"addressing_style": "path"})
        return boto3.client("s3", config=path_style, **self._access)

    @cached_property
    def dynamodb(self) -> DynamoDBClient:
        return boto3.client("dynamodb", **self._access)

    @cached_property
    def sqs(self) -> SQSClient:
        return boto3.client("sqs", **self._access)

    @cached_property
    def lambdas(self) -> LambdaClient:
        # An invocation may take as long as its function may.
        patient = Config(read_timeout=900, retries={"total_max_attempts": 1})
        return boto3.client("lambda", config=patient, **self._access)

    @property
    def _access(self) -> dict[str, Any]:
        return {
            "endpoint_url": self.endpoint,
            "region_name": REGION,
            "aws_access_key_id": "test",
            "aws_secret_access_key": "test",
        }


@contextlib.contextmanager
def deploy(
    artifacts: Path, folder: Path, say: Callable[[str], None], keep: bool = False
) -> Iterator[Deployment]:
    """Start an embedded AWS and apply `environments/local` to it; stop it at the end.

    With `keep` it is left running, unless an exception ends the block. What both write goes to
    `folder`, emptied first, since the state of an AWS that is gone would mislead Terraform.
    Raises `DeploymentError` or `terraform.TerraformError`.
    """
    root = Root(artifacts, folder)
    _stop_earlier(folder)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    process, endpoint = _start_aws(folder, keep)
    try:
        say(f"The embedded AWS listens at {endpoint}.")
        outputs = root.apply(endpoint, say)
        yield Deployment(endpoint, folder, outputs, process.pid)
    except BaseException:
        _stop(process.pid)
        raise
    if not keep:
        _stop(process.pid)


class Root:
    """The Terraform root that applies the module to an embedded AWS."""

    def __init__(self, artifacts: Path, folder: Path) -> None:
        self._environment = terraform.terraform_environment(
            folder.parent / "terraform" / folder.name
        )
        terraform.check_terraform(self._environment)
        self._artifacts = artifacts.resolve()
        self._state = folder.resolve() / "terraform.tfstate"

    def apply(self, endpoint: str, say: Callable[[str], None]) -> dict[str, Any]:
        """Create everything; the answer is the root's outputs by name."""

        def say_progress(line: str) -> None:
            if "Creation complete" in line or line.startswith(("Plan:", "Apply complete")):
                say(line.partition(" [id=")[0])

        self._run(["init", "-input=false"])
        self._run(["apply", "-auto-approve", *self._options(endpoint)], say_progress)
        outputs = json.loads(self._run(["output", "-json", f"-state={self._state}"]))
        return {name: output["value"] for name, output in outputs.items()}

    def plan(self, endpoint: str) -> str:
        """What a second plan would change, as Terraform prints it."""
        return self._run(["plan", "-no-color", *self._options(endpoint)])

    def _options(self, endpoint: str) -> list[str]:
        described = json.loads((self._artifacts / "image-processor.zip.json").read_bytes())
        variables = {
            "endpoint": endpoint,
            "artifacts_directory": str(self._artifacts),
            "architecture": described["architecture"],
            "runtime": described["runtime"],
        }
        settings = (f"-var={name}={value}" for name, value in variables.items())
        return ["-input=false", f"-state={self._state}", *settings]

    def _run(self, arguments: list[str], on_line: Callable[[str], None] | None = None) -> str:
        return terraform.run([f"-chdir={ROOT}", *arguments], self._environment, on_line)


def _start_aws(folder: Path, keep: bool) -> tuple[subprocess.Popen[str], str]:
    """Start the embedded AWS; the answer is its process and its endpoint.

    Without `keep` it ends when its standard input does, and so outlives nobody, however killed.
    """
    command = [sys.executable, "-m", "local_aws", "--folder", str(folder / "aws")]
    process = subprocess.Popen(
        command if keep else [*command, "--until-stdin-closes"],
        stdin=subprocess.DEVNULL if keep else subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=(folder / "aws.log").open("w"),
        text=True,
        start_new_session=True,
    )
    endpoint = process.stdout.readline().strip() if process.stdout else ""
    if not endpoint.startswith("http"):
        process.wait()
        raise DeploymentError(f"The embedded AWS did not start: {(folder / 'aws.log').read_text()}")
    _pid_file(folder).write_text(str(process.pid))
    return process, endpoint


def _pid_file(folder: Path) -> Path:
    return folder / "aws.pid"


def _stop_earlier(folder: Path) -> None:
    """End an embedded AWS that an earlier demo was asked to keep."""
    with contextlib.suppress(FileNotFoundError, ValueError, ProcessLookupError):
        process_id = int(_pid_file(folder).read_text())
        if b"local_aws" in Path(f"/proc/{process_id}/cmdline").read_bytes():
            _stop(process_id)


def _stop(process_id: int) -> None:
    """Ask the process to end, and see to it that it has."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(process_id, signal.SIGTERM)
        for _ in range(STOPS_WITHIN_SECONDS * 10):
            with contextlib.suppress(ChildProcessError):
                os.waitpid(process_id, os.WNOHANG)
            os.kill(process_id, 0)
            time.sleep(0.1)
        os.killpg(process_id, signal.SIGKILL)
