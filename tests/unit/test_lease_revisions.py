"""What each claim is done under, done again, and leaves over."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta

import pytest

from leased_table import (
    CLAIM,
    FAILURE,
    KEY,
    NEWER,
    NOON,
    OTHERS,
    WORDS,
    Table,
)
from media_pipeline.leases import (
    MEANT,
    NEVER_ENDED,
    Claim,
    Verdict,
    format_time,
)
from media_pipeline.records import Lease, Refusal


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
    left = MEANT if again.retry else NEVER_ENDED
    assert pipeline["revision"] == second.revision
    assert pipeline["leftovers"] == {first.revision: left}
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


def test_tries_that_all_failed_leave_what_was_made_before_as_it_is(table: Table) -> None:
    table.finish("completed")
    made = table.item["pipeline"]["revision"]
    lease = table.take(NEWER)
    table.catalog.exhaust(lease, "with OSError")
    pipeline = table.item["pipeline"]
    assert pipeline["leftovers"] == {made: MEANT, lease.revision: "2026-03-01T12:00:00.000Z"}
    assert "revision" not in pipeline
    table.now += timedelta(hours=1)
    table.catalog.complete(table.take(NEWER), {})
    assert table.item["pipeline"]["leftovers"] == {
        made: "2026-03-01T13:00:00.000Z",
        lease.revision: "2026-03-01T12:00:00.000Z",
    }


def test_what_another_original_left_over_is_known_by_its_key(table: Table) -> None:
    first, second = (f"originals/gallery-7/photo-42/{name}.jpg" for name in ("a", "b"))
    revisions = []
    for number, key in enumerate([first, first, second, first]):
        version = replace(CLAIM, source_version=f"v{number}", sequencer=f"0{number}", key=key)
        lease = table.take(version)
        table.catalog.complete(lease, {})
        revisions.append(lease.revision)
    assert table.item["pipeline"]["leftovers"].keys() == {*revisions[:3]}
    assert table.item["pipeline"]["leftoverKeys"] == dict(
        zip(revisions, [first, first, second], strict=False)
    )


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
