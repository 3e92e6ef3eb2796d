"""Renditions checked by their pixels, computed here another way."""

from __future__ import annotations

import struct
import zlib
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image

from imaging.decode import decode
from imaging.render import render_file
from imaging.resize import fit, resize_all
from media_pipeline.failures import PermanentError
from media_pipeline.recipe import Encoding, Rendition, load_recipe
from pictures import CORNERS, corner_colours, display_p3_profile, four_corners, photo, similarity

IMAGES = load_recipe().images
PIXELS = IMAGES.limits.pixels
WANTED = (1920, 1 << 30)


class Rendered:
    """What `render_file` made of one file."""

    def __init__(self, path: Path) -> None:
        self.files: dict[str, bytes] = {}
        self.types: dict[str, str] = {}
        self.attributes = render_file(path, IMAGES, PIXELS, self.put)

    def put(self, name: str, body: bytes, content_type: str) -> dict[str, Any]:
        self.files[name] = body
        self.types[name] = content_type
        return {"key": name, "bytes": len(body)}

    def image(self, name: str) -> Image.Image:
        return Image.open(BytesIO(self.files[name]))


def save(tmp_path: Path, image: Image.Image, name: str, **options: Any) -> Path:  # noqa: ANN401
    path = tmp_path / name
    image.save(path, **options)
    return path


def pixels_of(image: Image.Image) -> NDArray[np.float64]:
    return np.asarray(image.convert("RGB"), dtype=np.float64)


def test_the_default_recipe_of_a_photo(tmp_path: Path) -> None:
    rendered = Rendered(save(tmp_path, photo((2400, 1600)), "a.jpg", quality=95))
    widths = {"320w": 320, "640w": 640, "960w": 960, "1280w": 1280, "1920w": 1920}
    assert rendered.files.keys() == {"thumb.jpg"} | {
        f"{name}.{suffix}" for name in widths for suffix in ("jpg", "webp")
    }
    for name, width in widths.items():
        for suffix, kind in (("jpg", "JPEG"), ("webp", "WEBP")):
            image = rendered.image(f"{name}.{suffix}")
            assert (image.size, image.format) == ((width, round(width / 1.5)), kind)
            assert rendered.types[f"{name}.{suffix}"] == Image.MIME[kind]
    assert rendered.image("thumb.jpg").size == (300, 200)
    assert rendered.image("1920w.jpg").info["progressive"] == 1
    attributes = rendered.attributes
    assert (attributes["width"], attributes["height"]) == (2400, 1600)
    assert attributes["contentType"] == "image/jpeg"
    listed = [(r["name"], r["width"], r["height"]) for r in attributes["renditions"]]
    assert listed == [("thumb", 300, 200), *((n, w, round(w / 1.5)) for n, w in widths.items())]
    assert attributes["renditions"][1]["formats"]["webp"] == {
        "key": "320w.webp",
        "bytes": len(rendered.files["320w.webp"]),
    }


@pytest.mark.parametrize("suffix", ["jpg", "webp"])
def test_every_rendition_is_as_sharp_as_a_direct_resize(tmp_path: Path, suffix: str) -> None:
    original = photo((2400, 1600))
    rendered = Rendered(save(tmp_path, original, "a.png", compress_level=1))
    for name, width in (("320w", 320), ("960w", 960), ("1920w", 1920)):
        expected = original.resize((width, round(width / 1.5)), Image.Resampling.LANCZOS)
        assert similarity(rendered.image(f"{name}.{suffix}"), expected) > 0.9, name


def test_resizing_itself_costs_no_sharpness(tmp_path: Path) -> None:
    path = save(tmp_path, photo((2700, 1800)), "a.jpg", quality=98)
    picture = decode(path, PIXELS, (1280, 1 << 30))
    assert picture.pixels.width < picture.size[0], "the JPEG was not decoded at a fraction"
    full = Image.open(path)
    sizes = {(width, round(width / 1.5)) for width in (300, 320, 640, 960, 1280)}
    for size, made in resize_all(picture.pixels, sizes).items():
        expected = full.resize(size, Image.Resampling.LANCZOS)
        assert similarity(made, expected) > 0.985, size


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("name", ["a.jpg", "a.png", "a.webp"])
def test_orientation_is_applied_once_and_forgotten(
    tmp_path: Path, orientation: int, name: str
) -> None:
    stored = four_corners((640, 400), orientation)
    exif = Image.Exif()
    exif[0x0112] = orientation
    exif[0x010F] = "a camera"
    rendered = Rendered(save(tmp_path, stored, name, exif=exif))
    assert (rendered.attributes["width"], rendered.attributes["height"]) == (640, 400)
    for output in ("320w.jpg", "320w.webp"):
        image = rendered.image(output)
        assert image.size == (320, 200)
        assert corner_colours(image) == list(CORNERS)
        assert len(image.getexif()) == 0
        assert b"camera" not in rendered.files[output]


def test_a_wide_gamut_profile_becomes_srgb(tmp_path: Path) -> None:
    stored = Image.new("RGB", (400, 300), (200, 120, 60))
    path = save(tmp_path, stored, "a.png", icc_profile=display_p3_profile())
    # Display P3 (D50, ICC) to sRGB (D50, ICC), by the matrices of the two profiles themselves.
    p3 = np.array(
        [[0.51512, 0.29198, 0.1571], [0.2412, 0.69225, 0.06657], [-0.00105, 0.04189, 0.78407]]
    )
    srgb = np.array(
        [[0.43607, 0.38515, 0.14307], [0.22249, 0.71687, 0.06061], [0.01392, 0.09708, 0.7141]]
    )
    linear = np.linalg.solve(srgb, p3 @ (np.array([200, 120, 60]) / 255) ** 2.2)
    expected = 255 * np.where(
        linear <= 0.0031308, 12.92 * linear, 1.055 * np.maximum(linear, 0) ** (1 / 2.4) - 0.055
    )
    rendered = Rendered(path)
    assert np.abs(expected - [200, 120, 60]).max() > 10, "the profile would change nothing"
    for output in ("thumb.jpg", "320w.webp"):
        image = rendered.image(output)
        assert np.abs(pixels_of(image)[50, 50] - expected).max() <= 3
        assert "icc_profile" not in image.info


def test_a_broken_profile_is_no_reason_to_refuse(tmp_path: Path) -> None:
    stored = Image.new("RGB", (400, 300), (200, 120, 60))
    rendered = Rendered(save(tmp_path, stored, "a.png", icc_profile=b"not a profile"))
    assert np.abs(pixels_of(rendered.image("thumb.jpg"))[9, 9] - [200, 120, 60]).max() <= 3


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P"])
def test_alpha_is_laid_on_white_for_jpeg_and_kept_for_webp(tmp_path: Path, mode: str) -> None:
    stored = Image.new("LA", (400, 300), (40, 255)).convert("RGBA")
    stored.paste((0, 0, 0, 0), (200, 0, 400, 300))
    rendered = Rendered(save(tmp_path, stored.convert(mode), "a.png"))
    jpeg = pixels_of(rendered.image("320w.jpg"))
    assert np.abs(jpeg[120, 40] - 40).max() <= 3
    assert np.abs(jpeg[120, 280] - 255).max() <= 3
    webp = np.asarray(rendered.image("320w.webp").convert("RGBA"))
    assert (webp[120, 40, 3], webp[120, 280, 3]) == (255, 0)


def test_resizing_does_not_bleed_the_colour_of_what_is_transparent(tmp_path: Path) -> None:
    stored = Image.new("RGBA", (641, 400), (255, 0, 0, 0))
    stored.paste((0, 0, 255, 255), (0, 0, 321, 400))
    rendered = Rendered(save(tmp_path, stored, "a.png"))
    webp = np.asarray(rendered.image("320w.webp").convert("RGBA")).astype(int)
    seen = webp[webp[..., 3] > 128]
    assert (seen[:, 0] < 40).all(), "red from under the transparency shows at the edge"


def test_sixteen_bits_are_scaled_not_cut(tmp_path: Path) -> None:
    ramp = np.tile(np.linspace(0, 65535, 600).astype(np.uint16), (300, 1))
    rendered = Rendered(save(tmp_path, Image.fromarray(ramp), "a.png"))
    row = pixels_of(rendered.image("320w.jpg"))[80, :, 0]
    assert np.abs(row - np.linspace(0, 255, 320)).max() <= 4


@pytest.mark.parametrize("mode", ["L", "1", "CMYK", "YCbCr"])
def test_every_colour_model_comes_out_as_colours(tmp_path: Path, mode: str) -> None:
    stored = Image.new("RGB", (400, 300), "white")
    stored.paste("black", (0, 0, 200, 300))
    name = "a.png" if mode == "1" else "a.jpg"
    rendered = Rendered(save(tmp_path, stored.convert(mode), name))
    image = rendered.image("320w.jpg")
    assert image.mode == "RGB"
    assert np.abs(pixels_of(image)[120, [40, 280]] - [[0] * 3, [255] * 3]).max() <= 6


def test_nothing_is_made_larger_than_its_source(tmp_path: Path) -> None:
    rendered = Rendered(save(tmp_path, photo((500, 900)), "a.jpg"))
    sizes = {r["name"]: (r["width"], r["height"]) for r in rendered.attributes["renditions"]}
    assert sizes["thumb"] == (167, 300)
    assert sizes["320w"] == (320, 576)
    assert sizes["640w"] == sizes["1920w"] == (500, 900)
    assert all(rendered.image(f"{name}.jpg").size == size for name, size in sizes.items())


def test_a_long_screenshot_becomes_what_its_formats_can_hold(tmp_path: Path) -> None:
    rendered = Rendered(save(tmp_path, Image.new("RGB", (700, 20000), "teal"), "a.png"))
    sizes = {r["name"]: (r["width"], r["height"]) for r in rendered.attributes["renditions"]}
    assert sizes["1920w"] == (573, 16383)
    assert rendered.image("1920w.webp").size == sizes["1920w"]


def test_damaged_exif_is_no_reason_to_refuse(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    exif[0x010F] = "a camera"
    path = save(tmp_path, photo((400, 300)), "a.jpg", exif=exif)
    whole = path.read_bytes()
    start = whole.index(b"Exif") + 6
    for offset in range(start + 8, start + 38):
        for value in (0, 0x7F, 0xFF):
            path.write_bytes(whole[:offset] + bytes([value]) + whole[offset + 1 :])
            assert Rendered(path).attributes["width"] in (300, 400), offset


def test_a_photo_with_pictures_behind_it_is_a_jpeg(tmp_path: Path) -> None:
    others = [photo((300, 200))]
    path = save(
        tmp_path, photo((2700, 1800)), "a.jpg", format="MPO", save_all=True, append_images=others
    )
    rendered = Rendered(path)
    assert rendered.attributes["contentType"] == "image/jpeg"
    assert decode(path, PIXELS, (1280, 1280)).pixels.width < 2700, "it was decoded in full"


def test_refusals_keep_no_pictures_alive(tmp_path: Path) -> None:
    path = save(tmp_path, photo((600, 400)), "a.png")
    path.write_bytes(path.read_bytes()[:5000])
    refusals = []
    for _ in range(2):
        with pytest.raises(PermanentError) as refusal:
            decode(path, PIXELS, WANTED)
        refusals.append(refusal.value)
    assert refusals[0] is not refusals[1]


SIDES = st.integers(1, 20000)


@given(width=SIDES, height=SIDES, box=st.tuples(SIDES, SIDES))
def test_a_fit_is_inside_its_box_and_keeps_the_shape(
    width: int, height: int, box: tuple[int, int]
) -> None:
    fitted = fit(Rendition({"jpg": Encoding(80)}, box=box), (width, height))
    assert 1 <= fitted[0] <= min(width, box[0])
    assert 1 <= fitted[1] <= min(height, box[1])
    # Within half a pixel of the exact shape, or as thin as a pixel allows.
    scale = min(1.0, box[0] / width, box[1] / height)
    assert abs(fitted[0] - max(1, width * scale)) <= 0.5
    assert abs(fitted[1] - max(1, height * scale)) <= 0.5


@pytest.mark.parametrize("name", ["a.jpg", "a.png", "a.webp"])
@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_a_file_cut_short_is_corrupt(tmp_path: Path, name: str, share: float) -> None:
    path = save(tmp_path, photo((600, 400)), name)
    whole = path.read_bytes()
    path.write_bytes(whole[: int(len(whole) * share)])
    assert_refused(path, "corrupt_image")


@pytest.mark.parametrize(
    "body",
    [b"just text\n", b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"GIF89a" + bytes(99), b"\xff"],
)
def test_what_is_no_image_is_unsupported_whatever_its_name(tmp_path: Path, body: bytes) -> None:
    path = tmp_path / "a.jpg"
    path.write_bytes(body)
    assert_refused(path, "unsupported_image")


@pytest.mark.parametrize("side", [11000, 60000])
def test_a_bomb_is_refused_by_its_header(tmp_path: Path, side: int) -> None:
    path = tmp_path / "a.png"
    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + png_chunk(b"IHDR", header) + png_chunk(b"IDAT", b""))
    assert_refused(path, "image_too_large")


def png_chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def assert_refused(path: Path, code: str) -> None:
    with pytest.raises(PermanentError) as refusal:
        render_file(path, IMAGES, PIXELS, lambda *_: pytest.fail("a rendition was put"))
    assert refusal.value.code == code
