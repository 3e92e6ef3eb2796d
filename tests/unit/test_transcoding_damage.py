"""What cannot be transcoded fails clearly."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from clips import full_ffmpeg, layer_on_path, moving_clip
from media_pipeline.failures import PermanentError
from transcoded import small_recipe
from transcoding import transcode


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("clips")
    with layer_on_path(folder):
        yield folder


def damaged(source: Path, path: Path, start: float, end: float, filling: bytes) -> Path:
    media = bytearray(source.read_bytes())
    first, last = round(len(media) * start), round(len(media) * end)
    media[first:last] = filling * ((last - first) // max(1, len(filling)))
    path.write_bytes(media)
    return path


@pytest.fixture(scope="module")
def streamable(folder: Path) -> Path:
    return moving_clip(folder / "start.mp4", seconds=4, options=("-movflags", "faststart"))


@pytest.mark.parametrize(
    ("start", "end", "filling"),
    [
        (0.5, 1.0, b""),  # cut off on its way
        (0.1, 1.0, b"\0"),  # sparse
        (0.0, 0.01, b"\xff"),  # no header
        (0.0, 1.0, b"text "),
        (0.0, 1.0, b""),
    ],
)
def test_a_damaged_file_is_corrupt(
    start: float, end: float, filling: bytes, streamable: Path, tmp_path: Path
) -> None:
    source = damaged(streamable, tmp_path / "damaged.mp4", start, end, filling)
    made = tmp_path / "made"
    made.mkdir()
    with pytest.raises(PermanentError) as failed:
        transcode(source, made, small_recipe(), lambda: 60.0)
    assert failed.value.code == "corrupt_video"
    assert str(tmp_path) not in failed.value.sentence


def test_sound_alone_is_no_video(folder: Path, tmp_path: Path) -> None:
    source = folder / "sound.mp4"
    full_ffmpeg("-f", "lavfi", "-i", "sine=d=1", "-c:a", "aac", source)
    with pytest.raises(PermanentError, match=r"^no_video_stream"):
        transcode(source, tmp_path, small_recipe(), lambda: 60.0)


def test_the_deadline_holds_while_encoding(folder: Path, tmp_path: Path) -> None:
    source = moving_clip(folder / "long.mp4", size=(640, 360), seconds=60)
    seconds_left = iter([60.0, 0.3])
    with pytest.raises(PermanentError, match=r"^time_limit"):
        transcode(source, tmp_path, small_recipe(), lambda: next(seconds_left))
