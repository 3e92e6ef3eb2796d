"""The media table: one item per medium, changed only under the rules of `leases`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, cast

from boto3.dynamodb.types import TypeDeserializer, TypeSerializer
from botocore.exceptions import ClientError

from media_pipeline.failures import PermanentError, TransientError
from media_pipeline.leases import Claim, Verdict, format_time, grant, judge

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

RESULTS = (
    "contentType",
    "size",
    "width",
    "height",
    "durationSeconds",
    "blurhash",
    "thumbhash",
    "lqip",
    "dominantColor",
    "perceptualHash",
    "renditions",
    "stream",
    "downloads",
    "poster",
    "metadata",
    "warnings",
    "timings",
)
"""The attributes that a run writes anew; what a run does not give is removed."""

CLAIM_ATTEMPTS = 5


@dataclass(frozen=True)
class Lease:
    """The right to publish one record, for as long as the record still holds `token`.

    `revision` is what the outputs are written under.
    """

    item_key: Mapping[str, str]
    token: str
    revision: str


@dataclass(frozen=True)
class Refusal:
    """Why a record was not claimed; `error` is what a duplicate's record says went wrong."""

    verdict: Verdict
    error: PermanentError | None = None


class LeaseLostError(TransientError):
    """Another worker has taken the record since; nothing was changed."""


def _utc_now() -> datetime:
    return datetime.now(UTC)


class Catalog:
    """The records of one table. Every change is one conditional update."""

    def __init__(
        self, client: DynamoDBClient, table: str, now: Callable[[], datetime] = _utc_now
    ) -> None:
        self._client = client
        self._table = table
        self._now = now

    def claim(
        self,
        item_key: Mapping[str, str],
        claim: Claim,
        attributes: Mapping[str, Any],
        is_current: Callable[[], bool],
    ) -> Lease | Refusal:
        """Take the record and write `attributes` into it, or say why not.

        The first try assumes a record that was never claimed; when the condition does not hold,
        DynamoDB answers with the item as it stands, which is judged and claimed as that very state.
        Where no sequencers say which of two versions is the newer, `is_current` is asked: after
        the record was read, so that an answer too old to be true meets a record that has changed.
        """
        item: dict[str, Any] = {}
        for _ in range(CLAIM_ATTEMPTS):
            pipeline = item.get("pipeline")
            verdict = judge(pipeline, claim, self._now())
            if verdict is Verdict.UNORDERED:
                verdict = Verdict.GRANTED if is_current() else Verdict.SUPERSEDED
            if verdict is not Verdict.GRANTED:
                return Refusal(verdict, _error_of(item) if verdict is Verdict.DUPLICATE else None)
            granted = grant(pipeline, claim)
            try:
                self._take(item_key, pipeline, granted, attributes)
            except ClientError as error:
                if not _condition_failed(error):
                    raise
                response = cast("dict[str, Any]", error.response)
                item = _read_item(response.get("Item", {}))
            else:
                return Lease(item_key, granted["leaseToken"], granted["revision"])
        raise TransientError("the record was changed by others at every try to claim it")

    def _take(
        self,
        item_key: Mapping[str, str],
        seen: dict[str, Any] | None,
        granted: dict[str, Any],
        attributes: Mapping[str, Any],
    ) -> None:
        change = _Change()
        change.set_all({**attributes, "status": "processing", "pipeline": granted})
        now = format_time(self._now())
        change.set_all({"updatedAt": now})
        change.set_once("createdAt", now)
        change.remove("error")
        condition = (
            f"attribute_not_exists({change.name('pipeline')})"
            if seen is None
            else f"{change.name('pipeline')} = {change.value(seen)}"
        )
        self._update(item_key, change, condition)

    def confirm(self, lease: Lease) -> None:
        """Raises `LeaseLostError` if the record has gone to another worker."""
        answer = self._client.get_item(
            TableName=self._table, Key=_write_item(lease.item_key), ConsistentRead=True
        )
        pipeline = _read_item(answer.get("Item", {})).get("pipeline", {})
        if pipeline.get("leaseToken") != lease.token:
            raise LeaseLostError("the lease was lost before an object was written")

    def complete(self, lease: Lease, results: Mapping[str, Any]) -> None:
        """Publish what a run made. Raises `LeaseLostError` if the record is another's by now."""
        change = self._finish("completed", results)
        change.remove("error")
        self._update_held(lease, change)

    def fail(self, lease: Lease, error: PermanentError) -> None:
        """Say that this upload cannot be processed, and why."""
        change = self._finish("failed", {})
        change.set_all({"error": {"code": error.code, "message": error.sentence}})
        self._update_held(lease, change)

    def exhaust(self, lease: Lease, error: BaseException) -> None:
        """Say that the last try failed too, and give the lease back: a redrive may claim again."""
        change = _Change()
        now = format_time(self._now())
        change.set_all(
            {
                "status": "failed",
                "error": {
                    "code": "retries_exhausted",
                    "message": f"Every try failed, the last with {type(error).__name__}; mend the "
                    "cause that the function's log names, then redrive the dead-letter queue or "
                    "invoke the function again.",
                },
                "processedAt": now,
                "updatedAt": now,
            }
        )
        change.remove(*RESULTS)
        change.set_in_pipeline("leaseExpiresAt", now)
        self._update_held(lease, change)

    def release(self, lease: Lease) -> None:
        """Give the lease back, so that the next delivery may claim at once."""
        change = _Change()
        now = format_time(self._now())
        change.set_all({"updatedAt": now})
        change.set_in_pipeline("leaseExpiresAt", now)
        self._update_held(lease, change)

    def _finish(self, status: str, results: Mapping[str, Any]) -> _Change:
        change = _Change()
        now = format_time(self._now())
        change.set_all({**results, "status": status, "processedAt": now, "updatedAt": now})
        change.remove(*(name for name in RESULTS if name not in results))
        change.remove_from_pipeline("leaseToken", "holder", "leaseExpiresAt")
        return change

    def _update_held(self, lease: Lease, change: _Change) -> None:
        held = f"{change.name('pipeline')}.leaseToken = {change.value(lease.token)}"
        try:
            self._update(lease.item_key, change, held)
        except ClientError as error:
            if _condition_failed(error):
                raise LeaseLostError("the lease was lost while the job ran") from error
            raise

    def _update(self, item_key: Mapping[str, str], change: _Change, condition: str) -> None:
        self._client.update_item(
            TableName=self._table,
            Key=_write_item(item_key),
            UpdateExpression=change.expression,
            ConditionExpression=condition,
            ExpressionAttributeNames=change.names,
            ExpressionAttributeValues=change.values,
            ReturnValuesOnConditionCheckFailure="ALL_OLD",
        )


class _Change:
    """An update expression being put together; every name and value is a placeholder in it."""

    def __init__(self) -> None:
        self.names: dict[str, str] = {}
        self.values: dict[str, Any] = {}
        self._sets: list[str] = []
        self._removals: list[str] = []

    def name(self, attribute: str) -> str:
        self.names[f"#{attribute}"] = attribute
        return f"#{attribute}"

    def value(self, value: object) -> str:
        placeholder = f":v{len(self.values)}"
        self.values[placeholder] = TypeSerializer().serialize(_storable(value))
        return placeholder

    def set_all(self, attributes: Mapping[str, Any]) -> None:
        self._sets += [f"{self.name(name)} = {self.value(v)}" for name, v in attributes.items()]

    def set_once(self, attribute: str, value: object) -> None:
        name = self.name(attribute)
        self._sets.append(f"{name} = if_not_exists({name}, {self.value(value)})")

    def set_in_pipeline(self, attribute: str, value: object) -> None:
        self._sets.append(f"{self.name('pipeline')}.{attribute} = {self.value(value)}")

    def remove(self, *attributes: str) -> None:
        self._removals += [self.name(name) for name in attributes]

    def remove_from_pipeline(self, *attributes: str) -> None:
        self._removals += [f"{self.name('pipeline')}.{name}" for name in attributes]

    @property
    def expression(self) -> str:
        removals = f" REMOVE {', '.join(self._removals)}" if self._removals else ""
        return f"SET {', '.join(self._sets)}{removals}"


def _condition_failed(error: ClientError) -> bool:
    return error.response["Error"]["Code"] == "ConditionalCheckFailedException"


def _error_of(item: Mapping[str, Any]) -> PermanentError | None:
    error = item.get("error")
    return PermanentError(error["code"], error["message"]) if error else None


def _storable(value: object) -> object:
    """DynamoDB takes no floats; six decimals are more than any measure here means."""
    if isinstance(value, float):
        return Decimal(str(round(value, 6)))
    if isinstance(value, Mapping):
        return {name: _storable(inner) for name, inner in value.items() if inner is not None}
    if isinstance(value, list | tuple):
        return [_storable(inner) for inner in value]
    return value


def _write_item(attributes: Mapping[str, Any]) -> dict[str, Any]:
    return {name: TypeSerializer().serialize(value) for name, value in attributes.items()}


def _read_item(item: Mapping[str, Any]) -> dict[str, Any]:
    return {name: TypeDeserializer().deserialize(value) for name, value in item.items()}
