"""What H.264 says of itself: parameter sets, and what each sample of an MP4 holds.

Syntax and section numbers are those of ITU-T H.264, where nothing else is said; the way it is
stored in MP4 is that of ISO/IEC 14496-15, 5.3.3.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from mmap import mmap

from bitstream.bits import Bits, BitstreamError

# NAL unit types (table 7-1).
SLICE, IDR_SLICE, SPS, PPS = 1, 5, 7, 8
# Slices, extra information, parameter sets, delimiters, ends and filler: what every player knows.
ORDINARY_UNITS = frozenset({SLICE, IDR_SLICE, 6, SPS, PPS, 9, 10, 11, 12})

# Profiles whose parameter set tells of chroma and depth (7.3.2.1.1).
_HIGH_PROFILES = frozenset({100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135})
_UNSPECIFIED = 2
_EXTENDED_RATIO = 255
# Table E-1: sample aspect ratios from 1 on.
_RATIOS = (
    *((1, 1), (12, 11), (10, 11), (16, 11), (40, 33), (24, 11), (20, 11), (32, 11)),
    *((80, 33), (18, 11), (15, 11), (64, 33), (160, 99), (4, 3), (3, 2), (2, 1)),
)


@dataclass(frozen=True, slots=True)
class Configuration:
    """An AVCDecoderConfigurationRecord: `length_size` bytes say how long each NAL unit is.

    `profile` are the three bytes of RFC 6381, 3.3: profile, constraints and level.
    """

    profile: bytes
    length_size: int
    sps: tuple[bytes, ...]
    pps: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Colour:
    """Code points of tables E-3 to E-5; 2 is unspecified."""

    primaries: int = _UNSPECIFIED
    transfer: int = _UNSPECIFIED
    matrix: int = _UNSPECIFIED


@dataclass(frozen=True, slots=True)
class SequenceParameters:
    """A sequence parameter set; `width` and `height` are pixels shown, after cropping.

    `chroma_format` is 1 for 4:2:0, 2 for 4:2:2 and 3 for 4:4:4 (table 6-1); `level` is ten times
    the level's number.
    """

    profile: int
    constraints: int
    level: int
    chroma_format: int
    luma_depth: int
    chroma_depth: int
    is_progressive: bool
    width: int
    height: int
    sample_aspect_ratio: Fraction
    colour: Colour

    @property
    def profile_bytes(self) -> bytes:
        """The same three bytes that a configuration begins with."""
        return bytes([self.profile, self.constraints, self.level])


def read_configuration(avcc: bytes) -> Configuration:
    """The contents of an `avcC` box. Raises `BitstreamError`."""
    try:
        version, *profile, length, count = struct.unpack_from("6B", avcc)
        if version != 1:
            raise BitstreamError(f"avcC has version {version}")
        sps, offset = _units(avcc, 6, count & 31)
        pps, _ = _units(avcc, offset + 1, avcc[offset])
    except (struct.error, IndexError) as error:
        raise BitstreamError("avcC is cut short") from error
    return Configuration(bytes(profile), (length & 3) + 1, sps, pps)


def _units(avcc: bytes, offset: int, count: int) -> tuple[tuple[bytes, ...], int]:
    found = []
    for _ in range(count):
        (size,) = struct.unpack_from(">H", avcc, offset)
        found.append(avcc[offset + 2 : offset + 2 + size])
        offset += 2 + size
    return tuple(found), offset


def _bits(unit: bytes) -> Bits:
    """A NAL unit after its first byte, without the bytes that prevent emulation (7.3.1)."""
    return Bits(unit[1:].replace(b"\0\0\3", b"\0\0"))


def read_sps(unit: bytes) -> SequenceParameters:
    """A sequence parameter set, its NAL header included (7.3.2.1.1). Raises `BitstreamError`."""
    bits = _bits(unit)
    profile, constraints, level = bits.take(8), bits.take(8), bits.take(8)
    bits.unsigned()  # seq_parameter_set_id
    chroma_format, separate, luma_depth, chroma_depth = 1, False, 8, 8
    if profile in _HIGH_PROFILES:
        chroma_format = bits.unsigned()
        separate = chroma_format == 3 and bits.flag()
        luma_depth, chroma_depth = 8 + bits.unsigned(), 8 + bits.unsigned()
        bits.flag()  # qpprime_y_zero_transform_bypass_flag
        _skip_scaling_matrix(bits, 12 if chroma_format == 3 else 8)
    bits.unsigned()  # log2_max_frame_num_minus4
    _skip_picture_order(bits)
    bits.unsigned()  # max_num_ref_frames
    bits.flag()  # gaps_in_frame_num_value_allowed_flag
    columns, rows = bits.unsigned() + 1, bits.unsigned() + 1
    is_progressive = bits.flag()
    if not is_progressive:
        bits.flag()  # mb_adaptive_frame_field_flag
    bits.flag()  # direct_8x8_inference_flag
    cropped = _cropping(bits, 0 if separate else chroma_format, is_progressive)
    ratio, colour = _usability(bits) if bits.flag() else (Fraction(1), Colour())
    return SequenceParameters(
        *(profile, constraints, level, chroma_format, luma_depth, chroma_depth, is_progressive),
        width=16 * columns - cropped[0],
        height=16 * rows * (1 if is_progressive else 2) - cropped[1],
        sample_aspect_ratio=ratio,
        colour=colour,
    )


def _skip_scaling_matrix(bits: Bits, lists: int) -> None:
    """Scaling lists (7.3.2.1.1.1): each ends early where the next scale is zero."""
    if not bits.flag():
        return
    for number in range(lists):
        if not bits.flag():
            continue
        last, following = 8, 8
        for _ in range(16 if number < 6 else 64):
            if following:
                following = (last + bits.signed()) % 256
            last = following or last


def _skip_picture_order(bits: Bits) -> None:
    kind = bits.unsigned()
    if kind == 0:
        bits.unsigned()  # log2_max_pic_order_cnt_lsb_minus4
    elif kind == 1:
        bits.flag()  # delta_pic_order_always_zero_flag
        bits.signed()  # offset_for_non_ref_pic
        bits.signed()  # offset_for_top_to_bottom_field
        for _ in range(min(bits.unsigned(), 255)):
            bits.signed()  # offset_for_ref_frame


def _cropping(bits: Bits, chroma_array_type: int, is_progressive: bool) -> tuple[int, int]:
    """Pixels cut off, in all, of width and height (7.4.2.1.1, equations 7-19 to 7-22)."""
    if not bits.flag():
        return 0, 0
    left, right, top, bottom = (bits.unsigned() for _ in range(4))
    across = 2 if chroma_array_type in (1, 2) else 1
    down = (2 if chroma_array_type == 1 else 1) * (1 if is_progressive else 2)
    return across * (left + right), down * (top + bottom)


def _usability(bits: Bits) -> tuple[Fraction, Colour]:
    """Sample aspect ratio and colours, with which VUI parameters begin (E.1.1)."""
    ratio, colour = Fraction(1), Colour()
    if bits.flag():
        code = bits.take(8)
        pair = (bits.take(16), bits.take(16)) if code == _EXTENDED_RATIO else (1, 1)
        if 1 <= code <= len(_RATIOS):
            pair = _RATIOS[code - 1]
        ratio = Fraction(*pair) if all(pair) else Fraction(1)
    if bits.flag():
        bits.flag()  # overscan_appropriate_flag
    if bits.flag():
        bits.take(4)  # video_format, video_full_range_flag
        if bits.flag():
            colour = Colour(bits.take(8), bits.take(8), bits.take(8))
    return ratio, colour


def is_error_resilient(pps: bytes) -> bool:
    """Whether a picture parameter set (7.3.2.2) asks for what Baseline has against lost packets and
    Main has not: slice groups or redundant pictures, which few decoders know.

    Raises `BitstreamError`.
    """
    bits = _bits(pps)
    bits.unsigned()  # pic_parameter_set_id
    bits.unsigned()  # seq_parameter_set_id
    bits.take(2)  # entropy_coding_mode_flag, bottom_field_pic_order_in_frame_present_flag
    if bits.unsigned() > 0:  # num_slice_groups_minus1
        return True
    bits.unsigned()  # num_ref_idx_l0_default_active_minus1
    bits.unsigned()  # num_ref_idx_l1_default_active_minus1
    bits.take(3)  # weighted_pred_flag, weighted_bipred_idc
    for _ in range(3):
        bits.signed()  # pic_init_qp_minus26, pic_init_qs_minus26, chroma_qp_index_offset
    bits.take(2)  # deblocking_filter_control_present_flag, constrained_intra_pred_flag
    return bits.flag()  # redundant_pic_cnt_present_flag


def units(file: mmap | bytes, offset: int, size: int, length_size: int) -> Iterator[range]:
    """Where each NAL unit of the sample at `offset` lies in the file.

    Raises `BitstreamError` when lengths and sample do not agree.
    """
    end = offset + size
    if end > len(file):
        raise BitstreamError("a sample lies beyond the file's end")
    while offset < end:
        start = offset + length_size
        length = int.from_bytes(file[offset:start], "big")
        if not 0 < length <= end - start:
            raise BitstreamError("a NAL unit does not fit its sample")
        offset = start + length
        yield range(start, offset)
