"""A whole sweep: what it counts and answers, and that nothing in its way ends it early."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

import sweep
from aws_names import BUCKET, TABLE
from media_pipeline.telemetry import metrics
from media_pipeline.worker import COMPLETED
from sweep_house import EVERY_KIND, HOUR, OLD, SweepHouse, a_finding_of_every_kind
from sweeping.counts import Count
from sweeping.run import SweepError
from sweeping.settings import SweepSettings

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

NOTHING = dict.fromkeys((count.value for count in Count), 0)


class Context:
    aws_request_id = "request-1"

    def __init__(self, milliseconds: int = 900_000) -> None:
        self.milliseconds = milliseconds

    def get_remaining_time_in_millis(self) -> int:
        return self.milliseconds


def _as_context(context: Any) -> LambdaContext:  # noqa: ANN401
    return context  # type: ignore[no-any-return]


@pytest.fixture
def deployed(sweep_house: SweepHouse, monkeypatch: pytest.MonkeyPatch) -> Iterator[SweepHouse]:
    """The sweep's environment as Terraform writes it, and no client of an earlier test."""
    monkeypatch.setenv("MEDIA_TABLE", TABLE)
    monkeypatch.setenv("TABLE_KEY", '["id", "projectId"]')
    monkeypatch.setenv("MEDIA_BUCKET", BUCKET)
    monkeypatch.setenv("OUTPUT_BUCKET", BUCKET)
    monkeypatch.setenv("MAX_RECEIVES", "5")
    monkeypatch.setenv("QUEUES", json.dumps(sweep_house.queues))
    pending = {"attributes": {"status": "pending"}, "created_at": "createdAt"}
    monkeypatch.setenv("PENDING", json.dumps(pending))
    monkeypatch.setattr(metrics, "service", "sweep")
    sweep._sweeper.cache_clear()
    yield sweep_house
    sweep._sweeper.cache_clear()


def emitted(capsys: pytest.CaptureFixture[str]) -> dict[str, float]:
    """The last metrics that were written, by name."""
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    *_, last = [line for line in lines if "_aws" in line]
    [described] = last["_aws"]["CloudWatchMetrics"]
    assert described["Dimensions"] == [["service"]]
    assert {metric["Unit"] for metric in described["Metrics"]} == {"Count"}
    return {metric["Name"]: sum(last[metric["Name"]]) for metric in described["Metrics"]}


def test_the_deployed_sweep_answers_and_emits_what_it_found(
    deployed: SweepHouse, capsys: pytest.CaptureFixture[str]
) -> None:
    a_finding_of_every_kind(deployed)
    capsys.readouterr()
    assert sweep.lambda_handler({}, _as_context(Context())) == EVERY_KIND
    assert emitted(capsys) == EVERY_KIND
    assert deployed.work() == [COMPLETED, COMPLETED]
    assert sweep.lambda_handler({}, _as_context(Context())) == NOTHING
    assert emitted(capsys) == NOTHING


def test_every_finding_has_a_line_that_names_it_and_says_what_was_done(
    deployed: SweepHouse, logged: Callable[[], list[dict[str, Any]]]
) -> None:
    a_finding_of_every_kind(deployed)
    sweep.lambda_handler({}, _as_context(Context()))
    told = {line["record"]["id"]: line["message"] for line in logged() if "record" in line}
    assert {media: " ".join(said.split()[:2]) for media, said in told.items()} == {
        "crashed": "Sent to",
        "given-up": "Given up:",
        "replaced": "Removed 1",
        "missing": "Given up:",
    }
    [missed] = [line for line in logged() if "key" in line]
    assert (missed["key"], missed["message"][:7]) == ("originals/g/lost/a.jpg", "Sent to")
    assert {line["request_id"] for line in logged()} == {"request-1"}


def test_a_sweep_without_intake_or_pending_needs_neither(
    deployed: SweepHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QUEUES", "{}")
    monkeypatch.delenv("PENDING")
    a_finding_of_every_kind(deployed)
    # The queues are there, but not the sweep's.
    found = {**NOTHING, "LeasesExpired": 2, "GivenUp": 2, "RevisionsRemoved": 1}
    assert sweep.lambda_handler({}, _as_context(Context())) == found


@pytest.mark.parametrize(
    ("name", "value"),
    [("QUEUES", "[]"), ("QUEUES", "{"), ("PENDING", '{"attributes": {}}'), ("PENDING", "[]")],
)
def test_an_environment_that_means_nothing_is_refused(name: str, value: str) -> None:
    environment = {"MEDIA_TABLE": "t", "MEDIA_BUCKET": "b", "OUTPUT_BUCKET": "o"}
    environment |= {"TABLE_KEY": '["id"]', name: value}
    with pytest.raises(ValueError, match=r"JSON|Expected|Object|truncated"):
        SweepSettings.from_environment(environment)


def test_a_sweep_that_raises_emits_its_metrics_too(
    deployed: SweepHouse, capsys: pytest.CaptureFixture[str]
) -> None:
    house = deployed.house
    for name in ("broken", "good"):
        deployed.crash(house.upload(key=f"originals/gallery-7/{name}/a.jpg"))
    deployed.turn(3 * HOUR)
    deployed.rewrite(house.record_of("broken", "gallery-7"), leaseExpiresAt=7)
    with pytest.raises(SweepError):
        sweep.lambda_handler({}, _as_context(Context()))
    assert emitted(capsys) == {**NOTHING, "LeasesExpired": 1, "Requeued": 1}


class Clock:
    """Each look at it takes a second."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds

    def __call__(self) -> float:
        self.seconds -= 1
        return self.seconds


def test_a_sweep_that_runs_out_of_time_says_so_and_others_finish_what_is_left(
    sweep_house: SweepHouse,
) -> None:
    house = sweep_house.house
    for number in range(40):
        sweep_house.crash(house.upload(key=f"originals/g/{number:02}/a.jpg"))
    sweep_house.turn(3 * HOUR)
    first = sweep_house.sweep(Clock(30 + 40))
    assert first["Unfinished"] == 1
    assert 0 < first["Requeued"] < 40
    sent = [len(sweep_house.messages())]
    assert sent == [first["Requeued"]]
    while sum(sent) < 40:
        sweep_house.sweep(Clock(30 + 40))
        sent.append(len(sweep_house.messages()))
        assert len(sent) < 40, "sweeps find nothing more"
    assert sweep_house.sweep() == {}
    assert sweep_house.messages() == []


def test_with_no_time_at_all_nothing_is_begun(deployed: SweepHouse) -> None:
    a_finding_of_every_kind(deployed)
    before = sorted(deployed.items(), key=str)
    counts = sweep.lambda_handler({}, _as_context(Context(29_000)))
    assert counts == {**NOTHING, "Unfinished": 1}
    assert sorted(deployed.items(), key=str) == before


def test_a_large_table_leaves_half_of_the_time_to_the_uploads(sweep_house: SweepHouse) -> None:
    house = sweep_house.house
    for number in range(60):
        sweep_house.crash(house.upload(key=f"originals/g/{number:02}/a.jpg"))
    sweep_house.turn(3 * HOUR)
    for item in sweep_house.items():
        house.s3.delete_object(Bucket=BUCKET, Key=item["originalKey"])
    house.upload(key="originals/g/lost/a.jpg")
    sweep_house.age_objects(3 * HOUR)
    found = sweep_house.sweep(Clock(30 + 40))
    assert (found["Unfinished"], found["UploadsMissed"]) == (1, 1)


def test_without_a_whole_listing_no_wait_is_ended(sweep_house: SweepHouse) -> None:
    """The upload could be among those that were not listed."""
    house = sweep_house.house
    for number in range(60):
        house.upload(key=f"originals/g/{number:02}/a.jpg")
    sweep_house.put(id="59", projectId="g", status="pending", createdAt="2026-01-01T00:00:00Z")
    assert sweep_house.sweep(Clock(30 + 60)) == {"Unfinished": 1}
    assert house.record_of("59", "g")["status"] == "pending"


def test_a_removal_that_runs_out_of_time_goes_on_in_the_next_sweep(
    sweep_house: SweepHouse,
) -> None:
    house = sweep_house.house
    sweep_house.crash(house.upload())
    revision = house.record["pipeline"]["revision"]
    house.run(house.upload(b"newer", "0B"))
    for number in range(2500):
        key = f"renditions/gallery-7/photo-42/{revision}/{number}.m4s"
        house.s3.put_object(Bucket=BUCKET, Key=key, Body=b"x")
    sweep_house.turn(OLD)
    with sweep_house.before("s3.DeleteObjects", lambda: setattr(clock, "seconds", 0.0)):
        clock = Clock(900)
        assert sweep_house.sweep(clock) == {"Unfinished": 1}
    assert house.record["pipeline"]["leftovers"].keys() == {revision}
    assert sweep_house.sweep() == {"RevisionsRemoved": 1}
    assert house.keys("renditions/") == [house.record["stream"]["key"]]


def test_a_table_of_many_pages_is_read_to_its_end(sweep_house: SweepHouse) -> None:
    house = sweep_house.house
    for number in range(12):
        sweep_house.crash(house.upload(key=f"originals/g/{number:02}/a.jpg"))
    for item in sweep_house.items():
        sweep_house.put(**item, ballast="x" * 300_000)
    scanned = house.dynamodb.scan(TableName=TABLE)
    assert "LastEvaluatedKey" in scanned, "the table has one page only"
    sweep_house.turn(3 * HOUR)
    assert sweep_house.sweep() == {"LeasesExpired": 12, "Requeued": 12}


def test_two_sweeps_at_once_and_the_workers_do_everything_once(sweep_house: SweepHouse) -> None:
    a_finding_of_every_kind(sweep_house)
    with ThreadPoolExecutor(2) as threads:
        found = list(threads.map(lambda _: sweep_house.sweep(), range(2)))
    assert sum(counts.get("PendingExpired", 0) for counts in found) == 1
    outcomes = sweep_house.work()
    assert outcomes.count(COMPLETED) == 2
    assert {outcome.name for outcome in outcomes} <= {"Completed", "Duplicate"}
    statuses = {item["id"]: item["status"] for item in sweep_house.items()}
    assert statuses == {
        "crashed": "completed",
        "given-up": "failed",
        "replaced": "completed",
        "missing": "failed",
        "lost": "completed",
    }
    assert sweep_house.sweep() == {}


def test_the_sweep_reads_no_more_of_an_item_than_it_needs(sweep_house: SweepHouse) -> None:
    settings = {"MEDIA_TABLE": "t", "MEDIA_BUCKET": "b", "OUTPUT_BUCKET": "o"}
    settings["TABLE_KEY"] = '["id", "projectId"]'
    pending = {"attributes": {"id": "x", "state": "new"}, "created_at": "at"}
    read = SweepSettings.from_environment({**settings, "PENDING": json.dumps(pending)}).attributes
    assert read == ["id", "projectId", "pipeline", "state", "at"]
    assert SweepSettings.from_environment({**settings, "PENDING": ""}).attributes == read[:3]
