"""A source that players want as it is: playable before anything is encoded, and never encoded."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import pytest

from clips import clap_clip, full_ffmpeg, layer_on_path, moving_clip
from media_pipeline.failures import PermanentError
from packager import File, Stream
from playlists import Master, read_master
from streams import first_bright, first_loud, heard_samples, key_frame_times, played, shown_frames
from transcoded import lay_out, small_recipe
from transcoding import Transcoded, transcode
from transcoding.pace import Pace
from transcoding.transcoder import Demands

CUTS = (0.0, 1.2, 3.6, 5.0, 8.4)
SMALL = {"gop_seconds": 1, "segment_seconds": 2, "first_publish": True, "passthrough": True}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("clips")
    with layer_on_path(folder):
        yield folder


def wanted_clip(path: Path, *options: str, seconds: float = 10.0) -> Path:
    """What a player wants: with key frames at `CUTS`, closed groups and stereo AAC."""
    cuts = ",".join(map(str, CUTS))
    closed = ("-flags", "+cgop", "-g", "250", "-sc_threshold", "0", "-bf", "2")
    keyed = ("-force_key_frames", cuts, "-b:v", "300k", "-maxrate", "400k", "-bufsize", "400k")
    stereo = ("-ac", "2", "-ar", "48000", "-b:a", "96k")
    options = ("-preset", "veryfast", *closed, *keyed, *stereo, *options)
    return moving_clip(path, seconds=seconds, options=options)


@dataclass
class Run:
    """A transcoded source, and the streams as they stood after each of the two publications."""

    made: Transcoded
    first: Stream | None
    first_files: dict[str, bytes]
    folder: Path

    def published(self) -> Path:
        """Both streams side by side, as in a bucket; the answer is the ladder's master playlist."""
        master = self.folder / "published" / self.made.stream.master
        if master.exists():
            return master
        return lay_out(new_files(self.made.stream, self.first_files), self.folder / "published")

    def first_master(self) -> Path:
        assert self.first
        return self.folder / "published" / self.first.master


def content_of(file: File) -> bytes:
    if isinstance(file.content, str):
        return file.content.encode()
    return file.content.read_bytes() if isinstance(file.content, Path) else file.content.read()


def new_files(stream: Stream, before: dict[str, bytes]) -> list[File]:
    """What a second stream adds to the first; what both have is the same."""
    for file in stream.files:
        if file.name in before:
            assert content_of(file) == before[file.name], file.name
    return [file for file in stream.files if file.name not in before]


def run(source: Path, folder: Path, **differences: object) -> Run:
    folder.mkdir()
    (folder / "made").mkdir()
    firsts: list[Stream] = []
    kept: dict[str, bytes] = {}

    def publish_first(stream: Stream) -> None:
        assert not list((folder / "made").glob("rung-*")), "nothing is encoded yet"
        firsts.append(stream)
        kept.update({file.name: content_of(file) for file in stream.files})
        lay_out(stream.files, folder / "published")

    recipe = small_recipe(**{**SMALL, **differences})
    made = transcode(source, folder / "made", recipe, lambda: 120.0, Demands(publish_first))
    return Run(made, firsts[0] if firsts else None, kept, folder)


def coded_frames(media: Path) -> list[bytes]:
    with av.open(str(media)) as container:
        packets = container.demux(container.streams.video[0])
        return [bytes(packet) for packet in packets if packet.size]


@pytest.fixture(scope="module")
def passed(folder: Path) -> Run:
    return run(wanted_clip(folder / "wanted.mp4"), folder / "passed")


@pytest.fixture(scope="module")
def ladder(passed: Run) -> Master:
    return read_master(passed.published())


def test_the_top_rung_holds_the_coded_frames_of_the_source(
    passed: Run, ladder: Master, folder: Path
) -> None:
    assert passed.made.passed_through == "180p"
    frames = coded_frames(folder / "wanted.mp4")
    assert len(frames) == 250
    assert coded_frames(ladder.variants[-1].playlist.path) == frames
    assert coded_frames(ladder.variants[0].playlist.path) != frames


def test_the_source_sets_where_all_rungs_have_their_key_frames(ladder: Master) -> None:
    expected = [Fraction(cut).limit_denominator(100) for cut in CUTS]
    for variant in ladder.variants:
        assert key_frame_times(variant.playlist.path) == expected


def test_both_streams_play_to_the_end(passed: Run, ladder: Master) -> None:
    for master in (ladder.variants[0].playlist.path, passed.first_master()):
        assert len(shown_frames(master)) == 250
    times = played(passed.published().parent / "master.m3u8")
    assert sorted(len(found) for found in times.values())[:2] == [250, 250]


def test_the_first_stream_has_the_one_rung_and_shares_its_files(passed: Run) -> None:
    assert passed.first
    assert passed.first.master == "hls/first.m3u8"
    assert [rung.name for rung in passed.first.rungs] == ["180p"]
    names = {file.name for file in passed.made.stream.files}
    assert set(passed.first_files) - names == {"hls/first.m3u8"}
    first = read_master(passed.first_master())
    assert len(first.variants) == 1


def test_no_lower_rung_has_more_bits_than_looks_as_good(passed: Run) -> None:
    low, top = passed.made.stream.rungs
    assert low.average_bandwidth < top.average_bandwidth


def test_sound_that_is_copied_is_in_time(folder: Path) -> None:
    """The encoder's priming is left out by an edit, which the copy keeps."""
    source = clap_clip(folder / "clap.mp4", 2.0, 5.0)
    made = run(source, folder / "clap")
    assert made.first
    master = made.published()
    assert "sound-0.mp4" in {path.name for path in (folder / "clap" / "made").iterdir()}
    bright = first_bright(shown_frames(master))
    assert first_loud(*heard_samples(master)) == pytest.approx(bright, abs=0.02)


def test_only_the_sound_is_encoded_where_it_is_no_stereo_aac(folder: Path) -> None:
    source = wanted_clip(folder / "mp3.mov", "-c:a", "libmp3lame")
    made = run(source, folder / "mp3")
    master = read_master(made.published())
    assert coded_frames(master.variants[-1].playlist.path) == coded_frames(source)
    assert made.made.stream.sounds[0].codecs == "mp4a.40.2"
    samples, rate = heard_samples(made.published())
    assert len(samples) / rate == pytest.approx(10.0, abs=0.05)


@pytest.mark.parametrize(
    ("differences", "streams"),
    [
        ({"passthrough": False}, ("first/first.m3u8", ["source"], None)),
        ({"first_publish": False}, (None, [], "180p")),
        ({"first_publish": False, "passthrough": False}, (None, [], None)),
    ],
)
def test_a_recipe_can_forbid_either(
    differences: dict[str, object],
    streams: tuple[str | None, list[str], str | None],
    folder: Path,
    tmp_path: Path,
) -> None:
    made = run(wanted_clip(folder / "forbidden.mp4", seconds=2), tmp_path / "run", **differences)
    master = made.first.master if made.first else None
    rungs = [rung.name for rung in made.first.rungs] if made.first else []
    assert (master, rungs, made.made.passed_through) == streams
    assert [rung.name for rung in made.made.stream.rungs] == ["90p", "180p"]
    read_master(made.published())


@pytest.mark.parametrize(
    "ladder",
    [
        {"90p": (90, 200_000, 300_000), "144p": (144, 500_000, 750_000)},
        {"90p": (90, 50_000, 75_000), "180p": (180, 100_000, 150_000)},
    ],
    ids=["size", "rate"],
)
def test_a_source_that_does_not_fit_the_top_rung_is_only_the_first(
    ladder: dict[str, tuple[int, int, int]], folder: Path, tmp_path: Path
) -> None:
    words = {
        name: {"short_side": side, "bitrate": rate, "max_bitrate": most, "buffer": most}
        for name, (side, rate, most) in ladder.items()
    }
    made = run(wanted_clip(folder / "large.mp4", seconds=3), tmp_path / "run", ladder=words)
    assert made.made.passed_through is None
    assert made.first
    assert made.first.master == "first/first.m3u8"
    assert coded_frames(made.first_master()) == coded_frames(folder / "large.mp4")
    top = made.made.stream.rungs[-1]
    assert (top.name, top.height) == (list(ladder)[-1], list(ladder.values())[-1][0])


def test_a_source_that_complies_not_is_published_once(folder: Path, tmp_path: Path) -> None:
    turned = folder / "turned.mp4"
    upright = wanted_clip(folder / "upright.mp4", seconds=2)
    full_ffmpeg("-display_rotation", "90", "-i", upright, "-c", "copy", turned)
    made = run(turned, tmp_path / "run")
    assert (made.first, made.made.passed_through) == (None, None)


def test_a_source_with_no_time_for_a_ladder_completes_with_what_it_is(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def out_of_time(self: Pace, done: float) -> None:
        raise PermanentError("time_limit", "The renditions would take too long.")

    monkeypatch.setattr(Pace, "follow", out_of_time)
    made = run(wanted_clip(folder / "long.mp4", seconds=30), tmp_path / "run")
    assert made.first
    assert made.made.stream is made.first
    (warning,) = made.made.warnings
    assert "take too long" in warning
    assert made.made.downloads == ()
    assert made.made.poster.is_file()
    assert made.made.storyboard


def test_no_time_for_a_ladder_is_a_failure_of_any_other_source(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def out_of_time(self: Pace, done: float) -> None:
        raise PermanentError("time_limit", "The renditions would take too long.")

    monkeypatch.setattr(Pace, "follow", out_of_time)
    source = moving_clip(folder / "other.mkv", seconds=30)
    with pytest.raises(PermanentError, match=r"^time_limit"):
        run(source, tmp_path / "run")
