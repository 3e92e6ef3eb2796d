"""The judge of playback finds the faults that it is there for."""

from __future__ import annotations

import re
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import av
import pytest

from clips import moving_clip
from media_playlists import Playlist
from packaged import fragmented, sound_of
from packager import SoundTrack, package
from pieces import Piece
from playback import Source, play, play_stream
from playlists import read_master
from transcoded import lay_out

SOURCE = Source(picture=Fraction(3), sound=Fraction(3), frame=Fraction(1, 25))


@pytest.fixture(scope="module")
def master(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("stream")
    rungs = {"90p": fragmented(folder / "90p.mp4", 25, 3.0)}
    sound = SoundTrack(sound_of(folder / "sound.mp4", 3.0))
    stream = package(rungs, [sound], segment_seconds=1, layout="objects")
    return lay_out(stream.files, folder / "published")


@pytest.fixture(scope="module")
def picture(master: Path) -> Playlist:
    return read_master(master).variants[0].playlist


def test_what_is_whole_plays(master: Path) -> None:
    played = play_stream(master, SOURCE)
    assert [len(segment) for segment in played.pictures[0].segments] == [25, 25, 25]
    assert played.pictures[0].keys == [0, 1, 2]
    assert played.sounds[0].end == 3


@pytest.mark.parametrize("order", [(0, 2), (0, 0, 1, 2), (1, 2), (0, 2, 1)])
def test_segments_that_do_not_follow_each_other(order: tuple[int, ...], picture: Playlist) -> None:
    pieces = [picture.pieces[number] for number in order]
    with pytest.raises(AssertionError, match=r"gap|follow each other|from zero"):
        play(picture.init, pieces)


def test_media_that_is_damaged(picture: Playlist, tmp_path: Path) -> None:
    piece = picture.pieces[1]
    media = bytearray(piece.read())
    # In the midst of one picture, decoders may notice nothing; here begins more than one.
    media[-800:-200] = bytes(600)
    damaged = tmp_path / "damaged.m4s"
    damaged.write_bytes(media)
    pieces = [picture.pieces[0], Piece(damaged, 0, len(media)), picture.pieces[2]]
    with pytest.raises((AssertionError, av.FFmpegError)):
        play(picture.init, pieces)


@pytest.mark.parametrize(
    ("source", "sentence"),
    [
        (replace(SOURCE, picture=Fraction(31, 10)), "as long as the source"),
        (replace(SOURCE, picture=Fraction(29, 10)), "as long as the source"),
        (replace(SOURCE, sound=Fraction(31, 10)), "sound and picture end together"),
    ],
)
def test_a_stream_that_is_shorter_or_longer(source: Source, sentence: str, master: Path) -> None:
    with pytest.raises(AssertionError, match=sentence):
        play_stream(master, source)


def test_a_segment_that_needs_the_one_before_it(tmp_path: Path) -> None:
    """Its first pictures refer to those before its key frame, as in an open group."""
    path = tmp_path / "open.mp4"
    open_groups = ("-preset", "veryfast", "-bf", "2", "-x264-params", "open-gop=1:keyint=25")
    flags = "frag_keyframe+delay_moov+default_base_moof+skip_trailer"
    options = (*open_groups, "-movflags", flags)
    moving_clip(path, size=(160, 90), seconds=3.0, sound=False, options=options)
    media = path.read_bytes()
    starts = [found.start() - 4 for found in re.finditer(b"moof", media)]
    assert len(starts) == 3
    pieces = [Piece(path, start, end - start) for start, end in pairwise([*starts, len(media)])]
    with pytest.raises((AssertionError, av.FFmpegError)):
        play(Piece(path, 0, starts[0]), pieces)
