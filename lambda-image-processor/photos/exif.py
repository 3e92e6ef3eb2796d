"""What a photo's EXIF says of how it was taken, as its record tells it."""

from __future__ import annotations

import math
import re
import struct
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from PIL import Image

# Tags of EXIF 2.32, 4.6.
MAKE, MODEL, ORIENTATION = 0x010F, 0x0110, 0x0112
EXIF, GPS = 0x8769, 0x8825
EXPOSURE_TIME, F_NUMBER, ISO_SPEED, FOCAL_LENGTH, LENS_MODEL = (
    0x829A,
    0x829D,
    0x8827,
    0x920A,
    0xA434,
)
DATE_TIME_ORIGINAL, OFFSET_TIME_ORIGINAL = 0x9003, 0x9011
LATITUDE_REF, LATITUDE, LONGITUDE_REF, LONGITUDE = 1, 2, 3, 4

LONGEST_TEXT = 100

DATE_TIME = re.compile(r"(\d{4}):(\d\d):(\d\d) (\d\d:\d\d:\d\d)")
ZONE = re.compile(r"[+-](0\d|1[0-4]):[0-5]\d")

DAMAGE = (OSError, SyntaxError, ValueError, TypeError, KeyError, ZeroDivisionError, struct.error)


def exif_of(image: Image.Image) -> Image.Exif:
    """An image's EXIF; none where that is damaged, for the picture may be whole."""
    try:
        return image.getexif()
    except DAMAGE:
        return Image.Exif()


def metadata_of(exif: Image.Exif, with_position: bool) -> dict[str, Any]:
    """The record's `metadata`, of whatever is there and makes sense.

    `camera`, `lens` (text), `exposureSeconds`, `aperture` (f-number), `iso`, `focalLengthMm`,
    `capturedAt` (ISO 8601; with a time zone if the camera noted one) and, if asked for, `position`
    (`latitude` and `longitude` in degrees, north and east positive). Tags are those of EXIF 2.32.
    """
    main = _directory(lambda: dict(exif))
    shot = _directory(lambda: exif.get_ifd(EXIF))
    found: dict[str, Any] = {
        "camera": _camera(main),
        **taken_with(
            lens=shot.get(LENS_MODEL),
            exposure=shot.get(EXPOSURE_TIME),
            aperture=shot.get(F_NUMBER),
            iso=_first(shot.get(ISO_SPEED)),
            focal_length=shot.get(FOCAL_LENGTH),
        ),
        "capturedAt": _captured_at(shot),
    }
    if with_position:
        found["position"] = _position(_directory(lambda: exif.get_ifd(GPS)))
    return {name: value for name, value in found.items() if value is not None}


def taken_with(
    *, lens: object, exposure: object, aperture: object, iso: object, focal_length: object
) -> dict[str, Any]:
    """The record's words for those of these values that make sense."""
    found = {
        "lens": _text(lens),
        "exposureSeconds": _positive(exposure),
        "aperture": _positive(aperture),
        "iso": _positive(iso),
        "focalLengthMm": _positive(focal_length),
    }
    return {name: value for name, value in found.items() if value is not None}


def _directory(read: Callable[[], Mapping[int, Any]]) -> Mapping[int, Any]:
    try:
        return read()
    except DAMAGE:
        return {}


def _camera(main: Mapping[int, Any]) -> str | None:
    """Maker and model, of which many models begin with their maker."""
    make, model = _text(main.get(MAKE)), _text(main.get(MODEL))
    if make and model and not model.lower().startswith(make.split()[0].lower()):
        return f"{make} {model}"
    return model or make


def _text(value: object) -> str | None:
    if isinstance(value, bytes):
        value = value.decode("ascii", "replace")
    if not isinstance(value, str):
        return None
    printable = "".join(c for c in value.split("\0")[0] if c.isprintable())
    return printable.strip()[:LONGEST_TEXT] or None


def _first(value: object) -> object:
    return value[0] if isinstance(value, tuple) and value else value


def _number(value: Any) -> float | None:  # noqa: ANN401
    try:
        number = float(value)
    except DAMAGE:
        return None
    return number if math.isfinite(number) else None


def _positive(value: object) -> float | int | None:
    number = _number(value)
    if number is None or number <= 0 or number > 1e9:
        return None
    return int(number) if number == int(number) else round(number, 6) or None


def _captured_at(shot: Mapping[int, Any]) -> str | None:
    said = DATE_TIME.fullmatch(_text(shot.get(DATE_TIME_ORIGINAL)) or "")
    zone = _text(shot.get(OFFSET_TIME_ORIGINAL)) or ""
    if said is None:
        return None
    try:
        return datetime.fromisoformat(
            f"{said[1]}-{said[2]}-{said[3]}T{said[4]}{zone if ZONE.fullmatch(zone) else ''}"
        ).isoformat()
    except ValueError:
        return None


def _position(gps: Mapping[int, Any]) -> dict[str, float] | None:
    latitude = _degrees(gps.get(LATITUDE), gps.get(LATITUDE_REF), "NS", 90)
    longitude = _degrees(gps.get(LONGITUDE), gps.get(LONGITUDE_REF), "EW", 180)
    if latitude is None or longitude is None:
        return None
    return {"latitude": latitude, "longitude": longitude}


def _degrees(parts: object, side: object, sides: str, most: int) -> float | None:
    """Degrees, minutes and seconds as one number (EXIF 2.32, 4.6.6); the second side is negative.

    Without its side, a place would be any of two.
    """
    if not isinstance(parts, tuple) or len(parts) != 3 or _text(side) not in tuple(sides):
        return None
    numbers = [number for part in parts if (number := _number(part)) is not None]
    if len(numbers) < len(parts):
        return None
    degrees = sum(number / 60.0**power for power, number in enumerate(numbers))
    if not 0 <= degrees <= most:
        return None
    return round(-degrees if _text(side) == sides[1] else degrees, 6)
