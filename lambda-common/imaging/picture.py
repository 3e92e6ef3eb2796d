"""A decoded picture, as everything that is made of it takes it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable

    from PIL import Image

    from imaging.resize import Frame
    from media_pipeline.stills import Encoding


class Animation(Protocol):
    """The frames behind a still picture."""

    def encode(
        self, frame: Frame, encoding: Encoding, finish: Callable[[Image.Image], Image.Image]
    ) -> bytes:
        """An animated WebP of every frame at `frame`'s size, each passed through `finish`."""


@dataclass(frozen=True)
class Picture:
    """Upright sRGB pixels, `RGB` or `RGBA`; `size` is the original's own, upright, in pixels.

    The pixels may be fewer than `size` says, but never fewer than were asked for.
    """

    pixels: Image.Image
    size: tuple[int, int]
    animation: Animation | None = None
