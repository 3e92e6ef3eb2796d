"""One track cut into segments: the objects to publish, and the addresses that playlists give."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Literal

from packager import hls
from packager.tracks import Track

Layout = Literal["byte_ranges", "objects"]


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
class Rendition:
    """A rung, or a sound, whose `language` is BCP 47 and whose `title` is for people.

    `name` is what its objects are called by. Addresses are relative to the playlists' folder.
    """

    name: str
    path: Path
    track: Track
    segments: list[hls.Segment]
    media_type: str
    title: str = ""
    language: str | None = None

    @property
    def playlist(self) -> str:
        """The media playlist."""
        return f"{self.name}.m3u8"

    @property
    def key_frame_playlist(self) -> str:
        """The I-frame playlist of a picture."""
        return f"{self.name}-iframes.m3u8"

    @property
    def bytes(self) -> int:
        """All that a player fetches of it."""
        return self.track.init_size + sum(segment.size for segment in self.segments)

    def files(self, layout: Layout) -> Iterator[File]:
        """Its media, named relative to the playlists' folder."""
        if layout == "byte_ranges":
            yield File(self._object, self.media_type, self.path)
            return
        yield File(self._init_object, self.media_type, Span(self.path, 0, self.track.init_size))
        for number, segment in enumerate(self.segments):
            span = Span(self.path, segment.offset, segment.size)
            yield File(self._segment_object(number), self.media_type, span)

    def init(self, layout: Layout) -> hls.Addressed:
        """The initialization section."""
        if layout == "objects":
            return hls.Addressed(self._init_object, None)
        return hls.Addressed(self._object, (self.track.init_size, 0))

    def media(self, layout: Layout) -> list[hls.Addressed]:
        """The segments."""
        return [
            hls.Addressed(self._segment_object(number), None, segment.seconds)
            if layout == "objects"
            else hls.Addressed(self._object, (segment.size, segment.offset), segment.seconds)
            for number, segment in enumerate(self.segments)
        ]

    def key_frames(self, layout: Layout) -> list[hls.Addressed]:
        """The key frames, each a byte range of the object that holds it."""
        found, number = [], 0
        for frame in hls.key_frames(self.track):
            while frame.offset >= self.segments[number].offset + self.segments[number].size:
                number += 1
            uri, begins = self._object, 0
            if layout == "objects":
                uri, begins = self._segment_object(number), self.segments[number].offset
            found.append(hls.Addressed(uri, (frame.size, frame.offset - begins), frame.seconds))
        return found

    def edges(self) -> list[Fraction]:
        """When segments begin, and when the last one ends, in seconds."""
        edges = [max(Fraction(0), self.track.seconds_at(self.track.fragments[0]))]
        for segment in self.segments:
            edges.append(edges[-1] + segment.seconds)
        return edges

    @property
    def _object(self) -> str:
        return f"{self.name}.mp4"

    @property
    def _init_object(self) -> str:
        return f"{self.name}/init.mp4"

    def _segment_object(self, number: int) -> str:
        return f"{self.name}/segment_{number + 1:05}.m4s"
