"""Which of the formats that are taken a file is in, told by its bytes alone."""

from __future__ import annotations

from pathlib import Path

from PIL import Image

from media_pipeline.failures import PermanentError
from photos import raw

SIGNATURES: dict[str, tuple[tuple[tuple[int, bytes], ...], ...]] = {
    "JPEG": (((0, b"\xff\xd8\xff"),),),
    "PNG": (((0, b"\x89PNG\r\n\x1a\n"),),),
    "WEBP": (((0, b"RIFF"), (8, b"WEBP")),),
    "GIF": (((0, b"GIF87a"),), ((0, b"GIF89a"),)),
    # Two letters are few: the size of the header behind them is one of its versions'.
    "BMP": tuple(
        ((0, b"BM"), (14, size.to_bytes(4, "little")))
        for size in (12, 16, 40, 52, 56, 64, 108, 124)
    ),
    "RAW": tuple(((0, start),) for start in raw.SIGNATURES),
    "TIFF": tuple(((0, start),) for start in (b"II*\0", b"MM\0*", b"II+\0")),
}
"""The bytes, by offset, that a file of each format begins with: any of the alternatives."""

BRANDS = {
    b"avif": "AVIF",
    b"avis": "AVIF",
    b"crx ": "RAW",
    **dict.fromkeys(
        (b"heic", b"heix", b"hevc", b"hevx", b"heim", b"heis", b"hevm", b"hevs"), "HEIF"
    ),
}
"""The brands of ISO base media files that hold a photo (ISO/IEC 23008-12, B.4; AV1 Image, 6)."""

CONTENT_TYPES = {"HEIF": "image/heic", "RAW": "image/x-dcraw"}
"""Those that Pillow does not know."""

HEAD = 4096


def recognise(path: Path) -> str:
    """The format of a file, in Pillow's words, or `RAW`.

    Raises `PermanentError` with `unsupported_image`.
    """
    with path.open("rb") as file:
        head = file.read(HEAD)
    found = _by_signature(head) or _by_brand(head)
    if found == "TIFF":
        # Pillow's part for TIFF is imported for such a file alone.
        from photos import tiff

        return "RAW" if tiff.is_of_a_camera(path) else "TIFF"
    if found is None:
        raise PermanentError(
            "unsupported_image",
            "The file is no JPEG, PNG, WebP, GIF, TIFF, BMP, AVIF, HEIC or camera RAW image, "
            "whatever its name says; convert it to one.",
        )
    return found


def content_type_of(image_format: str) -> str:
    """The media type of a format that `recognise` names."""
    return CONTENT_TYPES.get(image_format) or Image.MIME[image_format]


def _by_signature(head: bytes) -> str | None:
    for image_format, alternatives in SIGNATURES.items():
        for alternative in alternatives:
            if all(head.startswith(expected, offset) for offset, expected in alternative):
                return image_format
    return None


def _by_brand(head: bytes) -> str | None:
    """By the brands of the `ftyp` box, the major one first (ISO/IEC 14496-12, 4.3)."""
    if head[4:8] != b"ftyp":
        return None
    box = head[8 : int.from_bytes(head[:4], "big")]
    brands = [box[:4], *(box[start : start + 4] for start in range(8, len(box), 4))]
    return next((BRANDS[brand] for brand in brands if brand in BRANDS), None)
