"""What a video is: ffprobe's answer, read into the few facts that a plan needs."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, Literal

import msgspec

from media_pipeline.failures import PermanentError
from transcoding.answer import ENTRIES, Answer, File, Stream, fraction
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

_MOST_TITLE = 100
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*")
_UNTOLD_LANGUAGES = frozenset({"und", "mis", "mul", "zxx"})  # ISO 639-2
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


def probe(source: Path, max_pixels: int, seconds_left: SecondsLeft) -> Probe:
    """Asks ffprobe what `source` is. Raises as `read_probe` and `sealed.run` do."""
    command = ["ffprobe", "-hide_banner", "-loglevel", "error"]
    for name, value in input_options(max_pixels).items():
        command += [f"-{name}", str(value)]
    command += ["-show_entries", ENTRIES, "-of", "json", "-i", str(source)]
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
        found = msgspec.convert(answer, Answer, strict=False)
    except msgspec.ValidationError as error:
        raise _senseless(error) from error
    return Probe(
        container=_container(found.format, head),
        seconds=found.format.duration,
        bitrate=found.format.bit_rate,
        picture=_read_picture(_chosen_picture(found.streams), found.format),
        sounds=_read_sounds([one for one in found.streams if one.codec_type == "audio"]),
    )


def _container(found: File, head: bytes) -> str:
    name = found.format_name.partition(",")[0]
    if name == "matroska":
        return "webm" if _WEBM.match(head) else name
    if name in CONTENT_TYPES and name != "mov":
        return name
    brand = found.tags.get("major_brand", "")
    if brand.startswith(("3gp", "3g2")):
        return "3gp"
    return "mov" if brand == "qt  " else "mp4"


def _chosen_picture(streams: list[Stream]) -> Stream:
    """The first video that can be decoded, else the first."""
    if not streams:
        raise PermanentError("corrupt_video", "Nothing can be found in the file; it is damaged.")
    pictures = [stream for stream in streams if stream.is_video]
    if not pictures:
        raise PermanentError("no_video_stream", "The file has no video in it.")
    return next((one for one in pictures if one.codec_name in VIDEO_CODECS), pictures[0])


def _read_picture(stream: Stream, file: File) -> Picture:
    if stream.codec_name not in VIDEO_CODECS:
        raise _unsupported(f"Video of the codec {stream.codec_name}")
    if stream.width <= 0 or stream.height <= 0:
        raise PermanentError("corrupt_video", "The video does not say how large its frames are.")
    shape, rotation = stream.sample_shape, stream.rotation
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
        mirrored=stream.is_mirrored,
        sample_aspect_ratio=shape,
        pixel_format=stream.pix_fmt,
        interlaced=stream.is_interlaced,
        colour_matrix=stream.color_space,
        transfer=stream.color_transfer,
        primaries=stream.color_primaries,
        hdr=HDR_TRANSFERS.get(stream.color_transfer, ""),
        mean_rate=fraction(stream.avg_frame_rate),
        base_rate=fraction(stream.r_frame_rate),
        start=_late(stream, file),
        seconds=seconds,
        seconds_of=seconds_of,
        bitrate=stream.bit_rate,
    )


def _late(stream: Stream, file: File) -> float:
    return max(0.0, stream.start_time - file.start_time)


def _picture_seconds(
    stream: Stream, file: File
) -> tuple[float | None, Literal["", "stream", "file"]]:
    """How long the picture lasts, and who says so."""
    if stream.duration is not None:
        return stream.duration, "stream"
    if (end := stream.tagged_end) is not None:
        return max(0.0, end - max(0.0, stream.start_time)), "stream"
    if file.duration is not None:
        return max(0.0, file.duration - _late(stream, file)), "file"
    return None, ""


def _read_sounds(streams: list[Stream]) -> tuple[Sound, ...]:
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
