"""Whether a picture track is one that every player shows as it is, from its header alone."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from fractions import Fraction

from bitstream.bits import BitstreamError
from bitstream.h264 import (
    Colour,
    Configuration,
    SequenceParameters,
    is_error_resilient,
    read_configuration,
    read_sps,
)
from bitstream.mp4 import Movie, SampleEntry, Track
from bitstream.reasons import NotCopiedError, Reason

_HIGHEST_LEVEL = 42
# Baseline, Main and High.
_PROFILES = frozenset({66, 77, 100})
# ITU-T H.264, tables E-3 to E-5: what stands for high dynamic range, and what a player of ordinary
# pictures knows (BT.709, BT.470, BT.601, SMPTE 240, sRGB, or nothing said).
_HDR_TRANSFERS = frozenset({16, 18})
_USUAL_PRIMARIES = frozenset({1, 2, 4, 5, 6, 7})
_USUAL_MATRICES = frozenset({1, 2, 4, 5, 6, 7})
_DOLBY_VISION = frozenset({b"dvcC", b"dvvC", b"dvwC"})


def read_coding(track: Track) -> tuple[Configuration, SequenceParameters]:
    """How the picture is coded. Raises `NotCopiedError` unless it is H.264 of one kind."""
    entry = _only_entry(track)
    try:
        configuration = read_configuration(entry.boxes.get(b"avcC", b""))
        sets = len(configuration.sps), len(configuration.pps)
        if sets != (1, 1):
            sentence = f"The picture has {sets[0]} sequence and {sets[1]} picture parameter sets."
            raise NotCopiedError.because("parameter_sets", sentence)
        parameters = read_sps(configuration.sps[0])
        if configuration.profile != parameters.profile_bytes:
            sentence = "The file and the picture in it differ in the picture's profile or level."
            raise NotCopiedError.because("parameter_sets", sentence)
        if is_error_resilient(configuration.pps[0]):
            sentence = "The picture uses tools of H.264's Baseline that few decoders know."
            raise NotCopiedError.because("profile", sentence)
    except BitstreamError as error:
        sentence = f"The picture's parameter sets make no sense ({error})."
        raise NotCopiedError.because("bitstream", sentence) from error
    return configuration, parameters


def _only_entry(track: Track) -> SampleEntry:
    if len(track.entries) != 1:
        sentence = f"The picture has {len(track.entries)} descriptions of its coding, and not one."
        raise NotCopiedError.because("sample_entries", sentence)
    entry = track.entries[0]
    if entry.kind == b"encv" or b"sinf" in entry.boxes:
        raise NotCopiedError.because("encrypted", "The picture is encrypted.")
    if entry.kind == b"avc3":
        sentence = "The picture's parameter sets lie among its frames and may change there."
        raise NotCopiedError.because("parameter_sets", sentence)
    if entry.kind != b"avc1":
        kind = entry.kind.decode("latin-1")
        sentence = f"The picture is stored as {kind!r}, and not as H.264."
        raise NotCopiedError.because("codec", sentence)
    return entry


def picture_reasons(movie: Movie, track: Track, found: SequenceParameters) -> Iterator[Reason]:
    """What the header of a picture coded as `found` says that speaks against copying it."""
    if movie.is_fragmented:
        yield Reason("fragmented", "The file is fragmented already, in a way of its own.")
    yield from _coding_reasons(found)
    yield from _shape_reasons(track.entries[0], found)
    if not (movie.is_straight and track.is_straight):
        yield Reason("rotated", "The picture is shown turned, mirrored or stretched.")
    colours = (found.colour, *_declared_colour(track.entries[0]))
    yield from _colour_reasons(track.entries[0], colours)
    yield from _edit_reasons(track)


def _coding_reasons(found: SequenceParameters) -> Iterator[Reason]:
    if found.profile not in _PROFILES:
        sentence = (
            f"The picture's profile of H.264 ({found.profile}) is not Baseline, Main or High."
        )
        yield Reason("profile", sentence)
    if found.level > _HIGHEST_LEVEL:
        yield Reason("level", f"The picture has H.264's level {found.level / 10}, beyond 4.2.")
    if found.chroma_format != 1:
        yield Reason("chroma", "The picture's colours are sampled otherwise than 4:2:0.")
    if (found.luma_depth, found.chroma_depth) != (8, 8):
        yield Reason("bit_depth", f"The picture has {found.luma_depth} bits, and not 8.")
    if not found.is_progressive:
        yield Reason("interlaced", "The picture is coded as interlaced.")


def _shape_reasons(entry: SampleEntry, found: SequenceParameters) -> Iterator[Reason]:
    across, down = struct.unpack(">II", entry.boxes.get(b"pasp", b"")[:8].ljust(8, b"\0"))
    declared = Fraction(across, down) if across and down else Fraction(1)
    for ratio in {declared, found.sample_aspect_ratio} - {Fraction(1)}:
        sentence = f"The picture's pixels are not square ({ratio.numerator}:{ratio.denominator})."
        yield Reason("pixel_aspect", sentence)
        break
    width, over, height, under = struct.unpack(
        ">4I", entry.boxes.get(b"clap", b"")[:16].ljust(16, b"\0")
    )
    if over and under and (width, height) != (entry.sides[0] * over, entry.sides[1] * under):
        yield Reason("cropped", "A part of the picture is not meant to be shown.")


def _declared_colour(entry: SampleEntry) -> Iterator[Colour]:
    """What a `colr` box says (ISO/IEC 14496-12, 12.1.5), in QuickTime's spelling too."""
    colr = entry.boxes.get(b"colr", b"")
    if colr[:4] in (b"nclx", b"nclc") and len(colr) >= 10:
        yield Colour(*struct.unpack_from(">3H", colr, 4))


def _colour_reasons(entry: SampleEntry, colours: tuple[Colour, ...]) -> Iterator[Reason]:
    if any(colour.transfer in _HDR_TRANSFERS for colour in colours) or _DOLBY_VISION & {
        *entry.boxes
    }:
        yield Reason("hdr", "The picture has a high dynamic range.")
    if not all(
        colour.primaries in _USUAL_PRIMARIES and colour.matrix in _USUAL_MATRICES
        for colour in colours
    ):
        yield Reason("colour", "The picture's colours are those of wider or rarer colour spaces.")


def _edit_reasons(track: Track) -> Iterator[Reason]:
    if len(track.edits) > 1:
        yield Reason("edit_list", f"The picture is put together of {len(track.edits)} edits.")
    elif any(edit.rate != 1 << 16 for edit in track.edits):
        yield Reason("edit_list", "The picture is to be shown at another speed.")
    elif any(edit.media_time != track.delay for edit in track.edits):
        yield Reason("edit_list", "The picture is to be shown late, or not from its first frame.")
