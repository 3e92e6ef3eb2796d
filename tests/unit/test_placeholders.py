"""BlurHash against its published algorithm, written here with matrices."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from imaging.placeholders import blurhash_of
from media_pipeline.recipe import BlurHash
from pictures import four_corners, photo

DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz#$%*+,-.:;=?@[]^_{|}~"


def weights_of(blurhash: str) -> NDArray[np.float64]:
    """The cosine weights, [down][across][channel] in linear light, that a 4x3 BlurHash holds."""
    values = [DIGITS.index(digit) for digit in blurhash]

    def number(start: int, length: int) -> int:
        return sum(v * 83**i for i, v in enumerate(reversed(values[start : start + length])))

    across, down = number(0, 1) % 9 + 1, number(0, 1) // 9 + 1
    assert (across, down, len(blurhash)) == (4, 3, 4 + 2 * 4 * 3)
    largest = (number(1, 1) + 1) / 166
    dc = number(2, 4)
    srgb = np.array([dc >> 16, dc >> 8 & 255, dc & 255]) / 255
    weights = np.zeros((down, across, 3))
    weights[0, 0] = np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4)
    for index in range(1, across * down):
        ac = number(4 + index * 2, 2)
        parts = (np.array([ac // 361, ac // 19 % 19, ac % 19]) - 9) / 9
        weights[index // across, index % across] = np.sign(parts) * parts**2 * largest
    return weights


def cosine_weights(picture: Image.Image) -> NDArray[np.float64]:
    """The same weights, straight from every pixel of the picture."""
    srgb = np.asarray(picture) / 255.0
    linear = np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4)
    height, width = linear.shape[:2]
    rows = np.cos(np.pi * np.outer(np.arange(3), np.arange(height) + 0.5) / height) / height
    columns = np.cos(np.pi * np.outer(np.arange(4), np.arange(width) + 0.5) / width) / width
    weights: NDArray[np.float64] = 2 * np.einsum("jy,ix,yxc->jic", rows, columns, linear)
    weights[0, 0] /= 2
    return weights


@pytest.mark.parametrize("picture", [photo((400, 300)), four_corners((400, 300))])
def test_a_blurhash_holds_the_pictures_lowest_cosines(picture: Image.Image) -> None:
    held = weights_of(blurhash_of(picture, BlurHash(4, 3), "#ffffff"))
    expected = cosine_weights(picture)
    assert np.abs(held[0, 0] - expected[0, 0]).max() < 0.02
    # Nine steps to either side of zero, the outermost of which is the largest weight.
    step = np.abs(expected.reshape(12, 3)[1:]).max() * (1 - (8 / 9) ** 2)
    assert np.abs(held - expected).max() < step + 0.02


def test_alpha_is_laid_on_the_background() -> None:
    clear = Image.new("RGBA", (40, 30), (255, 0, 0, 0))
    plain = Image.new("RGB", (40, 30), "#204060")
    recipe = BlurHash(4, 3)
    assert blurhash_of(clear, recipe, "#204060") == blurhash_of(plain, recipe, "#ffffff")
