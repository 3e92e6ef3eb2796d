"""One run of FFmpeg: the pictures and the sound that segments are cut from.

One decode, one encoder for all segments, one second input for all captions: what it costs does not
grow with the number of segments.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import ffmpeg
from ffmpeg.nodes import FilterableStream, OutputStream

from cutting.overlays import Overlay
from media_pipeline.failures import PermanentError
from transcoding.engine import MP4, PRESETS
from transcoding.graph import Filter, applied, sized, spelled, tagged, timed
from transcoding.plan import Plan, PlannedRung, PlannedSound
from transcoding.probe import Probe
from transcoding.sealed import OnProgress, SecondsLeft, input_options, run

# What MP4 can hold and players know. HEVC is played by Apple's only under the name hvc1.
_COPIED_PICTURES = frozenset({"h264", "hevc", "av1", "vp9", "mpeg4"})
_COPIED_SOUNDS = frozenset({"aac", "mp3", "ac3", "eac3", "opus", "flac", "alac"})
# Edits are told in these ticks; the usual thousandths of a second would move sound.
_EXACT: Mapping[str, Any] = {**MP4, "movie_timescale": 1_000_000}
_PROGRAM = [
    *("ffmpeg", "-nostdin", "-hide_banner", "-nostats", "-loglevel", "error", "-y"),
    *("-max_error_rate", "0.1"),
]
# Our own pictures, under their own whitelists: the source's let no image file in.
_CAPTIONS: Mapping[str, Any] = {
    "format": "image2",
    "pattern_type": "sequence",
    "start_number": 0,
    "ts_from_file": "ns",
    "protocol_whitelist": "file",
    "format_whitelist": "image2",
    "codec_whitelist": "png",
}


@dataclass(frozen=True, slots=True)
class Uncut:
    """An MP4 of the pictures and one of the sound, None of a silent video."""

    pictures: Path
    sound: Path | None


def encode(
    plan: Plan,
    shape: PlannedRung,
    keys: Sequence[Fraction],
    overlay: Overlay | None,
    source: Path,
    folder: Path,
    seconds_left: SecondsLeft,
    on_progress: OnProgress,
) -> Uncut:
    """Pictures as `shape` says, with a key frame at each of `keys` (seconds), and stereo AAC.

    Raises as `sealed.run` does, and `PermanentError` with `corrupt_video` when no frame came out.
    """
    sound = plan.sounds[0] if plan.sounds else None
    uncut = _uncut(folder, sound)
    opened = _input(source, plan)
    filters = [*timed(plan.look), *sized(plan.look, shape.width, shape.height), *tagged()]
    picture = applied(opened[str(plan.picture_index)], filters)
    if overlay:
        picture = _captioned(picture, overlay)
    outputs = [_pictures(picture, plan, shape, keys, uncut.pictures)]
    if sound and uncut.sound:
        outputs.append(_sound(opened, plan, sound, uncut.sound))
    return _made(uncut, outputs, seconds_left, on_progress)


def copy(
    plan: Plan,
    probe: Probe,
    source: Path,
    folder: Path,
    seconds_left: SecondsLeft,
    on_progress: OnProgress,
) -> Uncut:
    """The source's own pictures and first sound.

    Raises as `encode` does, and `PermanentError` with `cannot_copy` for what MP4 cannot hold.
    """
    sound = plan.sounds[0] if plan.sounds else None
    _refuse_uncopied(probe)
    uncut = _uncut(folder, sound)
    # AVI tells only when frames are decoded.
    opened = _input(source, plan, fflags="+genpts")
    tag = {"tag:v": "hvc1"} if probe.picture.codec == "hevc" else {}
    picture = opened[str(plan.picture_index)]
    outputs = [ffmpeg.output(picture, str(uncut.pictures), **_EXACT, **tag, c="copy")]
    if sound and uncut.sound:
        heard = opened[str(sound.index)]
        outputs.append(ffmpeg.output(heard, str(uncut.sound), **_EXACT, c="copy"))
    return _made(uncut, outputs, seconds_left, on_progress)


def _refuse_uncopied(probe: Probe) -> None:
    found = [("pictures", probe.picture.codec, _COPIED_PICTURES)]
    if probe.sound:
        found.append(("sound", probe.sound.codec, _COPIED_SOUNDS))
    for what, codec, copied in found:
        if codec not in copied:
            raise PermanentError(
                "cannot_copy",
                f"The video's {what} are of the codec {codec}, which cannot be copied into MP4 "
                "segments; leave out the mode `copy`, so that they are encoded.",
            )


def _uncut(folder: Path, sound: PlannedSound | None) -> Uncut:
    return Uncut(folder / "pictures.mp4", folder / "sound.mp4" if sound else None)


def _made(
    uncut: Uncut, outputs: list[OutputStream], seconds_left: SecondsLeft, on_progress: OnProgress
) -> Uncut:
    command: list[str] = ffmpeg.merge_outputs(*outputs).compile(cmd=_PROGRAM)
    room = shutil.disk_usage(uncut.pictures.parent).free
    run(command, seconds_left, on_progress=on_progress, most_bytes=room)
    for path in (uncut.pictures, uncut.sound):
        if path and not (path.is_file() and path.stat().st_size):
            what = "video" if path == uncut.pictures else "video's sound"
            raise PermanentError("corrupt_video", f"Nothing of the {what} can be decoded.")
    return uncut


def _input(path: Path, plan: Plan, **options: str) -> FilterableStream:
    return ffmpeg.input(str(path), **input_options(plan.limits.pixels), t=plan.longest, **options)


def _captioned(picture: FilterableStream, overlay: Overlay) -> FilterableStream:
    captions = applied(
        ffmpeg.input(overlay.pattern, **_CAPTIONS)["v:0"],
        [
            ("scale", {"out_color_matrix": "bt709", "out_range": "tv"}),
            ("format", {"pix_fmts": "yuva420p"}),
        ],
    )
    left, top = overlay.place
    laid = ffmpeg.filter([picture, captions], "overlay", x=left, y=top, format="yuv420")
    return applied(laid, [("format", {"pix_fmts": "yuv420p"}), *tagged()])


def _pictures(
    picture: FilterableStream,
    plan: Plan,
    shape: PlannedRung,
    keys: Sequence[Fraction],
    path: Path,
) -> OutputStream:
    """Closed groups of pictures, with one beginning at each of the `keys`.

    Half a frame early each, since the first frame that is not before such a time is meant.
    """
    early = 1 / (2 * plan.look.frame_rate)
    times = ",".join(f"{max(0.0, float(time - early)):.6f}" for time in keys)
    return ffmpeg.output(
        picture,
        str(path),
        **_EXACT,
        **{
            "c:v": "libx264",
            "profile:v": "high",
            "preset": PRESETS[plan.effort],
            "b:v": shape.bitrate,
            "maxrate": shape.max_bitrate,
            "bufsize": shape.buffer,
            "g": plan.gop_frames,
            "force_key_frames": times,
            "forced-idr": 1,
            "flags": "+cgop",
        },
    )


def _sound(opened: FilterableStream, plan: Plan, sound: PlannedSound, path: Path) -> OutputStream:
    """The sound on the picture's clock: gaps filled, drift corrected, as long as the picture.

    The filters are the stream's own: in the pictures' graph they would hold decoded pictures back.
    """
    layout = "mono" if sound.channels == 1 else "stereo"
    filters: list[Filter] = [
        ("aresample", {"async": 1000, "first_pts": 0}),
        ("aformat", {"sample_rates": sound.sample_rate, "channel_layouts": layout}),
    ]
    if plan.seconds:
        filters.append(("apad", {"whole_len": int(plan.seconds * sound.sample_rate)}))
    return ffmpeg.output(
        opened[str(sound.index)],
        str(path),
        **_EXACT,
        **{
            "af": spelled(filters),
            "c:a": "aac",
            "profile:a": "aac_low",
            "b:a": sound.bitrate,
        },
    )
