"""moto in this process: one bucket, one table, one route and its dead letters, behind the gate."""

from __future__ import annotations

import importlib
import json
import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any
from unittest.mock import patch

import boto3
import time_machine
from boto3.dynamodb.types import TypeDeserializer
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from moto import backends, mock_aws
from moto.backend_index import backend_url_patterns
from moto.core.models import botocore_stubber
from moto.core.utils import camelcase_to_underscores

from aws_names import BUCKET, REGION, TABLE
from proof.gates import Gate

ACCOUNT = "123456789012"
MAX_RECEIVES = 5
VISIBILITY = timedelta(seconds=6 * 120)
RECIPE = {
    "images": {
        "renditions": {
            "thumb": {"width": 16, "formats": {"jpg": {"quality": 80}}},
            "32w": {"width": 32, "formats": {"jpg": {"quality": 80}, "webp": {"quality": 80}}},
        },
        "placeholders": [],
        "perceptual_hash": False,
    },
    "videos": {
        "ladder": {
            "48p": {"short_side": 48, "bitrate": 40000, "max_bitrate": 60000, "buffer": 80000}
        },
        "storyboard": {"seconds": 1, "width": 16},
    },
    "record": {
        "attributes": {
            name: name
            for name in (
                *("type", "status", "error", "width", "height", "renditions", "original"),
                *("stream", "downloads", "poster", "storyboard"),
            )
        }
    },
}
QUEUE, DEAD_LETTERS = "media-images", "media-images-dead-letters"
URL = f"https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/{QUEUE}"

SERVICES = ("s3", "dynamodb", "sqs")

ENVIRONMENT = {
    "AWS_ACCESS_KEY_ID": "testing",
    "AWS_SECRET_ACCESS_KEY": "testing",
    "AWS_DEFAULT_REGION": REGION,
    "MEDIA_TABLE": TABLE,
    "TABLE_KEY": '["id", "projectId"]',
    "MEDIA_BUCKET": BUCKET,
    "OUTPUT_BUCKET": BUCKET,
    "MEDIA_RECIPE": json.dumps(RECIPE),
    "MAX_RECEIVES": str(MAX_RECEIVES),
    "PENDING": json.dumps({"attributes": {"status": "pending"}, "created_at": "createdAt"}),
    "POWERTOOLS_LOG_LEVEL": "CRITICAL",
    "POWERTOOLS_SERVICE_NAME": "proof",
    "POWERTOOLS_METRICS_NAMESPACE": "proof",
}


def deploy(kind: str) -> None:
    """Tell the sweep which route there is; what it was told before, its container has kept."""
    queues = json.dumps({kind: URL})
    if os.environ.get("QUEUES") != queues:
        os.environ["QUEUES"] = queues
        importlib.import_module("sweep")._sweeper.cache_clear()


class Clock:
    """True time, which stands still unless it is moved, and what a worker's clock makes of it."""

    def __init__(self, traveller: time_machine.Traveller, start: datetime) -> None:
        self._traveller = traveller
        self._skew = timedelta()
        self.now = start
        self._set()

    def advance(self, by: timedelta) -> None:
        self.now += by
        self._set()

    @contextmanager
    def skewed(self, skew: timedelta) -> Iterator[None]:
        """What runs meanwhile reads a clock that is wrong by `skew`."""
        before, self._skew = self._skew, skew
        self._set()
        try:
            yield
        finally:
            self._skew = before
            self._set()

    def _set(self) -> None:
        self._traveller.move_to((self.now + self._skew).timestamp(), tick=False)


@contextmanager
def embedded() -> Iterator[None]:
    """moto in place of AWS, one client of each service for all, no wait between two attempts."""
    known = [(name, form) for name, form in backend_url_patterns if name in SERVICES]
    with (
        patch.dict(os.environ, ENVIRONMENT),
        patch("moto.core.responses.camelcase_to_underscores", cache(camelcase_to_underscores)),
        patch("moto.sqs.models.camelcase_to_underscores", cache(camelcase_to_underscores)),
        patch("moto.backend_index.backend_url_patterns", known),
        mock_aws(),
        patch("boto3.client", cache_clients(boto3.client)),
        patch("botocore.endpoint.time.sleep", lambda _: None),
    ):
        yield


def cache_clients(make: Any) -> Any:  # noqa: ANN401
    """Clients take long to make, and keep nothing from one call to the next."""

    @cache
    def of(service: str) -> Any:  # noqa: ANN401
        client = make(service, config=_config())
        client.meta.events.unregister("before-send", botocore_stubber)
        client.meta.events.register_first("before-send", lambda **call: _gate[-1](**call))
        if service == "s3":
            client.upload_file = _upload_by(client)
        return client

    return lambda service, **_: of(service)


def _upload_by(client: Any) -> Callable[..., None]:  # noqa: ANN401
    """What boto3 does of a small file, without threads of its own, which no worker could stop."""

    def upload_file(path: str, bucket: str, key: str, *, ExtraArgs: dict[str, str]) -> None:  # noqa: N803
        client.put_object(Bucket=bucket, Key=key, Body=Path(path).read_bytes(), **ExtraArgs)

    return upload_file


def _config() -> Any:  # noqa: ANN401
    from media_pipeline.handler import CLIENT_CONFIG

    return CLIENT_CONFIG


_gate: list[Gate] = []


def stand(gate: Gate) -> None:
    """Let every call from now on pass `gate`."""
    _gate[:] = [gate]


def carry_out(event_name: str, request: AWSPreparedRequest) -> AWSResponse:
    """moto's answer."""
    response = botocore_stubber(event_name, request)
    assert response is not None
    return response


def reset(versioned: bool) -> None:
    """An empty bucket, table and queues."""
    for service in SERVICES:
        backends.get_backend(service).reset()  # type: ignore[call-overload]
    s3, sqs = boto3.client("s3"), boto3.client("sqs")
    s3.create_bucket(
        Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "eu-central-1"}
    )
    if versioned:
        s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
    boto3.client("dynamodb").create_table(
        TableName=TABLE,
        BillingMode="PAY_PER_REQUEST",
        KeySchema=[
            {"AttributeName": "id", "KeyType": "HASH"},
            {"AttributeName": "projectId", "KeyType": "RANGE"},
        ],
        AttributeDefinitions=[
            {"AttributeName": "id", "AttributeType": "S"},
            {"AttributeName": "projectId", "AttributeType": "S"},
        ],
    )
    sqs.create_queue(QueueName=DEAD_LETTERS)
    redrive = {
        "deadLetterTargetArn": f"arn:aws:sqs:{REGION}:{ACCOUNT}:{DEAD_LETTERS}",
        "maxReceiveCount": MAX_RECEIVES,
    }
    sqs.create_queue(
        QueueName=QUEUE,
        Attributes={
            "VisibilityTimeout": str(int(VISIBILITY.total_seconds())),
            "RedrivePolicy": json.dumps(redrive),
        },
    )
    # AWS says it in whole seconds.
    queue = backends.get_backend("sqs")[ACCOUNT][REGION].queues[QUEUE]
    queue.created_timestamp = int(queue.created_timestamp)


def messages(queue: str = QUEUE) -> int:
    """How many are in the queue, those in flight among them."""
    found = backends.get_backend("sqs")[ACCOUNT][REGION].queues[queue]
    return found.approximate_number_of_messages + found.approximate_number_of_messages_not_visible


def dead_letters() -> set[str]:
    """The keys of the uploads whose messages have failed too often."""
    queue = backends.get_backend("sqs")[ACCOUNT][REGION].queues[DEAD_LETTERS]
    events = [json.loads(message.body) for message in queue._messages]
    return {event["detail"]["object"]["key"] for event in events}


def records() -> list[dict[str, Any]]:
    """Every item of the table, without a call."""
    table = backends.get_backend("dynamodb")[ACCOUNT][REGION].tables[TABLE]
    read = TypeDeserializer().deserialize
    return [
        {name: read(_as_json(value)) for name, value in item.attrs.items()}
        for item in table.all_items()
    ]


def _as_json(value: Any) -> Any:  # noqa: ANN401
    """moto's own type as DynamoDB's API has it."""
    plain = value.value
    if isinstance(plain, dict):
        plain = {name: _as_json(inner) for name, inner in plain.items()}
    elif isinstance(plain, list):
        plain = [_as_json(inner) for inner in plain]
    return {value.type: plain}


def objects(prefix: str) -> dict[str, bytes]:
    """Every object there is, by key, without a call."""
    bucket = backends.get_backend("s3")[ACCOUNT]["aws"].buckets[BUCKET]
    return {
        key: stored.value
        for key, stored in bucket.keys.items()
        if key.startswith(prefix) and hasattr(stored, "value")
    }


def named_keys(record: object) -> Iterator[dict[str, Any]]:
    """Every map of a record that names an object: its `key` and what else is said of it."""
    if isinstance(record, dict):
        if isinstance(record.get("key"), str) and "bytes" in record:
            yield record
        for inner in record.values():
            yield from named_keys(inner)
    elif isinstance(record, list):
        for inner in record:
            yield from named_keys(inner)


def referred(playlist: str) -> set[str]:
    """What a playlist, a manifest or a storyboard's track names, as relative paths."""
    found = re.findall(
        r'URI="([^"]+)"|<BaseURL>([^<]+)|(?:initialization|media)="([^"]+)"', playlist
    )
    named = {name for names in found for name in names if name}
    named |= {
        line.strip()
        for line in playlist.splitlines()
        if re.fullmatch(r"[^#<\s]\S*\.\w+(#\S*)?", line)
    }
    return {name.split("#")[0] for name in named}
