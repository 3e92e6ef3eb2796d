"""Playlists, from tracks that no encoder had to make."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clips import full_ffmpeg, moving_clip
from packager import package
from packager.boxes import BoxError, Fragment, Track
from packager.hls import (
    Addressed,
    Segment,
    SoundRendition,
    Variant,
    average_bit_rate,
    cut,
    master_playlist,
    media_playlist,
    peak_bit_rate,
    segment_starts,
    target_duration,
)
from playlists import read_attributes, read_master
from transcoded import lay_out


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
        "#EXT-X-TARGETDURATION:4",
        "#EXT-X-MEDIA-SEQUENCE:0",
        "#EXT-X-PLAYLIST-TYPE:VOD",
        "#EXT-X-INDEPENDENT-SEGMENTS",
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


@pytest.mark.parametrize("sound", [SoundRendition("audio.m3u8", 2), None])
def test_a_master_playlist(sound: SoundRendition | None) -> None:
    codecs = ("avc1.64001f", "mp4a.40.2") if sound else ("avc1.64001f",)
    variant = Variant("720p.m3u8", 900, 800, codecs, 1280, 720, Fraction(30000, 1001))
    *head, stream, uri = master_playlist([variant], sound).splitlines()
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


def fragmented(path: Path, gop: int, seconds: float) -> Path:
    flags = ("-movflags", "frag_keyframe+delay_moov+default_base_moof+skip_trailer")
    keys = ("-g", str(gop), "-keyint_min", str(gop), "-sc_threshold", "0")
    return moving_clip(path, size=(160, 90), seconds=seconds, sound=False, options=(*keys, *flags))


def sound_of(path: Path, seconds: float) -> Path:
    tone = ("-f", "lavfi", "-i", f"sine=sample_rate=48000:d={seconds}", "-c:a", "aac")
    from_zero = ("-af", "aresample=first_pts=1024")
    flags = ("-frag_duration", "500000", "-movflags", "delay_moov+default_base_moof+skip_trailer")
    full_ffmpeg(*tone, *from_zero, *flags, path)
    return path


def test_sound_that_outlasts_the_picture_is_cut_on(tmp_path: Path) -> None:
    rungs = {"90p": fragmented(tmp_path / "picture.mp4", 50, 5)}
    stream = package(
        rungs, sound_of(tmp_path / "sound.mp4", 13), segment_seconds=4, layout="byte_ranges"
    )
    master = read_master(lay_out(stream.files, tmp_path / "published"))
    assert master.sound
    assert [piece.seconds for piece in master.variants[0].playlist.pieces] == [4, 1]
    assert [round(piece.seconds) for piece in master.sound.pieces] == [4, 4, 4, 1]
    assert stream.seconds == 5
    assert stream.sound
    assert stream.sound.seconds == pytest.approx(13, abs=0.05)


@pytest.mark.parametrize("layout", ["byte_ranges", "objects"])
def test_bytes_are_those_of_what_is_published(layout: str, tmp_path: Path) -> None:
    rungs = {"90p": fragmented(tmp_path / "picture.mp4", 25, 3)}
    stream = package(rungs, None, segment_seconds=1, layout=layout)  # type: ignore[arg-type]
    read_master(lay_out(stream.files, tmp_path / "published"))
    published = [path for path in (tmp_path / "published").rglob("*.m[p4]*") if path.is_file()]
    media = [path for path in published if path.suffix != ".m3u8"]
    assert len(media) == (1 if layout == "byte_ranges" else 4)
    assert stream.rungs[0].bytes == sum(path.stat().st_size for path in media)


def test_rungs_whose_key_frames_differ_are_refused(tmp_path: Path) -> None:
    rungs = {
        "90p": fragmented(tmp_path / "one.mp4", 50, 3),
        "also": fragmented(tmp_path / "other.mp4", 25, 3),
    }
    with pytest.raises(BoxError, match="also"):
        package(rungs, None, segment_seconds=4, layout="byte_ranges")


def test_fragments_that_do_not_start_with_a_key_frame_are_refused(tmp_path: Path) -> None:
    clip, path = fragmented(tmp_path / "clip.mp4", 50, 3), tmp_path / "cut.mp4"
    flags = ("-frag_duration", "500000", "-movflags", "delay_moov+default_base_moof")
    full_ffmpeg("-i", clip, "-c", "copy", *flags, path)
    with pytest.raises(BoxError, match="key frame"):
        package({"90p": path}, None, segment_seconds=4, layout="byte_ranges")


def test_a_track_without_media_is_refused(tmp_path: Path) -> None:
    clip, path = fragmented(tmp_path / "clip.mp4", 50, 1), tmp_path / "init.mp4"
    media = clip.read_bytes()
    path.write_bytes(media[: media.index(b"moof") - 4])
    with pytest.raises(BoxError, match="no media"):
        package({"90p": path}, None, segment_seconds=4, layout="byte_ranges")


@pytest.mark.parametrize(
    ("playlist", "line", "instead"),
    [
        ("90p", "#EXTM3U", "#EXTM3U8"),
        ("90p", "#EXT-X-VERSION:7", "#EXT-X-VERSION:4"),
        ("90p", "#EXT-X-TARGETDURATION:2", "#EXT-X-TARGETDURATION:1"),
        ("90p", "#EXT-X-TARGETDURATION:2", "#EXT-X-TARGETDURATION:3"),
        ("90p", "#EXT-X-PLAYLIST-TYPE:VOD\n", ""),
        ("90p", "#EXT-X-ENDLIST\n", ""),
        ("90p", "#EXTINF:2.000000,", "#EXTINF:1.900000,"),
        ("90p", "#EXTINF:1.000000,\n", ""),
        ("90p", '@0"', '@1"'),
        ("90p", "90p.mp4\n#EXT-X-ENDLIST", "other.mp4\n#EXT-X-ENDLIST"),
        ("master", "RESOLUTION=160x90", "RESOLUTION=160x91"),
        ("master", "FRAME-RATE=25.000", "FRAME-RATE=30.000"),
        ("master", 'CODECS="avc1.', 'CODECS="avc1.1'),
        ("master", "BANDWIDTH=", "BANDWIDTH=1"),
        ("master", ",AVERAGE-BANDWIDTH=", ",AVERAGE-BANDWIDTH=1"),
        ("master", 'AUDIO="audio"', 'AUDIO="another"'),
        ("master", "90p.m3u8\n", ""),
    ],
)
def test_the_judge_of_playlists_sees_what_is_wrong(
    playlist: str, line: str, instead: str, tmp_path: Path
) -> None:
    rungs = {"90p": fragmented(tmp_path / "picture.mp4", 50, 3)}
    sound = sound_of(tmp_path / "sound.mp4", 3)
    stream = package(rungs, sound, segment_seconds=2, layout="byte_ranges")
    master = lay_out(stream.files, tmp_path / "published")
    read_master(master)
    path = master.with_name(f"{playlist}.m3u8")
    text = path.read_text()
    assert line in text
    path.write_text(text.replace(line, instead))
    with pytest.raises((AssertionError, OSError)):
        read_master(master)
