"""Small clips, really transcoded: what is published plays, and is what it says it is."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from clips import (
    GREY_STEP,
    H264,
    LADDER,
    clap_clip,
    full_ffmpeg,
    grey_clip,
    layer_on_path,
    moving_clip,
)
from pictures import similarity
from streams import key_frame_times, played, shown_frames
from transcoded import Made, made_of, small_recipe
from transcoding.engine import encode
from transcoding.plan import plan
from transcoding.probe import probe
from transcoding.stills import candidates


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("clips")
    with layer_on_path(folder):
        yield folder


@pytest.fixture(scope="module")
def ordinary(folder: Path) -> Made:
    return made_of(moving_clip(folder / "ordinary.mp4", seconds=5.2), segment_seconds=4)


def test_every_variant_plays_to_the_last_frame(ordinary: Made) -> None:
    times = played(ordinary.path)
    frames = sorted(len(found) for found in times.values())
    assert frames[:2] == [130, 130]
    assert len(frames) == 3
    assert {found[0] for found in times.values()} == {0.0}
    for playlist in ordinary.playlists:
        shown = [frame.time for frame in shown_frames(playlist)]
        assert shown == pytest.approx([number / 25 for number in range(130)])


def test_the_ladder_is_what_the_plan_said(ordinary: Made) -> None:
    rungs = ordinary.transcoded.stream.rungs
    assert [(rung.name, rung.width, rung.height) for rung in rungs] == [
        ("90p", 160, 90),
        ("180p", 320, 180),
    ]
    assert [rung.frame_rate for rung in rungs] == [25.0, 25.0]
    assert [rung.seconds for rung in rungs] == [5.2, 5.2]
    for rung, variant in zip(rungs, ordinary.master.variants, strict=True):
        assert rung.playlist == f"hls/{variant.playlist.path.name}"
        assert rung.bytes == variant.playlist.init.path.stat().st_size
        assert variant.attributes["CODECS"] == f'"{rung.codecs}"'
        assert int(variant.attributes["BANDWIDTH"]) == rung.bandwidth
        assert int(variant.attributes["AVERAGE-BANDWIDTH"]) == rung.average_bandwidth


def test_key_frames_are_aligned_and_nowhere_else(ordinary: Made) -> None:
    expected = [Fraction(0), Fraction(2), Fraction(4)]
    assert [key_frame_times(playlist) for playlist in ordinary.playlists] == [expected, expected]


def test_scene_cuts_make_no_key_frames(folder: Path) -> None:
    source = clap_clip(folder / "cut.mp4", 1.0, 3.0)
    (playlist,) = made_of(source).playlists
    assert key_frame_times(playlist) == [Fraction(0), Fraction(2)]


def test_each_rung_looks_like_the_source(ordinary: Made, folder: Path) -> None:
    source = shown_frames(folder / "ordinary.mp4")[100].pixels
    for playlist in ordinary.playlists:
        shown = Image.fromarray(shown_frames(playlist)[100].pixels)
        expected = Image.fromarray(source).resize(shown.size, Image.Resampling.BICUBIC)
        assert similarity(shown, expected) > 0.85


def test_the_master_playlist_is_published_last_and_media_first(ordinary: Made) -> None:
    names = [file.name for file in ordinary.transcoded.stream.files]
    assert names == [
        *("hls/90p.mp4", "hls/180p.mp4", "hls/audio.mp4"),
        *("hls/90p.m3u8", "hls/180p.m3u8", "hls/audio.m3u8"),
        *("hls/90p-iframes.m3u8", "hls/180p-iframes.m3u8", "hls/master.m3u8"),
    ]
    types = [file.content_type for file in ordinary.transcoded.stream.files]
    assert types == ["video/mp4"] * 2 + ["audio/mp4"] + ["application/vnd.apple.mpegurl"] * 6


def test_segments_can_be_objects_of_their_own(folder: Path, ordinary: Made) -> None:
    made = made_of(folder / "ordinary.mp4", segments="objects", segment_seconds=2)
    names = [file.name for file in made.transcoded.stream.files]
    assert "hls/180p/init.mp4" in names
    assert "hls/180p/segment_00003.m4s" in names
    assert "hls/audio/segment_00003.m4s" in names
    for objects, ranges in zip(made.playlists, ordinary.playlists, strict=True):
        assert played(objects) == played(ranges)


def test_nothing_of_the_source_but_its_media_is_passed_on(folder: Path) -> None:
    tags = ("-metadata", "title=private", "-metadata:s:v", "handler_name=private")
    source = moving_clip(folder / "tagged.mp4", seconds=1, options=tags)
    assert source.read_bytes().count(b"private") == 2
    made = made_of(source)
    written = [path for path in made.path.parents[2].rglob("*") if path.is_file()]
    assert len(written) > 4
    assert not [path for path in written if b"private" in path.read_bytes()]


def test_the_download_is_the_top_rung_ready_to_play_as_it_arrives(ordinary: Made) -> None:
    (download,) = ordinary.transcoded.downloads
    assert (download.name, download.width, download.height) == ("downloads/180p.mp4", 320, 180)
    media = download.path.read_bytes()
    assert media.index(b"moov") < media.index(b"mdat")
    coded = ("-map", "0:v", "-c", "copy", "-bsf:v", "h264_mp4toannexb", "-f", "h264", "-")
    assert full_ffmpeg("-i", download.path, *coded) == full_ffmpeg(
        "-i", ordinary.playlists[1], *coded
    )
    assert sorted(map(len, played(download.path).values()))[0] == 130


def test_every_download_that_is_asked_for_is_made(folder: Path) -> None:
    made = made_of(clap_clip(folder / "both.mp4", 1.0, 2.0), downloads=["90p", "top"])
    sizes = [(one.name, one.width, one.height) for one in made.transcoded.downloads]
    assert sizes == [("downloads/90p.mp4", 160, 90)]
    source = moving_clip(folder / "large.mp4", seconds=1)
    made = made_of(source, downloads=["top", "90p"])
    for download in made.transcoded.downloads:
        assert shown_frames(download.path)[0].pixels.shape == (download.height, download.width, 3)
        assert len(played(download.path)) == 2
    assert len(made.transcoded.downloads) == 2


def test_the_poster_is_as_large_as_the_top_rung(ordinary: Made) -> None:
    with Image.open(ordinary.transcoded.poster) as poster:
        assert (poster.format, poster.mode, poster.size) == ("JPEG", "RGB", (320, 180))


@pytest.mark.parametrize(
    ("times", "frames"), [((0.4, 0.8), [0, 10, 20]), ((), [0]), ((100.0,), [0])]
)
def test_candidates_for_the_poster_are_the_first_frame_and_those_of_the_planned_times(
    times: tuple[float, ...], frames: list[int], folder: Path, tmp_path: Path
) -> None:
    recipe = small_recipe()
    source = grey_clip(folder / "greys.mp4", 50, "N/25")
    planned = plan(probe(source, recipe.limits.pixels, lambda: 60.0), recipe)
    encode(replace(planned, poster_times=times), source, tmp_path, lambda: 60.0)
    means = [np.asarray(Image.open(path)).mean() for path in candidates(tmp_path)]
    # From the luma of limited range to RGB.
    assert means == pytest.approx([frame * GREY_STEP * 255 / 219 for frame in frames], abs=1.5)


def test_memory_does_not_grow_with_length(folder: Path) -> None:
    """A minute of these pictures takes 500 MB, and twice that with the rungs made of them."""
    source = folder / "minute.mp4"
    card = "color=gray:size=640x360:rate=25:duration=60"
    full_ffmpeg("-f", "lavfi", "-i", card, *H264, source)
    work = folder / "minute"
    work.mkdir()
    script = (
        "import pathlib, resource, sys\n"
        "from media_pipeline.recipe import load_recipe\n"
        "from transcoding import transcode\n"
        "source, folder, recipe = sys.argv[1:]\n"
        "videos = load_recipe(recipe).videos\n"
        "transcode(pathlib.Path(source), pathlib.Path(folder), videos, lambda: 120.0)\n"
        "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)\n"
    )
    environment = {**os.environ, "PYTHONPATH": ":".join(sys.path)}
    recipe = f'{{"videos": {{"ladder": {LADDER}}}}}'
    command = [sys.executable, "-c", script, str(source), str(work), recipe]
    printed = subprocess.run(command, env=environment, capture_output=True, check=True).stdout
    assert int(printed) < 300_000
