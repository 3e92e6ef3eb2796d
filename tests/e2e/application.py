"""An application's view of AWS, and real media for it to upload."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, get_args
from urllib.parse import unquote, urlsplit

from demo.clients import Clients
from media_pipeline.updates import read_item, write_item

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

    from local_aws.process import LocalAwsProcess

EXAMPLES = Path("examples")
PATIENCE_SECONDS = 180.0
Count = Literal["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]


def real_media(name: str, make: Callable[[Path], Path], folder: Path) -> Path:
    """A file of the folder that `MEDIA_CORPUS` names, or without one what `make` makes."""
    if corpus := os.environ.get("MEDIA_CORPUS"):
        return Path(corpus) / name
    return make(folder / name)


@dataclass(frozen=True)
class Application(Clients):
    """An application's view of one table and the buckets of its media."""

    aws: LocalAwsProcess
    table: str

    @classmethod
    def at(cls, aws: LocalAwsProcess, table: str) -> Application:
        return cls(aws.endpoint, aws, table)

    def put(self, **item: object) -> None:
        """Write an item as the application does before an upload."""
        self.dynamodb.put_item(TableName=self.table, Item=write_item(item))

    def record(self, **key: str) -> dict[str, Any]:
        """The item as it is now."""
        answer = self.dynamodb.get_item(
            TableName=self.table, Key=write_item(key), ConsistentRead=True
        )
        return read_item(answer.get("Item", {}))

    def ended(self, status: str, ends: set[str], **key: str) -> dict[str, Any]:
        """The item once its attribute `status` is one of `ends`."""
        wait_until(lambda: self.record(**key).get(status) in ends)
        return self.record(**key)

    def body(self, bucket: str, url: str, domain: str) -> bytes:
        """What a URL under the delivery domain serves."""
        parts = urlsplit(url)
        assert (parts.scheme, parts.netloc) == ("https", domain), url
        key = unquote(parts.path[1:])
        return self.s3.get_object(Bucket=bucket, Key=key)["Body"].read()

    def keys(self, bucket: str, prefix: str = "") -> set[str]:
        """Every key under a prefix, without it."""
        pages = self.s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
        return {
            entry["Key"].removeprefix(prefix)
            for page in pages
            for entry in page.get("Contents", [])
        }

    def invoke(self, function: str, payload: Mapping[str, object]) -> tuple[int, dict[str, Any]]:
        """The status and the body of a direct invocation's answer."""
        answer = self.lambdas.invoke(FunctionName=function, Payload=json.dumps(payload))
        assert "FunctionError" not in answer, answer["Payload"].read()
        said = json.loads(answer["Payload"].read())
        return said["statusCode"], json.loads(said["body"])

    def invocations(self, function: str) -> int:
        """How often a function has been invoked."""
        log = self.aws.log_file(function)
        if not log.exists():
            return 0
        return sum(line.startswith("START RequestId: ") for line in log.read_text().splitlines())

    def queues_are_empty(self, queues: Mapping[str, Any]) -> bool:
        """Whether nothing waits, or is in work, on any route or in its dead-letter queue."""
        return not count_messages(self.sqs, queues)


def count_messages(sqs: SQSClient, queues: Mapping[str, Any]) -> int:
    """How many messages wait or are in work, by the module's output `queues`."""
    counts: tuple[Count, ...] = get_args(Count)
    described = (
        sqs.get_queue_attributes(QueueUrl=route[kind]["url"], AttributeNames=["All"])["Attributes"]
        for route in queues.values()
        for kind in ("queue", "dead_letter_queue")
    )
    return sum(int(attributes[count]) for attributes in described for count in counts)


def wait_until(is_true: Callable[[], bool]) -> None:
    """Ask again and again; fail when patience ends."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not is_true():
        assert time.monotonic() < deadline, "it never became true"
        time.sleep(0.1)
