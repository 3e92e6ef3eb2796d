"""What the records say of the objects: which are to send."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from itertools import islice
from typing import TYPE_CHECKING, Any

from backfilling.deployed import Deployed
from backfilling.errors import BackfillError
from backfilling.listing import Candidate, Reason
from media_pipeline.leases import parse_time
from media_pipeline.updates import read_item, write_item

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

KEYS_AT_ONCE = 100
"""What one `BatchGetItem` takes."""

ATTEMPTS = 8
"""How often in a row DynamoDB may leave everything unread."""

Pipelines = dict[tuple[str, ...], Mapping[str, Any]]
"""The `pipeline` maps by the values of their records' keys, in the order of the keys' names."""


def judged(
    found: Iterable[Candidate],
    dynamodb: DynamoDBClient,
    deployed: Deployed,
    now: Callable[[], datetime],
    sleep: Callable[[float], None],
    *,
    retry_failed: bool = False,
) -> Iterator[list[Candidate]]:
    """The same objects in the same order, at most a hundred at a time, each with its reason.

    With `retry_failed` what has failed for good is to be sent.
    Raises `BackfillError` if DynamoDB does not read the records.
    """
    objects = iter(found)
    while chunk := list(islice(objects, KEYS_AT_ONCE)):
        keys = [one.item_key for one in chunk if one.reason is None and one.item_key is not None]
        pipelines = _read(dynamodb, deployed.table, keys, sleep)
        judged_ones = [_judged(one, pipelines, deployed, now()) for one in chunk]
        yield [_retried(one) if retry_failed else one for one in judged_ones]


def _retried(candidate: Candidate) -> Candidate:
    if candidate.reason is not Reason.FAILED:
        return candidate
    return replace(candidate, reason=Reason.SEND, has_failed=True)


def _judged(
    candidate: Candidate, pipelines: Pipelines, deployed: Deployed, now: datetime
) -> Candidate:
    if candidate.reason is not None or candidate.item_key is None:
        return candidate
    pipeline = pipelines.get(_values(candidate.item_key), {})
    try:
        reason = decide(pipeline, candidate, deployed, now)
    except (KeyError, TypeError, ValueError, AttributeError):
        # Whoever wrote that record, the other objects are not to wait for it.
        reason = Reason.UNREADABLE
    return replace(candidate, reason=reason)


def decide(
    pipeline: Mapping[str, Any], candidate: Candidate, deployed: Deployed, now: datetime
) -> Reason:
    """What a record's `pipeline` map (empty: there is none) says of the object.

    Raises `KeyError`, `TypeError`, `ValueError` or `AttributeError` for a map that is none of ours.
    """
    about = {"bucket": deployed.bucket, "key": candidate.key, "etag": candidate.etag}
    if "leaseToken" in pipeline:
        # What the lease does not tell may be of this very object.
        is_of_it = all(pipeline.get(word, value) == value for word, value in about.items())
        is_held = parse_time(pipeline["leaseExpiresAt"]) > now
        return Reason.IN_WORK if is_held and is_of_it else Reason.SEND
    about["recipeDigest"] = deployed.recipe.digest
    if any(pipeline.get(word) != value for word, value in about.items()):
        return Reason.SEND
    return Reason.FAILED if "code" in pipeline.get("outcome", {}) else Reason.COMPLETE


def _read(
    dynamodb: DynamoDBClient,
    table: str,
    keys: Iterable[Mapping[str, str]],
    sleep: Callable[[float], None],
) -> Pipelines:
    # One request may not ask for a record twice.
    asked: list[Any] = [write_item(key) for key in {_values(key): key for key in keys}.values()]
    names = sorted(asked[0]) if asked else []
    placeholders = {f"#k{number}": name for number, name in enumerate(names)}
    pipelines: Pipelines = {}
    left: list[Any]
    idle = 0
    while asked:
        request: Any = {
            table: {
                "Keys": asked,
                "ConsistentRead": True,
                "ProjectionExpression": ", ".join((*placeholders, "#pipeline")),
                "ExpressionAttributeNames": {**placeholders, "#pipeline": "pipeline"},
            }
        }
        answer = dynamodb.batch_get_item(RequestItems=request)
        for item in map(read_item, answer["Responses"].get(table, ())):
            pipeline = item.get("pipeline")
            if isinstance(pipeline, dict):
                pipelines[_values({name: item[name] for name in names})] = pipeline
        unread: Mapping[str, Any] = answer.get("UnprocessedKeys", {})
        left = unread.get(table, {}).get("Keys", [])
        idle = idle + 1 if len(left) == len(asked) else 0
        if idle == ATTEMPTS:
            raise BackfillError(f"DynamoDB left {len(left)} records of {table} unread; try later.")
        if left:
            sleep(0.1 * 2**idle)
        asked = left
    return pipelines


def _values(item_key: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(item_key[name] for name in sorted(item_key))
