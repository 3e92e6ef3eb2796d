"""The module applied once, by the real provider, for all tests that use it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
import pytest

from demo.artifacts_here import build_here
from demo.deployment import Deployment, deploy
from demo.uploads import FINISHED, read_record
from e2e.application import count_messages, wait_until

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_s3 import S3Client

BUILD = Path("build")


@dataclass(frozen=True)
class House:
    """The deployed module, and what an application does with it."""

    deployment: Deployment

    @property
    def s3(self) -> S3Client:
        return self.deployment.s3

    @property
    def dynamodb(self) -> DynamoDBClient:
        return self.deployment.dynamodb

    def upload(self, key: str, body: bytes) -> None:
        self.s3.put_object(Bucket=self.deployment.bucket, Key=key, Body=body)

    def record(self, media_id: str) -> dict[str, Any]:
        return read_record(self.dynamodb, self.deployment.table, media_id)

    def finished(self, media_id: str) -> dict[str, Any]:
        """The record once it is completed or failed."""
        wait_until(lambda: self.record(media_id).get("status") in FINISHED)
        return self.record(media_id)

    def read(self, key: str) -> bytes:
        return self.s3.get_object(Bucket=self.deployment.bucket, Key=key)["Body"].read()

    def save(self, prefix: str, folder: Path) -> None:
        """Copy what lies under `prefix` to `folder`, by its path after the prefix."""
        listed = self.s3.list_objects_v2(Bucket=self.deployment.bucket, Prefix=prefix)
        for entry in listed["Contents"]:
            path = folder / entry["Key"].removeprefix(prefix)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(self.read(entry["Key"]))

    @contextmanager
    def untold(self, *routes: str) -> Iterator[None]:
        """While it lasts, no rule tells the queues of those routes of an upload."""
        events = boto3.client("events", **self.deployment.access)
        queues = self.deployment.outputs["queues"]
        rules = [queues[route]["rule_arn"].rpartition("/")[2] for route in routes]
        for rule in rules:
            events.disable_rule(Name=rule)
        try:
            yield
        finally:
            for rule in rules:
                events.enable_rule(Name=rule)

    def assert_queues_drain(self) -> None:
        """Every queue and dead-letter queue becomes empty, nothing in flight either."""
        queues = self.deployment.outputs["queues"]
        wait_until(lambda: not count_messages(self.deployment.sqs, queues))


@pytest.fixture(scope="session")
def house() -> Iterator[House]:
    artifacts = build_here(BUILD, print)
    # Each of several test processes has its own.
    folder = BUILD / f"test-aws{os.environ.get('PYTEST_XDIST_WORKER', '')}"
    with deploy(artifacts, folder, print) as deployment:
        yield House(deployment)
