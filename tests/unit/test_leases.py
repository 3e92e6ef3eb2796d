"""The claim and lease rules against DynamoDB: each transition of a record, by name."""

from __future__ import annotations

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from threading import Barrier
from typing import TYPE_CHECKING, Any

import pytest
from boto3.dynamodb.types import TypeDeserializer
from hypothesis import given
from hypothesis import strategies as st

from aws_names import TABLE
from media_pipeline.failures import PermanentError
from media_pipeline.leases import (
    Claim,
    Verdict,
    format_time,
    pad_sequencer,
    parse_time,
)
from media_pipeline.recipe import load_recipe
from media_pipeline.records import Catalog, Lease, LeaseLostError, Refusal
from media_pipeline.vocabulary import Vocabulary

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

KEY = {"id": "photo-42", "projectId": "gallery-7"}
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
CLAIM = Claim(
    source_version="v1",
    sequencer="0A",
    recipe_digest="d1",
    holder="message-1",
    expires_at=NOON + timedelta(minutes=5),
    bucket="uploads",
    key="originals/gallery-7/photo-42/harbour.jpg",
    etag="e1",
)
NEWER = replace(CLAIM, source_version="v2", sequencer="0B", holder="message-2")
OLDER = replace(CLAIM, source_version="v0", sequencer="09", holder="message-0")
OTHER_RECIPE = replace(CLAIM, recipe_digest="d2", holder="message-3")
OTHERS = replace(CLAIM, holder="message-4")
WORDS = Vocabulary(load_recipe().record.attributes)
FAILURE = PermanentError("corrupt_image", "The image is damaged.")


class Table:
    """The catalog under test, its clock, and the item as DynamoDB holds it."""

    def __init__(self, client: DynamoDBClient) -> None:
        self.client = client
        self.now = NOON
        self.catalog = Catalog(client, TABLE, lambda: self.now)

    @property
    def item(self) -> dict[str, Any]:
        key: Any = {name: {"S": value} for name, value in KEY.items()}
        found = self.client.get_item(TableName=TABLE, Key=key, ConsistentRead=True)["Item"]
        return {name: TypeDeserializer().deserialize(value) for name, value in found.items()}

    def claim(self, claim: Claim = CLAIM, is_current: bool = False) -> Lease | Verdict:
        answer = self.catalog.claim(KEY, claim, {"type": "image"}, lambda: is_current, WORDS)
        return answer.verdict if isinstance(answer, Refusal) else answer

    def take(self, claim: Claim = CLAIM, is_current: bool = False) -> Lease:
        lease = self.claim(claim, is_current)
        assert isinstance(lease, Lease)
        return lease

    def finish(self, state: str, claim: Claim = CLAIM) -> None:
        lease = self.take(claim)
        if state == "completed":
            self.catalog.complete(lease, {"width": 3})
        else:
            self.catalog.fail(lease, FAILURE)
        assert self.item["status"] == state


@pytest.fixture
def table(dynamodb: DynamoDBClient) -> Table:
    return Table(dynamodb)


def assert_processing(table: Table, claim: Claim, attempts: int = 1) -> None:
    item = table.item
    assert item["status"] == "processing"
    assert item["pipeline"]["holder"] == claim.holder
    assert item["pipeline"]["sourceVersion"] == claim.source_version
    assert item["pipeline"]["attempts"] == attempts
    assert "error" not in item


def test_no_record_to_processing(table: Table) -> None:
    table.take()
    assert_processing(table, CLAIM)
    assert table.item["createdAt"] == table.item["updatedAt"] == "2026-03-01T12:00:00.000Z"


def test_pending_to_processing(table: Table) -> None:
    table.client.put_item(
        TableName=TABLE,
        Item={
            "id": {"S": KEY["id"]},
            "projectId": {"S": KEY["projectId"]},
            "status": {"S": "pending"},
            "createdAt": {"S": "2026-03-01T11:00:00.000Z"},
            "caption": {"S": "the application's own"},
        },
    )
    table.take()
    assert_processing(table, CLAIM)
    assert table.item["createdAt"] == "2026-03-01T11:00:00.000Z"
    assert table.item["caption"] == "the application's own"


def test_processing_to_completed(table: Table) -> None:
    lease = table.take()
    table.catalog.complete(lease, {"width": 3, "timings": {"fetch": 0.25}})
    item = table.item
    assert (item["status"], item["width"], float(item["timings"]["fetch"])) == (
        "completed",
        3,
        0.25,
    )
    assert item["pipeline"].keys() == {
        "attempts",
        "sourceVersion",
        "etag",
        "sequencer",
        "bucket",
        "key",
        "revision",
        "recipeDigest",
        "endedAt",
        "endedBy",
    }
    assert item["pipeline"]["endedAt"] == item["processedAt"]


def test_processing_to_failed(table: Table) -> None:
    table.finish("completed", OLDER)
    table.catalog.fail(table.take(), FAILURE)
    item = table.item
    assert item["status"] == "failed"
    assert item["error"] == {"code": "corrupt_image", "message": "The image is damaged."}
    assert "width" not in item, "a failed record still shows an older upload's results"


@pytest.mark.parametrize("state", ["completed", "failed"])
@pytest.mark.parametrize(
    "claim",
    [NEWER, OTHER_RECIPE, replace(OTHERS, retry=True)],
    ids=["newer_version", "other_recipe", "retry"],
)
def test_finished_to_processing(table: Table, state: str, claim: Claim) -> None:
    table.finish(state)
    table.take(claim)
    assert_processing(table, claim)


@pytest.mark.parametrize("state", ["completed", "failed"])
def test_finished_stays_for_the_same_version_and_recipe(table: Table, state: str) -> None:
    table.finish(state)
    before = table.item
    assert table.claim(OTHERS) is Verdict.DUPLICATE
    assert table.claim(OLDER) is Verdict.SUPERSEDED
    assert table.item == before


def test_processing_to_processing_by_a_newer_version_at_once(table: Table) -> None:
    table.take()
    table.take(NEWER)
    assert_processing(table, NEWER)


def test_processing_to_processing_when_the_lease_has_run_out(table: Table) -> None:
    table.take()
    table.now = CLAIM.expires_at - timedelta(seconds=1)
    assert table.claim(OTHERS) is Verdict.BUSY
    table.now = CLAIM.expires_at
    table.take(OTHERS)
    assert_processing(table, OTHERS, attempts=2)


def test_processing_to_processing_by_the_holders_own_redelivery(table: Table) -> None:
    first = table.take()
    assert table.take().token != first.token
    assert_processing(table, CLAIM, attempts=2)


def test_processing_stays_for_another_message_of_the_same_version(table: Table) -> None:
    table.take()
    before = table.item
    assert table.claim(OTHERS) is Verdict.BUSY
    assert table.claim(replace(OTHERS, retry=True)) is Verdict.BUSY
    assert table.claim(OLDER) is Verdict.SUPERSEDED
    assert table.item == before


def test_a_released_lease_may_be_claimed_at_once(table: Table) -> None:
    table.catalog.release(table.take())
    assert table.item["status"] == "processing"
    table.take(OTHERS)
    assert_processing(table, OTHERS, attempts=2)


def test_exhausted_is_failed_and_a_redrive_may_claim(table: Table) -> None:
    table.catalog.exhaust(table.take(), "with ConnectionError")
    item = table.item
    assert (item["status"], item["error"]["code"]) == ("failed", "retries_exhausted")
    assert "ConnectionError" in item["error"]["message"]
    table.take(OTHERS)
    assert_processing(table, OTHERS, attempts=2)


@pytest.mark.parametrize("state", ["completed", "failed"])
def test_finished_to_processing_starts_with_no_stage(table: Table, state: str) -> None:
    table.finish(state)
    lease = table.take(NEWER)
    assert table.item.keys().isdisjoint({"processing_stage", "progress_percentage"})
    table.catalog.report(lease, "encoding", 7)
    table.catalog.release(lease)
    table.take(NEWER)
    assert table.item.keys().isdisjoint({"processing_stage", "progress_percentage"})


def test_processing_reports_how_far_it_is(table: Table) -> None:
    lease = table.take()
    before = table.item
    table.now += timedelta(seconds=3)
    table.catalog.report(lease, "encoding", 42)
    assert table.item == {
        **before,
        "processing_stage": "encoding",
        "progress_percentage": 42,
        "updatedAt": "2026-03-01T12:00:03.000Z",
    }


@pytest.mark.parametrize(
    ("end", "shown"),
    [
        (lambda catalog, lease: catalog.complete(lease, {}), ("completed", 100)),
        (lambda catalog, lease: catalog.fail(lease, FAILURE), (None, None)),
        (lambda catalog, lease: catalog.exhaust(lease, "with OSError"), (None, None)),
    ],
    ids=["completed", "failed", "exhausted"],
)
def test_processing_to_an_end_ends_the_progress(
    table: Table, end: Callable[[Catalog, Lease], None], shown: tuple[object, object]
) -> None:
    lease = table.take()
    table.catalog.report(lease, "encoding", 42)
    end(table.catalog, lease)
    item = table.item
    assert (item.get("processing_stage"), item.get("progress_percentage")) == shown


def test_processing_shows_what_is_published_early_and_stays_processing(table: Table) -> None:
    lease = table.take()
    before = table.item
    first = {"stage": "first", "key": "master.m3u8"}
    table.now += timedelta(seconds=3)
    table.catalog.publish_early(lease, {"stream": first})
    assert table.item == {**before, "stream": first, "updatedAt": "2026-03-01T12:00:03.000Z"}
    table.catalog.complete(lease, {"stream": {**first, "stage": "complete"}})
    assert table.item["stream"] == {**first, "stage": "complete"}


@pytest.mark.parametrize(
    "end",
    [
        lambda catalog, lease: catalog.complete(lease, {"width": 3}),
        lambda catalog, lease: catalog.fail(lease, FAILURE),
        lambda catalog, lease: catalog.exhaust(lease, "with OSError"),
    ],
    ids=["completed_without", "failed", "exhausted"],
)
def test_what_was_published_early_goes_if_the_end_does_not_have_it(
    table: Table, end: Callable[[Catalog, Lease], None]
) -> None:
    lease = table.take()
    table.catalog.publish_early(lease, {"stream": {"stage": "first"}})
    end(table.catalog, lease)
    assert "stream" not in table.item


PUBLISHING: list[Callable[[Catalog, Lease], None]] = [
    lambda catalog, lease: catalog.complete(lease, {"width": 9}),
    lambda catalog, lease: catalog.fail(lease, FAILURE),
    lambda catalog, lease: catalog.exhaust(lease, "with OSError"),
    lambda catalog, lease: catalog.release(lease),
    lambda catalog, lease: catalog.confirm(lease),
    lambda catalog, lease: catalog.report(lease, "encoding", 42),
    lambda catalog, lease: catalog.publish_early(lease, {"stream": {"stage": "first"}}),
]


@pytest.mark.parametrize("publish", PUBLISHING)
@pytest.mark.parametrize("winner", ["processing", "completed"])
def test_whoever_lost_the_lease_changes_nothing(
    table: Table, publish: Callable[[Catalog, Lease], None], winner: str
) -> None:
    lost = table.take()
    if winner == "completed":
        table.finish("completed", NEWER)
    else:
        table.take(NEWER)
    before = table.item
    with pytest.raises(LeaseLostError):
        publish(table.catalog, lost)
    assert table.item == before


@pytest.mark.parametrize(
    "end",
    [
        lambda catalog, lease: catalog.complete(lease, {"width": 3}),
        lambda catalog, lease: catalog.fail(lease, FAILURE),
        lambda catalog, lease: catalog.exhaust(lease, "with OSError"),
    ],
    ids=["completed", "failed", "exhausted"],
)
def test_an_end_whose_first_answer_was_lost_is_no_lost_lease(
    table: Table, end: Callable[[Catalog, Lease], None]
) -> None:
    """The SDK sends it again, and the condition no longer holds: by this very write."""
    lease = table.take()
    end(table.catalog, lease)
    before = table.item
    end(table.catalog, lease)
    assert table.item == before


def test_the_holder_of_the_lease_confirms_it(table: Table) -> None:
    table.catalog.confirm(table.take())


def test_two_workers_at_once_get_one_lease(table: Table) -> None:
    workers = 2
    for round_number in range(10):
        version = replace(
            CLAIM,
            source_version=f"v{round_number}",
            sequencer=f"{round_number:04X}",
        )
        start = Barrier(workers)

        def claim(holder: str, version: Claim = version, start: Barrier = start) -> object:
            start.wait()
            return table.claim(replace(version, holder=holder))

        with ThreadPoolExecutor(workers) as threads:
            answers = list(threads.map(claim, ["message-a", "message-b"]))
        assert sum(isinstance(answer, Lease) for answer in answers) == 1
        assert Verdict.BUSY in answers
        assert table.item["pipeline"]["attempts"] == 1


def test_versions_without_two_sequencers_are_ordered_by_what_s3_holds(table: Table) -> None:
    unordered = replace(CLAIM, sequencer=None)
    table.take(unordered)
    assert table.claim(NEWER, is_current=False) is Verdict.SUPERSEDED
    table.take(NEWER, is_current=True)
    assert table.claim(unordered, is_current=False) is Verdict.SUPERSEDED
    assert table.item["pipeline"]["sequencer"] == NEWER.sequencer


def test_an_answer_of_s3_that_has_grown_old_takes_nothing(table: Table) -> None:
    """Between the question and the write, another worker publishes a version that came since."""
    table.take(replace(OLDER, sequencer=None))
    answers = [True, False]

    def is_current() -> bool:
        if len(answers) == 2:
            table.take(NEWER, is_current=True)
        return answers.pop(0)

    answer = table.catalog.claim(KEY, replace(CLAIM, sequencer=None), {}, is_current, WORDS)
    assert answer == Refusal(Verdict.SUPERSEDED)
    assert_processing(table, NEWER)


def test_a_retry_is_done_once(table: Table) -> None:
    table.finish("completed")
    table.finish("completed", replace(OTHERS, retry=True))
    assert table.claim(OTHERS) is Verdict.DUPLICATE


@pytest.mark.parametrize(
    "again",
    [CLAIM, NEWER, replace(OTHERS, retry=True)],
    ids=["redelivery", "newer_version", "retry"],
)
def test_every_claim_writes_under_a_revision_of_its_own(table: Table, again: Claim) -> None:
    first = table.take()
    if again.retry:
        table.catalog.complete(first, {})
    second = table.take(again)
    assert first.revision != second.revision
    assert re.fullmatch("[0-9a-f]{12}", second.revision)
    pipeline = table.item["pipeline"]
    assert (pipeline["revision"], pipeline["leftovers"]) == (second.revision, {first.revision: ""})
    table.now += timedelta(hours=1)
    table.catalog.complete(second, {})
    assert table.item["pipeline"]["leftovers"] == {first.revision: "2026-03-01T13:00:00.000Z"}


def test_a_failure_means_none_of_its_revisions(table: Table) -> None:
    first, second = table.take(), table.take()
    table.catalog.fail(second, FAILURE)
    pipeline = table.item["pipeline"]
    assert pipeline["leftovers"].keys() == {first.revision, second.revision}
    assert set(pipeline["leftovers"].values()) == {format_time(NOON)}
    assert "revision" not in pipeline


@pytest.mark.parametrize(
    ("state", "verdict"), [("completed", Verdict.DUPLICATE), ("failed", Verdict.GRANTED)]
)
def test_what_has_failed_is_done_again_where_failures_are_asked_for(
    table: Table, state: str, verdict: Verdict
) -> None:
    table.finish(state)
    answer = table.claim(replace(OTHERS, retry_failed=True))
    assert (Verdict.GRANTED if isinstance(answer, Lease) else answer) is verdict


def test_what_was_left_over_once_keeps_its_time(table: Table) -> None:
    revisions = []
    for number in range(3):
        table.now = NOON + timedelta(hours=number)
        lease = table.take(replace(CLAIM, source_version=f"v{number}", sequencer=f"0{number}"))
        table.catalog.complete(lease, {})
        revisions.append(lease.revision)
    assert table.item["pipeline"]["leftovers"] == {
        revisions[0]: "2026-03-01T13:00:00.000Z",
        revisions[1]: "2026-03-01T14:00:00.000Z",
    }


def test_tries_that_came_to_no_end_leave_everything_as_it_is(table: Table) -> None:
    table.finish("completed")
    made = table.item["pipeline"]["revision"]
    table.catalog.exhaust(table.take(NEWER), "with OSError")
    assert table.item["pipeline"]["leftovers"] == {made: ""}


def test_outputs_under_keys_that_are_used_again_leave_nothing_over(table: Table) -> None:
    fixed = replace(CLAIM, keeps_revisions=False)
    assert table.take(fixed).revision == ""
    table.catalog.fail(table.take(fixed), FAILURE)
    assert table.item["pipeline"].keys().isdisjoint({"revision", "leftovers"})


def test_a_duplicate_of_a_failure_says_what_failed(table: Table) -> None:
    table.finish("failed")
    answer = table.catalog.claim(KEY, OTHERS, {}, lambda: True, WORDS)
    assert isinstance(answer, Refusal)
    assert answer.error is not None
    assert (answer.error.code, answer.error.sentence) == (FAILURE.code, FAILURE.sentence)


@pytest.mark.parametrize(
    ("earlier", "later"), [("0A", "0B"), ("0A", "0A01"), ("0A9", "0B"), ("0a", "0B"), ("9", "A")]
)
def test_sequencers_are_padded_on_the_right(earlier: str, later: str) -> None:
    assert pad_sequencer(earlier) < pad_sequencer(later)


@pytest.mark.parametrize(("held", "asked"), [("0A00", "0A"), ("0A", "0A00"), ("0a", "0A")])
def test_sequencers_that_padding_makes_equal_order_nothing(
    table: Table, held: str, asked: str
) -> None:
    table.take(replace(CLAIM, sequencer=held))
    newer = replace(NEWER, sequencer=asked)
    assert table.claim(newer, is_current=False) is Verdict.SUPERSEDED
    table.take(newer, is_current=True)


@given(st.datetimes(), st.datetimes())
def test_written_times_sort_as_the_times_they_say(one: datetime, other: datetime) -> None:
    one, other = (moment.replace(tzinfo=UTC, microsecond=0) for moment in (one, other))
    assert (format_time(one) < format_time(other)) == (one < other)
    assert parse_time(format_time(one)) == one
