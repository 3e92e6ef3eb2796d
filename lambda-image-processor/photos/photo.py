"""The face of this room: one call per photo."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from imaging.render import Put, ReadAsset, render
from media_pipeline.stills import Images
from photos.decode import decode
from photos.perceptual import perceptual_hash


def render_photo(
    source: Path,
    recipe: Images,
    put: Put,
    read_asset: ReadAsset,
    seconds_left: Callable[[], float],
) -> dict[str, Any]:
    """Decode `source`, put every rendition, and return the record's attributes of the photo.

    Raises `PermanentError` with `unsupported_image`, `corrupt_image`, `image_too_large`,
    `too_many_frames` or `time_limit`, and what `put` and `read_asset` raise.
    """
    photo = decode(source, recipe, seconds_left)
    attributes, small = render(photo.picture, recipe, put, read_asset, seconds_left)
    if recipe.perceptual_hash:
        attributes["perceptualHash"] = perceptual_hash(small, recipe.background)
    return {
        "contentType": photo.content_type,
        "width": photo.picture.size[0],
        "height": photo.picture.size[1],
        "metadata": photo.metadata,
        **attributes,
    }
