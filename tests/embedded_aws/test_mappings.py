"""Queues are polled as Lambda polls them."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest

from embedded_aws.bench import Bench, Marks, eventually
from local_aws.batches import done_of
from local_aws.mappings import POLL_SECONDS

GOLDEN = json.loads((Path(__file__).parents[1] / "events/sqs_eventbridge.json").read_text())

RECORDER = (
    Marks.PYTHON
    + """
def handler(event, context):
    mark(records=event["Records"])
    return RETURNED
"""
)


def recorder(bench: Bench, marks: Marks, returned: object = None, timeout: int = 30) -> str:
    """A function that marks what it gets, and returns always the same."""
    return bench.function(
        RECORDER.replace("RETURNED", repr(returned)),
        timeout=timeout,
        environment={"MARKS": str(marks.path)},
    )


def bodies(marks: Marks) -> list[str]:
    return [record["body"] for mark in marks.all() for record in mark["records"]]


def is_empty(bench: Bench, queue: str) -> bool:
    return bench.held(queue) == (0, 0)


def most_at_once(spans: list[dict[str, Any]]) -> int:
    """How many of the spans `began` to `at` overlap."""
    changes = sorted([(s["began"], 1) for s in spans] + [(s["at"], -1) for s in spans])
    running = most = 0
    for _, change in changes:
        running += change
        most = max(most, running)
    return most


def test_200_messages_through_two_instances_each_run_once(
    bench: Bench, marks: Marks, tmp_path: Path
) -> None:
    (tmp_path / "present").mkdir()
    function = bench.function(
        Marks.PYTHON
        + """
def handler(event, context):
    began = time.monotonic_ns()
    (record,) = event["Records"]
    # The first waits for company, and each stays long enough to meet another.
    open(os.path.join(os.environ["PRESENT"], str(os.getpid())), "w").close()
    while len(os.listdir(os.environ["PRESENT"])) < 2:
        time.sleep(0.01)
    time.sleep(0.02)
    mark(began=began, body=record["body"])
""",
        environment={"MARKS": str(marks.path), "PRESENT": str(tmp_path / "present")},
    )
    queue = bench.queue(visibility=180)
    sent = [f"message {number}" for number in range(200)]
    bench.mapping(queue, function, BatchSize=1, ScalingConfig={"MaximumConcurrency": 2})
    bench.send(queue, *sent)
    eventually(lambda: len(marks) >= 200 and is_empty(bench, queue))
    spans = marks.all()
    assert sorted(span["body"] for span in spans) == sorted(sent)
    assert most_at_once(spans) == 2
    assert len({span["pid"] for span in spans}) == 2


def test_a_record_has_the_shape_of_awss(bench: Bench, marks: Marks) -> None:
    queue = bench.queue()
    bench.mapping(queue, recorder(bench, marks))
    bench.sqs.send_message(
        QueueUrl=queue,
        MessageBody="{}",
        MessageAttributes={
            "text": {"DataType": "String", "StringValue": "a"},
            "bytes": {"DataType": "Binary", "BinaryValue": b"\x00\x01"},
        },
    )
    eventually(lambda: len(marks) == 1)
    (record,) = marks.all()[0]["records"]
    (golden,) = GOLDEN["Records"]
    assert record.keys() == golden.keys() | {"md5OfMessageAttributes"}
    assert record["attributes"].keys() == golden["attributes"].keys()
    assert all(isinstance(value, str) for value in record["attributes"].values())
    assert record["eventSourceARN"] == bench.arn(queue)
    assert record["md5OfBody"] == "99914b932bd37a50b983c5e7c90ae93b"
    assert record["messageAttributes"] == {
        "text": {
            "stringValue": "a",
            "stringListValues": [],
            "binaryListValues": [],
            "dataType": "String",
        },
        "bytes": {
            "binaryValue": "AAE=",
            "stringListValues": [],
            "binaryListValues": [],
            "dataType": "Binary",
        },
    }


def test_a_message_received_five_times_is_in_the_dead_letter_queue(
    bench: Bench, marks: Marks
) -> None:
    dead_letters = bench.queue()
    redrive = {"deadLetterTargetArn": bench.arn(dead_letters), "maxReceiveCount": 5}
    queue = bench.queue(visibility=1, RedrivePolicy=json.dumps(redrive))
    function = bench.function(
        RECORDER.replace("return RETURNED", "raise RuntimeError('no')"),
        timeout=1,
        environment={"MARKS": str(marks.path)},
    )
    bench.mapping(queue, function)
    bench.send(queue, "poison")
    assert bench.received(dead_letters, 1) == ["poison"]
    counts = [m["records"][0]["attributes"]["ApproximateReceiveCount"] for m in marks.all()]
    assert counts == ["1", "2", "3", "4", "5"]
    assert is_empty(bench, queue)


def test_of_a_batch_only_what_failed_comes_back(bench: Bench, marks: Marks) -> None:
    function = bench.function(
        Marks.PYTHON
        + """
def handler(event, context):
    mark(records=event["Records"])
    return {"batchItemFailures": [
        {"itemIdentifier": record["messageId"]}
        for record in event["Records"]
        if record["body"] == "bad" and record["attributes"]["ApproximateReceiveCount"] == "1"
    ]}
""",
        timeout=1,
        environment={"MARKS": str(marks.path)},
    )
    queue = bench.queue(visibility=1)
    bench.send(queue, "good", "bad", "fine")
    bench.mapping(queue, function, BatchSize=3, FunctionResponseTypes=["ReportBatchItemFailures"])
    eventually(lambda: is_empty(bench, queue))
    assert [sorted(r["body"] for r in mark["records"]) for mark in marks.all()] == [
        ["bad", "fine", "good"],
        ["bad"],
    ]


@pytest.mark.parametrize(
    ("answer", "done"),
    [
        ("null", ["a", "b"]),
        ("", ["a", "b"]),
        ("{}", ["a", "b"]),
        ('{"batchItemFailures": null}', ["a", "b"]),
        ('{"batchItemFailures": []}', ["a", "b"]),
        ('{"batchItemFailures": [{"itemIdentifier": "a"}]}', ["b"]),
        ('{"batchItemFailures": [{"itemIdentifier": "z"}]}', []),
        ('{"batchItemFailures": [{"itemIdentifier": ""}]}', []),
        ('{"batchItemFailures": [{"itemIdentifier": null}]}', []),
        ('{"batchItemFailures": [{"itemIdentifier": ["a"]}]}', []),
        ('{"batchItemFailures": [{"id": "a"}]}', []),
        ('{"batchItemFailures": 1}', []),
        ('"text"', []),
        ("not json", []),
    ],
)
def test_what_an_answer_leaves_done(answer: str, done: list[str]) -> None:
    assert done_of(["a", "b"], answer.encode(), reports_failures=True) == done
    assert done_of(["a", "b"], answer.encode(), reports_failures=False) == ["a", "b"]


def test_what_the_filter_does_not_match_is_deleted_unseen(bench: Bench, marks: Marks) -> None:
    queue = bench.queue()
    pattern = {"body": {"detail": {"object": {"key": [{"prefix": "originals/"}]}}}}
    event = GOLDEN["Records"][0]["body"]
    other = event.replace("originals/", "renditions/")
    bench.send(queue, other, "not json", event, '"originals/"')
    bench.mapping(
        queue,
        recorder(bench, marks),
        FilterCriteria={"Filters": [{"Pattern": json.dumps(pattern)}]},
    )
    eventually(lambda: is_empty(bench, queue))
    assert bodies(marks) == [event]


def test_a_batching_window_gathers_more_than_one_receive_can(bench: Bench, marks: Marks) -> None:
    queue = bench.queue()
    bench.mapping(queue, recorder(bench, marks), BatchSize=15, MaximumBatchingWindowInSeconds=60)
    sent = [f"message {number:02}" for number in range(15)]
    bench.send(queue, *sent)
    eventually(lambda: is_empty(bench, queue))
    assert len(marks) == 1
    assert sorted(bodies(marks)) == sent


def test_a_disabled_or_deleted_mapping_receives_nothing(bench: Bench, marks: Marks) -> None:
    queue = bench.queue()
    uuid = bench.mapping(queue, recorder(bench, marks))
    bench.send(queue, "first")
    eventually(lambda: bodies(marks) == ["first"])

    bench.lambdas.update_event_source_mapping(UUID=uuid, Enabled=False)
    bench.send(queue, "second")
    time.sleep(2 * POLL_SECONDS)
    assert bench.received(queue, 1) == ["second"]

    bench.lambdas.update_event_source_mapping(UUID=uuid, Enabled=True)
    bench.send(queue, "third")
    eventually(lambda: bodies(marks) == ["first", "third"] and is_empty(bench, queue))

    bench.lambdas.delete_event_source_mapping(UUID=uuid)
    bench.send(queue, "fourth")
    time.sleep(2 * POLL_SECONDS)
    assert bench.received(queue, 1) == ["fourth"]
    assert bodies(marks) == ["first", "third"]


def test_sending_does_not_wait_for_the_function(bench: Bench, marks: Marks) -> None:
    gate = marks.path.with_name("gate")
    function = bench.function(
        Marks.PYTHON
        + f"""
def handler(event, context):
    while not os.path.exists({str(gate)!r}):
        time.sleep(0.01)
    mark(records=event["Records"])
""",
        environment={"MARKS": str(marks.path)},
    )
    queue = bench.queue()
    bench.mapping(queue, function)
    bench.send(queue, "patience")
    assert len(marks) == 0
    gate.touch()
    eventually(lambda: bodies(marks) == ["patience"])
