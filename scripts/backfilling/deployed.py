"""The deployed module, as its own outputs tell of it."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec

from backfilling.errors import BackfillError
from media_pipeline.recipe import Recipe, load_recipe

Architecture = Literal["x86_64", "arm64"]
Route = Literal["images", "videos"]

HOW = (
    'write it with `terraform output -json media`, where the root has `output "media" { value = '
    "module.media }`"
)


class _Bucket(msgspec.Struct):
    name: str


class _Table(msgspec.Struct):
    name: str
    arn: str


class _Queue(msgspec.Struct):
    url: str


class _Intake(msgspec.Struct):
    queue: _Queue


class Function(msgspec.Struct, frozen=True):
    """What one second of a function costs depends on; None where the outputs do not tell."""

    memory_mb: Annotated[int, msgspec.Meta(ge=1)] | None = None
    architecture: Architecture | None = None


class _Outputs(msgspec.Struct):
    bucket: _Bucket
    table: _Table
    queues: dict[Route, _Intake]
    recipe: dict[str, Any]
    functions: dict[str, Function] = {}


@dataclass(frozen=True)
class Deployed:
    """Where the originals lie, who tells of them, and what is made of them.

    `queues` are URLs by route; `region` is that of all of it.
    """

    bucket: str
    table: str
    region: str
    queues: Mapping[str, str]
    functions: Mapping[str, Function]
    recipe: Recipe


def read_deployed(name: str) -> Deployed:
    """The module whose outputs the file `name` holds as JSON; `-` is standard input.

    The outputs of a root are taken too that hands on those of the module under their own names.
    Raises `BackfillError`.
    """
    told = "standard input" if name == "-" else name
    try:
        text = sys.stdin.read() if name == "-" else Path(name).read_text(encoding="utf-8")
        outputs = msgspec.convert(_bare(msgspec.json.decode(text)), _Outputs)
    except FileNotFoundError as error:
        raise BackfillError(f"There is no file {name}: {HOW}.") from error
    except (OSError, UnicodeDecodeError) as error:
        raise BackfillError(f"{told} cannot be read: {error}.") from error
    except (msgspec.DecodeError, RecursionError) as error:
        raise BackfillError(f"{told} is not the module's outputs ({error}): {HOW}.") from error
    try:
        # `json.dumps` writes numbers as Terraform does, and the recipe's types settle the rest, so
        # that the digest is that of the functions.
        recipe = load_recipe(json.dumps(outputs.recipe))
    except (ValueError, RecursionError) as error:
        raise BackfillError(
            f"The recipe in {told} is none that this checkout knows ({error}): use the checkout "
            "that was deployed."
        ) from error
    if not outputs.queues:
        raise BackfillError("The module has no queues: set `intake.enabled`, and apply, first.")
    return Deployed(
        bucket=outputs.bucket.name,
        table=outputs.table.name,
        region=_region(outputs.table.arn, told),
        queues={route: intake.queue.url for route, intake in outputs.queues.items()},
        functions=outputs.functions,
        recipe=recipe,
    )


def _bare(outputs: object) -> object:
    """What `terraform output -json` says of all outputs, without what it says of their types."""
    if not isinstance(outputs, dict):
        return outputs
    values = outputs.values()
    if not values or not all(isinstance(one, dict) and "value" in one for one in values):
        return outputs
    bare = {name: one["value"] for name, one in outputs.items()}
    return bare.get("media", bare)


def _region(arn: str, told: str) -> str:
    parts = arn.split(":")
    if len(parts) < 6 or not parts[3]:
        raise BackfillError(f"{told} is not the module's outputs (`table.arn` is {arn!r}): {HOW}.")
    return parts[3]
