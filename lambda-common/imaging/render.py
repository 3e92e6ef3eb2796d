"""All pictures of one still image, encoded side by side and handed on as each is ready."""

from __future__ import annotations

import os
from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from pathlib import Path
from typing import Any, Protocol

from imaging.decode import Picture, decode
from imaging.encode import CONTENT_TYPES, encode
from imaging.placeholders import blurhash_of
from imaging.resize import fit, largest_wanted, resize_all
from media_pipeline.recipe import Format, Stills


class Put(Protocol):
    """Takes one output's name, bytes and content type; answers what the record says of it."""

    def __call__(self, name: str, body: bytes, content_type: str) -> Mapping[str, Any]: ...


def render_file(source: Path, recipe: Stills, pixel_limit: int, put: Put) -> dict[str, Any]:
    """Decode `source`, put every rendition, and return the record's attributes of the picture."""
    picture = decode(source, pixel_limit, largest_wanted(recipe.renditions))
    rendered = _put_renditions(picture, recipe, put)
    return {
        "contentType": picture.content_type,
        "width": picture.size[0],
        "height": picture.size[1],
        **rendered,
    }


def _put_renditions(picture: Picture, recipe: Stills, put: Put) -> dict[str, Any]:
    sizes = {name: fit(rendition, picture.size) for name, rendition in recipe.renditions.items()}
    resized = resize_all(picture.pixels, set(sizes.values()))
    formats: dict[str, dict[Format, Mapping[str, Any]]] = {name: {} for name in sizes}
    # Encoders release the interpreter's lock: one thread a core keeps every core busy.
    with ThreadPoolExecutor(os.cpu_count()) as threads:
        encoders: dict[Future[bytes], tuple[str, Format]] = {
            threads.submit(
                encode, resized[sizes[name]], file_format, encoding, recipe.background
            ): (name, file_format)
            for name, rendition in recipe.renditions.items()
            for file_format, encoding in rendition.formats.items()
        }
        smallest = resized[min(resized)]
        blurhash = blurhash_of(smallest, recipe.blurhash, recipe.background)
        for encoder in as_completed(encoders):
            name, file_format = encoders[encoder]
            content_type = CONTENT_TYPES[file_format]
            located = put(f"{name}.{file_format}", encoder.result(), content_type)
            formats[name][file_format] = located
    renditions = [
        {"name": name, "width": size[0], "height": size[1], "formats": formats[name]}
        for name, size in sizes.items()
    ]
    return {"blurhash": blurhash, "renditions": renditions}
