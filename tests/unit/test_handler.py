"""What SQS and a caller are answered."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.config import Config

from aws_names import REGION
from media_pipeline import telemetry
from media_pipeline.deliveries import Queue
from media_pipeline.events import Job
from media_pipeline.failures import BadPayloadError, PermanentError, TransientError
from media_pipeline.handler import Handler
from media_pipeline.worker import (
    BUSY,
    COMPLETED,
    DUPLICATE,
    IGNORED,
    SUPERSEDED,
    TAKEN,
    Invocation,
    Outcome,
    Worker,
)

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

EVENTS = Path(__file__).parent.parent / "events"
FIVE = {"segments_created": 5}
FAILED = Outcome("Failed", PermanentError("corrupt_image", "The image is damaged."))


class Context:
    """Each time that it is asked for the time left, a second has passed."""

    aws_request_id = "request-1"

    def __init__(self) -> None:
        self._left = 31_000

    def get_remaining_time_in_millis(self) -> int:
        self._left -= 1_000
        return self._left


@dataclass
class FakeWorker:
    """Answers each job with what was planned for it, and keeps what it was given."""

    planned: list[Outcome | Exception]
    jobs: list[Job] = field(default_factory=list)
    invocations: list[Invocation] = field(default_factory=list)
    refused: list[tuple[object, str, str]] = field(default_factory=list)
    refusing_fails: bool = False

    def refuse(self, payload: object, holder: str, error: BadPayloadError) -> None:
        if self.refusing_fails:
            raise TransientError("the record was changed by others")
        self.refused.append((payload, holder, error.sentence))

    def run(self, job: Job, invocation: Invocation) -> Outcome:
        self.jobs.append(job)
        self.invocations.append(invocation)
        planned = self.planned.pop(0)
        if isinstance(planned, Exception):
            raise planned
        return planned


def event(name: str) -> Any:  # noqa: ANN401
    return json.loads((EVENTS / f"{name}.json").read_text(encoding="utf-8"))


def handle(
    event: object, *planned: Outcome | Exception, refusing_fails: bool = False
) -> tuple[dict[str, Any], FakeWorker]:
    worker = FakeWorker(list(planned), refusing_fails=refusing_fails)
    handler = Handler(_as_worker(worker), Queue(Config(), max_receives=5))
    answer = handler.handle(event, _as_context(Context()))  # type: ignore[arg-type]
    return answer, worker


def _as_worker(worker: Any) -> Worker:  # noqa: ANN401
    return worker  # type: ignore[no-any-return]


def _as_context(context: Any) -> LambdaContext:  # noqa: ANN401
    return context  # type: ignore[no-any-return]


@pytest.fixture(autouse=True)
def region(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)


@pytest.mark.parametrize(
    ("outcome", "status", "body"),
    [
        (COMPLETED, 200, {"message": "completed"}),
        (DUPLICATE, 200, {"message": "duplicate"}),
        (BUSY, 409, {"error": "another invocation is processing this upload"}),
        (SUPERSEDED, 409, {"error": "a newer version of this upload has been seen"}),
        (Outcome("Completed", segments_created=5), 200, {"message": "completed", **FIVE}),
        (Outcome("Duplicate", segments_created=5), 200, {"message": "duplicate", **FIVE}),
        (FAILED, 500, {"error": "The image is damaged.", "code": "corrupt_image"}),
        (
            Outcome("Duplicate", FAILED.error),
            500,
            {"error": "The image is damaged.", "code": "corrupt_image"},
        ),
    ],
)
def test_a_caller_is_answered_with_a_status(
    outcome: Outcome, status: int, body: dict[str, object]
) -> None:
    answer, worker = handle(event("direct_image"), outcome)
    assert answer["statusCode"] == status
    assert json.loads(answer["body"]) == {**body, "job_id": "job-42"}
    assert worker.jobs[0].holder == "request-1"
    assert worker.invocations[0].is_last_try, "nothing would bring the job back"


def test_each_job_knows_how_much_time_its_invocation_had() -> None:
    records = event("s3_notification")["Records"] * 2
    _, worker = handle({"Records": records}, COMPLETED, COMPLETED)
    first, second = worker.invocations
    assert (first.seconds_had, first.seconds_left()) == (30.0, 29.0)
    assert (second.seconds_had, second.seconds_left()) == (30.0, 28.0)


def test_a_key_that_is_no_original_is_the_callers_mistake() -> None:
    answer, _ = handle(event("direct_image"), IGNORED)
    assert answer["statusCode"] == 400
    assert "s3_key" in json.loads(answer["body"])["error"]


@pytest.mark.parametrize("payload", [[], {}, {"s3_bucket": "b", "s3_key": None, "job_id": "job-7"}])
def test_a_bad_payload_is_refused_before_anything_is_done(payload: object) -> None:
    answer, worker = handle(payload)
    assert answer["statusCode"] == 400
    assert json.loads(answer["body"])["error"]
    assert worker.jobs == []


def test_a_record_that_is_a_mediums_is_a_conflict() -> None:
    answer, _ = handle(event("direct_cutting"), TAKEN)
    assert answer["statusCode"] == 409
    assert "job_id" in json.loads(answer["body"])["error"]


def test_what_the_function_refuses_of_a_payload_is_the_callers_mistake(
    capsys: pytest.CaptureFixture[str],
) -> None:
    sentence = "cutting_options.duration_seconds must be a number from 5 to 600"
    answer, worker = handle(event("direct_cutting"), BadPayloadError(sentence))
    assert worker.refused == [(event("direct_cutting"), "request-1", sentence)]
    assert answer["statusCode"] == 400
    assert json.loads(answer["body"]) == {"error": sentence, "job_id": "cut-42"}
    assert "TriesFailed" not in capsys.readouterr().out


def test_a_refusal_is_answered_where_it_cannot_be_recorded() -> None:
    answer, _ = handle({"job_id": "cut-42"}, refusing_fails=True)
    assert answer["statusCode"] == 400


def test_a_transient_failure_raises_to_a_caller() -> None:
    with pytest.raises(ConnectionError):
        handle(event("direct_image"), ConnectionError("refused"))


@pytest.mark.parametrize("outcome", [COMPLETED, DUPLICATE, SUPERSEDED, IGNORED, FAILED])
def test_a_message_whose_job_ended_is_acknowledged(outcome: Outcome) -> None:
    answer, _ = handle(event("sqs_eventbridge"), outcome)
    assert answer == {"batchItemFailures": []}


def test_the_event_that_s3_sends_to_try_a_notification_is_acknowledged() -> None:
    answer, worker = handle(event("sqs_s3_test_event"))
    assert answer == {"batchItemFailures": []}
    assert worker.jobs == []


@pytest.fixture
def asked(aws: None, monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """The requests by which messages were given another visibility timeout."""
    sqs = boto3.client("sqs", region_name=REGION)
    sqs.create_queue(QueueName="demo-images")
    asked: list[dict[str, Any]] = []
    monkeypatch.setattr(sqs, "change_message_visibility", lambda **request: asked.append(request))
    monkeypatch.setattr(boto3, "client", lambda *_, **__: sqs)
    return asked


def received(times: int) -> dict[str, Any]:
    """A queue's event of an upload, whose message was handed out so many times."""
    message: dict[str, Any] = event("sqs_eventbridge")
    message["Records"][0]["attributes"]["ApproximateReceiveCount"] = str(times)
    return message


RETURNED = {
    "batchItemFailures": [{"itemIdentifier": event("sqs_eventbridge")["Records"][0]["messageId"]}]
}


@pytest.mark.parametrize(
    ("times", "seconds"), [(1, [10]), (2, [60]), (3, [300]), (4, []), (5, None)]
)
def test_a_message_whose_upload_another_has_comes_back_after_that(
    asked: list[dict[str, Any]], times: int, seconds: list[int] | None
) -> None:
    """At last not before the queue's visibility timeout, which outlasts every lease."""
    answer, _ = handle(received(times), BUSY)
    if seconds is None:
        assert answer == {"batchItemFailures": []}
    else:
        assert answer == RETURNED
        assert [request["VisibilityTimeout"] for request in asked] == seconds


def test_an_upload_of_which_no_record_can_be_kept_becomes_a_dead_letter(
    asked: list[dict[str, Any]], logged: Callable[[], list[dict[str, Any]]]
) -> None:
    answer, _ = handle(received(1), BadPayloadError("the record has an attribute `pipeline`"))
    assert answer == RETURNED
    assert [request["VisibilityTimeout"] for request in asked] == [10]
    assert "`pipeline`" in logged()[0]["exception"]


@pytest.mark.parametrize(
    ("receives", "is_last_try", "seconds"),
    [(1, False, 10), (2, False, 60), (3, False, 300), (4, False, 300), (5, True, 0)],
)
def test_a_message_that_failed_goes_back_sooner_each_time(
    asked: list[dict[str, Any]], receives: int, is_last_try: bool, seconds: int
) -> None:
    message = received(receives)
    answer, worker = handle(message, ConnectionError("refused"))
    assert answer == RETURNED
    assert worker.invocations[0].is_last_try is is_last_try
    [request] = asked
    assert request["VisibilityTimeout"] == seconds
    assert request["ReceiptHandle"] == message["Records"][0]["receiptHandle"]
    assert request["QueueUrl"].endswith("/123456789012/demo-images")


def test_one_message_of_several_fails_alone(aws: None) -> None:
    messages = event("sqs_eventbridge")
    messages["Records"] += event("sqs_s3_notification")["Records"]
    boto3.client("sqs", region_name=REGION).create_queue(QueueName="demo-images")
    answer, _ = handle(messages, ConnectionError("refused"), COMPLETED)
    failures = [{"itemIdentifier": messages["Records"][0]["messageId"]}]
    assert answer == {"batchItemFailures": failures}


def test_a_message_that_cannot_become_a_job_is_logged_and_acknowledged(
    logged: Callable[[], list[dict[str, Any]]],
) -> None:
    messages = event("sqs_eventbridge")
    messages["Records"][0]["body"] = "not JSON"
    answer, worker = handle(messages)
    assert answer == {"batchItemFailures": []}
    assert worker.jobs == []
    assert [line["level"] for line in logged()] == ["ERROR"]


def test_a_message_with_a_bad_cutting_job_is_logged_and_acknowledged(
    logged: Callable[[], list[dict[str, Any]]],
) -> None:
    messages = event("sqs_eventbridge")
    messages["Records"][0]["body"] = json.dumps(event("direct_cutting"))
    answer, _ = handle(messages, BadPayloadError("mode must be encode or copy"))
    assert answer == {"batchItemFailures": []}
    assert [line["level"] for line in logged()] == ["ERROR"]


def test_a_line_does_not_name_the_upload_before_it(
    logged: Callable[[], list[dict[str, Any]]],
) -> None:
    handle(event("direct_image"), COMPLETED)
    telemetry.logger.info("afterwards")
    first, last = logged()
    assert first["key"] == event("direct_image")["s3_key"]
    assert last.keys().isdisjoint({"bucket", "key", "holder", "request_id"})
    # Lambda reads the levels only of lines whose times are RFC 3339.
    assert re.fullmatch(r"[-\d]+T[:\d]+\.\d+(Z|[+-]\d\d:\d\d)", last["timestamp"])


def test_what_became_of_a_job_is_a_metric(capsys: pytest.CaptureFixture[str]) -> None:
    handle(event("direct_image"), FAILED)
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    [failure, metric] = [line for line in lines if "_aws" in line]
    assert (failure["Failures"], failure["code"]) == ([1.0], "corrupt_image")
    assert failure["service"] == metric["service"]
    assert metric["Failed"] == [1.0]
    assert metric["_aws"]["CloudWatchMetrics"][0]["Namespace"] == "MediaPipeline"
