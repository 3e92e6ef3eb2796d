"""Camera RAW, by way of LibRaw: the preview that the camera made, or the sensor's own pixels."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import Any

from PIL import Image

from media_pipeline.failures import PermanentError
from photos.exif import DAMAGE, exif_of, metadata_of, taken_with

SIGNATURES = (
    b"II*\0\x10\0\0\0CR",  # Canon CR2
    b"FUJIFILMCCD-RAW",
    b"IIRO",  # Olympus
    b"IIRS",
    b"MMOR",
    b"IIU\0",  # Panasonic
    b"\0MRM",  # Minolta
    b"FOVb",  # Sigma
)
"""What RAW files begin with that are neither plain TIFF nor ISO base media."""

ORIENTATION_BY_FLIP = {0: 1, 1: 2, 2: 4, 3: 3, 4: 5, 5: 8, 6: 6, 7: 7}
"""EXIF's orientations by LibRaw's: 1 swaps left and right, 2 top and bottom, 4 rows and columns."""

SRGB_CURVE = (2.4, 12.92)
"""The power and the slope at black of sRGB's transfer function (IEC 61966-2-1)."""

HALF = 0.5

ROOM_FOR_MARGINS = 1.25
"""Sensors have more pixels than their photos, but not many times as many."""

SAME_SHAPE = 0.01
"""A preview of another shape than the photo, by more than this share, shows less of it."""


@contextmanager
def opened(path: Path, pixel_limit: int) -> Iterator[Camera]:
    """A RAW file with its header read.

    Raises `PermanentError` with `unsupported_image`, `image_too_large` or `corrupt_image`.
    """
    rawpy = _rawpy()
    try:
        with rawpy.imread(str(path)) as raw:
            if raw.sizes.raw_width * raw.sizes.raw_height > ROOM_FOR_MARGINS * pixel_limit or (
                raw.sizes.width * raw.sizes.height > pixel_limit
            ):
                raise too_large(pixel_limit)
            yield Camera(path, raw, rawpy)
    except rawpy.LibRawFileUnsupportedError as error:
        raise PermanentError(
            "unsupported_image",
            "LibRaw does not know this camera's RAW files; export the photo as JPEG or DNG.",
        ) from error
    except (rawpy.LibRawError, rawpy.NotSupportedError) as error:
        raise PermanentError(
            "corrupt_image", "The RAW file is damaged or incomplete; upload it again."
        ) from error


class Camera:
    """One RAW file. Pixels are as stored: EXIF's `orientation` makes them upright."""

    def __init__(self, path: Path, raw: Any, rawpy: Any) -> None:  # noqa: ANN401
        self._path = path
        self._raw = raw
        self._rawpy = rawpy
        self.size: tuple[int, int] = (raw.sizes.width, raw.sizes.height)
        self.orientation = ORIENTATION_BY_FLIP.get(raw.sizes.flip, 1)
        self._jpeg = self._largest_preview()

    def metadata(self, with_position: bool) -> dict[str, Any]:
        """As `metadata_of`, from the file's own EXIF, its preview's, or what LibRaw has read."""
        exif = Image.Exif()
        with self._path.open("rb") as file:
            try:
                exif.load_from_fp(file)
            except DAMAGE:
                # No TIFF: some cameras put the whole EXIF into the preview instead.
                if self._jpeg is not None:
                    with Image.open(BytesIO(self._jpeg), formats=["JPEG"]) as preview:
                        exif = exif_of(preview)
            return metadata_of(exif, with_position) or self._read_by_libraw()

    def preview(self, scale: float) -> bytes | None:
        """The camera's own JPEG, if it shows the whole photo at `scale` (at most 1.0) or larger."""
        if self._jpeg is None:
            return None
        with Image.open(BytesIO(self._jpeg), formats=["JPEG"]) as preview:
            across, down = preview.width / self.size[0], preview.height / self.size[1]
        is_whole = abs(across / down - 1) <= SAME_SHAPE
        return self._jpeg if is_whole and min(across, down) >= scale * (1 - SAME_SHAPE) else None

    def demosaic(self, scale: float) -> Image.Image:
        """`RGB` pixels in sRGB, from the sensor's own, in the camera's white balance.

        Where `scale` is at most a half, each two by two of them make one, without guessing.
        """
        pixels = self._raw.postprocess(
            use_camera_wb=True,
            output_color=self._rawpy.ColorSpace.sRGB,
            output_bps=8,
            gamma=SRGB_CURVE,
            user_flip=0,
            half_size=scale <= HALF,
        )
        # A sensor without colours has one channel.
        return Image.fromarray(pixels.squeeze()).convert("RGB")

    def _largest_preview(self) -> bytes | None:
        """The camera's JPEG, if there is one that opens."""
        try:
            thumbnail = self._raw.extract_thumb()
            if thumbnail.format is not self._rawpy.ThumbFormat.JPEG:
                return None
            with Image.open(BytesIO(thumbnail.data), formats=["JPEG"]):
                return bytes(thumbnail.data)
        except (self._rawpy.LibRawError, *DAMAGE):
            return None

    def _read_by_libraw(self) -> dict[str, Any]:
        """What is known of files whose EXIF nobody else reads, such as CR3."""
        try:
            shot, lens = self._raw.other, self._raw.lens
        except self._rawpy.LibRawError:
            return {}
        return taken_with(
            lens=f"{lens.make} {lens.model}" if lens.make not in lens.model else lens.model,
            exposure=shot.shutter_speed,
            aperture=shot.aperture,
            iso=shot.iso_speed,
            focal_length=shot.focal_length,
        )


def too_large(pixel_limit: int) -> PermanentError:
    """The refusal of more pixels than the recipe takes."""
    return PermanentError(
        "image_too_large",
        f"The image has more than the {pixel_limit:,} pixels that the recipe takes.",
    )


def _rawpy() -> Any:  # noqa: ANN401
    try:
        import rawpy
    except ImportError as error:
        raise PermanentError(
            "unsupported_image",
            "This is a camera's RAW file, and the function was built without RAW; build it with "
            "`make build RAW=1`, or upload a JPEG.",
        ) from error
    return rawpy
