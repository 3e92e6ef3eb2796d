"""What a record says of itself that a sweep has to see to; pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from enum import Enum, auto
from typing import Any

from media_pipeline.leases import MEANT, is_ours, parse_time

LEASE_PATIENCE = timedelta(hours=2)
"""Longer than any queue hides a message (90 minutes): it would have brought the job back itself."""

DAY = timedelta(days=1)
"""How long what nobody means any more is kept, and how long an upload is waited for."""


DEAD_LETTERS = timedelta(days=14)
"""How long the routes' queues keep dead letters."""


class Finding(Enum):
    """What is to be done about a record."""

    LEASE_EXPIRED = auto()
    LEFTOVERS = auto()
    PENDING = auto()
    """Nobody has claimed it for a day; whether its upload is there, only S3 can say."""


@dataclass(frozen=True)
class PendingWords:
    """How an application says that a record waits for its upload, and since when."""

    attributes: Mapping[str, str]
    created_at: str

    def is_overdue(self, item: Mapping[str, Any], now: datetime) -> bool:
        """Whether it has waited for more than a day; of an unreadable time nothing is known."""
        if any(item.get(name) != value for name, value in self.attributes.items()):
            return False
        created = _moment(item.get(self.created_at))
        return created is not None and created < now - DAY


def find(item: Mapping[str, Any], pending: PendingWords | None, now: datetime) -> Finding | None:
    """None where there is nothing to do, and for items of others.

    Raises `ValueError`, `TypeError` or `KeyError` for a `pipeline` map that no claim wrote so.
    """
    if "pipeline" not in item:
        return Finding.PENDING if pending and pending.is_overdue(item, now) else None
    pipeline = item["pipeline"]
    if not is_ours(pipeline):
        return None
    if "endedAt" in pipeline:
        return Finding.LEFTOVERS if leftovers_of(pipeline, now) else None
    # Records have not always said when they ended; an outcome beside a lease is an end, too.
    if "leaseToken" not in pipeline or "outcome" in pipeline:
        return None
    has_run_out = parse_time(pipeline["leaseExpiresAt"]) < now - LEASE_PATIENCE
    return Finding.LEASE_EXPIRED if has_run_out else None


def leftovers_of(pipeline: Mapping[str, Any], now: datetime) -> list[str]:
    """The revisions that a record has not meant for a day; of one in work, none.

    What was complete before a record was given up is kept until no redrive can follow any more.
    """
    if "endedAt" not in pipeline:
        return []
    is_final = parse_time(pipeline["endedAt"]) < now - DEAD_LETTERS
    return [
        revision
        for revision, since in pipeline.get("leftovers", {}).items()
        if (is_final if since == MEANT else parse_time(since) < now - DAY)
    ]


def _moment(value: object) -> datetime | None:
    """Of an ISO 8601 text, in UTC unless it says otherwise, or of seconds since 1970."""
    try:
        if isinstance(value, str):
            moment = datetime.fromisoformat(value)
            return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        if isinstance(value, Decimal):
            return datetime.fromtimestamp(float(value), UTC)
    except (ValueError, OverflowError, OSError):
        pass
    return None
