"""What a sweep does when AWS refuses something, or a record is of an unexpected shape."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import pytest

from media_pipeline.worker import COMPLETED
from sweep_house import EVERY_KIND, HOUR, SweepHouse, a_finding_of_every_kind, answering
from sweeping.run import SweepError


def failing(
    sweep_house: SweepHouse, call: str, is_it: Callable[[dict[str, Any]], bool]
) -> AbstractContextManager[None]:
    refusal = {"Error": {"Code": "AccessDenied", "Message": "not today"}}
    return answering(sweep_house, call, 403, refusal, is_it)


def has(text: str) -> Callable[[dict[str, Any]], bool]:
    parts = ("url_path", "query_string", "body")
    return lambda params: text in str([params[part] for part in parts])


@pytest.mark.parametrize(
    ("call", "about", "left_out"),
    [
        ("dynamodb.UpdateItem", "crashed", {"LeasesExpired": 1, "Requeued": 1}),
        ("dynamodb.GetItem", "crashed", {"LeasesExpired": 1, "Requeued": 1}),
        ("dynamodb.GetItem", "missing", {"PendingExpired": 1, "GivenUp": 1}),
        ("dynamodb.UpdateItem", "missing", {"PendingExpired": 1, "GivenUp": 1}),
        ("dynamodb.UpdateItem", "replaced", {}),
        ("sqs.SendMessage", "crashed", {"Requeued": 1}),
        ("sqs.SendMessage", "lost", {"Requeued": 1}),
        ("s3.HeadObject", "lost", {"UploadsMissed": 1, "Requeued": 1}),
        ("s3.DeleteObjects", "", {"RevisionsRemoved": 1}),
        (
            "sqs.GetQueueAttributes",
            "",
            {"LeasesExpired": 2, "UploadsMissed": 1, "Requeued": 2, "GivenUp": 1},
        ),
        (
            "s3.ListObjectsV2",
            "originals",
            {
                "UploadsMissed": 1,
                "Requeued": 1,
                "PendingExpired": 1,
                "GivenUp": 1,
            },
        ),
        (
            "dynamodb.Scan",
            "",
            {
                "LeasesExpired": 2,
                "Requeued": 1,
                "GivenUp": 2,
                "RevisionsRemoved": 1,
                "PendingExpired": 1,
            },
        ),
    ],
)
def test_a_failure_in_one_place_keeps_from_nothing_else_and_is_raised_at_the_end(
    sweep_house: SweepHouse, call: str, about: str, left_out: dict[str, int]
) -> None:
    a_finding_of_every_kind(sweep_house)
    sweep_counts: dict[str, int] = {}
    with failing(sweep_house, call, has(about)), pytest.raises(SweepError):
        sweep_house.sweep(into=sweep_counts)
    expected = {name: count - left_out.get(name, 0) for name, count in EVERY_KIND.items()}
    assert sweep_counts == {name: count for name, count in expected.items() if count}


def test_objects_that_s3_keeps_are_complained_of_and_looked_for_again(
    sweep_house: SweepHouse,
) -> None:
    """DeleteObjects answers 200 for what it has refused."""
    a_finding_of_every_kind(sweep_house)
    kept = {"Errors": [{"Key": "a.jpg", "Code": "AccessDenied", "Message": "not today"}]}
    counts: dict[str, int] = {}
    with answering(sweep_house, "s3.DeleteObjects", 200, kept), pytest.raises(SweepError):
        sweep_house.sweep(into=counts)
    assert "RevisionsRemoved" not in counts
    assert sweep_house.sweep() == {"RevisionsRemoved": 1}


def test_what_could_not_be_sent_is_sent_by_a_later_sweep(sweep_house: SweepHouse) -> None:
    sweep_house.crash(sweep_house.house.upload())
    sweep_house.turn(3 * HOUR)
    with failing(sweep_house, "sqs.SendMessage", has("")), pytest.raises(SweepError):
        sweep_house.sweep()
    sweep_house.turn(3 * HOUR)
    assert sweep_house.sweep() == {"LeasesExpired": 1, "Requeued": 1}
    assert sweep_house.work() == [COMPLETED]


def test_a_record_of_an_unexpected_shape_is_named_and_passed_over(
    sweep_house: SweepHouse, logged: Callable[[], list[dict[str, Any]]]
) -> None:
    house = sweep_house.house
    for name in ("broken-1", "good", "broken-2", "broken-3"):
        sweep_house.crash(house.upload(key=f"originals/gallery-7/{name}/a.jpg"))
    sweep_house.turn(3 * HOUR)
    first, second, third = (house.record_of(f"broken-{n}", "gallery-7") for n in (1, 2, 3))
    sweep_house.rewrite(first, leaseExpiresAt=7)
    sweep_house.rewrite(second, leaseExpiresAt="2026-01-01T00:00:00")
    sweep_house.rewrite(third, attempts="many")
    counts: dict[str, int] = {}
    with pytest.raises(SweepError, match="3 findings"):
        sweep_house.sweep(into=counts)
    assert counts["Requeued"] == 1
    told = [line["record"]["id"] for line in logged() if line["level"] == "ERROR"]
    assert sorted(told) == ["broken-1", "broken-2", "broken-3"]
