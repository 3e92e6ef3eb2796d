"""MP4 boxes: read from what FFmpeg writes, from hand-made ones, and from damaged ones."""

from __future__ import annotations

import struct
from fractions import Fraction
from pathlib import Path

import av
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from clips import full_ffmpeg, moving_clip
from mp4_boxes import (
    MDAT,
    avc1,
    avcc,
    box,
    descriptor,
    elst,
    es_descriptor,
    full_box,
    moof,
    moov,
    mp4a,
    words,
    written,
)
from packager.boxes import BoxError
from packager.fragments import Fragment
from packager.tracks import read_track

FRAGMENTED = ("-movflags", "frag_keyframe+empty_moov+default_base_moof")


@pytest.fixture(scope="module")
def picture(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("boxes") / "picture.mp4"
    options = ("-g", "30", "-preset", "veryfast", "-profile:v", "high", *FRAGMENTED)
    return moving_clip(path, rate="30000/1001", sound=False, options=options)


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("boxes") / "sound.mp4"
    tone = ("-f", "lavfi", "-i", "sine=sample_rate=44100:d=3", "-ac", "2", "-c:a", "aac")
    full_ffmpeg(*tone, "-frag_duration", "500000", *FRAGMENTED, path)
    return path


def test_a_picture_track_is_what_pyav_finds(picture: Path) -> None:
    track = read_track(picture)
    with av.open(str(picture), mode="r") as container:
        stream = container.streams.video[0]
        packets = [packet for packet in container.demux(stream) if packet.size]
        assert (track.width, track.height, track.channels) == (stream.width, stream.height, 0)
        assert Fraction(1, track.timescale) == stream.time_base
        assert track.codec == "avc1." + (stream.codec_context.extradata or b"")[1:4].hex()
    keys = [number for number, packet in enumerate(packets) if packet.is_keyframe]
    counts = [end - begin for begin, end in zip(keys, [*keys[1:], len(packets)], strict=True)]
    assert [fragment.samples for fragment in track.fragments] == counts
    assert all(fragment.starts_with_key for fragment in track.fragments)
    assert track.sample_rate == Fraction(30000, 1001)
    assert track.seconds == len(packets) / Fraction(30000, 1001)


def test_a_sound_track_is_what_pyav_finds(sound: Path) -> None:
    track = read_track(sound)
    with av.open(str(sound), mode="r") as container:
        packets = [packet for packet in container.demux() if packet.size]
    assert (track.codec, track.channels, track.timescale) == ("mp4a.40.2", 2, 44100)
    assert (track.width, track.height) == (0, 0)
    assert sum(fragment.samples for fragment in track.fragments) == len(packets)
    assert sum(fragment.duration for fragment in track.fragments) == sum(
        packet.duration or 0 for packet in packets
    )


@pytest.mark.parametrize("name", ["picture", "sound"])
def test_fragments_follow_each_other_in_the_file_and_in_decoding(
    name: str, request: pytest.FixtureRequest
) -> None:
    path: Path = request.getfixturevalue(name)
    track = read_track(path)
    media = path.read_bytes()
    offset, time = track.init_size, 0
    assert len(track.fragments) > 2
    for fragment in track.fragments:
        assert (fragment.offset, fragment.time) == (offset, time)
        assert media[offset + 4 : offset + 8] == b"moof"
        offset, time = offset + fragment.size, time + fragment.duration
    assert media[offset + 4 : offset + 8] == b"mfra"


def only_fragment(path: Path, run: bytes, **parts: bytes) -> Fragment:
    (fragment,) = read_track(
        written(path / "hand.mp4", moov(avc1()), moof(run, **parts), MDAT)
    ).fragments
    return fragment


@pytest.mark.parametrize(
    ("run", "samples", "duration", "key"),
    [
        ((0, words(3)), 3, 120, False),  # all from trex, whose samples are no key frames
        ((0x4, words(3, 0)), 3, 120, True),  # first sample's flags
        ((0x4, words(3, 0x10000)), 3, 120, False),
        ((0x5, words(3, 0, 0)), 3, 120, True),  # with a data offset before them
        ((0x100, words(3, 10, 20, 30)), 3, 60, False),
        ((0x300, words(2, 10, 5000, 20, 6000)), 2, 30, False),
        ((0x400, words(2, 0, 0x10000)), 2, 80, True),
        ((0xF00, words(2, 10, 9, 0, 7, 20, 9, 0x10000, 7)), 2, 30, True),
        ((0, words(0)), 0, 0, False),
    ],
)
def test_runs_of_samples(
    run: tuple[int, bytes], samples: int, duration: int, key: bool, tmp_path: Path
) -> None:
    found = only_fragment(tmp_path, full_box(b"trun", 0, run[0], run[1]))
    assert (found.samples, found.duration, found.starts_with_key) == (samples, duration, key)


def test_a_fragments_own_defaults_come_before_the_tracks(tmp_path: Path) -> None:
    tfhd = full_box(b"tfhd", 0, 0x2003A, words(1), words(1, 25, 999, 0))
    tfdt = full_box(b"tfdt", 1, 0, struct.pack(">Q", 1 << 40))
    run = full_box(b"trun", 0, 0x1, words(4, 120))
    found = only_fragment(tmp_path, run, tfhd=tfhd, tfdt=tfdt)
    assert (found.duration, found.starts_with_key, found.time) == (100, True, 1 << 40)
    assert found.first_sample_end == 120 + 999


def test_several_runs_are_one_fragment(tmp_path: Path) -> None:
    first = full_box(b"trun", 0, 0x4, words(2, 0))
    second = full_box(b"trun", 0, 0x100, words(1, 7))
    track = read_track(written(tmp_path / "runs.mp4", moov(avc1()), moof(first, second), MDAT))
    (found,) = track.fragments
    assert (found.samples, found.duration, found.starts_with_key) == (3, 87, True)


def test_sizes_of_64_bits_and_to_the_end_of_the_file(tmp_path: Path) -> None:
    run = full_box(b"trun", 0, 0x4, words(1, 0))
    large = struct.pack(">I4sQ", 1, b"mdat", 16 + 100) + bytes(100)
    endless = struct.pack(">I4s", 0, b"mdat") + bytes(50)
    path = written(tmp_path / "sizes.mp4", moov(avc1()), moof(run), large, moof(run), endless)
    first, second = read_track(path).fragments
    assert first.size == len(moof(run)) + 116
    assert second.offset + second.size == path.stat().st_size


@pytest.mark.parametrize("version", [0, 1])
def test_both_versions_of_the_media_header(version: int, tmp_path: Path) -> None:
    header = moov(avc1(), version=version, timescale=90000)
    track = read_track(written(tmp_path / "v.mp4", header))
    assert (track.timescale, track.codec, track.fragments) == (90000, "avc1.64001f", ())
    assert (track.width, track.height) == (640, 360)
    assert track.sample_rate == 0


@pytest.mark.parametrize(
    ("descriptors", "codec"),
    [
        (es_descriptor(bytes([2 << 3, 0])), "mp4a.40.2"),
        (es_descriptor(bytes([5 << 3, 0, 0])), "mp4a.40.5"),
        (es_descriptor(bytes([0xF8 | 10 >> 3, (10 & 7) << 5, 0])), "mp4a.40.42"),  # escaped
        (es_descriptor(b"\x10\0", 0x80 | 0x20, bytes(4)), "mp4a.40.2"),
        (es_descriptor(b"\x10\0", 0x40, b"\x03url"), "mp4a.40.2"),
    ],
)
def test_aac_object_types(descriptors: bytes, codec: str, tmp_path: Path) -> None:
    path = written(tmp_path / "a.mp4", moov(mp4a(descriptors)))
    assert (read_track(path).codec, read_track(path).channels) == (codec, 2)


RUN = full_box(b"trun", 0, 0x4, words(1, 0))


@pytest.mark.parametrize(
    "boxes",
    [
        (),
        (MDAT,),
        (moov(avc1(), tracks=2),),
        (moov(avc1(), tracks=0),),
        (moov(avc1(), timescale=0),),
        (moov(avc1(avcc(version=0))),),
        (moov(avc1(box(b"avcC", b"\1"))),),
        (moov(avc1(box(b"avcC", bytes([1, 0x64, 0x00, 0x1F, 0xFF])))),),
        (moov(avc1(avcc(sps=2))),),
        (moov(avc1(avcc(pps=2))),),
        (moov(avc1(avcc(sps=0))),),
        (moov(mp4a(es_descriptor(b"\x10"))),),
        (moov(mp4a(es_descriptor(b"\x16\x90"))),),
        (moov(avc1(), edits=elst((0, 0, 1), (0, 0, 1))),),
        (moov(avc1(), edits=elst((0, 0, 2))),),
        (moov(avc1(), edits=elst((0, -2, 1))),),
        (moov(avc1(), edits=elst((600, -1, 1))),),
        (moov(box(b"hvc1", bytes(100))),),
        (
            moov(
                mp4a(descriptor(4, b"")),
            ),
        ),
        (
            moov(
                mp4a(descriptor(3, b"")),
            ),
        ),
        (moov(avc1()), struct.pack(">I4s", 4, b"moof")),
        (moov(avc1()), struct.pack(">I4s", 9999, b"moof")),
        (moov(avc1()), struct.pack(">I4sQ", 1, b"moof", 1 << 63)),
        (moov(avc1()), b"\0\0"),
        (moov(avc1()), box(b"moof"), MDAT),
        (moov(avc1()), box(b"moof", box(b"traf"), box(b"traf")), MDAT),
        (moov(avc1()), moof(full_box(b"trun", 0, 0x100, words(1 << 31))), MDAT),
        (moov(avc1()), moof(full_box(b"trun", 0, 0x4, words(1))), MDAT),
        (moov(avc1()), moof(RUN, tfhd=full_box(b"tfhd", 0, 0x8, words(1))), MDAT),
        (moov(avc1()), moof(RUN, tfhd=full_box(b"tfhd", 0, 0x1, words(1), bytes(8))), MDAT),
    ],
)
def test_what_breaks_the_format_is_refused(boxes: tuple[bytes, ...], tmp_path: Path) -> None:
    with pytest.raises(BoxError):
        read_track(written(tmp_path / "broken.mp4", *boxes))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(edits=st.lists(st.tuples(st.integers(0, 2000), st.binary(max_size=8)), max_size=4))
def test_no_damage_is_answered_by_anything_but_a_box_error(
    edits: list[tuple[int, bytes]], picture: Path, tmp_path: Path
) -> None:
    media = bytearray(picture.read_bytes())
    for offset, replacement in edits:
        media[offset : offset + len(replacement)] = replacement
    path = tmp_path / "edited.mp4"
    path.write_bytes(media)
    try:
        track = read_track(path)
    except BoxError:
        return
    assert track.timescale > 0
    assert all(fragment.offset + fragment.size <= len(media) for fragment in track.fragments)
