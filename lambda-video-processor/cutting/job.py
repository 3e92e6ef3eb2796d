"""The face of this room: one call per cutting job."""

from __future__ import annotations

import errno
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from cutting import engine
from cutting.captions import draw_caption
from cutting.cuts import plan_cuts, snap_cuts
from cutting.engine import Uncut
from cutting.options import Request
from cutting.overlays import Draw, lay_out
from cutting.segments import Segment, write_segments
from cutting.tables import Track, read_track
from cutting.texts import Vary, texts_for
from media_pipeline.failures import PermanentError
from media_pipeline.recipe import Cuts, Rung, Videos
from packager.boxes import BoxError
from transcoding.pace import Pace
from transcoding.plan import Plan, PlannedRung, ladder, plan
from transcoding.probe import Probe, probe
from transcoding.refusals import refuse_truncated, refuse_without_room
from transcoding.sealed import SecondsLeft

Report = Callable[[str, int], None]

# Headers are wrong about how long their media last; cuts and texts are planned for a little more.
_FURTHER_SECONDS = 1
_FURTHER_SHARE = Fraction(2, 100)


@dataclass(frozen=True, slots=True)
class CutResult:
    """The segments in order, pixels as shown (those of a copy upright too), and warnings."""

    segments: tuple[Segment, ...]
    width: int
    height: int
    warnings: tuple[str, ...]


def cut(
    source: Path,
    folder: Path,
    request: Request,
    recipe: Videos,
    *,
    vary: Vary | None,
    report: Report,
    reserve: Callable[[int], None] = lambda _: None,
    seconds_left: SecondsLeft,
    draw: Draw = draw_caption,
) -> CutResult:
    """Makes `segment_000.mp4` and on of `source`, in the empty `folder`.

    `vary` varies a text, None where no model is configured; `report` takes a stage and percent,
    `reserve` how many bytes are going to be uploaded.
    Raises `PermanentError` with `corrupt_video`, `unsupported_video`, `no_video_stream`,
    `video_too_large`, `video_too_long`, `too_many_segments`, `cannot_copy`, `disk_full` or
    `time_limit`, and `TransientError` when FFmpeg was killed from outside.
    """
    probed = probe(source, recipe.limits.pixels, seconds_left)
    planned = plan(probed, recipe)
    shape = _shape(probed, recipe.cuts)
    is_copy = request.mode == "copy"
    needed = _bytes(planned, shape, source, is_copy=is_copy)
    refuse_without_room(needed, folder)
    reserve(needed)
    rate = planned.look.frame_rate
    cuts = plan_cuts(_horizon(planned), request.options, rate)
    wanted = [Fraction(cut.first) / rate for cut in cuts]
    texts, warnings = texts_for(request.text, len(cuts), vary)
    follow = Pace(
        planned.seconds, planned.longest, seconds_left, lambda _, share: report("cutting", share)
    ).follow
    if is_copy:
        uncut = engine.copy(planned, probed, source, folder, seconds_left, follow)
    else:
        # Half a frame early, so that no rounding makes a caption late.
        early = [time - 1 / (2 * rate) for time in wanted]
        size, style, captions = (
            (shape.width, shape.height),
            recipe.cuts.captions,
            folder / "captions",
        )
        overlay = lay_out(texts, early, size, style, draw, captions) if any(texts) else None
        uncut = engine.encode(planned, shape, wanted, overlay, source, folder, seconds_left, follow)
        shutil.rmtree(captions, ignore_errors=True)
    segments = _cut(uncut, wanted, folder, planned, probed)
    shown = probed.picture if is_copy else shape
    return CutResult(tuple(segments), shown.width, shown.height, warnings)


def _shape(probed: Probe, cuts: Cuts) -> PlannedRung:
    rung = Rung(cuts.short_side, cuts.bitrate, cuts.max_bitrate, cuts.buffer)
    return ladder(probed.picture.width, probed.picture.height, {"cuts": rung})[-1]


def _horizon(planned: Plan) -> Fraction:
    """Seconds that cuts and texts are planned for."""
    seconds = Fraction(str(planned.seconds or planned.limits.seconds))
    return seconds * (1 + _FURTHER_SHARE) + _FURTHER_SECONDS


def _bytes(planned: Plan, shape: PlannedRung, source: Path, *, is_copy: bool) -> int:
    """What the segments will hold, if all bit rates are used up."""
    if is_copy:
        return source.stat().st_size
    sound = planned.sounds[0].bitrate if planned.sounds else 0
    return round((shape.bitrate + sound) * planned.seconds / 8)


def _cut(
    uncut: Uncut, wanted: Sequence[Fraction], folder: Path, planned: Plan, probed: Probe
) -> list[Segment]:
    try:
        pictures = read_track(uncut.pictures)
        sound = read_track(uncut.sound) if uncut.sound else None
        if probed.picture.seconds_of == "stream":
            refuse_truncated(float(pictures.end), planned.seconds)
        starts = _starts(pictures, wanted)
        return write_segments(pictures, sound, starts, folder)
    except BoxError as error:
        raise PermanentError("corrupt_video", f"The video cannot be cut ({error}).") from error
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        raise PermanentError(
            "disk_full", "The segments do not fit the function's storage; raise storage_mb."
        ) from error


def _starts(pictures: Track, wanted: Sequence[Fraction]) -> list[Fraction]:
    """When segments begin: at the key frames nearest to the wanted times, the first at once."""
    keys = [Fraction(pictures.shown[key], pictures.timescale) for key in pictures.clean_keys()]
    return snap_cuts(
        [time for time in wanted if time < pictures.end],
        [Fraction(0), *(time for time in keys if time > keys[0])],
    )
