"""All pictures of one still image, made side by side and handed on as each is ready."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from functools import partial
from typing import Any, Protocol

from PIL import Image

from imaging.encode import CODECS, encode
from imaging.picture import Picture
from imaging.placeholders import placeholders_of
from imaging.resize import WHOLE, Frame, frame_of, resize, sources_of
from imaging.watermark import lay_over, open_watermark
from media_pipeline.failures import PermanentError
from media_pipeline.recipe import Format, Rendition, Stills

SAMPLE_SIDE = 64
"""Placeholders are made from the smallest size that has at least this many pixels a side."""


class Put(Protocol):
    """Takes one output's name, bytes and content type; answers what the record says of it."""

    def __call__(self, name: str, body: bytes, content_type: str) -> Mapping[str, Any]: ...


ReadAsset = Callable[[str], bytes]
"""The bytes of a caller's own file, a watermark, by its key."""


def render(
    picture: Picture,
    recipe: Stills,
    put: Put,
    read_asset: ReadAsset,
    seconds_left: Callable[[], float],
) -> tuple[dict[str, Any], Image.Image]:
    """Put every rendition of `picture` and return the record's attributes of them.

    The second answer is a small copy of the whole picture, for whoever looks at it further.
    Raises `PermanentError` with `time_limit`, and what `put` and `read_asset` raise.
    """
    marks = _open_marks(recipe, read_asset)
    frames = {n: frame_of(rendition, picture.size) for n, rendition in recipe.renditions.items()}
    # Encoders and filters release the interpreter's lock: one thread a core keeps every core busy.
    threads = ThreadPoolExecutor(os.cpu_count())
    try:
        sizes = _start_resizing(picture.pixels, frames, threads)
        encoders = _start_encoding(picture, recipe, frames, sizes, marks, threads)
        small = _sample(picture, {frame: size.result() for frame, size in sizes.items()})
        placeholders = threads.submit(placeholders_of, small, recipe)
        formats = _put_all(encoders, recipe, put, seconds_left)
        attributes: dict[str, Any] = dict(placeholders.result())
    finally:
        # After a failure nothing is begun any more, and what runs is not waited for.
        threads.shutdown(wait=False, cancel_futures=True)
    renditions = [
        {
            "name": name,
            "width": frames[name].size[0],
            "height": frames[name].size[1],
            "formats": formats[name],
        }
        for name in recipe.renditions
    ]
    return {**attributes, "renditions": renditions}, small


Encoders = dict[Future[bytes], tuple[str, Format]]


def _open_marks(recipe: Stills, read_asset: ReadAsset) -> dict[str, Image.Image]:
    used = {rendition.watermark for rendition in recipe.renditions.values()} - {None}
    return {
        name: open_watermark(name, read_asset(mark.key))
        for name, mark in recipe.watermarks.items()
        if name in used
    }


def _start_resizing(
    pixels: Image.Image, frames: Mapping[str, Frame], threads: ThreadPoolExecutor
) -> dict[Frame, Future[Image.Image]]:
    """Sizes that others are made from are begun before them, so that none waits in vain."""
    sizes: dict[Frame, Future[Image.Image]] = {}

    def resize_from(source: Future[Image.Image] | None, frame: Frame) -> Image.Image:
        return resize(source.result() if source else pixels, frame)

    for frame, source in sources_of(frames.values()).items():
        sizes[frame] = threads.submit(resize_from, sizes[source] if source else None, frame)
    return sizes


def _start_encoding(
    picture: Picture,
    recipe: Stills,
    frames: Mapping[str, Frame],
    sizes: Mapping[Frame, Future[Image.Image]],
    marks: Mapping[str, Image.Image],
    threads: ThreadPoolExecutor,
) -> Encoders:
    """What takes longest is begun first, so that all cores are done at about the same time."""
    encoders: Encoders = {}
    for name, frame in sorted(frames.items(), key=lambda named: -math.prod(named[1].size)):
        rendition = recipe.renditions[name]
        finish = partial(_finish, rendition=rendition, recipe=recipe, marks=marks)
        finished = finish(sizes[frame].result())
        for file_format in sorted(rendition.formats, key=lambda name: -CODECS[name].cost):
            encoding = rendition.formats[file_format]
            if file_format == "webp" and rendition.animated and picture.animation:
                encoder = threads.submit(picture.animation.encode, frame, encoding, finish)
            else:
                encoder = threads.submit(encode, finished, file_format, encoding, recipe.background)
            encoders[encoder] = name, file_format
    return encoders


def _finish(
    pixels: Image.Image, rendition: Rendition, recipe: Stills, marks: Mapping[str, Image.Image]
) -> Image.Image:
    mark = rendition.watermark
    return pixels if mark is None else lay_over(pixels, marks[mark], recipe.watermarks[mark])


def _put_all(
    encoders: Encoders, recipe: Stills, put: Put, seconds_left: Callable[[], float]
) -> dict[str, dict[Format, Mapping[str, Any]]]:
    """Put what each encoder made; a rendition's formats together, once the last is there."""
    bodies: dict[str, dict[Format, bytes]] = {name: {} for name in recipe.renditions}
    located: dict[str, dict[Format, Mapping[str, Any]]] = {}
    try:
        for encoder in as_completed(encoders, timeout=max(0.0, seconds_left())):
            name, file_format = encoders[encoder]
            bodies[name][file_format] = encoder.result()
            if len(bodies[name]) == len(recipe.renditions[name].formats):
                kept = _kept(bodies.pop(name), recipe)
                located[name] = {
                    kept_format: put(
                        f"{name}.{kept_format}", body, CODECS[kept_format].content_type
                    )
                    for kept_format, body in kept.items()
                }
    except TimeoutError as error:
        raise PermanentError(
            "time_limit",
            "Encoding took longer than the function has; raise its timeout or memory in "
            "`functions`, or ask for less in the recipe.",
        ) from error
    return located


def _kept(bodies: dict[Format, bytes], recipe: Stills) -> dict[Format, bytes]:
    jpeg = bodies.get("jpg")
    if jpeg is None or not recipe.drop_larger:
        return bodies
    return {
        name: body
        for name, body in bodies.items()
        if name not in ("webp", "avif") or len(body) < len(jpeg)
    }


def _sample(picture: Picture, made: Mapping[Frame, Image.Image]) -> Image.Image:
    whole = [image for frame, image in made.items() if frame.region == WHOLE]
    large_enough = [image for image in whole if min(image.size) >= SAMPLE_SIDE]
    return min(large_enough, key=lambda image: image.width, default=picture.pixels)
