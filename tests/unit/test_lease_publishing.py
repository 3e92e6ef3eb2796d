"""What the holder of a lease writes, and nobody else."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from leased_table import (
    FAILURE,
    NEWER,
    Table,
)
from media_pipeline.records import Catalog, Lease, LeaseLostError

PUBLISHING: list[Callable[[Catalog, Lease], None]] = [
    lambda catalog, lease: catalog.complete(lease, {"width": 9}),
    lambda catalog, lease: catalog.fail(lease, FAILURE),
    lambda catalog, lease: catalog.exhaust(lease, "with OSError"),
    lambda catalog, lease: catalog.release(lease),
    lambda catalog, lease: catalog.confirm(lease),
    lambda catalog, lease: catalog.report(lease, "encoding", 42),
    lambda catalog, lease: catalog.publish_early(lease, {"stream": {"stage": "first"}}),
]


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
