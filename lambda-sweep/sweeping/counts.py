"""What a sweep counts."""

from __future__ import annotations

from enum import StrEnum


class Count(StrEnum):
    """Metrics, each in every sweep: three kinds of findings, what was done, and what was not."""

    LEASES_EXPIRED = "LeasesExpired"
    UPLOADS_MISSED = "UploadsMissed"
    PENDING_EXPIRED = "PendingExpired"
    REQUEUED = "Requeued"
    GIVEN_UP = "GivenUp"
    REVISIONS_REMOVED = "RevisionsRemoved"
    UNFINISHED = "Unfinished"
    """1 if time ran out."""
