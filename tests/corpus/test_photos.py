"""Photos of real cameras, against what libvips, and for HEIC FFmpeg, decodes from them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from io import BytesIO
from pathlib import Path

import av
import numpy as np
import pytest
import pyvips  # type: ignore[import-untyped]
from numpy.typing import NDArray
from PIL import Image

from pictures import similarity
from rendered import Rendered

Render = Callable[[str], Rendered]
Pixels = NDArray[np.uint8]


def size_of(photo: Rendered) -> tuple[int, int]:
    return photo.attributes["width"], photo.attributes["height"]


def seen_by_vips(path: Path, size: tuple[int, int]) -> Pixels:
    """The picture, upright and in sRGB, as libvips sees it: at `size`, with alpha if it has any."""
    return in_srgb(pyvips.Image.new_from_file(str(path)), size)


def in_srgb(image: pyvips.Image, size: tuple[int, int]) -> Pixels:
    colours, alpha = (image[:-1], image[-1]) if image.hasalpha() else (image, None)
    if "icc-profile-data" in image.get_fields():
        colours = colours.icc_transform("srgb", embedded=True, black_point_compensation=True)
    elif image.interpretation != "srgb":
        colours = colours.colourspace("srgb")
    if alpha is not None:
        opacity = alpha / 257 if image.format == "ushort" else alpha
        colours = colours.bandjoin(opacity).copy(interpretation="srgb").premultiply()
    upright = colours.autorot()
    scaled = upright.resize(size[0] / upright.width, vscale=size[1] / upright.height)
    scaled = scaled if alpha is None else scaled.unpremultiply()
    return np.asarray(scaled.cast("uchar").numpy(), np.uint8)


def on_white(pixels: Pixels) -> Pixels:
    if pixels.shape[2] == 3:
        return pixels
    share = pixels[..., 3:] / 255
    return np.round(pixels[..., :3] * share + 255 * (1 - share)).astype(np.uint8)


def assert_same(made: Image.Image, expected: Pixels) -> None:
    """The same but for what another filter and the encoder change."""
    assert made.size == (expected.shape[1], expected.shape[0])
    assert similarity(made, Image.fromarray(expected)) > 0.88
    differences = np.asarray(made.convert("RGB"), float) - expected
    assert np.abs(differences.mean(axis=(0, 1))).max() < 2.5
    assert np.abs(differences).mean() < 7


@pytest.mark.parametrize(
    ("name", "size"),
    [
        ("camera-12mp-4032x3024.jpg", (4032, 3024)),
        ("orientation-6-landscape.jpg", (1800, 1200)),
        ("orientation-8-portrait.jpg", (1200, 1800)),
        ("orientation-5-portrait.jpg", (1200, 1800)),
        ("cmyk-with-icc.jpg", (500, 333)),
        ("rotated-irot1.avif", (640, 427)),
        ("rgb-16bit.png", (900, 600)),
        ("grey-alpha-16bit.png", (109, 96)),
        ("alpha-1024x768.png", (1024, 768)),
        ("animated-squares.gif", (80, 80)),
        ("animated-loop3.webp", (370, 285)),
    ],
)
def test_a_photo_is_upright_and_looks_as_libvips_sees_it(
    corpus: Path, rendered: Render, name: str, size: tuple[int, int]
) -> None:
    photo = rendered(name)
    assert size_of(photo) == size
    for rendition in photo.attributes["renditions"]:
        if rendition["name"] in ("320w", "960w"):
            made = rendition["width"], rendition["height"]
            expected = on_white(seen_by_vips(corpus / name, made))
            assert made == (min(size[0], int(rendition["name"][:-1])), made[1])
            assert made[1] == round(size[1] * made[0] / size[0])
            assert_same(photo.image(f"{rendition['name']}.jpg"), expected)
            for file_format in ("jpg", "webp"):
                image = photo.image(f"{rendition['name']}.{file_format}")
                assert image.mode in ("RGB", "RGBA")
                assert not image.info.keys() & {"icc_profile", "exif", "xmp"}


def test_the_words_on_the_edges_are_where_they_say(corpus: Path, rendered: Render) -> None:
    """The pictures of orientation 5 and 8 are one photo, but for the figure in the middle."""
    fifth, eighth = (
        np.asarray(rendered(f"orientation-{n}-portrait.jpg").image("320w.jpg"), float)
        for n in (5, 8)
    )
    for edge in (np.s_[:30], np.s_[-30:], np.s_[:, :40], np.s_[:, -40:]):
        assert np.abs(fifth[edge] - eighth[edge]).mean() < 3
        assert np.abs(fifth[edge] - fifth[::-1, ::-1][edge]).mean() > 10


def test_cmyk_without_a_profile_is_turned_once_and_not_inverted(
    corpus: Path, rendered: Render
) -> None:
    photo = rendered("cmyk-with-orientation.jpg")
    assert size_of(photo) == (533, 800)
    assert photo.attributes["metadata"]["camera"] == "Canon EOS 5D Mark III"
    image = photo.image("320w.jpg")
    assert image.mode == "RGB"
    made = np.asarray(image, float)
    # libvips takes a press for granted where the file names none: only the order of tones is sure.
    expected = seen_by_vips(corpus / "cmyk-with-orientation.jpg", image.size).astype(float)
    for band in range(3):
        assert np.corrcoef(made[..., band].ravel(), expected[..., band].ravel())[0, 1] > 0.95
    # A man in black before dark leaves.
    assert np.abs(made - expected).mean() < 40
    assert made.mean() < 90


@pytest.mark.parametrize("name", ["alpha-1024x768.png", "grey-alpha-16bit.png"])
def test_transparency_is_kept_in_webp(corpus: Path, rendered: Render, name: str) -> None:
    image = rendered(name).image("320w.webp")
    assert image.mode == "RGBA"
    expected = seen_by_vips(corpus / name, image.size)
    expected = expected if expected.shape[2] == 4 else expected[..., [0, 0, 0, 1]]
    alphas = np.asarray(image)[..., 3].astype(float)
    assert np.abs(alphas - expected[..., 3]).mean() < 2
    assert alphas.min() < 30


@pytest.mark.parametrize("name", ["rgb-16bit.png", "grey-alpha-16bit.png"])
def test_sixteen_bits_keep_their_tones(corpus: Path, rendered: Render, name: str) -> None:
    """Neither cut off at white nor fallen to black: the shares of all tones are the file's."""
    image = rendered(name).image("640w.jpg")
    deep = pyvips.Image.new_from_file(str(corpus / name)).numpy().astype(float) / 257
    if deep.shape[2] == 2:
        deep = deep[..., :1] * deep[..., 1:] / 255 + 255 - deep[..., 1:]
    tones = np.percentile(deep, range(2, 100, 4), axis=(0, 1))
    made = np.percentile(np.asarray(image, float), range(2, 100, 4), axis=(0, 1))
    assert np.abs(made - tones).mean() < 2
    assert np.ptp(tones) > 5


def heic_property(body: bytes, kind: bytes) -> bytes:
    """The body of the first item property of a kind (ISO/IEC 14496-12, 4.2)."""
    start = body.index(kind)
    return body[start + 4 : start - 4 + int.from_bytes(body[start - 4 : start], "big")]


def tiles_of(path: Path, side: int) -> list[Pixels]:
    with av.open(str(path)) as container:
        streams = [s for s in container.streams.video if (s.width, s.height) == (side, side)]
        numbers = [stream.index for stream in streams]
    tiles: list[Pixels] = []
    for number in numbers:
        with av.open(str(path)) as container:
            frame = next(container.decode(container.streams[number]))
            assert isinstance(frame, av.VideoFrame)
            tiles.append(np.asarray(frame.to_ndarray(format="rgb24"), np.uint8))
    return tiles


def test_an_iphones_heic_is_turned_once_and_becomes_srgb(corpus: Path, rendered: Render) -> None:
    photo = rendered("iphone13.HEIC")
    assert size_of(photo) == (3024, 4032)
    assert photo.attributes["contentType"] == "image/heic"
    path = corpus / "iphone13.HEIC"
    body = path.read_bytes()
    tiles = tiles_of(path, 512)
    rows = [np.hstack(tiles[start : start + 8]) for start in range(0, 48, 8)]
    stored = np.vstack(rows)[:3024, :4032]
    # Quarter turns to the left (ISO/IEC 23008-12, 6.5.10).
    upright = np.ascontiguousarray(np.rot90(stored, heic_property(body, b"irot")[0]))
    image = pyvips.Image.new_from_array(upright).copy(interpretation="srgb")
    image.set_type(
        pyvips.GValue.blob_type, "icc-profile-data", heic_property(body, b"colr")[len("prof") :]
    )
    made = photo.image("960w.jpg")
    expected = in_srgb(image, made.size)
    assert_same(made, expected)
    # The profile changes what is more than the tolerances.
    plain = np.asarray(Image.fromarray(upright).resize(made.size), float)
    assert np.abs(plain - expected).mean(axis=(0, 1)).max() > 4


def test_a_heic_of_one_piece(corpus: Path, rendered: Render) -> None:
    photo = rendered("cheers-1440x960.heic")
    assert size_of(photo) == (1440, 960)
    [stored] = (
        np.asarray(frame.to_ndarray(format="rgb24"), np.uint8)
        for frame in frames_of(corpus / "cheers-1440x960.heic")
    )
    made = photo.image("960w.jpg")
    assert_same(made, in_srgb(pyvips.Image.new_from_array(stored), made.size))


def frames_of(path: Path) -> list[av.VideoFrame]:
    with av.open(str(path)) as container:
        return list(container.decode(container.streams.video[0]))


def test_a_phones_photo_becomes_all_of_the_default_recipe(rendered: Render) -> None:
    photo = rendered("camera-12mp-4032x3024.jpg")
    sizes = {r["name"]: (r["width"], r["height"]) for r in photo.attributes["renditions"]}
    assert sizes == {
        "thumb": (300, 225),
        "320w": (320, 240),
        "640w": (640, 480),
        "960w": (960, 720),
        "1280w": (1280, 960),
        "1920w": (1920, 1440),
    }
    for name, size in sizes.items():
        assert photo.image(f"{name}.jpg").size == size
    metadata = photo.attributes["metadata"]
    assert metadata["camera"] == "samsung SM-G935L"
    assert metadata["capturedAt"] == "2017-02-09T19:51:38"
    said: Mapping[str, float] = {"exposureSeconds": 0.1, "aperture": 1.7, "iso": 640}
    assert {name: metadata[name] for name in said} == said
    assert "position" not in metadata
    lqip = photo.attributes["lqip"]
    assert lqip.startswith("data:image/webp;base64,")
    assert BytesIO(photo.files["1920w.webp"]).read(4) == b"RIFF"
