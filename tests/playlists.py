"""A judge of HLS streams: RFC 8216 read line by line, and PyAV for what is in the media."""

from __future__ import annotations

import io
import re
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import av

_ATTRIBUTE = re.compile(r'([A-Z0-9-]+)=("[^"\r\n]*"|[^",\s]+)(?:,|$)')


@dataclass(frozen=True)
class Piece:
    """A media segment, or an initialization section (without seconds), as a playlist names it."""

    path: Path
    offset: int
    size: int
    seconds: float = 0.0

    def read(self) -> bytes:
        with self.path.open("rb") as file:
            file.seek(self.offset)
            return file.read(self.size)


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


@dataclass(frozen=True)
class MasterVariant:
    """One `EXT-X-STREAM-INF` and the playlist under it."""

    attributes: dict[str, str]
    playlist: Playlist


@dataclass(frozen=True)
class Master:
    """A master playlist that keeps to RFC 8216, and everything it leads to."""

    variants: list[MasterVariant]
    sound: Playlist | None
    sound_attributes: dict[str, str]

    @property
    def playlists(self) -> list[Playlist]:
        pictures = [variant.playlist for variant in self.variants]
        return [*pictures, self.sound] if self.sound else pictures


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


def _quoted(value: str) -> str:
    assert value.startswith('"'), f"{value} is to be a quoted string"
    assert value.endswith('"')
    return value[1:-1]


def read_master(path: Path) -> Master:
    """Reads a master playlist and all that it names, asserting RFC 8216 and the media on the way.

    Also holds true here: playlists are complete (VOD), objects are used up without gaps, and what
    is declared was measured from the media by PyAV.
    """
    media, variants = _master_tags(_lines(path))
    assert variants
    assert len(media) <= 1
    sound_attributes = media[0] if media else {}
    sound = _read_sound(path, sound_attributes) if media else None
    read = [
        MasterVariant(attributes, read_media_playlist(path.parent / uri))
        for attributes, uri in variants
    ]
    master = Master(read, sound, sound_attributes)
    assert len({playlist.target for playlist in master.playlists}) == 1, "one target (6.2.4)"
    for variant in master.variants:
        _judge_variant(variant, master)
    return master


def _master_tags(
    lines: list[str],
) -> tuple[list[dict[str, str]], list[tuple[dict[str, str], str]]]:
    """The attributes of `EXT-X-MEDIA`, and those of `EXT-X-STREAM-INF` with their URIs."""
    media: list[dict[str, str]] = []
    variants: list[tuple[dict[str, str], str]] = []
    pending: dict[str, str] | None = None
    assert lines.count("#EXT-X-INDEPENDENT-SEGMENTS") == 1
    for line in lines:
        name, _, value = line.partition(":")
        if pending is not None:
            assert not line.startswith("#"), "EXT-X-STREAM-INF is to be followed by its URI"
            variants.append((pending, line))
            pending = None
        elif name == "#EXT-X-STREAM-INF":
            pending = read_attributes(value)
        elif name == "#EXT-X-MEDIA":
            media.append(read_attributes(value))
        else:
            assert name in ("#EXT-X-VERSION", "#EXT-X-INDEPENDENT-SEGMENTS"), f"not here: {line}"
    assert pending is None
    return media, variants


def _lines(path: Path) -> list[str]:
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


def _read_sound(master: Path, attributes: dict[str, str]) -> Playlist:
    assert attributes["TYPE"] == "AUDIO"
    assert _quoted(attributes["GROUP-ID"])
    assert _quoted(attributes["NAME"])
    assert attributes["DEFAULT"] == attributes["AUTOSELECT"] == "YES"
    return read_media_playlist(master.parent / _quoted(attributes["URI"]))


def read_media_playlist(path: Path) -> Playlist:
    """Reads a complete playlist of fMP4 segments, asserting RFC 8216 on the way."""
    *lines, last = _lines(path)
    assert last == "#EXT-X-ENDLIST"
    first = next(i for i, line in enumerate(lines) if line.startswith("#EXTINF"))
    tags = dict(line.lstrip("#").partition(":")[::2] for line in lines[:first])
    assert len(tags) == first, "every tag once"
    assert set(tags) == {
        "EXT-X-VERSION",
        "EXT-X-TARGETDURATION",
        "EXT-X-MEDIA-SEQUENCE",
        "EXT-X-PLAYLIST-TYPE",
        "EXT-X-INDEPENDENT-SEGMENTS",
        "EXT-X-MAP",
    }
    assert tags["EXT-X-PLAYLIST-TYPE"] == "VOD"
    init = read_attributes(tags["EXT-X-MAP"])
    within = _quoted(init["BYTERANGE"]) if "BYTERANGE" in init else None
    playlist = Playlist(
        path,
        int(tags["EXT-X-TARGETDURATION"]),
        _piece(path.parent / _quoted(init["URI"]), within, 0.0),
        _media_pieces(path, lines[first:]),
    )
    _judge_pieces(playlist)
    return playlist


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


def _judge_pieces(playlist: Playlist) -> None:
    """Segments follow each other without gaps, last as long as they say, and start with a key."""
    pieces = [playlist.init, *playlist.pieces]
    if len({piece.path for piece in pieces}) == 1:
        for piece, following in pairwise(pieces):
            assert following.offset == piece.offset + piece.size
        assert pieces[0].offset == 0
        assert pieces[-1].offset + pieces[-1].size == pieces[0].path.stat().st_size
    else:
        assert len({piece.path for piece in pieces}) == len(pieces)
    assert playlist.init.read()[4:8] == b"ftyp"
    at = 0.0
    for piece in playlist.pieces:
        assert piece.seconds > 0
        assert int(piece.seconds + 0.5) <= playlist.target
        coded = _coded(playlist.init, piece)
        assert coded[0].is_key, "every segment can be decoded by itself"
        assert abs(sum(one.seconds for one in coded) - piece.seconds) < 0.001
        assert abs(min(one.time for one in coded) - at) < 0.001, "segments follow each other"
        at += piece.seconds


@dataclass(frozen=True)
class Coded:
    """A coded frame: when it is shown, for how long, and whether decoding can begin with it."""

    time: float
    seconds: float
    is_key: bool


def _coded(init: Piece, piece: Piece) -> list[Coded]:
    with av.open(io.BytesIO(init.read() + piece.read()), mode="r") as container:
        return [
            Coded(
                float(packet.pts * packet.time_base),
                float((packet.duration or 0) * packet.time_base),
                packet.is_keyframe,
            )
            for packet in container.demux()
            if packet.pts is not None and packet.time_base is not None
        ]


def _judge_variant(variant: MasterVariant, master: Master) -> None:
    attributes = variant.attributes
    together = [variant.playlist, *([master.sound] if master.sound else [])]
    assert 0 <= int(attributes["BANDWIDTH"]) - sum(item.peak() for item in together) <= 2
    average = int(attributes["AVERAGE-BANDWIDTH"])
    assert 0 <= average - sum(item.average() for item in together) <= 2
    assert ("AUDIO" in attributes) == bool(master.sound)
    if master.sound:
        assert attributes["AUDIO"] == master.sound_attributes["GROUP-ID"]
    first = variant.playlist.pieces[0]
    with av.open(io.BytesIO(variant.playlist.init.read() + first.read()), mode="r") as media:
        stream = media.streams.video[0]
        assert attributes["RESOLUTION"] == f"{stream.width}x{stream.height}"
        # avcC (ISO/IEC 14496-15, 5.3.3.1): profile, constraints and level follow the version.
        profile = (stream.codec_context.extradata or b"")[1:4].hex()
        codecs = [f"avc1.{profile}", *(["mp4a.40.2"] if master.sound else [])]
        assert _quoted(attributes["CODECS"]) == ",".join(codecs)
    rate = len(_coded(variant.playlist.init, first)) / first.seconds
    assert re.fullmatch(r"\d+\.\d{3}", attributes["FRAME-RATE"])
    assert abs(float(attributes["FRAME-RATE"]) - rate) < 0.002
