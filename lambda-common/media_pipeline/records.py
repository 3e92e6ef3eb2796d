"""The media table: one item per medium, changed only under the rules of `leases`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal, cast

from botocore.exceptions import ClientError

from media_pipeline.failures import PermanentError, TransientError
from media_pipeline.leases import Claim, Verdict, format_time, grant, judge
from media_pipeline.updates import Update, read_item, write_item
from media_pipeline.vocabulary import MEDIA, PROGRESS, Status, Vocabulary

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

CLAIM_ATTEMPTS = 5


@dataclass(frozen=True)
class Lease:
    """The right to publish one record, for as long as the record still holds `token`.

    `revision` is what the outputs are written under, `words` what the record is written in.
    """

    item_key: Mapping[str, str]
    token: str
    revision: str
    words: Vocabulary = MEDIA


@dataclass(frozen=True)
class Refusal:
    """Why a record was not claimed; of a duplicate, what its record says came of the work.

    `error` is what went wrong, `segments_created` how many segments a cutting job made.
    """

    verdict: Verdict
    error: PermanentError | None = None
    segments_created: int | None = None


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
        words: Vocabulary = MEDIA,
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
                is_duplicate = verdict is Verdict.DUPLICATE
                return _read_duplicate(item, words) if is_duplicate else Refusal(verdict)
            granted = grant(pipeline, claim)
            lease = Lease(item_key, granted["leaseToken"], granted["revision"], words)
            try:
                self._take(lease, pipeline, {**attributes, "pipeline": granted})
            except ClientError as error:
                if not _condition_failed(error):
                    raise
                response = cast("dict[str, Any]", error.response)
                item = read_item(response.get("Item", {}))
            else:
                return lease
        raise TransientError("the record was changed by others at every try to claim it")

    def _take(
        self, lease: Lease, seen: dict[str, Any] | None, attributes: Mapping[str, Any]
    ) -> None:
        words = lease.words
        change = self._change(lease, {**attributes, "status": words.status("processing")})
        change.set_once("createdAt", format_time(self._now()))
        change.remove(*words.errors, *PROGRESS)
        if seen is None:
            change.only_if_unclaimed()
        else:
            change.only_if_pipeline_is(seen)
        self._update(lease, change)

    def confirm(self, lease: Lease) -> None:
        """Raises `LeaseLostError` if the record has gone to another worker."""
        answer = self._client.get_item(
            TableName=self._table, Key=write_item(lease.item_key), ConsistentRead=True
        )
        pipeline = read_item(answer.get("Item", {})).get("pipeline", {})
        if pipeline.get("leaseToken") != lease.token:
            raise LeaseLostError("the lease was lost before an object was written")

    def report(self, lease: Lease, stage: str, percentage: int) -> None:
        """Say how far the job has come. Raises `LeaseLostError` as every method below."""
        progress = dict(zip(PROGRESS, (stage, percentage), strict=True))
        self._update_held(lease, self._change(lease, progress))

    def publish_early(self, lease: Lease, attributes: Mapping[str, Any]) -> None:
        """Publish some results ahead of the others; the record stays `processing`.

        What a record has from an earlier run stays until this one is complete: the parts of a
        record are always of one run.
        """
        change = self._change(lease, {})
        for name, value in attributes.items():
            change.set_once(name, value)
        self._update_held(lease, change)

    def complete(self, lease: Lease, results: Mapping[str, Any]) -> None:
        """Publish what a run made. Raises `LeaseLostError` if the record is another's by now."""
        progress = dict(zip(PROGRESS, ("completed", 100), strict=True))
        change = self._finish(lease, "completed", {**results, **progress})
        change.remove(*lease.words.errors)
        self._update_held(lease, change)

    def fail(self, lease: Lease, error: PermanentError) -> None:
        """Say that this upload cannot be processed, and why."""
        change = self._finish(lease, "failed", _explain(lease.words, error.code, error.sentence))
        self._update_held(lease, change)

    def exhaust(self, lease: Lease, error: BaseException) -> None:
        """Say that the last try failed too, and give the lease back: a redrive may claim again."""
        sentence = (
            f"Every try failed, the last with {type(error).__name__}; mend the cause that the "
            "function's log names, then redrive the dead-letter queue or invoke the function again."
        )
        change = self._end(lease, "failed", _explain(lease.words, "retries_exhausted", sentence))
        change.set_in_pipeline("leaseExpiresAt", format_time(self._now()))
        self._update_held(lease, change)

    def release(self, lease: Lease) -> None:
        """Give the lease back, so that the next delivery may claim at once."""
        change = self._change(lease, {})
        change.set_in_pipeline("leaseExpiresAt", format_time(self._now()))
        self._update_held(lease, change)

    def _change(
        self, lease: Lease, attributes: Mapping[str, Any], *times: Literal["processedAt"]
    ) -> Update:
        now = format_time(self._now())
        change = Update(lease.words.attribute)
        change.set_all({**attributes, **dict.fromkeys((*times, "updatedAt"), now)})
        return change

    def _end(self, lease: Lease, status: Status, results: Mapping[str, Any]) -> Update:
        ended = {**results, "status": lease.words.status(status)}
        change = self._change(lease, ended, "processedAt")
        change.remove(*lease.words.results, *PROGRESS)
        return change

    def _finish(self, lease: Lease, status: Status, results: Mapping[str, Any]) -> Update:
        change = self._end(lease, status, results)
        change.remove_from_pipeline("leaseToken", "holder", "leaseExpiresAt")
        return change

    def _update_held(self, lease: Lease, change: Update) -> None:
        change.only_if_leased(lease.token)
        try:
            self._update(lease, change)
        except ClientError as error:
            if _condition_failed(error):
                raise LeaseLostError("the lease was lost while the job ran") from error
            raise

    def _update(self, lease: Lease, change: Update) -> None:
        self._client.update_item(
            TableName=self._table,
            Key=write_item(lease.item_key),
            ReturnValuesOnConditionCheckFailure="ALL_OLD",
            **change.request(),
        )


def _condition_failed(error: ClientError) -> bool:
    return error.response["Error"]["Code"] == "ConditionalCheckFailedException"


def _explain(words: Vocabulary, code: str, sentence: str) -> dict[str, Any]:
    told = {"error": {"code": code, "message": sentence}, "errorMessage": sentence}
    return {name: told[name] for name in words.errors}


def _read_duplicate(item: Mapping[str, Any], words: Vocabulary) -> Refusal:
    error = _read_error(item.get(words.attribute("error")))
    counts = "segmentsCreated" in words.results
    count = item.get(words.attribute("segmentsCreated")) if counts else None
    return Refusal(Verdict.DUPLICATE, error, None if count is None else int(count))


def _read_error(error: object) -> PermanentError | None:
    """What `error` says, or under an application's own words perhaps the sentence alone."""
    if not isinstance(error, Mapping):
        return PermanentError("failed", str(error)) if error else None
    return PermanentError(error["code"], error["message"])
