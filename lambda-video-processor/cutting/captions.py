"""Captions: text as a picture to be laid over a frame.

The safe area lies 212/1080 of the frame's width and 420/1920 of its height in from each edge; a
caption's box lies in a corner of it. Lines are aligned to the side that their paragraph begins at.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from PIL import Image, ImageColor

from cutting.typefaces import Direction, Typeface, clusters, direction_of, typeface
from media_pipeline.recipe import Captions

_MARGIN_X, _MARGIN_Y = (212, 1080), (420, 1920)
_ELLIPSIS = "\u2026"
_TAB = "    "
_NEWLINES = re.compile("\r\n|[\r\n\u2028\u2029]")
# Those that a line may be broken at, unlike a no-break space.
_SPACES = " \u1680\u2000-\u2006\u2008-\u200b\u205f\u3000"
_WORDS = re.compile(f"^[{_SPACES}]*[^{_SPACES}]+[{_SPACES}]*|[^{_SPACES}]+[{_SPACES}]*")
# Characters of Japanese that no line begins with, besides closing punctuation.
_NOT_FIRST = frozenset("ー々ゝゞヽヾぁぃぅぇぉっゃゅょゎァィゥェォッャュョヮ")


@dataclass(frozen=True, slots=True)
class _Line:
    text: str
    direction: Direction


def draw_caption(
    text: str, width: int, height: int, style: Captions
) -> tuple[Image.Image, tuple[int, int]]:
    """A caption (`RGBA`) with its box, and where its left and top lie in a frame of that size.

    Pixels. Newlines are kept, control characters dropped, tabs become spaces; half of a surrogate
    pair comes out as the replacement character. What exceeds the safe area ends in an ellipsis.
    Text without anything to see is one transparent pixel.
    """
    margins = _share(width, _MARGIN_X), _share(height, _MARGIN_Y)
    safe = max(1, width - 2 * margins[0]), max(1, height - 2 * margins[1])
    shown = _cleaned(text)
    if shown.strip():
        picture = _draw(shown, max(1, round(min(width, height) * style.size / 100)), safe, style)
    else:
        picture = Image.new("RGBA", (1, 1))
    free = safe[0] - picture.width, safe[1] - picture.height
    vertical, horizontal = style.position.split("_")
    left = min(margins[0], width - 1) + (free[0] if horizontal == "right" else 0)
    top = min(margins[1], height - 1) + (free[1] if vertical == "bottom" else 0)
    return picture, (left, top)


def _share(length: int, share: tuple[int, int]) -> int:
    """A share of a length, rounded up."""
    return -(-length * share[0] // share[1])


def _cleaned(text: str) -> str:
    lines = _NEWLINES.sub("\n", text).replace("\t", _TAB)
    return "".join(
        "\ufffd" if unicodedata.category(character) == "Cs" else character
        for character in lines
        if character == "\n" or unicodedata.category(character) != "Cc"
    ).strip("\n")


def _draw(text: str, size: int, safe: tuple[int, int], style: Captions) -> Image.Image:
    letters = typeface(size)
    stroke = max(1, round(size / 16))
    padding = stroke + round(size / 3)
    leading = letters.ascent + letters.descent
    room = max(1, safe[0] - 2 * padding)
    lines = _fitted(text, letters, room, max(1, (safe[1] - 2 * padding) // leading))
    widths = [letters.width(line.text, line.direction) for line in lines]
    picture = (
        min(safe[0], round(max(widths)) + 2 * padding),
        min(safe[1], len(lines) * leading + 2 * padding),
    )
    fill, outline = Image.new("L", picture), Image.new("L", picture)
    for number, (line, width) in enumerate(zip(lines, widths, strict=True)):
        left = padding if line.direction == "ltr" else round(picture[0] - padding - width)
        baseline = padding + number * leading + letters.ascent
        letters.ink(outline, left, baseline, line.text, line.direction, stroke)
        letters.ink(fill, left, baseline, line.text, line.direction)
    opacity = round(255 * style.box_opacity / 100)
    caption = Image.new("RGBA", picture, (*_rgb(style.box), opacity))
    for colour, mask in ((style.outline, outline), (style.colour, fill)):
        layer = Image.new("RGBA", picture, _rgb(colour))
        layer.putalpha(mask)
        caption.alpha_composite(layer)
    return caption


def _rgb(colour: str) -> tuple[int, int, int]:
    red, green, blue = ImageColor.getrgb(colour)[:3]
    return red, green, blue


def _fitted(text: str, letters: Typeface, width: int, most: int) -> list[_Line]:
    """At most so many lines, the last with an ellipsis if there were more."""
    # Letters are not thinner than a pixel: what follows has no room, and is not looked at.
    lines = list(islice(_wrapped(text[: (most + 1) * width], letters, width), most + 1))
    if len(lines) <= most:
        return lines
    last = lines[most - 1]
    kept = list(clusters(last.text))
    while kept and letters.width("".join(kept) + _ELLIPSIS, last.direction) > width:
        kept.pop()
    return [*lines[: most - 1], _Line("".join(kept).rstrip() + _ELLIPSIS, last.direction)]


def _wrapped(text: str, letters: Typeface, width: int) -> Iterator[_Line]:
    for paragraph in text.split("\n"):
        direction = direction_of(paragraph)
        line = ""
        for piece in _pieces(paragraph):
            rest = piece
            if letters.width((line + rest).rstrip(), direction) <= width:
                line += rest
                continue
            if line.strip():
                yield _Line(line.rstrip(), direction)
            while letters.width(rest.rstrip(), direction) > width:
                head = _beginning(rest, letters, width, direction)
                if head == rest:
                    break
                yield _Line(head, direction)
                rest = rest[len(head) :]
            line = rest
        yield _Line(line.rstrip(), direction)


def _beginning(word: str, letters: Typeface, width: int, direction: Direction) -> str:
    """As much of a long word as fits into a line, at the least its first character."""
    parts = list(clusters(word))
    fits, exceeds = 1, 2
    while exceeds < len(parts) and _width(parts[:exceeds], letters, direction) <= width:
        fits, exceeds = exceeds, 2 * exceeds
    exceeds = min(exceeds, len(parts))
    while fits + 1 < exceeds:
        middle = (fits + exceeds) // 2
        if _width(parts[:middle], letters, direction) <= width:
            fits = middle
        else:
            exceeds = middle
    return "".join(parts[:fits])


def _width(parts: list[str], letters: Typeface, direction: Direction) -> float:
    return letters.width("".join(parts), direction)


def _pieces(paragraph: str) -> Iterator[str]:
    """Words with the spaces after them; of Chinese and Japanese each character is a word."""
    for word in _WORDS.findall(paragraph):
        start = 0
        for place in range(1, len(word)):
            if _may_break(word[place - 1], word[place]):
                yield word[start:place]
                start = place
        yield word[start:]


def _may_break(before: str, after: str) -> bool:
    if not (_is_ideographic(before) or _is_ideographic(after)):
        return False
    if unicodedata.category(before) in {"Ps", "Pi"} or after in _NOT_FIRST:
        return False
    return unicodedata.category(after) in {"Lo", "Nd", "Lu", "Ll", "Ps", "Pi"}


def _is_ideographic(character: str) -> bool:
    """Of a script without spaces between its words; Korean has them."""
    wide = unicodedata.east_asian_width(character) in {"W", "F"}
    return wide and not unicodedata.name(character, "").startswith("HANGUL")
