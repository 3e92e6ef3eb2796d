"""Streams, packaged from small files that are really encoded."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from clips import full_ffmpeg, moving_clip
from manifests import read_manifest
from packaged import fragmented, sound_of
from packager import BoxError, SoundTrack, package, read_track
from packager.renditions import Layout
from pieces import decoded_pictures
from playlists import Master, read_master
from streams import key_frame_times, played
from transcoded import lay_out


def test_sound_that_outlasts_the_picture_is_cut_on(tmp_path: Path) -> None:
    rungs = {"90p": fragmented(tmp_path / "picture.mp4", 50, 5)}
    stream = package(
        rungs,
        [SoundTrack(sound_of(tmp_path / "sound.mp4", 13))],
        segment_seconds=4,
        layout="byte_ranges",
    )
    master = read_master(lay_out(stream.files, tmp_path / "published"))
    assert master.sound
    assert [piece.seconds for piece in master.variants[0].playlist.pieces] == [4, 1]
    assert [round(piece.seconds) for piece in master.sound.pieces] == [4, 4, 4, 1]
    assert stream.seconds == 5
    assert stream.sound
    assert stream.sound.seconds == pytest.approx(13, abs=0.05)


@pytest.mark.parametrize("layout", ["byte_ranges", "objects"])
def test_bytes_are_those_of_what_is_published(layout: Layout, tmp_path: Path) -> None:
    rungs = {"90p": fragmented(tmp_path / "picture.mp4", 25, 3)}
    stream = package(rungs, segment_seconds=1, layout=layout)
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
        package(rungs, segment_seconds=4, layout="byte_ranges")


def test_key_frames_one_picture_apart_are_refused(tmp_path: Path) -> None:
    rungs = {
        "90p": fragmented(tmp_path / "one.mp4", 25, 2),
        "also": fragmented(tmp_path / "other.mp4", 26, 2),
    }
    with pytest.raises(BoxError, match="also"):
        package(rungs, segment_seconds=2, layout="byte_ranges")


def test_fragments_that_do_not_start_with_a_key_frame_are_refused(tmp_path: Path) -> None:
    clip, path = fragmented(tmp_path / "clip.mp4", 50, 3), tmp_path / "cut.mp4"
    flags = ("-frag_duration", "500000", "-movflags", "delay_moov+default_base_moof")
    full_ffmpeg("-i", clip, "-c", "copy", *flags, path)
    with pytest.raises(BoxError, match="key frame"):
        package({"90p": path}, segment_seconds=4, layout="byte_ranges")


def test_a_track_without_media_is_refused(tmp_path: Path) -> None:
    clip, path = fragmented(tmp_path / "clip.mp4", 50, 1), tmp_path / "init.mp4"
    media = clip.read_bytes()
    path.write_bytes(media[: media.index(b"moof") - 4])
    with pytest.raises(BoxError, match="no media"):
        package({"90p": path}, segment_seconds=4, layout="byte_ranges")


LAYOUTS: tuple[Layout, ...] = ("byte_ranges", "objects")


def two_rungs(folder: Path, gop: int = 25, seconds: float = 5) -> dict[str, Path]:
    return {
        "90p": fragmented(folder / "small.mp4", gop, seconds),
        "180p": fragmented(folder / "large.mp4", gop, seconds, size=(320, 180)),
    }


@pytest.mark.parametrize("layout", LAYOUTS)
def test_each_key_frame_alone_is_the_picture_of_its_time(layout: Layout, tmp_path: Path) -> None:
    # Two groups of pictures in a segment, so that a key frame lies within an object, too.
    stream = package(two_rungs(tmp_path), segment_seconds=2, layout=layout)
    master = read_master(lay_out(stream.files, tmp_path / "published"))
    for variant, frames in zip(master.variants, master.key_frames, strict=True):
        everything = variant.playlist
        whole = {
            round(picture.time * 25): picture.luma
            for picture in decoded_pictures(everything.init, *everything.pieces)
        }
        assert [piece.seconds for piece in frames.playlist.pieces] == [1.0] * 5
        for number, piece in enumerate(frames.playlist.pieces):
            (picture,) = decoded_pictures(frames.playlist.init, piece)
            assert np.array_equal(picture.luma, whole[25 * number])
            assert not np.array_equal(picture.luma, whole[25 * number + 1])


@pytest.mark.parametrize("layout", LAYOUTS)
def test_key_frames_and_a_manifest_disturb_no_player(layout: Layout, tmp_path: Path) -> None:
    sounds = [SoundTrack(sound_of(tmp_path / "sound.mp4", 5))]
    stream = package(two_rungs(tmp_path), sounds, segment_seconds=2, layout=layout, dash=True)
    times = played(lay_out(stream.files, tmp_path / "published"))
    assert sorted(len(found) for found in times.values())[:2] == [125, 125]
    assert len(times) == 3


def sounds_in(folder: Path) -> list[SoundTrack]:
    return [
        SoundTrack(sound_of(folder / "one.mp4", 5, "-b:a", "64k"), "en", "English"),
        SoundTrack(sound_of(folder / "two.mp4", 5, "-b:a", "192k", "-ac", "2"), "de-AT", "Deutsch"),
        SoundTrack(sound_of(folder / "three.mp4", 5, "-b:a", "32k"), "en", "English"),
    ]


@pytest.fixture
def several(tmp_path: Path) -> tuple[Master, Path]:
    stream = package(
        two_rungs(tmp_path), sounds_in(tmp_path), segment_seconds=2, layout="byte_ranges"
    )
    assert [sound.playlist for sound in stream.sounds] == [
        *("hls/audio.m3u8", "hls/audio-2.m3u8", "hls/audio-3.m3u8"),
    ]
    assert stream.sound == stream.sounds[0]
    path = lay_out(stream.files, tmp_path / "published")
    return read_master(path), path


def test_several_sounds_are_one_group(several: tuple[Master, Path]) -> None:
    attributes = [sound.attributes for sound in several[0].sounds]
    assert [one["LANGUAGE"] for one in attributes] == ['"en"', '"de-AT"', '"en"']
    assert [one["NAME"] for one in attributes] == ['"English"', '"Deutsch"', '"English 2"']
    assert [one["DEFAULT"] for one in attributes] == ["YES", "NO", "NO"]
    assert [one["CHANNELS"] for one in attributes] == ['"1"', '"2"', '"1"']
    assert sorted(map(len, played(several[1]).values()))[:2] == [125, 125]


def test_a_variant_needs_the_bandwidth_of_the_most_demanding_sound(
    several: tuple[Master, Path],
) -> None:
    master = several[0]
    peaks = [sound.playlist.peak() for sound in master.sounds]
    assert max(peaks) == peaks[1] > 1.2 * peaks[0]
    for variant in master.variants:
        expected = variant.playlist.peak() + peaks[1]
        assert int(variant.attributes["BANDWIDTH"]) == pytest.approx(expected, abs=2)


@pytest.mark.parametrize(
    ("language", "name", "expected"),
    [
        ("en", 'Director\'s "cut"\n#EXTINF', {"NAME": '"Director\'s cut #EXTINF"'}),
        ('x",URI="y', "\0\ud800", {"NAME": '"Audio"'}),
        ("", "", {"NAME": '"Audio"'}),
    ],
)
def test_what_a_file_says_of_itself_breaks_no_playlist(
    language: str, name: str, expected: dict[str, str], tmp_path: Path
) -> None:
    sound = SoundTrack(sound_of(tmp_path / "sound.mp4", 1), language, name)
    rungs = {"90p": fragmented(tmp_path / "picture.mp4", 25, 1)}
    stream = package(rungs, [sound], segment_seconds=2, layout="objects")
    found = read_master(lay_out(stream.files, tmp_path / "published")).sound_attributes
    assert found["NAME"] == expected["NAME"]
    assert found.get("LANGUAGE") == ('"en"' if language == "en" else None)


def test_two_streams_lie_side_by_side(tmp_path: Path) -> None:
    rungs, sounds = two_rungs(tmp_path), sounds_in(tmp_path)[:1]
    first = package(
        {"90p": rungs["90p"]}, sounds, segment_seconds=2, layout="objects", folder="first"
    )
    whole = package(rungs, sounds, segment_seconds=2, layout="objects", dash=True)
    assert (first.master, whole.master) == ("first/master.m3u8", "hls/master.m3u8")
    assert (first.manifest, whole.manifest) == (None, "hls/manifest.mpd")
    assert first.rungs[0].playlist == "first/90p.m3u8"
    assert first.rungs[0].key_frame_playlist == "first/90p-iframes.m3u8"
    assert first.sounds[0].playlist == "first/audio.m3u8"
    names = {file.name for file in first.files} & {file.name for file in whole.files}
    assert not names
    masters = [lay_out(stream.files, tmp_path / "published") for stream in (first, whole)]
    assert [len(read_master(master).variants) for master in masters] == [1, 2]


def test_rungs_whose_files_would_have_one_name_are_refused(tmp_path: Path) -> None:
    path = fragmented(tmp_path / "picture.mp4", 25, 1)
    with pytest.raises(ValueError, match="one name"):
        package({"a": path, "a-iframes": path}, segment_seconds=2, layout="objects")


def test_a_remuxed_source_is_a_rung_like_others(tmp_path: Path) -> None:
    """Its clock counts 600 to a second, in which 29.97 pictures cannot be spaced evenly."""
    keys = ("-g", "30", "-keyint_min", "30", "-sc_threshold", "0", "-preset", "veryfast")
    source = moving_clip(
        tmp_path / "source.mov",
        rate="30000/1001",
        seconds=4,
        sound=False,
        options=(*keys, "-video_track_timescale", "600"),
    )
    path = tmp_path / "remuxed.mp4"
    flags = ("-movflags", "frag_keyframe+delay_moov+default_base_moof+skip_trailer")
    full_ffmpeg("-i", source, "-c", "copy", "-use_editlist", "1", *flags, path)
    rungs = {"low": fragmented(tmp_path / "low.mp4", 30, 4, rate="30000/1001"), "top": path}
    stream = package(rungs, segment_seconds=2, layout="byte_ranges")
    master = read_master(lay_out(stream.files, tmp_path / "published"))
    low, top = (key_frame_times(variant.playlist.path) for variant in master.variants)
    assert low != top
    assert [float(time) for time in top] == pytest.approx([float(time) for time in low], abs=0.002)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_remuxed_sound_is_not_late_by_its_encoders_priming(layout: Layout, tmp_path: Path) -> None:
    clip, path = moving_clip(tmp_path / "clip.mp4", seconds=5), tmp_path / "remuxed.mp4"
    flags = ("-movflags", "delay_moov+default_base_moof+skip_trailer", "-use_editlist", "1")
    full_ffmpeg("-i", clip, "-map", "0:a", "-c", "copy", "-frag_duration", "500000", *flags, path)
    track = read_track(path)
    assert track.seconds_at(track.fragments[0]) == -Fraction(1024, track.timescale)
    rungs = {"90p": fragmented(tmp_path / "picture.mp4", 25, 5)}
    stream = package(rungs, [SoundTrack(path)], segment_seconds=2, layout=layout, dash=True)
    master = lay_out(stream.files, tmp_path / "published")
    sound = read_master(master).sound
    assert sound
    assert sound.seconds == pytest.approx(5, abs=0.03)
    manifest = read_manifest(master.with_name("manifest.mpd"))
    assert manifest.sounds[0].representations[0].starts[0] == 0


def test_fragments_that_go_back_in_time_are_refused(tmp_path: Path) -> None:
    path = fragmented(tmp_path / "picture.mp4", 25, 2)
    media = path.read_bytes()
    at = media.rindex(b"tfdt") + 8
    path.write_bytes(media[:at] + bytes(8) + media[at + 8 :])
    with pytest.raises(BoxError, match="begins before"):
        package({"90p": path}, segment_seconds=2, layout="objects")


def test_a_key_frame_outside_its_fragment_is_refused(tmp_path: Path) -> None:
    path = fragmented(tmp_path / "picture.mp4", 25, 1)
    media = path.read_bytes()
    at = media.index(b"trun") + 12
    path.write_bytes(media[:at] + b"\x7f" + media[at + 1 :])
    with pytest.raises(BoxError, match="not in its fragment"):
        package({"90p": path}, segment_seconds=2, layout="objects")
