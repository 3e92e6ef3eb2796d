"""The sizes of a picture, one made after the other."""

from __future__ import annotations

from collections.abc import Iterable

from PIL import Image

from imaging.resize import Frame, resize, sources_of


def resize_all(pixels: Image.Image, frames: Iterable[Frame]) -> dict[Frame, Image.Image]:
    """Every frame of a picture, one made after the other."""
    made: dict[Frame, Image.Image] = {}
    for frame, source in sources_of(frames).items():
        made[frame] = resize(made[source] if source else pixels, frame)
    return made
