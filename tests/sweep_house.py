"""A sweep, the worker whose traces it finds, and a clock that a test turns."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Self

import boto3
from boto3.dynamodb.types import TypeDeserializer, TypeSerializer
from botocore.awsrequest import AWSResponse
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.s3.models import s3_backends
from moto.sqs.models import sqs_backends

from aws_names import BUCKET, REGION
from media_pipeline.events import Job, parse_event
from media_pipeline.leases import MEANT, NEVER_ENDED, format_time, parse_time
from media_pipeline.recipe import load_recipe
from media_pipeline.worker import Outcome, Task
from sweeping.counts import Count
from sweeping.findings import PendingWords
from sweeping.settings import SweepSettings
from sweeping.sweeper import Sweeper
from worker_house import PLENTY, House

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

PENDING = PendingWords({"status": "pending"}, "createdAt")
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
OLD = DAY + timedelta(minutes=1)
TIMES = {"leaseExpiresAt", "endedAt"}


class Killed(BaseException):
    """A function that ends in the middle, as Lambda ends one."""


@dataclass
class SweepHouse:
    """`queues` are URLs by route, `messages` bodies that a route's function would be given."""

    house: House
    sqs: SQSClient
    queues: dict[str, str]
    pending: PendingWords | None = PENDING
    max_receives: int = 5
    sweeps: int = field(default=0, init=False)

    @classmethod
    def beside(cls, house: House) -> Self:
        """A queue for each route, in the same AWS."""
        sqs = boto3.client("sqs", region_name=REGION)
        urls = {
            route: sqs.create_queue(QueueName=route)["QueueUrl"] for route in ("images", "videos")
        }
        return cls(house, sqs, urls)

    def speak(self, difference: Mapping[str, Any]) -> None:
        """Give the worker and the sweep an application's words, and a table that has their key."""
        self.house.recipe = json.dumps(difference)
        self.house.domain = "media.example.com"
        self.house.table = "theirs"
        key = load_recipe(self.house.recipe).record.key
        self.house.dynamodb.create_table(
            TableName="theirs",
            BillingMode="PAY_PER_REQUEST",
            KeySchema=[
                {"AttributeName": name, "KeyType": "RANGE" if place else "HASH"}
                for place, name in enumerate(key)
            ],
            AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in key],
        )

    def sweeper(self) -> Sweeper:
        recipe = load_recipe(self.house.recipe)
        settings = SweepSettings(
            table=self.house.table,
            bucket=BUCKET,
            output_bucket=self.house.output_bucket,
            key=tuple(recipe.record.key),
            max_receives=self.max_receives,
            recipe=recipe,
            queues=self.queues,
            pending=self.pending,
        )
        return Sweeper(settings, self.house.s3, self.house.dynamodb, self.sqs)

    def sweep(
        self,
        seconds_left: Callable[[], float] = lambda: 900.0,
        into: dict[str, int] | None = None,
    ) -> dict[str, int]:
        """What was counted, without what was not found; also into `into`, should it raise."""
        counts: Counter[Count] = Counter()
        found = {} if into is None else into
        self.sweeps += 1
        try:
            self.sweeper().sweep(counts, f"sweep request-{self.sweeps}", seconds_left)
        finally:
            found.update({count.value: number for count, number in counts.items() if number})
        return found

    def messages(self, route: str = "images") -> list[str]:
        """What waits in a queue, taken out of it."""
        bodies: list[str] = []
        while True:
            answer = self.sqs.receive_message(QueueUrl=self.queues[route], MaxNumberOfMessages=10)
            found = answer.get("Messages", [])
            if not found:
                return bodies
            for message in found:
                bodies.append(message["Body"])
                self.sqs.delete_message(
                    QueueUrl=self.queues[route], ReceiptHandle=message["ReceiptHandle"]
                )

    def jobs(self, route: str = "images") -> list[Job]:
        """The jobs of what waits in a queue, each under a message id of its own."""
        bodies = self.messages(route)
        records = [
            {"eventSource": "aws:sqs", "messageId": f"swept-{self.sweeps}-{n}", "body": body}
            for n, body in enumerate(bodies)
        ]
        return parse_event({"Records": records}, "unused")

    def work(self, route: str = "images") -> list[Outcome]:
        """Run what waits in a queue."""
        return [self.house.run(job, PLENTY) for job in self.jobs(route)]

    def crash(self, job: Job) -> None:
        """Begin a job and be killed with some of its outputs written."""
        process = self.house.process

        def be_killed(task: Task) -> dict[str, Any]:
            task.publisher.put("half.bin", b"half", "text/plain")
            task.publisher.wait()
            raise Killed

        self.house.process = be_killed
        try:
            self.house.run(job)
        except Killed:
            return
        finally:
            self.house.process = process
        raise AssertionError("the job ended before it could be killed")

    def turn(self, passed: timedelta) -> None:
        """Let time pass for all that the table, the bucket and the queues hold."""
        self.age_records(passed)
        self.age_objects(passed)
        for queue in sqs_backends[DEFAULT_ACCOUNT_ID][REGION].queues.values():
            queue.created_timestamp -= passed.total_seconds()

    def age_records(self, passed: timedelta) -> None:
        for item in self.items():
            pipeline = item.get("pipeline")
            if isinstance(pipeline, dict):
                for name in TIMES & pipeline.keys():
                    pipeline[name] = format_time(parse_time(pipeline[name]) - passed)
                left = pipeline.get("leftovers", {})
                for revision, since in left.items():
                    if since not in (MEANT, NEVER_ENDED):
                        left[revision] = format_time(parse_time(since) - passed)
            if isinstance(item.get("createdAt"), str):
                item["createdAt"] = format_time(parse_time(item["createdAt"]) - passed)
            self.put(**item)

    def age_objects(self, passed: timedelta, prefix: str = "") -> None:
        for backend in s3_backends[DEFAULT_ACCOUNT_ID].values():
            for bucket in backend.buckets.values():
                for key, versions in bucket.keys.lists():
                    for version in versions if key.startswith(prefix) else ():
                        version.last_modified -= passed

    @contextmanager
    def before(self, call: str, act: Callable[[], object]) -> Iterator[None]:
        """Let something happen ahead of the first call such as `s3.DeleteObjects`."""
        left = [act]

        def happen(**_: object) -> None:
            if left:
                left.pop()()

        # Clients of one session have hooks of their own.
        clients = (self.house.s3, self.house.dynamodb, self.sqs)
        hooks = next(
            c.meta.events
            for c in clients
            if c.meta.service_model.service_name == call.split(".")[0]
        )
        hooks.register_first(f"before-call.{call}", happen, unique_id="before")
        try:
            yield
        finally:
            hooks.unregister(f"before-call.{call}", unique_id="before")
        assert not left, f"there was no {call}"

    def items(self) -> list[dict[str, Any]]:
        scanned = self.house.dynamodb.get_paginator("scan").paginate(TableName=self.house.table)
        return [
            {name: TypeDeserializer().deserialize(value) for name, value in item.items()}
            for page in scanned
            for item in page["Items"]
        ]

    def put(self, **item: object) -> None:
        """Write an item as an application would, or somebody who means harm."""
        self.house.dynamodb.put_item(
            TableName=self.house.table,
            Item={name: TypeSerializer().serialize(value) for name, value in item.items()},
        )

    def rewrite(self, record: Mapping[str, Any], **pipeline: object) -> None:
        """Write a record back with other words in its `pipeline`; None takes one out."""
        changed = {**record["pipeline"], **pipeline}
        kept = {name: value for name, value in changed.items() if value is not None}
        self.put(**{**record, "pipeline": kept})


def ago(passed: timedelta) -> str:
    """A time in the past, as records write it."""
    return format_time(datetime.now(UTC) - passed)


def a_finding_of_every_kind(sweep_house: SweepHouse) -> None:
    """Leave what makes a sweep count `EVERY_KIND`; each medium is named after its fate."""
    house = sweep_house.house
    sweep_house.crash(house.upload(key="originals/g/crashed/a.jpg"))
    given_up = house.upload(key="originals/g/given-up/a.jpg")
    for _ in range(5):
        sweep_house.crash(given_up)
    older = house.upload(b"older", "0A", "originals/g/replaced/a.jpg")
    house.run(older)
    house.run(house.upload(b"newer", "0B", "originals/g/replaced/a.jpg"))
    sweep_house.put(id="missing", projectId="g", status="pending", createdAt="2026-01-01T00:00:00Z")
    sweep_house.turn(OLD)
    house.upload(key="originals/g/lost/a.jpg")
    sweep_house.turn(3 * HOUR)


EVERY_KIND = {
    "LeasesExpired": 2,
    "UploadsMissed": 1,
    "PendingExpired": 1,
    "Requeued": 2,
    "GivenUp": 2,
    "RevisionsRemoved": 1,
    "Unfinished": 0,
}


@contextmanager
def answering(
    sweep_house: SweepHouse,
    call: str,
    status: int,
    answer: dict[str, Any],
    is_it: Callable[[dict[str, Any]], bool] = lambda _: True,
) -> Iterator[None]:
    """Let AWS answer so to calls such as `s3.HeadObject` whose request is the one that is meant."""
    service = call.split(".")[0]
    house = sweep_house.house
    client: Any = {"s3": house.s3, "dynamodb": house.dynamodb, "sqs": sweep_house.sqs}[service]

    def respond(params: dict[str, Any], **_: object) -> tuple[AWSResponse, dict[str, Any]] | None:
        if not is_it(params):
            return None
        response = AWSResponse("", status, {}, None)  # type: ignore[arg-type]
        return response, {**answer, "ResponseMetadata": {"HTTPStatusCode": status}}

    client.meta.events.register_first(f"before-call.{call}", respond, unique_id="answering")
    try:
        yield
    finally:
        client.meta.events.unregister(f"before-call.{call}", unique_id="answering")
