"""Cuts one MP4 of pictures and one of sound into MP4s that each play alone.

Pictures are cut at key frames. Sound is cut to the sample: each segment holds the few packets that
a decoder needs to be warm at the cut, and an edit list that leaves out what is before and after it.
A player without edit lists repeats at most the pre-roll and the rest of a packet.
"""

from __future__ import annotations

import math
import struct
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import groupby, pairwise
from pathlib import Path
from typing import BinaryIO

from cutting.tables import Track

# What a decoder of Opus wants to hear before what it plays (RFC 7845, 4.6); AAC needs less.
_PRE_ROLL = Fraction(80, 1000)
_CHUNK_SECONDS = 1
_FTYP = b"isom" + struct.pack(">I", 0x200) + b"isomiso2avc1mp41"
_UNITY = struct.pack(">9I", 1 << 16, 0, 0, 0, 1 << 16, 0, 0, 0, 1 << 30)
_MDAT_HEADER = 16


@dataclass(frozen=True, slots=True)
class Piece:
    """The samples `first` to before `after` of a track, of which `start` to `end` is played.

    Both are seconds of the movie; the piece's own first sample may be shown later than `start`.
    """

    track: Track
    first: int
    after: int
    start: Fraction
    end: Fraction


@dataclass(frozen=True, slots=True)
class Chunk:
    """Samples of a piece that lie together in the segment."""

    piece: Piece
    first: int
    after: int

    @property
    def time(self) -> Fraction:
        """When its first sample is decoded, in seconds of the source."""
        return Fraction(self.piece.track.decoded[self.first], self.piece.track.timescale)

    @property
    def size(self) -> int:
        """Bytes."""
        return self.piece.track.offsets[self.after] - self.piece.track.offsets[self.first]


@dataclass(frozen=True, slots=True)
class Segment:
    """A segment's file, and how many seconds it plays."""

    path: Path
    seconds: Fraction


def write_segments(
    pictures: Track, sound: Track | None, starts: Sequence[Fraction], folder: Path
) -> list[Segment]:
    """`segment_000.mp4` and on in `folder`, one from each of `starts` to the next.

    The first is zero, the others are when key frames of the pictures are shown. The last segment
    lasts as long as the longer of the two tracks does; less than a frame of further sound is left
    out.

    The last segment is written first, and the files of both tracks become shorter with each and
    are gone at the end: there is never more than the room for one of their two copies needed.
    """
    keys = {Fraction(pictures.shown[key], pictures.timescale): key for key in pictures.keys}
    ends = [*starts[1:], _end(pictures, sound)]
    samples = [0, *(keys[start] for start in starts[1:]), len(pictures.decoded)]
    segments = []
    for number in reversed(range(len(starts))):
        start, end = starts[number], ends[number]
        picture_end = min(end, pictures.end)
        pieces = [Piece(pictures, samples[number], samples[number + 1], start, picture_end)]
        if sound and (piece := _heard(sound, start, end)):
            pieces.append(piece)
        path = folder / f"segment_{number:03d}.mp4"
        _write(path, pieces)
        if sound and number and (needed := _heard(sound, starts[number - 1], start)):
            _shorten(sound, needed.after)
        segments.append(Segment(path, end - start))
    for track in (pictures, sound):
        if track:
            track.path.unlink()
    return segments[::-1]


def _end(pictures: Track, sound: Track | None) -> Fraction:
    frame = Fraction(pictures.last, pictures.timescale)
    longer = sound is not None and sound.end - pictures.end >= frame
    return sound.end if sound and longer else pictures.end


def _heard(sound: Track, start: Fraction, end: Fraction) -> Piece | None:
    """What is heard from `start` to `end`, None where there is nothing.

    Every packet of sound is shown when it is decoded.
    """
    scale = sound.timescale
    if end * scale <= sound.shown[0] or start >= sound.end:
        return None
    first = bisect_right(sound.shown, (start - _PRE_ROLL) * scale) - 1
    after = bisect_left(sound.shown, end * scale)
    return Piece(sound, max(0, first), after, start, min(end, sound.end))


def _write(path: Path, pieces: Sequence[Piece]) -> None:
    """One MP4 with its header first; the media's last bytes are written and given up first."""
    chunks = sorted(
        (chunk for piece in pieces for chunk in _chunks(piece)), key=lambda one: one.time
    )
    header = len(_head(pieces, chunks, 0))
    media = sum(chunk.size for chunk in chunks)
    place = header + _MDAT_HEADER + media
    with path.open("wb") as file:
        file.write(_head(pieces, chunks, header + _MDAT_HEADER))
        file.write(struct.pack(">I4sQ", 1, b"mdat", media + _MDAT_HEADER))
        for chunk in reversed(chunks):
            place -= chunk.size
            file.seek(place)
            _move(chunk, file, give_up=chunk.piece is pieces[0])


def _move(chunk: Chunk, file: BinaryIO, *, give_up: bool) -> None:
    track = chunk.piece.track
    with track.path.open("rb") as source:
        source.seek(track.offsets[chunk.first])
        file.write(source.read(chunk.size))
    if give_up:
        _shorten(track, chunk.first)


def _shorten(track: Track, samples: int) -> None:
    with track.path.open("rb+") as file:
        file.truncate(min(track.path.stat().st_size, track.offsets[samples]))


def _chunks(piece: Piece) -> Iterator[Chunk]:
    """A second each, so that a player of a file that is still coming has both tracks at hand."""
    track = piece.track
    ticks = track.timescale * _CHUNK_SECONDS
    zero = track.decoded[piece.first]
    numbers = range(piece.first, piece.after)
    for _, together in groupby(numbers, lambda number: (track.decoded[number] - zero) // ticks):
        first, *rest = together
        yield Chunk(piece, first, rest[-1] + 1 if rest else first + 1)


def _head(pieces: Sequence[Piece], chunks: Sequence[Chunk], place: int) -> bytes:
    """`ftyp` and `moov` (8.2.1) of a file whose media begin at `place`; as long for every place."""
    timescale = pieces[0].track.timescale
    places: dict[int, list[int]] = {id(piece): [] for piece in pieces}
    for chunk in chunks:
        places[id(chunk.piece)].append(place)
        place += chunk.size
    tracks = [
        _trak(number, piece, timescale, places[id(piece)]) for number, piece in enumerate(pieces, 1)
    ]
    duration = max(_ticks(piece.end - piece.start, timescale) for piece in pieces)
    # 8.2.2: rate and volume of one, and the number that the next track would have.
    tail = struct.pack(">IH10x", 1 << 16, 1 << 8) + _UNITY + bytes(24)
    tail += struct.pack(">I", len(pieces) + 1)
    mvhd = _full(b"mvhd", 0, _times(timescale, duration) + tail, version=1)
    return _box(b"ftyp", _FTYP) + _box(b"moov", mvhd, *tracks)


def _times(timescale: int, duration: int) -> bytes:
    """No times of creation and change, and the duration (8.2.2, 8.4.2; version 1)."""
    return struct.pack(">QQIQ", 0, 0, timescale, duration)


def _trak(number: int, piece: Piece, movie_timescale: int, places: Sequence[int]) -> bytes:
    """One track (8.3.1), described as the whole one was."""
    track = piece.track
    played = _ticks(piece.end - piece.start, movie_timescale)
    tkhd = struct.pack(">QQI4xQ8x", 0, 0, number, played) + track.header
    gaps = [after - before for before, after in pairwise(track.decoded[piece.first : piece.after])]
    gaps.append(
        track.decoded[piece.after] - track.decoded[piece.after - 1]
        if piece.after < len(track.decoded)
        else track.last
    )
    mdhd = _times(track.timescale, sum(gaps)) + track.language
    return _box(
        b"trak",
        _full(b"tkhd", 3, tkhd, version=1),
        _box(b"edts", _edits(piece, movie_timescale, played)),
        _box(
            b"mdia",
            _full(b"mdhd", 0, mdhd, version=1),
            _box(b"hdlr", track.handler),
            _box(b"minf", track.media_boxes, _tables(piece, gaps, places)),
        ),
    )


def _edits(piece: Piece, movie_timescale: int, played: int) -> bytes:
    """Playing begins at `start` (8.6.6), after a wait where the track begins later."""
    track = piece.track
    start = _ticks(piece.start, track.timescale)
    begins = max(start, track.shown[piece.first])
    wait = _ticks(Fraction(begins - start, track.timescale), movie_timescale)
    entries = [(wait, -1)] if wait else []
    entries.append((played - wait, begins - track.decoded[piece.first]))
    packed = b"".join(struct.pack(">QqI", *entry, 1 << 16) for entry in entries)
    return _full(b"elst", 0, struct.pack(">I", len(entries)) + packed, version=1)


def _tables(piece: Piece, gaps: Sequence[int], places: Sequence[int]) -> bytes:
    """The sample table (8.5.1)."""
    track = piece.track
    numbers = range(piece.first, piece.after)
    delays = [track.shown[number] - track.decoded[number] for number in numbers]
    sizes = [track.offsets[number + 1] - track.offsets[number] for number in numbers]
    first, after = bisect_left(track.keys, piece.first), bisect_left(track.keys, piece.after)
    keys = [key - piece.first + 1 for key in track.keys[first:after]]
    counts = [chunk.after - chunk.first for chunk in _chunks(piece)]
    runs = [(at, counts[at - 1], 1) for at in _changes(counts)]
    return _box(
        b"stbl",
        _box(b"stsd", track.entries),
        _table(b"stts", "II", _runs(gaps)),
        _table(b"ctts", "II", _runs(delays)) if any(delays) else b"",
        _table(b"stss", "I", [(key,) for key in keys]) if len(keys) < len(numbers) else b"",
        _table(b"stsc", "III", runs),
        _full(b"stsz", 0, struct.pack(f">II{len(sizes)}I", 0, len(sizes), *sizes)),
        _table(b"co64", "Q", [(place,) for place in places]),
    )


def _changes(counts: Sequence[int]) -> list[int]:
    """Numbers, from 1, of those that differ from the one before."""
    return [1, *(at for at, (one, other) in enumerate(pairwise(counts), 2) if one != other)]


def _runs(numbers: Sequence[int]) -> list[tuple[int, int]]:
    return [(len(list(same)), number) for number, same in groupby(numbers)]


def _ticks(seconds: Fraction, timescale: int) -> int:
    return math.floor(seconds * timescale + Fraction(1, 2))


def _table(kind: bytes, fields: str, entries: Sequence[tuple[int, ...]]) -> bytes:
    packed = b"".join(struct.pack(f">{fields}", *entry) for entry in entries)
    return _full(kind, 0, struct.pack(">I", len(entries)) + packed)


def _full(kind: bytes, flags: int, payload: bytes, *, version: int = 0) -> bytes:
    return _box(kind, struct.pack(">I", version << 24 | flags), payload)


def _box(kind: bytes, *payloads: bytes) -> bytes:
    payload = b"".join(payloads)
    return struct.pack(">I4s", len(payload) + 8, kind) + payload
