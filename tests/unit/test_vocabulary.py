"""When an attribute of the application's own is written, and which expressions do no harm."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from aws_names import TABLE
from media_pipeline.failures import PermanentError
from media_pipeline.leases import Claim
from media_pipeline.records import Catalog, Lease, LeaseLostError
from media_pipeline.telemetry import logger
from media_pipeline.updates import read_item, write_item
from media_pipeline.vocabulary import Vocabulary

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

KEY = {"id": "photo-42", "projectId": "gallery-7"}
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
NOON_TEXT = "2026-03-01T12:00:00.000Z"
FAILURE = PermanentError("corrupt_image", "The image is damaged.")
STREAM = {"key": "master.m3u8", "url": "https://media.example.com/master.m3u8"}


class Table:
    """A catalog, its clock, and the one record, without `pipeline`."""

    def __init__(self, client: DynamoDBClient) -> None:
        self.client = client
        self.now = NOON
        self.catalog = Catalog(client, TABLE, lambda: self.now)
        self.claims = 0

    @property
    def attributes(self) -> dict[str, Any]:
        found = self.client.get_item(TableName=TABLE, Key=write_item(KEY))
        item = read_item(found.get("Item", {}))
        return {n: value for n, value in item.items() if n not in {*KEY, "pipeline"}}

    def take(self, words: Mapping[str, str]) -> Lease:
        self.claims += 1
        version = f"v{self.claims}"
        claim = Claim(version, f"{self.claims:04}", "d", "m", self.now + timedelta(minutes=5))
        job = {"type": "image", "originalKey": "a.jpg"}
        lease = self.catalog.claim(KEY, claim, job, lambda: True, Vocabulary(words))
        assert isinstance(lease, Lease)
        return lease

    def tamper(self) -> None:
        """Write to every attribute what no worker would."""
        item = dict.fromkeys(self.attributes, "tampered")
        for name, value in item.items():
            self.client.update_item(
                TableName=TABLE,
                Key=write_item(KEY),
                UpdateExpression="SET #n = :v",
                ExpressionAttributeNames={"#n": name},
                ExpressionAttributeValues=write_item({":v": value}),
            )


@pytest.fixture
def table(dynamodb: DynamoDBClient) -> Table:
    return Table(dynamodb)


def test_an_attribute_is_written_exactly_when_what_it_reads_changes(table: Table) -> None:
    words = {
        "state": "status",
        "wide": "width",
        "step": "processing_stage",
        "mix": "[status, processing_stage]",
        "key": "originalKey",
        "all": "@",
    }
    lease = table.take(words)
    assert table.attributes["mix"] == ["processing", None]
    table.catalog.report(lease, "encoding", 10)
    table.tamper()
    table.catalog.report(lease, "publishing", 20)
    shown = table.attributes
    assert (shown["state"], shown["key"]) == ("tampered", "tampered")
    assert (shown["step"], shown["mix"]) == ("publishing", ["processing", "publishing"])
    assert shown["all"] == {
        "type": "image",
        "originalKey": "a.jpg",
        "status": "processing",
        "processing_stage": "publishing",
        "progress_percentage": 20,
        "createdAt": NOON_TEXT,
        "updatedAt": NOON_TEXT,
    }
    table.catalog.complete(lease, {"width": 3})
    shown = table.attributes
    assert (shown["state"], shown["wide"], shown["key"]) == ("completed", 3, "tampered")
    table.catalog.fail(table.take(words), FAILURE)
    shown = table.attributes
    assert (shown["state"], shown["key"]) == ("failed", "a.jpg")
    assert shown.keys() == {"state", "mix", "key", "all"}
    assert shown["all"]["error"]["code"] == FAILURE.code


def test_a_write_that_was_refused_is_not_known(table: Table) -> None:
    lease = table.take({"all": "@"})
    other = table.take({"state": "status"})
    with pytest.raises(LeaseLostError):
        table.catalog.complete(lease, {"width": 3})
    assert "width" not in lease.record
    assert other.record["status"] == "processing"


def test_what_reads_nothing_is_written_by_the_claim(table: Table) -> None:
    lease = table.take({"made_by": "'pipeline'", "version": "`3`"})
    assert table.attributes == {"made_by": "pipeline", "version": 3}
    table.tamper()
    table.catalog.complete(lease, {"width": 3})
    assert table.attributes == {"made_by": "tampered", "version": "tampered"}


def test_a_time_of_creation_stays(table: Table) -> None:
    words = {"created": "createdAt", "day": "createdAt && {made: createdAt}"}
    table.take(words)
    table.now += timedelta(days=1)
    table.take(words)
    assert table.attributes == {"created": NOON_TEXT, "day": {"made": NOON_TEXT}}


def test_what_is_published_early_leaves_what_an_earlier_run_has_made(table: Table) -> None:
    words = {"hls": "stream.url", "urls": "{hls: stream.url, small: poster.url}", "at": "updatedAt"}
    made = {"stream": {**STREAM, "url": "old"}, "poster": {"url": "old"}}
    table.catalog.complete(table.take(words), made)
    lease = table.take(words)
    table.now += timedelta(seconds=1)
    table.catalog.publish_early(lease, {"stream": STREAM})
    assert table.attributes == {
        "hls": "old",
        "urls": {"hls": "old", "small": "old"},
        "at": "2026-03-01T12:00:01.000Z",
    }
    table.catalog.complete(lease, {"stream": STREAM})
    assert table.attributes["urls"] == {"hls": STREAM["url"]}


def test_what_is_published_early_is_shown_where_there_was_nothing(table: Table) -> None:
    words = {"urls": "{hls: stream.url, small: poster.url}", "small": "poster.url"}
    lease = table.take(words)
    assert table.attributes == {}
    table.catalog.publish_early(lease, {"stream": STREAM})
    assert table.attributes == {"urls": {"hls": STREAM["url"]}}
    table.catalog.fail(lease, FAILURE)
    assert table.attributes == {}


def test_words_that_a_stage_has_none_of_still_ask_for_the_lease(table: Table) -> None:
    lost = table.take({"wide": "width"})
    table.catalog.report(lost, "encoding", 10)
    table.catalog.release(lost)
    assert table.attributes == {}
    table.take({"wide": "width"})
    with pytest.raises(LeaseLostError):
        table.catalog.report(lost, "encoding", 20)


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("blurhash", None),
        ("blurhash.{a: b}", None),
        ("{a: blurhash, b: error.code}", None),
        ("{a: blurhash, b: {c: blurhash}}", {"b": {}}),
        ("{a: blurhash, b: width}", {"b": 3}),
        ("[blurhash, width]", [None, 3]),
        ("blurhash[].name", None),
        ("renditions[?name=='b'].name", []),
        ("renditions[?name=='b'].name | [0]", None),
        ("renditions[].{n: name, m: blurhash}", [{"n": "a"}]),
        ("metadata", {}),
        ("join(',', blurhash)", None),
        ("blurhash > `3`", None),
        ("width > 'a'", None),
        ("abs(width, width)", None),
        ("&width", None),
        ("{a: &width, b: width}", None),
        ("`1e400`", None),
        ("`1e200`", None),
        ("`-1e400`", None),
        ('`{"": 1}`', None),
        ("[blurhash, blurhash]", None),
        ("`123456789012345678901234567890123456789012`", None),
        ("`false`", False),
        ("''", ""),
        ("`0`", 0),
        ('{a: `{"b": null}`}', {"a": {}}),
        ("to_string(@) && width", 3),
    ],
)
def test_no_expression_harms_a_record(table: Table, text: str, written: object) -> None:
    lease = table.take({"state": "status", "said": text})
    table.catalog.report(lease, "encoding", 10)
    table.catalog.publish_early(lease, {"stream": STREAM})
    made = {"width": 3, "renditions": [{"name": "a"}], "metadata": {}}
    table.catalog.complete(lease, made)
    assert table.attributes.pop("state") == "completed"
    assert table.attributes.get("said") == written
    table.catalog.fail(table.take({"state": "status", "said": text}), FAILURE)
    assert table.attributes["state"] == "failed"


def test_what_is_wrong_with_an_expression_is_logged_once(
    table: Table, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[object] = []
    monkeypatch.setattr(logger, "warning", lambda *words: told.append(words[1]))
    for _ in range(2):
        table.catalog.fail(table.take({"said": "join(`7`, blurhash)", "more": "sum(@)"}), FAILURE)
    assert told == ["sum(@)", "join(`7`, blurhash)"]
