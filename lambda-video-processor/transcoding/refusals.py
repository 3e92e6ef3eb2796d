"""What is refused of a video for its length or its room, by streams and by segments alike."""

from __future__ import annotations

import shutil
from pathlib import Path

from media_pipeline.failures import PermanentError

# A picture that lasts this much less than its header says was cut off on its way here.
_LOST_SECONDS = 0.5
_LOST_SHARE = 0.05


def refuse_without_room(needed: int, folder: Path) -> None:
    """Raises `PermanentError` with `disk_full` if `needed` bytes do not fit beside `folder`."""
    free = shutil.disk_usage(folder).free
    if needed > free:
        raise PermanentError(
            "disk_full",
            f"What is made of the video needs about {needed / 1e6:,.0f} MB of temporary storage, "
            f"and {free / 1e6:,.0f} MB are free; raise storage_mb, or upload a shorter video.",
        )


def refuse_truncated(seconds: float, expected: float) -> None:
    """Raises `PermanentError` with `corrupt_video` if a picture ends long before it should."""
    if expected - seconds > max(_LOST_SECONDS, _LOST_SHARE * expected):
        raise PermanentError(
            "corrupt_video",
            f"The video ends after {seconds:.1f} of {expected:.1f} seconds; upload it again.",
        )


def senseless_times(longest: float) -> PermanentError:
    """For a video that goes on after `longest` seconds."""
    return PermanentError(
        "corrupt_video",
        f"The video goes on after {longest:,.0f} seconds, against what its header says; "
        "export it anew.",
    )
