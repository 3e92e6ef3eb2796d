"""What an application does: write a `pending` record, upload, and watch the record."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from boto3.dynamodb.types import TypeDeserializer
from boto3.s3.transfer import TransferConfig

from demo.media import PROJECT, Medium
from media_pipeline.leases import format_time

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_s3 import S3Client

FINISHED = ("completed", "failed")
POLL_SECONDS = 0.25


def upload(s3: S3Client, bucket: str, medium: Medium, in_parts: bool) -> None:
    """Upload with one PUT, or `in_parts` as SDKs do with what is large."""
    if in_parts:
        part_by_part = TransferConfig(multipart_threshold=1, multipart_chunksize=5 * 1024 * 1024)
        s3.upload_file(str(medium.path), bucket, medium.key, Config=part_by_part)
    else:
        s3.put_object(Bucket=bucket, Key=medium.key, Body=medium.path.read_bytes())


def write_pending(dynamodb: DynamoDBClient, table: str, medium: Medium) -> None:
    """The record that an application keeps from the moment it hands out the upload."""
    now = format_time(datetime.now(UTC))
    dynamodb.put_item(
        TableName=table,
        Item={
            "id": {"S": medium.media_id},
            "projectId": {"S": PROJECT},
            "status": {"S": "pending"},
            "type": {"S": medium.kind},
            "createdAt": {"S": now},
            "updatedAt": {"S": now},
        },
    )


def read_record(
    dynamodb: DynamoDBClient, table: str, media_id: str, project: str = PROJECT
) -> dict[str, Any]:
    """The record as plain values; empty if there is none."""
    answer = dynamodb.get_item(
        TableName=table, Key={"id": {"S": media_id}, "projectId": {"S": project}}
    )
    item = answer.get("Item", {})
    return {name: TypeDeserializer().deserialize(value) for name, value in item.items()}


def watch(
    dynamodb: DynamoDBClient, table: str, media_ids: list[str], seconds: float
) -> Iterator[Mapping[str, dict[str, Any]]]:
    """All records, again and again, until every one is finished; `TimeoutError` after `seconds`."""
    deadline = time.monotonic() + seconds
    while True:
        records = {name: read_record(dynamodb, table, name) for name in media_ids}
        yield records
        if all(record.get("status") in FINISHED for record in records.values()):
            return
        if time.monotonic() > deadline:
            waiting = [n for n, r in records.items() if r.get("status") not in FINISHED]
            raise TimeoutError(f"not finished after {seconds:.0f} s: {', '.join(waiting)}")
        time.sleep(POLL_SECONDS)


def save_outputs(s3: S3Client, bucket: str, media_ids: list[str], folder: Path) -> None:
    """Copy every output of `media_ids` to `folder`, each under its own key."""
    for media_id in media_ids:
        pages = s3.get_paginator("list_objects_v2").paginate(
            Bucket=bucket, Prefix=f"renditions/{PROJECT}/{media_id}/"
        )
        for page in pages:
            for listed in page.get("Contents", ()):
                path = folder / listed["Key"]
                path.parent.mkdir(parents=True, exist_ok=True)
                s3.download_file(bucket, listed["Key"], str(path))
