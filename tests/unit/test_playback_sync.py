"""Ten minutes, transcoded: in the last one picture and sound are still where they were."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from clips import H264, full_ffmpeg, layer_on_path
from media_playlists import Playlist
from streams import heard_samples, shown_lumas
from transcoded import made_of

SECONDS = 600
BETWEEN = 10
APART = 0.02
"""Seconds that picture and sound may be apart, more than they were in the source."""

RUNG = {"short_side": 36, "bitrate": 50_000, "max_bitrate": 75_000, "buffer": 100_000}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("clips")
    with layer_on_path(folder):
        yield folder


def flashes_and_clicks(path: Path, rate: str, timing: str, sound_rate: int) -> Path:
    """White for a fifth of a second, and a tone, in the middle of every ten seconds."""
    now = f"gte(mod(t\\,{BETWEEN})\\,5)*lt(mod(t\\,{BETWEEN})\\,5.2)"
    timed = f"color=black:size=64x36:rate={rate}:duration={SECONDS},settb=1/90000,setpts={timing}"
    flash = f"drawbox=color=white:thickness=fill:enable={now}"
    tone = f"aevalsrc={now}*sin(2*PI*1000*t):sample_rate={sound_rate}:duration={SECONDS}"
    inputs = ("-f", "lavfi", "-i", f"{timed},{flash}", "-f", "lavfi", "-i", tone)
    stored = ("-fps_mode", "vfr", "-enc_time_base", "1:90000", "-c:a", "pcm_s16le")
    full_ffmpeg(*inputs, *H264, *stored, "-t", str(SECONDS), path)
    return path


def flashes(shown: Sequence[tuple[float, float]]) -> npt.NDArray[np.float64]:
    """When frames are white after black ones."""
    times, lumas = np.array(shown).T
    white = lumas > 127
    return np.asarray(times[1:][white[1:] & ~white[:-1]])


def clicks(samples: npt.NDArray[np.float32], rate: int) -> npt.NDArray[np.float64]:
    """When there is a sound after a second of silence."""
    loud = np.flatnonzero(np.abs(samples) > np.abs(samples).max() / 3)
    return np.asarray(loud[np.diff(loud, prepend=-rate) >= rate] / rate)


def last_minute(playlist: Playlist, path: Path) -> Path:
    """What a player has fetched that was told to play from there."""
    at, wanted = 0.0, []
    for piece in playlist.pieces:
        if at >= SECONDS - 62:
            wanted.append(piece)
        at += piece.seconds
    path.write_bytes(playlist.init.read() + b"".join(piece.read() for piece in wanted))
    return path


@pytest.mark.parametrize(
    ("name", "rate", "timing", "sound_rate"),
    [
        ("constant.mov", "30000/1001", "PTS", 44_100),
        # Between 25 and 36 frames a second, in waves of ten seconds, as a camera does.
        ("variable.mkv", "30", "(N/29.7+0.3*sin(N/50))/TB", 48_000),
    ],
    ids=["constant", "variable"],
)
def test_picture_and_sound_are_together_after_ten_minutes(
    name: str, rate: str, timing: str, sound_rate: int, folder: Path
) -> None:
    source = flashes_and_clicks(folder / name, rate, timing, sound_rate)
    made = made_of(source, ladder={"36p": RUNG})
    assert made.transcoded.stream.seconds == pytest.approx(SECONDS, abs=0.05)
    assert made.master.sound
    picture = last_minute(made.master.variants[0].playlist, folder / f"{name} picture.mp4")
    sound = last_minute(made.master.sound, folder / f"{name} sound.mp4")
    seen, heard = flashes(shown_lumas(picture))[-6:], clicks(*heard_samples(sound))[-6:]
    expected = np.arange(SECONDS - 55, SECONDS, BETWEEN)
    # A flash of the source is as late as its frame is; a click is as precise as its samples.
    drawn = flashes(shown_lumas(source))[-6:]
    assert drawn == pytest.approx(expected, abs=1 / 20)
    assert heard == pytest.approx(expected, abs=APART)
    assert seen - heard == pytest.approx(drawn - expected, abs=APART)
