"""Writes HLS playlists (RFC 8216) of whole fragments. Values in, text out."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

from packager.tracks import Track

# EXT-X-MAP in playlists of whole segments asks for 6 (RFC 8216, 7); players of fMP4 know 7.
VERSION = 7
_HEAD = ("#EXTM3U", f"#EXT-X-VERSION:{VERSION}", "#EXT-X-INDEPENDENT-SEGMENTS")


@dataclass(frozen=True, slots=True)
class Segment:
    """Consecutive fragments, or a key frame: byte range in their file, and how long they play."""

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
class KeyFrameVariant:
    """The key frames of a variant alone, for players to show while they seek."""

    uri: str
    bandwidth: int
    average_bandwidth: int
    codec: str
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class SoundRendition:
    """An audio rendition that all variants share; `language` is BCP 47, `name` for people."""

    uri: str
    channels: int
    name: str = "Audio"
    language: str | None = None


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
    first, last = track.fragments[begin], track.fragments[end - 1]
    # What an edit list cuts off lies before zero and does not play.
    seconds = track.seconds_after(end - 1) - max(Fraction(0), track.seconds_at(first))
    return Segment(first.offset, last.offset + last.size - first.offset, seconds)


def key_frames(track: Track) -> list[Segment]:
    """The first picture of each fragment, with the `moof` before it, until the next (4.3.3.6)."""
    return [
        Segment(
            fragment.offset,
            fragment.first_sample_end,
            track.seconds_after(number) - track.seconds_at(fragment),
        )
        for number, fragment in enumerate(track.fragments)
    ]


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


def media_playlist(
    init: Addressed, segments: Sequence[Addressed], target: int, *, key_frames_only: bool = False
) -> str:
    """The playlist of one rendition, complete (4.3.2, 4.3.3)."""
    head = ["#EXT-X-I-FRAMES-ONLY"] if key_frames_only else []
    return _lines([*_HEAD, *head, *_media_tags(init, segments, target)])


def _media_tags(init: Addressed, segments: Sequence[Addressed], target: int) -> Iterator[str]:
    yield f"#EXT-X-TARGETDURATION:{target}"
    yield "#EXT-X-MEDIA-SEQUENCE:0"
    yield "#EXT-X-PLAYLIST-TYPE:VOD"
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


def master_playlist(
    variants: Sequence[Variant],
    sounds: Sequence[SoundRendition],
    key_frame_variants: Sequence[KeyFrameVariant] = (),
) -> str:
    """The playlist of playlists (4.3.4). The first of `sounds` is played unless another is chosen.

    Each of them is to have a name of its own.
    """
    tags = [*_HEAD, *_sound_tags(sounds)]
    for variant in variants:
        tags += _variant_tags(variant, has_sound=bool(sounds))
    return _lines([*tags, *map(_key_frame_tag, key_frame_variants)])


def _sound_tags(sounds: Sequence[SoundRendition]) -> Iterator[str]:
    languages = set()
    for number, sound in enumerate(sounds):
        # What a player chooses by language must not be ambiguous (4.3.4.1.1).
        chosen = "NO" if sound.language in languages else "YES"
        languages.add(sound.language)
        language = f',LANGUAGE="{sound.language}"' if sound.language else ""
        yield (
            f'#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="audio",NAME="{sound.name}"{language}'
            f",DEFAULT={'NO' if number else 'YES'},AUTOSELECT={chosen}"
            f',CHANNELS="{sound.channels}",URI="{sound.uri}"'
        )


def _variant_tags(variant: Variant, *, has_sound: bool) -> Iterator[str]:
    group = ',AUDIO="audio"' if has_sound else ""
    yield (
        f"#EXT-X-STREAM-INF:{_bit_rates(variant)}"
        f',CODECS="{",".join(variant.codecs)}"'
        f",RESOLUTION={variant.width}x{variant.height}"
        f",FRAME-RATE={float(variant.frame_rate):.3f}{group}"
    )
    yield variant.uri


def _key_frame_tag(variant: KeyFrameVariant) -> str:
    return (
        f"#EXT-X-I-FRAME-STREAM-INF:{_bit_rates(variant)}"
        f',CODECS="{variant.codec}"'
        f",RESOLUTION={variant.width}x{variant.height}"
        f',URI="{variant.uri}"'
    )


def _bit_rates(variant: Variant | KeyFrameVariant) -> str:
    return f"BANDWIDTH={variant.bandwidth},AVERAGE-BANDWIDTH={variant.average_bandwidth}"


def _lines(lines: Iterable[str]) -> str:
    return "".join(f"{line}\n" for line in lines)
