"""Whether a sound track is AAC that every player plays as it is, from its header alone."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

from bitstream.bits import Bits, BitstreamError
from bitstream.mp4 import Track
from bitstream.reasons import NotCopiedError, Reason

# ISO/IEC 14496-3, table 1.18: Hz by index.
_RATES = (96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000, 7350)
_EXPLICIT_RATE = 15
_LOW_COMPLEXITY = 2
_SPECTRAL_REPLICATION = 5
_SYNC_EXTENSION = 0x2B7
_MPEG4_AUDIO = 0x40
_FRAME = 1024
# Encoders prime with 1024 to 2112 samples, and some begin with one frame of their own more.
_LONGEST_PRIMING = 4 * _FRAME
# How far, in seconds, frames may be from where their number puts them.
_SMALLEST_GAP = Fraction(1, 100)
# Slower AAC may hide the upper half of its spectrum in a way that no header shows (1.6.5.3).
_SLOWEST = 32000


@dataclass(frozen=True, slots=True)
class CopiedSound:
    """AAC that can be copied; of its first `priming` seconds nothing is heard, then `seconds`."""

    codec: str
    channels: int
    sample_rate: int
    priming: Fraction
    seconds: Fraction


def judge_sound(track: Track) -> CopiedSound:
    """The facts of a sound that players want as it is. Raises `NotCopiedError` for any other."""
    if [entry.kind for entry in track.entries] != [b"mp4a"] or not track.timescale:
        raise NotCopiedError.because("sound_codec", "The sound is not AAC.")
    try:
        coded = _configuration(track.entries[0].boxes.get(b"esds", b""))
    except (BitstreamError, struct.error) as error:
        sentence = "The sound is not AAC, or does not say of which kind."
        raise NotCopiedError.because("sound_codec", sentence) from error
    if reasons := [*_coding_reasons(coded), *_timing_reasons(track, coded.sample_rate)]:
        raise NotCopiedError(reasons)
    priming = Fraction(track.edits[0].media_time if track.edits else 0, track.timescale)
    ticks = sum(count * duration for count, duration in track.durations)
    seconds = Fraction(ticks, track.timescale) - priming
    return CopiedSound("mp4a.40.2", coded.channels, coded.sample_rate, priming, seconds)


@dataclass(frozen=True, slots=True)
class _Coded:
    """An AudioSpecificConfig. `is_plain` says that it is AAC-LC in frames of 1024 samples."""

    is_plain: bool
    channels: int
    sample_rate: int


def _configuration(esds: bytes) -> _Coded:
    """From the descriptors of ISO/IEC 14496-1, 7.2.6: ES (3), in it decoder configuration (4), in
    it decoder specific information (5)."""
    es = _descriptor(esds[4:], 3)
    (flags,) = struct.unpack_from("B", es, 2)
    skipped = 3 + (2 if flags & 0x80 else 0) + (2 if flags & 0x20 else 0)
    if flags & 0x40:
        skipped += 1 + struct.unpack_from("B", es, skipped)[0]
    decoder = _descriptor(es[skipped:], 4)
    if decoder[:1] != bytes([_MPEG4_AUDIO]):
        raise BitstreamError("the sound is not MPEG-4 audio")
    return _specific(Bits(_descriptor(decoder[13:], 5)))


def _descriptor(payload: bytes, tag: int) -> bytes:
    """The descriptor's body; its length is spelled seven bits at a time (14496-1, 8.3.3)."""
    size, offset = 0, 1
    if payload[:1] != bytes([tag]):
        raise BitstreamError(f"there is no descriptor {tag}")
    while True:
        (byte,) = struct.unpack_from("B", payload, offset)
        size, offset = size << 7 | byte & 0x7F, offset + 1
        if not byte & 0x80:
            return payload[offset : offset + size]


def _specific(bits: Bits) -> _Coded:
    """An AudioSpecificConfig (14496-3, 1.6.2.1)."""
    object_type = bits.take(5)
    index = bits.take(4)
    rate = bits.take(24) if index == _EXPLICIT_RATE else _RATES[index] if index < 13 else 0
    channels = bits.take(4)
    is_plain = object_type == _LOW_COMPLEXITY and not bits.flag()  # frameLengthFlag: 960 samples
    if is_plain and bits.flag():
        bits.take(14)  # coreCoderDelay
    is_plain = is_plain and not bits.flag()  # extensionFlag
    if is_plain and bits.left >= 17 and bits.take(11) == _SYNC_EXTENSION:
        is_plain = not (bits.take(5) == _SPECTRAL_REPLICATION and bits.flag())
    return _Coded(is_plain, channels, rate)


def _coding_reasons(coded: _Coded) -> Iterator[Reason]:
    if not coded.is_plain:
        yield Reason("sound_profile", "The sound is AAC of another kind than LC.")
    elif coded.sample_rate < _SLOWEST:
        sentence = f"The sound has {coded.sample_rate} samples a second, and may be more than LC."
        yield Reason("sound_profile", sentence)
    if coded.channels not in (1, 2):
        yield Reason("sound_channels", "The sound is neither mono nor stereo.")


def _timing_reasons(track: Track, sample_rate: int) -> Iterator[Reason]:
    if len(track.edits) > 1 or any(
        edit.rate != 1 << 16
        or not edit.duration
        or not 0 <= edit.media_time * sample_rate <= _LONGEST_PRIMING * track.timescale
        for edit in track.edits
    ):
        yield Reason("sound_edit_list", "The sound begins late, or is put together of pieces.")
    if sample_rate and not _is_even(track, sample_rate):
        yield Reason("sound_timing", "The sound has gaps, or is not timed by its samples.")


def _is_even(track: Track, sample_rate: int) -> bool:
    """Whether every frame but the last begins where the number of samples before it says."""
    frame = Fraction(_FRAME * track.timescale, sample_rate)
    most = _SMALLEST_GAP * track.timescale
    frames = ticks = 0
    for count, duration in track.durations:
        if frames + count >= track.samples:
            count = track.samples - frames - 1
        frames, ticks = frames + count, ticks + count * duration
        if abs(ticks - frames * frame) > most:
            return False
    return True
