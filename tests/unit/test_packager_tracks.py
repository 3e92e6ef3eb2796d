"""When fragments are shown, where their key frames end, and what AAC says of itself."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import av
import pytest

from clips import full_ffmpeg, moving_clip
from mp4_boxes import (
    MDAT,
    avc1,
    avcc,
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
from packager.tracks import Track, read_track

FLAGS = ("-movflags", "frag_keyframe+delay_moov+default_base_moof+skip_trailer")
REORDERED = ("-preset", "veryfast", "-bf", "3", "-g", "20", "-keyint_min", "20")


def remuxed(source: Path, *options: str) -> Path:
    """The picture as the project remuxes a source that needs no encoding."""
    path = source.with_name("remuxed.mp4")
    full_ffmpeg("-i", source, "-map", "0:v", "-c", "copy", *FLAGS, *options, path)
    return path


@pytest.mark.parametrize(
    ("name", "rate", "options"),
    [
        ("plain.mp4", "25", ("-bf", "0")),
        ("reordered.mp4", "30000/1001", REORDERED),
        ("reordered.mkv", "30000/1001", REORDERED),
        ("reordered.ts", "25", REORDERED),
        ("coarse.mov", "24", (*REORDERED, "-video_track_timescale", "600")),
    ],
)
@pytest.mark.parametrize("flags", [("-use_editlist", "1"), ("-use_editlist", "0")])
def test_key_frames_of_a_remux_are_where_and_when_pyav_finds_them(
    name: str, rate: str, options: Sequence[str], flags: Sequence[str], tmp_path: Path
) -> None:
    source = moving_clip(tmp_path / name, rate=rate, size=(160, 90), sound=False, options=options)
    path = remuxed(source, *flags)
    track, media = read_track(path), path.read_bytes()
    with av.open(str(path), mode="r") as container:
        stream = container.streams.video[0]
        keys = [packet for packet in container.demux(stream) if packet.is_keyframe]
        assert [track.seconds_at(fragment) for fragment in track.fragments] == [
            (packet.pts or 0) * stream.time_base for packet in keys if stream.time_base
        ]
    for fragment, packet in zip(track.fragments, keys, strict=True):
        end = fragment.offset + fragment.first_sample_end
        assert media[end - packet.size : end] == bytes(packet)


def test_a_track_that_begins_late_is_shown_late(tmp_path: Path) -> None:
    clip = moving_clip(tmp_path / "clip.mp4", seconds=1, options=REORDERED)
    late, path = tmp_path / "late.mp4", tmp_path / "fragmented.mp4"
    full_ffmpeg(
        *("-i", clip, "-itsoffset", "0.6", "-i", clip, "-map", "0:a", "-map", "1:v", "-c", "copy"),
        late,
    )
    full_ffmpeg("-copyts", "-i", late, "-map", "0:v", "-c", "copy", *FLAGS, path)
    track = read_track(path)
    assert float(track.seconds_at(track.fragments[0])) == pytest.approx(0.6, abs=0.001)


def fragment_of(tmp_path: Path, *runs: bytes) -> Fragment:
    path = written(tmp_path / "hand.mp4", moov(avc1()), moof(*runs), MDAT)
    return read_track(path).fragments[0]


@pytest.mark.parametrize(
    ("runs", "end", "offset"),
    [
        # All samples are as long as the track says, 500 bytes.
        ([(0, 0x1, (2, 100))], 600, 0),
        ([(0, 0x201, (2, 100, 30, 40))], 130, 0),
        ([(0, 0xF01, (1, 100, 40, 30, 0, 80))], 130, 80),
        # Offsets have a sign in version 1 alone.
        ([(1, 0x801, (1, 100, 0xFFFFFFB0))], 600, -80),
        ([(0, 0x801, (1, 100, 0xFFFFFFB0))], 600, 0xFFFFFFB0),
        # The first sample is in the first run that has any.
        ([(0, 0x1, (0, 90)), (0, 0xA01, (1, 100, 30, 80)), (0, 0xA00, (1, 60, 40))], 130, 80),
        # Without an offset nobody can say where the data are.
        ([(0, 0x200, (1, 30))], 0, 0),
    ],
)
def test_the_first_sample_of_runs(
    runs: list[tuple[int, int, tuple[int, ...]]], end: int, offset: int, tmp_path: Path
) -> None:
    boxes = [full_box(b"trun", version, flags, words(*numbers)) for version, flags, numbers in runs]
    found = fragment_of(tmp_path, *boxes)
    assert (found.first_sample_end, found.composition_offset) == (end, offset)


def shown(tmp_path: Path, edits: bytes, timescale: int = 1000) -> Fraction:
    """When a fragment is shown that is decoded at 5 s and composed 80 ticks later."""
    run = full_box(b"trun", 0, 0x801, words(1, 100, 80))
    time = full_box(b"tfdt", 0, 0, words(5 * timescale))
    header = moov(avc1(), timescale=timescale, edits=edits)
    track = read_track(written(tmp_path / "e.mp4", header, moof(run, tfdt=time), MDAT))
    return track.seconds_at(track.fragments[0])


@pytest.mark.parametrize("version", [0, 1])
def test_an_edit_list_says_when_a_track_is_shown(version: int, tmp_path: Path) -> None:
    assert shown(tmp_path, b"") == Fraction("5.08")
    assert shown(tmp_path, elst(version=version)) == Fraction("5.08")
    assert shown(tmp_path, elst((0, 80, 1), version=version)) == 5
    # An empty edit counts in the movie's timescale: 300 of 600 a second.
    late = elst((300, -1, 1), (0, 80, 1), version=version)
    assert shown(tmp_path, late) == Fraction("5.5")
    twice = elst((300, -1, 1), (1, -1, 1), (9999, 80, 1), version=version)
    assert shown(tmp_path, twice, 25) == 5 + Fraction(301, 600)


@pytest.mark.parametrize(
    "edits",
    [
        elst((600, 0, 1), (600, 1800, 1)),
        elst((600, 0, 1), (600, -1, 1)),
        elst((0, 0, 2)),
        elst((0, 0, 0)),
    ],
)
def test_edits_that_rearrange_are_refused(edits: bytes, tmp_path: Path) -> None:
    with pytest.raises(BoxError, match="edit list"):
        shown(tmp_path, edits)


def test_several_parameter_sets_are_refused_by_number(tmp_path: Path) -> None:
    path = written(tmp_path / "sets.mp4", moov(avc1(avcc(sps=2, pps=3))))
    with pytest.raises(BoxError, match="2 SPS and 3 PPS"):
        read_track(path)
    # With `avc3` they are in the pictures.
    track = read_track(written(path, moov(avc1(avcc(sps=0, pps=0), b"avc3"))))
    assert track.codec == "avc3.64001f"


@pytest.mark.parametrize(("rate", "channels"), [(8000, 1), (22050, 2), (44100, 1), (96000, 6)])
def test_rate_and_channels_of_sound_are_those_it_has(
    rate: int, channels: int, tmp_path: Path
) -> None:
    path = tmp_path / "sound.mp4"
    tone = ("-f", "lavfi", "-i", f"sine=sample_rate={rate}:d=1", "-ac", str(channels))
    pieces = ("-frag_duration", "500000", "-movflags", "delay_moov+default_base_moof")
    full_ffmpeg(*tone, "-c:a", "aac", *pieces, path)
    track = read_track(path)
    assert (track.sampling_rate, track.channels) == (rate, channels)


def sound_track(tmp_path: Path, bits: str) -> Track:
    """A track whose AudioSpecificConfig is these bits, for an entry of two channels."""
    padded = bits.replace(" ", "").ljust(40, "0")
    configuration = bytes(int(padded[at : at + 8], 2) for at in range(0, 40, 8))
    return read_track(written(tmp_path / "s.mp4", moov(mp4a(es_descriptor(configuration)))))


@pytest.mark.parametrize(
    ("bits", "codec", "rate", "channels"),
    [
        ("00010 0011 0001", "mp4a.40.2", 48000, 1),
        ("00010 0011 0000", "mp4a.40.2", 48000, 2),  # as the entry says
        ("00010 0100 0111", "mp4a.40.2", 44100, 8),
        ("00010 1111 000000001011101110000000 0010", "mp4a.40.2", 48000, 2),
        # HE-AAC: coded at half the rate that is heard, and in version 2 in mono.
        ("00101 0110 0010 0011", "mp4a.40.5", 48000, 2),
        ("11101 0110 0001 0011", "mp4a.40.29", 48000, 2),
    ],
)
def test_aac_configurations(
    bits: str, codec: str, rate: int, channels: int, tmp_path: Path
) -> None:
    track = sound_track(tmp_path, bits)
    assert (track.codec, track.sampling_rate, track.channels) == (codec, rate, channels)
