"""What ffprobe answers, in its own words."""

from __future__ import annotations

import math
import re
from fractions import Fraction
from typing import Any

import msgspec

# Beyond this, a sample aspect ratio is a mistake of the file and not a shape of its pixels.
_WIDEST_SAMPLE = 8
# Pictures that are not the video: cover art, previews, photos that lie beside it.
_BESIDE = ("attached_pic", "timed_thumbnails", "still_image")

ENTRIES = (
    "format=format_name,duration,start_time,bit_rate:format_tags=major_brand"
    ":stream=index,codec_type,codec_name,width,height,sample_aspect_ratio,pix_fmt,field_order"
    ",color_space,color_transfer,color_primaries,r_frame_rate,avg_frame_rate,start_time,duration"
    ",bit_rate,channels,sample_rate:stream_tags=language,title,duration"
    f":stream_disposition={','.join(_BESIDE)}:stream_side_data=rotation,displaymatrix"
)
"""What is asked of it."""


class Stream(msgspec.Struct):
    """One stream; numbers may come as strings, unknown ones are left out."""

    index: int
    codec_type: str = ""
    codec_name: str = "unknown"
    width: int = 0
    height: int = 0
    sample_aspect_ratio: str = "1:1"
    pix_fmt: str = ""
    field_order: str = "unknown"
    color_space: str = "unknown"
    color_transfer: str = "unknown"
    color_primaries: str = "unknown"
    r_frame_rate: str = "0/0"
    avg_frame_rate: str = "0/0"
    start_time: float = 0.0
    duration: float | None = None
    bit_rate: int | None = None
    channels: int = 0
    sample_rate: int = 0
    disposition: dict[str, int] = {}
    tags: dict[str, str] = {}
    side_data_list: list[dict[str, Any]] = []

    @property
    def is_video(self) -> bool:
        """Whether it is moving pictures and not one that lies beside them."""
        return self.codec_type == "video" and not any(map(self.disposition.get, _BESIDE))

    @property
    def is_interlaced(self) -> bool:
        """Whether frames are pairs of fields, stored and shown with top or bottom first."""
        return self.field_order in ("tt", "bb", "tb", "bt")

    @property
    def sample_shape(self) -> Fraction:
        """The width of a sample in heights."""
        shape = fraction(self.sample_aspect_ratio)
        return shape if Fraction(1, _WIDEST_SAMPLE) <= shape <= _WIDEST_SAMPLE else Fraction(1)

    @property
    def rotation(self) -> int:
        """Clockwise degrees to upright, a multiple of 90; a display matrix counts the other way.

        0 for an angle between: FFmpeg turns such a picture within its frame.
        """
        turns = [float(entry["rotation"]) for entry in self.side_data_list if "rotation" in entry]
        if not turns or not math.isfinite(turns[0]):
            return 0
        nearest = round(turns[0] / 90) * 90
        return -nearest % 360 if abs(turns[0] - nearest) <= 1 else 0

    @property
    def is_mirrored(self) -> bool:
        """Whether a display matrix shows the picture from behind: its determinant is negative.

        Its nine numbers (ISO/IEC 14496-12, 6.2.2) are printed in three lines, `00000000: a b u`.
        """
        printed = [one["displaymatrix"] for one in self.side_data_list if "displaymatrix" in one]
        lines = str(printed[0] if printed else "").split("\n")
        rows = [line.partition(":")[2].split() for line in lines if line]
        try:
            a, b, c, d = (int(row[column]) for row in rows[:2] for column in (0, 1))
        except (ValueError, IndexError):
            return False
        return a * d - b * c < 0

    @property
    def tagged_end(self) -> float | None:
        """When the stream ends, in seconds, by Matroska's tag for it: `00:01:09.500000000`."""
        ends = re.fullmatch(r"(\d+):(\d\d):(\d\d(?:\.\d+)?)", self.tag("duration"))
        return int(ends[1]) * 3600 + int(ends[2]) * 60 + float(ends[3]) if ends else None

    def tag(self, name: str) -> str:
        """The tag of a name that containers write in small letters or in capitals."""
        return next((value for key, value in self.tags.items() if key.lower() == name), "")


class File(msgspec.Struct):
    """What is known of the file as a whole."""

    format_name: str = ""
    duration: float | None = None
    start_time: float = 0.0
    bit_rate: int | None = None
    tags: dict[str, str] = {}


class Answer(msgspec.Struct):
    """All of it."""

    streams: list[Stream] = []
    format: File = msgspec.field(default_factory=File)


def fraction(text: str) -> Fraction:
    """`30000/1001` or `4:3` as a fraction, 0 where it is none."""
    above, _, below = text.replace(":", "/").partition("/")
    try:
        return Fraction(int(above), int(below))
    except (ValueError, ZeroDivisionError):
        return Fraction(0)
