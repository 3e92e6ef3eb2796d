"""Perceptual hashes: against the published algorithm with scipy's cosines, and as they are used."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageEnhance
from scipy.fft import dctn  # type: ignore[import-untyped]

from photos.perceptual import perceptual_hash
from pictures import Numbers, four_corners, photo, stored
from rendered import Rendered, images_recipe

RECIPE = images_recipe({"small": {"width": 320, "formats": {"jpg": {"quality": 80}}}})
NEAR, FAR = 6, 18
"""Bits of 64 that copies of one photo may, and that other photos must at least, differ in."""


def other_photo(seed: int, size: tuple[int, int] = (400, 300)) -> Image.Image:
    """Clouds of noise, of another shape with every seed."""
    noise = np.random.default_rng(seed)
    layers = np.zeros((size[1], size[0], 3))
    for side in (3, 6, 12, 24, 48):
        grain = Image.fromarray(noise.integers(0, 256, (side, side, 3), dtype=np.uint8))
        layers += np.asarray(grain.resize(size, Image.Resampling.BICUBIC), float) / side
    layers -= layers.min()
    return Image.fromarray((layers / layers.max() * 255).astype(np.uint8))


def gradient(angle: float) -> Image.Image:
    rows, columns = np.mgrid[0:300, 0:400]
    slope = columns * np.cos(angle) + rows * np.sin(angle)
    waves = 127 + 127 * np.sin(slope / 60)
    return Image.fromarray(waves.astype(np.uint8)).convert("RGB")


def distance(one: str, other: str) -> int:
    return (int(one, 16) ^ int(other, 16)).bit_count()


def hash_of(folder: Path, picture: Image.Image, name: str = "a.png", **options: Any) -> str:  # noqa: ANN401
    """The hash in the record of a photo that was saved as `name`."""
    path = folder / name
    picture.save(path, **options)
    return str(Rendered(path, RECIPE).attributes["perceptualHash"])


def published_bits(picture: Image.Image) -> Numbers:
    """Of a 32 x 32 DCT the first eight columns and rows, against their median."""
    luma = np.asarray(picture.convert("RGB"), float) @ (0.299, 0.587, 0.114)
    across, down = picture.width // 32, picture.height // 32
    cells = luma.reshape(32, down, 32, across).mean(axis=(1, 3))
    cosines = dctn(cells, type=2, norm=None)[:8, :8]
    # Those so near the median that rounding decides are left open.
    off = cosines - np.median(cosines)
    near = np.abs(off) < np.sort(np.abs(off).ravel())[-2] * 0.005
    return np.where(near, 0.5, off > 0).ravel()


@pytest.mark.parametrize("seed", range(20))
def test_the_hash_is_the_published_one(seed: int) -> None:
    picture = other_photo(seed, (320, 192))
    text = perceptual_hash(picture, "#ffffff")
    assert len(text) == 16
    bits = np.array([int(bit) for bit in f"{int(text, 16):064b}"])
    expected = published_bits(picture)
    assert (expected == 0.5).sum() < 12
    assert (np.abs(bits - expected) <= 0.5).all()


def test_half_of_the_bits_are_set() -> None:
    for seed in range(5):
        assert int(perceptual_hash(other_photo(seed), "#ffffff"), 16).bit_count() == 32


@pytest.mark.parametrize("original", [photo((1200, 900)), other_photo(1, (1200, 900))])
def test_copies_of_a_photo_are_near_each_other(tmp_path: Path, original: Image.Image) -> None:
    known = hash_of(tmp_path, original)
    copies = {
        "recompressed": hash_of(tmp_path, original, "a.jpg", quality=30),
        "webp": hash_of(tmp_path, original, "a.webp", quality=30),
        "smaller": hash_of(tmp_path, original.resize((400, 300), Image.Resampling.LANCZOS)),
        "larger": hash_of(tmp_path, original.resize((1800, 1350), Image.Resampling.BICUBIC)),
        "squeezed": hash_of(tmp_path, original.resize((900, 900), Image.Resampling.LANCZOS)),
        "brighter": hash_of(tmp_path, ImageEnhance.Brightness(original).enhance(1.1)),
        "darker": hash_of(tmp_path, ImageEnhance.Brightness(original).enhance(0.8)),
        "flatter": hash_of(tmp_path, ImageEnhance.Contrast(original).enhance(0.8)),
        "grey": hash_of(tmp_path, original.convert("L")),
    }
    far = {name: text for name, text in copies.items() if distance(known, text) > NEAR}
    assert not far, known


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_photo_has_one_hash_however_it_is_stored(tmp_path: Path, orientation: int) -> None:
    upright = other_photo(3, (640, 400))
    exif = Image.Exif()
    exif[0x0112] = orientation
    turned = Image.fromarray(stored(np.asarray(upright), orientation))
    tagged = hash_of(tmp_path, turned, "a.jpg", exif=exif, quality=90)
    assert distance(tagged, hash_of(tmp_path, upright)) <= NEAR
    if orientation != 1:
        assert distance(hash_of(tmp_path, turned), tagged) > NEAR, "turning it changes nothing"


def test_other_photos_are_far_from_each_other(tmp_path: Path) -> None:
    pictures = [other_photo(seed) for seed in range(12)]
    pictures += [photo((400, 300)), four_corners((400, 300)), gradient(0.6), gradient(2.2)]
    hashes = [hash_of(tmp_path, picture) for picture in pictures]
    for one, other in combinations(range(len(hashes)), 2):
        assert distance(hashes[one], hashes[other]) > FAR, (one, other)


def test_noise_in_a_copy_changes_few_bits(tmp_path: Path) -> None:
    original = other_photo(5)
    noise = np.random.default_rng(5).normal(0, 12, (300, 400, 3))
    noisy = Image.fromarray(np.clip(np.asarray(original) + noise, 0, 255).astype(np.uint8))
    assert distance(hash_of(tmp_path, original), hash_of(tmp_path, noisy)) <= NEAR


def test_a_plain_surface_has_no_bits_however_it_was_rounded(tmp_path: Path) -> None:
    for grey in (0, 1, 77, 128, 254, 255):
        bits = int(hash_of(tmp_path, Image.new("RGB", (333, 222), (grey, grey, grey))), 16)
        # The first is that of the mean, which is no cosine.
        assert bits & (2**63 - 1) == 0


def test_what_is_transparent_is_seen_on_the_background(tmp_path: Path) -> None:
    picture = other_photo(6).convert("RGBA")
    picture.paste((0, 0, 0, 0), (0, 0, 200, 150))
    seen = Image.new("RGB", picture.size, "white")
    seen.paste(picture, mask=picture.getchannel("A"))
    assert distance(hash_of(tmp_path, picture), hash_of(tmp_path, seen)) <= 2


def test_a_recipe_can_do_without(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    photo((40, 30)).save(path)
    assert "perceptualHash" not in Rendered(path, images_recipe(perceptual_hash=False)).attributes
