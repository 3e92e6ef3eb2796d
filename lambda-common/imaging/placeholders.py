"""What a page shows until the picture has arrived."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Mapping

import blurhash
from PIL import Image

from imaging.colour import flatten
from imaging.encode import encode
from imaging.thumbhash import thumbhash
from media_pipeline.stills import Encoding, Placeholder, Stills

SAMPLE_SIDE = 32
"""These placeholders hold a few cosines; more pixels change nothing that can be seen."""

PALETTE = 8
"""How many colours a picture is reduced to when the one that fills most of it is looked for."""


def placeholders_of(pixels: Image.Image, recipe: Stills) -> dict[str, str]:
    """The record's attributes for each placeholder that the recipe asks for."""
    attributes = {}
    for name in recipe.placeholders:
        attribute, make = MAKERS[name]
        attributes[attribute] = make(pixels, recipe)
    return attributes


def _blurhash(pixels: Image.Image, recipe: Stills) -> str:
    """A BlurHash (https://github.com/woltapp/blurhash/blob/master/Algorithm.md)."""
    flat = flatten(pixels, recipe.background)
    sample = flat.resize((SAMPLE_SIDE, SAMPLE_SIDE), Image.Resampling.BOX)
    colours = list(sample.get_flattened_data())
    rows = [colours[start : start + SAMPLE_SIDE] for start in range(0, len(colours), SAMPLE_SIDE)]
    across, down = recipe.blurhash.x_components, recipe.blurhash.y_components
    return str(blurhash.encode(rows, across, down))


def _thumbhash(pixels: Image.Image, _: Stills) -> str:
    """A ThumbHash in base64; it keeps the picture's shape and transparency."""
    sample = pixels.copy()
    sample.thumbnail((SAMPLE_SIDE, SAMPLE_SIDE), Image.Resampling.BOX)
    return b64encode(thumbhash(sample)).decode()


def _lqip(pixels: Image.Image, recipe: Stills) -> str:
    """A picture of a few pixels as a data URI, WebP since its files have the smallest headers."""
    sample = pixels.copy()
    sample.thumbnail((recipe.lqip.side, recipe.lqip.side), Image.Resampling.LANCZOS)
    body = encode(sample, "webp", Encoding(recipe.lqip.quality), recipe.background)
    return f"data:image/webp;base64,{b64encode(body).decode()}"


def _dominant_color(pixels: Image.Image, recipe: Stills) -> str:
    """The colour, `#rrggbb`, of the median-cut palette's entry that most pixels have."""
    sample = flatten(pixels, recipe.background)
    sample.thumbnail((SAMPLE_SIDE, SAMPLE_SIDE), Image.Resampling.BOX)
    reduced = sample.quantize(PALETTE, Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
    entry = max(enumerate(reduced.histogram()), key=lambda counted: counted[1])[0]
    red, green, blue = (reduced.getpalette() or [])[entry * 3 : entry * 3 + 3]
    return f"#{red:02x}{green:02x}{blue:02x}"


Maker = Callable[[Image.Image, Stills], str]

MAKERS: Mapping[Placeholder, tuple[str, Maker]] = {
    "blurhash": ("blurhash", _blurhash),
    "thumbhash": ("thumbhash", _thumbhash),
    "lqip": ("lqip", _lqip),
    "dominant_color": ("dominantColor", _dominant_color),
}
"""The record's attribute for each placeholder, and what makes it."""
