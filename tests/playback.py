"""A judge of whole streams: played as players do, each segment by itself and all in a row.

PyAV decodes what is fetched, and takes no damaged frame for a good one.
"""

from __future__ import annotations

import hashlib
import io
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import av

from manifests import Representation, read_manifest
from media_playlists import Playlist
from pieces import Piece
from playlists import Master, read_master

AAC_FRAME = 1024
"""Samples per channel that one AAC access unit holds."""

# EXTINF has six decimals.
_ROUNDED = Fraction(1, 2_000_000)


@dataclass(frozen=True)
class Frame:
    """A decoded picture, or a run of samples: when it begins and ends, in seconds.

    `digest` is that of a picture's pixels; sound has none, for decoders of AAC put noise of their
    own where an encoder asks for some.
    """

    start: Fraction
    end: Fraction
    is_key: bool
    digest: bytes


@dataclass(frozen=True)
class Track:
    """A rendition, played. `tick` is the unit of its times, in seconds."""

    tick: Fraction
    segments: list[list[Frame]]

    @property
    def frames(self) -> list[Frame]:
        return [frame for segment in self.segments for frame in segment]

    @property
    def start(self) -> Fraction:
        return self.segments[0][0].start

    @property
    def end(self) -> Fraction:
        return self.segments[-1][-1].end

    @property
    def keys(self) -> list[Fraction]:
        return [frame.start for frame in self.frames if frame.is_key]


@dataclass(frozen=True)
class Played:
    """A stream, played: its pictures, lowest first, and its sounds in the playlist's order."""

    master: Master
    pictures: list[Track]
    sounds: list[Track]


@dataclass(frozen=True)
class Source:
    """When the pictures and the sound of a file end, in seconds from where its first stream starts.

    `sound` is 0 where there is none; `frame` is how long a picture of it is shown.
    """

    picture: Fraction
    sound: Fraction
    frame: Fraction


def source_of(path: Path, rate: Fraction) -> Source:
    starts: list[Fraction] = []
    ends = {"video": Fraction(0), "audio": Fraction(0)}
    with av.open(str(path)) as container:
        for packet in container.demux():
            if packet.pts is not None and packet.time_base is not None:
                starts.append(max(Fraction(0), packet.pts * packet.time_base))
                end = (packet.pts + (packet.duration or 0)) * packet.time_base
                kind = packet.stream.type
                ends[kind] = max(ends[kind], end)
    return Source(ends["video"] - min(starts), ends["audio"] - min(starts), 1 / rate)


def play_stream(master: Path, source: Source) -> Played:
    """Plays everything that a master playlist leads to.

    All of it is asserted: by `read_master` what the playlists say, by `play` each rendition, and
    here what they have in common.
    """
    read = read_master(master)
    pictures = [_play_playlist(variant.playlist) for variant in read.variants]
    sounds = [_play_playlist(sound.playlist) for sound in read.sounds]
    _judge_pictures(pictures, source)
    for sound in sounds:
        # Silence is added to a shorter sound, nothing is cut off a longer one.
        end = max(source.sound, pictures[0].end)
        assert abs(sound.end - end) <= AAC_FRAME * sound.tick, "sound and picture end together"
    return Played(read, pictures, sounds)


def play_manifest(path: Path, played: Played) -> None:
    """Plays what a DASH manifest leads to, which is to be what the playlists lead to."""
    manifest = read_manifest(path)
    pictures = [_play_representation(one) for one in manifest.pictures.representations]
    sounds = [_play_representation(one) for each in manifest.sounds for one in each.representations]
    assert pictures == played.pictures
    assert sounds == played.sounds


def play(init: Piece, pieces: list[Piece]) -> Track:
    """Decodes segments one after the other, and each with the initialization section alone.

    Both ways show the same, frame after frame without a gap, and each segment begins with a key
    frame that is the first to be shown.
    """
    tick, whole = _decoded(init, *pieces)
    segments = [_decoded(init, piece)[1] for piece in pieces]
    for segment in segments:
        assert segment[0].is_key, "every segment begins with a key frame"
    for before, after in pairwise(whole):
        assert abs(after.start - before.end) <= tick, "a gap, or something twice"
    for before_it, segment in pairwise(segments):
        assert abs(segment[0].start - before_it[-1].end) <= tick, "segments follow each other"
    track = Track(tick, segments)
    assert track.frames == whole, "segments need nothing of those before them"
    assert abs(track.start) <= tick, "played from zero"
    return track


def _play_playlist(playlist: Playlist) -> Track:
    track = play(playlist.init, playlist.pieces)
    for piece, segment in zip(playlist.pieces, track.segments, strict=True):
        lasts = segment[-1].end - segment[0].start
        assert abs(Fraction(str(piece.seconds)) - lasts) <= _ROUNDED + track.tick
    stated = sum(Fraction(str(piece.seconds)) for piece in playlist.pieces)
    most = len(playlist.pieces) * _ROUNDED + track.tick
    assert abs(stated - (track.end - track.start)) <= most, "EXTINF adds up to what is played"
    return track


def _play_representation(representation: Representation) -> Track:
    return play(representation.init, representation.pieces)


def _judge_pictures(pictures: list[Track], source: Source) -> None:
    first = pictures[0]
    for picture in pictures:
        tick = max(picture.tick, first.tick)
        assert abs(picture.end - source.picture) <= source.frame, "as long as the source"
        assert _agree(picture.keys, first.keys, tick), "rungs have their key frames together"
        starts = [segment[0].start for segment in picture.segments]
        assert _agree(starts, [segment[0].start for segment in first.segments], tick)
        shown = [one.start for one in picture.frames]
        assert _agree(shown, [one.start for one in first.frames], tick), "frame for frame"


def _agree(times: list[Fraction], others: list[Fraction], tick: Fraction) -> bool:
    return len(times) == len(others) and all(
        abs(time - other) <= tick for time, other in zip(times, others, strict=True)
    )


def _decoded(init: Piece, *pieces: Piece) -> tuple[Fraction, list[Frame]]:
    """The unit of time, and all frames in the order in which they are shown.

    What lies before zero, such as the priming of an AAC encoder, is not played.
    """
    media = io.BytesIO(init.read() + b"".join(piece.read() for piece in pieces))
    with av.open(media, mode="r") as container:
        (stream,) = container.streams
        assert isinstance(stream, av.VideoStream | av.AudioStream)
        assert stream.time_base
        # FFmpeg would cut the priming off whatever segment comes first.
        stream.codec_context.options = {"err_detect": "explode", "flags2": "+skip_manual"}
        tick = stream.time_base
        frames = [_frame(frame, tick) for frame in container.decode(stream)]
    return tick, [frame for frame in frames if frame.end > 0]


def _frame(frame: object, tick: Fraction) -> Frame:
    assert isinstance(frame, av.VideoFrame | av.AudioFrame)
    assert not frame.is_corrupt
    assert frame.pts is not None
    start, end = frame.pts * tick, (frame.pts + frame.duration) * tick
    if isinstance(frame, av.AudioFrame):
        # The last one plays for less, where the sound ends within it.
        assert 0 < end - start <= Fraction(frame.samples, frame.sample_rate)
        return Frame(max(Fraction(0), start), end, frame.key_frame, b"")
    return Frame(start, end, frame.key_frame, hashlib.sha256(frame.to_ndarray().tobytes()).digest())
