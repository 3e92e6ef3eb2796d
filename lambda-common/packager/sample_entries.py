"""What codec a track needs, from its sample entry.

Entries are those of ISO/IEC 14496-12:2015 (12.1.3 and 12.2.3) with the configuration of 14496-15
(AVC) and 14496-14 (AAC).
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

from packager.boxes import BoxError, child, children

# 14496-3, 1.6.3.4: hertz by index. 15 is followed by 24 bits of hertz.
_SAMPLING_RATES = (
    *(96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050),
    *(16000, 12000, 11025, 8000, 7350),
)
# 14496-3, 1.6.3.5: channels by configuration; of 0 the sound itself says it.
_CHANNELS = {1: 1, 2: 2, 3: 3, 4: 4, 5: 5, 6: 6, 7: 8, 11: 7, 12: 8, 14: 8}
_SBR, _PARAMETRIC_STEREO = 5, 29


@dataclass(frozen=True, slots=True)
class SampleEntry:
    """Codec as RFC 6381 writes it; pixels, 0 for sound; channels and hertz, 0 for pictures."""

    codec: str
    width: int = 0
    height: int = 0
    channels: int = 0
    sampling_rate: int = 0


def read_sample_entry(stsd: bytes) -> SampleEntry:
    """The first entry of an `stsd` (8.5.2)."""
    entry, fields = next(children(stsd[8:]), (b"", b""))
    if entry in (b"avc1", b"avc3"):
        width, height = struct.unpack_from(">HH", fields, 24)  # 12.1.3
        avcc = child(fields[78:], b"avcC")
        if entry == b"avc1":
            _refuse_several_parameter_sets(avcc)
        return SampleEntry(f"{entry.decode()}.{_avc_profile(avcc)}", width, height)
    if entry == b"mp4a":
        return _sound_entry(fields)
    raise BoxError(f"sample entry {entry!r} is not supported")


def _avc_profile(avcc: bytes) -> str:
    """Profile, constraints and level in hex (RFC 6381 3.3) from an AVCDecoderConfigurationRecord
    (14496-15, 5.3.3.1)."""
    version, profile, constraints, level = struct.unpack_from("4B", avcc)
    if version != 1:
        raise BoxError(f"avcC has version {version}")
    return f"{profile:02x}{constraints:02x}{level:02x}"


def _refuse_several_parameter_sets(avcc: bytes) -> None:
    """With several, profile and size would not be those of all pictures (14496-15, 5.3.3.1)."""
    counts, offset = [], 5
    for mask in (0x1F, 0xFF):
        count = struct.unpack_from("B", avcc, offset)[0] & mask
        counts.append(count)
        offset += 1
        for _ in range(count):
            offset += 2 + struct.unpack_from(">H", avcc, offset)[0]
    if counts != [1, 1]:
        raise BoxError(f"there are {counts[0]} SPS and {counts[1]} PPS, not one of each")


def _sound_entry(fields: bytes) -> SampleEntry:
    """AAC says its channels and rate itself, and writers of the entry may not have looked."""
    (channels,) = struct.unpack_from(">H", fields, 16)  # 12.2.3
    indication, specific = _decoder_specific(child(fields[28:], b"esds"))
    object_type, rate, configuration = _audio_specific(specific)
    return SampleEntry(
        codec=f"mp4a.{indication:02x}.{object_type}",
        channels=_CHANNELS.get(configuration, channels),
        sampling_rate=rate,
    )


def _decoder_specific(esds: bytes) -> tuple[int, bytes]:
    """Object type indication and decoder specific information, from the descriptors of 14496-1,
    7.2.6: ES (3), in it decoder configuration (4), in it decoder specific (5)."""
    es = _descriptor(esds[4:], 3)
    flags = es[2] if len(es) > 2 else 0
    skipped = 3 + (2 if flags & 0x80 else 0) + (2 if flags & 0x20 else 0)
    if flags & 0x40:
        skipped += 1 + struct.unpack_from("B", es, skipped)[0]
    config = _descriptor(es[skipped:], 4)
    (indication,) = struct.unpack_from("B", config)
    return indication, _descriptor(config[13:], 5)


def _descriptor(payload: bytes, tag: int) -> bytes:
    """The descriptor's body; its length is spelled seven bits at a time (14496-1, 8.3.3)."""
    size, offset = 0, 1
    if payload[:1] != bytes([tag]):
        raise BoxError(f"there is no descriptor {tag}")
    while True:
        (byte,) = struct.unpack_from("B", payload, offset)
        size, offset = size << 7 | byte & 0x7F, offset + 1
        if not byte & 0x80:
            return payload[offset : offset + size]


def _audio_specific(config: bytes) -> tuple[int, int, int]:
    """Object type, hertz and channel configuration of an AudioSpecificConfig (14496-3, 1.6.2.1)."""
    bits = _Bits(config)
    object_type = bits.read(5)
    if object_type == 31:
        object_type = 32 + bits.read(6)
    rate = _sampling_rate(bits)
    configuration = bits.read(4)
    if object_type in (_SBR, _PARAMETRIC_STEREO):
        rate = _sampling_rate(bits)  # of what is heard
    return object_type, rate, 2 if object_type == _PARAMETRIC_STEREO else configuration


def _sampling_rate(bits: _Bits) -> int:
    index = bits.read(4)
    if index == 15:
        return bits.read(24)
    if index >= len(_SAMPLING_RATES):
        raise BoxError(f"there is no sampling rate {index}")
    return _SAMPLING_RATES[index]


class _Bits:
    """Numbers of any width, highest bit first."""

    def __init__(self, payload: bytes) -> None:
        self._number, self._left = int.from_bytes(payload, "big"), 8 * len(payload)

    def read(self, width: int) -> int:
        self._left -= width
        if self._left < 0:
            raise BoxError("the decoder's configuration is cut short")
        return self._number >> self._left & ((1 << width) - 1)
