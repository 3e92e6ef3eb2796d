"""A worker whose process a test writes, and the services around it."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from boto3.dynamodb.types import TypeDeserializer

from aws_names import BUCKET, TABLE
from media_pipeline.events import Job
from media_pipeline.recipe import load_recipe
from media_pipeline.records import Catalog
from media_pipeline.storage import Originals, Publisher
from media_pipeline.worker import (
    CuttingKind,
    Invocation,
    Kind,
    Outcome,
    Task,
    Worker,
)

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_s3 import S3Client

KEY = "originals/gallery-7/photo-42/a b+c%.jpg"
PLENTY = Invocation(lambda: 300.0, 300.0)
LAST_TRY = replace(PLENTY, is_last_try=True)


@dataclass
class House:
    """A worker whose process is `process`, and the services around it."""

    s3: S3Client
    dynamodb: DynamoDBClient
    process: Callable[[Task], dict[str, Any]]
    recipe: str = "{}"
    byte_limit: int = 1000
    domain: str | None = None
    cutting: CuttingKind | None = None
    clock: Callable[[], float] = time.monotonic
    output_bucket: str = BUCKET
    table: str = TABLE

    @property
    def worker(self) -> Worker:
        return Worker(
            Kind("image", lambda task: self.process(task), lambda _: self.byte_limit, self.cutting),
            load_recipe(self.recipe),
            Originals(self.s3),
            Catalog(self.dynamodb, self.table),
            lambda key_of, before: Publisher(
                self.s3, self.output_bucket, key_of, self.domain, before
            ),
            self.clock,
        )

    def upload(
        self, body: bytes = b"original", sequencer: str | None = "0A", key: str = KEY
    ) -> Job:
        answer = self.s3.put_object(Bucket=BUCKET, Key=key, Body=body)
        return Job(
            BUCKET,
            key,
            holder="message-1",
            version_id=answer.get("VersionId"),
            etag=answer["ETag"].strip('"'),
            sequencer=sequencer,
        )

    def run(self, job: Job, invocation: Invocation = PLENTY) -> Outcome:
        return self.worker.run(job, invocation)

    @property
    def record(self) -> dict[str, Any]:
        return self.record_of("photo-42", "gallery-7")

    def record_of(self, item_id: str, project_id: str) -> dict[str, Any]:
        return self.record_at({"id": item_id, "projectId": project_id})

    def record_at(self, key: Mapping[str, str]) -> dict[str, Any]:
        found = self.dynamodb.get_item(
            TableName=self.table, Key={name: {"S": value} for name, value in key.items()}
        )
        return {n: TypeDeserializer().deserialize(v) for n, v in found.get("Item", {}).items()}

    def keys(self, prefix: str = "") -> list[str]:
        found = self.s3.list_objects_v2(Bucket=BUCKET, Prefix=prefix)
        return [listed["Key"] for listed in found.get("Contents", [])]


def copy_original(task: Task) -> dict[str, Any]:
    return {"stream": task.publisher.put("copy.bin", task.source.read_bytes(), "text/plain")}
