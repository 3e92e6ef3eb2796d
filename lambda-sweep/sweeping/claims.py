"""Taking a record from whoever left it, to have it done again or to say that it will not be."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

from media_pipeline.assignments import key_of_original, route_of
from media_pipeline.events import Job
from media_pipeline.failures import PermanentError
from media_pipeline.leases import Claim, parse_time
from media_pipeline.records import Catalog, Lease
from media_pipeline.telemetry import logger
from media_pipeline.vocabulary import Vocabulary
from sweeping.buckets import Head
from sweeping.counts import Count
from sweeping.queues import Queues
from sweeping.run import Run
from sweeping.settings import SweepSettings

UNREAD = "unread by "
"""What the version of a source begins with that nobody has seen."""

CLOCKS = timedelta(minutes=5)
"""How far a worker's clock may be behind and still take a sweep's claim for ended."""

TYPES = {"images": "image", "videos": "video"}
"""What records call the media of each route."""

ItemKey = Mapping[str, str]


class Claims:
    """Claims in the sweep's name: they end at once, so that a worker may claim right after."""

    def __init__(self, settings: SweepSettings, catalog: Catalog, queues: Queues) -> None:
        self._bucket = settings.bucket
        self._catalog = catalog
        self._recipe = settings.recipe
        self._queues = queues
        self._max_receives = settings.max_receives
        self._media = Vocabulary(self._recipe.record.attributes)
        self._jobs = Vocabulary(self._recipe.jobs.attributes)

    def revive(self, run: Run, item_key: ItemKey, pipeline: Mapping[str, Any]) -> None:
        """See to a record whose lease ran out: send its job again, or end it for good."""
        is_job, key = bool(pipeline.get("isJob")), pipeline.get("key")
        route = None if is_job or key is None else route_of(key, self._recipe)
        ended = parse_time(pipeline["leaseExpiresAt"])
        if self._queues.has(route) and run.is_waiting(str(route), ended):
            return
        claim = replace(
            self._ended_claim(run, pipeline["sourceVersion"]),
            sequencer=pipeline.get("sequencer"),
            recipe_digest=pipeline["recipeDigest"],
            bucket=pipeline.get("bucket"),
            key=key,
            etag=pipeline.get("etag"),
            is_job=is_job,
        )
        attributes = _attributes("segments" if is_job else TYPES.get(route or ""), key)
        lease = self._claim(item_key, claim, attributes, self._jobs if is_job else self._media)
        if lease is None:
            return
        run.count(Count.LEASES_EXPIRED)
        is_ours = pipeline.get("bucket") == self._bucket and self._queues.has(route)
        # Whether a message of the upload leads to this record; a job may have named another.
        if not (key and route and is_ours and key_of_original(key, self._recipe) == item_key):
            self._fail(run, lease, _missing() if _is_unread(pipeline) else _lost())
        elif pipeline["attempts"] >= self._max_receives:
            self._catalog.exhaust(lease, "without a word from its function")
            run.count(Count.GIVEN_UP)
            logger.warning("Given up: its function never said what became of it")
        else:
            self._send(run, route, claim)

    def take_up(
        self,
        run: Run,
        item_key: ItemKey,
        bucket: str,
        key: str,
        head: Head,
        is_current: Callable[[], bool],
    ) -> None:
        """See to an upload that no record tells of."""
        route = route_of(key, self._recipe)
        claim = replace(
            self._ended_claim(run, head.version_id or head.etag),
            bucket=bucket,
            key=key,
            etag=head.etag,
        )
        attributes = _attributes(TYPES[str(route)], key)
        if self._claim(item_key, claim, attributes, self._media, is_current):
            run.count(Count.UPLOADS_MISSED)
            self._send(run, str(route), claim)

    def expire(self, run: Run, item_key: ItemKey) -> None:
        """Say of a pending record that its upload never came; one that comes later is taken."""
        claim = self._ended_claim(run, f"{UNREAD}{run.holder}")
        if lease := self._claim(item_key, claim, {}, self._media):
            run.count(Count.PENDING_EXPIRED)
            self._fail(run, lease, _missing())

    def _ended_claim(self, run: Run, source_version: str) -> Claim:
        return Claim(
            source_version=source_version,
            sequencer=None,
            recipe_digest=self._recipe.digest,
            holder=run.holder,
            expires_at=run.now() - CLOCKS,
            keeps_revisions=False,
        )

    def _claim(
        self,
        item_key: ItemKey,
        claim: Claim,
        attributes: Mapping[str, Any],
        words: Vocabulary,
        is_current: Callable[[], bool] = lambda: False,
    ) -> Lease | None:
        """None where somebody else has moved on with the record."""
        claimed = self._catalog.claim(item_key, claim, attributes, is_current, words)
        if isinstance(claimed, Lease):
            return claimed
        logger.info("Left alone: %s", claimed.verdict.name.lower())
        return None

    def _send(self, run: Run, route: str, claim: Claim) -> None:
        job = Job(
            bucket=str(claim.bucket),
            key=str(claim.key),
            holder=claim.holder,
            version_id=None if claim.source_version == claim.etag else claim.source_version,
            etag=claim.etag,
        )
        self._queues.send(route, job)
        run.count(Count.REQUEUED)
        logger.warning("Sent to the queue of %s again", route)

    def _fail(self, run: Run, lease: Lease, error: PermanentError) -> None:
        self._catalog.fail(lease, error)
        run.count(Count.GIVEN_UP)
        logger.warning("Given up: %s", error)


def _attributes(kind: str | None, key: str | None) -> dict[str, str]:
    said = {"type": kind, "originalKey": key}
    return {name: value for name, value in said.items() if value is not None}


def _is_unread(pipeline: Mapping[str, Any]) -> bool:
    return "key" not in pipeline and pipeline["sourceVersion"].startswith(UNREAD)


def _missing() -> PermanentError:
    return PermanentError(
        "upload_missing",
        "No upload that the recipe takes has come for this record within a day; upload it again.",
    )


def _lost() -> PermanentError:
    return PermanentError(
        "worker_lost",
        "The function ended before it could say what came of this, and no queue brings it back; "
        'see the function\'s log, then invoke it again with "retry": true.',
    )
