"""From encoded tracks to a stream: the objects to publish, and what a record says of them."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Literal

from packager import hls
from packager.boxes import BoxError, Track, read_track

Layout = Literal["byte_ranges", "objects"]

MASTER = "hls/master.m3u8"
PLAYLIST_TYPE = "application/vnd.apple.mpegurl"
_AUDIO = "audio"


@dataclass(frozen=True, slots=True)
class Span:
    """A part of a file."""

    path: Path
    offset: int
    size: int

    def read(self) -> bytes:
        """Its bytes."""
        with self.path.open("rb") as file:
            file.seek(self.offset)
            return file.read(self.size)


@dataclass(frozen=True, slots=True)
class File:
    """An object to publish; `name` is relative to where outputs go. A `Path` is a whole file."""

    name: str
    content_type: str
    content: str | Path | Span


@dataclass(frozen=True, slots=True)
class StreamRung:
    """What was measured of one rung; bit rates are bits per second and include the sound."""

    name: str
    playlist: str
    width: int
    height: int
    codecs: str
    frame_rate: float
    seconds: float
    bytes: int
    bandwidth: int
    average_bandwidth: int


@dataclass(frozen=True, slots=True)
class StreamSound:
    """What was measured of the sound."""

    playlist: str
    codecs: str
    channels: int
    seconds: float
    bytes: int
    bandwidth: int
    average_bandwidth: int


@dataclass(frozen=True, slots=True)
class Stream:
    """A packaged stream. `files` are in the order to publish them in, the master playlist last."""

    files: tuple[File, ...]
    rungs: tuple[StreamRung, ...]
    sound: StreamSound | None
    seconds: float


@dataclass(frozen=True, slots=True)
class _Rendition:
    """One track cut into segments, and how it will be named and fetched."""

    name: str
    path: Path
    track: Track
    segments: list[hls.Segment]
    media_type: str

    @property
    def playlist(self) -> str:
        return f"{self.name}.m3u8"

    def files(self, layout: Layout) -> Iterator[File]:
        if layout == "byte_ranges":
            yield File(f"hls/{self.name}.mp4", self.media_type, self.path)
            return
        for uri, span in self._objects():
            yield File(f"hls/{uri}", self.media_type, span)

    def playlist_file(self, layout: Layout, target: int) -> File:
        init, *segments = self._addressed(layout)
        text = hls.media_playlist(init, segments, target)
        return File(f"hls/{self.playlist}", PLAYLIST_TYPE, text)

    def _objects(self) -> Iterator[tuple[str, Span]]:
        yield f"{self.name}/init.mp4", Span(self.path, 0, self.track.init_size)
        for number, segment in enumerate(self.segments, 1):
            uri = f"{self.name}/segment_{number:05}.m4s"
            yield uri, Span(self.path, segment.offset, segment.size)

    def _addressed(self, layout: Layout) -> Iterator[hls.Addressed]:
        lengths = [Fraction(0), *(segment.seconds for segment in self.segments)]
        for (uri, span), seconds in zip(self._objects(), lengths, strict=True):
            if layout == "objects":
                yield hls.Addressed(uri, None, seconds)
            else:
                yield hls.Addressed(f"{self.name}.mp4", (span.size, span.offset), seconds)


def package(
    rungs: Mapping[str, Path], sound: Path | None, *, segment_seconds: int, layout: Layout
) -> Stream:
    """Playlists over fragmented MP4 files: one per rung, lowest first, and one of the sound.

    `layout` says whether segments are byte ranges of one object per rendition or objects of their
    own. Raises `BoxError` when a file cannot be packaged or the rungs' key frames differ.
    """
    tracks = {name: _playable(path) for name, path in rungs.items()}
    reference = next(iter(tracks.values()))
    for name, track in tracks.items():
        _refuse_unaligned(name, track, reference)
    starts = hls.segment_starts(reference, segment_seconds)
    pictures = [
        _Rendition(name, rungs[name], track, hls.cut(track, starts), "video/mp4")
        for name, track in tracks.items()
    ]
    audio = _audio_rendition(sound, starts, segment_seconds) if sound else None
    renditions = [*pictures, audio] if audio else pictures
    # One target for all playlists of a stream, as RFC 8216 6.2.4 asks.
    target = max(hls.target_duration(rendition.segments) for rendition in renditions)
    measured = _measure_sound(audio, target) if audio else None
    facts = tuple(_measure_rung(picture, audio, target) for picture in pictures)
    files = [file for rendition in renditions for file in rendition.files(layout)]
    files += [rendition.playlist_file(layout, target) for rendition in renditions]
    files.append(File(MASTER, PLAYLIST_TYPE, _master(pictures, facts, audio)))
    return Stream(tuple(files), facts, measured, float(max(r.track.seconds for r in pictures)))


def _playable(path: Path) -> Track:
    track = read_track(path)
    if not track.seconds:
        raise BoxError("a track has no media")
    return track


def _refuse_unaligned(name: str, track: Track, reference: Track) -> None:
    times = [track.seconds_at(fragment) for fragment in track.fragments]
    if times != [reference.seconds_at(fragment) for fragment in reference.fragments]:
        raise BoxError(f"the key frames of {name} are not where the other rungs have theirs")
    if not all(fragment.starts_with_key for fragment in track.fragments):
        raise BoxError(f"a fragment of {name} does not start with a key frame")


def _audio_rendition(path: Path, starts: list[Fraction], segment_seconds: int) -> _Rendition:
    """Cut where the pictures are cut, and on from there if the sound lasts longer."""
    track = _playable(path)
    further = range(1, math.ceil((track.seconds - starts[-1]) / segment_seconds))
    beyond = [starts[-1] + number * segment_seconds for number in further]
    return _Rendition(_AUDIO, path, track, hls.cut(track, [*starts, *beyond]), "audio/mp4")


def _bandwidths(renditions: list[_Rendition], target: int) -> tuple[int, int]:
    """Peak and average: the sums over what is played together (RFC 8216 4.3.4.2)."""
    peak = sum(hls.peak_bit_rate(rendition.segments, target) for rendition in renditions)
    average = sum(hls.average_bit_rate(rendition.segments) for rendition in renditions)
    return math.ceil(peak), math.ceil(average)


def _measure_rung(picture: _Rendition, audio: _Rendition | None, target: int) -> StreamRung:
    together = [picture, audio] if audio else [picture]
    bandwidth, average = _bandwidths(together, target)
    return StreamRung(
        name=picture.name,
        playlist=f"hls/{picture.playlist}",
        width=picture.track.width,
        height=picture.track.height,
        codecs=",".join(rendition.track.codec for rendition in together),
        frame_rate=float(picture.track.sample_rate),
        seconds=float(picture.track.seconds),
        bytes=_bytes(picture),
        bandwidth=bandwidth,
        average_bandwidth=average,
    )


def _measure_sound(audio: _Rendition, target: int) -> StreamSound:
    bandwidth, average = _bandwidths([audio], target)
    return StreamSound(
        playlist=f"hls/{audio.playlist}",
        codecs=audio.track.codec,
        channels=audio.track.channels,
        seconds=float(audio.track.seconds),
        bytes=_bytes(audio),
        bandwidth=bandwidth,
        average_bandwidth=average,
    )


def _bytes(rendition: _Rendition) -> int:
    return rendition.track.init_size + sum(segment.size for segment in rendition.segments)


def _master(
    pictures: list[_Rendition], facts: tuple[StreamRung, ...], audio: _Rendition | None
) -> str:
    variants = [
        hls.Variant(
            uri=picture.playlist,
            bandwidth=rung.bandwidth,
            average_bandwidth=rung.average_bandwidth,
            codecs=tuple(rung.codecs.split(",")),
            width=rung.width,
            height=rung.height,
            frame_rate=picture.track.sample_rate,
        )
        for picture, rung in zip(pictures, facts, strict=True)
    ]
    sound = hls.SoundRendition(audio.playlist, audio.track.channels) if audio else None
    return hls.master_playlist(variants, sound)
