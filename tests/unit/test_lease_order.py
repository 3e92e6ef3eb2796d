"""Which of two claims a record is given to: versions, sequencers, workers at once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from threading import Barrier

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leased_table import (
    CLAIM,
    KEY,
    NEWER,
    OLDER,
    WORDS,
    Table,
    assert_processing,
)
from media_pipeline.leases import (
    Claim,
    Verdict,
    format_time,
    pad_sequencer,
    parse_time,
)
from media_pipeline.records import Lease, Refusal


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


def test_the_same_bytes_under_another_key_are_another_version(table: Table) -> None:
    """In a bucket without versions the ETag is all there is, and a renamed upload keeps it."""
    renamed = replace(NEWER, source_version=CLAIM.source_version, key="originals/g/m/new.jpg")
    table.take(CLAIM)
    assert_processing(table, CLAIM)
    table.take(renamed)
    assert_processing(table, renamed)
    assert table.claim(CLAIM) is Verdict.SUPERSEDED
    assert table.claim(replace(CLAIM, sequencer=None), is_current=False) is Verdict.SUPERSEDED
    table.take(replace(CLAIM, sequencer=None), is_current=True)


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
