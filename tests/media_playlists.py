"""A judge of HLS media playlists: RFC 8216 read line by line, and PyAV for what is in the media."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from pieces import Piece, assert_objects_are_used_up, coded_frames, decoded_pictures

_ATTRIBUTE = re.compile(r'([A-Z0-9-]+)=("[^"\r\n]*"|[^",\s]+)(?:,|$)')
_HEAD = {
    "EXT-X-VERSION",
    "EXT-X-TARGETDURATION",
    "EXT-X-MEDIA-SEQUENCE",
    "EXT-X-PLAYLIST-TYPE",
    "EXT-X-INDEPENDENT-SEGMENTS",
    "EXT-X-MAP",
}


@dataclass
class Playlist:
    """A media playlist that keeps to RFC 8216."""

    path: Path
    target: int
    init: Piece
    pieces: list[Piece]

    @property
    def seconds(self) -> float:
        return sum(piece.seconds for piece in self.pieces)

    def peak(self) -> float:
        """The peak segment bit rate by its definition in section 4.1, the slow way."""
        rates = []
        for first in range(len(self.pieces)):
            for last in range(first + 1, len(self.pieces) + 1):
                run = self.pieces[first:last]
                seconds = sum(piece.seconds for piece in run)
                if 0.5 * self.target <= seconds <= 1.5 * self.target:
                    rates.append(8 * sum(piece.size for piece in run) / seconds)
        return max(rates, default=self.average())

    def average(self) -> float:
        return 8 * sum(piece.size for piece in self.pieces) / self.seconds


def read_attributes(text: str) -> dict[str, str]:
    """An attribute list (4.2); quotes are kept, for some values must have them, some must not."""
    found = {}
    position = 0
    while position < len(text):
        match = _ATTRIBUTE.match(text, position)
        assert match, f"not an attribute list: {text[position:]}"
        assert match[1] not in found, f"{match[1]} twice"
        found[match[1]] = match[2]
        position = match.end()
    return found


def quoted(value: str) -> str:
    assert value.startswith('"'), f"{value} is to be a quoted string"
    assert value.endswith('"')
    return value[1:-1]


def playlist_lines(path: Path) -> list[str]:
    """A playlist's lines but the first, which is checked with the version (4.1, 4.3.1)."""
    text = path.read_bytes().decode("utf-8")
    assert not text.startswith("\ufeff")
    assert "\r" not in text
    assert text.endswith("\n")
    first, *lines = text.splitlines()
    assert first == "#EXTM3U"
    assert all(line == line.strip() and line for line in lines)
    versions = [line for line in lines if line.startswith("#EXT-X-VERSION:")]
    assert len(versions) == 1
    # EXT-X-MAP in a playlist of whole segments needs 6 (section 7).
    assert int(versions[0].partition(":")[2]) >= 6
    return lines


def read_media_playlist(path: Path) -> Playlist:
    """Reads a complete playlist of fMP4 segments, asserting RFC 8216 on the way."""
    playlist = _read(path, _HEAD)
    assert_objects_are_used_up(playlist.init, playlist.pieces)
    at = 0.0
    for piece in playlist.pieces:
        coded = coded_frames(playlist.init, piece)
        assert coded[0].is_key, "every segment can be decoded by itself"
        # What is before zero, such as the priming of an AAC encoder, is not played.
        earliest = min(one.time for one in coded)
        begin = max(Fraction(0), earliest)
        assert abs(begin - at) < 0.001, "segments follow each other"
        lasts = sum(one.seconds for one in coded) - (begin - earliest)
        assert abs(lasts - piece.seconds) < 0.001
        at += piece.seconds
    return playlist


def read_key_frame_playlist(path: Path, of: Playlist) -> Playlist:
    """Reads an I-frame playlist (4.3.3.6) of the media in another playlist.

    It names all their key frames, each in a byte range of the same objects that begins with its
    `moof`, and each until the next one is shown.
    """
    playlist = _read(path, {*_HEAD, "EXT-X-I-FRAMES-ONLY"})
    assert playlist.init == of.init
    expected = []
    for piece in of.pieces:
        keys = [frame for frame in coded_frames(of.init, piece) if frame.is_key]
        expected += [(piece, frame) for frame in keys]
    assert len(playlist.pieces) == len(expected)
    ends = [*(float(key.time) for _, key in expected[1:]), of.seconds]
    for piece, (within, key), end in zip(playlist.pieces, expected, ends, strict=True):
        assert piece.path == within.path
        assert within.offset <= piece.offset
        assert piece.offset + piece.size <= within.offset + within.size
        assert piece.read()[4:8] == b"moof"
        assert piece.read().endswith(key.media), "up to the last byte of the key frame"
        assert abs(end - key.time - piece.seconds) < 0.001, "until the next key frame"
        (picture,) = decoded_pictures(playlist.init, piece)
        assert picture.is_key
        assert abs(picture.time - key.time) < 0.001
        (alone,) = coded_frames(playlist.init, piece)
        assert alone.media == key.media
    return playlist


def _read(path: Path, head: set[str]) -> Playlist:
    """Its tags, which are to be these, and its pieces, which are not looked into."""
    *lines, last = playlist_lines(path)
    assert last == "#EXT-X-ENDLIST"
    first = next(i for i, line in enumerate(lines) if line.startswith("#EXTINF"))
    tags = dict(line.lstrip("#").partition(":")[::2] for line in lines[:first])
    assert len(tags) == first, "every tag once"
    assert set(tags) == head
    assert tags["EXT-X-PLAYLIST-TYPE"] == "VOD"
    init = read_attributes(tags["EXT-X-MAP"])
    within = quoted(init["BYTERANGE"]) if "BYTERANGE" in init else None
    target = int(tags["EXT-X-TARGETDURATION"])
    pieces = _media_pieces(path, lines[first:])
    for piece in pieces:
        assert piece.seconds > 0
        assert int(piece.seconds + 0.5) <= target
    section = _piece(path.parent / quoted(init["URI"]), within, 0.0)
    return Playlist(path, target, section, pieces)


def _media_pieces(path: Path, lines: list[str]) -> list[Piece]:
    pieces: list[Piece] = []
    duration, byte_range = None, None
    for line in lines:
        name, _, value = line.partition(":")
        if name == "#EXTINF":
            assert duration is None
            assert re.fullmatch(r"\d+\.\d+,", value)
            duration = float(value[:-1])
        elif name == "#EXT-X-BYTERANGE":
            assert byte_range is None
            byte_range = value
        else:
            assert not line.startswith("#"), f"not between segments: {line}"
            assert duration is not None, "EXTINF comes before every segment"
            pieces.append(_piece(path.parent / line, byte_range, duration))
            duration, byte_range = None, None
    assert (duration, byte_range) == (None, None)
    return pieces


def _piece(path: Path, byte_range: str | None, seconds: float) -> Piece:
    size = path.stat().st_size
    if byte_range is None:
        return Piece(path, 0, size, seconds)
    match = re.fullmatch(r"(\d+)@(\d+)", byte_range)
    assert match, f"not a byte range: {byte_range}"
    length, offset = int(match[1]), int(match[2])
    assert offset + length <= size, "a byte range ends inside its object"
    return Piece(path, offset, length, seconds)
