"""An untrusted file becomes upright sRGB pixels, or a refusal that says why."""

from __future__ import annotations

import struct
import warnings
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

from PIL import Image, ImageCms

from media_pipeline.failures import PermanentError

SIGNATURES = {
    "JPEG": ((0, b"\xff\xd8\xff"),),
    "PNG": ((0, b"\x89PNG\r\n\x1a\n"),),
    "WEBP": ((0, b"RIFF"), (8, b"WEBP")),
}
"""The bytes, by offset, that a file of each format begins with."""

LONGEST_SIGNATURE = 16

SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))

UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""What makes a picture upright, by its EXIF orientation (EXIF 2.32, 4.6.4 A)."""

KEEP_SIDES = (
    Image.Transpose.FLIP_LEFT_RIGHT,
    Image.Transpose.ROTATE_180,
    Image.Transpose.FLIP_TOP_BOTTOM,
)

ORIENTATION_TAG = 0x0112

DAMAGE = (OSError, SyntaxError, ValueError, EOFError, TypeError, IndexError, struct.error)
"""What Pillow raises for files that are not what they say."""


@dataclass(frozen=True)
class Picture:
    """Upright sRGB pixels, `RGB` or `RGBA`; `size` is the original's own, upright, in pixels.

    The pixels may be fewer than `size` says, but never fewer than were asked for.
    """

    pixels: Image.Image
    size: tuple[int, int]
    content_type: str


def decode(path: Path, pixel_limit: int, wanted: tuple[int, int]) -> Picture:
    """Decode the first frame of a JPEG, PNG or WebP file.

    `wanted` is the width and height that the largest rendition would fill at most; a JPEG may be
    decoded at a fraction of its size that still covers it. Raises `PermanentError` with
    `unsupported_image`, `image_too_large` or `corrupt_image`.
    """
    image_format = _recognise(path)
    try:
        with warnings.catch_warnings():
            # Of EXIF that is damaged, say, which keeps nobody from the picture.
            warnings.simplefilter("ignore")
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            # Pillow refuses at twice its own limit and warns at once; the recipe's limit rules.
            Image.MAX_IMAGE_PIXELS = pixel_limit
            with Image.open(path, formats=[image_format]) as image:
                return _decode_opened(image, image_format, wanted)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise PermanentError(
            "image_too_large",
            f"The image has more than the {pixel_limit:,} pixels that the recipe takes.",
        ) from error
    except DAMAGE as error:
        raise PermanentError(
            "corrupt_image", "The image is damaged or incomplete; export it again and upload that."
        ) from error


def _recognise(path: Path) -> str:
    with path.open("rb") as file:
        start = file.read(LONGEST_SIGNATURE)
    for image_format, signature in SIGNATURES.items():
        if all(start.startswith(expected, offset) for offset, expected in signature):
            return image_format
    raise PermanentError(
        "unsupported_image",
        "The file is no JPEG, PNG or WebP image, whatever its name says; convert it to one.",
    )


def _decode_opened(image: Image.Image, image_format: str, wanted: tuple[int, int]) -> Picture:
    turn = UPRIGHT.get(_orientation(image))
    is_turned = turn is not None and turn not in KEEP_SIDES
    size = image.size[::-1] if is_turned else image.size
    profile = image.info.get("icc_profile")
    if image_format == "JPEG":
        image.draft("", _covering(image.size, wanted[::-1] if is_turned else wanted))
    image.load()
    pixels = _to_srgb(image, profile)
    if turn is not None:
        pixels = pixels.transpose(turn)
    return Picture(pixels, size, Image.MIME[image_format])


def _orientation(image: Image.Image) -> int:
    """The EXIF orientation; upright where the EXIF is damaged, for the picture may be whole."""
    try:
        return int(image.getexif().get(ORIENTATION_TAG, 1))
    except DAMAGE:
        return 1


def _covering(size: tuple[int, int], wanted: tuple[int, int]) -> tuple[int, int]:
    """The size, in the original's proportions, of the largest rendition that fits `wanted`."""
    scale = min(1.0, wanted[0] / size[0], wanted[1] / size[1])
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))


def _to_srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    if image.mode.startswith("I"):
        # 16 bits a channel: scaled, since a plain conversion would cut everything over 255.
        image = image.convert("I").point(lambda value: value * (255 / 65535)).convert("L")
    has_alpha = image.has_transparency_data
    if image.mode == "P":
        image = image.convert("RGBA" if has_alpha else "RGB")
    if profile is not None:
        image = _apply_profile(image, profile)
    mode = "RGBA" if has_alpha else "RGB"
    return image if image.mode == mode else image.convert(mode)


def _apply_profile(image: Image.Image, profile: bytes) -> Image.Image:
    alpha = image.getchannel("A") if image.mode in ("RGBA", "LA") else None
    opaque = image.convert(image.mode.removesuffix("A")) if alpha else image
    try:
        converted = ImageCms.profileToProfile(
            opaque,
            ImageCms.ImageCmsProfile(BytesIO(profile)),
            SRGB,
            renderingIntent=ImageCms.Intent.RELATIVE_COLORIMETRIC,
            outputMode="RGB",
            flags=ImageCms.Flags.BLACKPOINTCOMPENSATION,
        )
    except (ImageCms.PyCMSError, OSError):
        # A profile that is broken or of another colour model says nothing about these pixels.
        return image
    if converted is None:
        return image
    if alpha:
        converted.putalpha(alpha)
    return converted
