"""What a function makes, and what each job means to it: whose record, which keys, whose words."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import msgspec

from media_pipeline.events import CUTTING_FIELDS, Job
from media_pipeline.expressions import Expression, ExpressionError
from media_pipeline.failures import BadPayloadError
from media_pipeline.recipe import Recipe, RecordWords, match_key
from media_pipeline.task import Task
from media_pipeline.vocabulary import Vocabulary

JOBS_WITHOUT_USER = "jobs"
"""What stands for the user in the keys of segments where the payload names none."""

LONGEST_KEY = 1024
"""DynamoDB's limit of a sort key, in bytes."""

# Of part of an S3 key: one component, and nothing that a client would resolve.
COMPONENT = re.compile(r"(?!.*\.\.)[A-Za-z0-9_-][A-Za-z0-9._-]{0,199}")


class Process(Protocol):
    """Makes everything of one original and returns the record's canonical attributes."""

    def __call__(self, task: Task) -> dict[str, Any]: ...


@dataclass(frozen=True)
class CuttingKind:
    """How a function cuts; a request holds those of `CUTTING_FIELDS` that were given.

    `check` raises `BadPayloadError` naming the field; what it returns is not used. `process`
    answers canonical attributes, `outputs` among them: where each of the segments lies, in order.
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
    vocabulary: Vocabulary
    is_job: bool = False

    @property
    def keeps_revisions(self) -> bool:
        """Whether no two runs write the same keys."""
        return "{revision}" in self.template


def assign(job: Job, kind: Kind, recipe: Recipe) -> Assignment | None:
    """None for a key that is no original's.

    Raises `BadPayloadError` for a bad cutting job, and for a job whose record has no key.
    """
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
        item_key=_item_key(recipe.record, {**_said(job), **words}),
        attributes={"type": kind.name, "originalKey": job.key},
        template=recipe.keys.outputs,
        words=words,
        digest=recipe.digest,
        process=kind.process,
        vocabulary=Vocabulary(recipe.record.attributes),
    )


def _is_cutting(job: Job, recipe: Recipe) -> bool:
    is_direct = job.job_id is not None
    return job.request is not None or (is_direct and recipe.videos.jobs == "segments")


def _assign_cutting(job: Job, cutting: CuttingKind, recipe: Recipe) -> Assignment:
    request = job.request or {}
    words = {"user_id": JOBS_WITHOUT_USER, **_said(job)}
    for word in ("job_id", "user_id"):
        is_used = word == "job_id" or f"{{{word}}}" in recipe.keys.segments
        if is_used and not COMPONENT.fullmatch(words[word]):
            raise BadPayloadError(
                f"{word} must be 1 to 200 letters, digits, dots, dashes and underscores, must not "
                "start with a dot nor have two in a row"
            )
    cutting.check(request)

    def process(task: Task) -> dict[str, Any]:
        results = cutting.process(task, request)
        return {"segmentsCreated": len(results["outputs"]), **results}

    return Assignment(
        item_key=_item_key(recipe.jobs, _said(job)),
        attributes={"type": "segments", "originalKey": job.key},
        template=recipe.keys.segments,
        words=words,
        digest=_digest(recipe.digest, job.bucket, job.key, request),
        process=process,
        vocabulary=Vocabulary(recipe.jobs.attributes),
        is_job=True,
    )


def key_of_original(key: str, recipe: Recipe) -> dict[str, str] | None:
    """The key of the record that an original's key is about.

    None for a key that is no original's, or of which a record could not be kept.
    """
    words = match_key(recipe.keys.originals, key)
    return None if words is None else _item_key_if_any(recipe.record, words)


def route_of(key: str, recipe: Recipe) -> str | None:
    """`images` or `videos`, as its ending says; None for a key that no route takes in."""
    if match_key(recipe.keys.originals, key) is None:
        return None
    ending = key.lower()
    suffixes = {"images": recipe.images.suffixes, "videos": recipe.videos.suffixes}
    found = (r for r, known in suffixes.items() if ending.endswith(tuple(map(str.lower, known))))
    return next(found, None)


def key_of_refused(payload: Mapping[str, Any], kind: Kind, recipe: Recipe) -> dict[str, str] | None:
    """The key of the record that a bad payload of a cutting job is about, if it tells."""
    asks_for_cuts = recipe.videos.jobs == "segments" or any(
        payload.get(field) is not None for field in CUTTING_FIELDS
    )
    if kind.cutting is None or not asks_for_cuts:
        return None
    said = {word: payload.get(word) for word in ("job_id", "user_id")}
    texts = {word: value for word, value in said.items() if value and isinstance(value, str)}
    if "job_id" not in texts:
        return None
    return _item_key_if_any(recipe.jobs, texts)


def _said(job: Job) -> dict[str, str]:
    """The words of a direct job that keys may be made of."""
    said = {"job_id": job.job_id, "user_id": job.user_id}
    return {name: value for name, value in said.items() if value is not None}


def _item_key_if_any(record: RecordWords, words: Mapping[str, str]) -> dict[str, str] | None:
    try:
        return _item_key(record, words)
    except BadPayloadError:
        return None


def _item_key(record: RecordWords, words: Mapping[str, str]) -> dict[str, str]:
    key = {}
    for attribute, text in record.key.items():
        try:
            value = Expression.of(text).find(words)
        except ExpressionError:
            value = None
        if not isinstance(value, str) or not 1 <= len(value.encode()) <= LONGEST_KEY:
            raise BadPayloadError(
                f"{attribute} of the record's key must be a text of 1 to {LONGEST_KEY} bytes, and "
                f"{text} gives none; the job has {', '.join(sorted(words))}"
            )
        key[attribute] = value
    return key


def _digest(*parts: object) -> str:
    canonical = msgspec.json.encode(parts, order="deterministic")
    return hashlib.sha256(canonical).hexdigest()[:16]
