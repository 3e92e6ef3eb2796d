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
        """Raises `KeyError` for a template with another word than `words` and `output`."""
        known = {**words, "revision": revision}
        prefix, expression, is_open = "", "", True
        for i, part in enumerate(re.split(r"\{(\w+)\}", template)):
            if i % 2 and part == "output":
                expression += ".+"
                is_open = False
                continue
            text = known[part] if i % 2 else part
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
) -> list[Place]:
    """Where those revisions of a medium's record lie, as far as it tells."""
    if pipeline.get("isJob") or "{revision}" not in recipe.keys.outputs:
        return []
    keys = pipeline.get("leftoverKeys", {})
    found = []
    for revision in revisions:
        key = keys.get(revision, pipeline.get("key"))
        # Of an original that is not the record's own, the words would be another record's.
        if key is None or key_of_original(key, recipe) != item_key:
            continue
        if _is_revision(revision) and revision != pipeline.get("revision"):
            words = match_key(recipe.keys.originals, key) or {}
            found.append(Place.of(recipe.keys.outputs, words, revision))
    return found


def _is_revision(value: object) -> bool:
    return isinstance(value, str) and REVISION.fullmatch(value) is not None
