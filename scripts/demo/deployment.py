"""The module applied to an embedded AWS of its own, and the way to what it made."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import signal
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config

import terraform
from local_aws.process import LocalAwsProcess

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sqs import SQSClient

ROOT = "environments/local"
REGION = "us-east-1"


@dataclass(frozen=True)
class Deployment:
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

    def queue_url(self, route: str, kind: str = "queue") -> str:
        """The URL of a route's `queue` or `dead_letter_queue`."""
        return str(self.outputs["queues"][route][kind]["url"])

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
            "endpoint_url": self.aws.endpoint,
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
    Raises `LocalAwsError` or `terraform.TerraformError`.
    """
    root = Root(artifacts, folder)
    _stop_kept(folder)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    aws = LocalAwsProcess(folder / "aws", outlives=keep)
    try:
        say(f"The embedded AWS listens at {aws.endpoint}.")
        yield Deployment(aws, root, root.apply(aws.endpoint, say))
    except BaseException:
        aws.stop()
        raise
    if not keep:
        aws.stop()


class Root:
    """The Terraform root that applies the module to an embedded AWS."""

    def __init__(self, artifacts: Path, folder: Path) -> None:
        # An access that the caller has to the real AWS is none of this root's business.
        own = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
        self._environment = terraform.terraform_environment(
            folder.parent / "terraform" / folder.name, own
        )
        terraform.check_terraform(self._environment)
        self._artifacts = artifacts.resolve()
        self._state = folder.resolve() / "terraform.tfstate"

    def apply(self, endpoint: str, say: Callable[[str], None]) -> dict[str, Any]:
        """Create everything; the answer is the root's outputs by name."""

        def say_progress(line: str) -> None:
            if made := re.match(r"module\.media\.(\S+): Creation complete after (\w+)", line):
                say(f"  {made[1].replace('module.', '')}  {made[2]}")
            elif line.startswith(("Plan:", "Apply complete")):
                say(line)

        say("terraform init")
        backend = f"-backend-config=path={self._state}"
        self._run(["init", "-no-color", "-input=false", "-reconfigure", backend])
        say("terraform apply")
        self._run(["apply", "-no-color", "-auto-approve", *self._options(endpoint)], say_progress)
        outputs = json.loads(self._run(["output", "-no-color", "-json"]))
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
        return ["-input=false", *settings]

    def _run(self, arguments: list[str], on_line: Callable[[str], None] | None = None) -> str:
        return terraform.run([f"-chdir={ROOT}", *arguments], self._environment, on_line)


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
