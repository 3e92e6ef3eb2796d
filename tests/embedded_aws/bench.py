"""An embedded AWS with clients, and short ways to what the tests need in it."""

from __future__ import annotations

import json
import sys
import time
import zipfile
from base64 import b64decode
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from io import BytesIO
from itertools import count
from pathlib import Path
from textwrap import dedent
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config

from aws_names import REGION

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_events import EventBridgeClient
    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sqs import SQSClient

RUNTIME = f"python{sys.version_info.major}.{sys.version_info.minor}"


def eventually(condition: Callable[[], bool], seconds: float = 60.0) -> None:
    """Wait until `condition` holds."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, f"not within {seconds} s"
        time.sleep(0.02)


def is_running(pid: int) -> bool:
    """Whether the process is there, and not just waiting to be buried."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


def zipped(files: Mapping[str, str], mode: int = 0o644) -> bytes:
    """A zip of `files`, each with the permissions `mode`."""
    content = BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for name, text in files.items():
            entry = zipfile.ZipInfo(name)
            entry.external_attr = mode << 16
            archive.writestr(entry, text)
    return content.getvalue()


def code(source: str) -> bytes:
    """A zip with `source` as `app.py`, whose `handler` is invoked."""
    return zipped({"app.py": dedent(source)})


@dataclass(frozen=True)
class Invoked:
    """What `Invoke` answered."""

    payload: Any
    error: str | None
    log: str


class Marks:
    """A folder in which functions leave marks that a test can read: one JSON per line and mark."""

    PYTHON = """\
import json, os, time

def mark(**values):
    values.update(pid=os.getpid(), at=time.monotonic_ns())
    with open(os.environ["MARKS"], "a") as file:
        file.write(json.dumps(values) + "\\n")
"""

    def __init__(self, path: Path) -> None:
        self.path = path

    def all(self) -> list[dict[str, Any]]:
        if not self.path.exists():
            return []
        lines = self.path.read_text().splitlines(keepends=True)
        return [json.loads(line) for line in lines if line.endswith("\n")]

    def __len__(self) -> int:
        return len(self.all())


class Bench:
    """Makes queues, functions and mappings under names of their own."""

    def __init__(self, endpoint: str) -> None:
        self.endpoint = endpoint
        self._numbers = count(1)

    def name(self, kind: str) -> str:
        return f"{kind}-{next(self._numbers)}"

    @cached_property
    def sqs(self) -> SQSClient:
        return boto3.client("sqs", **self._access)

    @cached_property
    def s3(self) -> S3Client:
        return boto3.client("s3", **self._access)

    @cached_property
    def dynamodb(self) -> DynamoDBClient:
        return boto3.client("dynamodb", **self._access)

    @cached_property
    def events(self) -> EventBridgeClient:
        return boto3.client("events", **self._access)

    @cached_property
    def lambdas(self) -> LambdaClient:
        return boto3.client("lambda", **self._access)

    @cached_property
    def role(self) -> str:
        iam = boto3.client("iam", **self._access)
        created = iam.create_role(RoleName="function", AssumeRolePolicyDocument="{}")
        arn: str = created["Role"]["Arn"]
        return arn

    @property
    def _access(self) -> dict[str, Any]:
        return {
            "endpoint_url": self.endpoint,
            "region_name": REGION,
            "aws_access_key_id": "test",
            "aws_secret_access_key": "test",
            # A call that fails fails the test, and an invocation may take its time.
            "config": Config(
                retries={"total_max_attempts": 1}, read_timeout=120, max_pool_connections=50
            ),
        }

    def function(
        self,
        source: str,
        *,
        timeout: int = 30,
        environment: Mapping[str, str] | None = None,
        **more: Any,  # noqa: ANN401
    ) -> str:
        """Create a function of `app.py`; the answer is its name."""
        name = self.name("function")
        self.lambdas.create_function(
            FunctionName=name,
            Role=self.role,
            Handler="app.handler",
            Code={"ZipFile": code(source)},
            Timeout=timeout,
            Environment={"Variables": dict(environment or {})},
            **{"Runtime": RUNTIME, **more},
        )
        return name

    def invoke(self, function: str, payload: object = None) -> Invoked:
        answer = self.lambdas.invoke(
            FunctionName=function, Payload=json.dumps(payload), LogType="Tail"
        )
        return Invoked(
            payload=json.loads(answer["Payload"].read()),
            error=answer.get("FunctionError"),
            log=b64decode(answer["LogResult"]).decode(),
        )

    def queue(self, visibility: int = 60, **attributes: str) -> str:
        """Create a queue; the answer is its URL."""
        created = self.sqs.create_queue(
            QueueName=self.name("queue"),
            Attributes={"VisibilityTimeout": str(visibility), **attributes},  # type: ignore[dict-item]
        )
        return created["QueueUrl"]

    def arn(self, queue_url: str) -> str:
        return self.sqs.get_queue_attributes(QueueUrl=queue_url, AttributeNames=["QueueArn"])[
            "Attributes"
        ]["QueueArn"]

    def held(self, queue_url: str) -> tuple[int, int]:
        """How many messages of a queue are visible, and how many in flight."""
        attributes = self.sqs.get_queue_attributes(QueueUrl=queue_url, AttributeNames=["All"])[
            "Attributes"
        ]
        return (
            int(attributes["ApproximateNumberOfMessages"]),
            int(attributes["ApproximateNumberOfMessagesNotVisible"]),
        )

    def mapping(self, queue_url: str, function: str, **more: Any) -> str:  # noqa: ANN401
        """Map the queue to the function; the answer is the mapping's UUID."""
        created = self.lambdas.create_event_source_mapping(
            EventSourceArn=self.arn(queue_url), FunctionName=function, **more
        )
        return created["UUID"]

    def send(self, queue_url: str, *bodies: str) -> None:
        for first in range(0, len(bodies), 10):
            self.sqs.send_message_batch(
                QueueUrl=queue_url,
                Entries=[
                    {"Id": str(number), "MessageBody": body}
                    for number, body in enumerate(bodies[first : first + 10])
                ],
            )

    def received(self, queue_url: str, number: int) -> list[str]:
        """Receive and delete messages until there are `number`, or some more."""
        bodies: list[str] = []

        def has_all() -> bool:
            if len(bodies) < number:
                bodies.extend(self.receive(queue_url))
            return len(bodies) >= number

        eventually(has_all)
        return bodies

    def receive(self, queue_url: str) -> list[str]:
        """Receive and delete what comes within a second, at most ten messages."""
        answer = self.sqs.receive_message(
            QueueUrl=queue_url, MaxNumberOfMessages=10, WaitTimeSeconds=1
        )
        messages = answer.get("Messages", [])
        for message in messages:
            self.sqs.delete_message(QueueUrl=queue_url, ReceiptHandle=message["ReceiptHandle"])
        return [message["Body"] for message in messages]

    def bucket(self) -> str:
        """Create a bucket; the answer is its name."""
        name = self.name("bucket")
        self.s3.create_bucket(
            Bucket=name, CreateBucketConfiguration={"LocationConstraint": "eu-central-1"}
        )
        return name

    def table(self) -> str:
        """Create a table with the key `id`, a string; the answer is its name."""
        name = self.name("table")
        self.dynamodb.create_table(
            TableName=name,
            BillingMode="PAY_PER_REQUEST",
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        )
        return name
