"""What a page shows until the picture has arrived."""

from __future__ import annotations

import blurhash
from PIL import Image

from imaging.encode import flatten
from media_pipeline.recipe import BlurHash

SAMPLE_SIDE = 32
"""A BlurHash holds a few cosines; more pixels than these change nothing that can be seen."""


def blurhash_of(pixels: Image.Image, recipe: BlurHash, background: str) -> str:
    """The BlurHash (https://github.com/woltapp/blurhash/blob/master/Algorithm.md) of a picture."""
    sample = flatten(pixels, background).resize((SAMPLE_SIDE, SAMPLE_SIDE), Image.Resampling.BOX)
    flat = list(sample.get_flattened_data())
    rows = [flat[start : start + SAMPLE_SIDE] for start in range(0, len(flat), SAMPLE_SIDE)]
    return str(blurhash.encode(rows, recipe.x_components, recipe.y_components))
