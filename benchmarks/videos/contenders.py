"""Who takes part: each the commands of processes that run one after the other.

Everyone encodes with the settings of this project's plan and, but for a part of the floor, with the
layer's own FFmpeg.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from imageio_ffmpeg import get_ffmpeg_exe

from processes import python
from transcoding.engine import PRESETS
from transcoding.plan import Plan, PlannedRung

OURS = "this project: full ladder"
PASSTHROUGH = "this project: passthrough"
FIRST = "this project: first publish"
USUAL = "an ffmpeg per output"
FLOOR = "the floor"
"""One decode, one scale per rung, each rung's x264 from ready frames, and one AAC encode."""

WAYS = {OURS: "full", PASSTHROUGH: "passthrough", FIRST: "first"}

Command = list[str]


def ffmpeg(*arguments: object) -> Command:
    return ["ffmpeg", "-nostdin", "-hide_banner", "-loglevel", "error", "-y", *map(str, arguments)]


def ours(name: str, source: Path, folder: Path) -> Command:
    """One of `WAYS`, its outputs to `folder`."""
    return python("videos.ours", WAYS[name], source, folder)


def usual(source: Path, plan: Plan, folder: Path) -> list[Command]:
    """One process per rung, download and still, as manuals and answers on the Web have it.

    A rung is a fragmented MP4, as the HLS muxer writes it; the layer leaves that muxer out.
    """
    fragmented = ("-movflags", "frag_keyframe+delay_moov+default_base_moof")
    commands = []
    for rung in plan.rungs:
        made = [*picture(plan, rung), *sound(plan)]
        commands.append(ffmpeg("-i", source, *made, *fragmented, rung_file(rung, folder)))
        if rung.name in plan.downloads:
            download = folder / f"download-{rung.name}.mp4"
            commands.append(ffmpeg("-i", source, *made, "-movflags", "faststart", download))
    middle = ("-ss", f"{plan.seconds / 2:.3f}", "-i", source, "-frames:v", 1, "-update", 1)
    commands.append(ffmpeg(*middle, "-vf", "scale=640:-2", "-q:v", 3, folder / "poster.jpg"))
    if board := plan.storyboard:
        filters = (
            f"fps={1 / board.interval:f},scale={board.width}:{board.height},"
            f"tile={board.columns}x{board.rows}"
        )
        sheets = folder / "sheet-%05d.jpg"
        commands.append(ffmpeg("-i", source, "-an", "-vf", filters, "-q:v", 4, sheets))
    return commands


@dataclass(frozen=True)
class FloorCommands:
    """What the floor is told from; nothing is written.

    A scale is beside a decode, and an encode beside reading the frames that it is given, so that
    each is what is left when `decode` and its entry of `reads` are taken off. The layer's FFmpeg
    reads no raw frames: reads and encodes are the full FFmpeg's, whose x264 takes the same time.
    """

    decode: Command
    scales: list[Command]
    reads: list[Command]
    encodes: list[Command]
    sounds: list[Command]


def floor(source: Path, plan: Plan, frames: Path) -> FloorCommands:
    """The processes of the floor, once those of `ready_frames` have written to `frames`.

    The sound is decoded in the process that encodes it.
    """
    nowhere = ("-f", "null", "-")
    reads = [_raw(plan, rung, frames) for rung in plan.rungs]
    return FloorCommands(
        decode=ffmpeg("-i", source, "-map", "0:v:0", *nowhere),
        scales=[
            ffmpeg("-i", source, "-map", "0:v:0", *_scaled(rung), *nowhere) for rung in plan.rungs
        ],
        reads=[[*read, *nowhere] for read in reads],
        encodes=[
            [*read, *map(str, _encoded(plan, rung)), *nowhere]
            for read, rung in zip(reads, plan.rungs, strict=True)
        ],
        sounds=[ffmpeg("-i", source, "-map", "0:a:0", *sound(plan), *nowhere)]
        if plan.sounds
        else [],
    )


def ready_frames(source: Path, plan: Plan, frames: Path) -> list[Command]:
    """Writes each rung's frames, scaled and not encoded; no part of anyone's time."""
    return [
        ffmpeg("-i", source, "-an", *_scaled(rung), "-f", "rawvideo", _frames_file(rung, frames))
        for rung in plan.rungs
    ]


def floor_cpu(
    decode: float,
    scales: Sequence[float],
    reads: Sequence[float],
    encodes: Sequence[float],
    sounds: Sequence[float],
) -> float:
    """The sum of the floor's parts, each freed of what it was measured beside; CPU seconds."""
    scaling = sum(scale - decode for scale in scales)
    encoding = sum(encode - read for encode, read in zip(encodes, reads, strict=True))
    return decode + scaling + encoding + sum(sounds)


def _frames_file(rung: PlannedRung, frames: Path) -> Path:
    return frames / f"{rung.name}.yuv"


def _raw(plan: Plan, rung: PlannedRung, frames: Path) -> Command:
    form = ("-f", "rawvideo", "-pix_fmt", "yuv420p", "-s", f"{rung.width}x{rung.height}")
    file = ("-r", str(plan.look.frame_rate), "-i", str(_frames_file(rung, frames)))
    return [get_ffmpeg_exe(), "-nostdin", "-hide_banner", "-loglevel", "error", *form, *file]


def picture(plan: Plan, rung: PlannedRung) -> list[object]:
    """A rung's options, with the settings of `transcoding/engine.py`."""
    return [*_scaled(rung), *_encoded(plan, rung)]


def _scaled(rung: PlannedRung) -> list[object]:
    return ["-vf", f"scale={rung.width}:{rung.height}"]


def _encoded(plan: Plan, rung: PlannedRung) -> list[object]:
    return [
        *("-c:v", "libx264", "-profile:v", "high", "-preset", PRESETS[plan.effort]),
        *("-b:v", rung.bitrate, "-maxrate", rung.max_bitrate, "-bufsize", rung.buffer),
        *("-g", plan.gop_frames, "-keyint_min", plan.gop_frames),
        *("-sc_threshold", 0, "-flags", "+cgop"),
    ]


def sound(plan: Plan) -> list[object]:
    """The options of the first sound, if there is one, with those of `transcoding/sounds.py`."""
    if not plan.sounds:
        return ["-an"]
    first = plan.sounds[0]
    return [
        *("-c:a", "aac", "-profile:a", "aac_low", "-b:a", first.bitrate),
        *("-ac", first.channels, "-ar", first.sample_rate),
    ]


def rung_file(rung: PlannedRung, folder: Path) -> Path:
    """Where the usual way puts a rung."""
    return folder / f"{rung.name}.mp4"
