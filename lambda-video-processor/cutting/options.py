"""What a cutting job's payload asks for, read and refused in one place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Annotated, Any, Literal
from zlib import crc32

import msgspec

from media_pipeline.failures import BadPayloadError

SHORTEST, LONGEST = 5, 600
"""Seconds that a segment may be asked to last."""

Mode = Literal["encode", "copy"]
Strategy = Literal["one_for_all", "unique_for_all", "base_vary"]

_Length = Annotated[float, msgspec.Meta(ge=SHORTEST, le=LONGEST)]
_Seed = Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)]
_MOST_TEXTS = 1000
_Text = Annotated[str, msgspec.Meta(max_length=2000)]
_BaseText = Annotated[str, msgspec.Meta(min_length=1, max_length=2000)]
_Texts = Annotated[list[_Text], msgspec.Meta(min_length=1, max_length=_MOST_TEXTS)]


@dataclass(frozen=True, slots=True)
class Fixed:
    """Consecutive pieces of `seconds`; what is left over is the last."""

    seconds: Fraction = Fraction(30)


@dataclass(frozen=True, slots=True)
class Random:
    """Pieces of `shortest` to `longest` seconds, each as likely; the same again for a `seed`."""

    shortest: Fraction
    longest: Fraction
    seed: int | None = None


Options = Fixed | Random


@dataclass(frozen=True, slots=True)
class TextInput:
    """`base_text` is there unless the strategy is `unique_for_all`, which has `unique_texts`."""

    strategy: Strategy
    base_text: str = ""
    unique_texts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Request:
    """One cutting job; no `text` leaves the pictures as they are, and only then may it copy."""

    options: Options = Fixed()
    text: TextInput | None = None
    mode: Mode = "encode"

    def seeded(self, job_id: str) -> Request:
        """With a seed, if it needs one and has none: a job that is tried again cuts as before."""
        if not isinstance(self.options, Random) or self.options.seed is not None:
            return self
        return replace(self, options=replace(self.options, seed=crc32(job_id.encode())))


class _Options(msgspec.Struct):
    type: Literal["fixed", "random"] = "fixed"
    duration_seconds: _Length = 30.0
    min_duration: _Length | None = None
    max_duration: _Length | None = None
    seed: _Seed | None = None
    mode: Mode | None = None


class _TextInput(msgspec.Struct):
    strategy: Strategy
    base_text: _BaseText | None = None
    unique_texts: _Texts | None = None


class _Payload(msgspec.Struct):
    cutting_options: _Options = msgspec.field(default_factory=_Options)
    text_input: _TextInput | None = None
    mode: Mode | None = None


def parse_request(payload: Mapping[str, Any]) -> Request:
    """The request in a payload's `cutting_options`, `text_input` and `mode`.

    `mode` may stand among the cutting options instead. Null means absent, unknown fields are
    ignored. Raises `BadPayloadError` naming the field and what it may hold.
    """
    try:
        read = msgspec.convert(_without_nulls(payload), _Payload)
    except msgspec.ValidationError as error:
        raise BadPayloadError(str(error)) from error
    options = read.cutting_options
    if options.mode and read.mode and options.mode != read.mode:
        raise BadPayloadError("mode and cutting_options.mode differ; give one of them")
    mode = read.mode or options.mode or "encode"
    if mode == "copy" and read.text_input:
        raise BadPayloadError(
            "text_input cannot be given with mode `copy`, which leaves the pictures as they are; "
            "leave one of the two out"
        )
    return Request(_options(options), _text(read.text_input), mode)


def _without_nulls(payload: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: _without_nulls(value) if isinstance(value, Mapping) else value
        for name, value in payload.items()
        if value is not None
    }


def _options(read: _Options) -> Options:
    if read.type == "fixed":
        return Fixed(_exact(read.duration_seconds))
    if read.min_duration is None or read.max_duration is None:
        missing = "min_duration" if read.min_duration is None else "max_duration"
        raise BadPayloadError(
            f"cutting_options.{missing} is missing; the type `random` needs {SHORTEST} to "
            f"{LONGEST} seconds there"
        )
    if read.min_duration > read.max_duration:
        raise BadPayloadError(
            "cutting_options.min_duration must be at most cutting_options.max_duration"
        )
    return Random(_exact(read.min_duration), _exact(read.max_duration), read.seed)


def _exact(seconds: float) -> Fraction:
    """As it was written, and not as the nearest binary fraction."""
    return Fraction(str(seconds))


def _text(read: _TextInput | None) -> TextInput | None:
    if read is None:
        return None
    needed = "unique_texts" if read.strategy == "unique_for_all" else "base_text"
    if getattr(read, needed) is None:
        raise BadPayloadError(
            f"text_input.{needed} is missing; the strategy `{read.strategy}` needs it"
        )
    return TextInput(read.strategy, read.base_text or "", tuple(read.unique_texts or ()))
