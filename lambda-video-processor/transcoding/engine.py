"""Carries out a plan with FFmpeg: one process for all that shares a decode of the source."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import ffmpeg
from ffmpeg.nodes import FilterableStream, OutputStream

from media_pipeline.failures import PermanentError
from transcoding import sounds, stills
from transcoding.graph import applied, sized, tagged, timed
from transcoding.plan import Plan, PlannedRung
from transcoding.sealed import SecondsLeft, input_options, run

PRESETS = {"low": "veryfast", "medium": "medium", "high": "slow"}
# More broken packets than this are a damaged file and not a glitch; FFmpeg's own bound is 2/3.
_MAX_ERROR_RATE = 0.1

MP4: Mapping[str, Any] = {
    "format": "mp4",
    "map_metadata": -1,
    "map_chapters": -1,
    "fflags": "+bitexact",
}
# CMAF lets reordered pictures begin at zero by an edit list, or by negative offsets, with which
# players built on libavformat show them late. FFmpeg's own `cmaf` flag chooses differently from
# version to version.
_CMAF_PICTURE: Mapping[str, Any] = {
    **MP4,
    "movflags": f"frag_keyframe+{sounds.FRAGMENTED}",
    "use_editlist": 1,
    "brand": "cmfc",
}
_PROGRAM = [
    *("ffmpeg", "-nostdin", "-hide_banner", "-nostats", "-loglevel", "error", "-y"),
    *("-max_error_rate", str(_MAX_ERROR_RATE)),
]

OnProgress = Callable[[float], None]
"""Is told how many seconds of the output are made; what it raises ends the run."""


@dataclass(frozen=True, slots=True)
class Encoded:
    """Fragmented MP4s, one per rung by its name, lowest first, and one of each planned sound."""

    rungs: dict[str, Path]
    sounds: tuple[Path, ...]


def measure_gain(plan: Plan, source: Path, folder: Path, seconds_left: SecondsLeft) -> float:
    """Decibels to add to all sounds, for the loudness that is planned; 0 if none is.

    Takes a decode of the first sound. Raises as `sealed.run` does.
    """
    if plan.loudness_target is None or not plan.sounds:
        return 0.0
    report = folder / "loudness-before.txt"
    output = sounds.measured(_input(source, plan), plan.sounds[0], report, with_peak=True)
    _run([output], folder, seconds_left)
    gain = sounds.gain_to(plan.loudness_target, report)
    report.unlink(missing_ok=True)
    return gain


def copy(
    plan: Plan, source: Path, folder: Path, name: str, seconds_left: SecondsLeft, *, sound: bool
) -> Encoded:
    """The source's own picture as the one rung `name`, its first sound copied too if `sound`.

    All other sounds are encoded. Raises as `sealed.run` does.
    """
    copied = Encoded({name: folder / "source.mp4"}, _sound_paths(plan, folder))
    opened = _input(source, plan)
    outputs = [
        ffmpeg.output(
            opened[str(plan.picture_index)], str(copied.rungs[name]), **_CMAF_PICTURE, c="copy"
        )
    ]
    for number, (planned, path) in enumerate(zip(plan.sounds, copied.sounds, strict=True)):
        if sound and number == 0:
            outputs.append(sounds.copied(opened, planned, path, plan.gop_seconds))
        else:
            outputs.append(_sound(opened, plan, number, path, folder))
    _run(outputs, folder, seconds_left)
    return copied


def encode(
    plan: Plan,
    source: Path,
    folder: Path,
    seconds_left: SecondsLeft,
    *,
    copied: Encoded | None = None,
    passed_through: str | None = None,
    on_progress: OnProgress | None = None,
) -> Encoded:
    """Makes everything but the downloads, in `folder`, with one decode of `source`.

    The sounds of `copied` are not made again, and neither is the rung `passed_through`, which is
    its picture and sets where all others have their key frames. Raises as `sealed.run` does, and
    `PermanentError` with `corrupt_video` when no frame came out.
    """
    made = copied or Encoded({}, ())
    own = {passed_through: made.rungs[passed_through]} if passed_through else {}
    rungs = {
        rung.name: own.get(rung.name, folder / f"rung-{number}.mp4")
        for number, rung in enumerate(plan.rungs)
    }
    encoded = Encoded(rungs, made.sounds or _sound_paths(plan, folder))
    opened = _input(source, plan)
    outputs = _rung_outputs(opened, plan, rungs, own)
    outputs += stills.outputs(opened, plan, folder)
    if not made.sounds:
        outputs += [
            _sound(opened, plan, number, path, folder) for number, path in enumerate(encoded.sounds)
        ]
    elif not sounds.loudness_file(folder).exists():
        outputs.append(sounds.measured(opened, plan.sounds[0], sounds.loudness_file(folder)))
    _run(outputs, folder, seconds_left, on_progress)
    if not stills.candidates(folder):
        raise PermanentError("corrupt_video", "Not one frame of the video can be decoded.")
    if not all(path.is_file() and path.stat().st_size for path in encoded.sounds):
        raise PermanentError("corrupt_video", "The video's sound cannot be decoded.")
    return encoded


def glance(plan: Plan, source: Path, folder: Path, seconds_left: SecondsLeft) -> None:
    """Makes the stills alone, of key frames: for a source that there is no time to decode."""
    opened = _input(source, plan, skip_frame="nokey")
    _run(stills.outputs(opened, plan, folder), folder, seconds_left)


def remux(plan: Plan, encoded: Encoded, folder: Path, seconds_left: SecondsLeft) -> dict[str, Path]:
    """The planned downloads by rung: its picture and the sounds, in MP4s that play as they come."""
    downloads = {name: folder / f"download-{i}.mp4" for i, name in enumerate(plan.downloads)}
    if downloads:
        tracks = [_input(path, plan)["a:0"] for path in encoded.sounds]
        outputs = [
            ffmpeg.output(
                _input(encoded.rungs[name], plan)["v:0"],
                *tracks,
                str(path),
                **MP4,
                c="copy",
                movflags="faststart",
            )
            for name, path in downloads.items()
        ]
        _run(outputs, folder, seconds_left)
    return downloads


def _sound_paths(plan: Plan, folder: Path) -> tuple[Path, ...]:
    return tuple(folder / f"sound-{number}.mp4" for number in range(len(plan.sounds)))


def _run(
    outputs: list[OutputStream],
    folder: Path,
    seconds_left: SecondsLeft,
    on_progress: OnProgress | None = None,
) -> None:
    """No file may become larger than there is room in `folder`."""
    command = ffmpeg.merge_outputs(*outputs).compile(cmd=_PROGRAM)
    room = shutil.disk_usage(folder).free
    run(command, seconds_left, on_progress=on_progress, most_bytes=room)


def _input(path: Path, plan: Plan, **options: int | str) -> FilterableStream:
    return ffmpeg.input(str(path), **input_options(plan.limits.pixels), t=plan.longest, **options)


def _rung_outputs(
    opened: FilterableStream, plan: Plan, rungs: Mapping[str, Path], copied: Mapping[str, Path]
) -> list[OutputStream]:
    """The rungs share a graph, and it holds nothing else.

    Outputs of one graph wait for the slowest, with all their pictures in memory. There is one clock
    before the split, so that all rungs have the same frames.
    """
    missing = [rung for rung in plan.rungs if rung.name not in copied]
    if not missing:
        return []
    largest = missing[-1]
    picture = applied(opened[str(plan.picture_index)], timed(plan.look))
    look = plan.look
    if look.hdr:
        # Once for all rungs, and no more pixels than the largest of them has.
        picture = applied(picture, sized(look, largest.width, largest.height) + tagged())
        look = replace(look, hdr="", colour_matrix="declared")
    split = picture.filter_multi_output("split", len(missing))
    outputs = []
    for number, rung in enumerate(missing):
        scaled = applied(split[number], sized(look, rung.width, rung.height) + tagged())
        outputs.append(_rung_output(scaled, plan, rung, rungs[rung.name], bool(copied)))
    return outputs


def _rung_output(
    picture: FilterableStream, plan: Plan, rung: PlannedRung, path: Path, follows: bool
) -> OutputStream:
    """A closed group of pictures every `gop_frames`, or wherever a copied rung has one."""
    grid: dict[str, Any] = {"g": plan.gop_frames, "keyint_min": plan.gop_frames}
    if follows:
        grid = {"g": 1 << 20, "keyint_min": 1, "force_key_frames": "source", "forced-idr": 1}
    return ffmpeg.output(
        picture,
        str(path),
        **_CMAF_PICTURE,
        **{
            "c:v": "libx264",
            "profile:v": "high",
            "preset": PRESETS[plan.effort],
            "b:v": rung.bitrate,
            "maxrate": rung.max_bitrate,
            "bufsize": rung.buffer,
            **grid,
            "sc_threshold": 0,
            "flags": "+cgop",
            # The clock fills every gap, also that before a damaged time.
            "t": plan.longest,
        },
    )


def _sound(
    opened: FilterableStream, plan: Plan, number: int, path: Path, folder: Path
) -> OutputStream:
    """The loudness of the first sound is measured on its way."""
    report = sounds.loudness_file(folder) if number == 0 else None
    return sounds.encoded(opened, plan, plan.sounds[number], path, report)
