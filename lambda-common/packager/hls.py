"""Writes HLS playlists (RFC 8216) of whole fragments. Values in, text out."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

from packager.boxes import Track

# EXT-X-MAP in playlists of whole segments asks for 6 (RFC 8216, 7); players of fMP4 know 7.
VERSION = 7


@dataclass(frozen=True, slots=True)
class Segment:
    """Consecutive fragments: byte range in their file, and how long they play."""

    offset: int
    size: int
    seconds: Fraction


@dataclass(frozen=True, slots=True)
class Addressed:
    """A segment, or the initialization section, under the URI that it is fetched by.

    `byte_range` is (size, offset) where the object at `uri` holds more than this.
    """

    uri: str
    byte_range: tuple[int, int] | None
    seconds: Fraction = Fraction(0)


@dataclass(frozen=True, slots=True)
class Variant:
    """One line of a multivariant playlist. Bit rates are bits per second, the sound's included."""

    uri: str
    bandwidth: int
    average_bandwidth: int
    codecs: tuple[str, ...]
    width: int
    height: int
    frame_rate: Fraction


@dataclass(frozen=True, slots=True)
class SoundRendition:
    """The audio rendition that all variants share."""

    uri: str
    channels: int


def segment_starts(track: Track, seconds: int) -> list[Fraction]:
    """When the track's segments begin: at the fragments that come closest to `seconds` apart."""
    starts = [track.seconds_at(fragment) for fragment in track.fragments]
    chosen = starts[:1]
    for start, following in pairwise([*starts[1:], chosen[0] + track.seconds]):
        begun = chosen[-1]
        if abs(start - begun - seconds) <= abs(following - begun - seconds):
            chosen.append(start)
    return chosen


def cut(track: Track, starts: Sequence[Fraction]) -> list[Segment]:
    """The track's fragments as segments, each beginning with the fragment nearest to a start."""
    times = [track.seconds_at(fragment) for fragment in track.fragments]
    edges = sorted({0, len(times), *(_nearest(times, start) for start in starts)})
    return [_joined(track, begin, end) for begin, end in pairwise(edges)]


def _nearest(times: Sequence[Fraction], time: Fraction) -> int:
    after = min(bisect_left(times, time), len(times) - 1)
    before = max(0, after - 1)
    return before if time - times[before] <= times[after] - time else after


def _joined(track: Track, begin: int, end: int) -> Segment:
    fragments = track.fragments[begin:end]
    offset = fragments[0].offset
    size = fragments[-1].offset + fragments[-1].size - offset
    ticks = sum(fragment.duration for fragment in fragments)
    return Segment(offset, size, Fraction(ticks, track.timescale))


def target_duration(segments: Sequence[Segment]) -> int:
    """The least EXT-X-TARGETDURATION of a playlist with these segments, in seconds (4.3.3.1)."""
    return max(1, *(math.floor(segment.seconds + Fraction(1, 2)) for segment in segments))


def peak_bit_rate(segments: Sequence[Segment], target: int) -> Fraction:
    """The highest bit rate of any run of segments from 0.5 to 1.5 target durations long (4.1).

    Of a track that is shorter than that, its average.
    """
    peak = Fraction(0)
    for first in range(len(segments)):
        size, seconds = 0, Fraction(0)
        for segment in segments[first:]:
            size, seconds = size + segment.size, seconds + segment.seconds
            if seconds * 2 > target * 3:
                break
            if seconds * 2 >= target:
                peak = max(peak, 8 * size / seconds)
    return peak or average_bit_rate(segments)


def average_bit_rate(segments: Sequence[Segment]) -> Fraction:
    """All bits over all seconds (4.1)."""
    seconds = sum((segment.seconds for segment in segments), Fraction(0))
    return 8 * sum(segment.size for segment in segments) / seconds


def media_playlist(init: Addressed, segments: Sequence[Addressed], target: int) -> str:
    """The playlist of one rendition, complete (4.3.2, 4.3.3)."""
    return _lines(_media_tags(init, segments, target))


def _media_tags(init: Addressed, segments: Sequence[Addressed], target: int) -> Iterator[str]:
    yield "#EXTM3U"
    yield f"#EXT-X-VERSION:{VERSION}"
    yield f"#EXT-X-TARGETDURATION:{target}"
    yield "#EXT-X-MEDIA-SEQUENCE:0"
    yield "#EXT-X-PLAYLIST-TYPE:VOD"
    yield "#EXT-X-INDEPENDENT-SEGMENTS"
    within = f',BYTERANGE="{_byte_range(init.byte_range)}"' if init.byte_range else ""
    yield f'#EXT-X-MAP:URI="{init.uri}"{within}'
    for segment in segments:
        yield f"#EXTINF:{float(segment.seconds):.6f},"
        if segment.byte_range:
            yield f"#EXT-X-BYTERANGE:{_byte_range(segment.byte_range)}"
        yield segment.uri
    yield "#EXT-X-ENDLIST"


def _byte_range(size_and_offset: tuple[int, int]) -> str:
    size, offset = size_and_offset
    return f"{size}@{offset}"


def master_playlist(variants: Sequence[Variant], sound: SoundRendition | None) -> str:
    """The playlist of playlists (4.3.4)."""
    return _lines(_master_tags(variants, sound))


def _master_tags(variants: Sequence[Variant], sound: SoundRendition | None) -> Iterator[str]:
    yield "#EXTM3U"
    yield f"#EXT-X-VERSION:{VERSION}"
    yield "#EXT-X-INDEPENDENT-SEGMENTS"
    if sound:
        yield (
            '#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="audio",NAME="Audio",DEFAULT=YES,AUTOSELECT=YES,'
            f'CHANNELS="{sound.channels}",URI="{sound.uri}"'
        )
    for variant in variants:
        group = ',AUDIO="audio"' if sound else ""
        yield (
            f"#EXT-X-STREAM-INF:BANDWIDTH={variant.bandwidth}"
            f",AVERAGE-BANDWIDTH={variant.average_bandwidth}"
            f',CODECS="{",".join(variant.codecs)}"'
            f",RESOLUTION={variant.width}x{variant.height}"
            f",FRAME-RATE={float(variant.frame_rate):.3f}{group}"
        )
        yield variant.uri


def _lines(lines: Iterator[str]) -> str:
    return "".join(f"{line}\n" for line in lines)
