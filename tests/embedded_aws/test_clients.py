"""Several clients at once do not get in each other's way."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest

from embedded_aws.bench import Bench, eventually


@pytest.fixture(autouse=True)
def _restless_threads() -> Iterator[None]:
    """Let threads interrupt each other a thousand times as often as usual."""
    usual = sys.getswitchinterval()
    sys.setswitchinterval(usual / 1000)
    yield
    sys.setswitchinterval(usual)


def test_a_counter_misses_no_increment_and_a_condition_has_one_winner(bench: Bench) -> None:
    table = bench.table()
    key = {"id": {"S": "counter"}}

    def count(number: int) -> bool:
        bench.dynamodb.update_item(
            TableName=table,
            Key=key,
            UpdateExpression="ADD hits :one",
            ExpressionAttributeValues={":one": {"N": "1"}},
        )
        try:
            bench.dynamodb.put_item(
                TableName=table,
                Item={"id": {"S": f"claim-{number % 20}"}},
                ConditionExpression="attribute_not_exists(id)",
            )
        except bench.dynamodb.exceptions.ConditionalCheckFailedException:
            return False
        return True

    with ThreadPoolExecutor(16) as clients:
        won = list(clients.map(count, range(200)))
    item = bench.dynamodb.get_item(TableName=table, Key=key)["Item"]
    assert item["hits"] == {"N": "200"}
    assert sum(won) == 20


def test_no_message_is_lost_while_others_are_deleted(bench: Bench) -> None:
    queue = bench.queue()
    sent = [f"message {number}" for number in range(300)]
    received: list[str] = []
    done = Event()

    def receive(_client: int) -> None:
        while not done.is_set():
            received.extend(bench.receive(queue))

    with ThreadPoolExecutor(12) as clients:
        receivers = [clients.submit(receive, number) for number in range(4)]
        list(clients.map(lambda body: bench.send(queue, body), sent))
        try:
            eventually(lambda: len(received) >= len(sent))
        finally:
            done.set()
        for receiver in receivers:
            receiver.result()
    assert sorted(received) == sorted(sent)
    assert bench.held(queue) == (0, 0)


def test_a_bucket_can_be_listed_while_objects_come_and_go(bench: Bench) -> None:
    bucket = bench.bucket()
    end = time.monotonic() + 2

    def change(client: int) -> None:
        number = 0
        while time.monotonic() < end:
            number += 1
            bench.s3.put_object(Bucket=bucket, Key=f"{client}-{number}", Body=b"x")
            if number % 2:
                bench.s3.delete_object(Bucket=bucket, Key=f"{client}-{number}")

    with ThreadPoolExecutor(4) as clients:
        changing = [clients.submit(change, number) for number in range(3)]
        while time.monotonic() < end:
            bench.s3.list_objects_v2(Bucket=bucket)
        for change_of_one in changing:
            change_of_one.result()
