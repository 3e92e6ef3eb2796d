"""Video clips that tests make for themselves, with the full FFmpeg of the imageio-ffmpeg wheel."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from zipfile import ZipFile

import imageio_ffmpeg
import numpy as np
import pytest
from PIL import Image

LAYER = Path(__file__).parents[1] / "build" / "ffmpeg-layer.zip"
H264 = ("-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p")
LADDER = (
    '{"90p": {"short_side": 90, "bitrate": 200000, "max_bitrate": 300000, "buffer": 400000},'
    ' "180p": {"short_side": 180, "bitrate": 500000, "max_bitrate": 750000, "buffer": 1000000}}'
)
"""Two rungs so small that encoding them takes no time, as a recipe spells them."""


@contextmanager
def layer_on_path(folder: Path) -> Iterator[None]:
    """The layer's ffmpeg and ffprobe come first on `PATH`, once the layer has been built."""
    with pytest.MonkeyPatch.context() as environment:
        if LAYER.exists():
            with ZipFile(LAYER) as layer:
                programs = [name for name in layer.namelist() if name.startswith("bin/ff")]
                for program in programs:
                    Path(layer.extract(program, folder)).chmod(0o755)
            environment.setenv("PATH", str(folder / "bin"), prepend=":")
        yield


def full_ffmpeg(*arguments: str | Path, stdin: bytes | None = None) -> bytes:
    """Runs the full FFmpeg, whose complaints are failures, and returns what it wrote to stdout."""
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-hide_banner", "-loglevel", "error", "-y"]
    done = subprocess.run([*command, *map(str, arguments)], input=stdin, capture_output=True)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout


def moving_clip(
    path: Path,
    *,
    size: tuple[int, int] = (320, 180),
    rate: str = "25",
    seconds: float = 3.0,
    sound: bool = True,
    options: Sequence[str] = (),
) -> Path:
    """A test card in motion over a tone; `options` are FFmpeg's, for the output."""
    card = f"testsrc2=size={size[0]}x{size[1]}:rate={rate}:duration={seconds}"
    inputs = ["-f", "lavfi", "-i", card]
    if sound:
        inputs += ["-f", "lavfi", "-i", f"sine=frequency=440:duration={seconds}"]
    full_ffmpeg(*inputs, *H264, "-c:a", "aac", *options, path)
    return path


def still_clip(path: Path, picture: Image.Image, *options: str, seconds: float = 1.0) -> Path:
    """One picture, held; `options` are FFmpeg's, for the output."""
    width, height = picture.size
    source = ("-f", "rawvideo", "-pix_fmt", "rgb24", "-s", f"{width}x{height}", "-r", "25")
    frames = picture.convert("RGB").tobytes() * round(25 * seconds)
    full_ffmpeg(*source, "-i", "-", *H264, "-qp", "10", *options, path, stdin=frames)
    return path


def with_display_matrix(stored: Path, path: Path, *matrix: str) -> Path:
    """The same media, told to be shown turned: `-display_rotation` degrees counterclockwise."""
    full_ffmpeg(*matrix, "-i", stored, "-c", "copy", path)
    return path


GREY_STEP = 4
"""How much brighter each frame of a `grey_clip` is than the one before it."""


def grey_clip(path: Path, frames: int, timing: str, *options: str) -> Path:
    """Frame `N` has the luma 16 + 4 N and is shown at `timing`, seconds as FFmpeg writes them."""
    greys = 16 + GREY_STEP * np.arange(frames, dtype=np.uint8)
    planes = np.repeat(greys[:, None], 160 * 90, axis=1)
    chroma = np.full((frames, 80 * 45 * 2), 128, dtype=np.uint8)
    source = ("-f", "rawvideo", "-pix_fmt", "yuv420p", "-s", "160x90", "-r", "25", "-i", "-")
    timed = ("-vf", f"settb=1/600,setpts=round(({timing})/TB)", "-fps_mode", "vfr")
    stored = ("-enc_time_base", "1:600", "-video_track_timescale", "600", "-qp", "6")
    pixels = np.hstack([planes, chroma]).tobytes()
    full_ffmpeg(*source, *timed, *H264, *stored, *options, path, stdin=pixels)
    return path


def clap_clip(path: Path, at: float, seconds: float, *, sound_rate: int = 48000) -> Path:
    """Black and silent until a white picture and a tone begin together, `at` seconds in."""
    picture = f"color=black:size=160x90:rate=25:duration={seconds}"
    flash = f"drawbox=color=white:thickness=fill:enable=gte(t\\,{at}-0.001)"
    tone = f"aevalsrc=gte(t\\,{at})*sin(2*PI*1000*t):sample_rate={sound_rate}:duration={seconds}"
    inputs = ("-f", "lavfi", "-i", f"{picture},{flash}", "-f", "lavfi", "-i", tone)
    full_ffmpeg(*inputs, *H264, "-c:a", "aac", path)
    return path
