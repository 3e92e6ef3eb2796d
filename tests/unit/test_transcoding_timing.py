"""Small clips, really transcoded: picture and sound keep time."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from clips import GREY_STEP, clap_clip, full_ffmpeg, grey_clip, layer_on_path, moving_clip
from streams import first_bright, first_loud, heard_samples, played, shown_frames, shown_lumas
from transcoded import made_of


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("clips")
    with layer_on_path(folder):
        yield folder


@pytest.mark.parametrize(
    ("rate", "most", "made_rate", "frames"),
    [
        ("30000/1001", 60, "29.970", 60),
        ("24000/1001", 60, "23.976", 48),
        ("10", 60, "10.000", 20),
        ("50", 25, "25.000", 50),
    ],
)
def test_the_frame_rate_is_kept_or_halved(
    rate: str, most: int, made_rate: str, frames: int, folder: Path
) -> None:
    clip = moving_clip(
        folder / f"{rate.replace('/', '-')}.mp4", rate=rate, seconds=2.0, size=(160, 90)
    )
    made = made_of(clip, max_frame_rate=most)
    assert made.master.variants[0].attributes["FRAME-RATE"] == made_rate
    assert len(shown_frames(made.playlists[0])) == pytest.approx(frames, abs=1)


@pytest.mark.parametrize(
    ("timing", "rate"),
    [
        ("(N+0.4*sin(N))/25", 25),  # jitter around a standard rate
        ("N/25+0.3*floor(N/20)", 30),  # pauses
        ("N/8+0.02*sin(N)", 30),  # a slow camera
    ],
)
def test_a_variable_rate_becomes_constant_without_drift(
    timing: str, rate: int, folder: Path
) -> None:
    source = grey_clip(folder / f"variable {timing[:4].replace('/', '-')}.mp4", 50, timing)
    starts = [time for time, _ in shown_lumas(source)]
    shown = shown_lumas(made_of(source).playlists[-1])
    assert [time for time, _ in shown] == pytest.approx(
        [number / rate for number in range(len(shown))], abs=1e-4
    )
    assert len(shown) / rate == pytest.approx(starts[-1], abs=0.2)
    for time, luma in shown:
        number = round((luma - 16) / GREY_STEP)
        until = starts[number + 1] if number + 1 < len(starts) else time
        assert starts[number] - 0.51 / rate <= time <= until + 0.51 / rate


@pytest.mark.parametrize("sound_rate", [44100, 48000])
def test_picture_and_sound_stay_together(sound_rate: int, folder: Path) -> None:
    source = clap_clip(folder / f"clap{sound_rate}.mp4", 2.4, 4.0, sound_rate=sound_rate)
    made = made_of(source)
    assert made.master.sound
    for picture, sound in (
        (made.playlists[0], made.master.sound.path),
        (made.download, made.download),
    ):
        assert first_bright(shown_frames(picture)) == pytest.approx(2.4, abs=0.001)
        assert first_loud(*heard_samples(sound)) == pytest.approx(2.4, abs=0.005)


def late_clap(path: Path, late: str, prompt: str) -> Path:
    """White and a tone at one second, but one of the streams is 0.6 seconds late."""
    clap = clap_clip(path.with_stem("prompt"), 1.0, 3.0)
    maps = ("-map", f"1:{late}", "-map", f"0:{prompt}")
    full_ffmpeg("-i", clap, "-itsoffset", "0.6", "-i", clap, *maps, "-c", "copy", path)
    return path


def test_sound_that_starts_late_is_heard_late(folder: Path) -> None:
    made = made_of(late_clap(folder / "late-sound.mp4", "a", "v"))
    assert made.master.sound
    assert first_bright(shown_frames(made.playlists[0])) == pytest.approx(1.0, abs=0.001)
    assert first_loud(*heard_samples(made.master.sound.path)) == pytest.approx(1.6, abs=0.005)


def test_a_picture_that_starts_late_waits(folder: Path) -> None:
    made = made_of(late_clap(folder / "late-picture.mp4", "v", "a"))
    assert made.master.sound
    assert first_bright(shown_frames(made.playlists[0])) == pytest.approx(1.6, abs=0.05)
    assert first_loud(*heard_samples(made.master.sound.path)) == pytest.approx(1.0, abs=0.005)


def test_sound_lasts_as_long_as_the_picture(folder: Path) -> None:
    whole = moving_clip(folder / "whole.mp4", seconds=4)
    short = folder / "short-sound.mp4"
    maps = ("-map", "0:v", "-map", "1:a", "-c", "copy")
    full_ffmpeg("-i", whole, "-t", "1", "-i", whole, *maps, short)
    made = made_of(short)
    assert made.transcoded.stream.sound
    assert made.transcoded.stream.sound.seconds == pytest.approx(4.0, abs=0.022)
    heard, rate = heard_samples(made.download)
    assert np.abs(heard[rate // 2 : rate]).max() > 0.01
    assert np.abs(heard[2 * rate :]).max() < 0.001


def test_sound_is_stereo_at_the_recipes_rate(folder: Path) -> None:
    source = folder / "surround.mov"
    full_ffmpeg(
        *("-f", "lavfi", "-i", "testsrc2=s=160x90:d=1"),
        *("-f", "lavfi", "-i", "sine=sample_rate=44100:d=1", "-ac", "6"),
        *("-c:v", "libx264", "-c:a", "pcm_s16le", source),
    )
    made = made_of(source)
    assert made.transcoded.probe.sound
    assert made.transcoded.probe.sound.channels == 6
    assert made.master.sound_attributes["CHANNELS"] == '"2"'
    assert heard_samples(made.download)[1] == 48000


def test_a_video_without_sound_has_no_audio_group(folder: Path) -> None:
    made = made_of(moving_clip(folder / "silent.mp4", seconds=1, sound=False))
    assert made.master.sound is None
    assert made.transcoded.stream.sound is None
    assert len(played(made.path)) == 2
    assert len(played(made.download)) == 1
