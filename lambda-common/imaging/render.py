"""All pictures of one still image, made side by side and handed on as each is ready."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from functools import partial
from heapq import heappop, heappush
from typing import Any, Protocol

from PIL import Image

from imaging.encode import CODECS, encode
from imaging.picture import Picture
from imaging.placeholders import placeholders_of
from imaging.resize import WHOLE, Frame, frame_of, resize, sources_of
from imaging.watermark import lay_over, open_watermark
from media_pipeline.failures import PermanentError
from media_pipeline.stills import Format, Rendition, Stills

SAMPLE_SIDE = 64
LARGEST_SAMPLE = 320
"""Placeholders are made from the smallest size that has at least so many pixels a side, or less."""


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
    marks = {
        name: open_watermark(name, read_asset(mark.key))
        for name, mark in recipe.watermarks.items()
        if any(rendition.watermark == name for rendition in recipe.renditions.values())
    }
    rendering = _Rendering(picture, recipe, marks, put)
    return rendering.run(seconds_left)


@dataclass(order=True)
class _Work:
    """Something to be done in a thread, in the order of `rank`; `take` is given its answer."""

    rank: tuple[int, float]
    do: Callable[[], Any] = field(compare=False)
    take: Callable[[Any], None] = field(compare=False)


RESIZING, ENCODING, SAMPLING = range(3)
"""Sizes come first, for much waits for them."""

OF_FRAMES = 100
"""An animation takes as long as very many stills."""


class _Rendering:
    """What is under way; each answer makes more possible.

    Encoders and filters release the interpreter's lock, so one thread a core keeps every core
    busy; of what is ready, what takes longest is begun first, so that all are done together.
    """

    def __init__(
        self,
        picture: Picture,
        recipe: Stills,
        marks: Mapping[str, Image.Image],
        put: Put,
    ) -> None:
        self._picture = picture
        self._recipe = recipe
        self._marks = marks
        self._put = put
        self._frames = {
            name: frame_of(rendition, picture.size) for name, rendition in recipe.renditions.items()
        }
        self._sources = sources_of(self._frames.values())
        self._made: dict[Frame, Image.Image] = {}
        self._bodies: dict[str, dict[Format, bytes]] = {name: {} for name in self._frames}
        self._located: dict[str, dict[Format, Mapping[str, Any]]] = {n: {} for n in self._frames}
        self._small = picture.pixels
        self._placeholders: dict[str, str] = {}
        self._ready: list[_Work] = []

    def run(self, seconds_left: Callable[[], float]) -> tuple[dict[str, Any], Image.Image]:
        self._resize_from(None)
        cores = os.cpu_count() or 1
        threads = ThreadPoolExecutor(cores)
        running: dict[Future[Any], _Work] = {}
        try:
            while self._ready or running:
                while self._ready and len(running) < cores:
                    work = heappop(self._ready)
                    running[threads.submit(work.do)] = work
                done, _ = wait(running, max(0.0, seconds_left()), FIRST_COMPLETED)
                if not done:
                    raise _out_of_time()
                for future in done:
                    running.pop(future).take(future.result())
        finally:
            # After a failure, what still runs is not waited for: a record is to be written yet.
            threads.shutdown(wait=False)
        renditions = [
            {
                "name": name,
                "width": frame.size[0],
                "height": frame.size[1],
                "formats": {
                    file_format: self._located[name][file_format]
                    for file_format in self._recipe.renditions[name].formats
                    if file_format in self._located[name]
                },
            }
            # Smallest first, whatever the recipe's order: Terraform sorts a map by its names.
            for name, frame in sorted(self._frames.items(), key=lambda named: named[1].size)
        ]
        return {**self._placeholders, "renditions": renditions}, self._small

    def _resize_from(self, source: Frame | None) -> None:
        pixels = self._made[source] if source else self._picture.pixels
        # What is resized needs its colours multiplied by its alpha: once, not in every thread.
        multiplied = pixels.convert("RGBa") if pixels.mode == "RGBA" else pixels
        for frame, its_source in self._sources.items():
            if its_source == source:

                def take(made: Image.Image, frame: Frame = frame) -> None:
                    self._take_size(frame, made)

                resized = pixels if frame.size == pixels.size else multiplied
                rank = RESIZING, -float(math.prod(frame.size))
                heappush(self._ready, _Work(rank, partial(resize, resized, frame), take))

    def _take_size(self, frame: Frame, made: Image.Image) -> None:
        self._made[frame] = made
        self._resize_from(frame)
        for name, its_frame in self._frames.items():
            if its_frame == frame:
                self._finish(name, made)
        if len(self._made) == len(self._sources):
            self._small = self._sample()
            sample = partial(placeholders_of, self._small, self._recipe)
            heappush(self._ready, _Work((SAMPLING, 0.0), sample, self._placeholders.update))

    def _finish(self, name: str, made: Image.Image) -> None:
        """Encode a rendition: at once, or with its watermark once that lies on it."""
        rendition = self._recipe.renditions[name]
        if rendition.watermark is None:
            self._encode(name, made)
            return

        def take(marked: Image.Image) -> None:
            self._encode(name, marked)

        rank = RESIZING, -float(math.prod(made.size))
        heappush(self._ready, _Work(rank, partial(self._marked, made, rendition), take))

    def _encode(self, name: str, finished: Image.Image) -> None:
        rendition = self._recipe.renditions[name]
        frame, movement = self._frames[name], self._picture.animation
        for file_format, encoding in rendition.formats.items():
            cost = math.prod(frame.size) * CODECS[file_format].cost

            def take(body: bytes, file_format: Format = file_format) -> None:
                self._take_body(name, file_format, body)

            def finish(pixels: Image.Image) -> Image.Image:
                return self._marked(pixels, rendition)

            do: Callable[[], bytes]
            if file_format == "webp" and rendition.animated and movement:
                cost *= OF_FRAMES
                do = partial(movement.encode, frame, encoding, finish)
            else:
                background = self._recipe.background
                do = partial(encode, finished, file_format, encoding, background)
            heappush(self._ready, _Work((ENCODING, -cost), do, take))

    def _marked(self, pixels: Image.Image, rendition: Rendition) -> Image.Image:
        name = rendition.watermark
        if name is None:
            return pixels
        return lay_over(pixels, self._marks[name], self._recipe.watermarks[name])

    def _take_body(self, name: str, file_format: Format, body: bytes) -> None:
        """Put a file as soon as it is known that the recipe does not drop it."""
        rendition = self._recipe.renditions[name]
        if not self._recipe.drop_larger or "jpg" not in rendition.formats:
            self._put_body(name, file_format, body)
            return
        bodies = self._bodies[name]
        bodies[file_format] = body
        if len(bodies) == len(rendition.formats):
            for kept, kept_body in bodies.items():
                moves = kept == "webp" and rendition.animated and self._picture.animation
                if kept in ("jpg", "png") or moves or len(kept_body) < len(bodies["jpg"]):
                    self._put_body(name, kept, kept_body)
            bodies.clear()

    def _put_body(self, name: str, file_format: Format, body: bytes) -> None:
        content_type = CODECS[file_format].content_type
        self._located[name][file_format] = self._put(f"{name}.{file_format}", body, content_type)

    def _sample(self) -> Image.Image:
        """The whole picture, small: the smallest size that is large enough, or one of its own."""
        whole = [image for frame, image in self._made.items() if frame.region == WHOLE]
        large_enough = [image for image in whole if min(image.size) >= SAMPLE_SIDE]
        pixels = min(large_enough, key=lambda image: image.width, default=self._picture.pixels)
        scale = min(1.0, LARGEST_SAMPLE / max(pixels.size))
        size = max(1, round(pixels.width * scale)), max(1, round(pixels.height * scale))
        return pixels.resize(size, Image.Resampling.BOX, reducing_gap=2.0)


def _out_of_time() -> PermanentError:
    return PermanentError(
        "time_limit",
        "Encoding took longer than the function has; raise its timeout or memory in `functions`, "
        "or ask for less in the recipe.",
    )
