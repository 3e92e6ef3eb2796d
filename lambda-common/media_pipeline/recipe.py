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

DEFAULT_RECIPE = Path(__file__).with_name("default_recipe.json")

Count = Annotated[int, msgspec.Meta(ge=1)]
Quality = Annotated[int, msgspec.Meta(ge=1, le=100)]
Name = Annotated[str, msgspec.Meta(pattern="^[A-Za-z0-9][A-Za-z0-9_-]*$")]
Colour = Annotated[str, msgspec.Meta(pattern="^#[0-9a-fA-F]{6}$")]
Key = Annotated[str, msgspec.Meta(min_length=1, max_length=900)]
KeyTemplate = Annotated[str, msgspec.Meta(min_length=1, max_length=900)]
Percent = Annotated[int, msgspec.Meta(ge=1, le=100)]
Share = Annotated[float, msgspec.Meta(ge=0, le=1)]
Format = Literal["jpg", "webp", "avif", "png"]
Placeholder = Literal["blurhash", "thumbhash", "lqip", "dominant_color"]

RESERVED_NAMES = re.compile(r"master|manifest|original|source|audio(-\d+)?|.*-iframes")
"""What other files are called that lie beside those of the rungs."""


class Settled(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What every part of a recipe is: immutable, and strict about words it does not know."""


class Keys(Settled, frozen=True):
    """Key templates; each `{placeholder}` stands for one path component.

    `segments` is for what a cutting job makes; it knows `{job_id}` and `{output}`.
    """

    originals: KeyTemplate
    outputs: KeyTemplate
    segments: KeyTemplate


EFFORTS: dict[Format, int] = {"webp": 6, "avif": 9, "png": 9}
"""The most effort that each encoder can spend; libjpeg knows no such thing."""


class Encoding(Settled, frozen=True):
    """How one format of a rendition is encoded; what is left out is the encoder's usual.

    `effort` trades time for bytes, from 0 to the format's own highest (`EFFORTS`). `progressive`
    is for JPEG, which is progressive unless told otherwise.
    """

    quality: Quality | None = None
    effort: Annotated[int, msgspec.Meta(ge=0)] | None = None
    progressive: bool | None = None


class Rendition(Settled, frozen=True):
    """One still picture: as wide as `width`, or fitted to `box`; never larger than its source.

    `inside` keeps the whole picture and its shape; `cover` fills the box's shape and cuts off what
    is farthest from `focus`, shares of the width and the height from the top left. `animated`
    keeps an animation's movement in WebP. `watermark` names one of the recipe's watermarks.
    """

    formats: Annotated[dict[Format, Encoding], msgspec.Meta(min_length=1)]
    width: Count | None = None
    box: tuple[Count, Count] | None = None
    fit: Literal["inside", "cover"] = "inside"
    focus: tuple[Share, Share] = (0.5, 0.5)
    animated: bool = False
    watermark: str | None = None

    def __post_init__(self) -> None:
        if (self.width is None) == (self.box is None):
            raise ValueError("a rendition has either a width or a box")
        if self.fit == "cover" and self.box is None:
            raise ValueError("a rendition needs a box to cover")
        if self.animated and "webp" not in self.formats:
            raise ValueError("an animated rendition has webp among its formats")
        for name, encoding in self.formats.items():
            if (encoding.quality is None) != (name == "png"):
                raise ValueError(f"{name} has {'no' if name == 'png' else 'a'} quality")
            if (encoding.effort or 0) > EFFORTS.get(name, 0):
                raise ValueError(f"the effort of {name} is at most {EFFORTS.get(name, 0)}")
            if encoding.progressive is not None and name != "jpg":
                raise ValueError("only jpg is progressive")


class Watermark(Settled, frozen=True):
    """An image in the bucket of the outputs that is laid over renditions; `key` is the object's.

    `opacity`, `width` and `margin` are percent, the latter two of the rendition's width.
    """

    key: Key
    position: Literal["top_left", "top_right", "bottom_left", "bottom_right", "center"] = (
        "bottom_right"
    )
    opacity: Percent = 100
    width: Percent = 20
    margin: Annotated[int, msgspec.Meta(ge=0, le=50)] = 2


class BlurHash(Settled, frozen=True):
    """How many cosine components of a BlurHash run across and down."""

    x_components: Annotated[int, msgspec.Meta(ge=1, le=9)]
    y_components: Annotated[int, msgspec.Meta(ge=1, le=9)]


class Lqip(Settled, frozen=True):
    """A picture small enough to stand in the page itself; `side` is its longer one, in pixels."""

    side: Annotated[int, msgspec.Meta(ge=4, le=20)]
    quality: Quality


class Stills(Settled, frozen=True):
    """The pictures made of one still image, and what a page shows until they have arrived.

    `drop_larger` leaves out a WebP or AVIF that is not smaller than the JPEG beside it.
    """

    background: Colour
    renditions: Annotated[dict[Name, Rendition], msgspec.Meta(min_length=1)]
    watermarks: dict[Name, Watermark]
    drop_larger: bool
    placeholders: list[Placeholder]
    blurhash: BlurHash
    lqip: Lqip

    def __post_init__(self) -> None:
        marks = {rendition.watermark for rendition in self.renditions.values()}
        if unknown := marks - {None} - self.watermarks.keys():
            raise ValueError(
                f"a rendition names no watermark of the recipe: {min(map(str, unknown))}"
            )


class ImageLimits(Settled, frozen=True):
    """What is refused before it is decoded; `frames` is of an animation."""

    bytes: Count
    pixels: Count
    frames: Count


class Images(Stills, frozen=True):
    """What becomes of a photo. `position` lets the record say where it was taken."""

    suffixes: list[str]
    limits: ImageLimits
    perceptual_hash: bool
    position: bool


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


class Jobs(Settled, frozen=True):
    """The words of a cutting job's record: the name of each attribute, and of each status."""

    attributes: dict[str, str]
    statuses: dict[Literal["processing", "completed", "failed"], str]


class Recipe(Settled, frozen=True):
    """Everything that is made, and the keys that it is made under."""

    keys: Keys
    images: Images
    videos: Videos
    jobs: Jobs

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
    pieces = (f"(?P<{part}>[^/]+)" if i % 2 else re.escape(part) for i, part in enumerate(parts))
    return re.compile("".join(pieces))


def match_key(template: str, key: str) -> dict[str, str] | None:
    """The placeholders' values if `key` was made from `template`, else None."""
    match = _pattern(template).fullmatch(key)
    return match.groupdict() if match else None
