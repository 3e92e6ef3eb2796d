"""Videos of real cameras through the default recipe, judged by PyAV and the full FFmpeg."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from io import BytesIO
from itertools import pairwise
from pathlib import Path

import av
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from clips import full_ffmpeg
from media_pipeline.recipe import DEFAULT_RECIPE
from pictures import similarity
from streams import heard_samples, played
from transcoded import Made, made_of

Make = Callable[[str], Made]
LADDER = json.loads(DEFAULT_RECIPE.read_text())["videos"]["ladder"]


@pytest.fixture(scope="module")
def make(corpus: Path, layer: None, tmp_path_factory: pytest.TempPathFactory) -> Make:
    """The video of a name, made by the default recipe; each once."""
    made: dict[str, Made] = {}

    def transcoded(name: str) -> Made:
        if name not in made:
            source = shutil.copy(corpus / name, tmp_path_factory.mktemp("videos"))
            words = {"ladder": LADDER, "first_publish": True, "passthrough": True}
            made[name] = made_of(Path(source), **words)
        return made[name]

    return transcoded


def sizes_of(made: Made) -> list[str]:
    return [variant.attributes["RESOLUTION"] for variant in made.master.variants]


def frames_of(media: Path) -> Iterator[av.VideoFrame]:
    with av.open(str(media)) as container:
        yield from container.decode(container.streams.video[0])


def upright(media: Path, seconds: float, size: tuple[int, int]) -> Image.Image:
    """What is shown at a time, as the full FFmpeg turns it, at `size`."""
    png = full_ffmpeg("-ss", f"{seconds}", "-i", media, "-frames:v", "1", "-f", "apng", "-")
    return Image.open(BytesIO(png)).convert("RGB").resize(size)


@pytest.mark.parametrize(
    ("name", "sizes", "rate", "seconds"),
    [
        ("bbb-720p-5s.mp4", ["640x360", "854x480", "1280x720"], 25, 5.28),
        ("h264-with-data-stream.mov", ["320x568"], 30000 / 1001, 4.0),
        ("mpeg4-10fps-85s.mov", ["480x360", "640x480"], 10, 85.5),
        ("portrait-vfr-1080x1440.mp4", ["360x480", "480x640", "720x960", "1080x1440"], 30, 11.35),
    ],
)
def test_a_video_plays_at_a_constant_rate(
    make: Make, name: str, sizes: list[str], rate: float, seconds: float
) -> None:
    made = make(name)
    assert sizes_of(made) == sizes
    for times in played(made.path).values():
        assert times[-1] == pytest.approx(seconds, abs=0.2)
    for variant in made.master.variants:
        assert variant.attributes["FRAME-RATE"] == f"{rate:.3f}"
    picture = [float(frame.time or 0) for frame in frames_of(made.playlists[0])]
    gaps = [later - earlier for earlier, later in pairwise(picture)]
    assert gaps == pytest.approx([1 / rate] * len(gaps), abs=1e-4)
    assert made.master.sound_attributes["CHANNELS"] == '"2"'
    assert made.master.sound
    assert made.master.sound.seconds == pytest.approx(len(picture) / rate, abs=0.05)


@pytest.mark.parametrize(
    ("name", "size", "at"),
    [
        ("bbb-720p-5s.mp4", (640, 360), 4.0),
        ("h264-with-data-stream.mov", (320, 568), 2.0),
        ("mpeg4-10fps-85s.mov", (320, 240), 60.0),
        ("portrait-vfr-1080x1440.mp4", (270, 360), 6.0),
    ],
)
def test_a_video_shows_what_its_source_shows(
    corpus: Path, make: Make, name: str, size: tuple[int, int], at: float
) -> None:
    made = make(name)
    expected = upright(corpus / name, at, size)
    assert similarity(upright(made.download, at, size), expected) > 0.85
    assert similarity(expected.rotate(180), expected) < 0.7, "turned over it would look the same"


def test_data_streams_are_left_out(corpus: Path, make: Make) -> None:
    with av.open(str(corpus / "h264-with-data-stream.mov")) as source:
        assert sorted(stream.type for stream in source.streams).count("data") == 2
    with av.open(str(make("h264-with-data-stream.mov").download)) as download:
        assert sorted(stream.type for stream in download.streams) == ["audio", "video"]


def small(frame: av.VideoFrame) -> NDArray[np.float64]:
    return np.asarray(frame.reformat(54, 72, "gray").to_ndarray(), np.float64)


def test_a_variable_rate_drifts_nowhere(corpus: Path, make: Make) -> None:
    """At each moment the frame is seen, but for rounding, that the source shows then."""
    source = list(frames_of(corpus / "portrait-vfr-1080x1440.mp4"))
    starts = np.array([float(frame.time or 0) for frame in source])
    stored = np.stack([small(frame) for frame in source])
    assert len(set(np.diff(starts).round(3))) > 1, "the source's rate is constant"
    for frame in frames_of(make("portrait-vfr-1080x1440.mp4").playlists[0]):
        seconds = float(frame.time or 0)
        differences = np.abs(stored - small(frame)).mean(axis=(1, 2))
        first = np.searchsorted(starts, seconds - 0.51 / 30, side="right") - 1
        last = np.searchsorted(starts, seconds + 0.51 / 30, side="right")
        now = differences[max(0, first) : last]
        assert now.min() <= differences.min() + 0.5, seconds


@pytest.mark.parametrize(
    "name", ["bbb-720p-5s.mp4", "h264-with-data-stream.mov", "portrait-vfr-1080x1440.mp4"]
)
def test_sound_keeps_its_time(corpus: Path, make: Make, name: str) -> None:
    """Its envelope is that of the source, neither late nor early by a hundredth of a second."""
    heard = [envelope(corpus / name), envelope(make(name).download)]
    length = min(map(len, heard))
    for part in (slice(0, length // 2), slice(length // 2, length)):
        one, other = (samples[part] - samples[part].mean() for samples in heard)
        lags = np.arange(-len(one) + 1, len(one))
        assert abs(lags[np.argmax(np.correlate(other, one, "full"))]) <= 1
        assert np.corrcoef(one, other)[0, 1] > 0.8


def envelope(media: Path) -> NDArray[np.float64]:
    """How loud each hundredth of a second is."""
    samples, rate = heard_samples(media)
    size = rate // 100
    whole = np.abs(samples[: len(samples) // size * size], dtype=np.float64)
    return np.asarray(whole.reshape(-1, size).mean(axis=1))
