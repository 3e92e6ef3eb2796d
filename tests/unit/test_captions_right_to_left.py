"""Arabic and Hebrew, drawn with the libfribidi that the build bundles and no other."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

import captions_alone
from artifacts import PROJECT
from caption_fonts import unpack_bundle

REFERENCE = PROJECT / "tests" / "captions_right_to_left.png"
"""`PARAGRAPHS` as they were drawn and looked at: to draw them anew, save the picture here."""

SALAAM, SHALOM = "\u0633\u0644\u0627\u0645", "\u05e9\u05dc\u05d5\u05dd"
PARAGRAPHS = (
    f"{SALAAM} {SALAAM}: 100% (caf\u00e9)\n{SHALOM}, world 42!\nLatin, {SALAAM} and {SHALOM}."
)
# Initial seen, final lam with alef, meem alone: what shaping makes of it, from left to right.
SALAAM_SHAPED = "\ufee1\ufefc\ufeb3"
TEXTS = {
    "paragraphs": PARAGRAPHS,
    "arabic": SALAAM,
    "hebrew": SHALOM,
    "hebrew last": f"AB {SHALOM}",
    "hebrew first": f"{SHALOM} AB",
    "with chinese": f"{SHALOM} 世界 AB 世 {SALAAM}",
    "aligned": f"{SHALOM}\nA line of Latin",
    "wrapped": f"{SALAAM} " * 80,
}
Captions = Mapping[str, Image.Image]


@pytest.fixture(scope="module")
def task(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return unpack_bundle(tmp_path_factory.mktemp("task"), cjk=True)


@pytest.fixture(scope="module")
def captions(task: Path, tmp_path_factory: pytest.TempPathFactory) -> Captions:
    """`TEXTS` drawn by a process of its own, in which only the bundled library can be loaded.

    Pillow asks for `libfribidi.so` first, which a machine for development may have and a Lambda has
    not: an empty file of that name comes before it.
    """
    hidden, output = (tmp_path_factory.mktemp(name) for name in ("hidden", "output"))
    (hidden / "libfribidi.so").touch()
    rooms = ("lambda-video-processor", "lambda-common", "tests")
    drawing = subprocess.run(
        [sys.executable, captions_alone.__file__, task, output],
        input=json.dumps(list(TEXTS.values())),
        env={
            "LD_LIBRARY_PATH": os.pathsep.join(map(str, (hidden, task, task / "lib"))),
            "PYTHONPATH": os.pathsep.join(str(PROJECT / room) for room in rooms),
        },
        capture_output=True,
        text=True,
    )
    assert drawing.returncode == 0, drawing.stderr
    loaded = [line for line in drawing.stdout.splitlines() if "fribidi" in line]
    assert loaded == [str(task / "lib" / "libfribidi.so.0")]
    return {name: opened(output / f"{number}.png") for number, name in enumerate(TEXTS)}


def opened(file: Path) -> Image.Image:
    with Image.open(file) as picture:
        return picture.convert("RGBA")


def ink(caption: Image.Image) -> NDArray[np.int64]:
    white = caption.getchannel("R")
    return np.asarray(white.crop(white.getbbox()), np.int64)


@pytest.fixture(scope="module")
def font(task: Path) -> ImageFont.FreeTypeFont:
    """The bundled font, put down letter by letter from the left, as it is told."""
    size = round(captions_alone.HEIGHT * 4.5 / 100)
    file = next((task / "fonts").glob("*DejaVu*"))
    return ImageFont.truetype(file, size, layout_engine=ImageFont.Layout.BASIC)


def laid_out(
    text: str, font: ImageFont.FreeTypeFont, other: ImageFont.FreeTypeFont | None = None
) -> NDArray[np.int64]:
    """What is put down of a text in `font`, and of its Chinese in the `other`."""
    canvas = Image.new("L", (600, 150))
    left = 50.0
    for letter in text:
        suits = other if other and letter > "\u4e00" and letter < "\ua000" else font
        ImageDraw.Draw(canvas).text((left, 80), letter, 255, suits, anchor="ls")
        left += suits.getlength(letter)
    return np.asarray(canvas.crop(canvas.getbbox()), np.int64)


def differ(one: NDArray[np.int64], other: NDArray[np.int64]) -> float:
    """Share of all ink that is in one only; 1 for pictures whose sizes differ by over a pixel.

    A pixel, since letters are put down at whole pixels by one way and between them by the other.
    """
    if np.abs(np.subtract(one.shape, other.shape)).max() > 1:
        return 1.0
    height, width = np.maximum(one.shape, other.shape)
    wide = np.zeros((height, width + 2), np.int64)
    wide[: other.shape[0], 1 : other.shape[1] + 1] = other
    alone = [
        np.abs(np.roll(wide, shift, 1)[: one.shape[0], 1 : one.shape[1] + 1] - one).sum()
        for shift in (-1, 0, 1)
    ]
    return float(min(alone) / (one.sum() + other.sum()))


def test_letters_are_shaped_and_run_from_right_to_left(
    captions: Captions, font: ImageFont.FreeTypeFont
) -> None:
    for name, typed, shown in (
        ("arabic", SALAAM, SALAAM_SHAPED),
        ("hebrew", SHALOM, SHALOM[::-1]),
        ("hebrew last", f"AB {SHALOM}", f"AB {SHALOM[::-1]}"),
        ("hebrew first", f"{SHALOM} AB", f"AB {SHALOM[::-1]}"),
    ):
        drawn = ink(captions[name])
        assert differ(drawn, laid_out(shown, font)) < 0.1, name
        if name != "hebrew last":
            assert differ(drawn, laid_out(typed, font)) > 0.2, name


def test_fonts_of_several_runs_go_from_right_to_left(
    captions: Captions, font: ImageFont.FreeTypeFont, task: Path
) -> None:
    file = next((task / "fonts").glob("*Droid*"))
    chinese = ImageFont.truetype(file, font.size, layout_engine=ImageFont.Layout.BASIC)
    shown = laid_out(f"{SALAAM_SHAPED} 世界 AB 世 {SHALOM[::-1]}", font, chinese)
    drawn = ink(captions["with chinese"])
    assert abs(drawn.shape[1] - shown.shape[1]) < 4
    # Each third by itself, since what is rounded adds up.
    for part in range(3):
        first, second = (
            picture[:, picture.shape[1] * part // 3 : picture.shape[1] * (part + 1) // 3]
            for picture in (drawn, shown)
        )
        assert differ(first, second) < 0.25


def test_paragraphs_are_as_in_the_reference(captions: Captions) -> None:
    made, expected = captions["paragraphs"], opened(REFERENCE)
    assert made.size == expected.size
    difference = np.abs(np.asarray(made, np.int64) - np.asarray(expected, np.int64))
    assert difference.mean() < 1


def test_a_paragraph_begins_at_its_own_side(captions: Captions) -> None:
    caption = np.asarray(captions["aligned"])[:, :, 0] > 0
    above, below = caption[: len(caption) // 2], caption[len(caption) // 2 :]
    for half, gap in ((above, -1), (below, 0)):
        inked = np.flatnonzero(half.any(axis=0))
        near, far = inked[gap], inked[-1 - gap]
        edge = caption.shape[1] - 1 if gap else 0
        assert abs(near - edge) < 20
        if gap:
            assert far > caption.shape[1] / 2


def test_an_ellipsis_stands_at_the_left(captions: Captions, font: ImageFont.FreeTypeFont) -> None:
    leading = sum(font.getmetrics())
    padding = (captions["arabic"].height - leading) // 2
    caption = np.asarray(captions["wrapped"])[:, :, 0]
    last = caption[-padding - leading : -padding]
    left = np.flatnonzero(last.any(axis=0))[0]
    dots = laid_out("\u2026", font)
    shown = last[:, left : left + dots.shape[1]]
    shown = shown[shown.any(axis=1)]
    assert differ(shown.astype(np.int64), dots) < 0.1
