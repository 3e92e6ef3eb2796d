"""JPEGs that lost something on their way are refused; what only looks like damage is not."""

from __future__ import annotations

import struct
from collections.abc import Callable
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from media_pipeline.failures import PermanentError
from media_pipeline.stills import Images
from photos.decode import decode
from pictures import photo
from rendered import Rendered, images_recipe, numbers_of, refusal_of

WHOLE_SIZE = images_recipe({"whole": {"width": 5000, "formats": {"png": {}}}})
"""A recipe that needs every pixel of a test's photo, and changes none."""
FRACTION = images_recipe({"small": {"width": 90, "formats": {"jpg": {"quality": 90}}}})
"""A recipe for which a JPEG is decoded at a fraction."""
RECIPES = pytest.mark.parametrize("recipe", [WHOLE_SIZE, FRACTION], ids=["whole", "fraction"])

END = b"\xff\xd9"


def jpeg(
    picture: Image.Image | None = None,
    **options: Any,  # noqa: ANN401
) -> bytes:
    body = BytesIO()
    (picture or photo((397, 263))).save(body, "JPEG", **{"quality": 90, **options})
    return body.getvalue()


SEQUENTIAL: dict[str, Callable[[], bytes]] = {
    "4:2:0": jpeg,
    "4:4:4": lambda: jpeg(subsampling="4:4:4"),
    "4:2:2": lambda: jpeg(subsampling="4:2:2"),
    "grey": lambda: jpeg(photo((397, 263)).convert("L")),
    "cmyk": lambda: jpeg(photo((397, 263)).convert("CMYK")),
    "optimized": lambda: jpeg(optimize=True),
    "restarts": lambda: jpeg(restart_marker_rows=1),
    "many restarts": lambda: jpeg(restart_marker_blocks=3),
    "one more pixel": lambda: jpeg(photo((385, 257))),
    "plain": lambda: jpeg(Image.new("RGB", (397, 263), "navy"), quality=50),
}
PROGRESSIVE: dict[str, Callable[[], bytes]] = {
    "progressive 4:2:0": lambda: jpeg(progressive=True),
    "progressive 4:4:4": lambda: jpeg(progressive=True, subsampling="4:4:4"),
    "progressive grey": lambda: jpeg(photo((397, 263)).convert("L"), progressive=True),
    "progressive cmyk": lambda: jpeg(photo((397, 263)).convert("CMYK"), progressive=True),
}


@cache
def body_of(kind: str) -> bytes:
    return (SEQUENTIAL | PROGRESSIVE)[kind]()


SEQUENTIAL_KINDS = pytest.mark.parametrize("kind", SEQUENTIAL)


def scan_of(body: bytes) -> tuple[int, int]:
    """Where the entropy-coded bytes of the last scan start and stop."""
    start = body.rindex(b"\xff\xda")
    start += 2 + int.from_bytes(body[start + 2 : start + 4], "big")
    return start, body.rindex(END)


def written(folder: Path, body: bytes) -> Path:
    path = folder / "photo"
    path.write_bytes(body)
    return path


def assert_shows_the_same(folder: Path, changed: bytes, whole: bytes) -> None:
    with Image.open(BytesIO(whole)) as expected:
        made = Rendered(written(folder, changed), WHOLE_SIZE).image("whole.png")
        assert np.abs(numbers_of(made) - numbers_of(expected)).max() <= 1


@SEQUENTIAL_KINDS
def test_a_whole_file_passes(tmp_path: Path, kind: str) -> None:
    body = body_of(kind)
    assert_shows_the_same(tmp_path, body, body)
    assert Rendered(written(tmp_path, body), FRACTION).files


@SEQUENTIAL_KINDS
@pytest.mark.parametrize("share", [0.02, 0.3, 0.5, 0.8, 0.97])
@pytest.mark.parametrize("end", [b"", END, bytes(40) + END], ids=["open", "closed", "filled"])
@RECIPES
def test_a_scan_that_was_cut_off_is_corrupt(
    tmp_path: Path,
    kind: str,
    share: float,
    end: bytes,
    recipe: Images,
) -> None:
    body = body_of(kind)
    start, stop = scan_of(body)
    path = written(tmp_path, body[: start + int((stop - start) * share)] + end)
    assert refusal_of(path, recipe).code == "corrupt_image"


@pytest.mark.parametrize("kind", [kind for kind in SEQUENTIAL if kind != "plain"])
@pytest.mark.parametrize("share", [0.05, 0.25, 0.5, 0.75])
@RECIPES
def test_a_hole_in_a_scan_is_corrupt(
    tmp_path: Path,
    kind: str,
    share: float,
    recipe: Images,
) -> None:
    body = body_of(kind)
    start, stop = scan_of(body)
    at = start + int((stop - start) * share)
    path = written(tmp_path, body[:at] + bytes(4096) + body[at + 4096 :])
    assert refusal_of(path, recipe).code == "corrupt_image"


@pytest.mark.parametrize("kind", ["4:2:0", "4:4:4", "4:2:2", "grey", "cmyk", "optimized"])
@pytest.mark.parametrize("share", [0.05, 0.5, 0.9])
@RECIPES
def test_bytes_that_do_not_belong_to_a_scan_are_corrupt(
    tmp_path: Path, kind: str, share: float, recipe: Images
) -> None:
    body = body_of(kind)
    start, stop = scan_of(body)
    at = start + int((stop - start) * share)
    alien = np.random.default_rng(7).integers(0, 255, 3000, dtype=np.uint8).tobytes()
    path = written(tmp_path, body[:at] + alien + body[at:])
    assert refusal_of(path, recipe).code == "corrupt_image"


@RECIPES
def test_a_scan_of_more_rows_than_the_header_says_is_corrupt(
    tmp_path: Path, recipe: Images
) -> None:
    body = body_of("4:2:0")
    shorter = body.replace(struct.pack(">HH", 263, 397), struct.pack(">HH", 200, 397), 1)
    assert shorter != body
    assert refusal_of(written(tmp_path, shorter), recipe).code == "corrupt_image"


@SEQUENTIAL_KINDS
def test_only_the_end_marker_may_be_missing(tmp_path: Path, kind: str) -> None:
    body = body_of(kind)
    assert body.endswith(END)
    assert_shows_the_same(tmp_path, body[:-2], body)
    assert_shows_the_same(tmp_path, body[:-1], body)


@SEQUENTIAL_KINDS
@pytest.mark.parametrize(
    "behind",
    [bytes(1000), b"MotionPhoto_Data" + bytes(range(256)) * 40, jpeg(photo((64, 48))), END * 3],
    ids=["zeros", "video", "jpeg", "ends"],
)
def test_what_lies_behind_the_end_does_not_count(tmp_path: Path, kind: str, behind: bytes) -> None:
    body = body_of(kind)
    assert_shows_the_same(tmp_path, body + behind, body)


@pytest.mark.parametrize("filler", [b"\xff", b"\xff" * 9, bytes(100), b"\0\xff" * 30, bytes(5000)])
def test_fillers_before_the_end_pass(tmp_path: Path, filler: bytes) -> None:
    body = jpeg()
    assert_shows_the_same(tmp_path, body[:-2] + filler + END, body)


def test_a_photo_with_others_behind_it_passes_and_counts_by_its_first(tmp_path: Path) -> None:
    body = BytesIO()
    photo((640, 400)).save(
        body, "MPO", save_all=True, append_images=[photo((300, 200))], quality=90
    )
    whole = body.getvalue()
    assert_shows_the_same(tmp_path, whole, whole)
    second = whole.index(b"\xff\xd8\xff", 100)
    cut = whole[: second // 2] + END + whole[second:]
    assert refusal_of(written(tmp_path, cut), WHOLE_SIZE).code == "corrupt_image"


def test_a_preview_in_the_exif_is_not_taken_for_the_photo(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x9286] = jpeg(photo((120, 80)))
    body = jpeg(exif=exif)
    assert body.count(END) > 1
    assert_shows_the_same(tmp_path, body, body)
    start, stop = scan_of(body)
    cut = body[: (start + stop) // 2] + END
    assert refusal_of(written(tmp_path, cut), WHOLE_SIZE).code == "corrupt_image"


@pytest.mark.parametrize("size", [(1, 1), (8, 8), (7, 9), (16, 17), (33, 15), (300, 1), (1, 300)])
@pytest.mark.parametrize("options", [{}, {"restart_marker_blocks": 1}, {"progressive": True}])
def test_every_size_passes(tmp_path: Path, size: tuple[int, int], options: dict[str, Any]) -> None:
    for subsampling in ("4:2:0", "4:2:2", "4:4:4"):
        body = jpeg(photo(size), subsampling=subsampling, **options)
        assert_shows_the_same(tmp_path, body, body)


def test_a_height_behind_the_scan_is_refused(tmp_path: Path) -> None:
    """A DNL marker (ITU-T T.81, B.2.5), which no decoder of the usual ones reads."""
    body = jpeg()
    start = body.index(b"\xff\xc0") + 5
    height = body[start : start + 2]
    behind = b"\xff\xdc\0\x04" + height
    without = body[:start] + b"\0\0" + body[start + 2 : -2] + behind + END
    assert refusal_of(written(tmp_path, without), WHOLE_SIZE).code == "corrupt_image"


def test_fillers_before_markers_pass(tmp_path: Path) -> None:
    body = jpeg()
    for marker in (b"\xff\xdb", b"\xff\xc0", b"\xff\xc4", b"\xff\xda"):
        at = body.index(marker)
        assert_shows_the_same(tmp_path, body[:at] + b"\xff" * 5 + body[at:], body)


def restart_parts(body: bytes) -> list[int]:
    """Where each restart marker of a scan is."""
    start, stop = scan_of(body)
    return [at for at in range(start, stop) if body[at] == 0xFF and 0xD0 <= body[at + 1] <= 0xD7]


@pytest.mark.parametrize("count", [1, 2, 7, 8, 16])
@RECIPES
def test_a_missing_restart_part_is_corrupt(tmp_path: Path, count: int, recipe: Images) -> None:
    """Eight are a full turn: the numbers on the markers go on as if nothing were missing."""
    body = jpeg(restart_marker_rows=1, subsampling="4:4:4")
    markers = restart_parts(body)
    assert len(markers) == -(-263 // 8) - 1
    cut = body[: markers[9]] + body[markers[9 + count] :]
    assert refusal_of(written(tmp_path, cut), recipe).code == "corrupt_image"


def scans_of(body: bytes) -> list[int]:
    """Where each scan of a progressive JPEG starts, with the tables in front of it."""
    starts = []
    at = 2
    is_between = True
    while body[at : at + 2] != END:
        marker, length = body[at + 1], int.from_bytes(body[at + 2 : at + 4], "big")
        if is_between and marker in (0xC4, 0xDA):
            starts.append(at)
            is_between = False
        at += 2 + length
        if marker == 0xDA:
            while body[at] != 0xFF or body[at + 1] == 0:
                at += 1
            is_between = True
    return starts


@pytest.mark.parametrize("kind", PROGRESSIVE)
@RECIPES
def test_missing_scans_of_a_progressive_file_are_corrupt(
    tmp_path: Path,
    kind: str,
    recipe: Images,
) -> None:
    body = body_of(kind)
    assert_shows_the_same(tmp_path, body, body)
    assert_shows_the_same(tmp_path, body + bytes(99), body)
    scans = scans_of(body)
    assert len(scans) >= 6
    for start in scans[1:]:
        for end in (END, b""):
            path = written(tmp_path, body[:start] + end)
            assert refusal_of(path, recipe).code == "corrupt_image"


@pytest.mark.parametrize("kind", ["4:2:0", "restarts", "progressive"])
def test_no_byte_of_a_header_breaks_more_than_its_photo(tmp_path: Path, kind: str) -> None:
    options: dict[str, dict[str, Any]] = {
        "restarts": {"restart_marker_rows": 1},
        "progressive": {"progressive": True},
    }
    body = jpeg(photo((90, 60)), **options.get(kind, {}))
    start = body.index(b"\xff\xda") + 14
    for at in range(2, start):
        for value in (0, 0xFF, body[at] ^ 0x01, body[at] ^ 0x80):
            damaged = body[:at] + bytes([value]) + body[at + 1 :]
            assert_decodes_or_refuses(written(tmp_path, damaged))


def assert_decodes_or_refuses(path: Path) -> None:
    try:
        decode(path, FRACTION, lambda: 60.0)
    except PermanentError as refusal:
        assert refusal.code in ("corrupt_image", "unsupported_image", "image_too_large")  # noqa: PT017
