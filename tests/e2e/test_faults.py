"""A thousand uploads at once while AWS fails now and then: each becomes one completed record."""

from __future__ import annotations

import json
import re
import shutil
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from io import BytesIO
from itertools import chain
from pathlib import Path
from typing import Any

import boto3
import pytest
from PIL import Image

from demo.artifacts_here import build_here
from demo.deployment import SOURCE, Deployment, deploy
from e2e.application import count_messages
from local_aws.faults import read_faults, set_faults
from media_pipeline.updates import read_item

BUILD = Path("build")
UPLOADS = 1000
UPLOADS_AT_ONCE = 10
SHARE = 0.02
SEED = 6
DEADLINE_SECONDS = 1800.0
"""Against hanging only: what failed comes back after 10 s, 1 min or 5 min."""

COLUMNS, ROWS = 6, 2
"""A picture says its number in bits, which are black and white fields."""

# Three objects for each upload: this is about calls, and not about pixels.
DIFFERENCES = """
module "media" {{
  source    = "{module}"
  media     = ["images"]
  functions = {{ images = {{ concurrency = 2 }} }}
  alarms    = {{ enabled = false }}
  recipe = {{
    images = {{
      renditions = {{
        thumb = {{ box = [24, 24], formats = {{ jpg = {{ quality = 80 }} }} }}
        full = {{
          width   = 48
          formats = {{ jpg = {{ quality = 80 }}, webp = {{ quality = 80 }} }}
        }}
      }}
    }}
  }}
}}
"""


def numbered_picture(number: int) -> bytes:
    bits = Image.new("L", (COLUMNS, ROWS))
    bits.putdata([255 * (number >> place & 1) for place in range(COLUMNS * ROWS)])
    body = BytesIO()
    bits.resize((48, 32), Image.Resampling.NEAREST).convert("RGB").save(body, "PNG")
    return body.getvalue()


def number_of(picture: bytes) -> int:
    """What `numbered_picture` drew, read from the middle of each field."""
    image = Image.open(BytesIO(picture)).convert("L")
    width, height = image.width / COLUMNS, image.height / ROWS
    number = 0
    for place in range(COLUMNS * ROWS):
        row, column = divmod(place, COLUMNS)
        shade = image.getpixel((int((column + 0.5) * width), int((row + 0.5) * height)))
        assert isinstance(shade, int)
        number |= (shade > 127) << place
    return number


@dataclass(frozen=True)
class Run:
    """A deployment to which everything was uploaded while calls failed, once it is quiet again."""

    deployment: Deployment
    completions: Counter[tuple[str, str]]
    """How often a record was made `completed`, by its id and the version of the source."""
    faults: dict[str, Any]
    seconds: float
    upload_seconds: float

    @cached_property
    def records(self) -> dict[str, dict[str, Any]]:
        return read_records(self.deployment)

    @cached_property
    def log(self) -> str:
        return self.deployment.aws.log_file(self.deployment.functions["images"]).read_text()

    def files(self, record: dict[str, Any]) -> list[dict[str, Any]]:
        return [file for made in record["renditions"] for file in made["formats"].values()]


def read_records(deployment: Deployment) -> dict[str, dict[str, Any]]:
    pages = deployment.dynamodb.get_paginator("scan").paginate(
        TableName=deployment.table, ConsistentRead=True
    )
    items = (read_item(item) for page in pages for item in page["Items"])
    return {item["id"]: item for item in items}


def is_quiet(deployment: Deployment) -> bool:
    """Whether no message waits or is in work, and every upload has a record that is finished."""
    route = deployment.outputs["queues"]["images"]
    # A dead letter changes no more; it is for the test to find.
    if count_messages(deployment.sqs, {"images": {**route, "dead_letter_queue": route["queue"]}}):
        return False
    records = read_records(deployment).values()
    return sum(record["status"] in ("completed", "failed") for record in records) == UPLOADS


def upload_all(deployment: Deployment) -> None:
    def upload(number: int) -> None:
        deployment.s3.put_object(
            Bucket=deployment.bucket,
            Key=f"originals/gallery/{number:04}/picture.png",
            Body=numbered_picture(number),
        )

    with ThreadPoolExecutor(UPLOADS_AT_ONCE) as threads:
        list(threads.map(upload, range(UPLOADS)))


def stream_of(deployment: Deployment) -> str:
    """Let the table tell of every change from now on; the answer is the stream's ARN."""
    changed = deployment.dynamodb.update_table(
        TableName=deployment.table,
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"},
    )
    return changed["TableDescription"]["LatestStreamArn"]


def changes(deployment: Deployment, stream: str) -> Iterator[dict[str, Any]]:
    """What every item was after each of its changes."""
    client = boto3.client("dynamodbstreams", **deployment.access)
    (shard,) = client.describe_stream(StreamArn=stream)["StreamDescription"]["Shards"]
    iterator = client.get_shard_iterator(
        StreamArn=stream, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON"
    )["ShardIterator"]
    while records := (answer := client.get_records(ShardIterator=iterator))["Records"]:
        for record in records:
            yield read_item(record["dynamodb"]["NewImage"])
        iterator = answer["NextShardIterator"]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    source = tmp_path_factory.mktemp("faults") / "root"
    shutil.copytree(SOURCE, source, ignore=shutil.ignore_patterns(".terraform*"))
    differences = DIFFERENCES.format(module=Path.cwd())
    (source / "differences_override.tf").write_text(differences)
    artifacts = build_here(BUILD, print)
    with deploy(artifacts, BUILD / "test-faults", print, source=source) as deployment:
        stream = stream_of(deployment)
        set_faults(deployment.endpoint, SHARE, SEED)
        began = time.monotonic()
        upload_all(deployment)
        uploaded = time.monotonic()
        while not is_quiet(deployment):
            assert time.monotonic() < began + DEADLINE_SECONDS, "something hangs"
            time.sleep(1)
        ended = time.monotonic()
        faults = read_faults(deployment.endpoint)
        set_faults(deployment.endpoint, 0)
        completions = Counter(
            (item["id"], item["pipeline"]["sourceVersion"])
            for item in changes(deployment, stream)
            # moto tells of a new item once before it has more than its key.
            if item.get("status") == "completed"
        )
        yield Run(deployment, completions, faults, ended - began, uploaded - began)


def test_every_upload_has_one_completed_record_and_none_was_completed_twice(run: Run) -> None:
    assert Counter(record["status"] for record in run.records.values()) == {"completed": UPLOADS}
    assert run.records.keys() == {f"{number:04}" for number in range(UPLOADS)}
    assert set(run.completions.values()) == {1}
    for media_id, record in run.records.items():
        pipeline = record["pipeline"]
        assert "leaseToken" not in pipeline, record
        head = run.deployment.s3.head_object(
            Bucket=run.deployment.bucket, Key=record["originalKey"]
        )
        assert pipeline["sourceVersion"] == head["VersionId"]
        assert run.completions[media_id, head["VersionId"]] == 1


def test_nothing_waits_and_nothing_is_a_dead_letter(run: Run) -> None:
    assert count_messages(run.deployment.sqs, run.deployment.outputs["queues"]) == 0


def test_every_object_of_every_record_is_there_and_is_its_own(run: Run) -> None:
    pages = run.deployment.s3.get_paginator("list_objects_v2").paginate(
        Bucket=run.deployment.bucket, Prefix="renditions/"
    )
    sizes = {entry["Key"]: entry["Size"] for page in pages for entry in page["Contents"]}
    named = {name: run.files(record) for name, record in run.records.items()}
    assert {len(files) for files in named.values()} == {3}
    for file in chain.from_iterable(named.values()):
        assert sizes[file["key"]] == file["bytes"]

    def shown(name: str) -> set[int]:
        return {
            number_of(
                run.deployment.s3.get_object(Bucket=run.deployment.bucket, Key=file["key"])[
                    "Body"
                ].read()
            )
            for file in named[name]
        }

    with ThreadPoolExecutor(UPLOADS_AT_ONCE) as threads:
        assert all(
            numbers == {int(name)}
            for name, numbers in zip(named, threads.map(shown, named), strict=True)
        )


def test_the_share_of_calls_failed_and_the_figures_are_kept(run: Run) -> None:
    calls = {of: sum(counts.values()) for of, counts in run.faults["calls"].items()}
    kinds: dict[str, Counter[str]] = {
        of: sum(map(Counter, by_operation.values()), Counter())
        for of, by_operation in run.faults["faults"].items()
    }
    for of, count in calls.items():
        assert SHARE / 2 < kinds[of].total() / count < SHARE * 2
    outcomes = Counter(re.findall(r'"message":"(\w+)"', run.log))
    figures = {
        "uploads": UPLOADS,
        "share": SHARE,
        "seed": SEED,
        "seconds": round(run.seconds, 1),
        "upload_seconds": round(run.upload_seconds, 1),
        "completed": len(run.records),
        "completed_twice": sum(count > 1 for count in run.completions.values()),
        "versions_completed": len(run.completions),
        "attempts": Counter(str(one["pipeline"]["attempts"]) for one in run.records.values()),
        "outcomes": outcomes,
        "invocations": run.log.count("START RequestId: "),
        "calls": run.faults["calls"],
        "faults": run.faults["faults"],
        "faults_by_kind": kinds,
    }
    text = json.dumps(figures, indent=2)
    (BUILD / "faults.json").write_text(f"{text}\n")
    print(text)  # noqa: T201 - these are what it is run for
