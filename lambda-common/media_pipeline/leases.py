"""Who may work on an upload: the rules of the claim, as plain values.

A record's `pipeline` map is all that they read. A lease that is held has a token and an end still
to come; one that was given back, or ran out, has an end in the past; a finished job has no token.
"""

from __future__ import annotations

import hashlib
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import Enum, auto
from typing import Any

GRACE = timedelta(seconds=60)
"""How long a lease outlives its invocation's deadline, for clocks that disagree."""

SEQUENCER_LENGTH = 64


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
    """What a worker asks for; `revision` names the outputs of a first attempt.

    `is_job` is of a record that one named job alone fills: it is no medium's, and what runs under
    it runs to its end, whichever upload the next one reads. `is_refusal` is of a job's payload that
    is none: it may replace a failure, and nothing that was made.
    """

    source_version: str
    sequencer: str | None
    revision: str
    recipe_digest: str
    holder: str
    expires_at: datetime
    retry: bool = False
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
    if pipeline["sourceVersion"] != claim.source_version:
        return _judge_other_version(pipeline, claim)
    if "leaseToken" not in pipeline:
        same_recipe = pipeline["recipeDigest"] == claim.recipe_digest
        return Verdict.DUPLICATE if same_recipe and not claim.retry else Verdict.GRANTED
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
    is_newer = pad_sequencer(claim.sequencer) > pad_sequencer(held)
    return Verdict.GRANTED if is_newer else Verdict.SUPERSEDED


def grant(pipeline: dict[str, Any] | None, claim: Claim) -> dict[str, Any]:
    """The `pipeline` map of a record that was just claimed, with a new lease token.

    What is done again on request gets a revision of its own, for no output is ever replaced.
    """
    attempts = 1
    if pipeline is not None and _is_same_work(pipeline, claim):
        attempts += int(pipeline["attempts"])
    granted = {
        "leaseToken": uuid.uuid4().hex,
        "holder": claim.holder,
        "leaseExpiresAt": format_time(claim.expires_at),
        "attempts": attempts,
        "sourceVersion": claim.source_version,
        "revision": _short_hash(claim.revision, str(attempts)) if claim.retry else claim.revision,
        "recipeDigest": claim.recipe_digest,
    }
    if claim.sequencer is not None:
        granted["sequencer"] = claim.sequencer
    if claim.is_job:
        granted["isJob"] = True
    return granted


def _is_same_work(pipeline: dict[str, Any], claim: Claim) -> bool:
    return (pipeline["sourceVersion"], pipeline["recipeDigest"]) == (
        claim.source_version,
        claim.recipe_digest,
    )


def revision_of(bucket: str, key: str, source_version: str, recipe_digest: str) -> str:
    """Twelve hex digits that name one upload as one recipe renders it."""
    return _short_hash(bucket, key, source_version, recipe_digest)


def _short_hash(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:12]


def pad_sequencer(sequencer: str) -> str:
    """S3's sequencers are hexadecimal, of any length, and compare once zeros fill their right."""
    return sequencer.upper().ljust(SEQUENCER_LENGTH, "0")


def format_time(moment: datetime) -> str:
    """ISO 8601, UTC, milliseconds: texts of equal length, in the order of the times they say."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def parse_time(text: str) -> datetime:
    """The time that `format_time` wrote."""
    return datetime.fromisoformat(text)
