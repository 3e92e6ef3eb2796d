"""Where the objects of one revision of a record lie; pure.

A record says which revisions are to go, and whoever writes the table could write anything there.
So nothing is looked for but what a worker could have written for this very record.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Self

from media_pipeline.assignments import key_of_original
from media_pipeline.expressions import Expression
from media_pipeline.recipe import Recipe, match_key

REVISION = re.compile("[0-9a-f]{12}")


@dataclass(frozen=True)
class Place:
    """The keys of one revision: all begin with `prefix`, and none is another's."""

    revision: str
    prefix: str
    pattern: re.Pattern[str]

    @classmethod
    def of(cls, template: str, words: Mapping[str, str], revision: str) -> Self:
        """A word that is not given may be any part of a path, the output's name any path."""
        known = {**words, "revision": revision}
        prefix, expression, is_open = "", "", True
        for i, part in enumerate(re.split(r"\{(\w+)\}", template)):
            text = known.get(part) if i % 2 else part
            if text is None:
                expression += ".+" if part == "output" else "[^/]+"
                is_open = False
                continue
            expression += re.escape(text)
            prefix += text if is_open else ""
            is_open = is_open and not (i % 2 and part == "revision")
        return cls(revision, prefix, re.compile(expression, re.DOTALL))

    def has(self, key: str) -> bool:
        """Whether an object is one of the revision's."""
        return self.pattern.fullmatch(key) is not None


def places(
    item_key: Mapping[str, str],
    pipeline: Mapping[str, Any],
    recipe: Recipe,
    revisions: Iterable[str],
) -> list[Place] | None:
    """Where those revisions of a medium's record lie; None where the record does not tell."""
    words = None if pipeline.get("isJob") else _words_of(item_key, pipeline, recipe)
    if words is None or "{revision}" not in recipe.keys.outputs:
        return None
    meant = pipeline.get("revision")
    return [
        Place.of(recipe.keys.outputs, words, revision)
        for revision in revisions
        if _is_revision(revision) and revision != meant
    ]


def _is_revision(value: object) -> bool:
    return isinstance(value, str) and REVISION.fullmatch(value) is not None


def _words_of(
    item_key: Mapping[str, str], pipeline: Mapping[str, Any], recipe: Recipe
) -> dict[str, str] | None:
    """The words that the record's key is made of: an earlier upload may have had others beside.

    None for a record that is not its original's own: its words would be another record's.
    """
    key = pipeline.get("key")
    if key is None or key_of_original(key, recipe) != item_key:
        return None
    words = match_key(recipe.keys.originals, key) or {}
    read = {
        word
        for text in recipe.record.key.values()
        for word in Expression.of(text).reads_of(words.keys())
    }
    return {word: words[word] for word in read}
