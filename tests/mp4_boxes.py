"""MP4 boxes made by hand, of ISO/IEC 14496-12."""

from __future__ import annotations

import struct
from pathlib import Path


def box(kind: bytes, *payload: bytes) -> bytes:
    body = b"".join(payload)
    return struct.pack(">I4s", 8 + len(body), kind) + body


def full_box(kind: bytes, version: int, flags: int, *payload: bytes) -> bytes:
    return box(kind, struct.pack(">I", version << 24 | flags), *payload)


def words(*numbers: int) -> bytes:
    return struct.pack(f">{len(numbers)}I", *numbers)


def avcc(*, sps: int = 1, pps: int = 1, version: int = 1) -> bytes:
    sets = [bytes([0xE0 | sps]), *[b"\0\1\x67"] * sps, bytes([pps]), *[b"\0\1\x68"] * pps]
    return box(b"avcC", bytes([version, 0x64, 0x00, 0x1F, 0xFF]), *sets)


def avc1(configuration: bytes | None = None, kind: bytes = b"avc1") -> bytes:
    sides = struct.pack(">HH", 640, 360)
    return box(
        kind, bytes(24), sides, bytes(50), avcc() if configuration is None else configuration
    )


def mp4a(*descriptors: bytes) -> bytes:
    fields = bytes(16) + struct.pack(">H", 2) + bytes(10)
    return box(b"mp4a", fields, full_box(b"esds", 0, 0, *descriptors))


def descriptor(tag: int, body: bytes, *, long: bool = False) -> bytes:
    length = bytes([0x80, 0x80, 0x80, len(body)]) if long else bytes([len(body)])
    return bytes([tag]) + length + body


def es_descriptor(specific: bytes, flags: int = 0, optional: bytes = b"") -> bytes:
    config = b"\x40" + bytes(12) + descriptor(5, specific, long=True)
    return descriptor(3, bytes([0, 1, flags]) + optional + descriptor(4, config))


def moov(
    entry: bytes, *, version: int = 0, timescale: int = 1000, tracks: int = 1, edits: bytes = b""
) -> bytes:
    times = bytes(16 if version else 8)
    mdhd = full_box(b"mdhd", version, 0, times, words(timescale), bytes(8 + 4 * version))
    stsd = full_box(b"stsd", 0, 0, words(1), entry)
    mvhd = full_box(b"mvhd", version, 0, times, words(600), bytes(80))
    edts = box(b"edts", edits) if edits else b""
    trak = box(b"trak", edts, box(b"mdia", mdhd, box(b"minf", box(b"stbl", stsd))))
    trex = full_box(b"trex", 0, 0, words(1, 1, 40, 500, 0x10000))
    return box(b"moov", mvhd, *([trak] * tracks), box(b"mvex", trex))


def moof(*runs: bytes, tfhd: bytes = b"", tfdt: bytes = b"") -> bytes:
    header = tfhd or full_box(b"tfhd", 0, 0, words(1))
    start = tfdt or full_box(b"tfdt", 0, 0, words(0))
    return box(b"moof", full_box(b"mfhd", 0, 0, words(1)), box(b"traf", header, start, *runs))


def elst(*edits: tuple[int, int, int], version: int = 0) -> bytes:
    """Edits of duration (600 a second), media time, and rate as a whole number."""
    layout = ">Qqhh" if version else ">Iihh"
    rows = [struct.pack(layout, duration, time, rate, 0) for duration, time, rate in edits]
    return full_box(b"elst", version, 0, words(len(rows)), *rows)


def written(path: Path, *boxes: bytes) -> Path:
    path.write_bytes(b"".join((box(b"ftyp", b"cmfc"), *boxes)))
    return path


MDAT = box(b"mdat", bytes(100))
