"""Playlists, from tracks that no encoder had to make."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from media_playlists import read_attributes
from packager.fragments import Fragment
from packager.hls import (
    Addressed,
    KeyFrameVariant,
    Segment,
    SoundRendition,
    Variant,
    average_bit_rate,
    cut,
    key_frames,
    master_playlist,
    media_playlist,
    peak_bit_rate,
    segment_starts,
    target_duration,
)
from packager.tracks import Track


def track_of(*ticks: int, timescale: int = 1000, size: int = 1000) -> Track:
    fragments, offset, time = [], 500, 0
    for duration in ticks:
        fragments.append(Fragment(offset, size, time, duration, duration // 40, True))
        offset, time = offset + size, time + duration
    return Track("avc1.64001f", timescale, 500, tuple(fragments), 640, 360)


def lengths(segments: list[Segment]) -> list[float]:
    return [float(segment.seconds) for segment in segments]


@pytest.mark.parametrize(
    ("ticks", "seconds", "expected"),
    [
        ([2000] * 5, 4, [4, 4, 2]),
        ([2000] * 4 + [1280], 4, [4, 4, 1.28]),
        ([2002] * 600, 4, [4.004] * 300),  # NTSC: counted in whole groups, with no drift
        ([1500] * 6, 4, [4.5, 4.5]),
        ([10000, 10000], 4, [10, 10]),
        ([2000, 900], 4, [2.9]),
        ([700], 4, [0.7]),
        ([2000] * 3, 2, [2, 2, 2]),
        ([3000, 1000, 1000, 3000], 4, [4, 4]),
    ],
)
def test_segments_are_whole_groups_of_pictures(
    ticks: list[int], seconds: int, expected: list[float]
) -> None:
    track = track_of(*ticks)
    assert lengths(cut(track, segment_starts(track, seconds))) == expected


@given(
    ticks=st.lists(st.integers(1, 20_000), min_size=1, max_size=60),
    seconds=st.integers(1, 10),
)
def test_segments_use_every_fragment_once(ticks: list[int], seconds: int) -> None:
    track = track_of(*ticks)
    segments = cut(track, segment_starts(track, seconds))
    assert segments[0].offset == track.init_size
    for segment, following in pairwise(segments):
        assert following.offset == segment.offset + segment.size
    assert segments[-1].offset + segments[-1].size == 500 + 1000 * len(ticks)
    assert sum(segment.seconds for segment in segments) == Fraction(sum(ticks), 1000)


def test_sound_is_cut_where_the_picture_is_without_drift() -> None:
    picture = track_of(*[2002] * 900)
    # 24 AAC frames a fragment.
    sound = track_of(*[24 * 1024] * 3520, timescale=48000)
    segments = cut(sound, segment_starts(picture, 4))
    assert len(segments) == 450
    at = Fraction(0)
    for number, segment in enumerate(segments):
        assert abs(at - number * Fraction(4004, 1000)) <= Fraction(12 * 1024, 48000)
        at += segment.seconds


@pytest.mark.parametrize(
    ("seconds", "target"), [([4, 4, 2], 4), ([4.004], 4), ([4.499], 4), ([4.5], 5), ([0.2], 1)]
)
def test_the_target_is_the_longest_segment_rounded(seconds: list[float], target: int) -> None:
    assert target_duration([Segment(0, 1, Fraction(length)) for length in seconds]) == target


def test_the_peak_is_that_of_the_worst_run_of_about_a_target_duration() -> None:
    def segments(*pairs: tuple[int, float]) -> list[Segment]:
        return [Segment(0, size, Fraction(seconds)) for size, seconds in pairs]

    # One second is too short to count by itself, at a target of four.
    assert peak_bit_rate(segments((4000, 4), (3000, 1)), 4) == Fraction(8 * 7000, 5)
    assert peak_bit_rate(segments((4000, 4), (8000, 4), (1000, 4)), 4) == 16000
    assert peak_bit_rate(segments((1000, 2), (5000, 2), (7000, 2), (1, 4)), 4) == 28000
    # A clip that is too short altogether has its average.
    assert peak_bit_rate(segments((100, 0.25)), 4) == 3200
    assert average_bit_rate(segments((4000, 4), (3000, 1))) == Fraction(8 * 7000, 5)


@given(
    st.lists(st.tuples(st.integers(1, 10**7), st.integers(1, 5000)), min_size=1, max_size=30),
)
def test_the_peak_is_never_below_a_full_segments_rate(pairs: list[tuple[int, int]]) -> None:
    segments = [Segment(0, size, Fraction(ticks, 1000)) for size, ticks in pairs]
    target = target_duration(segments)
    peak = peak_bit_rate(segments, target)
    for segment in segments:
        if segment.seconds * 2 >= target:
            assert peak >= 8 * segment.size / segment.seconds


def test_a_media_playlist_of_byte_ranges() -> None:
    init = Addressed("480p.mp4", (812, 0))
    segments = [
        Addressed("480p.mp4", (1000, 812), Fraction(4004, 1000)),
        Addressed("480p.mp4", (500, 1812), Fraction(1, 3)),
    ]
    assert media_playlist(init, segments, 4).splitlines() == [
        "#EXTM3U",
        "#EXT-X-VERSION:7",
        "#EXT-X-INDEPENDENT-SEGMENTS",
        "#EXT-X-TARGETDURATION:4",
        "#EXT-X-MEDIA-SEQUENCE:0",
        "#EXT-X-PLAYLIST-TYPE:VOD",
        '#EXT-X-MAP:URI="480p.mp4",BYTERANGE="812@0"',
        "#EXTINF:4.004000,",
        "#EXT-X-BYTERANGE:1000@812",
        "480p.mp4",
        "#EXTINF:0.333333,",
        "#EXT-X-BYTERANGE:500@1812",
        "480p.mp4",
        "#EXT-X-ENDLIST",
    ]


def test_a_media_playlist_of_objects() -> None:
    init = Addressed("480p/init.mp4", None)
    segments = [Addressed("480p/segment_00001.m4s", None, Fraction(4))]
    lines = media_playlist(init, segments, 4).splitlines()
    assert lines[6:] == [
        '#EXT-X-MAP:URI="480p/init.mp4"',
        "#EXTINF:4.000000,",
        "480p/segment_00001.m4s",
        "#EXT-X-ENDLIST",
    ]


def test_a_playlist_of_key_frames_says_so() -> None:
    init = Addressed("480p/init.mp4", None)
    frames = [Addressed("480p/segment_00001.m4s", (700, 2000), Fraction(2))]
    lines = media_playlist(init, frames, 2, key_frames_only=True).splitlines()
    assert lines[3] == "#EXT-X-I-FRAMES-ONLY"
    assert lines[-4:-1] == [
        "#EXTINF:2.000000,",
        "#EXT-X-BYTERANGE:700@2000",
        "480p/segment_00001.m4s",
    ]


def test_key_frames_last_until_the_next_is_shown() -> None:
    # Shown two ticks after they are decoded, but for the second, which is shown three after.
    fragments = tuple(
        Fragment(500 + 100 * number, 100, 40 * number, 40, 4, True, offset, 60)
        for number, offset in enumerate([2, 3, 2])
    )
    frames = key_frames(Track("avc1.64001f", 100, 500, fragments))
    assert frames == [
        Segment(500, 60, Fraction(41, 100)),
        Segment(600, 60, Fraction(39, 100)),
        Segment(700, 60, Fraction(40, 100)),
    ]


@pytest.mark.parametrize("sound", [SoundRendition("audio.m3u8", 2), None])
def test_a_master_playlist(sound: SoundRendition | None) -> None:
    codecs = ("avc1.64001f", "mp4a.40.2") if sound else ("avc1.64001f",)
    variant = Variant("720p.m3u8", 900, 800, codecs, 1280, 720, Fraction(30000, 1001))
    *head, stream, uri = master_playlist([variant], [sound] if sound else []).splitlines()
    assert head[:3] == ["#EXTM3U", "#EXT-X-VERSION:7", "#EXT-X-INDEPENDENT-SEGMENTS"]
    expected = {
        "BANDWIDTH": "900",
        "AVERAGE-BANDWIDTH": "800",
        "CODECS": f'"{",".join(codecs)}"',
        "RESOLUTION": "1280x720",
        "FRAME-RATE": "29.970",
    }
    if sound:
        assert read_attributes(head[3].removeprefix("#EXT-X-MEDIA:")) == {
            "TYPE": "AUDIO",
            "GROUP-ID": '"audio"',
            "NAME": '"Audio"',
            "DEFAULT": "YES",
            "AUTOSELECT": "YES",
            "CHANNELS": '"2"',
            "URI": '"audio.m3u8"',
        }
        expected["AUDIO"] = '"audio"'
    assert read_attributes(stream.removeprefix("#EXT-X-STREAM-INF:")) == expected
    assert uri == "720p.m3u8"


def test_key_frames_are_offered_without_sound() -> None:
    variant = Variant("9p.m3u8", 9, 8, ("avc1.64001f", "mp4a.40.2"), 16, 9, Fraction(25))
    frames = KeyFrameVariant("9p-iframes.m3u8", 7, 6, "avc1.64001f", 16, 9)
    *_, line = master_playlist([variant], [SoundRendition("a.m3u8", 2)], [frames]).splitlines()
    name, _, attributes = line.partition(":")
    assert name == "#EXT-X-I-FRAME-STREAM-INF"
    assert read_attributes(attributes) == {
        "BANDWIDTH": "7",
        "AVERAGE-BANDWIDTH": "6",
        "CODECS": '"avc1.64001f"',
        "RESOLUTION": "16x9",
        "URI": '"9p-iframes.m3u8"',
    }


def test_players_choose_sound_by_language_where_that_is_clear() -> None:
    sounds = [
        SoundRendition(f"{number}.m3u8", 2, f"Sound {number}", language)
        for number, language in enumerate(["en", "de", "en", None, None])
    ]
    lines = master_playlist([], sounds).splitlines()[3:]
    found = [read_attributes(line.removeprefix("#EXT-X-MEDIA:")) for line in lines]
    assert [one.get("LANGUAGE") for one in found] == ['"en"', '"de"', '"en"', None, None]
    assert [one["AUTOSELECT"] for one in found] == ["YES", "YES", "NO", "YES", "NO"]
    assert [one["DEFAULT"] for one in found] == ["YES", "NO", "NO", "NO", "NO"]
    assert {one["GROUP-ID"] for one in found} == {'"audio"'}
