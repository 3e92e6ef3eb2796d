"""The fonts that the build puts into the zip: how wide a text is in them, and its ink.

A character is drawn in the first font that has it, fonts being in order of their file names; one
that none has comes out as the first font's box for missing characters. Arabic and Hebrew are shaped
and ordered by Pillow's Raqm layout, which needs `libfribidi.so.0`: Pillow loads it by that name
when it is imported, on Lambda from the zip's `lib/`, which is on `LD_LIBRARY_PATH`.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from functools import cache, lru_cache
from itertools import groupby
from pathlib import Path
from typing import Literal

from PIL import Image, ImageDraw, ImageFont, features

FONTS = Path(__file__).resolve().parents[1] / "fonts"

Direction = Literal["ltr", "rtl"]

_RIGHT_TO_LEFT = frozenset({"R", "AL"})
_ZERO_WIDTH_JOINER = "\u200d"
_SKIN_TONES = range(0x1F3FB, 0x1F400)
_SAMPLE_SIZE = 24
# Never a character: every font shows its box for what it has not got.
_NO_CHARACTER = "\U0010ffff"


def direction_of(paragraph: str) -> Direction:
    """As its first letter has it; left to right without letters (Unicode's UAX 9, P2 and P3)."""
    kinds = map(unicodedata.bidirectional, paragraph)
    first = next((kind for kind in kinds if kind == "L" or kind in _RIGHT_TO_LEFT), "L")
    return "ltr" if first == "L" else "rtl"


def clusters(text: str) -> Iterator[str]:
    """What must stay together: a character with the marks and the joiners that follow it."""
    start = 0
    for place in range(1, len(text)):
        if not (_attaches(text[place]) or text[place - 1] == _ZERO_WIDTH_JOINER):
            yield text[start:place]
            start = place
    if text:
        yield text[start:]


def _attaches(character: str) -> bool:
    return (
        unicodedata.category(character) in {"Mn", "Me", "Mc"}
        or character == _ZERO_WIDTH_JOINER
        or ord(character) in _SKIN_TONES
    )


class Typeface:
    """All fonts at one size in pixels, with the first one's `ascent` and `descent`."""

    def __init__(self, files: tuple[Path, ...], size: int) -> None:
        self._files = files
        self._shapes = features.check_feature("raqm")
        layout = ImageFont.Layout.RAQM if self._shapes else ImageFont.Layout.BASIC
        self._fonts = [ImageFont.truetype(file, size, layout_engine=layout) for file in files]
        self.ascent, self.descent = self._fonts[0].getmetrics()

    def width(self, line: str, direction: Direction) -> float:
        """Pixels from where the pen starts to where it ends."""
        return sum(
            font.getlength(run, direction=self._direction(direction))
            for font, run in self._runs(line, direction)
        )

    def ink(
        self,
        canvas: Image.Image,
        left: float,
        baseline: int,
        line: str,
        direction: Direction,
        stroke: int = 0,
    ) -> None:
        """Draws a line on a mask (`L`), each stem wider by `stroke` pixels on every side."""
        draw = ImageDraw.Draw(canvas)
        told = self._direction(direction)
        for font, run in self._runs(line, direction):
            place = left, baseline
            draw.text(place, run, 255, font, anchor="ls", direction=told, stroke_width=stroke)
            left += font.getlength(run, direction=told)

    def _direction(self, direction: Direction) -> Direction | None:
        return direction if self._shapes else None

    def _runs(self, line: str, direction: Direction) -> list[tuple[ImageFont.FreeTypeFont, str]]:
        """Stretches of one font each, from left to right."""
        if not self._shapes and any(map(_is_right_to_left, line)):
            raise RuntimeError(
                "Text from right to left needs libfribidi, which the zip has in lib."
            )
        by_font = groupby(clusters(line), lambda cluster: _font_of(self._files, cluster))
        runs = [(self._fonts[font], "".join(run)) for font, run in by_font]
        return runs if direction == "ltr" else _from_the_right(runs)


def _from_the_right(
    runs: list[tuple[ImageFont.FreeTypeFont, str]],
) -> list[tuple[ImageFont.FreeTypeFont, str]]:
    """Runs of a line that begins at the right; those between that read to the right keep order."""
    ordered: list[tuple[ImageFont.FreeTypeFont, str]] = []
    for mirrored, group in groupby(runs, lambda run: any(map(_is_right_to_left, run[1]))):
        together = list(group)
        ordered[:0] = reversed(together) if mirrored else together
    return ordered


def _is_right_to_left(character: str) -> bool:
    return unicodedata.bidirectional(character) in _RIGHT_TO_LEFT


def typeface(size: int) -> Typeface:
    """The fonts of `FONTS` at a size, opened once. Raises `FileNotFoundError` if there are none."""
    return _typeface(_files(FONTS), size)


def missing_characters(text: str) -> str:
    """Those characters, each once, that come out as a box, since no font has them."""
    files = _files(FONTS)
    return "".join(
        dict.fromkeys(
            character for character in text if not any(_has(file, character) for file in files)
        )
    )


@cache
def _files(folder: Path) -> tuple[Path, ...]:
    files = tuple(sorted(file for file in folder.glob("*") if file.suffix in {".ttf", ".otf"}))
    if not files:
        raise FileNotFoundError(f"{folder} holds no fonts, which the build puts into the zip.")
    return files


@lru_cache(maxsize=8)
def _typeface(files: tuple[Path, ...], size: int) -> Typeface:
    return Typeface(files, size)


def _font_of(files: tuple[Path, ...], cluster: str) -> int:
    """The first font that has the character which the others of a cluster are put on."""
    return next((place for place, file in enumerate(files) if _has(file, cluster[0])), 0)


@lru_cache(maxsize=8192)
def _has(file: Path, character: str) -> bool:
    """Whether a font shows a character otherwise than by its box for missing ones."""
    if unicodedata.category(character) in {"Cc", "Cf", "Zs"} or "\ufe00" <= character <= "\ufe0f":
        return True
    return _sample(file, character) != _sample(file, _NO_CHARACTER)


def _sample(file: Path, character: str) -> tuple[tuple[int, int], bytes]:
    mask = _basic(file).getmask(character)
    return mask.size, bytes(mask)


@cache
def _basic(file: Path) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(file, _SAMPLE_SIZE, layout_engine=ImageFont.Layout.BASIC)
