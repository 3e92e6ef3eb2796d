"""What a recipe says of still pictures: renditions, their encodings, watermarks, placeholders.

Sizes are pixels, limits bytes and pixels.
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

Count = Annotated[int, msgspec.Meta(ge=1)]
Quality = Annotated[int, msgspec.Meta(ge=1, le=100)]
Name = Annotated[str, msgspec.Meta(pattern="^[A-Za-z0-9][A-Za-z0-9_-]*$")]
Colour = Annotated[str, msgspec.Meta(pattern="^#[0-9a-fA-F]{6}$")]
Key = Annotated[str, msgspec.Meta(min_length=1, max_length=900)]
Percent = Annotated[int, msgspec.Meta(ge=1, le=100)]
Share = Annotated[float, msgspec.Meta(ge=0, le=1)]
Format = Literal["jpg", "webp", "avif", "png"]
Placeholder = Literal["blurhash", "thumbhash", "lqip", "dominant_color"]


class Settled(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What every part of a recipe is: immutable, and strict about words it does not know."""


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
