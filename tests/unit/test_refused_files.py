"""What is refused before a decoder has been asked: other kinds of files, and too much of one."""

from __future__ import annotations

import json
import os
import struct
import subprocess
import sys
import zlib
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
from PIL import Image

from media_pipeline.recipe import load_recipe
from photo_files import png_chunk
from photos.formats import recognise
from pictures import photo
from rendered import Rendered, images_recipe, refusal_of

IMAGES = load_recipe().images


def zip_file() -> bytes:
    body = BytesIO()
    with ZipFile(body, "w") as archive:
        archive.writestr("photo.jpg", b"\xff\xd8\xff\xe0")
    return body.getvalue()


def saved(image_format: str, size: tuple[int, int] = (64, 48)) -> bytes:
    body = BytesIO()
    photo(size).save(body, image_format)
    return body.getvalue()


def box(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", 8 + len(body)) + kind + body


STRANGERS: dict[str, Callable[[], bytes]] = {
    "svg": lambda: (
        b'<svg xmlns="http://www.w3.org/2000/svg"><image href="file:///etc/passwd"/></svg>'
    ),
    "svg with prologue": lambda: b'<?xml version="1.0"?><!DOCTYPE svg [<!ENTITY x "y">]><svg/>',
    "pdf": lambda: b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n<<>>\nendobj\n" + saved("JPEG"),
    "psd": lambda: b"8BPS\0\1" + bytes(6) + struct.pack(">HIIHH", 3, 48, 64, 8, 3) + bytes(999),
    "eps": lambda: b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 64 48\n",
    "eps of dos": lambda: b"\xc5\xd0\xd3\xc6" + bytes(99),
    "ico": lambda: saved("ICO"),
    "icns": lambda: saved("ICNS"),
    "jpeg 2000": lambda: saved("JPEG2000"),
    "jpeg 2000 stream": lambda: saved("JPEG2000")[85:],
    "jpeg xl": lambda: b"\0\0\0\x0cJXL \r\n\x87\n" + bytes(99),
    "ppm": lambda: saved("PPM"),
    "tga": lambda: saved("TGA"),
    "pcx": lambda: saved("PCX"),
    "dds": lambda: saved("DDS"),
    "sgi": lambda: saved("SGI"),
    "html": lambda: b"<!DOCTYPE html><html><body><img src='photo.jpg'></body></html>",
    "zip": zip_file,
    "gzip": lambda: b"\x1f\x8b\x08" + bytes(99),
    "text": lambda: b"just text\n",
    "bmp, says a text": lambda: b"BMW is a maker of cars, and this is no bitmap.\n" * 9,
    "mp4": lambda: box(b"ftyp", b"isom\0\0\2\0isomiso2avc1mp41") + box(b"mdat", bytes(999)),
    "mov": lambda: box(b"ftyp", b"qt  \0\0\2\0qt  ") + box(b"mdat", bytes(999)),
    "mp3": lambda: b"ID3\x04" + bytes(99),
    "wav": lambda: b"RIFF" + struct.pack("<I", 36) + b"WAVEfmt " + bytes(28),
    "avi": lambda: b"RIFF" + struct.pack("<I", 999) + b"AVI LIST" + bytes(99),
    "program": lambda: b"\x7fELF\x02\x01\x01" + bytes(99),
    "one byte": lambda: b"\xff",
    "a start of image alone": lambda: b"\xff\xd8",
    "half of a signature": lambda: b"\x89PNG\r\n",
    "a signature that is late": lambda: b"\n" + saved("PNG"),
    "zeros": lambda: bytes(5000),
    "a box of no size": lambda: b"\0\0\0\0ftyp" + bytes(99),
}


@pytest.mark.parametrize("kind", STRANGERS)
@pytest.mark.parametrize("name", ["a.jpg", "a.png", "a.svg", "a"])
def test_a_stranger_meets_no_decoder_whatever_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str, name: str
) -> None:
    path = tmp_path / name
    path.write_bytes(STRANGERS[kind]())
    monkeypatch.setattr(Image, "open", lambda *_, **__: pytest.fail("a decoder was asked"))
    refusal = refusal_of(path, IMAGES)
    assert refusal.code == "unsupported_image"
    assert "convert it" in refusal.sentence
    assert str(tmp_path) not in refusal.sentence


@pytest.mark.parametrize("image_format", ["JPEG", "PNG", "WEBP", "GIF", "TIFF", "BMP", "AVIF"])
def test_only_the_decoder_of_its_signature_is_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, image_format: str
) -> None:
    path = tmp_path / "a.svg"
    path.write_bytes(saved(image_format))
    asked: list[object] = []
    really_open = Image.open

    def opened(file: Any, formats: Any = None) -> Image.Image:  # noqa: ANN401
        asked.append(formats)
        return really_open(file, formats=formats)

    monkeypatch.setattr(Image, "open", opened)
    assert Rendered(path, images_recipe({"a": {"width": 9, "formats": {"png": {}}}})).files
    assert asked == [[image_format]] * len(asked)
    assert asked


def png_header(width: int, height: int) -> bytes:
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + png_chunk(b"IHDR", header) + png_chunk(b"IDAT", b"")


def gif_header(width: int, height: int) -> bytes:
    screen = b"GIF89a" + struct.pack("<HHBBB", width, height, 0x80, 0, 0) + bytes(6)
    return screen + b"," + struct.pack("<HHHHB", 0, 0, width, height, 0) + b"\2\1\x44\0;"


def tiff_header(width: int, height: int) -> bytes:
    fields = {256: width, 257: height, 258: 8, 259: 5, 262: 1, 273: 8, 277: 1, 278: height, 279: 1}
    entries = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in fields.items())
    return b"II*\0\x08\0\0\0" + struct.pack("<H", len(fields)) + entries + bytes(4)


def webp_header(width: int, height: int) -> bytes:
    canvas = bytes(4) + (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    extended = b"VP8X" + struct.pack("<I", 10) + canvas
    lossless = b"\x2f" + ((width - 1) | (height - 1) << 14).to_bytes(4, "little") + bytes(5)
    chunks = extended + b"VP8L" + struct.pack("<I", len(lossless)) + lossless
    return b"RIFF" + struct.pack("<I", 4 + len(chunks)) + b"WEBP" + chunks


def bmp_header(width: int, height: int) -> bytes:
    header = struct.pack("<IiiHHIIiiII", 40, width, height, 1, 24, 0, 0, 0, 0, 0, 0)
    return b"BM" + struct.pack("<IHHI", 54, 0, 0, 54) + header


def resized_boxes(image_format: str, width: int, height: int) -> bytes:
    """A small picture whose `ispe` says that it is larger (ISO/IEC 23008-12, 6.5.3)."""
    # Square, and whole blocks of the codec, so that nothing is cropped either.
    said = b"ispe" + struct.pack(">III", 0, 64, 64)
    body = saved(image_format, (64, 64))
    assert said in body
    return body.replace(said, b"ispe" + struct.pack(">III", 0, width, height))


BOMBS: dict[str, Callable[[int, int], bytes]] = {
    "png": png_header,
    "gif": gif_header,
    "tiff": tiff_header,
    "webp": webp_header,
    "bmp": bmp_header,
    "avif": lambda width, height: resized_boxes("AVIF", width, height),
    "heic": lambda width, height: resized_boxes("HEIF", width, height),
    "jpeg": lambda width, height: saved("JPEG").replace(
        struct.pack(">HH", 48, 64), struct.pack(">HH", height, width)
    ),
}


@pytest.mark.parametrize("kind", BOMBS)
@pytest.mark.parametrize("size", [(16000, 16000), (10001, 10000)])
def test_a_bomb_is_refused_by_its_header(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str, size: tuple[int, int]
) -> None:
    path = tmp_path / "a.jpg"
    path.write_bytes(BOMBS[kind](*size))
    assert path.stat().st_size < 5000
    really_open = Image.open

    def opened(file: Any, formats: Any) -> Image.Image:  # noqa: ANN401
        image = really_open(file, formats=formats)
        monkeypatch.setattr(image, "load", lambda: pytest.fail("pixels were asked for"))
        return image

    monkeypatch.setattr(Image, "open", opened)
    refusal = refusal_of(path, IMAGES)
    assert refusal.code == "image_too_large"
    assert "100,000,000 pixels" in refusal.sentence


@pytest.mark.parametrize(
    "image_format", ["JPEG", "PNG", "WEBP", "GIF", "TIFF", "BMP", "AVIF", "HEIF"]
)
def test_the_pixel_limit_is_the_recipes_own(tmp_path: Path, image_format: str) -> None:
    path = tmp_path / "a"
    path.write_bytes(saved(image_format))
    limits = {"bytes": 10**6, "frames": 9}
    at_most = images_recipe(limits={**limits, "pixels": 64 * 48})
    assert Rendered(path, at_most).attributes["width"] == 64
    below = images_recipe(limits={**limits, "pixels": 64 * 48 - 1})
    assert refusal_of(path, below).code == "image_too_large"
    # A refusal, or a higher limit, of one photo is none of the next.
    assert Rendered(path, IMAGES).attributes["width"] == 64


@pytest.mark.parametrize("image_format", ["GIF", "WEBP", "PNG", "AVIF"])
@pytest.mark.parametrize("animated", [True, False])
def test_more_frames_than_the_recipe_takes(
    tmp_path: Path, image_format: str, animated: bool
) -> None:
    path = tmp_path / "a"
    frames = [Image.new("RGB", (32, 24), (shade * 50, 0, 90)) for shade in range(5)]
    frames[0].save(path, image_format, save_all=True, append_images=frames[1:], duration=100)
    rendition = {"width": 32, "animated": animated, "formats": {"webp": {"quality": 80}}}
    limits = {"bytes": 10**6, "pixels": 10**6}

    def recipe(most: int) -> Any:  # noqa: ANN401
        return images_recipe({"a": rendition}, limits={**limits, "frames": most})

    assert Rendered(path, recipe(5)).files
    refusal = refusal_of(path, recipe(4))
    assert refusal.code == "too_many_frames"
    assert "5 frames" in refusal.sentence


def test_pages_are_no_frames(tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    pages = [photo((32, 24))] * 5
    pages[0].save(path, save_all=True, append_images=pages[1:])
    limits = {"bytes": 10**6, "pixels": 10**6, "frames": 1}
    assert Rendered(path, images_recipe(limits=limits)).files


@pytest.mark.parametrize("chunk", [b"iCCP", b"zTXt"])
def test_a_chunk_that_unpacks_to_more_than_its_like_ever_holds(
    tmp_path: Path, chunk: bytes
) -> None:
    packed = b"name\0\0" + zlib.compress(bytes(100 * 1024 * 1024), 9)
    whole = saved("PNG")
    start = whole.index(b"IDAT") - 4
    path = tmp_path / "a.png"
    path.write_bytes(whole[:start] + png_chunk(chunk, packed) + whole[start:])
    assert refusal_of(path, IMAGES).code == "corrupt_image"


LIST_MODULES = """
import json, sys
from pathlib import Path
from media_pipeline.recipe import load_recipe
from photos.photo import render_photo

answer = lambda name, body, content_type: {}
render_photo(Path(sys.argv[1]), load_recipe().images, answer, print, lambda: 60.0)
print(json.dumps(sorted(sys.modules)))
"""


def modules_after(path: Path) -> set[str]:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-c", LIST_MODULES, str(path)]
    done = subprocess.run(command, env=environment, capture_output=True, check=True)
    return set(json.loads(done.stdout))


RARE = {"pillow_heif", "rawpy", "numpy", "PIL.ImageCms"}


def test_a_jpeg_pays_for_no_rare_inputs(tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    path.write_bytes(saved("JPEG"))
    assert not modules_after(path) & RARE
    path.write_bytes(saved("HEIF"))
    assert modules_after(path) & RARE == {"pillow_heif"}


def test_what_is_taken_is_known_by_its_own_bytes(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    for image_format in ("JPEG", "PNG", "WEBP", "GIF", "TIFF", "BMP", "AVIF", "HEIF"):
        path.write_bytes(saved(image_format))
        assert recognise(path) == image_format
