"""The media table as a sweep reads it: all of it, in parts, and single records again."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from media_pipeline.updates import Update, condition_failed, read_item, write_item

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

SEGMENTS = 16
"""How many parts the table is read in."""


class Records:
    """`attributes` are all that is read of an item, its key among them."""

    def __init__(self, client: DynamoDBClient, table: str, attributes: Sequence[str]) -> None:
        self._client = client
        self._table = table
        self._names = {f"#n{i}": attribute for i, attribute in enumerate(attributes)}

    @property
    def _projection(self) -> dict[str, Any]:
        return {
            "TableName": self._table,
            "ProjectionExpression": ", ".join(self._names),
            "ExpressionAttributeNames": self._names,
        }

    def pages(self, segment: int) -> Iterator[list[dict[str, Any]]]:
        """The items of one of `SEGMENTS` parts, a page at a time, as DynamoDB's API gives them."""
        pages = self._client.get_paginator("scan").paginate(
            **self._projection, Segment=segment, TotalSegments=SEGMENTS
        )
        for page in pages:
            yield page["Items"]

    def read(self, item_key: Mapping[str, str]) -> dict[str, Any]:
        """One item as it is now; empty if there is none."""
        answer = self._client.get_item(
            **self._projection, Key=write_item(item_key), ConsistentRead=True
        )
        return read_item(answer.get("Item", {}))

    def forget_leftovers(
        self, item_key: Mapping[str, str], pipeline: Mapping[str, Any], gone: Collection[str]
    ) -> None:
        """Take revisions that are gone out of an ended record, unless it was claimed since."""
        update = Update()
        update.only_if_pipeline_is(pipeline)
        for attribute in {"leftovers", "leftoverKeys"} & pipeline.keys():
            left = {r: value for r, value in pipeline[attribute].items() if r not in gone}
            if left:
                update.set_in_pipeline(attribute, left)
            else:
                update.remove_from_pipeline(attribute)
        try:
            self._client.update_item(
                TableName=self._table, Key=write_item(item_key), **update.request()
            )
        except ClientError as error:
            if not condition_failed(error):
                raise
