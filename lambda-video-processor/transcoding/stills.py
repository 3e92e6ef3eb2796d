"""Frames of a source for the poster and the storyboard, out of the same decode as the rungs."""

from __future__ import annotations

import math
from pathlib import Path

import ffmpeg
from ffmpeg.nodes import FilterableStream, OutputStream

from transcoding.graph import Filter, sized, spelled
from transcoding.plan import Plan
from transcoding.storyboard import PlannedStoryboard

# FFmpeg's scale of JPEG quality runs from 31 down to 1.
_CANDIDATE_SCALE = 2


def outputs(opened: FilterableStream, plan: Plan, folder: Path) -> list[OutputStream]:
    """JPEG files in `folder`; each output has a graph of its own, to keep a pace of its own."""
    picture = opened[str(plan.picture_index)]
    made = [_candidates(picture, plan, folder)]
    if plan.storyboard:
        made.append(_sheets(picture, plan, plan.storyboard, folder))
    return made


def candidates(folder: Path) -> list[Path]:
    """The pictures that a poster can be chosen from, the very first frame first."""
    return sorted(folder.glob("candidate-*.jpg"))


def sheets(folder: Path) -> list[Path]:
    """The storyboard, in its order."""
    return sorted(folder.glob("sheet-*.jpg"))


def all_in(folder: Path) -> list[Path]:
    """Everything that `outputs` has made so far."""
    return [*candidates(folder), *sheets(folder)]


def _candidates(picture: FilterableStream, plan: Plan, folder: Path) -> OutputStream:
    """The first frame, which stays if the source ends sooner, and those at the planned times."""
    times = "".join(f"+gte(t,{at:f})*lt(prev_selected_t,{at:f})" for at in plan.poster_times)
    filters: list[Filter] = [
        ("select", {"expr": f"isnan(prev_selected_t){times}"}),
        *sized(plan.look, *plan.poster_size, jpeg="yuvj444p"),
    ]
    return _written(
        picture, filters, folder, "candidate", 1 + len(plan.poster_times), _CANDIDATE_SCALE
    )


def _sheets(
    picture: FilterableStream, plan: Plan, board: PlannedStoryboard, folder: Path
) -> OutputStream:
    """The first frame of each interval, laid out in rows; one without a frame repeats the last."""
    number = f"floor({{}}/{board.interval:f})"
    started = f"gt({number.format('t')},{number.format('prev_selected_t')})"
    rate = f"1000/{round(1000 * board.interval)}"
    filters: list[Filter] = [
        ("select", {"expr": f"isnan(prev_selected_t)+{started}"}),
        ("fps", {"fps": rate, "start_time": 0, "round": "down", "eof_action": "pass"}),
        *sized(plan.look, board.width, board.height, jpeg="yuvj420p"),
        ("tile", {"layout": f"{board.columns}x{board.rows}"}),
    ]
    most = math.ceil(board.pictures(plan.longest) / board.per_sheet)
    scale = max(1, round((100 - board.quality) / 6))
    return _written(picture, filters, folder, "sheet", most, scale)


def _written(
    picture: FilterableStream,
    filters: list[Filter],
    folder: Path,
    name: str,
    most: int,
    scale: int,
) -> OutputStream:
    # The muxer counts its files where the name has a percent sign; two stand for one.
    pattern = str(folder).replace("%", "%%") + f"/{name}-%05d.jpg"
    return ffmpeg.output(
        picture,
        pattern,
        **{
            "vf": spelled(filters),
            "format": "image2",
            "c:v": "mjpeg",
            "q:v": scale,
            "fps_mode": "passthrough",
            "frames:v": most,
        },
    )
