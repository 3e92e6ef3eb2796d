"""What a video is: ffprobe's answer, read into the few facts that a plan needs."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, Literal

import msgspec

from media_pipeline.failures import PermanentError
from transcoding.sealed import DECODERS, SecondsLeft, input_options, run

Hdr = Literal["", "pq", "hlg"]

VIDEO_CODECS = frozenset(
    {
        *("h264", "hevc", "vp8", "vp9", "av1", "mpeg1video", "mpeg2video", "mpeg4", "h263"),
        *("mjpeg", "prores", "dnxhd", "theora", "wmv1", "wmv2", "wmv3", "vc1"),
    }
)
AUDIO_CODECS = frozenset(
    {
        *("aac", "aac_latm", "mp1", "mp2", "mp3", "ac3", "eac3", "opus", "vorbis", "flac", "alac"),
        *("wmav1", "wmav2", "wmapro", "wmalossless", "wmavoice", "amr_nb", "amr_wb"),
        *(name for name in DECODERS if name.startswith("pcm_")),
    }
)
HDR_TRANSFERS: dict[str, Hdr] = {"smpte2084": "pq", "arib-std-b67": "hlg"}

CONTENT_TYPES = {
    "mp4": "video/mp4",
    "mov": "video/quicktime",
    "3gp": "video/3gpp",
    "matroska": "video/x-matroska",
    "webm": "video/webm",
    "avi": "video/x-msvideo",
    "mpegts": "video/mp2t",
    "mpeg": "video/mpeg",
    "flv": "video/x-flv",
    "asf": "video/x-ms-asf",
    "ogg": "video/ogg",
}
"""The media type of each container that a `Probe` may name."""

# Beyond this, a sample aspect ratio is a mistake of the file and not a shape of its pixels.
_WIDEST_SAMPLE = 8


_MOST_TITLE = 100
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*")
_UNTOLD_LANGUAGES = frozenset({"und", "mis", "mul", "zxx"})  # ISO 639-2
# Pictures that are not the video: cover art, previews, photos that lie beside it.
_BESIDE = ("attached_pic", "timed_thumbnails", "still_image")
_INTERLACED = frozenset({"tt", "bb", "tb", "bt"})
# EBML's magic number and its DocType (RFC 8794, 11.2.8), in whichever way its length is coded.
_WEBM = re.compile(rb"\x1a\x45\xdf\xa3.{0,60}?\x42\x82(\x84|\x40\x04|\x01\0{6}\x04)webm", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Picture:
    """The video stream. `width` and `height` are as shown: upright, in square pixels.

    `rotation` is degrees clockwise from stored to upright, of a picture that may be `mirrored`
    besides; `pixels` those of one stored frame; `transfer`, `primaries` and `colour_matrix` are
    ffprobe's words, "unknown" where the file does not say, and `hdr` what is high dynamic range
    among them. `start` and `seconds` count from the file's start. `seconds` is None where neither
    the stream nor the file says; `seconds_of` tells which of them did, and a file that speaks for
    all of its streams may mean the sound. Rates are frames per second, 0 where unknown:
    `mean_rate` of the whole stream, `base_rate` the lowest on whose grid all frames lie.
    """

    index: int
    codec: str
    width: int
    height: int
    pixels: int
    rotation: int
    mirrored: bool
    sample_aspect_ratio: Fraction
    pixel_format: str
    interlaced: bool
    colour_matrix: str
    transfer: str
    primaries: str
    hdr: Hdr
    mean_rate: Fraction
    base_rate: Fraction
    start: float
    seconds: float | None
    seconds_of: Literal["", "stream", "file"]
    bitrate: int | None


@dataclass(frozen=True, slots=True)
class Sound:
    """An audio stream; `sample_rate` in Hz, `language` as ISO 639 or RFC 5646 spell it."""

    index: int
    codec: str
    channels: int
    sample_rate: int
    bitrate: int | None
    language: str | None
    title: str | None


@dataclass(frozen=True, slots=True)
class Probe:
    """A source that can be transcoded. `seconds` and `bitrate` are None where it does not say.

    `container` is a key of `CONTENT_TYPES`; `sounds` are the audio streams that can be decoded, in
    the file's order.
    """

    container: str
    seconds: float | None
    bitrate: int | None
    picture: Picture
    sounds: tuple[Sound, ...]

    @property
    def sound(self) -> Sound | None:
        """The first of the sounds."""
        return self.sounds[0] if self.sounds else None


class _Stream(msgspec.Struct):
    """One stream as ffprobe prints it; numbers may come as strings, unknown ones are left out."""

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

    def tag(self, name: str) -> str:
        """Containers differ in how they write a tag's name."""
        return next((value for key, value in self.tags.items() if key.lower() == name), "")


class _Format(msgspec.Struct):
    format_name: str = ""
    duration: float | None = None
    start_time: float = 0.0
    bit_rate: int | None = None
    tags: dict[str, str] = {}


class _Answer(msgspec.Struct):
    streams: list[_Stream] = []
    format: _Format = msgspec.field(default_factory=_Format)


_ENTRIES = (
    "format=format_name,duration,start_time,bit_rate:format_tags=major_brand"
    ":stream=index,codec_type,codec_name,width,height,sample_aspect_ratio,pix_fmt,field_order"
    ",color_space,color_transfer,color_primaries,r_frame_rate,avg_frame_rate,start_time,duration"
    ",bit_rate,channels,sample_rate:stream_tags=language,title,duration"
    f":stream_disposition={','.join(_BESIDE)}:stream_side_data=rotation,displaymatrix"
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
    with source.open("rb") as file:
        return read_probe(answer, file.read(128))


def read_probe(answer: dict[str, Any], head: bytes = b"") -> Probe:
    """The facts in ffprobe's JSON; `head` is how the file begins, which tells WebM from Matroska.

    Raises `PermanentError` with `corrupt_video`, `no_video_stream` or `unsupported_video`.
    """
    try:
        found = msgspec.convert(answer, _Answer, strict=False)
    except msgspec.ValidationError as error:
        raise _senseless(error) from error
    return Probe(
        container=_container(found.format, head),
        seconds=found.format.duration,
        bitrate=found.format.bit_rate,
        picture=_read_picture(_chosen_picture(found.streams), found.format),
        sounds=_read_sounds([one for one in found.streams if one.codec_type == "audio"]),
    )


def _container(found: _Format, head: bytes) -> str:
    name = found.format_name.partition(",")[0]
    if name == "matroska":
        return "webm" if _WEBM.match(head) else name
    if name in CONTENT_TYPES and name != "mov":
        return name
    brand = found.tags.get("major_brand", "")
    if brand.startswith(("3gp", "3g2")):
        return "3gp"
    return "mov" if brand == "qt  " else "mp4"


def _chosen_picture(streams: list[_Stream]) -> _Stream:
    """The first video that can be decoded, else the first."""
    pictures = [
        stream
        for stream in streams
        if stream.codec_type == "video" and not any(map(stream.disposition.get, _BESIDE))
    ]
    if not pictures:
        raise PermanentError("no_video_stream", "The file has no video in it.")
    return next((one for one in pictures if one.codec_name in VIDEO_CODECS), pictures[0])


def _read_picture(stream: _Stream, file: _Format) -> Picture:
    if stream.codec_name not in VIDEO_CODECS:
        raise _unsupported(f"Video of the codec {stream.codec_name}")
    if stream.width <= 0 or stream.height <= 0:
        raise PermanentError("corrupt_video", "The video does not say how large its frames are.")
    shape = _sample_aspect_ratio(stream.sample_aspect_ratio)
    rotation = _rotation(stream.side_data_list)
    width, height = max(1, round(stream.width * shape)), stream.height
    if rotation in (90, 270):
        width, height = height, width
    seconds, seconds_of = _picture_seconds(stream, file)
    return Picture(
        index=stream.index,
        codec=stream.codec_name,
        width=width,
        height=height,
        pixels=stream.width * stream.height,
        rotation=rotation,
        mirrored=_is_mirrored(stream.side_data_list),
        sample_aspect_ratio=shape,
        pixel_format=stream.pix_fmt,
        interlaced=stream.field_order in _INTERLACED,
        colour_matrix=stream.color_space,
        transfer=stream.color_transfer,
        primaries=stream.color_primaries,
        hdr=HDR_TRANSFERS.get(stream.color_transfer, ""),
        mean_rate=_fraction(stream.avg_frame_rate),
        base_rate=_fraction(stream.r_frame_rate),
        start=_late(stream, file),
        seconds=seconds,
        seconds_of=seconds_of,
        bitrate=stream.bit_rate,
    )


def _late(stream: _Stream, file: _Format) -> float:
    return max(0.0, stream.start_time - file.start_time)


def _picture_seconds(
    stream: _Stream, file: _Format
) -> tuple[float | None, Literal["", "stream", "file"]]:
    """How long the picture lasts, and who says so.

    Matroska has a tag for each track: when it ends, written as FFmpeg writes times.
    """
    if stream.duration is not None:
        return stream.duration, "stream"
    if ends := re.fullmatch(r"(\d+):(\d\d):(\d\d(?:\.\d+)?)", stream.tag("duration")):
        end = int(ends[1]) * 3600 + int(ends[2]) * 60 + float(ends[3])
        return max(0.0, end - max(0.0, stream.start_time)), "stream"
    if file.duration is not None:
        return max(0.0, file.duration - _late(stream, file)), "file"
    return None, ""


def _read_sounds(streams: list[_Stream]) -> tuple[Sound, ...]:
    """Those that can be decoded; if there are some and none can, that is what is wrong."""
    decoded = [stream for stream in streams if stream.codec_name in AUDIO_CODECS]
    if streams and not decoded:
        raise _unsupported(f"Sound of the codec {streams[0].codec_name}")
    sounds = [stream for stream in decoded if stream.channels > 0 and stream.sample_rate > 0]
    if decoded and not sounds:
        raise PermanentError("corrupt_video", "The sound does not say how it is sampled.")
    return tuple(
        Sound(
            index=stream.index,
            codec=stream.codec_name,
            channels=stream.channels,
            sample_rate=stream.sample_rate,
            bitrate=stream.bit_rate,
            language=_language(stream.tag("language")),
            title=" ".join(stream.tag("title").split())[:_MOST_TITLE] or None,
        )
        for stream in sounds
    )


def _language(text: str) -> str | None:
    return text if _LANGUAGE.fullmatch(text) and text.lower() not in _UNTOLD_LANGUAGES else None


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
    """Clockwise degrees to upright, a multiple of 90; a display matrix counts the other way.

    0 for an angle between: FFmpeg turns such a picture within its frame.
    """
    turns = [float(entry["rotation"]) for entry in side_data if "rotation" in entry]
    if not turns or not math.isfinite(turns[0]):
        return 0
    nearest = round(turns[0] / 90) * 90
    return -nearest % 360 if abs(turns[0] - nearest) <= 1 else 0


def _is_mirrored(side_data: list[dict[str, Any]]) -> bool:
    """Whether a display matrix turns the picture's back to the front: its determinant is negative.

    ffprobe prints the nine numbers (ISO/IEC 14496-12, 6.2.2) in three lines, as `00000000: a b u`.
    """
    matrices = [str(entry["displaymatrix"]) for entry in side_data if "displaymatrix" in entry]
    rows = [line.partition(":")[2].split() for line in "".join(matrices[:1]).split("\n") if line]
    try:
        a, b, c, d = (int(row[column]) for row in rows[:2] for column in (0, 1))
    except (ValueError, IndexError):
        return False
    return a * d - b * c < 0
