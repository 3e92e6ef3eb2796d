"""A caller's own image, laid over a rendition."""

from __future__ import annotations

from io import BytesIO

from PIL import Image

from imaging.colour import to_srgb
from media_pipeline.failures import TransientError
from media_pipeline.stills import Watermark

FORMATS = ("PNG", "WEBP", "JPEG")


def open_watermark(name: str, body: bytes) -> Image.Image:
    """The watermark's pixels, `RGBA`.

    Raises `TransientError` for what is no PNG, WebP or JPEG: no upload is to blame for that, and
    all that wait for it can be done once it is mended.
    """
    try:
        with Image.open(BytesIO(body), formats=FORMATS) as image:
            image.load()
            return to_srgb(image, image.info.get("icc_profile")).convert("RGBA")
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise TransientError(f"the watermark {name} is no PNG, WebP or JPEG that opens") from error


def lay_over(pixels: Image.Image, mark: Image.Image, recipe: Watermark) -> Image.Image:
    """A copy of `pixels` with `mark` on it; the mark keeps its shape and fits inside."""
    margin = round(pixels.width * recipe.margin / 100)
    room = max(1, pixels.width - 2 * margin), max(1, pixels.height - 2 * margin)
    width = pixels.width * recipe.width / 100
    scale = min(width / mark.width, room[0] / mark.width, room[1] / mark.height)
    size = max(1, round(mark.width * scale)), max(1, round(mark.height * scale))
    scaled = mark.resize(size, Image.Resampling.LANCZOS)
    scaled.putalpha(scaled.getchannel("A").point(lambda value: value * recipe.opacity / 100))
    marked = pixels.convert("RGBA")
    marked.alpha_composite(scaled, _place(recipe, pixels.size, size, margin))
    return marked.convert(pixels.mode)


def _place(
    recipe: Watermark, within: tuple[int, int], size: tuple[int, int], margin: int
) -> tuple[int, int]:
    free = within[0] - size[0], within[1] - size[1]
    if recipe.position == "center":
        return free[0] // 2, free[1] // 2
    vertical, horizontal = recipe.position.split("_")
    # A picture smaller than its margins has the mark in its corner.
    left = max(0, min(margin, free[0])) if horizontal == "left" else max(0, free[0] - margin)
    top = max(0, min(margin, free[1])) if vertical == "top" else max(0, free[1] - margin)
    return left, top
