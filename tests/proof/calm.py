"""What a run gives that nothing disturbs: the measure of all others."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from proof import aws

REVISION = re.compile(r"(renditions/[^/]+)/[^/]+/[0-9a-f]{12}/")


@dataclass(frozen=True)
class Calm:
    """A record without what differs from run to run, and its objects by name and bytes."""

    shape: object
    objects: dict[str, bytes]


_calm: dict[tuple[str, str], Calm] = {}


def calm_state(kind: str, content: str) -> Calm:
    """What `learn` has seen."""
    return _calm[kind, content]


def learn(kind: str, content: str, record: dict[str, Any], reached: set[str]) -> None:
    """Take a record and what it means for the measure."""
    there = aws.objects("renditions/")
    objects = {REVISION.sub("", key): there[key] for key in reached}
    _calm[kind, content] = Calm(shape(record), objects)


def shape(record: dict[str, Any]) -> object:
    """A record without its key, its times, and what names the medium and the run."""
    kept = {name: value for name, value in record.items() if name not in ("id", "pipeline")}
    return _plain(kept)


def _plain(value: object) -> object:
    if isinstance(value, dict):
        return {name: _plain(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_plain(inner) for inner in value]
    if isinstance(value, str):
        return re.sub(r"originals/gallery/\d+/", "", REVISION.sub("", value))
    return value
