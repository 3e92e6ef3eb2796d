"""The source: a clip looped to 20 seconds of 1080p, as an editor would export it."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import imageio_ffmpeg

from processes import run

SECONDS = 20
_OWN = "testsrc2=size=1280x720:rate=25:duration=20"
_OWN_SOUND = "sine=frequency=440:sample_rate=48000:duration=20"
# Closed groups of two seconds, and a rate that fits the default recipe's top rung: what a stream
# can have as it is.
_BT709 = "setparams=range=tv:color_primaries=bt709:color_trc=bt709:colorspace=bt709"
_PICTURE = (
    *("-vf", f"scale=1920:1080,fps=25,format=yuv420p,setsar=1,{_BT709}"),
    *("-c:v", "libx264", "-profile:v", "high", "-b:v", "5M", "-maxrate", "6M", "-bufsize", "6M"),
    *("-g", "50", "-keyint_min", "50", "-sc_threshold", "0", "-flags", "+cgop"),
)
_SOUND = ("-af", "apad", "-c:a", "aac", "-ac", "2", "-ar", "48000", "-b:a", "160k")


def full_ffmpeg(*arguments: object) -> bytes:
    """What the full FFmpeg writes to its standard output. Raises `BenchmarkError`."""
    quiet = [imageio_ffmpeg.get_ffmpeg_exe(), "-nostdin", "-hide_banner", "-loglevel", "error"]
    return run([*quiet, *map(str, arguments)], os.environ)[1]


def make_source(clip: Path | None, folder: Path) -> Path:
    """The source made of `clip`, which has a picture and a sound, or of a test card; made once."""
    of = hashlib.sha256(clip.read_bytes()).hexdigest()[:12] if clip else "test-card"
    made_as = hashlib.sha256(repr((_PICTURE, _SOUND, _OWN, SECONDS)).encode()).hexdigest()[:4]
    source = folder / f"video-{of}-{made_as}.mp4"
    if not source.exists():
        inputs = (
            ("-stream_loop", -1, "-i", clip, "-map", "0:v:0", "-map", "0:a:0")
            if clip
            else ("-f", "lavfi", "-i", _OWN, "-f", "lavfi", "-i", _OWN_SOUND)
        )
        # Written aside, so that an interrupted run leaves no half source.
        unfinished = source.with_suffix(".new.mp4")
        full_ffmpeg("-y", *inputs, "-t", SECONDS, *_PICTURE, *_SOUND, unfinished)
        unfinished.replace(source)
    return source


def similarity(rung: Path, source: Path, size: tuple[int, int]) -> float:
    """The mean SSIM of a rung's frames against those of the source, scaled to `size`."""
    width, height = size
    graph = f"[1:v]scale={width}:{height}[straight];[0:v][straight]ssim=stats_file=-"
    said = full_ffmpeg("-i", rung, "-i", source, "-lavfi", graph, "-f", "null", os.devnull)
    words = said.decode().split()
    values = [float(word.removeprefix("All:")) for word in words if word.startswith("All:")]
    return sum(values) / len(values)
