"""Frames and parameter sets of H.264, read: by hand, and against another reader."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import av
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bitstream.bits import BitstreamError
from bitstream.h264 import Configuration, is_error_resilient, read_configuration, read_sps
from bitstream.reasons import NotCopiedError
from bitstream.samples import Samples, gop_reasons, read_listing
from clips import moving_clip


@pytest.mark.parametrize(
    "lines",
    [["N/A,0,1,2,K__"], ["0,N/A,1,2,K__"], ["0,0,1,N/A,___"], ["0,0"], [""], [f"{2**70},0,1,2,_"]],
)
def test_a_frame_without_a_time_or_a_place(lines: list[str]) -> None:
    with pytest.raises(BitstreamError, match="no time"):
        read_listing(lines)


CONFIGURATION = Configuration(b"\x64\0\x1f", 4, (b"\x67sps",), (b"\x68pps",))


def sample(*units: bytes) -> bytes:
    return b"".join(struct.pack(">I", len(unit)) + unit for unit in units)


IDR, OTHER = sample(b"\x65"), sample(b"\x41")


def gop_words(frames: Sequence[tuple[int, bytes]], keys: Sequence[int]) -> list[str]:
    """Reasons against frames shown at these seconds, with these contents."""
    offset, lines = 0, []
    for number, (shown, content) in enumerate(frames):
        flags = "K__" if number in keys else "___"
        lines.append(f"{shown},{number},{len(content)},{offset},{flags}\n")
        offset += len(content)
    samples: Samples = read_listing(lines)
    media = b"".join(content for _, content in frames)
    end = Fraction(max(shown for shown, _ in frames) + 1)
    try:
        reasons = [*gop_reasons(samples, 1, end, CONFIGURATION, media)]
    except NotCopiedError as error:
        reasons = [*error.reasons]
    return [reason.word for reason in reasons]


@pytest.mark.parametrize(
    ("frames", "keys", "expected"),
    [
        ([(0, IDR), (2, OTHER), (1, OTHER), (3, IDR)], [0, 3], []),
        ([(0, IDR), (2, IDR), (1, OTHER)], [0, 1], ["open_gop"]),
        ([(0, IDR), (3, OTHER), (2, IDR)], [0, 2], ["open_gop"]),
        ([(0, IDR), (1, OTHER)], [0, 1], ["open_gop"]),
        ([(0, OTHER), (1, IDR)], [0, 1], ["open_gop"]),
        ([(0, OTHER), (1, IDR)], [1], ["open_gop"]),
        ([(0, OTHER)], [], ["open_gop"]),
        ([(0, IDR), (1, IDR)], [0], []),
        ([(0, IDR), (10, IDR), (19, OTHER)], [0, 1], []),
        ([(0, IDR), (10, IDR), (20, OTHER)], [0, 1], ["long_gop"]),
        ([(0, IDR), (11, IDR)], [0, 1], ["long_gop"]),
        ([(0, sample(b"\x67sps", b"\x68pps", b"\x06", b"\x65", b"\x65"))], [0], []),
        ([(0, sample(b"\x67new", b"\x65"))], [0], ["parameter_sets"]),
        ([(0, IDR), (1, sample(b"\x68new", b"\x41"))], [0], ["parameter_sets"]),
        ([(0, sample(b"\x6fsub", b"\x65"))], [0], ["bitstream"]),
        ([(0, sample(b"\xe5"))], [0], ["bitstream"]),
        ([(0, sample(b"\x09"))], [0], ["bitstream"]),
        ([(0, IDR), (1, b"")], [0], ["bitstream"]),
        ([(0, IDR), (1, OTHER[:-1])], [0], ["bitstream"]),
        ([(0, IDR + b"\0\0")], [0], ["bitstream"]),
    ],
)
def test_what_frames_are_made_of(
    frames: list[tuple[int, bytes]], keys: list[int], expected: list[str]
) -> None:
    assert gop_words(frames, keys) == expected


@pytest.mark.parametrize(
    ("size", "options"),
    [
        ((160, 96), ()),
        ((162, 90), ("-pix_fmt", "yuv444p")),
        ((322, 182), ("-pix_fmt", "yuv422p10le")),
        ((322, 184), ("-vf", "setfield=tff", "-flags", "+ilme+ildct")),
        ((98, 50), ("-vf", "setsar=40/33", "-level", "4.2")),
        ((98, 50), ("-vf", "setsar=r=1001/1000:max=2000", "-profile:v", "main")),
        ((64, 64), ("-x264-params", "cqm=jvt", "-bf", "2")),
        ((64, 64), ("-color_range", "pc", "-x264-params", "videoformat=pal:overscan=show")),
        (
            (64, 64),
            (
                "-vf",
                "setparams=color_primaries=bt2020:color_trc=arib-std-b67",
            ),
        ),
        ((64, 64), ("-x264-params", "nal-hrd=cbr:bitrate=300:vbv-maxrate=300:vbv-bufsize=300")),
    ],
)
def test_parameter_sets_say_what_another_reader_finds(
    size: tuple[int, int], options: tuple[str, ...], tmp_path: Path
) -> None:
    told = ("-preset", "veryfast", *options)
    source = moving_clip(tmp_path / "x.mp4", size=size, seconds=0.2, sound=False, options=told)
    with av.open(str(source)) as container:
        stream = container.streams.video[0]
        frame = next(container.decode(stream))
        configuration = read_configuration(stream.codec_context.extradata or b"")
        found = read_sps(configuration.sps[0])
        assert (found.width, found.height) == (frame.width, frame.height) == size
        assert found.sample_aspect_ratio == (stream.sample_aspect_ratio or 1)
        components = frame.format.components
        assert found.luma_depth == found.chroma_depth == components[0].bits
        chroma = {(2, 2): 1, (2, 1): 2, (1, 1): 3}
        across, down = frame.width // components[1].width, frame.height // components[1].height
        assert found.chroma_format == chroma[across, down]
        assert found.is_progressive == (not frame.interlaced_frame)
        assert found.colour.transfer == stream.codec_context.color_trc
        assert found.colour.primaries == stream.codec_context.color_primaries
        assert found.colour.matrix == stream.codec_context.colorspace
    assert not is_error_resilient(configuration.pps[0])


def test_bytes_that_prevent_emulation_are_no_part_of_the_numbers() -> None:
    # Baseline 3.0, and after six numbers a ratio of its own, 32768:1, and no more.
    digits = "1 1 011 010 0 0001010 00110 1 1 0 1 1 11111111 1000000000000000 0000000000000001"
    bits = digits.replace(" ", "").ljust(80, "0")
    payload = b"\x42\xc0\x1e" + int(bits, 2).to_bytes(10, "big")
    escaped = bytearray()
    for byte in payload:
        if escaped[-2:] == b"\0\0" and byte <= 3:
            escaped.append(3)
        escaped.append(byte)
    assert len(escaped) > len(payload)
    found = read_sps(b"\x67" + bytes(escaped))
    assert (found.width, found.height) == (160, 96)
    assert found.sample_aspect_ratio == 32768


@pytest.mark.parametrize(
    ("bits", "expected"),
    [
        # Sets 0 and 0, CAVLC, one slice group, 1 and 1 reference, no weights, three times 0, flags.
        ("1 1 00 1 1 1 000 1 1 1 100 1", False),
        ("1 1 00 1 1 1 000 1 1 1 101 1", True),
        ("1 1 00 010 1 1 000 1 1 1 100 1", True),
        ("1 1 10 1 00100 010 101 00101 1 010 000 1", False),
        ("1 1 10 1 00100 010 101 00101 1 010 001 1", True),
    ],
)
def test_tools_against_lost_packets_are_seen(bits: str, expected: bool) -> None:
    digits = bits.replace(" ", "").ljust(32, "0")
    assert is_error_resilient(b"\x68" + int(digits, 2).to_bytes(4, "big")) == expected


@example(b"\x67\x64\0\x1f" + bytes(40))
@given(st.binary(max_size=60).map(lambda payload: b"\x67" + payload))
def test_no_parameter_set_breaks_the_reading(unit: bytes) -> None:
    try:
        found = read_sps(unit)
    except BitstreamError:
        return
    assert found.profile == unit[1]
