"""A media table under test, and claims to make of its one record."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from boto3.dynamodb.types import TypeDeserializer

from aws_names import TABLE
from media_pipeline.failures import PermanentError
from media_pipeline.leases import Claim, Verdict
from media_pipeline.recipe import load_recipe
from media_pipeline.records import Catalog, Lease, Refusal
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


def assert_processing(table: Table, claim: Claim, attempts: int = 1) -> None:
    item = table.item
    assert item["status"] == "processing"
    assert item["pipeline"]["holder"] == claim.holder
    assert item["pipeline"]["sourceVersion"] == claim.source_version
    assert item["pipeline"]["attempts"] == attempts
    assert "error" not in item
