"""JPEGs in more than one scan: what each lacks, and how many may be asked for."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pictures import photo
from rendered import Rendered, images_recipe, numbers_of, refusal_of

SIZE = (128, 96)
RECIPE = images_recipe({"only": {"width": 128, "formats": {"png": {}}}})
SOF0, SOS, EOI = b"\xff\xc0", b"\xff\xda", b"\xff\xd9"


def encoded(image: Image.Image, **options: object) -> bytes:
    body = BytesIO()
    image.save(body, "JPEG", quality=92, **options)
    return body.getvalue()


def scan_by_scan(components: int) -> bytes:
    """A sequential JPEG of three colours, each in a scan of its own, of which some are there."""
    planes = photo(SIZE).convert("YCbCr").split()
    greys = [encoded(plane, optimize=False) for plane in planes]
    head = greys[0][: greys[0].index(SOF0)]
    tables = greys[0][greys[0].index(SOF0) + 13 : greys[0].index(SOS)]
    sides = SIZE[1].to_bytes(2, "big") + SIZE[0].to_bytes(2, "big")
    frame = (
        SOF0
        + b"\x00\x11\x08"
        + sides
        + b"\x03"
        + b"".join(bytes([number, 0x11, 0]) for number in (1, 2, 3))
    )
    scans = b"".join(
        SOS + bytes([0, 8, 1, number, 0, 0, 63, 0]) + grey[grey.index(SOS) + 10 : -2]
        for number, grey in enumerate(greys[:components], 1)
    )
    return head + frame + tables + scans + EOI


def written(folder: Path, body: bytes) -> Path:
    path = folder / "a.jpg"
    path.write_bytes(body)
    return path


def test_colours_in_scans_of_their_own_come_together(tmp_path: Path) -> None:
    made = numbers_of(Rendered(written(tmp_path, scan_by_scan(3)), RECIPE).image("only.png"))
    assert np.abs(made - numbers_of(photo(SIZE))).mean() < 3


@pytest.mark.parametrize("components", [1, 2])
def test_a_colour_that_is_missing_is_damage(tmp_path: Path, components: int) -> None:
    refused = refusal_of(written(tmp_path, scan_by_scan(components)), RECIPE)
    assert refused.code == "corrupt_image"


@pytest.mark.parametrize(("times", "is_taken"), [(50, True), (150, False)])
def test_scans_that_only_cost_time_are_refused(tmp_path: Path, times: int, is_taken: bool) -> None:
    whole = encoded(photo(SIZE).convert("L"), progressive=True)
    last = whole[whole.rindex(SOS) : -len(EOI)]
    path = written(tmp_path, whole[: -len(EOI)] + last * times + EOI)
    if is_taken:
        assert Rendered(path, RECIPE).attributes["width"] == SIZE[0]
    else:
        assert refusal_of(path, RECIPE).code == "corrupt_image"
