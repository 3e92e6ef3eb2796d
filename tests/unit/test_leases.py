"""The claim and lease rules against DynamoDB: each transition of a record, by name."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from aws_names import TABLE
from leased_table import (
    CLAIM,
    FAILURE,
    KEY,
    NEWER,
    OLDER,
    OTHER_RECIPE,
    OTHERS,
    Table,
    assert_processing,
)
from media_pipeline.leases import (
    Claim,
    Verdict,
)


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
