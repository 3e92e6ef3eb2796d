"""Clips cut as the video processor does, with captions that are plain patches of colour."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from itertools import count
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt
from PIL import Image

from cutting.job import CutResult, cut
from cutting.options import Fixed, Options, Request, TextInput
from media_pipeline.recipe import Captions
from streams import heard_samples
from transcoded import small_recipe

PATCH = (9, 11, 40, 20)
"""Left, top, width and height of the patch that stands for a caption."""

_numbers = count()


def draw_patch(
    text: str, width: int, height: int, style: Captions
) -> tuple[Image.Image, tuple[int, int]]:
    """The text is a colour; none is one transparent pixel."""
    if not text:
        return Image.new("RGBA", (1, 1)), (0, 0)
    return Image.new("RGBA", PATCH[2:], text), PATCH[:2]


def made_segments(
    source: Path,
    options: Options | Fraction | int,
    texts: Sequence[str] = (),
    *,
    mode: str = "encode",
    **differences: object,
) -> CutResult:
    """Segments of a clip; a number is the seconds of each, `differences` are the recipe's."""
    # A folder whose name means something to FFmpeg wherever it is not taken literally.
    folder = source.parent / f"{next(_numbers)} %d [a] 'b', c:d"
    folder.mkdir()
    wish = options if isinstance(options, Options) else Fixed(Fraction(options))
    text = TextInput("unique_for_all", unique_texts=tuple(texts)) if texts else None
    made = cut(
        source,
        folder,
        Request(wish, text, "copy" if mode == "copy" else "encode"),
        small_recipe(**differences),
        vary=None,
        report=lambda *_: None,
        seconds_left=lambda: 120.0,
        draw=draw_patch,
    )
    paths = [segment.path for segment in made.segments]
    assert sorted(folder.iterdir()) == paths, "something else was left in the folder"
    assert [path.name for path in paths] == [f"segment_{n:03d}.mp4" for n in range(len(paths))]
    return made


def container_seconds(path: Path) -> float:
    """How long the file says that it lasts."""
    with av.open(str(path)) as container:
        assert container.duration is not None
        return container.duration / 1_000_000


def heard(result: CutResult) -> npt.NDArray[np.float32]:
    """What is heard of all segments when one is played after the other, each for its time."""
    pieces = []
    for segment in result.segments:
        samples, rate = heard_samples(segment.path)
        pieces.append(samples[: round(segment.seconds * rate)])
    return np.concatenate(pieces)
