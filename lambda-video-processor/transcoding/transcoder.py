"""The face of this room: one call per video."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from media_pipeline.failures import PermanentError
from media_pipeline.recipe import Videos
from packager import SoundTrack, Stream, package
from transcoding.engine import encode, remux
from transcoding.plan import plan
from transcoding.probe import Probe, probe
from transcoding.sealed import SecondsLeft

# A picture that lasts this much less than its header says was cut off on its way here.
_LOST_SECONDS = 0.5
_LOST_SHARE = 0.05


@dataclass(frozen=True, slots=True)
class Download:
    """An MP4 of one rung with its sound; `name` is relative to where outputs go."""

    name: str
    width: int
    height: int
    path: Path


@dataclass(frozen=True, slots=True)
class Transcoded:
    """What became of a video. `poster` is a lossless PNG as large as the highest rung."""

    probe: Probe
    stream: Stream
    downloads: tuple[Download, ...]
    poster: Path


def transcode(source: Path, folder: Path, recipe: Videos, seconds_left: SecondsLeft) -> Transcoded:
    """Makes all that `recipe` asks of `source`, in the empty `folder`.

    Raises `PermanentError` with `corrupt_video`, `unsupported_video`, `no_video_stream`,
    `video_too_large`, `video_too_long`, `disk_full` or `time_limit`, and `TransientError` when
    FFmpeg was killed from outside.
    """
    probed = probe(source, recipe.limits.pixels, seconds_left)
    planned = plan(probed, recipe)
    encoded = encode(planned, source, folder, seconds_left)
    stream = package(
        encoded.rungs,
        [SoundTrack(encoded.sound)] if encoded.sound else [],
        segment_seconds=recipe.segment_seconds,
        layout=recipe.segments,
    )
    _refuse_truncated(stream.seconds, planned.seconds)
    made = remux(planned, encoded, folder, seconds_left)
    downloads = tuple(
        Download(f"downloads/{rung.name}.mp4", rung.width, rung.height, made[rung.name])
        for rung in planned.rungs
        if rung.name in made
    )
    return Transcoded(probed, stream, downloads, encoded.poster)


def _refuse_truncated(seconds: float, expected: float) -> None:
    if expected - seconds > max(_LOST_SECONDS, _LOST_SHARE * expected):
        raise PermanentError(
            "corrupt_video",
            f"The video ends after {seconds:.1f} of {expected:.1f} seconds; upload it again.",
        )
