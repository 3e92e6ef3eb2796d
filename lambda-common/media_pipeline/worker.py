"""One job from claim to completed record; the outcome says what became of it."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from media_pipeline.assignments import Assignment, CuttingKind, Kind, assign, key_of_refused
from media_pipeline.events import Job
from media_pipeline.failures import BadPayloadError, PermanentError, TransientError
from media_pipeline.leases import GRACE, Claim
from media_pipeline.recipe import Recipe, match_key
from media_pipeline.records import Catalog, Lease, LeaseLostError, Refusal
from media_pipeline.storage import Originals, Publisher, SupersededError
from media_pipeline.task import Record, Task
from media_pipeline.vocabulary import Vocabulary
from media_pipeline.work_folder import work_folder

__all__ = ["CuttingKind", "Invocation", "Kind", "Outcome", "Task", "Worker"]

MINIMUM_SECONDS = 10.0
"""A job is not started with less time than this left; it goes back to the queue instead."""

CLAIM_ROUNDS = 3

MOST_LOST = 0.25
"""The share of an invocation's time that may go elsewhere while a job is blamed for the rest."""

LONGEST_OBJECT_KEY = 1024
"""S3's limit, in bytes."""


@dataclass(frozen=True)
class Outcome:
    """What became of a job; `error` is why it failed, now or when its record was finished.

    `segments_created` is of a cutting job.
    """

    name: str
    error: PermanentError | None = None
    segments_created: int | None = None


COMPLETED = Outcome("Completed")
DUPLICATE = Outcome("Duplicate")
BUSY = Outcome("Busy")
SUPERSEDED = Outcome("Superseded")
TAKEN = Outcome("Taken")
IGNORED = Outcome("Ignored")


@dataclass(frozen=True)
class Invocation:
    """How much time the function has left, and had when it began; whether no other try follows."""

    seconds_left: Callable[[], float]
    seconds_had: float
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
        clock: Callable[[], float] = time.monotonic,
        measure_storage: Callable[[float], None] = lambda _: None,
    ) -> None:
        self._kind = kind
        self._recipe = recipe
        self._originals = originals
        self._catalog = catalog
        self._publisher_of = publisher_of
        self._clock = clock
        self._measure_storage = measure_storage

    def run(self, job: Job, invocation: Invocation) -> Outcome:
        """Process one job. Raises only what trying again may mend, and `BadPayloadError`."""
        assignment = assign(job, self._kind, self._recipe)
        if assignment is None:
            return IGNORED
        if invocation.seconds_left() < MINIMUM_SECONDS:
            raise TransientError("too little time is left to start the job")
        superseded: Job | None = None
        for _ in range(CLAIM_ROUNDS):
            try:
                outcome = self._attempt(job, superseded, assignment, invocation)
            except SupersededError:
                # The newer version's own event may be long past, so it is taken up here.
                superseded, job = job, replace(job, version_id=None, etag=None, sequencer=None)
                continue
            if isinstance(outcome, Outcome):
                return outcome
            job = outcome
        raise TransientError("the original was replaced at every try to read it")

    def refuse(self, payload: Mapping[str, Any], holder: str, error: BadPayloadError) -> None:
        """Say in the record of a cutting job why it is none, unless something was made under it.

        A medium's record is left alone: it may tell of an upload that was processed.
        """
        item_key = key_of_refused(payload, self._kind, self._recipe)
        if item_key is None:
            return
        claim = Claim(
            source_version=f"refused by {holder}",
            sequencer=None,
            recipe_digest=self._recipe.digest,
            holder=holder,
            expires_at=datetime.now(UTC) + GRACE,
            keeps_revisions=False,
            is_job=True,
            is_refusal=True,
        )
        words = Vocabulary(self._recipe.jobs.attributes)
        claimed = self._catalog.claim(item_key, claim, {"type": "segments"}, lambda: False, words)
        if isinstance(claimed, Lease):
            self._catalog.fail(claimed, error)

    def _attempt(
        self, job: Job, superseded: Job | None, assignment: Assignment, invocation: Invocation
    ) -> Outcome | Job:
        """What became of the job, or the one of another version to go on with."""
        if job.source_version is None:
            try:
                version_id, etag = self._originals.current_version(job)
            except PermanentError as error:
                return self._fail_unread(superseded or job, assignment, invocation, error)
            job = replace(job, version_id=version_id, etag=etag)
        claimed = self._claim(job, assignment, invocation, lambda: self._is_current(job))
        if isinstance(claimed, Refusal):
            if claimed.instead is not None:
                return _named(job, claimed.instead)
            name = claimed.verdict.name.capitalize()
            return Outcome(name, claimed.error, claimed.segments_created)
        return self._run_claimed(job, assignment, claimed, invocation)

    def _claim(
        self,
        job: Job,
        assignment: Assignment,
        invocation: Invocation,
        is_current: Callable[[], bool],
    ) -> Lease | Refusal:
        claim = Claim(
            source_version=str(job.source_version),
            sequencer=job.sequencer,
            recipe_digest=assignment.digest,
            holder=job.holder,
            expires_at=datetime.now(UTC) + timedelta(seconds=invocation.seconds_left()) + GRACE,
            bucket=job.bucket,
            key=job.key,
            etag=job.etag,
            keeps_revisions=assignment.keeps_revisions,
            retry=job.retry,
            retry_failed=job.retry_failed,
            is_job=assignment.is_job,
        )
        return self._catalog.claim(
            assignment.item_key,
            claim,
            assignment.attributes,
            is_current,
            assignment.vocabulary,
        )

    def _is_current(self, job: Job) -> bool:
        try:
            version_id, etag = self._originals.current_version(job)
        except PermanentError:
            return False
        return (version_id or etag) == job.source_version

    def _fail_unread(
        self, job: Job, assignment: Assignment, invocation: Invocation, error: PermanentError
    ) -> Outcome:
        """Record that nothing can be read: unless the record tells of an upload that could be."""
        unread = job if job.source_version else replace(job, etag=f"unread by {job.holder}")
        claimed = self._claim(unread, assignment, invocation, lambda: False)
        if isinstance(claimed, Lease):
            self._catalog.fail(claimed, error)
        return Outcome("Failed", error)

    def _run_claimed(
        self, job: Job, assignment: Assignment, lease: Lease, invocation: Invocation
    ) -> Outcome:
        try:
            results = self._make(job, assignment, lease, invocation)
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
                    self._catalog.exhaust(lease, f"with {type(error).__name__}")
                else:
                    self._catalog.release(lease)
            raise
        return Outcome("Completed", segments_created=results.get("segmentsCreated"))

    def _make(
        self, job: Job, assignment: Assignment, lease: Lease, invocation: Invocation
    ) -> dict[str, Any]:
        with (
            work_folder(self._measure_storage) as folder,
            self._publisher_of(
                lambda output: self._key_of(
                    output, assignment, lease, publisher.bucket == job.bucket
                ),
                None if assignment.keeps_revisions else (lambda: self._catalog.confirm(lease)),
            ) as publisher,
        ):
            source = folder / "source"
            started = time.monotonic()
            size = self._originals.fetch(job, source, self._kind.byte_limit(self._recipe))
            fetched = time.monotonic()
            task = Task(
                job=job,
                source=source,
                size=size,
                folder=folder,
                recipe=self._recipe,
                publisher=publisher,
                record=Record(self._catalog, lease, self._clock),
                remaining=invocation.seconds_left,
            )
            results = _process(assignment, task, invocation)
            processed = time.monotonic()
            publisher.wait()
            timings = {
                "fetch": fetched - started,
                **results.get("timings", {}),
                "process": processed - fetched,
                "publish": time.monotonic() - processed,
            }
        return {**results, "size": size, "timings": timings}

    def _key_of(
        self, output: str, assignment: Assignment, lease: Lease, is_beside_originals: bool
    ) -> str:
        """Raises `PermanentError` for a key that would be taken in; plans refuse such recipes."""
        words = {**assignment.words, "revision": lease.revision, "output": output}
        key = assignment.template.format_map(words)
        if len(key.encode()) > LONGEST_OBJECT_KEY:
            raise PermanentError(
                "key_too_long",
                f"What is made would have a key of over {LONGEST_OBJECT_KEY} bytes: {key}; shorten "
                "the ids, or the template in recipe.keys.",
            )
        if is_beside_originals and match_key(self._recipe.keys.originals, key):
            raise PermanentError(
                "output_is_original",
                f"What is made would be taken for an upload: {key}; let recipe.keys.originals and "
                "what is written differ.",
            )
        return key


def _named(job: Job, pipeline: Mapping[str, Any]) -> Job:
    """The job of that version of the same object of which a record tells."""
    version, etag = pipeline["sourceVersion"], pipeline.get("etag")
    return replace(
        job,
        version_id=None if version == etag else version,
        etag=etag,
        sequencer=pipeline.get("sequencer"),
    )


def _process(assignment: Assignment, task: Task, invocation: Invocation) -> dict[str, Any]:
    """Raises `TransientError` in place of a `time_limit` for which the job is not to blame."""
    started = time.monotonic()
    try:
        return assignment.process(task)
    except PermanentError as error:
        own = time.monotonic() - started - task.publisher.seconds_waited
        lost = invocation.seconds_had - invocation.seconds_left() - own
        if error.code == "time_limit" and lost > invocation.seconds_had * MOST_LOST:
            raise TransientError("the time went to AWS or to other jobs") from error
        raise
