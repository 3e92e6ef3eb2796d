"""The record of a cutting job: its claim's own rules, and the words of its recipe."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from boto3.dynamodb.types import TypeDeserializer

from aws_names import TABLE
from media_pipeline.failures import PermanentError
from media_pipeline.leases import Claim, Verdict
from media_pipeline.recipe import load_recipe
from media_pipeline.records import Catalog, Lease, Refusal
from media_pipeline.vocabulary import Vocabulary

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

KEY = {"id": "cut-42", "projectId": "user-7"}
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
CLAIM = Claim(
    source_version="v1",
    sequencer=None,
    recipe_digest="d1",
    holder="request-1",
    expires_at=NOON + timedelta(minutes=5),
    is_job=True,
)
ANOTHER = replace(CLAIM, holder="request-2")
OTHER_REQUEST = replace(ANOTHER, recipe_digest="d2")
OTHER_SOURCE = replace(ANOTHER, source_version="v2")
FAILURE = PermanentError("corrupt_video", "The video is damaged.")
RECIPE = load_recipe()
SEGMENT = "processed/cut-42/segment_000.mp4"
MADE = {"outputs": [{"key": SEGMENT, "bytes": 7}], "segmentsCreated": 1, "size": 9}


class Table:
    """The catalog under test, its clock, the words it writes, and the item as DynamoDB holds it."""

    def __init__(self, client: DynamoDBClient) -> None:
        self.client = client
        self.now = NOON
        self.words = Vocabulary(RECIPE.jobs.attributes)
        self.catalog = Catalog(client, TABLE, lambda: self.now)

    @property
    def item(self) -> dict[str, Any]:
        key: Any = {name: {"S": value} for name, value in KEY.items()}
        found = self.client.get_item(TableName=TABLE, Key=key, ConsistentRead=True)["Item"]
        return {name: TypeDeserializer().deserialize(value) for name, value in found.items()}

    def claim(self, claim: Claim = CLAIM) -> Lease | Refusal:
        return self.catalog.claim(KEY, claim, {"type": "segments"}, lambda: True, self.words)

    def take(self, claim: Claim = CLAIM) -> Lease:
        lease = self.claim(claim)
        assert isinstance(lease, Lease)
        return lease


@pytest.fixture
def table(dynamodb: DynamoDBClient) -> Table:
    return Table(dynamodb)


def test_no_record_to_processing_in_the_recipes_words(table: Table) -> None:
    table.take()
    item = table.item
    assert item["pipeline"]["isJob"] is True
    assert {name: value for name, value in item.items() if name != "pipeline"} == {
        **KEY,
        "type": "segments",
        "status": "PROCESSING",
        "createdAt": "2026-03-01T12:00:00.000Z",
        "updated_at": "2026-03-01T12:00:00.000Z",
    }


def test_processing_to_completed_in_the_recipes_words(table: Table) -> None:
    lease = table.take()
    table.catalog.report(lease, "cutting", 50)
    assert (table.item["processing_stage"], table.item["progress_percentage"]) == ("cutting", 50)
    table.catalog.complete(lease, MADE)
    item = table.item
    assert item["status"] == "COMPLETED"
    assert item["output_s3_keys"] == [SEGMENT]
    assert item["segments_created"] == 1
    assert item.keys().isdisjoint({"outputs", "segmentsCreated", "updatedAt", "error_message"})


def test_processing_to_failed_in_the_recipes_words(table: Table) -> None:
    table.catalog.complete(table.take(), MADE)
    table.catalog.fail(table.take(OTHER_REQUEST), FAILURE)
    item = table.item
    assert (item["status"], item["error_message"]) == ("FAILED", "The video is damaged.")
    assert item["error"] == {"code": "corrupt_video", "message": "The video is damaged."}
    assert item.keys().isdisjoint({"output_s3_keys", "segments_created", "size"})


def test_failed_to_processing_to_completed_forgets_the_failure(table: Table) -> None:
    table.catalog.fail(table.take(), FAILURE)
    lease = table.take(OTHER_REQUEST)
    assert table.item.keys().isdisjoint({"error", "error_message"})
    table.catalog.complete(lease, MADE)
    assert table.item.keys().isdisjoint({"error", "error_message"})


def test_processing_to_exhausted_in_the_recipes_words(table: Table) -> None:
    table.catalog.exhaust(table.take(), "with ConnectionError")
    assert table.item["status"] == "FAILED"
    assert "ConnectionError" in table.item["error_message"]


@pytest.mark.parametrize("claim", [ANOTHER, OTHER_REQUEST, OTHER_SOURCE])
def test_processing_stays_for_any_other_request_until_the_lease_has_run_out(
    table: Table, claim: Claim
) -> None:
    """A medium's newer version takes the lease at once; of two jobs neither is the newer."""
    table.take()
    before = table.item
    assert table.claim(claim) == Refusal(Verdict.BUSY)
    assert table.item == before
    table.now = CLAIM.expires_at
    table.take(claim)
    assert table.item["pipeline"]["holder"] == claim.holder


def test_processing_to_processing_by_the_holders_own_redelivery(table: Table) -> None:
    table.take()
    table.take()
    assert table.item["pipeline"]["attempts"] == 2


@pytest.mark.parametrize("claim", [OTHER_REQUEST, OTHER_SOURCE, replace(ANOTHER, retry=True)])
def test_completed_to_processing(table: Table, claim: Claim) -> None:
    table.catalog.complete(table.take(), MADE)
    table.take(claim)
    assert table.item["status"] == "PROCESSING"


def test_completed_stays_for_the_same_request_and_says_how_many(table: Table) -> None:
    table.catalog.complete(table.take(), MADE)
    before = table.item
    assert table.claim(ANOTHER) == Refusal(Verdict.DUPLICATE, segments_created=1)
    assert table.item == before


def test_failed_stays_for_the_same_request_and_says_why(table: Table) -> None:
    table.catalog.fail(table.take(), FAILURE)
    answer = table.claim(ANOTHER)
    assert isinstance(answer, Refusal)
    assert answer.error is not None
    assert (answer.error.code, answer.error.sentence) == (FAILURE.code, FAILURE.sentence)


@pytest.mark.parametrize("is_finished", [True, False])
def test_a_mediums_record_is_not_taken_for_a_job(table: Table, is_finished: bool) -> None:
    medium, media = replace(CLAIM, is_job=False), Vocabulary(RECIPE.record.attributes)
    lease = table.catalog.claim(KEY, medium, {"type": "video"}, lambda: True, media)
    assert isinstance(lease, Lease)
    if is_finished:
        table.catalog.complete(lease, {"stream": {"key": "master.m3u8"}})
    before = table.item
    assert "isJob" not in before["pipeline"]
    assert table.claim(OTHER_SOURCE) == Refusal(Verdict.TAKEN)
    assert table.item == before


def test_an_application_may_keep_its_error_under_the_name_of_the_canonical_one(
    table: Table,
) -> None:
    table.words = Vocabulary(
        {"error": "error.message", "output-keys": "outputs[].key", "changed.at": "updatedAt"}
    )
    table.catalog.fail(table.take(), FAILURE)
    assert table.item["error"] == "The video is damaged."
    answer = table.claim(ANOTHER)
    assert isinstance(answer, Refusal)
    assert answer.error is not None
    assert (answer.error.code, answer.error.sentence) == (FAILURE.code, FAILURE.sentence)
    table.catalog.complete(table.take(OTHER_REQUEST), MADE)
    item = table.item
    assert item.keys() == {*KEY, "pipeline", "output-keys", "changed.at"}
    assert (item["output-keys"], item["changed.at"]) == ([SEGMENT], "2026-03-01T12:00:00.000Z")
    assert table.claim(replace(OTHER_REQUEST, holder="request-3")) == Refusal(
        Verdict.DUPLICATE, segments_created=1
    )
