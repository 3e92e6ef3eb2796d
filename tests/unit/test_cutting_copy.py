"""Segments that are copied: cut at key frames, bit for bit the source's own."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from clips import full_ffmpeg, layer_on_path, with_display_matrix
from media_pipeline.failures import PermanentError
from segmented import container_seconds, heard, made_segments
from streams import heard_samples, key_frame_times, shown_frames

CARD = ("-f", "lavfi", "-i", "testsrc2=size=160x90:rate=25:duration=4")
TONE = ("-f", "lavfi", "-i", "aevalsrc=0.5*sin(2*PI*(300*t+200*t*t)):sample_rate=44100:duration=4")
KEYS = ("-g", "15", "-sc_threshold", "0", "-bf", "2")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("copies")
    with layer_on_path(folder):
        yield folder


@pytest.fixture(scope="module")
def source(folder: Path) -> Path:
    path = folder / "source.mp4"
    full_ffmpeg(*CARD, *TONE, "-c:v", "libx264", *KEYS, "-c:a", "aac", path)
    return path


def coded(path: Path, kind: str) -> list[bytes]:
    with av.open(str(path)) as container:
        stream = next(stream for stream in container.streams if stream.type == kind)
        return [bytes(packet) for packet in container.demux(stream) if packet.size]


def test_cuts_are_at_the_nearest_key_frames_and_pictures_are_the_sources(source: Path) -> None:
    assert key_frame_times(source)[1] == Fraction(15, 25)
    made = made_segments(source, 1, mode="copy")
    # Key frames are at 0, 0.6, 1.2, 1.8, 2.4, 3.0 and 3.6 s.
    assert [float(segment.seconds) for segment in made.segments] == [1.2, 0.6, 1.2, 1.0]
    assert (made.width, made.height) == (160, 90)
    pictures = [packet for segment in made.segments for packet in coded(segment.path, "video")]
    assert pictures == coded(source, "video")
    for segment in made.segments:
        assert key_frame_times(segment.path)[0] == 0
        assert len(shown_frames(segment.path)) == round(segment.seconds * 25)
        assert container_seconds(segment.path) == pytest.approx(float(segment.seconds), abs=1e-4)
        assert set(coded(segment.path, "audio")) <= set(coded(source, "audio"))
        full_ffmpeg("-xerror", "-err_detect", "explode", "-i", segment.path, "-f", "null", "-")


def test_copied_sound_is_cut_to_the_sample(source: Path) -> None:
    whole, _ = heard_samples(source)
    pieces = heard(made_segments(source, 1, mode="copy"))
    assert len(pieces) == 4 * 44100
    # Noise that stands in for noise is another at each decoding; a gap would be seen for hundreds.
    assert np.abs(pieces - whole[: len(pieces)]).max() < 2e-3


def test_it_is_not_cut_where_later_frames_need_earlier_ones(folder: Path) -> None:
    path = folder / "open.mp4"
    gops = ("-x264-params", "open-gop=1:keyint=15:min-keyint=15:scenecut=0:bframes=2")
    full_ffmpeg(*CARD, "-c:v", "libx264", *gops, path)
    made = made_segments(path, 1, mode="copy")
    frames = [frame for segment in made.segments for frame in shown_frames(segment.path)]
    expected = shown_frames(path)
    assert len(key_frame_times(path)) > 4
    assert len(frames) == len(expected)
    assert all(
        np.array_equal(one.pixels, other.pixels)
        for one, other in zip(frames, expected, strict=True)
    )


def test_a_turned_picture_stays_turned(source: Path, folder: Path) -> None:
    turned = with_display_matrix(source, folder / "turned.mov", "-display_rotation", "90")
    made = made_segments(turned, 2, mode="copy")
    assert (made.width, made.height) == (90, 160)
    for segment in made.segments:
        png = folder / "shown.png"
        full_ffmpeg("-i", segment.path, "-frames:v", "1", png)
        with av.open(str(png)) as container:
            stream = container.streams.video[0]
            assert (stream.width, stream.height) == (90, 160)


@pytest.mark.parametrize(
    ("file", "options"),
    [
        ("pictures.mkv", ("-c:v", "libx264", *KEYS, "-c:a", "libopus", "-ar", "48000")),
        ("pictures.ts", ("-c:v", "libx264", *KEYS, "-c:a", "aac")),
        (
            "pictures.mov",
            ("-c:v", "libx265", "-x265-params", "keyint=15:open-gop=0:log-level=none"),
        ),
        ("pictures.webm", ("-c:v", "libvpx-vp9", "-g", "15", "-deadline", "realtime")),
        ("pictures.avi", ("-c:v", "mpeg4", "-g", "15", "-c:a", "libmp3lame")),
    ],
)
def test_other_containers_and_codecs_are_copied(
    file: str, options: tuple[str, ...], folder: Path
) -> None:
    path = folder / file
    full_ffmpeg(*CARD, *TONE, *options, path)
    made = made_segments(path, 1, mode="copy")
    assert len(made.segments) > 1
    frames = [len(shown_frames(segment.path)) for segment in made.segments]
    assert sum(frames) == len(shown_frames(path))
    # In some containers sound begins a little earlier; then the first picture waits for it.
    assert frames[1:-1] == [round(segment.seconds * 25) for segment in made.segments[1:-1]]
    for segment in made.segments:
        samples, _ = heard_samples(segment.path)
        assert np.abs(samples).max() > 0.3


@pytest.mark.parametrize(
    ("file", "options", "codec"),
    [
        ("old.webm", ("-c:v", "libvpx", "-deadline", "realtime", "-an"), "vp8"),
        ("plain.mov", ("-c:v", "libx264", "-c:a", "pcm_s16le"), "pcm_s16le"),
    ],
)
def test_what_mp4_cannot_hold_is_refused(
    file: str, options: tuple[str, ...], codec: str, folder: Path
) -> None:
    path = folder / file
    full_ffmpeg(*CARD, *TONE, *options, path)
    with pytest.raises(PermanentError) as refused:
        made_segments(path, 1, mode="copy")
    assert refused.value.code == "cannot_copy"
    assert codec in refused.value.sentence
