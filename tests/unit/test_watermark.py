"""Watermarks: where each of their pixels comes to lie, by hand."""

from __future__ import annotations

import struct
from io import BytesIO
from pathlib import Path
from typing import Any

import boto3
import numpy as np
import pytest
from PIL import Image

from aws_names import BUCKET, REGION
from imaging.watermark import lay_over, open_watermark
from media_pipeline.failures import TransientError
from media_pipeline.stills import Images, Watermark
from media_pipeline.storage import Publisher
from photo_files import png_chunk
from pictures import display_p3_profile
from rendered import Rendered, images_recipe

GREY, RED, BLUE = (100, 100, 100), (255, 0, 0), (0, 0, 255)
PLAIN = Image.new("RGB", (200, 100), GREY)
MARK = Image.new("RGBA", (40, 20), RED)

Box = tuple[int, int, int, int]


def png(image: Image.Image, image_format: str = "PNG", **options: Any) -> bytes:  # noqa: ANN401
    body = BytesIO()
    image.save(body, image_format, **options)
    return body.getvalue()


def marked_box(marked: Image.Image, plain: Image.Image = PLAIN) -> Box:
    """Left, top, right and bottom of all pixels that differ."""
    differs = (np.asarray(marked.convert("RGB")) != np.asarray(plain.convert("RGB"))).any(axis=2)
    rows, columns = np.flatnonzero(differs.any(axis=1)), np.flatnonzero(differs.any(axis=0))
    return int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1


# Of 200 x 100 pixels: a fifth of the width is 40, a twentieth 10.
@pytest.mark.parametrize(
    ("position", "box"),
    [
        ("top_left", (10, 10, 50, 30)),
        ("top_right", (150, 10, 190, 30)),
        ("bottom_left", (10, 70, 50, 90)),
        ("bottom_right", (150, 70, 190, 90)),
        ("center", (80, 40, 120, 60)),
    ],
)
def test_each_position(position: Any, box: Box) -> None:  # noqa: ANN401
    marked = lay_over(PLAIN, MARK, Watermark("k", position, width=20, margin=5))
    assert (marked.mode, marked.size) == ("RGB", (200, 100))
    assert marked_box(marked) == box
    inside = np.asarray(marked)[box[1] : box[3], box[0] : box[2]]
    assert (inside == RED).all()
    assert marked_box(PLAIN.point(lambda value: value + 1)) == (0, 0, 200, 100)


@pytest.mark.parametrize(
    ("width", "margin", "box"),
    [
        (20, 0, (160, 80, 200, 100)),
        (50, 0, (100, 50, 200, 100)),
        (10, 2, (176, 86, 196, 96)),
        (1, 0, (198, 99, 200, 100)),
        # All the width there is between margins of 20 pixels is 160, and 60 of the height is 120.
        (100, 10, (60, 20, 180, 80)),
        # Margins of half the width leave one pixel.
        (20, 50, (99, 0, 100, 1)),
    ],
)
def test_width_and_margin_are_shares_of_the_pictures_width(
    width: int, margin: int, box: Box
) -> None:
    marked = lay_over(PLAIN, MARK, Watermark("k", "bottom_right", width=width, margin=margin))
    left, top, right, bottom = marked_box(marked)
    assert (left, top, right, bottom) == box


@pytest.mark.parametrize("opacity", [1, 25, 50, 100])
def test_opacity_is_a_share_of_the_marks_own(opacity: int) -> None:
    half = Image.new("RGBA", (40, 20), (*RED, 128))
    for mark, alpha in ((MARK, 1.0), (half, 128 / 255)):
        marked = lay_over(PLAIN, mark, Watermark("k", "center", opacity=opacity))
        share = alpha * opacity / 100
        expected = np.array(RED) * share + np.array(GREY) * (1 - share)
        assert np.abs(np.asarray(marked)[50, 100] - expected).max() <= 2


def test_holes_in_a_mark_show_the_picture() -> None:
    ring = MARK.copy()
    ring.paste((0, 255, 0, 0), (10, 5, 30, 15))
    marked = np.asarray(lay_over(PLAIN, ring, Watermark("k", "center", width=20)))
    assert (marked[50, 100] == GREY).all()
    assert (marked[42, 82] == RED).all()
    # No green that lies under the transparency of the mark.
    assert marked[..., 1].max() <= GREY[1]


def test_on_transparency_only_the_mark_is_seen() -> None:
    clear = Image.new("RGBA", (200, 100), (0, 255, 0, 0))
    clear.paste((*BLUE, 255), (0, 0, 100, 100))
    marked = lay_over(clear, MARK, Watermark("k", "center", opacity=50, width=20))
    assert marked.mode == "RGBA"
    pixels = np.asarray(marked).astype(int)
    assert np.abs(pixels[50, 90] - (128, 0, 127, 255)).max() <= 1
    assert np.abs(pixels[50, 110] - (255, 0, 0, 127)).max() <= 1
    assert pixels[10, 150, 3] == 0
    assert (pixels[10, 50] == (*BLUE, 255)).all()


@pytest.mark.parametrize("size", [(4000, 100), (30, 3000), (1, 1), (1000, 1000)])
@pytest.mark.parametrize("within", [(200, 100), (1, 1), (3, 90), (90, 2)])
@pytest.mark.parametrize("position", ["top_left", "bottom_right", "center"])
def test_a_mark_of_any_size_fits_and_keeps_its_shape(
    size: tuple[int, int],
    within: tuple[int, int],
    position: Any,  # noqa: ANN401
) -> None:
    plain = Image.new("RGB", within, GREY)
    mark = Image.new("RGBA", size, RED)
    marked = lay_over(plain, mark, Watermark("k", position, width=100, margin=10))
    left, top, right, bottom = marked_box(marked, plain)
    margin = within[0] // 10
    room = max(1, within[0] - 2 * margin), max(1, within[1] - 2 * margin)
    scale = min(room[0] / size[0], room[1] / size[1])
    assert abs(right - left - max(1, size[0] * scale)) <= 0.5
    assert abs(bottom - top - max(1, size[1] * scale)) <= 0.5


def test_the_picture_and_the_mark_are_left_as_they_were() -> None:
    lay_over(PLAIN, MARK, Watermark("k", "center", opacity=50))
    assert PLAIN.getextrema() == ((100, 100),) * 3
    assert MARK.getextrema() == ((255, 255), (0, 0), (0, 0), (255, 255))


def recipe(**mark: Any) -> Images:  # noqa: ANN401
    lossless: dict[str, Any] = {"png": {}}
    return images_recipe(
        {
            "large": {"width": 400, "formats": lossless, "watermark": "logo"},
            "plain": {"width": 400, "formats": lossless},
            "half": {"width": 200, "formats": lossless},
            "both": {
                "width": 100,
                "formats": {**lossless, "jpg": {"quality": 90}, "webp": {"quality": 90}},
                "watermark": "logo",
            },
            "small": {"width": 50, "formats": lossless},
        },
        watermarks={
            "logo": {"key": "brand/logo.png", "position": "top_left", "margin": 0, **mark},
            "unused": {"key": "brand/missing.png"},
        },
    )


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "a.png"
    Image.new("RGB", (800, 400), GREY).save(path)
    return path


def test_only_renditions_that_name_it_have_it(source: Path) -> None:
    """Nor do those that are made from the size of one that has it."""
    rendered = Rendered(source, recipe(width=50), assets={"brand/logo.png": png(MARK)})
    for name in ("plain", "half", "small"):
        assert rendered.image(f"{name}.png").getextrema() == ((100, 100),) * 3, name
    for name, side in (("large", 400), ("both", 100)):
        image = rendered.image(f"{name}.png")
        plain = Image.new("RGB", image.size, GREY)
        assert marked_box(image, plain) == (0, 0, side // 2, side // 4)
    for file_format in ("jpg", "webp"):
        pixels = np.asarray(rendered.image(f"both.{file_format}").convert("RGB")).astype(int)
        assert np.abs(pixels[8, 15] - RED).max() < 20
        assert np.abs(pixels[40, 80] - GREY).max() < 8


def test_placeholders_and_hashes_are_of_the_picture_alone(source: Path) -> None:
    marked = Rendered(source, recipe(width=100), assets={"brand/logo.png": png(MARK)})
    plain = Rendered(source, images_recipe({"small": {"width": 50, "formats": {"png": {}}}}))
    for name in ("blurhash", "thumbhash", "lqip", "dominantColor", "perceptualHash"):
        assert marked.attributes[name] == plain.attributes[name], name


def test_a_marks_profile_and_format_are_seen_through(source: Path) -> None:
    mark = Image.new("RGB", (40, 20), (200, 120, 60))
    plain = open_watermark("logo", png(mark))
    wide = open_watermark("logo", png(mark, icc_profile=display_p3_profile()))
    assert plain.getpixel((9, 9)) == (200, 120, 60, 255)
    assert wide.getpixel((9, 9)) != plain.getpixel((9, 9))
    for image_format in ("JPEG", "WEBP"):
        [colours] = [open_watermark("logo", png(mark, image_format, quality=95)).getpixel((9, 9))]
        assert np.abs(np.array(colours) - (200, 120, 60, 255)).max() < 6


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"text",
        b"<svg/>",
        png(MARK)[:60],
        png(MARK)[:-30],
        png(PLAIN, "GIF"),
        png(PLAIN, "TIFF"),
    ],
    ids=["empty", "text", "svg", "cut", "nearly whole", "gif", "tiff"],
)
def test_a_mark_that_does_not_open_is_no_uploads_fault(source: Path, body: bytes) -> None:
    with pytest.raises(TransientError, match="watermark logo"):
        Rendered(source, recipe(), assets={"brand/logo.png": body})


def test_a_mark_of_too_many_pixels_is_no_uploads_fault(source: Path) -> None:
    header = struct.pack(">IIBBBBB", 60000, 60000, 8, 6, 0, 0, 0)
    bomb = b"\x89PNG\r\n\x1a\n" + png_chunk(b"IHDR", header) + png_chunk(b"IDAT", b"")
    with pytest.raises(TransientError, match="watermark logo"):
        Rendered(source, recipe(), assets={"brand/logo.png": bomb})


def test_an_animation_has_the_mark_on_every_frame(tmp_path: Path) -> None:
    path = tmp_path / "a.gif"
    frames = [Image.new("RGB", (200, 100), (0, 0, 100 + 50 * number)) for number in range(3)]
    frames[0].save(path, save_all=True, append_images=frames[1:], duration=100)
    rendition = {"width": 200, "animated": True, "watermark": "logo", "formats": {}}
    rendition["formats"] = {"webp": {"quality": 90}}
    marks = {"logo": {"key": "k", "position": "top_left", "margin": 0, "width": 50}}
    made = Rendered(
        path, images_recipe({"a": rendition}, watermarks=marks), assets={"k": png(MARK)}
    )
    with made.image("a.webp") as image:
        assert image.n_frames == 3  # type: ignore[attr-defined]
        for number in range(3):
            image.seek(number)
            pixels = np.asarray(image.convert("RGB")).astype(int)
            assert np.abs(pixels[20, 40] - RED).max() < 20
            assert np.abs(pixels[80, 150] - (0, 0, 100 + 50 * number)).max() < 20


def publisher(client: Any, bucket: str = BUCKET) -> Publisher:  # noqa: ANN401
    return Publisher(client, bucket, lambda name: name, None)


def test_a_mark_is_read_from_the_bucket_of_the_outputs(s3: Any) -> None:  # noqa: ANN401
    location: Any = {"LocationConstraint": "eu-central-1"}
    s3.create_bucket(Bucket="outputs", CreateBucketConfiguration=location)
    s3.put_object(Bucket=BUCKET, Key="brand/logo.png", Body=b"of the originals")
    s3.put_object(Bucket="outputs", Key="brand/logo.png", Body=b"of the outputs")
    with publisher(s3, "outputs") as outputs:
        assert outputs.read("brand/logo.png") == b"of the outputs"


def test_a_mark_that_is_missing_can_be_put_there_later(s3: Any) -> None:  # noqa: ANN401
    with publisher(s3) as outputs:
        with pytest.raises(TransientError, match=r"brand/logo\.png"):
            outputs.read("brand/logo.png")
        s3.put_object(Bucket=BUCKET, Key="brand/logo.png", Body=b"logo")
        assert outputs.read("brand/logo.png") == b"logo"


def test_a_mark_in_a_bucket_that_is_missing(aws: None) -> None:
    client = boto3.client("s3", region_name=REGION)
    with publisher(client, "elsewhere") as outputs, pytest.raises(TransientError):
        outputs.read("brand/logo.png")
