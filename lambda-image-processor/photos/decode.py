"""An untrusted file becomes upright sRGB pixels, or a refusal that says why."""

from __future__ import annotations

import math
import mmap
import struct
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, Any, cast

from PIL import Image, UnidentifiedImageError

from imaging.colour import to_srgb
from imaging.picture import Picture
from imaging.resize import largest_scale
from media_pipeline.failures import PermanentError
from media_pipeline.stills import ImageLimits, Images
from photos import heif, raw
from photos.animation import Movement
from photos.exif import ORIENTATION, exif_of, metadata_of
from photos.formats import content_type_of, recognise
from photos.jpeg import JpegFile

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

KEEP_SIDES = (1, 2, 3, 4)

PNG_DEPTH_AT = 24

ANIMATED = ("GIF", "WEBP", "AVIF", "PNG")
"""Formats whose frames are moments; those of TIFF are pages, of which the first is taken."""

DAMAGE = (
    *(OSError, SyntaxError, ValueError, EOFError, TypeError, IndexError),
    *(RuntimeError, struct.error),
)
"""What Pillow raises for files that are not what they say."""

Needed = Callable[[tuple[int, int]], float]
"""The scale, at most 1.0, that an upright picture of a size in pixels is needed at."""


@dataclass(frozen=True)
class Photo:
    """A photo's picture, and what its file says of how it was taken."""

    picture: Picture
    content_type: str
    metadata: dict[str, Any]


def decode(path: Path, recipe: Images, seconds_left: Callable[[], float]) -> Photo:
    """Decode a photo, no larger than the largest rendition needs where its format allows.

    Raises `PermanentError` with `unsupported_image`, `image_too_large`, `too_many_frames` or
    `corrupt_image`.
    """

    def needed(size: tuple[int, int]) -> float:
        return largest_scale(recipe.renditions.values(), size)

    with _refusing(recipe.limits):
        image_format = recognise(path)
        if image_format == "RAW":
            picture, metadata = _decode_raw(path, recipe, needed)
        else:
            with _opened(path, image_format, recipe.limits) as image:
                _require_few_frames(image, image_format, recipe.limits)
                metadata = metadata_of(exif_of(image), recipe.position)
                picture = _decode_opened(image, needed)
            if any(rendition.animated for rendition in recipe.renditions.values()):
                picture = _with_movement(picture, path, image_format, seconds_left)
    return Photo(picture, content_type_of(image_format), metadata)


@contextmanager
def _refusing(limits: ImageLimits) -> Iterator[None]:
    try:
        with warnings.catch_warnings():
            # Of EXIF that is damaged, say, which keeps nobody from the picture.
            warnings.simplefilter("ignore")
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            # Pillow refuses at twice its own limit and warns at once; the recipe's limit rules.
            Image.MAX_IMAGE_PIXELS = limits.pixels
            yield
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise raw.too_large(limits.pixels) from error
    except MemoryError as error:
        raise raw.too_large(limits.pixels) from error
    except DAMAGE as error:
        if isinstance(error, OSError) and error.errno:
            # Not the file's fault but the disk's.
            raise
        raise PermanentError(
            "corrupt_image", "The image is damaged or incomplete; export it again and upload that."
        ) from error


@contextmanager
def _opened(path: Path, image_format: str, limits: ImageLimits) -> Iterator[Image.Image]:
    """The image with its header read; a JPEG that was not whole is refused at the end."""
    if image_format == "HEIF":
        heif.teach_pillow()
    if image_format != "JPEG":
        is_tiff = image_format == "TIFF"
        with (
            _open_tiff(path, limits)
            if is_tiff
            else Image.open(path, formats=[image_format]) as image
        ):
            yield image
        return
    with (
        path.open("rb") as file,
        mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data,
        _opened_jpeg(data) as image,
    ):
        yield image


def _open_tiff(path: Path, limits: ImageLimits) -> Image.Image:
    # Pillow's part for TIFF is imported for such a file alone.
    from photos import tiff

    unsupported = PermanentError(
        "unsupported_image",
        "The TIFF holds a kind of pixels that is not taken; save it with 8 or 16 bits a channel in "
        "grey, RGB or CMYK.",
    )
    if not tiff.is_taken(path):
        raise unsupported
    if tiff.tile_pixels(path) > limits.pixels:
        raise raw.too_large(limits.pixels)
    try:
        return Image.open(path, formats=["TIFF"])
    except UnidentifiedImageError as error:
        if tiff.is_whole(path):
            raise unsupported from error
        raise


@contextmanager
def _opened_jpeg(data: bytes | mmap.mmap) -> Iterator[Image.Image]:
    with (
        JpegFile(data) as file,
        Image.open(cast("IO[bytes]", file), formats=["JPEG"]) as image,
    ):
        yield image
        file.require_whole()


def _require_few_frames(image: Image.Image, image_format: str, limits: ImageLimits) -> None:
    frames = getattr(image, "n_frames", 1) if image_format in ANIMATED else 1
    if frames > limits.frames:
        raise PermanentError(
            "too_many_frames",
            f"The animation has {frames:,} frames and the recipe takes at most {limits.frames:,}.",
        )


def _decode_opened(image: Image.Image, needed: Needed) -> Picture:
    profile = image.info.get("icc_profile")
    if image.format in ("JPEG", "MPO"):
        turn = _orientation(image)
        size = _turned(image.size, turn)
        _draft(image, image.size, needed(size))
        image.load()
    else:
        _scale_transparent_key(image)
        # Pillow turns some formats upright as it loads them, and forgets their orientation.
        image.load()
        turn = _orientation(image)
        size = _turned(image.size, turn)
    return Picture(_upright(to_srgb(image, profile), turn), size)


def _scale_transparent_key(image: Image.Image) -> None:
    """The value that a PNG names as transparent, to the eight bits that its pixels come in.

    Pillow leaves it as the file has it (PNG, 11.3.2.1), whose depth its header says (11.2.1).
    """
    key = image.info.get("transparency")
    filename = getattr(image, "filename", "")
    if image.format != "PNG" or not filename or isinstance(key, bytes | None):
        return
    with Path(filename).open("rb") as file:
        depth = file.read(PNG_DEPTH_AT + 1)[PNG_DEPTH_AT]
    if isinstance(key, tuple):
        image.info["transparency"] = tuple(value >> max(0, depth - 8) for value in key)
    elif depth > 1:
        image.info["transparency"] = round(key * 255 / ((1 << depth) - 1))


def _draft(image: Image.Image, size: tuple[int, int], scale: float) -> None:
    """Have a JPEG decoded at a fraction that still covers `size` at `scale`."""
    image.draft("", (math.ceil(size[0] * scale), math.ceil(size[1] * scale)))


def _turned(size: tuple[int, int], orientation: int) -> tuple[int, int]:
    return size if orientation in KEEP_SIDES else size[::-1]


def _orientation(image: Image.Image, unsaid: int = 1) -> int:
    """The EXIF orientation, or `unsaid` where there is none that makes sense."""
    turn = exif_of(image).get(ORIENTATION)
    return turn if turn in (1, *UPRIGHT) else unsaid


def _upright(pixels: Image.Image, orientation: int) -> Image.Image:
    return pixels.transpose(UPRIGHT[orientation]) if orientation in UPRIGHT else pixels


def _with_movement(
    picture: Picture, path: Path, image_format: str, seconds_left: Callable[[], float]
) -> Picture:
    """The picture with the frames behind it, if there are any."""

    def upright(moment: Image.Image) -> Image.Image:
        pixels = to_srgb(moment, moment.info.get("icc_profile"))
        return _upright(pixels, _orientation(moment))

    if image_format not in ANIMATED:
        return picture
    with Image.open(path, formats=[image_format]) as image:
        if getattr(image, "n_frames", 1) == 1:
            return picture
    return replace(picture, animation=Movement(path, image_format, upright, seconds_left))


def _decode_raw(path: Path, recipe: Images, needed: Needed) -> tuple[Picture, dict[str, Any]]:
    with raw.opened(path, recipe.limits.pixels) as camera:
        turn = camera.orientation
        size = _turned(camera.size, turn)
        scale = needed(size)
        metadata = camera.metadata(recipe.position)
        preview = camera.preview(scale)
        if preview is not None:
            # One that is damaged is no loss: the sensor's own pixels are there.
            with suppress(*DAMAGE):
                return Picture(_decode_preview(preview, camera, scale), size), metadata
        return Picture(_upright(camera.demosaic(scale), turn), size), metadata


def _decode_preview(preview: bytes, camera: raw.Camera, scale: float) -> Image.Image:
    with _opened_jpeg(preview) as image:
        # A preview's own EXIF counts where it has one; most have none, and lie as the sensor does.
        turn = _orientation(image, camera.orientation)
        profile = image.info.get("icc_profile")
        _draft(image, camera.size, scale)
        image.load()
        return _upright(to_srgb(image, profile), turn)
