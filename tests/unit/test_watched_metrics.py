"""What the dashboard draws and the alarms watch is what the functions really emit."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from PIL import Image

import image_processor
import sweep
from aws_names import BUCKET, TABLE
from sweeping.counts import Count
from terraform import ROOT
from terraform_checkout import Checkout, Plan, planned

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_s3 import S3Client

# https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html
# https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-available-cloudwatch-metrics.html
# https://docs.aws.amazon.com/scheduler/latest/UserGuide/monitoring-cloudwatch.html
OF_AWS = {
    ("AWS/Lambda", "FunctionName"): {"Duration", "Errors", "Throttles", "Invocations"},
    ("AWS/SQS", "QueueName"): {
        "ApproximateAgeOfOldestMessage",
        "ApproximateNumberOfMessagesVisible",
    },
    ("AWS/Scheduler", "ScheduleGroup"): {"TargetErrorCount", "InvocationDroppedCount"},
}

EVENTS = ROOT / "tests/events"

Emitted = set[tuple[str, frozenset[str]]]
"""Names of metrics, each with the names of its dimensions."""


@dataclass(frozen=True)
class Watched:
    """A metric that is drawn or watched."""

    namespace: str
    name: str
    dimensions: tuple[tuple[str, str], ...]


@pytest.fixture(scope="module")
def plan(tmp_path_factory: pytest.TempPathFactory, endpoint: str) -> Plan:
    return Checkout(tmp_path_factory.mktemp("checkout")).plan(
        "environments/local",
        f"-var=endpoint={endpoint}",
        "-var=artifacts_directory=../../artifacts",
        "-var=region=eu-central-1",
    )


def drawn(plan: Plan) -> Iterator[Watched]:
    """Every metric of the dashboard that a row names."""
    for row in _rows(plan):
        if len(row) > 1:
            namespace, name, *rest = (part for part in row if isinstance(part, str))
            yield Watched(namespace, name, tuple(zip(rest[::2], rest[1::2], strict=True)))


def _rows(plan: Plan) -> Iterator[list[Any]]:
    [dashboard] = planned(plan, "aws_cloudwatch_dashboard")
    for widget in json.loads(dashboard["dashboard_body"])["widgets"]:
        yield from widget["properties"]["metrics"]


def alarmed(plan: Plan) -> Iterator[Watched]:
    """Every metric of an alarm."""
    for alarm in planned(plan, "aws_cloudwatch_metric_alarm"):
        queries = [query["metric"][0] for query in alarm["metric_query"] or () if query["metric"]]
        for metric in queries or [alarm]:
            dimensions = tuple(sorted(metric["dimensions"].items()))
            yield Watched(metric["namespace"], metric["metric_name"], dimensions)


@pytest.fixture
def emitted(
    s3: S3Client,
    dynamodb: DynamoDBClient,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> dict[str, Emitted]:
    """What good photos, a damaged one and a sweep let the functions emit, by which it is."""
    for name, value in {
        "MEDIA_TABLE": TABLE,
        "TABLE_KEY": '["id", "projectId"]',
        "MEDIA_BUCKET": BUCKET,
        "OUTPUT_BUCKET": BUCKET,
    }.items():
        monkeypatch.setenv(name, value)
    photo = io.BytesIO()
    Image.new("RGB", (32, 24), "teal").save(photo, "JPEG")
    for name, body in {"good": photo.getvalue(), "bad": photo.getvalue()[:-300]}.items():
        key = f"originals/gallery-7/{name}/photo.jpg"
        s3.put_object(Bucket=BUCKET, Key=key, Body=body)
        payload = {"s3_bucket": BUCKET, "s3_key": key, "job_id": name}
        image_processor._handler.cache_clear()
        image_processor.lambda_handler(payload, Context())  # type: ignore[arg-type]
    s3.put_object(Bucket=BUCKET, Key=UPLOADED, Body=photo.getvalue())
    image_processor.lambda_handler(_upload(UPLOADED), Context())  # type: ignore[arg-type]
    of_function = _read(capsys.readouterr().out)
    sweep._sweeper.cache_clear()
    sweep.lambda_handler({}, Context())  # type: ignore[arg-type]
    return {"function": of_function, "sweep": _read(capsys.readouterr().out)}


UPLOADED = "originals/gallery-7/uploaded/photo.jpg"


def _upload(key: str) -> dict[str, Any]:
    """What SQS hands to the function of an upload."""
    event: dict[str, Any] = json.loads((EVENTS / "sqs_eventbridge.json").read_text())
    [message] = event["Records"]
    body = json.loads(message["body"])
    body["detail"] |= {"bucket": {"name": BUCKET}, "object": {"key": key}}
    message["body"] = json.dumps(body)
    return event


class Context:
    aws_request_id = "request-1"

    def get_remaining_time_in_millis(self) -> int:
        return 60_000


def _read(printed: str) -> Emitted:
    """Of each line in the embedded metric format, its metrics."""
    lines = [json.loads(line) for line in printed.splitlines() if '"_aws"' in line]
    return {
        (metric["Name"], frozenset(dimensions))
        for line in lines
        for directive in line["_aws"]["CloudWatchMetrics"]
        for dimensions in directive["Dimensions"]
        for metric in directive["Metrics"]
        if metric["Name"] in line and set(dimensions) <= line.keys()
    }


def services(plan: Plan) -> dict[tuple[str, str], str]:
    """By namespace and service of each function, whether it is the sweep's."""
    found = {}
    for function in planned(plan, "aws_lambda_function"):
        variables = function["environment"][0]["variables"]
        of = "sweep" if function["handler"].startswith("sweep.") else "function"
        service = variables["POWERTOOLS_SERVICE_NAME"]
        found[variables["POWERTOOLS_METRICS_NAMESPACE"], service] = of
    return found


def made(plan: Plan) -> dict[str, set[str]]:
    """By dimension, the names of what AWS's own metrics are of."""
    return {
        "FunctionName": {f["function_name"] for f in planned(plan, "aws_lambda_function")},
        "QueueName": {queue["name"] for queue in planned(plan, "aws_sqs_queue")},
        "ScheduleGroup": {group["name"] for group in planned(plan, "aws_scheduler_schedule_group")},
    }


def test_every_metric_is_emitted_by_what_it_is_said_of(
    plan: Plan, emitted: dict[str, Emitted]
) -> None:
    named, known = made(plan), services(plan)
    assert len(known) == 3
    for watched in {*drawn(plan), *alarmed(plan)}:
        [(dimension, value)] = watched.dimensions
        if watched.namespace.startswith("AWS/"):
            assert watched.name in OF_AWS[watched.namespace, dimension], watched
            assert value in named[dimension], watched
        else:
            of = known[watched.namespace, value]
            assert (watched.name, frozenset({dimension})) in emitted[of], watched


def test_failures_are_searched_for_as_they_are_emitted(
    plan: Plan, emitted: dict[str, Emitted]
) -> None:
    [search] = [
        row[0]["expression"]
        for row in _rows(plan)
        if len(row) == 1 and "SEARCH" in row[0]["expression"]
    ]
    found = re.search(r"""\{"([^"]+)",([\w,]+)\} MetricName="(\w+)\"""", search)
    assert found
    assert found[1] in {namespace for namespace, _ in services(plan)}
    assert (found[3], frozenset(found[2].split(","))) in emitted["function"]


def test_nothing_that_matters_is_left_out(plan: Plan) -> None:
    """One user who thought better of it is no alarm, so what stayed pending is only drawn."""
    names = {watched.name for watched in {*drawn(plan), *alarmed(plan)}}
    assert {"Uploads", "Completed", "Failed", "DiskUsed", *Count} <= names
    watched = {one.name for one in alarmed(plan)}
    findings = {"LeasesExpired", "UploadsMissed", "Unfinished"}
    assert {"Errors", "Throttles", "Duration", "DiskUsed", "Failed", *findings} <= watched
    assert OF_AWS["AWS/SQS", "QueueName"] <= watched


def test_each_function_is_drawn(plan: Plan) -> None:
    shown = {(one.name, value) for one in drawn(plan) for _, value in one.dimensions}
    for metric in OF_AWS["AWS/Lambda", "FunctionName"]:
        assert {(metric, name) for name in made(plan)["FunctionName"]} <= shown
    for (_, service), of in services(plan).items():
        emitted = Count if of == "sweep" else ("Uploads", "Completed", "Failed", "DiskUsed")
        assert {(metric, service) for metric in emitted} <= shown


def test_there_are_as_many_alarms_as_their_price_says(plan: Plan) -> None:
    """CloudWatch counts the metrics of an alarm."""
    variables = (ROOT / "variables-operations.tf").read_text(encoding="utf-8")
    said = re.search(r"at most\s+(\d+) in (\d+) alarms", variables)
    assert said
    alarms = planned(plan, "aws_cloudwatch_metric_alarm")
    assert [int(number) for number in said.groups()] == [len(list(alarmed(plan))), len(alarms)]


@pytest.mark.parametrize(
    ("failed", "completed", "rings"),
    [
        (0, 0, False),
        (4, 0, False),
        (5, None, True),
        (5, 4, True),
        (5, 5, False),
        (None, 9, False),
        (6, 900, False),
    ],
)
def test_most_must_fail_for_an_alarm(
    plan: Plan, failed: int | None, completed: int | None, rings: bool
) -> None:
    [alarm] = [
        alarm
        for alarm in planned(plan, "aws_cloudwatch_metric_alarm")
        if alarm["alarm_name"] == "demo-image-processor-failures"
    ]
    [math] = [query["expression"] for query in alarm["metric_query"] if query["expression"]]
    words = {
        "IF": lambda condition, then, otherwise: then if condition else otherwise,
        "FILL": lambda value, missing: missing if value is None else value,
        "failed": failed,
        "completed": completed,
    }
    assert alarm["comparison_operator"] == "GreaterThanThreshold"
    value = eval(math, {"__builtins__": {}}, words)  # noqa: S307 # an expression of ours
    assert (value > alarm["threshold"]) is rings
