"""A zoo of inputs: one tiny clip for each container, codec and trait, made by the full FFmpeg.

Every clip shows four coloured quarters and a white bar that goes from left to right, and sounds a
tone: so a judge can tell what is up, when a frame was, and whether anything is to be heard.

What the full FFmpeg cannot encode is not in it: VC-1 and WMV 9, AMR-WB, and the later kinds of WMA.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import accumulate
from pathlib import Path

import numpy as np
import numpy.typing as npt

from clips import full_ffmpeg
from pictures import four_corners

SECONDS = Fraction(6, 5)
TONE = 1000
"""Hz of the first sound track; the Nth has N times as many."""

_BAR_STARTS = 0.1
_BAR_SPEED = 0.625
_BAR_WIDTH = 0.08
# The middle twelfth on both sides of the middle: the middles of the quarters stay as they are.
_BAND = (5 / 12, 7 / 12)

Options = tuple[str, ...]


def bar_at(seconds: float) -> float:
    """Where the middle of the bar is, as a share of the width."""
    return _BAR_STARTS + _BAR_SPEED * min(max(0.0, seconds), float(SECONDS))


def bar_in(pixels: npt.NDArray[np.uint8]) -> float:
    """Where the middle of the bar is in a decoded frame, RGB, as a share of the width."""
    height, width = pixels.shape[:2]
    rows = pixels[round(height * (_BAND[0] + 0.03)) : round(height * (_BAND[1] - 0.03))]
    # White is the only colour here without a weak channel.
    whiteness = rows.min(axis=2).astype(float).mean(axis=0)
    columns = np.flatnonzero(whiteness > (whiteness.min() + whiteness.max()) / 2)
    return float((columns.mean() + 0.5) / width)


def scene(size: tuple[int, int], seconds: float) -> npt.NDArray[np.uint8]:
    """What is to be seen at a time: rows of RGB."""
    pixels = np.array(four_corners(size), dtype=np.uint8)
    height, width = pixels.shape[:2]
    first, last = ((bar_at(seconds) + side * _BAR_WIDTH) * width for side in (-0.5, 0.5))
    pixels[round(height * _BAND[0]) : round(height * _BAND[1]), round(first) : round(last)] = 255
    return pixels


@dataclass(frozen=True)
class Specimen:
    """How one clip is made. `size` is as shown: upright, in square pixels.

    `file` is unique. `video` and `audio` are encoders with their options, `audio` one for each
    track. `shape` is the sample aspect ratio; `turn` the degrees clockwise to upright, of a
    picture stored with `mirrored` sides perhaps. `filters` change what is encoded; `fields` is 2
    for interlaced pictures. `times` gives the time of each frame, in 600ths of a second, else they
    come at `rate`. `late` is how much later than the sound the picture starts; `starts` shifts
    both, in seconds. `captions` is the encoder of a track of captions.
    """

    file: str
    video: Options
    audio: tuple[Options, ...] = ()
    muxer: Options = ()
    size: tuple[int, int] = (160, 120)
    rate: str = "25"
    sample_rate: int = 48000
    shape: Fraction = Fraction(1)
    turn: int = 0
    mirrored: bool = False
    filters: str = ""
    fields: int = 1
    times: tuple[int, ...] = ()
    late: Fraction = Fraction(0)
    starts: int = 0
    captions: str = ""

    def __str__(self) -> str:
        return self.file

    def frame_times(self) -> list[Fraction]:
        """When the drawn pictures are, in seconds from the first."""
        if self.times:
            return [Fraction(time, 600) for time in self.times]
        rate = Fraction(self.rate) * self.fields
        return [number / rate for number in range(round(SECONDS * rate))]


def made(specimen: Specimen, folder: Path) -> Path:
    """The specimen's clip, in `folder`."""
    path = folder / specimen.file
    plain = path.with_name(f"stored-{path.name}") if _has_matrix(specimen) else path
    frames, size = _frames(specimen)
    rate = str(Fraction(specimen.rate) * specimen.fields)
    inputs = ["-f", "rawvideo", "-pix_fmt", "rgb24", "-s", f"{size[0]}x{size[1]}", "-r", rate]
    inputs += ["-i", "-"]
    maps = ["-map", "0:v"]
    for number in range(len(specimen.audio)):
        tone = f"sine=frequency={TONE * (number + 1)}:sample_rate={specimen.sample_rate}"
        inputs += ["-f", "lavfi", "-i", f"{tone}:duration={float(SECONDS + specimen.late)}"]
        maps += ["-map", f"{number + 1}:a"]
    encoders = ["-c:v", *specimen.video]
    if specimen.captions:
        captions = folder / "captions.srt"
        captions.write_text("1\n00:00:00,000 --> 00:00:01,000\nhello\n")
        inputs += ["-i", str(captions)]
        maps += ["-map", f"{len(specimen.audio) + 1}:s"]
        encoders += ["-c:s", specimen.captions]
    for number, (encoder, *options) in enumerate(specimen.audio):
        encoders += [f"-c:a:{number}", encoder, *options]
    offset = ["-output_ts_offset", str(specimen.starts)] if specimen.starts else []
    arguments = [*inputs, *maps, *_filters(specimen), *encoders, *offset, *specimen.muxer]
    full_ffmpeg(*arguments, plain, stdin=frames)
    if plain != path:
        # FFmpeg's own option counts counterclockwise, from the stored picture to the upright one.
        flip = ["-display_hflip"] if specimen.mirrored else []
        turn = ["-display_rotation", str(-specimen.turn)] if specimen.turn else []
        full_ffmpeg(*turn, *flip, "-i", plain, "-map", "0", "-c", "copy", path)
    return path


def _has_matrix(specimen: Specimen) -> bool:
    return bool(specimen.turn) or specimen.mirrored


def _frames(specimen: Specimen) -> tuple[bytes, tuple[int, int]]:
    """All pictures as they are stored, and their size."""
    width, height = specimen.size
    stored = (round(width / specimen.shape), height)
    drawn = []
    for time in specimen.frame_times():
        pixels = scene(stored, float(time))
        # FFmpeg turns what it decodes, and mirrors what it has turned.
        pixels = pixels[:, ::-1] if specimen.mirrored else pixels
        drawn.append(np.rot90(pixels, specimen.turn // 90))
    height, width = drawn[0].shape[:2]
    return b"".join(map(np.ndarray.tobytes, drawn)), (width, height)


def _filters(specimen: Specimen) -> Sequence[str]:
    filters = [f"setsar={specimen.shape.numerator}/{specimen.shape.denominator}"]
    if specimen.fields == 2:
        filters.append("tinterlace=mode=interleave_top,setfield=tff")
    if specimen.filters:
        filters.append(specimen.filters)
    if specimen.times or specimen.late:
        times = [time + specimen.late for time in specimen.frame_times()]
        shown = "+".join(f"eq(N\\,{number})*{time * 600}" for number, time in enumerate(times))
        filters.append(f"settb=1/600,setpts={shown}")
        return ["-vf", ",".join(filters), "-fps_mode", "vfr", "-enc_time_base", "1:600"]
    return ["-vf", ",".join(filters)]


X264 = ("libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p")
X265 = ("libx265", "-preset", "ultrafast", "-x265-params", "log-level=error:pools=none")
VP8 = ("libvpx", "-deadline", "realtime", "-cpu-used", "8", "-b:v", "1M", "-pix_fmt", "yuv420p")
VP9 = ("libvpx-vp9", *VP8[1:])
AV1 = ("libsvtav1", "-preset", "12", "-pix_fmt", "yuv420p")
AAC, AC3, EAC3, MP2, FLAC, ALAC = (("aac",), ("ac3",), ("eac3",), ("mp2",), ("flac",), ("alac",))
MP3, OPUS, VORBIS = (("libmp3lame",), ("libopus",), ("libvorbis",))
PCM16, PCM24, WMA1, WMA2 = (("pcm_s16le",), ("pcm_s24le",), ("wmav1",), ("wmav2",))
AMR = ("libopencore_amrnb", "-b:a", "12.2k", "-ac", "1")
GOOD = ("-q:v", "4", "-pix_fmt", "yuv420p")
MPEG1, MPEG2, MPEG4 = (("mpeg1video", *GOOD), ("mpeg2video", *GOOD), ("mpeg4", *GOOD))
MJPEG = ("mjpeg", "-q:v", "4", "-pix_fmt", "yuvj420p")
THEORA = ("libtheora", "-q:v", "7", "-pix_fmt", "yuv420p")
PRORES = ("prores_ks", "-profile:v", "proxy", "-pix_fmt", "yuv422p10le")
DNXHR = ("dnxhd", "-profile:v", "dnxhr_lb", "-pix_fmt", "yuv422p")

KINDS = (
    Specimen("h264-aac.mp4", X264, (AAC,)),
    Specimen("h264-aac.m4v", X264, (AAC,)),
    Specimen("h264-ac3.mp4", X264, (AC3,)),
    Specimen("h264-eac3.mp4", X264, (EAC3,)),
    Specimen("hevc-flac.mp4", X265, (FLAC,), ("-strict", "-2")),
    Specimen("mpeg4-mp3.mp4", MPEG4, (MP3,)),
    Specimen("vp9-opus.mp4", VP9, (OPUS,)),
    Specimen("av1-opus.mp4", AV1, (OPUS,)),
    Specimen("hevc-alac.mov", X265, (ALAC,), ("-tag:v", "hvc1")),
    Specimen("prores-pcm.mov", PRORES, (PCM16,)),
    Specimen("dnxhr-pcm.mov", DNXHR, (PCM24,), size=(256, 144)),
    Specimen("mjpeg-pcm.mov", MJPEG, (("pcm_s16be",),)),
    # H.263 knows few sizes and one clock.
    Specimen(
        "h263-amr.3gp",
        ("h263", *GOOD),
        (AMR,),
        size=(176, 144),
        rate="30000/1001",
        sample_rate=8000,
    ),
    Specimen("h264-vorbis.mkv", X264, (VORBIS,)),
    Specimen("mpeg2-ac3.mkv", MPEG2, (AC3,)),
    Specimen("hevc-eac3.mkv", X265, (EAC3,)),
    Specimen("prores-flac.mkv", PRORES, (FLAC,)),
    Specimen("vp8-vorbis.webm", VP8, (VORBIS,)),
    Specimen("vp9-opus.webm", VP9, (OPUS,)),
    Specimen("av1-opus.webm", AV1, (OPUS,)),
    Specimen("mpeg4-mp3.avi", MPEG4, (MP3,)),
    Specimen("mjpeg-pcm.avi", MJPEG, (PCM16,)),
    Specimen("mpeg4-ac3.avi", MPEG4, (AC3,)),
    Specimen("h264-aac.ts", X264, (AAC,)),
    Specimen("h264-latm.ts", X264, (AAC,), ("-mpegts_flags", "latm")),
    Specimen("mpeg2-mp2.ts", MPEG2, (MP2,)),
    Specimen("hevc-ac3.m2ts", X265, (AC3,)),
    Specimen("mpeg1-mp2.mpg", MPEG1, (MP2,), ("-f", "mpeg")),
    Specimen("mpeg2-ac3.mpg", MPEG2, (AC3,), ("-f", "vob")),
    Specimen("h264-mp2.mpg", X264, (MP2,), ("-f", "vob")),
    Specimen("h264-aac.flv", X264, (AAC,)),
    Specimen("h264-mp3.flv", X264, (MP3,), sample_rate=44100),
    Specimen("wmv1-wma1.asf", ("wmv1", *GOOD), (WMA1,), sample_rate=44100),
    Specimen("wmv2-wma2.wmv", ("wmv2", *GOOD), (WMA2,), sample_rate=44100),
    Specimen("theora-vorbis.ogv", THEORA, (VORBIS,)),
    Specimen("theora-opus.ogv", THEORA, (OPUS,)),
    Specimen("theora-flac.ogv", THEORA, (FLAC,)),
)
"""Every container with the codecs that belong in it."""


def _hdr(transfer: str) -> tuple[Options, str]:
    """HEVC of 10 bits in BT.2020, and the filters that bring SDR into it, white at 203 nits."""
    tags = f"colorprim=bt2020:transfer={transfer}:colormatrix=bt2020nc"
    convert = (
        "setparams=color_primaries=bt709:color_trc=bt709:colorspace=gbr:range=pc,"
        "zscale=transfer=linear:npl=203,format=gbrpf32le,"
        f"zscale=primaries=2020:transfer={transfer}:matrix=2020_ncl:range=tv:npl=203,"
        "format=yuv420p10le"
    )
    encoder = (*X265[:-1], f"{X265[-1]}:{tags}", "-pix_fmt", "yuv420p10le", "-tag:v", "hvc1")
    return encoder, convert


PQ, HLG = _hdr("smpte2084"), _hdr("arib-std-b67")
FIELDS = ("-flags", "+ildct+ilme", "-field_order", "tt")

TRAITS = (
    *(Specimen(f"turned-{turn}.mov", X264, (AAC,), turn=turn) for turn in (90, 180, 270)),
    Specimen("mirrored.mp4", X264, (AAC,), mirrored=True),
    Specimen("mirrored-turned.mov", X264, (AAC,), mirrored=True, turn=90),
    Specimen("wide-samples.mp4", X264, (AAC,), shape=Fraction(4, 3)),
    Specimen("narrow-samples.mkv", MPEG2, (AC3,), shape=Fraction(8, 9)),
    Specimen("portrait.webm", VP9, (OPUS,), size=(120, 160)),
    Specimen("square.avi", MPEG4, (MP3,), size=(120, 120)),
    Specimen("odd.mp4", (*X264[:-1], "yuv444p"), (AAC,), size=(161, 121)),
    Specimen("odd.mkv", VP8, (VORBIS,), size=(161, 121)),
    Specimen("ntsc.mp4", X264, (AAC,), rate="30000/1001"),
    Specimen("fast.mkv", X264, (AAC,), rate="120"),
    Specimen("interlaced.mp4", (*X264, *FIELDS, "-x264-params", "tff=1"), (AAC,), fields=2),
    Specimen("interlaced.mpg", (*MPEG2, *FIELDS), (MP2,), ("-f", "vob"), fields=2),
    Specimen("interlaced.ts", (*X264, *FIELDS, "-x264-params", "tff=1"), (AAC,), fields=2),
    Specimen("ten-bits.mp4", (*X264[:-1], "yuv420p10le"), (AAC,)),
    Specimen("ten-bits.webm", (*VP9[:-1], "yuv420p10le", "-profile:v", "2"), (OPUS,)),
    Specimen("hdr10.mp4", PQ[0], (AAC,), filters=PQ[1]),
    Specimen("hlg.mov", HLG[0], (AAC,), filters=HLG[1]),
    Specimen("silent.mp4", X264),
    Specimen("silent.webm", VP8),
)
"""What may be special about a picture, and no sound."""

# As a telephone's camera times them, between 15 and 50 a second, for 1.2 seconds.
_UNEVEN = tuple(accumulate((20, 33, 17, 27, 41, 12, 30) * 4, initial=0))[:-1]

CLOCKS = (
    Specimen("uneven.mp4", X264, (AAC,), times=_UNEVEN),
    Specimen("uneven.mkv", X264, (OPUS,), times=_UNEVEN),
    Specimen("uneven.webm", VP9, (OPUS,), times=_UNEVEN),
    Specimen("from-five.mp4", X264, (AAC,), starts=5),
    Specimen("from-five.mkv", X264, (AC3,), starts=5),
    Specimen("from-an-hour.ts", X264, (AAC,), starts=3600),
    Specimen("late-picture.mp4", X264, (AAC,), late=Fraction(2, 5)),
    Specimen("late-picture.mkv", X264, (AAC,), late=Fraction(2, 5)),
)
"""What may be special about times."""

_LANGUAGES = ("-metadata:s:a:0", "language=eng", "-metadata:s:a:1", "language=fra")

COMPANY = (
    Specimen("two-sounds.mp4", X264, (AAC, AAC), _LANGUAGES),
    Specimen("three-sounds.mkv", X264, (AC3, AAC, VORBIS), _LANGUAGES),
    Specimen("two-sounds.ts", X264, (MP2, AAC), _LANGUAGES),
    Specimen("timecode.mov", X264, (AAC,), ("-timecode", "01:00:00:00")),
    Specimen("captions.mp4", X264, (AAC,), captions="mov_text"),
    Specimen(
        "captions-and-attachment.mkv",
        X264,
        (AAC,),
        ("-attach", __file__, "-metadata:s:t:0", "mimetype=text/plain"),
        captions="subrip",
    ),
)
"""What may lie beside a picture and its sound."""
