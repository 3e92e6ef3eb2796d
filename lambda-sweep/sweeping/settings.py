"""What Terraform tells the sweep through its environment, parsed once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

import msgspec

from media_pipeline.recipe import Recipe
from media_pipeline.settings import Settings
from sweeping.findings import PendingWords


@dataclass(frozen=True)
class SweepSettings:
    """`key` names the attributes that the table is keyed by, `bucket` holds the originals.

    `queues` are URLs by route; `pending` is None for none.
    """

    table: str
    key: tuple[str, ...]
    bucket: str
    output_bucket: str
    max_receives: int
    recipe: Recipe
    queues: Mapping[str, str]
    pending: PendingWords | None

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Self:
        """Raises `KeyError` for a missing variable, `ValueError` for one that means nothing."""
        shared = Settings.from_environment(environment)
        pending = environment.get("PENDING")
        return cls(
            table=shared.table,
            key=msgspec.json.decode(environment["TABLE_KEY"], type=tuple[str, ...]),
            bucket=environment["MEDIA_BUCKET"],
            output_bucket=shared.output_bucket,
            max_receives=shared.max_receives,
            recipe=shared.recipe,
            queues=msgspec.json.decode(environment.get("QUEUES") or "{}", type=dict[str, str]),
            pending=msgspec.json.decode(pending, type=PendingWords | None) if pending else None,
        )

    @property
    def attributes(self) -> list[str]:
        """All that the sweep reads of an item, its key first; each once."""
        pending = [*self.pending.attributes, self.pending.created_at] if self.pending else []
        return list(dict.fromkeys([*self.key, "pipeline", *pending]))
