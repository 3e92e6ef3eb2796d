"""Moving pictures: every frame of a GIF or another animation, as one animated WebP."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from pathlib import Path

from PIL import Image

from imaging.encode import webp_options
from imaging.resize import Frame, resize
from media_pipeline.failures import PermanentError
from media_pipeline.stills import Encoding

Upright = Callable[[Image.Image], Image.Image]
"""A frame as its file has it, made upright and sRGB."""

TOO_SHORT = 10
"""Browsers show a GIF's frames of so few milliseconds, or fewer, for `INSTEAD` of them."""
INSTEAD = 100

LONGEST, MOST_PLAYS = 655_350, 65_535
"""Milliseconds of a frame, as many as a GIF can say, and plays, as many as a WebP can."""


class Movement:
    """The frames of an animated file, read anew for each size so that few are held at a time."""

    def __init__(
        self,
        path: Path,
        image_format: str,
        upright: Upright,
        seconds_left: Callable[[], float],
    ) -> None:
        self._path = path
        self._format = image_format
        self._upright = upright
        self._seconds_left = seconds_left
        with self._open() as image:
            self._loop = _loop_of(image)
            self._durations = [self._duration(image, at) for at in range(_frames_of(image))]

    def encode(
        self, frame: Frame, encoding: Encoding, finish: Callable[[Image.Image], Image.Image]
    ) -> bytes:
        """An animated WebP of every frame at `frame`'s size, each passed through `finish`.

        Raises `PermanentError` with `time_limit`.
        """
        body = BytesIO()
        with self._open() as image:
            moving = _Moving(image, lambda moment: finish(self._framed(moment, frame)))
            moving.save(
                body,
                **webp_options(encoding),
                save_all=True,
                duration=self._durations,
                loop=self._loop,
            )
        return body.getvalue()

    def _open(self) -> Image.Image:
        return Image.open(self._path, formats=[self._format])

    def _duration(self, image: Image.Image, at: int) -> int:
        """Milliseconds that a frame is shown for."""
        self._require_time()
        image.seek(at)
        image.load()
        milliseconds = min(LONGEST, round(image.info.get("duration", 0)))
        too_short = self._format == "GIF" and milliseconds <= TOO_SHORT
        return INSTEAD if too_short else milliseconds

    def _framed(self, moment: Image.Image, frame: Frame) -> Image.Image:
        self._require_time()
        return resize(self._upright(moment), frame)

    def _require_time(self) -> None:
        if self._seconds_left() < 0:
            raise PermanentError(
                "time_limit",
                "The animation takes longer than the function has; raise its timeout or memory in "
                "`functions`, or lower `limits.frames` in the recipe.",
            )


class _Moving(Image.Image):
    """What Pillow saves as an animation: each frame is made when it is sought."""

    def __init__(self, source: Image.Image, make: Upright) -> None:
        super().__init__()
        self._source = source
        self._make = make
        self.n_frames = _frames_of(source)
        self.seek(0)

    def seek(self, frame: int) -> None:
        self._source.seek(frame)
        self._source.load()
        made = self._make(self._source)
        self._at = frame
        self.im, self._mode, self._size = made.im, made.mode, made.size

    def tell(self) -> int:
        return self._at


def _frames_of(image: Image.Image) -> int:
    return int(getattr(image, "n_frames", 1))


def _loop_of(image: Image.Image) -> int:
    """How often the animation is played, 0 for ever.

    A GIF counts how often it is repeated, and plays once if it says nothing.
    """
    if image.format != "GIF":
        return min(MOST_PLAYS, int(image.info.get("loop", 0)))
    repeats = image.info.get("loop")
    return 1 if repeats is None else int(repeats) and min(MOST_PLAYS, int(repeats) + 1)
