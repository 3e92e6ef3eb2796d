"""Any colour model and depth into 8-bit sRGB, with its transparency."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING

from PIL import Image

if TYPE_CHECKING:
    from PIL import ImageCms

SIXTEEN_BITS = ("I", "I;16", "I;16L", "I;16B", "I;16N")


def to_srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    """`image` in `RGB`, or in `RGBA` if any of it is transparent.

    `profile` is the ICC profile that its numbers are meant in; one that is broken, or of another
    colour model, says nothing about them and is ignored.
    """
    if image.mode in SIXTEEN_BITS:
        # Scaled, since a plain conversion would cut everything over 255.
        image = image.convert("I").point(lambda value: value * (255 / 65535) + 0.5).convert("L")
    has_alpha = image.has_transparency_data
    if image.mode == "P" or (has_alpha and "A" not in image.mode):
        # Transparency may be an entry of the palette, or a colour that is named beside the pixels.
        image = image.convert("RGBA" if has_alpha else "RGB")
    if image.mode in ("RGBa", "La"):
        image = image.convert("RGBA")
    if image.mode == "LAB" or profile is not None:
        image = _apply_profile(image, profile)
    mode = "RGBA" if has_alpha else "RGB"
    image = image if image.mode == mode else image.convert(mode)
    return image.convert("RGB") if has_alpha and _is_opaque(image) else image


def flatten(pixels: Image.Image, background: str) -> Image.Image:
    """An opaque copy: `pixels` laid on a plain colour, `#rrggbb`."""
    if pixels.mode == "RGB":
        return pixels.copy()
    flat = Image.new("RGB", pixels.size, background)
    flat.paste(pixels, mask=pixels.getchannel("A"))
    return flat


def _is_opaque(image: Image.Image) -> bool:
    return image.getchannel("A").getextrema() == (255, 255)


def _apply_profile(image: Image.Image, profile: bytes | None) -> Image.Image:
    # Most pictures have no profile: what reads them is imported for those that do.
    from PIL import ImageCms

    try:
        converted = ImageCms.profileToProfile(
            image,
            _profile_of(image, profile),
            ImageCms.createProfile("sRGB"),
            renderingIntent=ImageCms.Intent.RELATIVE_COLORIMETRIC,
            outputMode="RGBA" if image.mode in ("RGBA", "LA") else "RGB",
            flags=ImageCms.Flags.BLACKPOINTCOMPENSATION,
        )
    except (ImageCms.PyCMSError, OSError):
        return image
    return converted or image


def _profile_of(image: Image.Image, profile: bytes | None) -> ImageCms.ImageCmsProfile:
    from PIL import ImageCms

    if image.mode == "LAB":
        return ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB"))
    return ImageCms.ImageCmsProfile(BytesIO(profile or b""))
