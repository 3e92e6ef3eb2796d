"""What a record tells of how a photo was taken, from EXIF that is written here byte by byte."""

from __future__ import annotations

import json
import math
import struct
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from media_pipeline.worker import COMPLETED
from photos.decode import decode
from rendered import images_recipe
from worker_house import House

BYTE, ASCII, SHORT, LONG, RATIONAL, UNDEFINED = 1, 2, 3, 4, 5, 7
SRATIONAL, FLOAT, DOUBLE = 10, 11, 12
WIDTHS = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 7: 1, 10: 8, 11: 4, 12: 8}

Field = tuple[int, bytes]
Fields = dict[int, Field]

MAKE, MODEL, EXIF, GPS = 0x010F, 0x0110, 0x8769, 0x8825
EXPOSURE, F_NUMBER, ISO, FOCAL_LENGTH = 0x829A, 0x829D, 0x8827, 0x920A
TAKEN, ZONE, LENS = 0x9003, 0x9011, 0xA434


def text(value: str) -> Field:
    return ASCII, value.encode("latin-1") + b"\0"


def short(*values: int) -> Field:
    return SHORT, struct.pack(f"<{len(values)}H", *values)


def rational(*values: tuple[int, int]) -> Field:
    return RATIONAL, b"".join(struct.pack("<II", *value) for value in values)


def directory(start: int, fields: Fields) -> bytes:
    """An image file directory (TIFF 6.0, section 2) that begins at `start`, and its values."""
    behind = start + 2 + 12 * len(fields) + 4
    entries, values = struct.pack("<H", len(fields)), b""
    for tag, (kind, body) in sorted(fields.items()):
        count = len(body) // WIDTHS[kind]
        place = body.ljust(4, b"\0")
        if len(body) > 4:
            place = struct.pack("<I", behind + len(values))
            values += body + bytes(len(body) % 2)
        entries += struct.pack("<HHI", tag, kind, count) + place
    return entries + bytes(4) + values


def exif_of(main: Fields, shot: Fields, gps: Fields | None) -> bytes:
    # The first round tells how long each directory is, the second where it lies.
    at = {EXIF: 0, GPS: 0}
    for _ in range(2):
        pointers: Fields = {EXIF: (LONG, struct.pack("<I", at[EXIF]))}
        if gps is not None:
            pointers[GPS] = LONG, struct.pack("<I", at[GPS])
        parts = [directory(8, {**main, **pointers})]
        at[EXIF] = 8 + len(parts[0])
        parts.append(directory(at[EXIF], shot))
        at[GPS] = at[EXIF] + len(parts[1])
        parts.append(directory(at[GPS], gps or {}))
    return b"Exif\0\0II*\0\x08\0\0\0" + b"".join(parts)


def metadata(
    folder: Path,
    main: Fields | None = None,
    shot: Fields | None = None,
    gps: Fields | None = None,
    position: bool = False,
) -> dict[str, Any]:
    """What the record of a JPEG says that has this EXIF."""
    path = folder / "a.jpg"
    Image.new("RGB", (8, 8)).save(path, exif=exif_of(main or {}, shot or {}, gps))
    photo = decode(path, images_recipe(position=position), lambda: 60.0)
    assert photo.picture.size == (8, 8)
    return photo.metadata


CANON = {MAKE: text("Canon"), MODEL: text("Canon EOS R5")}
SHOT = {
    EXPOSURE: rational((1, 250)),
    F_NUMBER: rational((28, 10)),
    ISO: short(400),
    TAKEN: text("2026:05:04 03:02:01"),
    ZONE: text("+02:00"),
    FOCAL_LENGTH: rational((85, 1)),
    LENS: text("RF85mm F2 MACRO IS STM"),
}
BONN = {
    1: text("N"),
    2: rational((50, 1), (44, 1), (1512, 100)),
    3: text("E"),
    4: rational((7, 1), (5, 1), (5940, 100)),
}


def test_a_cameras_photo(tmp_path: Path) -> None:
    assert metadata(tmp_path, CANON, SHOT) == {
        "camera": "Canon EOS R5",
        "lens": "RF85mm F2 MACRO IS STM",
        "exposureSeconds": 0.004,
        "aperture": 2.8,
        "iso": 400,
        "focalLengthMm": 85,
        "capturedAt": "2026-05-04T03:02:01+02:00",
    }


def test_a_photo_that_says_nothing(tmp_path: Path) -> None:
    assert metadata(tmp_path) == {}
    assert metadata(tmp_path, gps={}, position=True) == {}


@pytest.mark.parametrize(
    ("make", "model", "camera"),
    [
        ("Canon", "Canon EOS R5", "Canon EOS R5"),
        ("NIKON CORPORATION", "NIKON Z 8", "NIKON Z 8"),
        ("samsung", "SM-G935L", "samsung SM-G935L"),
        ("Apple", "iPhone 13 Pro Max", "Apple iPhone 13 Pro Max"),
        ("SONY\0\0\0", "ILCE-7M4   ", "SONY ILCE-7M4"),
        ("", "Scanner", "Scanner"),
        ("Maker", "", "Maker"),
        (None, "Scanner", "Scanner"),
        ("Maker", None, "Maker"),
        ("  ", "\0\0", None),
        (None, None, None),
    ],
)
def test_the_camera_names_its_maker_once(
    tmp_path: Path, make: str | None, model: str | None, camera: str | None
) -> None:
    named = {tag: text(name) for tag, name in ((MAKE, make), (MODEL, model)) if name is not None}
    assert metadata(tmp_path, named).get("camera") == camera


@pytest.mark.parametrize(
    ("taken", "zone", "expected"),
    [
        ("2026:05:04 03:02:01", None, "2026-05-04T03:02:01"),
        ("2026:05:04 03:02:01", "+02:00", "2026-05-04T03:02:01+02:00"),
        ("2026:05:04 03:02:01", "-11:30", "2026-05-04T03:02:01-11:30"),
        ("2026:05:04 03:02:01", "   :  ", "2026-05-04T03:02:01"),
        ("2026:05:04 03:02:01", "CEST", "2026-05-04T03:02:01"),
        ("0000:00:00 00:00:00", None, None),
        ("2026:13:04 03:02:01", None, None),
        ("2026:02:30 03:02:01", "+02:00", None),
        ("2026:05:04 24:60:01", None, None),
        ("yesterday", None, None),
        ("2026:05:04 03:02:01", "+99:99", "2026-05-04T03:02:01"),
    ],
)
def test_the_time_is_iso_8601(
    tmp_path: Path, taken: str, zone: str | None, expected: str | None
) -> None:
    shot = {TAKEN: text(taken), **({ZONE: text(zone)} if zone else {})}
    assert metadata(tmp_path, shot=shot).get("capturedAt") == expected


@pytest.mark.parametrize(("vertical", "horizontal"), [("N", "E"), ("S", "W"), ("S", "E")])
def test_the_position_has_its_signs(tmp_path: Path, vertical: str, horizontal: str) -> None:
    gps = {**BONN, 1: text(vertical), 3: text(horizontal)}
    found = metadata(tmp_path, gps=gps, position=True)["position"]
    north, east = 50 + 44 / 60 + 15.12 / 3600, 7 + 5 / 60 + 59.4 / 3600
    assert found["latitude"] == pytest.approx(-north if vertical == "S" else north, abs=1e-6)
    assert found["longitude"] == pytest.approx(-east if horizontal == "W" else east, abs=1e-6)


def test_a_position_is_told_only_if_the_recipe_says_so(tmp_path: Path) -> None:
    assert metadata(tmp_path, CANON, SHOT, BONN).keys() == metadata(tmp_path, CANON, SHOT).keys()
    told = metadata(tmp_path, CANON, SHOT, BONN, position=True)
    assert told.keys() - {"position"} == metadata(tmp_path, CANON, SHOT).keys()
    assert "50" not in json.dumps(metadata(tmp_path, gps=BONN))


@pytest.mark.parametrize(
    "changed",
    [
        {2: rational((91, 1), (0, 1), (0, 1))},
        {4: rational((181, 1), (0, 1), (0, 1))},
        {2: rational((50, 0), (44, 1), (1, 1))},
        {2: rational((50, 1))},
        {2: rational((50, 1), (44, 1))},
        {2: text("50 44 15")},
        {4: (DOUBLE, struct.pack("<3d", math.nan, 0, 0))},
        {4: (DOUBLE, struct.pack("<3d", math.inf, 0, 0))},
        {2: (SRATIONAL, struct.pack("<6i", -50, 1, 0, 1, 0, 1))},
        {2: (UNDEFINED, b"\xff" * 24)},
    ],
    ids=range(10),
)
def test_a_position_that_makes_no_sense_is_none(tmp_path: Path, changed: Fields) -> None:
    assert metadata(tmp_path, gps={**BONN, **changed}, position=True) == {}


@pytest.mark.parametrize("missing", [1, 2, 3, 4])
def test_half_of_a_position_is_none(tmp_path: Path, missing: int) -> None:
    gps = {tag: field for tag, field in BONN.items() if tag != missing}
    assert metadata(tmp_path, gps=gps, position=True) == {}


NONSENSE: list[Field] = [
    rational((1, 0)),
    rational((0, 0)),
    rational((0, 1)),
    rational((4294967295, 1)),
    rational(),
    (SRATIONAL, struct.pack("<2i", -1, 250)),
    (FLOAT, struct.pack("<f", math.nan)),
    (DOUBLE, struct.pack("<d", math.inf)),
    (DOUBLE, struct.pack("<d", 1e300)),
    text("a lot"),
    text(""),
    (UNDEFINED, b"\0\1\2\3\4"),
    (BYTE, b""),
]


@pytest.mark.parametrize("field", NONSENSE, ids=range(len(NONSENSE)))
@pytest.mark.parametrize("tag", [EXPOSURE, F_NUMBER, ISO, FOCAL_LENGTH])
def test_a_number_that_makes_no_sense_is_left_out(tmp_path: Path, tag: int, field: Field) -> None:
    whole, found = metadata(tmp_path, CANON, SHOT), metadata(tmp_path, CANON, {**SHOT, tag: field})
    assert len(found) == len(whole) - 1
    assert found.items() <= whole.items()


@pytest.mark.parametrize("tag", [EXPOSURE, F_NUMBER, FOCAL_LENGTH])
def test_several_numbers_where_one_belongs_are_none_of_it(tmp_path: Path, tag: int) -> None:
    found = metadata(tmp_path, CANON, {**SHOT, tag: rational((1, 2), (3, 4))})
    assert len(found) == len(metadata(tmp_path, CANON, SHOT)) - 1


def test_of_several_sensitivities_the_first_counts(tmp_path: Path) -> None:
    assert metadata(tmp_path, shot={ISO: short(200, 0, 0)}) == {"iso": 200}


def test_texts_are_printable_and_short(tmp_path: Path) -> None:
    long = {MODEL: text("x" * 60000)}
    assert metadata(tmp_path, long) == {"camera": "x" * 100}
    both = metadata(tmp_path, {MAKE: text("m" * 20000), MODEL: text("x" * 20000)})
    assert len(both["camera"]) <= 201
    odd = {LENS: text("35mm\x07\x1b[31m \r\nf/2\x7f\0hidden")}
    assert metadata(tmp_path, shot=odd) == {"lens": "35mm[31m f/2"}
    assert metadata(tmp_path, {MODEL: short(7, 8)}) == {}
    assert metadata(tmp_path, shot={LENS: rational((1, 2))}) == {}
    foreign = metadata(tmp_path, {MODEL: (ASCII, "Ünïcode \N{CAMERA}".encode() + b"\0")})
    assert foreign["camera"].isprintable()


ANY_FIELD = st.one_of(
    st.binary(max_size=40).map(lambda body: (ASCII, body)),
    st.binary(max_size=40).map(lambda body: (UNDEFINED, body)),
    st.lists(st.integers(0, 65535), max_size=4).map(lambda values: short(*values)),
    st.lists(st.tuples(st.integers(0, 2**32 - 1), st.integers(0, 2**32 - 1)), max_size=4).map(
        lambda values: rational(*values)
    ),
    st.lists(st.floats(), max_size=4).map(
        lambda values: (DOUBLE, struct.pack(f"<{len(values)}d", *values))
    ),
)


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    main=st.dictionaries(st.sampled_from([MAKE, MODEL]), ANY_FIELD),
    shot=st.dictionaries(st.sampled_from(sorted(SHOT)), ANY_FIELD),
    gps=st.dictionaries(st.integers(0, 8), ANY_FIELD),
)
def test_whatever_is_said_is_plain_and_finite(
    tmp_path: Path, main: Fields, shot: Fields, gps: Fields
) -> None:
    found = metadata(tmp_path, main, shot, gps, position=True)
    assert len(json.dumps(found, allow_nan=False)) < 16 * 1024
    for name in ("exposureSeconds", "aperture", "iso", "focalLengthMm"):
        assert found.get(name, 1) > 0


def test_whatever_is_said_can_be_stored(tmp_path: Path, house: House) -> None:
    shots: list[Fields] = [SHOT, {**SHOT, LENS: text("\x01\xff" * 10000)}]
    shots += [{**SHOT, EXPOSURE: field} for field in NONSENSE]
    shots += [{EXPOSURE: rational((1, 4294967295)), F_NUMBER: rational((2, 3))}]
    for number, shot in enumerate(shots):
        found = metadata(tmp_path, {MODEL: text("x" * 20000)}, shot, BONN, position=True)
        house.process = lambda _, found=found: {"metadata": found}  # type: ignore[misc]
        assert house.run(house.upload(b"%d" % number, f"{number:04X}")) == COMPLETED
        stored = house.record["metadata"]
        assert stored.keys() == found.keys()
        assert float(stored["position"]["latitude"]) == found["position"]["latitude"]
        for name in stored.keys() & {"exposureSeconds", "aperture"}:
            assert float(stored[name]) == found[name]


def test_the_exif_of_other_formats_is_read_too(tmp_path: Path) -> None:
    exif = exif_of(CANON, SHOT, None)
    for image_format in ("PNG", "WEBP", "AVIF"):
        body = BytesIO()
        Image.new("RGB", (8, 8)).save(body, image_format, exif=exif)
        path = tmp_path / "a"
        path.write_bytes(body.getvalue())
        found = decode(path, images_recipe(), lambda: 60.0).metadata
        assert found == metadata(tmp_path, CANON, SHOT), image_format
