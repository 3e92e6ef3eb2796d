"""A bucket with originals, the queues of its routes, and the command that fills them."""

from __future__ import annotations

import json
import signal
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
import pytest

import backfill
from aws_names import BUCKET, REGION, TABLE
from backfilling.deployed import read_deployed
from backfilling.options import read_options
from backfilling.run import Backfill, Services
from media_pipeline.events import parse_event
from media_pipeline.leases import Claim
from media_pipeline.recipe import DEFAULT_RECIPE, load_recipe
from media_pipeline.records import Catalog, Lease
from media_pipeline.vocabulary import Vocabulary

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sqs import SQSClient

RECIPE = load_recipe()


class Clock:
    """A clock that only waiting moves."""

    def __init__(self) -> None:
        self.seconds = 100.0

    def __call__(self) -> float:
        return self.seconds

    def sleep(self, seconds: float) -> None:
        self.seconds += seconds


class Watched:
    """A display that remembers, and does something when it is shown so many messages."""

    def __init__(self, total: int) -> None:
        self.total = total
        self.shown: list[tuple[int, int]] = []
        self.on_sent: Callable[[int], None] = lambda _: None

    def __enter__(self) -> Watched:
        return self

    def __exit__(self, *_: object) -> None:
        return None

    def show(self, looked_at: int, sent: int) -> None:
        self.shown.append((looked_at, sent))
        self.on_sent(sent)


@dataclass
class Bucket:
    """The services, and a clock that no test waits for."""

    s3: S3Client
    dynamodb: DynamoDBClient
    sqs: SQSClient
    urls: dict[str, str]
    folder: Path
    clock: Clock

    @classmethod
    def at(cls, s3: S3Client, dynamodb: DynamoDBClient, folder: Path) -> Bucket:
        sqs = boto3.client("sqs", region_name=REGION)
        urls = {
            route: sqs.create_queue(QueueName=f"media-{route}")["QueueUrl"]
            for route in ("images", "videos")
        }
        return cls(s3, dynamodb, sqs, urls, folder, Clock())

    def outputs(self, **changes: object) -> dict[str, Any]:
        return {
            "bucket": {"name": BUCKET, "arn": f"arn:aws:s3:::{BUCKET}"},
            "table": {
                "name": TABLE,
                "arn": f"arn:aws:dynamodb:{REGION}:123456789012:table/{TABLE}",
            },
            "queues": {route: {"queue": {"url": url}} for route, url in self.urls.items()},
            "functions": {"images": {"name": "i"}, "videos": {"name": "v"}},
            "recipe": json.loads(DEFAULT_RECIPE.read_text()),
            **changes,
        }

    def write(self, outputs: object) -> str:
        path = self.folder / "media.json"
        path.write_text(json.dumps(outputs))
        return str(path)

    @property
    def file(self) -> str:
        return self.write(self.outputs())

    def put(self, *keys: str, body: bytes = b"original") -> None:
        for key in keys:
            self.s3.put_object(Bucket=BUCKET, Key=key, Body=body)

    def backfill(
        self,
        *options: str,
        sqs: object = None,
        dynamodb: object = None,
        outputs: Mapping[str, object] | None = None,
    ) -> Backfill:
        services: Any = Services(self.s3, self.dynamodb, self.sqs, self.clock, self.clock.sleep)
        given = {"sqs": sqs, "dynamodb": dynamodb}
        services = replace(services, **{n: given[n] for n in given if given[n] is not None})
        state = ("--state", str(self.folder / "state.json"))
        file = self.write(self.outputs(**(outputs or {})))
        return Backfill(read_deployed(file), read_options([file, *state, *options]), services)

    def run(self, *options: str, **given: Any) -> Backfill:  # noqa: ANN401
        made = self.backfill(*options, **given)
        made.run(Watched)
        return made

    def command(
        self, monkeypatch: pytest.MonkeyPatch, *options: str, outputs: object = None
    ) -> int:
        """The exit status of the command, which meets these services."""
        services = Services(self.s3, self.dynamodb, self.sqs, self.clock, self.clock.sleep)
        monkeypatch.setattr(backfill, "_services", lambda _: services)
        file = self.write(self.outputs() if outputs is None else outputs)
        return backfill.main([file, "--state", str(self.folder / "state.json"), *options])

    def received(self, route: str = "images") -> list[str]:
        """The keys that the queue holds messages of, which are taken out, in some order."""
        keys = []
        while messages := self.sqs.receive_message(
            QueueUrl=self.urls[route], MaxNumberOfMessages=10
        ).get("Messages"):
            for message in messages:
                (job,) = parse_event(json.loads(message["Body"]), "test")
                assert job.bucket == BUCKET
                assert (job.source_version, job.sequencer) == (None, None)
                keys.append(job.key)
                self.sqs.delete_message(
                    QueueUrl=self.urls[route], ReceiptHandle=message["ReceiptHandle"]
                )
        return keys

    def etag(self, key: str) -> str:
        return self.s3.head_object(Bucket=BUCKET, Key=key)["ETag"].strip('"')

    def claim(self, key: str, /, minutes: float = 10, **changes: Any) -> Lease:  # noqa: ANN401
        _, project, media, _ = key.split("/")
        claim = Claim(
            source_version=self.etag(key),
            sequencer=None,
            recipe_digest=RECIPE.digest,
            holder="message-1",
            expires_at=datetime.now(UTC) + timedelta(minutes=minutes),
            bucket=BUCKET,
            key=key,
            etag=self.etag(key),
        )
        lease = self.catalog.claim(
            {"id": media, "projectId": project},
            replace(claim, **changes),
            {},
            lambda: True,
            Vocabulary(RECIPE.record.attributes),
        )
        assert isinstance(lease, Lease)
        return lease

    @property
    def catalog(self) -> Catalog:
        return Catalog(self.dynamodb, TABLE)


def photo(number: int) -> str:
    return f"originals/p/m{number:05}/a b+c%.jpg"


def date_objects(bucket: Bucket, monkeypatch: pytest.MonkeyPatch, days: dict[str, int]) -> None:
    """Have S3 say that objects were last modified on a day of March 2026."""
    real = bucket.s3.get_paginator

    class Dated:
        def paginate(self, **request: Any) -> Iterator[dict[str, Any]]:  # noqa: ANN401
            for page in real("list_objects_v2").paginate(**request):
                for entry in page.get("Contents", []):
                    entry["LastModified"] = datetime(2026, 3, days[entry["Key"]], tzinfo=UTC)
                yield dict(page)

    monkeypatch.setattr(bucket.s3, "get_paginator", lambda _: Dated())


def interrupted_at_once(total: int) -> Watched:
    display = Watched(total)
    display.on_sent = lambda _: signal.raise_signal(signal.SIGINT)
    return display
