"""Hostile and damaged files, refused by what is known before any of their pixels is there."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from media_pipeline.failures import PermanentError
from media_pipeline.recipe import load_recipe
from rendered import refusal_of
from transcoding import transcode

REFUSE = """
import resource, sys
from pathlib import Path
from media_pipeline.failures import PermanentError
from media_pipeline.recipe import load_recipe
from photos.photo import render_photo

try:
    render_photo(Path(sys.argv[1]), load_recipe().images, print, print, lambda: 60.0)
except PermanentError as refusal:
    print(refusal.code, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


def refused(path: Path) -> tuple[str, float]:
    """The code of a refusal, and the most memory (MB) that a process of its own ever had."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(
        [sys.executable, "-c", REFUSE, str(path)],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    code, kilobytes = done.stdout.split()
    return code, int(kilobytes) / 1024


def test_a_bomb_is_refused_by_its_header_in_the_memory_of_any_refusal(
    corpus: Path, tmp_path: Path
) -> None:
    tiny = tmp_path / "tiny.png"
    tiny.write_bytes(b"\x89PNG\r\n\x1a\n")
    code, memory = refused(tiny)
    assert code == "corrupt_image"
    bomb, most = refused(corpus / "bomb-65536.png")
    assert bomb == "image_too_large"
    assert most < memory + 20


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("truncated.jpg", "corrupt_image"),
        ("refused.svg", "unsupported_image"),
        ("bomb-65536.png", "image_too_large"),
        *((f"fuzzed-0{number}.bin", "unsupported_image") for number in range(1, 9)),
    ],
)
def test_nothing_is_put_of_a_photo_that_is_refused(corpus: Path, name: str, code: str) -> None:
    refusal = refusal_of(corpus / name, load_recipe().images)
    assert refusal.code == code
    assert refusal.sentence.endswith(".")


@pytest.mark.parametrize(
    "name",
    [
        "fuzzed-01.bin",
        "fuzzed-02.bin",
        "fuzzed-03.bin",
        "fuzzed-04.bin",
        "fuzzed-05.bin",
        "fuzzed-06.bin",
        "fuzzed-07.bin",
        "fuzzed-08.bin",
    ],
)
def test_a_damaged_video_fails_clearly(
    corpus: Path, layer: None, tmp_path: Path, name: str
) -> None:
    with pytest.raises(PermanentError) as refusal:
        # What hung would come back as `time_limit`.
        transcode(corpus / name, tmp_path, load_recipe().videos, lambda: 10.0)
    assert refusal.value.code == "corrupt_video"
    assert str(corpus) not in refusal.value.sentence
