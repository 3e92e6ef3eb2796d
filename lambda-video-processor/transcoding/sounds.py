"""The sounds of a stream: encoded or copied, and how loud they are."""

from __future__ import annotations

import math
import re
from fractions import Fraction
from pathlib import Path
from typing import Any

import ffmpeg
from ffmpeg.nodes import FilterableStream, OutputStream

from transcoding.graph import Filter, spelled
from transcoding.plan import Plan, PlannedSound

FRAGMENTED = "delay_moov+default_base_moof+skip_trailer"
# FFmpeg's AAC encoder gives out this many samples of silence before the first one that it was fed.
_AAC_PRIMING = 1024
# EBU R 128: what is below is silence to its gate; the most that a true peak may reach, in dBTP.
_SILENCE = -70.0
_HIGHEST_PEAK = -1.0

_MP4: dict[str, Any] = {
    "format": "mp4",
    "map_metadata": -1,
    "map_chapters": -1,
    "fflags": "+bitexact",
    "brand": "cmfc",
}


def encoded(
    opened: FilterableStream, plan: Plan, sound: PlannedSound, path: Path, report: Path | None
) -> OutputStream:
    """The sound on the picture's clock: gaps filled, drift corrected, as long as the picture.

    Its first samples are left out and the encoder's priming stands in their place, so that all
    that follows is in time without an edit list, which CMAF players do not agree on. The filters
    are the stream's own and not part of the pictures' graph, which would hold decoded pictures
    back until sound came. What loudness is measured goes to `report`.
    """
    filters: list[Filter] = [
        ("aresample", {"async": 1000, "first_pts": _AAC_PRIMING}),
        ("aformat", _form(sound)),
    ]
    if plan.gain:
        filters.append(("volume", {"volume": f"{plan.gain:.2f}dB"}))
    if report:
        filters += _measuring(report)
    if plan.seconds:
        samples = int(plan.seconds * sound.sample_rate) - _AAC_PRIMING
        filters.append(("apad", {"whole_len": max(0, samples)}))
    return ffmpeg.output(
        opened[str(sound.index)],
        str(path),
        **_MP4,
        **{
            "af": spelled(filters),
            "c:a": "aac",
            "profile:a": "aac_low",
            "b:a": sound.bitrate,
            "frag_duration": _piece(plan.gop_seconds),
            "movflags": FRAGMENTED,
            "use_editlist": 0,
            "t": plan.longest,
        },
    )


def copied(
    opened: FilterableStream, sound: PlannedSound, path: Path, gop_seconds: Fraction
) -> OutputStream:
    """The source's own AAC, with the edit that leaves its encoder's priming out."""
    return ffmpeg.output(
        opened[str(sound.index)],
        str(path),
        **_MP4,
        c="copy",
        frag_duration=_piece(gop_seconds),
        movflags=FRAGMENTED,
        use_editlist=1,
    )


def measured(
    opened: FilterableStream, sound: PlannedSound, report: Path, *, with_peak: bool = False
) -> OutputStream:
    """Decodes the sound for its loudness alone, and for its true peak if that is wanted."""
    filters: list[Filter] = [("aformat", _form(sound)), *_measuring(report, with_peak=with_peak)]
    return ffmpeg.output(opened[str(sound.index)], "-", format="null", af=spelled(filters))


def loudness_file(folder: Path) -> Path:
    """Where measuring writes to."""
    return folder / "loudness.txt"


def read_loudness(report: Path) -> float | None:
    """The integrated loudness in LUFS (EBU R 128); None of silence, or if none was measured."""
    loudness = _last(report, "I")
    return loudness if loudness is not None and loudness > _SILENCE else None


def gain_to(target: float, report: Path) -> float:
    """Decibels that bring what was measured to `target` LUFS, its peak held below full scale.

    A gain that is the same from start to end leaves the sound's dynamics as they are.
    """
    # The filter reports peaks as shares of full scale, not in decibels.
    loudness, peak = read_loudness(report), _last(report, "true_peak")
    if loudness is None or not peak:
        return 0.0
    return min(target - loudness, _HIGHEST_PEAK - 20 * math.log10(peak))


def _form(sound: PlannedSound) -> dict[str, str | int | float]:
    layout = "mono" if sound.channels == 1 else "stereo"
    return {"sample_rates": sound.sample_rate, "channel_layouts": layout}


def _measuring(report: Path, *, with_peak: bool = False) -> list[Filter]:
    peak = "true" if with_peak else "none"
    return [
        ("ebur128", {"metadata": 1, "framelog": "quiet", "peak": peak}),
        ("ametadata", {"mode": "print", "file": str(report)}),
    ]


def _piece(gop_seconds: Fraction) -> int:
    """Microseconds: small pieces, so that segments of sound end close to where pictures' do."""
    return round(gop_seconds * 1_000_000 / 4)


def _last(report: Path, name: str) -> float | None:
    """The last value of one of the filter's measures; it prints all ten times a second."""
    if not report.is_file():
        return None
    with report.open("rb") as file:
        file.seek(max(0, report.stat().st_size - 8192))
        text = file.read().decode("ascii", errors="replace")
    values = re.findall(rf"^lavfi\.r128\.{name}=(\S+)$", text, re.MULTILINE)
    return float(values[-1]) if values else None
