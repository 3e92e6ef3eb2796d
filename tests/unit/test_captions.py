"""Captions: where they lie, how their lines break, and which ink is in them."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from caption_fonts import unpack_bundle
from cutting import typefaces
from cutting.captions import draw_caption
from media_pipeline.recipe import Captions, load_recipe

STYLE = load_recipe().videos.cuts.captions
FRAMES = [(1080, 1920), (1920, 1080), (640, 640), (321, 241)]
AS_TYPED = r"""It's "50%": C:\new\text, %{pts}; [in]drawtext=text='a'"""


@pytest.fixture(scope="module")
def task(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return unpack_bundle(tmp_path_factory.mktemp("task"), cjk=True)


@pytest.fixture(autouse=True)
def fonts(task: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = task / "fonts"
    monkeypatch.setattr(typefaces, "FONTS", folder)
    return folder


@pytest.fixture
def latin(fonts: Path) -> Path:
    return next(fonts.glob("*DejaVu*"))


def styled(**changes: Any) -> Captions:  # noqa: ANN401
    return msgspec.structs.replace(STYLE, **changes)


def drawn(text: str, width: int = 1920, height: int = 1080, **changes: Any) -> Image.Image:  # noqa: ANN401
    return draw_caption(text, width, height, styled(**changes))[0]


def same(one: Image.Image, other: Image.Image) -> bool:
    return one.size == other.size and one.tobytes() == other.tobytes()


def ink(caption: Image.Image) -> NDArray[np.uint8]:
    """The white of a caption in the usual colours, cut to what has any."""
    white = caption.getchannel("R")
    return np.asarray(white.crop(white.getbbox()))


def ink_of(text: str, font: Path, size: int) -> NDArray[np.uint8]:
    """The same of a line that is drawn here."""
    opened = ImageFont.truetype(font, size)
    canvas = Image.new("L", (round(opened.getlength(text)) + 2 * size, 3 * size))
    ImageDraw.Draw(canvas).text((size, 2 * size), text, 255, opened, anchor="ls")
    return np.asarray(canvas.crop(canvas.getbbox()))


def bands(caption: Image.Image) -> int:
    """How many stretches of rows have white in them: lines, if no letter has parts above others."""
    rows: NDArray[np.bool_] = np.asarray(caption.getchannel("R")).max(axis=1) > 0
    return int(np.count_nonzero(rows[1:] & ~rows[:-1]) + rows[0])


@pytest.mark.parametrize(("width", "height"), FRAMES)
@pytest.mark.parametrize("position", ["top_left", "top_right", "bottom_left", "bottom_right"])
@pytest.mark.parametrize("text", ["H", "two lines\nof words", "word " * 400])
def test_a_box_lies_in_its_corner_of_the_safe_area(
    text: str, position: str, width: int, height: int
) -> None:
    caption, (left, top) = draw_caption(text, width, height, styled(position=position))
    margins = Fraction(width * 212, 1080), Fraction(height * 420, 1920)
    gaps = {
        "left": left - margins[0],
        "right": width - margins[0] - (left + caption.width),
        "top": top - margins[1],
        "bottom": height - margins[1] - (top + caption.height),
    }
    assert min(gaps.values()) >= 0
    vertical, horizontal = position.split("_")
    assert max(gaps[vertical], gaps[horizontal]) < 1


@pytest.mark.parametrize(("width", "height"), FRAMES)
def test_letters_are_a_share_of_the_short_side(width: int, height: int, latin: Path) -> None:
    short = min(width, height)
    for percent in (4.5, 10):
        expected = ink_of("H", latin, round(short * percent / 100))
        assert ink(drawn("H", width, height, size=percent)).shape == expected.shape


def test_lines_break_between_words_where_the_next_has_no_room(latin: Path) -> None:
    text = "Jackdaws love my big sphinx of quartz while foxes jump over dozing dogs"
    words = text.split()
    caption = drawn(text, 640, 640)
    font = ImageFont.truetype(latin, round(640 * 4.5 / 100))
    side = (drawn("H", 640, 640).width - font.getlength("H")) / 2
    room = 640 - 2 * 126 - 2 * round(side)
    lines = [words[0]]
    for word in words[1:]:
        if font.getlength(f"{lines[-1]} {word}") <= room:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    assert len(lines) > 3
    assert same(caption, drawn("\n".join(lines), 640, 640))


@pytest.mark.parametrize("before", [[], ["so"]])
def test_a_word_longer_than_a_line_is_broken(before: list[str], latin: Path) -> None:
    caption = drawn(" ".join([*before, "W" * 40]), 640, 640)
    font = ImageFont.truetype(latin, round(640 * 4.5 / 100))
    side = (drawn("H", 640, 640).width - font.getlength("H")) / 2
    fit = max(n for n in range(1, 40) if font.getlength("W" * n) <= 388 - 2 * round(side))
    parts = ["W" * fit] * (40 // fit) + ["W" * (40 % fit)]
    assert same(caption, drawn("\n".join([*before, *filter(None, parts)]), 640, 640))


def test_what_belongs_together_is_not_broken() -> None:
    family, accented = "\U0001f468\u200d\U0001f469\u200d\U0001f467\U0001f3fd", "e\u0301\u0323"
    parts = ["a", accented, family, "b", family, accented]
    assert list(typefaces.clusters("".join(parts))) == parts
    assert list(typefaces.clusters("")) == []


def test_newlines_and_what_is_between_words_are_kept() -> None:
    assert bands(drawn("H\nH\nH")) == bands(drawn("H\n\nH")) + 1 == 3
    assert drawn("H\n\nH").height == drawn("H\nH\nH").height
    assert drawn("H  H").width > drawn("H H").width
    assert same(drawn("H\r\nH\rH"), drawn("H\nH\nH"))
    for space, lines in ((" ", "HHHHHHHHHH HH\nHHHH"), ("\u00a0", "HHHHHHHHHH\nHH\u00a0HHHH")):
        assert same(drawn(f"HHHHHHHHHH HH{space}HHHH", 640, 640), drawn(lines, 640, 640))


def test_what_exceeds_the_safe_area_ends_in_an_ellipsis() -> None:
    numbers = [f"H{number}" for number in range(100)]
    caption = drawn("\n".join(numbers))
    lines = bands(caption)
    leading = (drawn("H\nH").height - drawn("H").height) or 1
    assert caption.height + leading > 1080 - 2 * Fraction(1080 * 420, 1920)
    shown = [*numbers[: lines - 1], f"H{lines - 1}\u2026"]
    assert same(caption, drawn("\n".join(shown)))
    assert same(drawn("H " * 3000, 321, 241), drawn("H " * 30000, 321, 241))


@pytest.mark.parametrize("text", [*AS_TYPED.split(), "\u201eÄffin\u201c", "Ελλάδα", "Киев"])
def test_characters_come_out_as_typed(text: str, latin: Path) -> None:
    expected = ink_of(text, latin, 49)
    assert ink(drawn(text)).shape == expected.shape
    difference = np.abs(ink(drawn(text)).astype(int) - expected)
    assert difference.max() <= 2


@pytest.mark.parametrize(
    ("typed", "equal"),
    [
        ("a\0b\x07c\x1b[0m\x7f\x85", "abc[0m"),
        ("a\tb", "a    b"),
        ("half \ud83d", "half \ufffd"),
        ("\n\nwords\n", "words"),
    ],
)
def test_what_cannot_be_drawn_is_left_out_or_replaced(typed: str, equal: str) -> None:
    assert same(drawn(typed), drawn(equal))


@pytest.mark.parametrize("text", ["", " \n\t", "\0\x1f"])
def test_nothing_to_see_is_one_transparent_pixel(text: str) -> None:
    caption = drawn(text)
    assert (caption.size, caption.getpixel((0, 0))) == ((1, 1), (0, 0, 0, 0))


def test_colours_of_letters_outline_and_box() -> None:
    caption = drawn(
        "HIT", colour="#ff8000", outline="#00ff00", box="#123456", box_opacity=40, size=10.0
    )
    pixels = np.asarray(caption)
    box = (pixels == (0x12, 0x34, 0x56, 102)).all(axis=2)
    letters = (pixels == (0xFF, 0x80, 0x00, 255)).all(axis=2)
    outline = (pixels == (0x00, 0xFF, 0x00, 255)).all(axis=2)
    assert box[0].all()
    assert box[-1].all()
    assert box[:, [0, -1]].all()
    # Between a letter and the box there is outline on every side.
    for axis in (0, 1):
        for way in (-3, 3):
            assert not (np.roll(letters, way, axis) & box).any()
            assert (np.roll(letters, 2 * way, axis) & outline).any()


STRANGE = {
    "marks": "z\u0336\u0301\u0323" * 500,
    "only marks": "\u0301" * 40,
    "joiners": "\u200d\u200c\u200b\ufeff\u00ad" * 20,
    "families": "\U0001f468\u200d\U0001f469\u200d\U0001f467\U0001f3fd " * 30,
    "unknown": "\ue000\U000f0000\uffff\U0010ffff" * 10,
    "surrogates": "\udc00\ud800" * 10,
    "long": "The quick brown fox. " * 100,
    "one word": "W" * 2000,
    "spaces": "a" + " " * 2000 + "b",
    "chinese": "漢字かな交じり文。" * 200,
    "lines": "\n".join("abc" * 100),
}


@pytest.mark.parametrize(("width", "height"), [(1, 1), (16, 16), (17, 4000), (320, 240)])
@pytest.mark.parametrize("text", STRANGE.values(), ids=STRANGE.keys())
def test_any_text_lies_in_any_frame(text: str, width: int, height: int) -> None:
    for position in ("top_left", "bottom_right"):
        caption, (left, top) = draw_caption(text, width, height, styled(position=position))
        assert min(left, top) >= 0
        assert left + caption.width <= width
        assert top + caption.height <= height


def test_a_character_is_drawn_in_the_first_font_that_has_it(fonts: Path, latin: Path) -> None:
    fallback = next(fonts.glob("*Droid*"))
    assert typefaces.missing_characters("World 世界 세계 せかい") == ""
    assert np.abs(ink(drawn("世界")).astype(int) - ink_of("世界", fallback, 49)).max() <= 2
    assert not same(drawn("H世"), drawn("H界"))
    assert not same(drawn("世\u0301"), drawn("界\u0301"))
    both = Image.new("L", (400, 200))
    draw = ImageDraw.Draw(both)
    first, second = (ImageFont.truetype(file, 49) for file in (latin, fallback))
    draw.text((50, 100), "AB", 255, first, anchor="ls")
    draw.text((50 + first.getlength("AB"), 100), "世界", 255, second, anchor="ls")
    expected = np.asarray(both.crop(both.getbbox()))
    assert np.abs(ink(drawn("AB世界")).astype(int) - expected).max() <= 2


def test_a_character_that_no_font_has_is_a_box(
    latin: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / latin.name).write_bytes(latin.read_bytes())
    monkeypatch.setattr(typefaces, "FONTS", tmp_path)
    assert typefaces.missing_characters("a世b界世\U0001f389\u200d e\u0301\u05d0\u0645") == (
        "世界\U0001f389"
    )
    assert same(drawn("世"), drawn("\U0001f389"))
    assert ink(drawn("世")).any()


def test_chinese_breaks_anywhere_but_before_its_punctuation() -> None:
    one_line = drawn("漢", 640, 640).height
    fit = max(n for n in range(1, 30) if drawn("漢" * n, 640, 640).height == one_line)
    assert same(drawn("漢" * (fit + 1), 640, 640), drawn("漢" * fit + "\n漢", 640, 640))
    for last in "。」っー":
        broken = "漢" * (fit - 1) + f"\n漢{last}"
        assert same(drawn("漢" * fit + last, 640, 640), drawn(broken, 640, 640))


def test_no_fonts_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(typefaces, "FONTS", tmp_path)
    with pytest.raises(FileNotFoundError, match="holds no fonts, which the build puts"):
        drawn("words")
