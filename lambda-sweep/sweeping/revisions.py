"""Where the objects of one revision of a record lie; pure.

A record says which revisions are to go, and whoever writes the table could write anything there.
So nothing is looked for but what a worker could have written for this very record.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Self

from media_pipeline.assignments import COMPONENT, JOBS_WITHOUT_USER, key_of_original
from media_pipeline.failures import BadPayloadError
from media_pipeline.leases import leftovers
from media_pipeline.recipe import Recipe, match_key

REVISION = re.compile("[0-9a-f]{12}")

# An expression of a record's key that is one word, perhaps with a text for when there is none.
ONE_WORD = re.compile(r"\s*(?P<word>\w+)\s*(\|\|\s*'(?P<otherwise>[^']*)'\s*)?")


@dataclass(frozen=True)
class Place:
    """The keys of one revision: all begin with `prefix`, and none is another's."""

    prefix: str
    pattern: re.Pattern[str]

    @classmethod
    def of(cls, template: str, words: Mapping[str, str], revision: str) -> Self:
        """Raises `KeyError` for a template that needs other words."""
        known = {**words, "revision": revision}
        prefix, expression, is_open = "", "", True
        for i, part in enumerate(re.split(r"\{(\w+)\}", template)):
            is_output = bool(i % 2) and part == "output"
            text = "" if is_output else known[part] if i % 2 else part
            expression += ".+" if is_output else re.escape(text)
            is_open = is_open and not is_output
            prefix += text if is_open else ""
            is_open = is_open and not (i % 2 and part == "revision")
        return cls(prefix, re.compile(expression, re.DOTALL))

    def has(self, key: str) -> bool:
        """Whether an object is one of the revision's."""
        return self.pattern.fullmatch(key) is not None


def places(
    item_key: Mapping[str, str], pipeline: dict[str, Any], recipe: Recipe
) -> Iterator[Place] | None:
    """Where an ended record's leftovers lie; None where its key does not tell."""
    told = (
        _words_of_job(item_key, recipe)
        if pipeline.get("isJob")
        else _words_of_medium(item_key, pipeline, recipe)
    )
    template = recipe.keys.segments if pipeline.get("isJob") else recipe.keys.outputs
    needed = set(re.findall(r"\{(\w+)\}", template))
    if told is None or "revision" not in needed or needed - told.keys() - {"revision", "output"}:
        return None
    meant = None if "code" in pipeline.get("outcome", {}) else pipeline.get("revision")
    revisions = dict.fromkeys(r for r in leftovers(pipeline) if _is_revision(r) and r != meant)
    return (Place.of(template, told, revision) for revision in revisions)


def _is_revision(value: object) -> bool:
    return isinstance(value, str) and REVISION.fullmatch(value) is not None


def _words_of_medium(
    item_key: Mapping[str, str], pipeline: Mapping[str, Any], recipe: Recipe
) -> dict[str, str] | None:
    """None for a record that is not its original's own: its words would be another record's."""
    key = pipeline.get("key")
    try:
        if key is None or key_of_original(key, recipe) != item_key:
            return None
    except BadPayloadError:
        return None
    return match_key(recipe.keys.originals, key)


def _words_of_job(item_key: Mapping[str, str], recipe: Recipe) -> dict[str, str]:
    """Those words of a job that the record's key has as they are."""
    words = {}
    for attribute, expression in recipe.jobs.key.items():
        if found := ONE_WORD.fullmatch(expression):
            value = item_key[attribute]
            is_absent = found["word"] == "user_id" and value == found["otherwise"]
            words[found["word"]] = JOBS_WITHOUT_USER if is_absent else value
    return {word: value for word, value in words.items() if COMPONENT.fullmatch(value)}
