"""One job from claim to completed record; the outcome says what became of it."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Protocol

from media_pipeline.events import Job
from media_pipeline.failures import PermanentError, TransientError
from media_pipeline.leases import GRACE, Claim, revision_of
from media_pipeline.recipe import Recipe, match_key
from media_pipeline.records import Catalog, Lease, LeaseLostError, Refusal
from media_pipeline.storage import Originals, Publisher, SupersededError
from media_pipeline.work_folder import work_folder

MINIMUM_SECONDS = 10.0
"""A job is not started with less time than this left; it goes back to the queue instead."""

PUBLISHING_SECONDS = 5.0
"""What a processor leaves over for its outputs to be uploaded and the record to be written."""

CLAIM_ROUNDS = 3


@dataclass(frozen=True)
class Outcome:
    """What became of a job; `error` is why it failed, now or when its record was finished."""

    name: str
    error: PermanentError | None = None


COMPLETED = Outcome("Completed")
DUPLICATE = Outcome("Duplicate")
BUSY = Outcome("Busy")
SUPERSEDED = Outcome("Superseded")
IGNORED = Outcome("Ignored")


@dataclass(frozen=True)
class Task:
    """What a processor is given: the original in its private folder, and where outputs go."""

    source: Path
    folder: Path
    recipe: Recipe
    publisher: Publisher
    seconds_left: Callable[[], float]


class Process(Protocol):
    """Makes everything of one original and returns the record's canonical attributes."""

    def __call__(self, task: Task) -> dict[str, Any]: ...


@dataclass(frozen=True)
class Kind:
    """What one Lambda takes. `byte_limit` reads the largest original from a recipe."""

    name: str
    process: Process
    byte_limit: Callable[[Recipe], int]


@dataclass(frozen=True)
class Invocation:
    """How much time the function has left, and whether the queue would hand the job out again."""

    seconds_left: Callable[[], float]
    is_last_try: bool = False


PublisherOf = Callable[[Callable[[str], str], Callable[[], None] | None], Publisher]
"""Makes the publisher of one job from its key of each output and what to do before each write."""


class Worker:
    """Runs jobs of one kind, one after the other."""

    def __init__(
        self,
        kind: Kind,
        recipe: Recipe,
        originals: Originals,
        catalog: Catalog,
        publisher_of: PublisherOf,
    ) -> None:
        self._kind = kind
        self._recipe = recipe
        self._originals = originals
        self._catalog = catalog
        self._publisher_of = publisher_of

    def run(self, job: Job, invocation: Invocation) -> Outcome:
        """Process one job. Raises only what trying again may mend."""
        words = match_key(self._recipe.keys.originals, job.key)
        if words is None:
            return IGNORED
        if invocation.seconds_left() < MINIMUM_SECONDS:
            raise TransientError("too little time is left to start the job")
        superseded: Job | None = None
        for _ in range(CLAIM_ROUNDS):
            try:
                return self._attempt(job, superseded, words, invocation)
            except SupersededError:
                # The newer version's own event may be long past, so it is taken up here.
                superseded, job = job, replace(job, version_id=None, etag=None, sequencer=None)
        raise TransientError("the original was replaced at every try to read it")

    def _attempt(
        self, job: Job, superseded: Job | None, words: Mapping[str, str], invocation: Invocation
    ) -> Outcome:
        if job.source_version is None:
            try:
                version_id, etag = self._originals.current_version(job)
            except PermanentError as error:
                return self._fail_unread(superseded or job, words, invocation, error)
            job = replace(job, version_id=version_id, etag=etag)
        claimed = self._claim(job, words, invocation)
        if isinstance(claimed, Refusal):
            return Outcome(claimed.verdict.name.capitalize(), claimed.error)
        return self._run_claimed(job, words, claimed, invocation)

    def _claim(self, job: Job, words: Mapping[str, str], invocation: Invocation) -> Lease | Refusal:
        version, digest = str(job.source_version), self._recipe.digest
        claim = Claim(
            source_version=version,
            sequencer=job.sequencer,
            revision=revision_of(job.bucket, job.key, version, digest),
            recipe_digest=digest,
            holder=job.holder,
            expires_at=datetime.now(UTC) + timedelta(seconds=invocation.seconds_left()) + GRACE,
            retry=job.retry,
        )
        item_key = {"id": words["media_id"], "projectId": words["project_id"]}
        attributes = {"type": self._kind.name, "originalKey": job.key}
        return self._catalog.claim(item_key, claim, attributes, lambda: self._is_current(job))

    def _is_current(self, job: Job) -> bool:
        try:
            version_id, etag = self._originals.current_version(job)
        except PermanentError:
            return False
        return (version_id or etag) == job.source_version

    def _fail_unread(
        self, job: Job, words: Mapping[str, str], invocation: Invocation, error: PermanentError
    ) -> Outcome:
        """Record that nothing can be read: unless the record tells of an upload that could be."""
        unread = job if job.source_version else replace(job, etag=f"unread by {job.holder}")
        claimed = self._claim(unread, words, invocation)
        if isinstance(claimed, Lease):
            self._catalog.fail(claimed, error)
        return Outcome("Failed", error)

    def _run_claimed(
        self, job: Job, words: Mapping[str, str], lease: Lease, invocation: Invocation
    ) -> Outcome:
        try:
            results = self._make(job, words, lease, invocation)
            self._catalog.complete(lease, results)
        except PermanentError as error:
            self._catalog.fail(lease, error)
            return Outcome("Failed", error)
        except SupersededError:
            self._catalog.release(lease)
            raise
        except Exception as error:
            # A lost lease is another worker's by now: giving it back changes nothing.
            with suppress(LeaseLostError):
                if invocation.is_last_try:
                    self._catalog.exhaust(lease, error)
                else:
                    self._catalog.release(lease)
            raise
        return COMPLETED

    def _make(
        self, job: Job, words: Mapping[str, str], lease: Lease, invocation: Invocation
    ) -> dict[str, Any]:
        template = self._recipe.keys.outputs
        words = {**words, "revision": lease.revision}
        uses_keys_again = "{revision}" not in template
        with (
            work_folder() as folder,
            self._publisher_of(
                lambda output: template.format_map({**words, "output": output}),
                (lambda: self._catalog.confirm(lease)) if uses_keys_again else None,
            ) as publisher,
        ):
            source = folder / "source"
            started = time.monotonic()
            size = self._originals.fetch(job, source, self._kind.byte_limit(self._recipe))
            fetched = time.monotonic()
            results = self._kind.process(
                Task(
                    source,
                    folder,
                    self._recipe,
                    publisher,
                    lambda: invocation.seconds_left() - PUBLISHING_SECONDS,
                )
            )
            processed = time.monotonic()
            publisher.wait()
            timings = {
                "fetch": fetched - started,
                **results.get("timings", {}),
                "process": processed - fetched,
                "publish": time.monotonic() - processed,
            }
        return {**results, "size": size, "timings": timings}
