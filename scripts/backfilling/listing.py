"""The objects of a bucket in the order of their keys, and whose originals they are."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING

from backfilling.deployed import Deployed
from media_pipeline.assignments import key_of_original, route_of
from media_pipeline.recipe import Recipe

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


class Reason(StrEnum):
    """What becomes of an object, and why."""

    SEND = "to send"
    COMPLETE = "complete already"
    FAILED = "failed for good"
    IN_WORK = "in work"
    OLDER = "an older original of its record"
    UNREADABLE = "its record cannot be read"
    UNROUTED = "no queue for its route"
    NOT_ORIGINAL = "no original's key"
    UNASKED = "not asked for"


@dataclass(frozen=True)
class Candidate:
    """An object of the bucket; `reason` None: its record has to be read.

    `size` is bytes. `has_failed` is of one to send although it has failed for good. `route` and
    `item_key`, the key of its record, are None for what is nobody's original. Once this object and
    the rest of its record are dealt with, so is everything up to the key `through` (empty: no more
    than before).
    """

    key: str
    etag: str
    size: int
    modified: datetime
    route: str | None = None
    item_key: Mapping[str, str] | None = None
    reason: Reason | None = None
    has_failed: bool = False
    through: str = ""


@dataclass(frozen=True)
class Filters:
    """What is asked for: `since` and what comes after, all before `until`, of one route or both.

    `retry_failed` asks for what has failed for good, too.
    """

    since: datetime | None = None
    until: datetime | None = None
    route: str | None = None
    retry_failed: bool = False

    def let_pass(self, candidate: Candidate) -> bool:
        """Whether the object is asked for."""
        return (
            (self.since is None or candidate.modified >= self.since)
            and (self.until is None or candidate.modified < self.until)
            and (self.route is None or candidate.route == self.route)
        )


def list_objects(s3: S3Client, bucket: str, prefix: str, after: str) -> Iterator[Candidate]:
    """Every object under `prefix` whose key comes after `after`, in the order of keys."""
    pages = s3.get_paginator("list_objects_v2").paginate(
        Bucket=bucket, Prefix=prefix, StartAfter=after
    )
    for page in pages:
        for entry in page.get("Contents", ()):
            yield Candidate(
                key=entry["Key"],
                etag=entry["ETag"].strip('"'),
                size=entry["Size"],
                modified=entry["LastModified"],
            )


def candidates(
    listed: Iterable[Candidate], deployed: Deployed, filters: Filters
) -> Iterator[Candidate]:
    """The same objects, each with whose original it is.

    A record tells of one original. Where several lie one behind the other, the newest is meant, as
    it would be had each been sent when it was uploaded; it comes first, so that a run that ends
    among them need not come back. What is nobody's original, such as a sidecar, parts no others; an
    original of another record does.
    """
    originals: list[Candidate] = []
    through = ""
    for found in (_assigned(one, deployed.recipe) for one in listed):
        if found.item_key is None:
            yield replace(found, reason=Reason.NOT_ORIGINAL, through=through)
            continue
        if originals and originals[0].item_key != found.item_key:
            yield from _of_one_record(originals, deployed, filters)
            through = originals[-1].key
            originals = []
        originals.append(found)
    if originals:
        yield from _of_one_record(originals, deployed, filters)


def _of_one_record(
    originals: Sequence[Candidate], deployed: Deployed, filters: Filters
) -> Iterator[Candidate]:
    newest = max(originals, key=lambda found: (found.modified, found.key))
    for found in (newest, *(one for one in originals if one is not newest)):
        reason = _reason(found, newest, deployed, filters)
        yield replace(found, reason=reason, through=originals[-1].key)


def _assigned(found: Candidate, recipe: Recipe) -> Candidate:
    route = route_of(found.key, recipe)
    item_key = key_of_original(found.key, recipe)
    if route is None or item_key is None:
        return found
    return replace(found, route=route, item_key=item_key)


def _reason(
    found: Candidate, newest: Candidate, deployed: Deployed, filters: Filters
) -> Reason | None:
    if not filters.let_pass(found):
        return Reason.UNASKED
    if found is not newest:
        return Reason.OLDER
    return None if found.route in deployed.queues else Reason.UNROUTED
