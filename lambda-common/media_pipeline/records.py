"""The media table: one item per medium, changed only under the rules of `leases`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Set
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from media_pipeline.failures import BadPayloadError, PermanentError, TransientError
from media_pipeline.leases import (
    Claim,
    Verdict,
    format_time,
    grant,
    is_ours,
    is_to_go_on,
    judge,
    left_at,
)
from media_pipeline.updates import (
    Update,
    condition_failed,
    is_too_large,
    item_before,
    read_item,
    write_item,
)
from media_pipeline.vocabulary import PROGRESS, RESULTS, Status, Vocabulary

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

CLAIM_ATTEMPTS = 5

CREATED = frozenset({"createdAt"})
"""What a claim leaves as an earlier one, or the application, has written it."""


@dataclass(frozen=True)
class Lease:
    """The right to publish one record, for as long as the record still holds `token`.

    `revision` is what the outputs are written under (empty where keys are used again), `words` what
    the record is written in; `leftovers` are the revisions of earlier runs, by which since when;
    `record` is what the lease's holder has written so far, in canonical words.
    """

    item_key: Mapping[str, str]
    token: str
    revision: str
    words: Vocabulary
    leftovers: Mapping[str, str] = field(default_factory=dict, compare=False)
    record: dict[str, Any] = field(default_factory=dict, compare=False)


@dataclass(frozen=True)
class Refusal:
    """Why a record was not claimed; of a duplicate, what its record says came of the work.

    `error` is what went wrong, `segments_created` how many segments a cutting job made. `instead`
    is the `pipeline` map of a newer version that whoever asks has to see to.
    """

    verdict: Verdict
    error: PermanentError | None = None
    segments_created: int | None = None
    instead: Mapping[str, Any] | None = None


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
        words: Vocabulary,
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
                return _refusal(verdict, item["pipeline"], claim)
            granted = grant(pipeline, claim)
            lease = Lease(
                item_key,
                granted["leaseToken"],
                granted.get("revision", ""),
                words,
                granted.get("leftovers", {}),
            )
            try:
                self._take(lease, pipeline, granted, attributes)
            except ClientError as error:
                if not condition_failed(error):
                    raise
                item = _own(item_before(error))
            else:
                return lease
        raise TransientError("the record was changed by others at every try to claim it")

    def _take(
        self,
        lease: Lease,
        seen: dict[str, Any] | None,
        granted: Mapping[str, Any],
        attributes: Mapping[str, Any],
    ) -> None:
        update = Update()
        update.set("pipeline", granted)
        if seen is None:
            update.only_if_unclaimed()
        else:
            update.only_if_pipeline_is(seen)
        status: Status = "processing"
        changes = {**attributes, "status": status, **dict.fromkeys(("error", *PROGRESS))}
        now = format_time(self._now())
        self._write(lease, update, {**changes, "createdAt": now, "updatedAt": now}, CREATED)

    def confirm(self, lease: Lease) -> None:
        """Raises `LeaseLostError` if the record has gone to another worker."""
        answer = self._client.get_item(
            TableName=self._table, Key=write_item(lease.item_key), ConsistentRead=True
        )
        pipeline = read_item(answer.get("Item", {})).get("pipeline", {})
        if pipeline.get("leaseToken") != lease.token:
            raise LeaseLostError("the lease was lost to another worker")

    def report(self, lease: Lease, stage: str, percentage: int) -> None:
        """Say how far the job has come. Raises `LeaseLostError` as every method below."""
        progress = dict(zip(PROGRESS, (stage, percentage), strict=True))
        self._write_held(lease, Update(), progress)

    def publish_early(self, lease: Lease, attributes: Mapping[str, Any]) -> None:
        """Publish some results ahead of the others; the record stays `processing`.

        What a record has from an earlier run stays until this one is complete: the parts of a
        record are always of one run.
        """
        self._write_held(lease, Update(), attributes, once=attributes.keys())

    def complete(self, lease: Lease, results: Mapping[str, Any]) -> None:
        """Publish what a run made. Raises `LeaseLostError` if the record is another's by now."""
        progress = dict(zip(PROGRESS, ("completed", 100), strict=True))
        count = results.get("segmentsCreated")
        outcome = {} if count is None else {"segmentsCreated": count}
        self._end(lease, "completed", outcome, {**results, **progress, "error": None})

    def fail(self, lease: Lease, error: PermanentError) -> None:
        """Say that this upload cannot be processed, and why."""
        explained = {"code": error.code, "message": error.sentence}
        self._end(lease, "failed", explained, {"error": explained})

    def exhaust(self, lease: Lease, last: str) -> None:
        """Say that the last try failed too, and give the lease back: a redrive may claim again.

        What was made before stays until that has come to an end: pages may go on with it.
        `last` says how it failed, such as `with TimeoutError`.
        """
        sentence = (
            f"Every try failed, the last {last}; mend the cause that the function's log names, "
            "then redrive the dead-letter queue or invoke the function again."
        )
        explained = {"code": "retries_exhausted", "message": sentence}
        self._end(lease, "failed", explained, {"error": explained}, is_over=False)

    def release(self, lease: Lease) -> None:
        """Give the lease back, so that the next delivery may claim at once."""
        update = Update()
        update.set_in_pipeline("leaseExpiresAt", format_time(self._now()))
        self._write_held(lease, update, {})

    def _end(
        self,
        lease: Lease,
        status: Status,
        outcome: Mapping[str, Any],
        attributes: Mapping[str, Any],
        *,
        is_over: bool = True,
    ) -> None:
        """`outcome` is what the answer to a duplicate needs."""
        moment = self._now()
        now = format_time(moment)
        update = Update()
        leftovers = left_at(lease.leftovers, moment, is_over=is_over)
        if is_over:
            update.remove_from_pipeline("leaseToken", "holder", "leaseExpiresAt")
        else:
            update.set_in_pipeline("leaseExpiresAt", now)
        if status == "failed" and lease.revision:
            # A failed record means nothing, its own revision included.
            update.remove_from_pipeline("revision")
            leftovers[lease.revision] = now
        if leftovers:
            update.set_in_pipeline("leftovers", leftovers)
        if outcome:
            update.set_in_pipeline("outcome", outcome)
        update.set_in_pipeline("endedAt", now)
        update.set_in_pipeline("endedBy", lease.token)
        ended = {"status": status, "processedAt": now, "updatedAt": now}
        self._write_held(
            lease, update, {**dict.fromkeys((*RESULTS, *PROGRESS)), **attributes, **ended}
        )

    def _write_held(
        self,
        lease: Lease,
        update: Update,
        changes: Mapping[str, Any],
        once: Set[str] = frozenset(),
    ) -> None:
        update.only_if_leased(lease.token)
        try:
            self._write(lease, update, changes, once)
        except ClientError as error:
            if condition_failed(error):
                if item_before(error).get("pipeline", {}).get("endedBy") == lease.token:
                    # This very write, whose first answer was lost.
                    return
                raise LeaseLostError("the lease was lost while the job ran") from error
            if is_too_large(error):
                raise PermanentError(
                    "record_too_large",
                    "The record would pass the 400 KB that DynamoDB allows; write fewer "
                    "attributes, or ask for fewer outputs.",
                ) from error
            raise

    def _write(
        self, lease: Lease, update: Update, changes: Mapping[str, Any], once: Set[str]
    ) -> None:
        """Send `update`, with what `changes` (None: absent) means in the lease's words."""
        changes = {"updatedAt": format_time(self._now()), **changes}
        record = {**lease.record, **changes}
        known = {name: value for name, value in record.items() if value is not None}
        lease.words.write(update, known, changes.keys(), once)
        request = update.request()
        if "UpdateExpression" in request:
            self._client.update_item(
                TableName=self._table,
                Key=write_item(lease.item_key),
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
                **request,
            )
        else:
            # The lease's words have none for this.
            self.confirm(lease)
        lease.record.update(changes)


def _own(item: dict[str, Any]) -> dict[str, Any]:
    """Raises `BadPayloadError` for an item whose `pipeline` somebody else has written."""
    if "pipeline" in item and not is_ours(item["pipeline"]):
        raise BadPayloadError(
            "the record has an attribute `pipeline` of its own, which is the module's name; "
            "rename that one"
        )
    return item


def _refusal(verdict: Verdict, pipeline: Mapping[str, Any], claim: Claim) -> Refusal:
    if verdict is Verdict.SUPERSEDED and is_to_go_on(pipeline, claim):
        return Refusal(verdict, instead=pipeline)
    if verdict is not Verdict.DUPLICATE:
        return Refusal(verdict)
    outcome = pipeline.get("outcome", {})
    error = PermanentError(outcome["code"], outcome["message"]) if "code" in outcome else None
    count = outcome.get("segmentsCreated")
    return Refusal(verdict, error, None if count is None else int(count))
