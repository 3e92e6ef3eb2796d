"""Carries out a plan with FFmpeg: one process for all rungs, the sound and the poster frame."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import ffmpeg
from ffmpeg.nodes import FilterableStream, OutputStream

from media_pipeline.failures import PermanentError
from transcoding.plan import Plan, PlannedRung, PlannedSound
from transcoding.sealed import SecondsLeft, input_options, run

_PRESETS = {"low": "veryfast", "medium": "medium", "high": "slow"}
# FFmpeg's AAC encoder gives out this many samples of silence before the first one that it was fed.
_AAC_PRIMING = 1024
_FRAGMENTED = "delay_moov+default_base_moof+skip_trailer"
# More broken packets than this are a damaged file and not a glitch; FFmpeg's own bound is 2/3.
_MAX_ERROR_RATE = 0.1

_MP4 = {"format": "mp4", "map_metadata": -1, "map_chapters": -1, "fflags": "+bitexact"}
_PROGRAM = [
    *("ffmpeg", "-nostdin", "-hide_banner", "-nostats", "-loglevel", "error", "-y"),
    *("-max_error_rate", str(_MAX_ERROR_RATE)),
]


@dataclass(frozen=True, slots=True)
class Encoded:
    """What a run made: a fragmented MP4 per rung, lowest first, one of the sound, and a PNG."""

    rungs: dict[str, Path]
    sound: Path | None
    poster: Path


def encode(plan: Plan, source: Path, folder: Path, seconds_left: SecondsLeft) -> Encoded:
    """Makes everything but the downloads, in `folder`, with one decode of `source`.

    Raises as `sealed.run` does, and `PermanentError` with `corrupt_video` when no frame came out.
    """
    encoded = Encoded(
        rungs={rung.name: folder / f"rung-{i}.mp4" for i, rung in enumerate(plan.rungs)},
        sound=folder / "sound.mp4" if plan.sound else None,
        poster=folder / "poster.png",
    )
    run(_compiled(_outputs(plan, source, encoded)), seconds_left)
    if not encoded.poster.is_file():
        raise PermanentError("corrupt_video", "Not one frame of the video can be decoded.")
    if encoded.sound and not (encoded.sound.is_file() and encoded.sound.stat().st_size):
        raise PermanentError("corrupt_video", "The video's sound cannot be decoded.")
    return encoded


def remux(plan: Plan, encoded: Encoded, folder: Path, seconds_left: SecondsLeft) -> dict[str, Path]:
    """The planned downloads by rung: the rung and the sound in one MP4 that plays as it arrives."""
    downloads = {name: folder / f"download-{i}.mp4" for i, name in enumerate(plan.downloads)}
    if downloads:
        sound = [_input(encoded.sound, plan)["a:0"]] if encoded.sound else []
        outputs = [
            ffmpeg.output(
                _input(encoded.rungs[name], plan)["v:0"],
                *sound,
                str(path),
                **_MP4,
                c="copy",
                movflags="faststart",
            )
            for name, path in downloads.items()
        ]
        run(_compiled(outputs), seconds_left)
    return downloads


def _compiled(outputs: list[OutputStream]) -> list[str]:
    command: list[str] = ffmpeg.merge_outputs(*outputs).compile(cmd=_PROGRAM)
    return command


def _input(path: Path, plan: Plan, **options: int) -> FilterableStream:
    return ffmpeg.input(str(path), **input_options(plan.limits.pixels), **options)


def _outputs(plan: Plan, source: Path, encoded: Encoded) -> list[OutputStream]:
    """One decode of the source into all outputs.

    Only the rungs share a graph: outputs of one graph wait for the slowest, with all their pictures
    in memory, and the poster and the sound keep a pace of their own.
    """
    # A header may understate how long its stream is; `t` holds the decoder to the limit.
    opened = _input(source, plan, t=plan.limits.seconds)
    # One clock before the split, so that all rungs have the same frames; from zero, so that a
    # picture that starts late waits for its sound.
    timed = opened[str(plan.picture_index)].filter("fps", fps=str(plan.frame_rate), start_time=0)
    copies = timed.filter_multi_output("split", len(plan.rungs))
    outputs = [
        _rung_output(copies[number], plan, rung, encoded.rungs[rung.name])
        for number, rung in enumerate(plan.rungs)
    ]
    outputs.append(_poster_output(opened, plan, encoded.poster))
    if plan.sound and encoded.sound:
        outputs.append(_sound_output(opened, plan, plan.sound, encoded.sound))
    return outputs


def _scale(plan: Plan, rung: PlannedRung) -> dict[str, str | int]:
    """Arguments of a `scale` to the rung's size, from the colours that the plan assumes."""
    matrix = {} if plan.colour_matrix == "declared" else {"in_color_matrix": plan.colour_matrix}
    return {"width": rung.width, "height": rung.height, **matrix}


def _rung_output(
    picture: FilterableStream, plan: Plan, rung: PlannedRung, path: Path
) -> OutputStream:
    """Upright (FFmpeg turns what it decodes), square pixels, 8 bits of 4:2:0, BT.709."""
    bt709 = dict.fromkeys(("color_primaries", "color_trc", "colorspace"), "bt709")
    return ffmpeg.output(
        picture.filter("scale", **_scale(plan, rung), out_color_matrix="bt709", out_range="tv")
        .filter("setsar", 1)
        .filter("format", "yuv420p")
        .filter("setparams", range="tv", **bt709),
        str(path),
        **_MP4,
        **{
            "c:v": "libx264",
            "profile:v": "high",
            "preset": _PRESETS[plan.effort],
            "b:v": rung.bitrate,
            "maxrate": rung.max_bitrate,
            "bufsize": rung.buffer,
            "g": plan.gop_frames,
            "keyint_min": plan.gop_frames,
            "sc_threshold": 0,
            "flags": "+cgop",
            "movflags": f"frag_keyframe+{_FRAGMENTED}",
            # CMAF lets reordered pictures begin at zero by an edit list, or by negative offsets,
            # with which players built on libavformat show them late. FFmpeg's own `cmaf` flag
            # chooses differently from version to version.
            "use_editlist": 1,
            "brand": "cmfc",
        },
    )


def _poster_output(opened: FilterableStream, plan: Plan, path: Path) -> OutputStream:
    """The picture at the planned time, over the first: which stays if the source ends sooner."""
    scale = ":".join(f"{name}={value}" for name, value in _scale(plan, plan.rungs[-1]).items())
    at = plan.poster_seconds
    chosen = f"isnan(prev_selected_t)+gte(t\\,{at:f})*lt(prev_selected_t\\,{at:f})"
    return ffmpeg.output(
        opened[str(plan.picture_index)],
        str(path),
        **{
            "vf": f"select={chosen},scale={scale},setsar=1,format=rgb24",
            "format": "image2",
            "update": 1,
            "c:v": "png",
            "fps_mode": "passthrough",
            "frames:v": 2,
        },
    )


def _sound_output(
    opened: FilterableStream, plan: Plan, sound: PlannedSound, path: Path
) -> OutputStream:
    """The sound on the picture's clock: gaps filled, drift corrected, as long as the picture.

    Its first samples are left out and the encoder's priming stands in their place, so that all
    that follows is in time without an edit list, which CMAF players do not agree on. The filters
    are the stream's own and not part of the pictures' graph, which would hold decoded pictures
    back until sound came.
    """
    layout = "mono" if sound.channels == 1 else "stereo"
    filters = [
        f"aresample=async=1000:first_pts={_AAC_PRIMING}",
        f"aformat=sample_rates={sound.sample_rate}:channel_layouts={layout}",
    ]
    if plan.seconds:
        samples = int(plan.seconds * sound.sample_rate) - _AAC_PRIMING
        filters.append(f"apad=whole_len={max(0, samples)}")
    return ffmpeg.output(
        opened[str(sound.index)],
        str(path),
        **_MP4,
        **{
            "af": ",".join(filters),
            "c:a": "aac",
            "profile:a": "aac_low",
            "b:a": sound.bitrate,
            # Small pieces, so that segments of sound end close to where those of pictures do.
            "frag_duration": round(plan.gop_seconds * 1_000_000 / 4),
            "movflags": _FRAGMENTED,
            "use_editlist": 0,
            "brand": "cmfc",
        },
    )
