"""Fragmented MP4 files to package, as the engine makes them, and the streams made of them."""

from __future__ import annotations

from pathlib import Path

from clips import full_ffmpeg, moving_clip


def fragmented(
    path: Path, gop: int, seconds: float, *, size: tuple[int, int] = (160, 90), rate: str = "25"
) -> Path:
    """A rung, with reordered pictures, as the engine makes them."""
    flags = ("-movflags", "frag_keyframe+delay_moov+default_base_moof+skip_trailer")
    keys = ("-g", str(gop), "-keyint_min", str(gop), "-sc_threshold", "0", "-preset", "veryfast")
    options = (*keys, "-use_editlist", "1", *flags)
    return moving_clip(path, size=size, rate=rate, seconds=seconds, sound=False, options=options)


def sound_of(path: Path, seconds: float, *options: str) -> Path:
    """A sound, as the engine makes them; `options` are FFmpeg's, for the output."""
    tone = ("-f", "lavfi", "-i", f"sine=sample_rate=48000:d={seconds}", "-c:a", "aac")
    from_zero = ("-af", "aresample=first_pts=1024")
    flags = ("-frag_duration", "500000", "-movflags", "delay_moov+default_base_moof+skip_trailer")
    full_ffmpeg(*tone, *from_zero, *options, *flags, path)
    return path
