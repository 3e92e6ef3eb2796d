"""Clips of every kind of timing, really transcoded, and every variant played back."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path

import pytest

from clips import full_ffmpeg, grey_clip, layer_on_path, moving_clip
from packager import Stream
from playback import AAC_FRAME, Played, play_manifest, play_stream, source_of
from transcoded import lay_out, small_recipe
from transcoding import transcode
from transcoding.transcoder import Demands

SECONDS = 5.2
SEGMENTS = {"gop_seconds": 1, "segment_seconds": 2, "dash": True}
LAYOUTS = ("byte_ranges", "objects")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("clips")
    with layer_on_path(folder):
        yield folder


def ordinary(path: Path, rate: str) -> Path:
    return moving_clip(path, rate=rate, seconds=SECONDS)


def variable(path: Path, rate: str) -> Path:
    """Frames that jitter and pause, under a sound that does neither."""
    frames = round(SECONDS * 25) - 20
    timing = "(N+0.4*sin(N))/25+0.4*floor(N/55)"
    picture = grey_clip(path.with_stem("silent"), frames, timing)
    tone = ("-f", "lavfi", "-i", f"sine=sample_rate=44100:duration={SECONDS}")
    full_ffmpeg("-i", picture, *tone, "-c:v", "copy", "-c:a", "aac", path)
    return path


def odd(path: Path, rate: str) -> Path:
    sampled = ("-pix_fmt", "yuv444p")
    return moving_clip(path, size=(321, 181), rate=rate, seconds=SECONDS, options=sampled)


def silent(path: Path, rate: str) -> Path:
    return moving_clip(path, rate=rate, seconds=SECONDS, sound=False)


def short_sound(path: Path, rate: str) -> Path:
    whole = ordinary(path.with_stem("whole"), rate)
    maps = ("-map", "0:v", "-map", "1:a", "-c", "copy")
    full_ffmpeg("-i", whole, "-t", "1.3", "-i", whole, *maps, path)
    return path


def late_picture(path: Path, rate: str) -> Path:
    whole = ordinary(path.with_stem("prompt"), rate)
    maps = ("-map", "1:v", "-map", "0:a", "-c", "copy")
    full_ffmpeg("-i", whole, "-itsoffset", "0.6", "-i", whole, *maps, path)
    return path


def late_sound(path: Path, rate: str) -> Path:
    whole = ordinary(path.with_stem("prompt"), rate)
    maps = ("-map", "0:v", "-map", "1:a", "-c", "copy")
    full_ffmpeg("-i", whole, "-itsoffset", "0.6", "-i", whole, *maps, path)
    return path


def wanted(path: Path, rate: str) -> Path:
    """What a player wants as it is: closed groups that begin where the encoder chose, and AAC."""
    closed = ("-preset", "veryfast", "-flags", "+cgop", "-g", "250", "-sc_threshold", "0")
    keyed = ("-bf", "2", "-force_key_frames", "0,1.2,2.8,3.2", "-b:v", "300k")
    within = ("-maxrate", "400k", "-bufsize", "400k", "-ac", "2", "-ar", "48000")
    return moving_clip(path, rate=rate, seconds=SECONDS, options=(*closed, *keyed, *within))


SOURCES: list[tuple[Callable[[Path, str], Path], str]] = [
    (ordinary, "30"),
    (ordinary, "30000/1001"),
    (ordinary, "25"),
    (variable, "25"),
    (odd, "25"),
    (silent, "24000/1001"),
    (short_sound, "30"),
    (late_picture, "25"),
    (late_sound, "30000/1001"),
    (wanted, "25"),
]


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize(
    ("make", "rate"), SOURCES, ids=[f"{make.__name__}-{rate[:2]}" for make, rate in SOURCES]
)
def test_every_variant_plays_to_its_end(
    make: Callable[[Path, str], Path], rate: str, layout: str, folder: Path, tmp_path: Path
) -> None:
    source = make(folder / f"{make.__name__} {rate[:2]}.mp4", rate)
    played = played_of(source, tmp_path, rate, segments=layout)
    assert len(played.pictures[0].segments) >= 2
    if make is silent:
        assert not played.sounds
    else:
        assert len(played.sounds) == 1


def played_of(source: Path, folder: Path, rate: str, **differences: object) -> Played:
    (folder / "made").mkdir()
    recipe = small_recipe(**{**SEGMENTS, **differences})
    made = transcode(source, folder / "made", recipe, lambda: 120.0)
    master = lay_out(made.stream.files, folder / "published")
    played = play_stream(master, source_of(source, Fraction(rate)))
    assert made.stream.manifest
    play_manifest(folder / "published" / made.stream.manifest, played)
    return played


@pytest.mark.parametrize("layout", LAYOUTS)
def test_both_publications_of_what_a_player_wants_play(
    layout: str, folder: Path, tmp_path: Path
) -> None:
    """The first as it was when it was published, the ladder with the source as its top rung."""
    source = wanted(folder / f"wanted for {layout}.mp4", "25")
    (tmp_path / "made").mkdir()
    firsts: list[Played] = []

    def play_first(stream: Stream) -> None:
        master = lay_out(stream.files, tmp_path / "first")
        firsts.append(play_stream(master, source_of(source, Fraction(25))))

    both = {"passthrough": True, "first_publish": True, "segments": layout}
    recipe = small_recipe(**{**SEGMENTS, **both})
    made = transcode(source, tmp_path / "made", recipe, lambda: 120.0, Demands(play_first))
    assert made.passed_through == "180p"
    master = lay_out(made.stream.files, tmp_path / "published")
    ladder = play_stream(master, source_of(source, Fraction(25)))
    assert made.stream.manifest
    play_manifest(master.parent / Path(made.stream.manifest).name, ladder)
    (first,) = firsts
    assert [first.pictures, first.sounds] == [ladder.pictures[1:], ladder.sounds]
    assert first.pictures[0].keys == [Fraction(time, 10) for time in (0, 12, 28, 32)]


def test_sound_is_made_of_whole_access_units_but_the_last(folder: Path, tmp_path: Path) -> None:
    """A player's clock is the sound's: a lost or doubled unit would move the picture against it."""
    source = ordinary(folder / "clock.mp4", "25")
    (sound,) = played_of(source, tmp_path, "25").sounds
    units = [(frame.end - frame.start) / sound.tick for frame in sound.frames]
    assert set(units[:-1]) == {AAC_FRAME}
    assert abs(sum(units) * sound.tick - Fraction(str(SECONDS))) < AAC_FRAME * sound.tick
