"""What a function makes, and what each job means to it: whose record, which keys, whose words."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import msgspec

from media_pipeline.events import Job
from media_pipeline.failures import BadPayloadError
from media_pipeline.recipe import Recipe, match_key
from media_pipeline.task import Task
from media_pipeline.vocabulary import JOB_RESULTS, MEDIA, Vocabulary

JOBS_WITHOUT_USER = "jobs"
"""The `projectId` of a cutting job's record where the payload names no user."""

# Of part of an S3 key: one component, and nothing that a client would resolve.
JOB_ID = re.compile(r"(?!.*\.\.)[A-Za-z0-9_-][A-Za-z0-9._-]{0,199}")


class Process(Protocol):
    """Makes everything of one original and returns the record's canonical attributes."""

    def __call__(self, task: Task) -> dict[str, Any]: ...


@dataclass(frozen=True)
class CuttingKind:
    """How a function cuts; a request holds those of `CUTTING_FIELDS` that were given.

    `check` raises `BadPayloadError` naming the field; what it returns is not used. `process`
    answers canonical attributes, `outputKeys` among them: the keys of the segments in order.
    """

    check: Callable[[Mapping[str, Any]], object]
    process: Callable[[Task, Mapping[str, Any]], dict[str, Any]]


@dataclass(frozen=True)
class Kind:
    """What one Lambda takes. `byte_limit` reads the largest original from a recipe."""

    name: str
    process: Process
    byte_limit: Callable[[Recipe], int]
    cutting: CuttingKind | None = None


@dataclass(frozen=True)
class Assignment:
    """What a job means under a recipe.

    `template` gives an output's key from `words`, the lease's `revision` and the output's name.
    `digest` changes with whatever else of the recipe or the request changes the outputs.
    """

    item_key: Mapping[str, str]
    attributes: Mapping[str, Any]
    template: str
    words: Mapping[str, str]
    digest: str
    process: Process
    vocabulary: Vocabulary = MEDIA
    is_job: bool = False


def assign(job: Job, kind: Kind, recipe: Recipe) -> Assignment | None:
    """None for a key that is no original's. Raises `BadPayloadError` for a bad cutting job."""
    if kind.cutting is None and job.request:
        raise BadPayloadError(
            f"{next(iter(job.request))} asks for segments of a video; the function invoked is the "
            f"one for each {kind.name}"
        )
    if kind.cutting is not None and _is_cutting(job, recipe):
        return _assign_cutting(job, kind.cutting, recipe)
    words = match_key(recipe.keys.originals, job.key)
    if words is None:
        return None
    return Assignment(
        item_key={"id": words["media_id"], "projectId": words["project_id"]},
        attributes={"type": kind.name, "originalKey": job.key},
        template=recipe.keys.outputs,
        words=words,
        digest=recipe.digest,
        process=kind.process,
    )


def _is_cutting(job: Job, recipe: Recipe) -> bool:
    is_direct = job.job_id is not None
    return job.request is not None or (is_direct and recipe.videos.jobs == "segments")


def _assign_cutting(job: Job, cutting: CuttingKind, recipe: Recipe) -> Assignment:
    job_id, request = str(job.job_id), job.request or {}
    if not JOB_ID.fullmatch(job_id):
        raise BadPayloadError(
            "job_id must be 1 to 200 letters, digits, dots, dashes and underscores, must not start "
            "with a dot nor have two in a row"
        )
    cutting.check(request)

    def process(task: Task) -> dict[str, Any]:
        results = cutting.process(task, request)
        return {"segmentsCreated": len(results["outputKeys"]), **results}

    return Assignment(
        item_key={"id": job_id, "projectId": job.user_id or JOBS_WITHOUT_USER},
        attributes={"type": "segments", "originalKey": job.key},
        template=recipe.keys.segments,
        words={"job_id": job_id},
        digest=_digest(recipe.digest, job.bucket, job.key, request),
        process=process,
        vocabulary=job_vocabulary(recipe),
        is_job=True,
    )


def job_vocabulary(recipe: Recipe) -> Vocabulary:
    """The words of a cutting job's record. Raises `ValueError` for those that none can have."""
    return Vocabulary(
        recipe.jobs.attributes,
        recipe.jobs.statuses,
        results=JOB_RESULTS,
        errors=("error", "errorMessage"),
    )


def _digest(*parts: object) -> str:
    canonical = msgspec.json.encode(parts, order="deterministic")
    return hashlib.sha256(canonical).hexdigest()[:16]
