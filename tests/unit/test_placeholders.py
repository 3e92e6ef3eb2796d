"""Placeholders against their published algorithms, written here with matrices."""

from __future__ import annotations

import json
from base64 import b64decode
from collections.abc import Callable
from io import BytesIO

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image

from imaging.placeholders import placeholders_of
from imaging.thumbhash import thumbhash
from media_pipeline.recipe import load_recipe
from media_pipeline.stills import Images
from pictures import COLOURS, Numbers, four_corners, photo, similarity

DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz#$%*+,-.:;=?@[]^_{|}~"


def images(**differences: object) -> Images:
    return load_recipe(json.dumps({"images": differences})).images


def placeholders(picture: Image.Image, **differences: object) -> dict[str, str]:
    return placeholders_of(picture, images(**differences))


def weights_of(blurhash: str) -> Numbers:
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


def cosine_weights(picture: Image.Image) -> Numbers:
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
    held = weights_of(placeholders(picture)["blurhash"])
    expected = cosine_weights(picture)
    assert np.abs(held[0, 0] - expected[0, 0]).max() < 0.02
    # Nine steps to either side of zero, the outermost of which is the largest weight.
    step = np.abs(expected.reshape(12, 3)[1:]).max() * (1 - (8 / 9) ** 2)
    assert np.abs(held - expected).max() < step + 0.02


def test_a_blurhash_has_the_components_of_the_recipe() -> None:
    said = placeholders(photo((60, 40)), blurhash={"x_components": 6, "y_components": 2})
    assert DIGITS.index(said["blurhash"][0]) == 5 + 1 * 9
    assert len(said["blurhash"]) == 4 + 2 * 6 * 2


@pytest.mark.parametrize("name", ["blurhash", "dominant_color"])
def test_alpha_is_laid_on_the_background(name: str) -> None:
    clear = Image.new("RGBA", (40, 30), (255, 0, 0, 0))
    plain = Image.new("RGB", (40, 30), "#204060")
    seen = placeholders(clear, background="#204060", placeholders=[name])
    assert seen == placeholders(plain, background="#ffffff", placeholders=[name])


def test_only_what_the_recipe_asks_for_is_made() -> None:
    assert placeholders(photo((40, 30))).keys() == {
        "blurhash",
        "thumbhash",
        "lqip",
        "dominantColor",
    }
    assert placeholders(photo((40, 30)), placeholders=["lqip"]).keys() == {"lqip"}
    assert placeholders(photo((40, 30)), placeholders=[]) == {}


def triangle(across: int, down: int) -> list[tuple[int, int]]:
    """The frequencies (across, down) of one channel, in the order that they are written."""
    every = [(u, v) for v in range(down) for u in range(across)]
    return [(u, v) for u, v in every if (u, v) != (0, 0) and u / across + v / down < 1 - 1e-9]


class ThumbHash:
    """What https://evanw.github.io/thumbhash/ says that the bytes of a hash are.

    `channels` has of each of L, P, Q and A its mean, its scale, its counts across and down, and
    the shares of its scale by frequency.
    """

    def __init__(self, body: bytes) -> None:
        bits = "".join(f"{byte:08b}"[::-1] for byte in body)

        def take(count: int) -> int:
            nonlocal bits
            taken, bits = bits[:count], bits[count:]
            return int(taken[::-1], 2)

        means = [take(6) / 63, take(6) / 31.5 - 1, take(6) / 31.5 - 1]
        scales = [take(5) / 31]
        self.has_alpha = bool(take(1))
        shorter = take(3)
        scales += [take(6) / 63, take(6) / 63]
        self.is_landscape = bool(take(1))
        longer = 5 if self.has_alpha else 7
        self.across, self.down = (longer, shorter) if self.is_landscape else (shorter, longer)
        counts = [(max(3, self.across), max(3, self.down)), (3, 3), (3, 3)]
        if self.has_alpha:
            means.append(take(4) / 15)
            scales.append(take(4) / 15)
            counts.append((5, 5))
        self.channels = [
            (mean, scale, count, {uv: take(4) / 7.5 - 1 for uv in triangle(*count)})
            for mean, scale, count in zip(means, scales, counts, strict=True)
        ]
        # The last nibble has none beside it where their number is odd.
        assert len(bits) in (0, 4)
        assert not int(bits or "0", 2)


def lpqa(picture: Image.Image) -> Numbers:
    """Lightness, yellow-blue, red-green and alpha, [channel][y][x]; the average stands for gaps."""
    rgba = np.asarray(picture.convert("RGBA"), dtype=np.float64) / 255
    colours, alpha = rgba[..., :3], rgba[..., 3:]
    average = (colours * alpha).sum(axis=(0, 1)) / max(alpha.sum(), 1e-9)
    red, green, blue = np.moveaxis(colours * alpha + average * (1 - alpha), 2, 0)
    lightness = (red + green + blue) / 3
    return np.stack([lightness, (red + green) / 2 - blue, red - green, alpha[..., 0]])


def cosines_of(channel: Numbers, across: int, down: int) -> dict[tuple[int, int], float]:
    height, width = channel.shape
    rows = np.cos(np.pi / height * np.outer(np.arange(down), np.arange(height) + 0.5))
    columns = np.cos(np.pi / width * np.outer(np.arange(across), np.arange(width) + 0.5))
    weights = rows @ channel @ columns.T / (width * height)
    return {(u, v): float(weights[v, u]) for u, v in [(0, 0), *triangle(across, down)]}


def clear_corner(size: tuple[int, int]) -> Image.Image:
    picture = photo(size).convert("RGBA")
    picture.paste((0, 255, 0, 0), (0, 0, size[0] // 2, size[1] // 2))
    return picture


@pytest.mark.parametrize("make", [photo, four_corners, clear_corner])
@pytest.mark.parametrize("size", [(100, 75), (60, 100), (64, 64), (100, 9), (7, 90)])
def test_a_thumbhash_holds_the_pictures_lowest_cosines(
    make: Callable[[tuple[int, int]], Image.Image], size: tuple[int, int]
) -> None:
    picture = make(size)
    held = ThumbHash(thumbhash(picture))
    assert held.has_alpha == (make is clear_corner)
    assert held.is_landscape == (size[0] > size[1])
    most = 5 if held.has_alpha else 7
    expected_counts = [max(1, round(most * side / max(size))) for side in size]
    assert [held.across, held.down] == expected_counts
    steps = [(63, 31), (31.5, 63), (31.5, 63), (15, 15)]
    for channel, pixels, (mean_steps, scale_steps) in zip(
        held.channels, lpqa(picture), steps, strict=False
    ):
        mean, scale, count, shares = channel
        expected = cosines_of(pixels, *count)
        assert mean == pytest.approx(expected.pop((0, 0)), abs=0.51 / mean_steps)
        largest = max(map(abs, expected.values()))
        assert scale == pytest.approx(largest, abs=0.51 / scale_steps)
        # Sixteen levels from minus to plus the largest.
        for frequency, cosine in expected.items():
            assert shares[frequency] * largest == pytest.approx(cosine, abs=largest / 14.9)


@settings(deadline=None)
@given(size=st.tuples(st.integers(1, 100), st.integers(1, 100)), alpha=st.integers(0, 255))
def test_every_size_has_a_thumbhash(size: tuple[int, int], alpha: int) -> None:
    held = ThumbHash(thumbhash(Image.new("RGBA", size, (200, 100, 50, alpha))))
    assert held.has_alpha
    mean, scale, _, _ = held.channels[3]
    assert mean == pytest.approx(alpha / 255, abs=0.51 / 15)
    # Of fewer pixels than there are waves, a plain surface has some waves too.
    assert scale == 0 or min(size) < 5
    lightness = 350 / 3 / 255 if alpha else 0
    assert held.channels[0][0] == pytest.approx(lightness, abs=0.51 / 63)


def test_a_thumbhash_in_the_record_tells_colour_and_shape() -> None:
    picture = four_corners((600, 400))
    body = b64decode(placeholders(picture)["thumbhash"], validate=True)
    held = ThumbHash(body)
    assert len(body) in range(20, 26)
    assert not held.has_alpha
    assert held.across / held.down == pytest.approx(1.5, abs=0.2)
    lightness, yellow, red = (mean for mean, *_ in held.channels)
    blue = lightness - 2 / 3 * yellow
    average = np.array([(3 * lightness - blue + red) / 2, (3 * lightness - blue - red) / 2, blue])
    expected = np.array(list(COLOURS.values())).mean(axis=0)
    assert np.abs(average * 255 - expected).max() < 6


def test_too_many_pixels_for_a_thumbhash_are_a_programming_error() -> None:
    with pytest.raises(ValueError, match="100 pixels"):
        thumbhash(Image.new("RGB", (101, 4)))


@pytest.mark.parametrize("size", [(400, 300), (300, 400), (4000, 10), (1, 1), (20, 20)])
@pytest.mark.parametrize("side", [4, 16, 20])
def test_an_lqip_is_a_tiny_webp_in_a_data_uri(size: tuple[int, int], side: int) -> None:
    picture = photo(size)
    uri = placeholders(picture, lqip={"side": side, "quality": 60})["lqip"]
    start = "data:image/webp;base64,"
    assert uri.startswith(start)
    with Image.open(BytesIO(b64decode(uri.removeprefix(start), validate=True))) as tiny:
        assert tiny.format == "WEBP"
        scale = min(1.0, side / max(size))
        for made, whole in zip(tiny.size, size, strict=True):
            assert abs(made - max(1.0, whole * scale)) <= 0.5
        assert max(tiny.size) <= side
        mean = np.asarray(picture, float).mean(axis=(0, 1))
        assert np.abs(np.asarray(tiny.convert("RGB"), float).mean(axis=(0, 1)) - mean).max() < 8
    assert len(uri) < 1000


def test_an_lqip_looks_like_its_picture() -> None:
    picture = four_corners((640, 480))
    uri = placeholders(picture)["lqip"]
    with Image.open(BytesIO(b64decode(uri.partition(",")[2]))) as tiny:
        large = tiny.convert("RGB").resize(picture.size, Image.Resampling.BICUBIC)
    assert similarity(large, picture) > 0.9
    assert similarity(large.transpose(Image.Transpose.FLIP_LEFT_RIGHT), picture) < 0.9


def test_an_lqip_keeps_transparency() -> None:
    uri = placeholders(clear_corner((200, 200)))["lqip"]
    with Image.open(BytesIO(b64decode(uri.partition(",")[2]))) as tiny:
        assert tiny.mode == "RGBA"
        alpha = np.asarray(tiny)[..., 3]
    assert alpha[3, 3] < 40
    assert alpha[15, 15] > 215


@pytest.mark.parametrize("name", list(COLOURS))
def test_the_dominant_colour_is_that_of_most_of_the_picture(name: str) -> None:
    others = [colour for other, colour in COLOURS.items() if other != name]
    picture = Image.new("RGB", (600, 400), COLOURS[name])
    for number, colour in enumerate(others):
        picture.paste(colour, (number * 200, 0, number * 200 + 200, 150))
    # A mean would be of no colour that is in the picture.
    found = placeholders(picture)["dominantColor"]
    assert found[0] == "#"
    assert found == found.lower()
    assert np.abs(np.array(list(bytes.fromhex(found[1:]))) - COLOURS[name]).max() <= 3
