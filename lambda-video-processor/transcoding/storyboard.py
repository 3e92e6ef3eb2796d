"""A storyboard: small pictures at regular times on sheets, and the track that finds them there.

The track is WebVTT (W3C, "WebVTT: The Web Video Text Tracks Format") of metadata, as players that
show thumbnails over their seek bar read it: each cue's payload is the name of a sheet, relative to
the track, with the picture's rectangle as a spatial fragment in pixels (W3C, "Media Fragments URI
1.0", section 4.2.2).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from media_pipeline.recipe import Storyboard

_MOST_PICTURES = 1500
# A clip shorter than this many intervals gets shorter ones, down to the shortest.
_FEW_PICTURES = 8
_SHORTEST_INTERVAL = 1000
# What phones are sure to decode, and 24 MB in memory.
_MOST_SHEET_PIXELS = 1 << 24


@dataclass(frozen=True, slots=True)
class PlannedStoryboard:
    """Sheets of `columns` by `rows` pictures, each `width` by `height` pixels, both even.

    Picture n is what is shown at n times `interval` seconds, a whole number of milliseconds. All
    sheets have the same size; the last may have room left over.
    """

    interval: float
    width: int
    height: int
    columns: int
    rows: int
    quality: int

    @property
    def per_sheet(self) -> int:
        """How many pictures a sheet has room for."""
        return self.columns * self.rows

    def pictures(self, seconds: float) -> int:
        """How many pictures a video of this length has, at least one."""
        return max(1, math.ceil(_milliseconds(seconds) / _milliseconds(self.interval)))


def plan_storyboard(
    seconds: float, width: int, height: int, words: Storyboard
) -> PlannedStoryboard | None:
    """The storyboard of a video whose upright frames are `width` by `height`; None if not wanted.

    It has a picture every `words.seconds`, fewer of a very long video and more of a short one.
    A picture keeps the frame's shape with `words.width` as its longer side, and is never larger
    than the frame. `seconds` is 0 where it is not known.
    """
    if words.seconds == 0:
        return None
    tile_width, tile_height = _tile(width, height, words.width)
    interval = _interval(_milliseconds(seconds), 1000 * words.seconds)
    wanted = math.ceil(_milliseconds(seconds) / interval) or words.columns * words.rows
    columns = min(words.columns, wanted)
    rows = min(
        words.rows,
        math.ceil(wanted / columns),
        _MOST_SHEET_PIXELS // (columns * tile_width * tile_height),
    )
    return PlannedStoryboard(interval / 1000, tile_width, tile_height, columns, rows, words.quality)


def webvtt(plan: PlannedStoryboard, seconds: float, sheets: Sequence[str]) -> str:
    """The track of a video that lasts `seconds`; `sheets` are the names of those that were made.

    Its cues follow one another without a gap from zero to the end, and name no picture that is on
    none of the sheets: the last that there is then stays until the end.
    """
    pictures = min(plan.pictures(seconds), len(sheets) * plan.per_sheet)
    interval = _milliseconds(plan.interval)
    end = max(_milliseconds(seconds), 1)
    times = [number * interval for number in range(pictures)] + [end]
    return "\n\n".join(["WEBVTT", *_cues(plan, times, sheets)]) + "\n"


def _cues(plan: PlannedStoryboard, times: Sequence[int], sheets: Sequence[str]) -> Iterator[str]:
    for number, (start, end) in enumerate(pairwise(times)):
        sheet, place = divmod(number, plan.per_sheet)
        row, column = divmod(place, plan.columns)
        left, top = column * plan.width, row * plan.height
        yield (
            f"{_timestamp(start)} --> {_timestamp(end)}\n"
            f"{sheets[sheet]}#xywh={left},{top},{plan.width},{plan.height}"
        )


def _interval(length: int, wanted: int) -> int:
    """Milliseconds between pictures of a video of `length` milliseconds, 0 if not known."""
    if not length:
        return wanted
    short = max(_SHORTEST_INTERVAL, math.ceil(length / _FEW_PICTURES))
    # Whole seconds where a long video makes it longer.
    fewest = 1000 * math.ceil(length / _MOST_PICTURES / 1000)
    return max(min(wanted, short), fewest)


def _tile(width: int, height: int, longer: int) -> tuple[int, int]:
    scale = min(1.0, longer / max(width, height))
    tile_width, tile_height = (max(2, 2 * round(side * scale / 2)) for side in (width, height))
    return tile_width, tile_height


def _milliseconds(seconds: float) -> int:
    return round(1000 * seconds)


def _timestamp(milliseconds: int) -> str:
    seconds, milliseconds = divmod(milliseconds, 1000)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02}:{minutes:02}:{seconds:02}.{milliseconds:03}"
