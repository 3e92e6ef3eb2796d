"""What Terraform tells a function through its environment, parsed once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from media_pipeline.recipe import Recipe, load_recipe


@dataclass(frozen=True)
class Settings:
    """`max_receives` is how often the queue hands out a message before it is a dead letter."""

    table: str
    output_bucket: str
    delivery_domain: str | None
    max_receives: int
    recipe: Recipe

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Settings:
        """Raises `KeyError` for a missing variable, `ValueError` for one that means nothing."""
        return cls(
            table=environment["MEDIA_TABLE"],
            output_bucket=environment["OUTPUT_BUCKET"],
            delivery_domain=environment.get("DELIVERY_DOMAIN") or None,
            max_receives=int(environment.get("MAX_RECEIVES", "5")),
            recipe=load_recipe(environment.get("MEDIA_RECIPE") or "{}"),
        )
