"""A record in the application's own words, kept up to the canonical one."""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import dataclass
from typing import Any, Literal

from media_pipeline.expressions import Expression, ExpressionError
from media_pipeline.telemetry import logger
from media_pipeline.updates import Update, is_storable

Status = Literal["processing", "completed", "failed"]

RESULTS = (
    "original",
    "contentType",
    "size",
    "width",
    "height",
    "durationSeconds",
    "blurhash",
    "thumbhash",
    "lqip",
    "dominantColor",
    "perceptualHash",
    "renditions",
    "stream",
    "downloads",
    "poster",
    "storyboard",
    "metadata",
    "outputs",
    "segmentsCreated",
    "warnings",
    "timings",
)
"""The canonical attributes that a run writes anew; what a run does not give is removed."""

PROGRESS = ("processing_stage", "progress_percentage")

CLAIMED = frozenset({"type"})
"""Of what a claim alone writes: what reads nothing of the record is written with it."""

_told: set[str] = set()


@dataclass(frozen=True)
class Vocabulary:
    """JMESPath over the canonical record, by the attribute of the application's record."""

    attributes: Mapping[str, str]

    def write(
        self, update: Update, record: Mapping[str, Any], changed: Set[str], once: Set[str]
    ) -> None:
        """Add to `update` each attribute that reads something of what has `changed`.

        `record` is the canonical record after the change. An attribute is kept as the table has it
        if all that it reads of the change is among `once`.
        """
        for attribute, text in self.attributes.items():
            expression = Expression.of(text)
            read = changed & CLAIMED if not expression.reads else expression.reads_of(changed)
            if not read:
                continue
            value = _find(text, record)
            # The time of a change tells nothing about what was made.
            timeless = read - {"updatedAt"}
            if not timeless or not timeless <= once:
                update.set(attribute, value)
            elif value is not None:
                update.set_once(attribute, value)


def _find(text: str, record: Mapping[str, Any]) -> object:
    """None where there is nothing, in a map that names parts too; no record fails for its words."""
    try:
        found = Expression.of(text).find(record)
    except ExpressionError as error:
        _tell(text, str(error))
        return None
    if not is_storable(found):
        _tell(text, "DynamoDB has no type for what it finds")
        return None
    parts = list(found.values()) if isinstance(found, dict) else found
    is_empty = isinstance(parts, list) and parts and all(part is None for part in parts)
    return None if is_empty else found


def _tell(text: str, problem: str) -> None:
    """Once: every job would say the same again."""
    if text not in _told:
        _told.add(text)
        logger.warning("An expression counts as null: %s: %s", text, problem)
