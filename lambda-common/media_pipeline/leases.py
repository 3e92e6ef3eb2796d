"""Who may work on an upload: the rules of the claim, as plain values.

A record's `pipeline` map is all that they read. A lease that is held has a token and an end still
to come; one that was given back, or ran out, has an end in the past; a finished job has no token.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import Enum, auto
from typing import Any, TypeGuard

GRACE = timedelta(seconds=60)
"""How long a lease outlives its invocation's deadline, for clocks that disagree."""

SEQUENCER_LENGTH = 64

REVISION_LENGTH = 12

MEANT, NEVER_ENDED = "", "-"
"""In place of since when a revision is left over: it was complete, or its run came to no end."""


class Verdict(Enum):
    """What becomes of a claim."""

    GRANTED = auto()
    DUPLICATE = auto()
    BUSY = auto()
    SUPERSEDED = auto()
    UNORDERED = auto()
    """Another version, and no two sequencers to compare: S3 has to say which one is current."""
    TAKEN = auto()
    """A job asks for a record that is a medium's."""


@dataclass(frozen=True)
class Claim:
    """What a worker asks for. `bucket`, `key` and `etag` are the original's, as far as known.

    `keeps_revisions` is of outputs whose keys name the run that made them.
    `is_job` is of a record that one named job alone fills: it is no medium's, and what runs under
    it runs to its end, whichever upload the next one reads. `is_refusal` is of a job's payload that
    is none: it may replace a failure, and nothing that was made.
    """

    source_version: str
    sequencer: str | None
    recipe_digest: str
    holder: str
    expires_at: datetime
    bucket: str | None = None
    key: str | None = None
    etag: str | None = None
    keeps_revisions: bool = True
    retry: bool = False
    retry_failed: bool = False
    is_job: bool = False
    is_refusal: bool = False


def judge(pipeline: dict[str, Any] | None, claim: Claim, now: datetime) -> Verdict:
    """Whether `claim` may take the record whose `pipeline` map is given (None: never claimed)."""
    if pipeline is None:
        return Verdict.GRANTED
    if claim.is_job:
        if not pipeline.get("isJob"):
            return Verdict.TAKEN
        if _is_anothers(pipeline, claim, now):
            return Verdict.BUSY
    if claim.is_refusal:
        return Verdict.GRANTED if "code" in pipeline.get("outcome", {}) else Verdict.SUPERSEDED
    if not _is_same_source(pipeline, claim):
        return _judge_other_version(pipeline, claim)
    if "leaseToken" not in pipeline:
        same_recipe = pipeline["recipeDigest"] == claim.recipe_digest
        has_failed = "code" in pipeline.get("outcome", {})
        is_asked_for = claim.retry or (claim.retry_failed and has_failed)
        return Verdict.DUPLICATE if same_recipe and not is_asked_for else Verdict.GRANTED
    return Verdict.BUSY if _is_anothers(pipeline, claim, now) else Verdict.GRANTED


def _is_anothers(pipeline: dict[str, Any], claim: Claim, now: datetime) -> bool:
    """Whether another holder's lease has still to end."""
    if "leaseToken" not in pipeline:
        return False
    return parse_time(pipeline["leaseExpiresAt"]) > now and pipeline["holder"] != claim.holder


def _judge_other_version(pipeline: dict[str, Any], claim: Claim) -> Verdict:
    held = pipeline.get("sequencer")
    if held is None or claim.sequencer is None:
        return Verdict.UNORDERED
    held, asked = pad_sequencer(held), pad_sequencer(claim.sequencer)
    if asked == held:
        return Verdict.UNORDERED
    return Verdict.GRANTED if asked > held else Verdict.SUPERSEDED


def grant(pipeline: dict[str, Any] | None, claim: Claim) -> dict[str, Any]:
    """The `pipeline` map of a record that was just claimed, with a new lease token.

    Each claim has a revision of its own, so that no run ever replaces what another one wrote. Those
    of earlier runs become `leftovers`, for the sweep to remove once the record means them no more;
    `leftoverKeys` are their originals', where that is another one by now.
    """
    attempts = 1
    if pipeline is not None and _is_same_work(pipeline, claim):
        attempts += int(pipeline["attempts"])
    leftovers = {**pipeline.get("leftovers", {})} if pipeline else {}
    if pipeline and "revision" in pipeline:
        leftovers[pipeline["revision"]] = NEVER_ENDED if "leaseToken" in pipeline else MEANT
    keys = {**pipeline.get("leftoverKeys", {})} if pipeline else {}
    if pipeline and "key" in pipeline and pipeline["key"] != claim.key:
        keys = {**dict.fromkeys(leftovers, pipeline["key"]), **keys}
    token = uuid.uuid4().hex
    granted = {
        "leaseToken": token,
        "holder": claim.holder,
        "leaseExpiresAt": format_time(claim.expires_at),
        "attempts": attempts,
        "sourceVersion": claim.source_version,
        "etag": claim.etag,
        "sequencer": claim.sequencer,
        "bucket": claim.bucket,
        "key": claim.key,
        "recipeDigest": claim.recipe_digest,
        "revision": token[:REVISION_LENGTH] if claim.keeps_revisions else None,
        "leftovers": leftovers or None,
        "leftoverKeys": keys or None,
        "isJob": claim.is_job or None,
    }
    return {name: value for name, value in granted.items() if value is not None}


def is_ours(pipeline: object) -> TypeGuard[dict[str, Any]]:
    """Whether a claim has written it; an application may have an attribute of that name."""
    granted = {"sourceVersion", "recipeDigest", "attempts"}
    return isinstance(pipeline, dict) and pipeline.keys() >= granted


def left_at(leftovers: Mapping[str, str], now: datetime, *, is_over: bool) -> dict[str, str]:
    """The leftovers of a record that ends now, those left over by that with this time.

    Unless the end `is_over`, a redrive may follow it: then what was complete is not left over yet.
    """
    ended = (MEANT, NEVER_ENDED) if is_over else (NEVER_ENDED,)
    return {r: format_time(now) if since in ended else since for r, since in leftovers.items()}


def _is_same_work(pipeline: dict[str, Any], claim: Claim) -> bool:
    """Whether a claim goes on with what was begun and never ended."""
    is_open = "leaseToken" in pipeline and pipeline["recipeDigest"] == claim.recipe_digest
    return is_open and _is_same_source(pipeline, claim)


def _is_same_source(pipeline: dict[str, Any], claim: Claim) -> bool:
    """Whether a record tells of that version of that object; other keys may hold the same bytes.

    Of a record that does not say which object it was, the version alone counts.
    """
    return (
        pipeline["sourceVersion"] == claim.source_version
        and pipeline.get("bucket", claim.bucket) == claim.bucket
        and pipeline.get("key", claim.key) == claim.key
    )


def is_to_go_on(pipeline: Mapping[str, Any], claim: Claim) -> bool:
    """Whether who asks for an older version of an object has to see to the one that is recorded.

    It is what the same holder has taken up and not ended, or what was given up for a redrive.
    """
    if pipeline.get("key") != claim.key or "leaseToken" not in pipeline:
        return False
    return "endedAt" in pipeline or pipeline["holder"] == claim.holder


def pad_sequencer(sequencer: str) -> str:
    """S3's sequencers are hexadecimal, of any length, and compare once zeros fill their right."""
    return sequencer.upper().ljust(SEQUENCER_LENGTH, "0")


def format_time(moment: datetime) -> str:
    """ISO 8601, UTC, milliseconds: texts of equal length, in the order of the times they say."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def parse_time(text: str) -> datetime:
    """The time that `format_time` wrote."""
    return datetime.fromisoformat(text)
