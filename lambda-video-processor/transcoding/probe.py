"""What a video is: ffprobe's answer, read into the few facts that a plan needs."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import msgspec

from media_pipeline.failures import PermanentError
from transcoding.sealed import SecondsLeft, input_options, run

VIDEO_CODECS = frozenset({"h264", "mpeg4"})
AUDIO_CODECS = frozenset(
    {"aac", "mp3", "ac3", "eac3", "opus", "vorbis", "flac", "alac", "amr_nb", "amr_wb"}
)
HDR_TRANSFERS = frozenset({"smpte2084", "arib-std-b67"})

# Beyond this, a sample aspect ratio is a mistake of the file and not a shape of its pixels.
_WIDEST_SAMPLE = 8


@dataclass(frozen=True, slots=True)
class Picture:
    """The video stream. `width` and `height` are as shown: upright, in square pixels.

    `rotation` is degrees clockwise from stored to upright; `pixels` those of one stored frame;
    `start` and `seconds` count from the file's start, `seconds` is None where the file does not
    say; rates are frames per second, 0 where unknown: `mean_rate` of the whole stream, `base_rate`
    the lowest on whose grid all frames lie.
    """

    index: int
    codec: str
    width: int
    height: int
    pixels: int
    rotation: int
    sample_aspect_ratio: Fraction
    pixel_format: str
    colour_matrix: str
    mean_rate: Fraction
    base_rate: Fraction
    start: float
    seconds: float | None
    bitrate: int | None


@dataclass(frozen=True, slots=True)
class Sound:
    """The first audio stream; `sample_rate` in Hz."""

    index: int
    codec: str
    channels: int
    sample_rate: int
    bitrate: int | None


@dataclass(frozen=True, slots=True)
class Probe:
    """A source that can be transcoded. `seconds` and `bitrate` are None where it does not say."""

    container: str
    seconds: float | None
    bitrate: int | None
    picture: Picture
    sound: Sound | None


class _Stream(msgspec.Struct):
    """One stream as ffprobe prints it; numbers may come as strings, unknown ones are left out."""

    index: int
    codec_type: str = ""
    codec_name: str = "unknown"
    width: int = 0
    height: int = 0
    sample_aspect_ratio: str = "1:1"
    pix_fmt: str = ""
    color_space: str = "unknown"
    color_transfer: str = "unknown"
    r_frame_rate: str = "0/0"
    avg_frame_rate: str = "0/0"
    start_time: float = 0.0
    duration: float | None = None
    bit_rate: int | None = None
    channels: int = 0
    sample_rate: int = 0
    disposition: dict[str, int] = {}
    side_data_list: list[dict[str, Any]] = []


class _Format(msgspec.Struct):
    duration: float | None = None
    start_time: float = 0.0
    bit_rate: int | None = None
    tags: dict[str, str] = {}


class _Answer(msgspec.Struct):
    streams: list[_Stream] = []
    format: _Format = msgspec.field(default_factory=_Format)


_ENTRIES = (
    "format=duration,start_time,bit_rate:format_tags=major_brand"
    ":stream=index,codec_type,codec_name,width,height,sample_aspect_ratio,pix_fmt,color_space"
    ",color_transfer,r_frame_rate,avg_frame_rate,start_time,duration,bit_rate,channels,sample_rate"
    ":stream_disposition=attached_pic:stream_side_data=rotation"
)


def probe(source: Path, max_pixels: int, seconds_left: SecondsLeft) -> Probe:
    """Asks ffprobe what `source` is. Raises as `read_probe` and `sealed.run` do."""
    command = ["ffprobe", "-hide_banner", "-loglevel", "error"]
    for name, value in input_options(max_pixels).items():
        command += [f"-{name}", str(value)]
    command += ["-show_entries", _ENTRIES, "-of", "json", "-i", str(source)]
    try:
        answer = msgspec.json.decode(run(command, seconds_left), type=dict[str, Any])
    except msgspec.DecodeError as error:
        raise _senseless(error) from error
    return read_probe(answer)


def read_probe(answer: dict[str, Any]) -> Probe:
    """The facts in ffprobe's JSON.

    Raises `PermanentError` with `corrupt_video`, `no_video_stream` or `unsupported_video`.
    """
    try:
        found = msgspec.convert(answer, _Answer, strict=False)
    except msgspec.ValidationError as error:
        raise _senseless(error) from error
    pictures = [stream for stream in found.streams if _is_picture(stream)]
    sounds = [stream for stream in found.streams if stream.codec_type == "audio"]
    if not pictures:
        raise PermanentError("no_video_stream", "The file has no video in it.")
    return Probe(
        container="mov" if found.format.tags.get("major_brand") == "qt  " else "mp4",
        seconds=found.format.duration,
        bitrate=found.format.bit_rate,
        picture=_read_picture(pictures[0], found.format.start_time),
        sound=_read_sound(sounds[0]) if sounds else None,
    )


def _is_picture(stream: _Stream) -> bool:
    return stream.codec_type == "video" and not stream.disposition.get("attached_pic")


def _read_picture(stream: _Stream, file_start: float) -> Picture:
    if stream.codec_name not in VIDEO_CODECS:
        raise _unsupported(f"Video of the codec {stream.codec_name}")
    if stream.color_transfer in HDR_TRANSFERS:
        raise _unsupported("High dynamic range video")
    if stream.width <= 0 or stream.height <= 0:
        raise PermanentError("corrupt_video", "The video does not say how large its frames are.")
    shape = _sample_aspect_ratio(stream.sample_aspect_ratio)
    rotation = _rotation(stream.side_data_list)
    width, height = max(1, round(stream.width * shape)), stream.height
    if rotation in (90, 270):
        width, height = height, width
    return Picture(
        index=stream.index,
        codec=stream.codec_name,
        width=width,
        height=height,
        pixels=stream.width * stream.height,
        rotation=rotation,
        sample_aspect_ratio=shape,
        pixel_format=stream.pix_fmt,
        colour_matrix=stream.color_space,
        mean_rate=_fraction(stream.avg_frame_rate),
        base_rate=_fraction(stream.r_frame_rate),
        start=max(0.0, stream.start_time - file_start),
        seconds=stream.duration,
        bitrate=stream.bit_rate,
    )


def _read_sound(stream: _Stream) -> Sound:
    if stream.codec_name not in AUDIO_CODECS and not stream.codec_name.startswith("pcm_"):
        raise _unsupported(f"Sound of the codec {stream.codec_name}")
    if stream.channels <= 0 or stream.sample_rate <= 0:
        raise PermanentError("corrupt_video", "The sound does not say how it is sampled.")
    return Sound(
        stream.index, stream.codec_name, stream.channels, stream.sample_rate, stream.bit_rate
    )


def _senseless(error: Exception) -> PermanentError:
    return PermanentError("corrupt_video", f"The video's header makes no sense ({error}).")


def _unsupported(what: str) -> PermanentError:
    sentence = f"{what} is not supported; export it as H.264 with AAC sound."
    return PermanentError("unsupported_video", sentence)


def _fraction(text: str) -> Fraction:
    """`30000/1001` or `4:3` as a fraction, 0 where it is none."""
    above, _, below = text.replace(":", "/").partition("/")
    try:
        return Fraction(int(above), int(below))
    except (ValueError, ZeroDivisionError):
        return Fraction(0)


def _sample_aspect_ratio(text: str) -> Fraction:
    shape = _fraction(text)
    return shape if Fraction(1, _WIDEST_SAMPLE) <= shape <= _WIDEST_SAMPLE else Fraction(1)


def _rotation(side_data: list[dict[str, Any]]) -> int:
    """Clockwise degrees to upright, a multiple of 90; a display matrix counts the other way."""
    turns = [entry["rotation"] for entry in side_data if "rotation" in entry]
    return round(-float(turns[0]) / 90) * 90 % 360 if turns else 0
