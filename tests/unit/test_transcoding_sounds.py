"""How loud sounds are, what is done about it, and several sounds of one video."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import imageio_ffmpeg
import numpy as np
import pytest

from clips import H264, full_ffmpeg, layer_on_path
from streams import heard_samples
from transcoded import Made, made_of


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("clips")
    with layer_on_path(folder):
        yield folder


def sounding(path: Path, wave: str, *more: str, seconds: int = 4) -> Path:
    """A small picture over the wave, in both channels; `more` are further ones."""
    inputs = ["-f", "lavfi", "-i", f"testsrc2=size=160x90:rate=25:duration={seconds}"]
    for one in (wave, *more):
        inputs += ["-f", "lavfi", "-i", f"aevalsrc={one}|{one}:s=48000:d={seconds}"]
    maps = [word for number in range(2 + len(more)) for word in ("-map", str(number))]
    languages = ["-metadata:s:a:0", "language=fra", "-metadata:s:a:1", "language=deu"]
    full_ffmpeg(*inputs, *maps, *H264, "-c:a", "aac", "-b:a", "192k", *languages, path)
    return path


def sine(amplitude: float, hertz: int = 997) -> str:
    return f"{amplitude}*sin(2*PI*{hertz}*t)"


def loudness_of(media: Path) -> float:
    """The integrated loudness that the full FFmpeg measures."""
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-i", str(media), "-af", "ebur128", "-f", "null"]
    done = subprocess.run([*command, "-"], capture_output=True, check=True)
    return float(re.findall(r"I:\s+(-?[\d.]+) LUFS", done.stderr.decode())[-1])


def pitch(made: Made, number: int) -> float:
    """The strongest frequency of one of the stream's sounds, in Hz."""
    samples, rate = heard_samples(made.master.sounds[number].playlist.path)
    spectrum = np.abs(np.fft.rfft(samples[: 2 * rate]))
    return float(np.argmax(spectrum)) / 2


def test_loudness_is_measured(folder: Path) -> None:
    """A sine of 997 Hz in both channels has the loudness of its level (BS.1770-4, 2.8)."""
    made = made_of(sounding(folder / "quiet.mp4", sine(0.1)))
    assert made.transcoded.loudness == pytest.approx(-20.0, abs=0.2)


def test_loudness_of_a_copied_sound_is_measured_too(folder: Path) -> None:
    source = sounding(folder / "copied.mp4", sine(0.05))
    made = made_of(source, passthrough=True, first_publish=True)
    assert made.transcoded.loudness == pytest.approx(-26.0, abs=0.2)


def test_silence_and_videos_without_sound_have_no_loudness(folder: Path) -> None:
    assert made_of(sounding(folder / "silent.mp4", "0")).transcoded.loudness is None
    mute = folder / "mute.mp4"
    full_ffmpeg("-f", "lavfi", "-i", "testsrc2=size=160x90:rate=25:duration=1", *H264, mute)
    assert made_of(mute).transcoded.loudness is None


def test_a_quiet_sound_is_raised_to_the_target(folder: Path) -> None:
    source = sounding(folder / "raised.mp4", sine(0.05))
    made = made_of(source, audio={"loudness": "normalised", "loudness_target": -16})
    assert made.transcoded.loudness == pytest.approx(-16.0, abs=0.3)
    assert loudness_of(made.download) == pytest.approx(-16.0, abs=0.3)


def test_a_loud_sound_is_lowered_even_where_it_could_be_copied(folder: Path) -> None:
    source = sounding(folder / "lowered.mp4", sine(0.9))
    words = {"loudness": "normalised", "loudness_target": -23}
    made = made_of(source, audio=words, passthrough=True, first_publish=True)
    assert loudness_of(made.download) == pytest.approx(-23.0, abs=0.3)


def test_no_sound_is_raised_until_it_clips(folder: Path) -> None:
    """Soft, but for a short burst at half of full scale: 5 dB are left below -1 dBTP."""
    wave = f"{sine(0.02)}+between(t\\,1\\,1.02)*{sine(0.48)}"
    source = sounding(folder / "burst.mp4", wave, seconds=6)
    before = loudness_of(source)
    made = made_of(source, audio={"loudness": "normalised", "loudness_target": -10})
    assert loudness_of(made.download) == pytest.approx(before + 5.0, abs=0.5)


def test_as_many_sounds_are_kept_as_the_recipe_says(folder: Path) -> None:
    source = sounding(folder / "tracks.mp4", sine(0.1, 400), sine(0.1, 700), sine(0.1, 1500))
    first = made_of(source)
    assert [pitch(first, at) for at in range(len(first.master.sounds))] == [400]
    two = made_of(source, audio={"tracks": 2})
    assert [pitch(two, at) for at in range(len(two.master.sounds))] == [400, 700]
    languages = [sound.attributes["LANGUAGE"] for sound in two.master.sounds]
    assert languages == ['"fra"', '"deu"']
    tracks = full_ffmpeg("-i", two.download, "-map", "0:a", "-f", "framehash", "-").decode()
    assert tracks.count("#media_type") == 2
