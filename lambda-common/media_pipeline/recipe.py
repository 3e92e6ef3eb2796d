"""The recipe: what to make of an upload, as data.

`default_recipe.json` is the whole of it; a caller passes only the differences. Sizes are pixels,
limits bytes, pixels and seconds, bit rates bits per second.
"""

from __future__ import annotations

import hashlib
import re
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec

from media_pipeline.expressions import Expression
from media_pipeline.stills import Colour, Count, Images, Name, Quality, Settled, Stills

DEFAULT_RECIPE = Path(__file__).with_name("default_recipe.json")

KeyTemplate = Annotated[str, msgspec.Meta(min_length=1, max_length=900)]
# DynamoDB's names of attributes; those of a key have at most 255 bytes.
Attribute = Annotated[str, msgspec.Meta(min_length=1, max_length=255)]

RESERVED_NAMES = re.compile(r"master|manifest|original|source|audio(-\d+)?|.*-iframes")
"""What other files are called that lie beside those of the rungs."""


class Keys(Settled, frozen=True):
    """Key templates; each `{placeholder}` stands for part of one path component.

    A placeholder takes as little of a key as it can, and `{ext}` no dot. `outputs` knows those of
    `originals`, `{revision}` and `{output}`; `segments`, for what a cutting job makes, `{job_id}`,
    `{user_id}` and `{output}`.
    """

    originals: KeyTemplate
    outputs: KeyTemplate
    segments: KeyTemplate

    @property
    def originals_prefix(self) -> str:
        """What the key of every original begins with."""
        return self.originals.partition("{")[0]


class VideoLimits(Settled, frozen=True):
    """What is refused before it is decoded; `pixels` is of one frame."""

    bytes: Count
    pixels: Count
    seconds: Count


class Rung(Settled, frozen=True):
    """One step of the ladder. `short_side` is pixels; `buffer` is bits of decoder buffer."""

    short_side: Annotated[int, msgspec.Meta(ge=2)]
    bitrate: Count
    max_bitrate: Count
    buffer: Count


class Audio(Settled, frozen=True):
    """The audio that all rungs share: the first of the source's tracks, at most `tracks`.

    Loudness is always measured (EBU R 128); `normalised` brings it to `loudness_target` LUFS as
    far as the true peak allows.
    """

    bitrate: Count
    channels: Literal[1, 2]
    sample_rate: Literal[44100, 48000]
    tracks: Annotated[int, msgspec.Meta(ge=1, le=16)]
    loudness: Literal["measured", "normalised"]
    loudness_target: Annotated[float, msgspec.Meta(ge=-36, le=-8)]


class Storyboard(Settled, frozen=True):
    """Small pictures at regular times on sheets of `columns` by `rows`; `seconds` 0 makes none."""

    seconds: Annotated[int, msgspec.Meta(ge=0)]
    width: Annotated[int, msgspec.Meta(ge=16, le=640)]
    columns: Annotated[int, msgspec.Meta(ge=1, le=20)]
    rows: Annotated[int, msgspec.Meta(ge=1, le=20)]
    quality: Quality


class Captions(Settled, frozen=True):
    """How a cutting job draws text: in a corner, `size` percent of the frame's short side high."""

    position: Literal["top_left", "top_right", "bottom_left", "bottom_right"]
    size: Annotated[float, msgspec.Meta(gt=0, le=25)]
    colour: Colour
    outline: Colour
    box: Colour
    box_opacity: Annotated[int, msgspec.Meta(ge=0, le=100)]


class Cuts(Settled, frozen=True):
    """How a cutting job encodes its segments; `model` is Amazon Bedrock's that varies texts."""

    bitrate: Count
    max_bitrate: Count
    buffer: Count
    short_side: Annotated[int, msgspec.Meta(ge=2)]
    captions: Captions
    model: str


class Videos(Settled, frozen=True):
    """What becomes of a video. `downloads` names rungs, or `top` for the highest there is.

    `first_publish` makes a source that needs no encoding playable before the ladder is ready,
    `passthrough` makes such a source the top rung if it fits. `original` is whether downloads list
    the upload itself, or a copy of it beside the outputs. `jobs` is what a direct job means that
    asks for neither cuts nor text.
    """

    suffixes: list[str]
    limits: VideoLimits
    poster: Stills
    storyboard: Storyboard
    effort: Literal["low", "medium", "high"]
    max_frame_rate: Annotated[int, msgspec.Meta(ge=1, le=120)]
    gop_seconds: Count
    segment_seconds: Count
    segments: Literal["byte_ranges", "objects"]
    dash: bool
    first_publish: bool
    passthrough: bool
    ladder: dict[Name, Rung]
    audio: Audio
    downloads: list[str]
    original: Literal["listed", "copied", "left_out"]
    jobs: Literal["stream", "segments"]
    cuts: Cuts

    def __post_init__(self) -> None:
        if not self.ladder:
            raise ValueError("a ladder has at least one rung")
        if reserved := sorted(name for name in self.ladder if RESERVED_NAMES.fullmatch(name)):
            raise ValueError(f"a rung is not called {' or '.join(reserved)}")
        if self.segment_seconds % self.gop_seconds:
            raise ValueError("segment_seconds is a multiple of gop_seconds")
        unknown = set(self.downloads) - {"top"} - self.ladder.keys()
        if unknown:
            raise ValueError(f"downloads names no rung of the ladder: {sorted(unknown)}")


class RecordWords(Settled, frozen=True):
    """One sort of record in the application's own words: JMESPath by attribute.

    `key` is evaluated over the words of a job, `attributes` over the canonical record.
    """

    key: Annotated[dict[Attribute, str], msgspec.Meta(min_length=1, max_length=2)]
    attributes: dict[Attribute, str]

    def __post_init__(self) -> None:
        if "pipeline" in self.key or "pipeline" in self.attributes:
            raise ValueError("pipeline is the pipeline's own, and no attribute of a mapping")
        if taken := self.key.keys() & self.attributes.keys():
            raise ValueError(f"{min(taken)} is an attribute of the key, and no other")
        for attribute, expression in {**self.key, **self.attributes}.items():
            try:
                Expression.of(expression)
            except ValueError as error:
                raise ValueError(f"{attribute}: {error}") from error


class Recipe(Settled, frozen=True):
    """Everything that is made, the keys it is made under, and what records say of it.

    `record` is for media, `jobs` for cutting jobs.
    """

    keys: Keys
    images: Images
    videos: Videos
    record: RecordWords
    jobs: RecordWords

    @property
    def digest(self) -> str:
        """Sixteen hex digits that change whenever anything in the recipe does."""
        canonical = msgspec.json.encode(self, order="deterministic")
        return hashlib.sha256(canonical).hexdigest()[:16]


def load_recipe(differences: str | bytes = b"{}") -> Recipe:
    """The default recipe with the caller's differences (JSON) laid over it.

    Raises `ValueError` naming the path of a word or a value that a recipe cannot have.
    """
    default = msgspec.json.decode(DEFAULT_RECIPE.read_bytes())
    merged = _lay_over(default, msgspec.json.decode(differences), Recipe)
    return msgspec.convert(merged, Recipe)


def _lay_over(base: dict[str, Any], differences: dict[str, Any], shape: type) -> dict[str, Any]:
    """Differences win; null means absent; what the caller names (renditions, rungs) is replaced."""
    fields = {field.name: field.type for field in msgspec.structs.fields(shape)}
    merged = dict(base)
    for name, value in differences.items():
        if value is None:
            continue
        inner = fields.get(name)
        if isinstance(value, dict) and isinstance(inner, type) and issubclass(inner, Settled):
            merged[name] = _lay_over(base.get(name, {}), value, inner)
        else:
            merged[name] = value
    return merged


@cache
def _pattern(template: str) -> re.Pattern[str]:
    parts = re.split(r"\{(\w+)\}", template)
    pieces = (_piece(part) if i % 2 else re.escape(part) for i, part in enumerate(parts))
    return re.compile("".join(pieces))


def _piece(placeholder: str) -> str:
    characters = "[^/.]" if placeholder == "ext" else "[^/]"
    return f"(?P<{placeholder}>{characters}+?)"


def match_key(template: str, key: str) -> dict[str, str] | None:
    """The placeholders' values if `key` was made from `template`, else None."""
    match = _pattern(template).fullmatch(key)
    return match.groupdict() if match else None
