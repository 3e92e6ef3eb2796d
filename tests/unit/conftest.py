"""An in-process AWS for tests of what talks to it."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator
from io import StringIO
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from moto import mock_aws
from moto.dynamodb.models import DynamoDBBackend
from moto.server import ThreadedMotoServer

from aws_names import BUCKET, REGION, TABLE
from backfilled import Bucket
from leased_table import Table
from media_pipeline.telemetry import logger
from sweep_house import DAY, SweepHouse
from worker_house import House, copy_original

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_s3 import S3Client


@pytest.fixture(scope="session")
def endpoint() -> Iterator[str]:
    """Where moto answers what a plan asks of AWS, such as whose account this is."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)
    with mock_aws():
        yield


@pytest.fixture
def dynamodb(aws: None, monkeypatch: pytest.MonkeyPatch) -> DynamoDBClient:
    # DynamoDB checks a condition and writes in one step; moto does only when nobody else can come
    # between.
    one_at_a_time = Lock()
    update_item = DynamoDBBackend.update_item

    def update_item_atomically(*args: Any, **kwargs: Any) -> object:  # noqa: ANN401
        with one_at_a_time:
            return update_item(*args, **kwargs)

    monkeypatch.setattr(DynamoDBBackend, "update_item", update_item_atomically)
    client = boto3.client("dynamodb", region_name=REGION)
    client.create_table(
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
    return client


@pytest.fixture
def s3(aws: None) -> S3Client:
    client = boto3.client("s3", region_name=REGION)
    client.create_bucket(
        Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "eu-central-1"}
    )
    return client


@pytest.fixture
def table(dynamodb: DynamoDBClient) -> Table:
    return Table(dynamodb)


@pytest.fixture
def bucket(s3: S3Client, dynamodb: DynamoDBClient, tmp_path: Path) -> Bucket:
    return Bucket.at(s3, dynamodb, tmp_path)


@pytest.fixture
def house(s3: S3Client, dynamodb: DynamoDBClient) -> House:
    return House(s3, dynamodb, copy_original)


@pytest.fixture
def sweep_house(house: House) -> SweepHouse:
    """Its queues were there days before any upload."""
    sweep_house = SweepHouse.beside(house)
    sweep_house.turn(10 * DAY)
    return sweep_house


@pytest.fixture
def logged() -> Iterator[Callable[[], list[dict[str, Any]]]]:
    """What was logged, a dictionary a line."""
    stream = StringIO()
    [handler] = logger.handlers
    assert isinstance(handler, logging.StreamHandler)
    usual = handler.setStream(stream)
    yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
    handler.setStream(usual)
