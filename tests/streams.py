"""Judges of what is seen and heard: PyAV and the full FFmpeg decode it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt

from clips import full_ffmpeg


@dataclass(frozen=True)
class Shown:
    """A decoded frame: seconds, and pixels as RGB (height x width x 3)."""

    time: float
    pixels: npt.NDArray[np.uint8]


def shown_frames(media: Path) -> list[Shown]:
    """All frames of the first video stream, as they are shown."""
    with av.open(str(media)) as container:
        return [
            Shown(float(frame.time or 0), np.asarray(frame.to_ndarray(format="rgb24"), np.uint8))
            for frame in container.decode(container.streams.video[0])
        ]


def shown_lumas(media: Path) -> list[tuple[float, float]]:
    """When each frame of the first video stream is shown, and its mean luma as it is coded."""
    with av.open(str(media), mode="r") as container:
        return [
            (
                float(frame.time or 0),
                float(frame.to_ndarray(format="yuv420p")[: frame.height].mean()),
            )
            for frame in container.decode(container.streams.video[0])
        ]


def key_frame_times(media: Path) -> list[Fraction]:
    """When the key frames of the first video stream are shown."""
    with av.open(str(media)) as container:
        stream = container.streams.video[0]
        return [
            packet.pts * packet.time_base
            for packet in container.demux(stream)
            if packet.is_keyframe and packet.pts is not None and packet.time_base is not None
        ]


def heard_samples(media: Path) -> tuple[npt.NDArray[np.float32], int]:
    """The first audio stream from time zero on, its channels averaged, and samples per second."""
    with av.open(str(media)) as container:
        stream = container.streams.audio[0]
        frames = list(container.decode(stream))
    rate = frames[0].sample_rate
    end = max(round(float(frame.time or 0) * rate) + frame.samples for frame in frames)
    heard = np.zeros(end, dtype=np.float32)
    for frame in frames:
        start = round(float(frame.time or 0) * rate)
        heard[start : start + frame.samples] = (
            frame.to_ndarray().reshape(-1, frame.samples).mean(axis=0)
        )
    return heard, rate


def first_bright(frames: Sequence[Shown]) -> float:
    """When the picture first is more white than black."""
    return next(frame.time for frame in frames if frame.pixels.mean() > 127)


def first_loud(samples: npt.NDArray[np.float32], rate: int) -> float:
    """When the sound first reaches a third of its peak."""
    loud = np.abs(samples)
    return float(np.argmax(loud > loud.max() / 3)) / rate


def played(playlist: Path) -> dict[int, list[float]]:
    """When each frame of each stream begins, all decoded by the full FFmpeg without complaint."""
    text = full_ffmpeg("-xerror", "-i", playlist, "-map", "0", "-f", "framecrc", "-").decode()
    bases = {int(index): Fraction(base) for index, base in re.findall(r"#tb (\d+): (\S+)", text)}
    times: dict[int, list[float]] = {index: [] for index in bases}
    for line in text.splitlines():
        if not line.startswith("#"):
            index, _, pts, *_ = line.split(",")
            times[int(index)].append(float(int(pts) * bases[int(index)]))
    return times
