"""DASH manifests over really encoded media: read by the standard, and played."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from manifests import Manifest, Representation, read_manifest
from packaged import fragmented, sound_of
from packager import SoundTrack, Stream, package
from packager.dash import manifest
from packager.fragments import Fragment
from packager.hls import cut
from packager.renditions import Layout, Rendition
from packager.tracks import Track
from pieces import Piece, decoded_pictures
from playlists import read_master
from streams import played
from transcoded import lay_out

LAYOUTS: tuple[Layout, ...] = ("byte_ranges", "objects")
RATE = "30000/1001"


@pytest.fixture(scope="module")
def media(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("media")
    fragmented(folder / "90p.mp4", 30, 5, rate=RATE)
    fragmented(folder / "180p.mp4", 30, 5, size=(320, 180), rate=RATE)
    sound_of(folder / "one.mp4", 5)
    sound_of(folder / "two.mp4", 5, "-ac", "2")
    return folder


def packaged(media: Path, layout: Layout) -> Stream:
    rungs = {name: media / f"{name}.mp4" for name in ("90p", "180p")}
    sounds = [
        SoundTrack(media / "one.mp4", "pt-BR", "Português <&> 'o\u0301'"),
        SoundTrack(media / "two.mp4"),
    ]
    return package(rungs, sounds, segment_seconds=2, layout=layout, dash=True)


def published(media: Path, layout: Layout, folder: Path) -> Path:
    return lay_out(packaged(media, layout).files, folder).with_name("manifest.mpd")


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_manifest_is_of_the_same_media_as_the_playlists(
    layout: Layout, media: Path, tmp_path: Path
) -> None:
    path = published(media, layout, tmp_path)
    found = read_manifest(path)
    master = read_master(path.with_name("master.m3u8"))
    sounds = [one for each in found.sounds for one in each.representations]
    everything = [*found.pictures.representations, *sounds]
    for one, playlist in zip(everything, master.playlists, strict=True):
        assert [(piece.path, piece.offset, piece.size) for piece in [one.init, *one.pieces]] == [
            (piece.path, piece.offset, piece.size) for piece in [playlist.init, *playlist.pieces]
        ]
        lengths = [float(end - start) for start, end in pairwise(one.starts)]
        seconds = [piece.seconds for piece in playlist.pieces]
        assert lengths == pytest.approx(seconds, abs=1e-6)
    assert found.pictures.representations[0].attributes["frameRate"] == RATE
    assert found.pictures.representations[1].starts[1] == Fraction(60 * 1001, 30000)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_each_representation_plays_to_its_end(layout: Layout, media: Path, tmp_path: Path) -> None:
    for picture in read_manifest(published(media, layout, tmp_path)).pictures.representations:
        shown = decoded_pictures(picture.init, *picture.pieces)
        assert [one.time for one in shown] == pytest.approx([n * 1001 / 30000 for n in range(150)])


def test_a_player_of_dash_plays_it(media: Path, tmp_path: Path) -> None:
    # FFmpeg's reads byte ranges through HTTP alone.
    times = played(published(media, "objects", tmp_path))
    assert sorted(len(found) for found in times.values())[:2] == [150, 150]
    assert len(times) == 4


def test_sounds_are_named_for_people_and_by_language(media: Path, tmp_path: Path) -> None:
    sounds = read_manifest(published(media, "objects", tmp_path)).sounds
    assert [(one.label, one.attributes.get("lang"), one.role) for one in sounds] == [
        ("Português <&> 'o\u0301'", "pt-BR", "main"),
        ("Audio", None, "alternate"),
    ]


def test_a_manifest_comes_after_its_media_and_only_when_asked_for(media: Path) -> None:
    stream = packaged(media, "byte_ranges")
    assert stream.files[-2].name == stream.manifest == "hls/manifest.mpd"
    assert stream.files[-2].content_type == "application/dash+xml"
    assert packaged(media, "byte_ranges").files[-2].content == stream.files[-2].content
    plain = package({"90p": media / "90p.mp4"}, segment_seconds=2, layout="byte_ranges")
    assert plain.manifest is None
    assert not [file.name for file in plain.files if file.name.endswith(".mpd")]


def sound_rendition(*pieces: tuple[int, int], shift: Fraction = Fraction(0)) -> Rendition:
    """A rendition of these sizes in bytes and ticks of a thousandth of a second."""
    fragments, offset, time = [], 500, 0
    for size, ticks in pieces:
        fragments.append(Fragment(offset, size, time, ticks, ticks, starts_with_key=True))
        offset, time = offset + size, time + ticks
    track = Track(
        "mp4a.40.2", 1000, 500, tuple(fragments), channels=2, sampling_rate=48000, shift=shift
    )
    starts = [track.seconds_at(fragment) for fragment in fragments]
    return Rendition("audio", Path("audio.mp4"), track, cut(track, starts), "audio/mp4", "Audio")


def tags(rendition: Rendition, *lines: str) -> list[str]:
    text = manifest([], [rendition], "byte_ranges")
    found = [line.strip() for line in text.splitlines()]
    return [line for line in found if line.startswith(lines)]


def test_what_an_edit_list_cuts_off_is_before_the_period() -> None:
    rendition = sound_rendition(*[(100, 500)] * 3, (100, 200), shift=Fraction(-21, 1000))
    assert tags(rendition, "<S ", "<MPD") == [
        tags(rendition, "<MPD")[0],
        '<S t="0" d="479" />',
        '<S d="500" r="1" />',
        '<S d="200" />',
    ]
    assert 'mediaPresentationDuration="PT1.679S"' in tags(rendition, "<MPD")[0]


def test_a_track_that_begins_late_is_placed_late() -> None:
    rendition = sound_rendition((100, 500), (100, 400), shift=Fraction(2, 3))
    assert tags(rendition, "<S ") == ['<S t="667" d="500" />', '<S d="400" />']


@given(
    st.lists(st.tuples(st.integers(1, 10**7), st.integers(1, 9000)), min_size=1, max_size=12),
)
def test_bandwidth_is_the_least_with_which_nobody_waits(pieces: list[tuple[int, int]]) -> None:
    rendition = sound_rendition(*pieces)
    (line,) = tags(rendition, "<Representation")
    declared = int(line.partition('bandwidth="')[2].partition('"')[0])
    starts = [Fraction(sum(ticks for _, ticks in pieces[:n]), 1000) for n in range(len(pieces) + 1)]
    listed = [Piece(Path("audio.mp4"), 0, size) for size, _ in pieces]
    buffer = Fraction(-(-max(ticks for _, ticks in pieces) // 1000))
    needed = Representation({}, listed[0], listed, starts).bandwidth(buffer)
    assert 0 <= declared - needed < 1


@pytest.mark.parametrize(
    ("line", "instead"),
    [
        ('type="static"', 'type="dynamic"'),
        ("isoff-main", "isoff-on-demand"),
        ('mediaPresentationDuration="PT5.', 'mediaPresentationDuration="PT6.'),
        ('minBufferTime="PT', 'minBufferTime="PT1'),
        ('startWithSAP="1"', 'startWithSAP="2"'),
        ('codecs="avc1.6', 'codecs="avc1.4'),
        ('width="160"', 'width="320"'),
        ('frameRate="30000/1001"', 'frameRate="25"'),
        ('audioSamplingRate="48000"', 'audioSamplingRate="44100"'),
        ('bandwidth="', 'bandwidth="1'),
        ('r="1"', 'r="2"'),
        ('d="60060"', 'd="60061"'),
        ('value="2"', 'value="1"'),
        ('value="alternate"', 'value="main"'),
        ('mediaRange="', 'mediaRange="1'),
        ('<Initialization range="0-', '<Initialization range="1-'),
        ("<BaseURL>90p.mp4", "<BaseURL>180p.mp4"),
        ("<BaseURL>90p.mp4", "<BaseURL>none.mp4"),
        ("xmlns=", "xmlns:x="),
    ],
)
def test_the_judge_of_manifests_sees_what_is_wrong(
    line: str, instead: str, media: Path, tmp_path: Path
) -> None:
    path = published(media, "byte_ranges", tmp_path)
    assert isinstance(read_manifest(path), Manifest)
    text = path.read_text()
    assert line in text
    path.write_text(text.replace(line, instead))
    with pytest.raises((AssertionError, OSError, ValueError)):
        read_manifest(path)
