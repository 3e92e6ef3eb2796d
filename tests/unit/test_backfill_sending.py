"""How a backfill sends: taken up again, at its pace, and again what AWS did not take."""

from __future__ import annotations

import errno
import json
import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import backfill
from aws_names import TABLE
from backfilled import Bucket, Watched, date_objects, interrupted_at_once, photo
from backfilling import report
from backfilling.errors import BackfillError
from backfilling.run import Services

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_sqs import SQSClient


@pytest.fixture(autouse=True)
def interruptible() -> Iterator[None]:
    """What runs in a shell's background has SIGINT ignored."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.parametrize("after", [10, 20, 40])
def test_an_interrupted_run_goes_on_where_it_was(bucket: Bucket, after: int) -> None:
    bucket.put(*(photo(number) for number in range(57)))

    def interrupt(sent: int) -> None:
        if sent >= after:
            signal.raise_signal(signal.SIGINT)

    def interrupting(total: int) -> Watched:
        display = Watched(total)
        display.on_sent = interrupt
        return display

    first = bucket.backfill()
    with pytest.raises(KeyboardInterrupt):
        first.run(interrupting)
    sent = bucket.received()
    assert set(sent) == {photo(number) for number in range(after)}
    second = bucket.run()
    assert set(bucket.received()) == {photo(number) for number in range(after, 57)}
    assert (second.sent, second.state.sent, second.state.is_finished) == (57 - after, 57, True)
    # Finished, so that it begins anew.
    assert bucket.run().sent == 57


def test_a_run_taken_up_among_the_originals_of_a_record_sends_no_older_one(
    bucket: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = [f"originals/p/one/{name}.jpg" for name in "abc"]
    bucket.put(*keys)
    date_objects(bucket, monkeypatch, {keys[0]: 3, keys[1]: 2, keys[2]: 1})
    first = bucket.backfill()
    with pytest.raises(KeyboardInterrupt):
        first.run(interrupted_at_once)
    assert bucket.received() == [keys[0]]
    assert bucket.run().sent == 0


def test_the_command_says_how_to_go_on(
    bucket: Bucket, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    bucket.put(*(photo(number) for number in range(25)))
    state = str(bucket.folder / "kept.json")
    command = [bucket.file, "--state", state, "--rate", "100000"]
    monkeypatch.setattr(backfill, "_display", interrupted_at_once)
    assert backfill.main(command) == 130
    told = capsys.readouterr().err
    assert told == (
        f"Interrupted; 10 messages were sent. The same command goes on after {photo(9)}, as "
        f"{state} says.\n"
    )
    monkeypatch.undo()
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    assert backfill.main(command) == 0
    told = capsys.readouterr().out
    assert told.startswith(f"It goes on after {photo(9)}, as {state} says.\n")
    assert told.endswith("15 messages were sent.\n")
    assert len(bucket.received()) == 25


def test_progress_is_shown_as_it_is_made(bucket: Bucket) -> None:
    bucket.put(*(photo(number) for number in range(23)), "originals/q/done/a.jpg")
    bucket.catalog.complete(bucket.claim("originals/q/done/a.jpg"), {})
    displays: list[Watched] = []

    def display_of(total: int) -> Watched:
        displays.append(Watched(total))
        return displays[0]

    bucket.backfill().run(display_of)
    assert displays[0].total == 24
    assert displays[0].shown == [(10, 10), (20, 20), (23, 23), (24, 23)]


def test_another_run_begins_anew(bucket: Bucket) -> None:
    bucket.put(*(photo(number) for number in range(15)))
    with pytest.raises(KeyboardInterrupt):
        bucket.backfill().run(interrupted_at_once)
    assert bucket.run("--prefix", "originals/p/").sent == 15


def test_no_more_than_the_rate_is_sent(bucket: Bucket) -> None:
    bucket.put(*(photo(number) for number in range(45)))
    times: list[tuple[float, int]] = []

    class Timed:
        def send_message_batch(self, **request: Any) -> Any:  # noqa: ANN401
            times.append((bucket.clock(), len(request["Entries"])))
            return bucket.sqs.send_message_batch(**request)

    bucket.run("--rate", "4", sqs=Timed())
    assert times == [(100.0, 10), (102.5, 10), (105.0, 10), (107.5, 10), (110.0, 5)]


class Failing:
    """SQS, which does not take the messages of some keys so many times."""

    def __init__(self, sqs: SQSClient, times: dict[str, int], sender_fault: bool = False) -> None:
        self._sqs = sqs
        self._times = times
        self._sender_fault = sender_fault
        self.batches: list[int] = []

    def send_message_batch(self, **request: Any) -> dict[str, Any]:  # noqa: ANN401
        self.batches.append(len(request["Entries"]))
        failed, taken = [], []
        for entry in request["Entries"]:
            key = json.loads(entry["MessageBody"])["detail"]["object"]["key"]
            if self._times.get(key, 0) > 0:
                self._times[key] -= 1
                told = {"Code": "InternalError", "Message": "Later."}
                failed.append({"Id": entry["Id"], "SenderFault": self._sender_fault, **told})
            else:
                taken.append(entry)
        if taken:
            self._sqs.send_message_batch(QueueUrl=request["QueueUrl"], Entries=taken)
        return {"Successful": [], "Failed": failed}


def test_messages_that_sqs_did_not_take_are_sent_again(bucket: Bucket) -> None:
    bucket.put(*(photo(number) for number in range(12)))
    sqs = Failing(bucket.sqs, {photo(3): 2, photo(7): 1})
    run = bucket.run(sqs=sqs)
    assert sqs.batches == [10, 2, 1, 2]
    assert run.sent == len(bucket.received()) == 12


def test_a_queue_that_takes_nothing_ends_the_run_where_it_can_go_on(bucket: Bucket) -> None:
    bucket.put(*(photo(number) for number in range(25)))
    with pytest.raises(BackfillError, match=r"SQS did not take 1 messages.*InternalError: Later"):
        bucket.run(sqs=Failing(bucket.sqs, {photo(14): 1000}))
    assert bucket.run().sent == 15
    received = bucket.received()
    assert set(received) == {photo(number) for number in range(25)}


def test_messages_that_sqs_refuses_are_named_and_the_others_sent(
    bucket: Bucket, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    bucket.put(*(photo(number) for number in range(12)))
    sqs: Any = Failing(bucket.sqs, {photo(4): 1}, sender_fault=True)
    services = Services(bucket.s3, bucket.dynamodb, sqs, bucket.clock, bucket.clock.sleep)
    monkeypatch.setattr(backfill, "_services", lambda _: services)
    assert backfill.main([bucket.file, "--state", str(bucket.folder / "state.json")]) == 1
    assert capsys.readouterr().out.endswith(
        "11 messages were sent.\n"
        f"SQS refuses the message of {photo(4)} (InternalError: Later.); it was not sent.\n"
    )
    assert set(bucket.received()) == {photo(number) for number in range(12)} - {photo(4)}


def test_files_of_nobody_do_not_take_a_run_back(bucket: Bucket) -> None:
    # More than are looked at together, and no original before them in the run that goes on.
    notes = [f"originals/p/n{number:03}/a.txt" for number in range(101)]
    bucket.put(photo(1), "originals/q/two/a.jpg")
    with pytest.raises(BackfillError):
        bucket.run(sqs=Failing(bucket.sqs, {"originals/q/two/a.jpg": 1000}))
    bucket.put(*notes)
    state = bucket.folder / "state.json"
    kept = json.loads(state.read_bytes())
    state.write_text(json.dumps({**kept, "last_key": photo(1)}))
    with pytest.raises(BackfillError):
        bucket.run(sqs=Failing(bucket.sqs, {"originals/q/two/a.jpg": 1000}))
    assert json.loads(state.read_bytes())["last_key"] == photo(1)


def test_a_full_disk_leaves_a_state_that_is_told_as_it_is(
    bucket: Bucket, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    bucket.put(*(photo(number) for number in range(35)))
    write = Path.write_bytes
    written: list[bytes] = []

    def fill(path: Path, content: bytes) -> int:
        written.append(content)
        if len(written) > 3:
            raise OSError(errno.ENOSPC, "No space left on device")
        return write(path, content)

    monkeypatch.setattr(Path, "write_bytes", fill)
    assert bucket.command(monkeypatch) == 1
    kept = json.loads((bucket.folder / "state.json").read_bytes())
    # The first says the beginning; of the third ten nothing could be kept.
    assert (kept["last_key"], kept["sent"]) == (photo(19), 20)
    assert f"The same command goes on after {photo(19)}, as " in capsys.readouterr().err


def test_an_interruption_of_the_report_says_what_was_sent(
    bucket: Bucket, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    bucket.put(*(photo(number) for number in range(12)))

    def interrupt(_: object) -> None:
        signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(report, "sent", interrupt)
    assert bucket.command(monkeypatch) == 130
    told = capsys.readouterr().err
    assert told == "Interrupted at its end; all 12 messages were sent.\n"


@pytest.mark.parametrize("options", [[], ["--dry-run"]])
def test_a_reader_that_left_is_told_nothing(
    bucket: Bucket,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    options: list[str],
) -> None:
    bucket.put(photo(1))
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "w") as pipe:
        monkeypatch.setattr(sys, "stdout", pipe)
        status = bucket.command(monkeypatch, *options)
    # Closing wrote what was left: it would have failed here as it would at the end of the command.
    assert (status, capsys.readouterr().err) == (141, "")


class Slow:
    """DynamoDB, which reads at most `most` keys of each request, after `idle` of none."""

    def __init__(self, dynamodb: DynamoDBClient, most: int, idle: int = 0) -> None:
        self._dynamodb = dynamodb
        self._most = most
        self._idle = idle
        self.asked: list[int] = []

    def batch_get_item(self, RequestItems: dict[str, Any]) -> dict[str, Any]:  # noqa: N803
        request = RequestItems[TABLE]
        keys = request["Keys"]
        self.asked.append(len(keys))
        most = 0 if len(self.asked) <= self._idle else self._most
        read: Any = {"Responses": {}}
        if most:
            asked: Any = {TABLE: {**request, "Keys": keys[:most]}}
            read = self._dynamodb.batch_get_item(RequestItems=asked)
        left = {TABLE: {**request, "Keys": keys[most:]}} if keys[most:] else {}
        return {"Responses": read["Responses"], "UnprocessedKeys": left}


def test_records_that_dynamodb_left_unread_are_read_again(bucket: Bucket) -> None:
    keys = [photo(number) for number in range(7)]
    bucket.put(*keys)
    for key in keys[1:]:
        bucket.catalog.complete(bucket.claim(key), {})
    dynamodb = Slow(bucket.dynamodb, most=3, idle=2)
    bucket.run(dynamodb=dynamodb)
    assert dynamodb.asked == [7, 7, 7, 4, 1]
    assert bucket.received() == [keys[0]]


def test_a_table_that_is_never_read_ends_the_run(bucket: Bucket) -> None:
    bucket.put(photo(1))
    with pytest.raises(BackfillError, match="left 1 records of media unread"):
        bucket.run(dynamodb=Slow(bucket.dynamodb, most=0))
    assert bucket.received() == []
