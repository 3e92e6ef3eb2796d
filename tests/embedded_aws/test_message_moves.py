"""A dead-letter queue is emptied as AWS empties it."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from botocore.exceptions import ClientError

from embedded_aws.bench import Bench


def with_dead_letters(bench: Bench, dead_letters: str) -> str:
    """A queue whose messages become dead letters after one receive."""
    policy = {"deadLetterTargetArn": bench.arn(dead_letters), "maxReceiveCount": 1}
    return bench.queue(visibility=0, RedrivePolicy=json.dumps(policy))


def fail(bench: Bench, queue: str, *bodies: str) -> None:
    """Let messages die: they are received, come back at once, and are found to be too old."""
    for body in bodies:
        bench.sqs.send_message(
            QueueUrl=queue,
            MessageBody=body,
            MessageAttributes={"of": {"DataType": "String", "StringValue": body}},
        )
    for _ in range(2):
        bench.sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10)
    assert bench.held(queue) == (0, 0)


def bodies(bench: Bench, queue: str) -> list[str]:
    answer = bench.sqs.receive_message(
        QueueUrl=queue,
        MaxNumberOfMessages=10,
        AttributeNames=["All"],
        MessageAttributeNames=["All"],
    )
    messages = answer.get("Messages", [])
    for message in messages:
        assert message["Attributes"]["ApproximateReceiveCount"] == "1"
        assert message["MessageAttributes"]["of"]["StringValue"] == message["Body"]
    return sorted(message["Body"] for message in messages)


def test_every_message_goes_back_to_the_queue_it_came_from(bench: Bench) -> None:
    dead_letters = bench.queue()
    one, other = (with_dead_letters(bench, dead_letters) for _ in range(2))
    fail(bench, one, "a", "b")
    fail(bench, other, "c")
    assert bench.held(dead_letters) == (3, 0)
    source = bench.arn(dead_letters)
    started = bench.sqs.start_message_move_task(SourceArn=source)
    assert started["TaskHandle"]
    assert bench.held(dead_letters) == (0, 0)
    assert bodies(bench, one) == ["a", "b"]
    assert bodies(bench, other) == ["c"]
    (task,) = bench.sqs.list_message_move_tasks(SourceArn=source)["Results"]
    assert (task["Status"], task["SourceArn"]) == ("COMPLETED", source)
    assert task["ApproximateNumberOfMessagesMoved"] == 3
    assert task["ApproximateNumberOfMessagesToMove"] == 3
    assert task["StartedTimestamp"] > 1_700_000_000_000


def test_they_go_elsewhere_if_that_is_asked_for(bench: Bench) -> None:
    dead_letters, elsewhere = bench.queue(), bench.queue()
    queue = with_dead_letters(bench, dead_letters)
    fail(bench, queue, "a")
    source, destination = bench.arn(dead_letters), bench.arn(elsewhere)
    bench.sqs.start_message_move_task(
        SourceArn=source, DestinationArn=destination, MaxNumberOfMessagesPerSecond=5
    )
    assert bench.held(queue) == (0, 0)
    assert bodies(bench, elsewhere) == ["a"]
    bench.sqs.start_message_move_task(SourceArn=source)
    latest, first = bench.sqs.list_message_move_tasks(SourceArn=source, MaxResults=10)["Results"]
    assert (first["DestinationArn"], first["MaxNumberOfMessagesPerSecond"]) == (destination, 5)
    assert latest["ApproximateNumberOfMessagesMoved"] == 0
    assert "DestinationArn" not in latest


def test_a_message_in_flight_stays(bench: Bench) -> None:
    dead_letters = bench.queue()
    queue = with_dead_letters(bench, dead_letters)
    fail(bench, queue, "a", "b")
    bench.sqs.receive_message(QueueUrl=dead_letters, MaxNumberOfMessages=1)
    bench.sqs.start_message_move_task(SourceArn=bench.arn(dead_letters))
    assert bench.held(dead_letters) == (0, 1)
    assert len(bodies(bench, queue)) == 1


def test_a_message_of_no_other_queue_stays_and_the_task_says_so(bench: Bench) -> None:
    dead_letters = bench.queue()
    queue = with_dead_letters(bench, dead_letters)
    fail(bench, queue, "a")
    bench.send(dead_letters, "by hand")
    source = bench.arn(dead_letters)
    bench.sqs.start_message_move_task(SourceArn=source)
    assert bodies(bench, queue) == ["a"]
    assert bench.held(dead_letters) == (1, 0)
    (task,) = bench.sqs.list_message_move_tasks(SourceArn=source)["Results"]
    assert (task["Status"], task["FailureReason"]) == ("FAILED", "CouldNotDetermineMessageSource")
    assert task["ApproximateNumberOfMessagesMoved"] == 1


def test_what_is_no_dead_letter_queue_is_refused(bench: Bench) -> None:
    arn = bench.arn(bench.queue())
    dead_letters = bench.queue()
    with_dead_letters(bench, dead_letters)

    def code(call: Callable[[], object]) -> str:
        with pytest.raises(ClientError) as error:
            call()
        return error.value.response["Error"]["Code"]

    start = bench.sqs.start_message_move_task
    assert code(lambda: start(SourceArn=arn)) == "InvalidParameterValue"
    assert code(lambda: start(SourceArn=f"{arn}-gone")) == "ResourceNotFoundException"
    source = bench.arn(dead_letters)
    assert (
        code(lambda: start(SourceArn=source, DestinationArn=f"{arn}-gone"))
        == "ResourceNotFoundException"
    )
