"""Every kind of input, really transcoded: shown upright and in time, and heard."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image

from clips import layer_on_path
from pictures import COLOURS, CORNERS, corner_colours
from streams import Shown, heard_samples, shown_frames
from transcoded import Made, made_of
from transcoding.probe import probe
from zoo import CLOCKS, COMPANY, KINDS, SECONDS, TONE, TRAITS, Specimen, bar_at, bar_in, made

SHORT_SIDE = 120
RUNG = {"short_side": SHORT_SIDE, "bitrate": 600_000, "max_bitrate": 900_000, "buffer": 1_200_000}
CODECS = {"mpeg1": "mpeg1video", "mpeg2": "mpeg2video", "dnxhr": "dnxhd"}
SOUNDS = {"latm": "aac", "amr": "amr_nb", "wma1": "wmav1", "wma2": "wmav2"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("zoo")
    with layer_on_path(folder):
        yield folder


def transcoded(specimen: Specimen, folder: Path, **differences: object) -> Made:
    ladder = {"180p": {**RUNG, "short_side": 180}, "120p": RUNG}
    return made_of(made(specimen, folder), ladder=ladder, **differences)


def judge(specimen: Specimen, result: Made, folder: Path, rate: Fraction) -> None:
    """Looks at and listens to the top rung, which has the specimen's own size."""
    frames = shown_frames(result.playlists[-1])
    judge_shape(specimen, result, frames)
    assert result.master.variants[-1].attributes["FRAME-RATE"] == f"{float(rate):.3f}"
    start = result.transcoded.probe.picture.start
    judge_clock(specimen, frames, source_times(folder / specimen.file, start), rate)
    judge_sound(specimen, result)


def source_times(source: Path, start: float) -> list[float]:
    """When each frame is shown, if the first is at `start`."""
    with av.open(str(source), mode="r") as container:
        stream = container.streams.video[0]
        pictures = [frame.time for frame in container.decode(stream)]
        rate = float(stream.average_rate or 25)
    # MPEG-PS says when some frames are shown, and of the others only that they come at its rate.
    first = next(time for time in pictures if time is not None)
    times = [
        number / rate if time is None else time - first for number, time in enumerate(pictures)
    ]
    return [start + time for time in times]


def judge_shape(specimen: Specimen, result: Made, frames: list[Shown]) -> None:
    width, height = specimen.size
    scale = SHORT_SIDE / min(width, height) if min(width, height) > SHORT_SIDE else 1
    nearest_even = tuple(2 * round(side * scale / 2) for side in (width, height))
    for frame in (frames[0], frames[len(frames) // 2], frames[-1]):
        assert frame.pixels.shape[1::-1] == nearest_even
        assert corner_colours(Image.fromarray(frame.pixels)) == list(CORNERS)
    assert corner_colours(Image.open(result.transcoded.poster)) == list(CORNERS)


def judge_clock(
    specimen: Specimen, frames: list[Shown], source: list[float], rate: Fraction
) -> None:
    """Frames at a constant rate from zero, as long as the source, each with the bar in its place.

    Encoders of sound begin a little early, so that any picture is some milliseconds late.
    """
    drawn = specimen.frame_times()[:: specimen.fields]
    assert len(source) == len(drawn)
    assert source[0] == pytest.approx(float(specimen.late), abs=0.05)
    times = [frame.time for frame in frames]
    assert times == pytest.approx([float(number / rate) for number in range(len(times))], abs=0.002)
    expected = source[0] + float(SECONDS)
    assert len(times) / rate == pytest.approx(expected, abs=1.01 / float(rate))
    near = 0.5 / float(rate) + 0.002
    for frame in frames:
        last = sum(time <= frame.time for time in source[1:])
        shown = {last, *(n for n, time in enumerate(source) if abs(time - frame.time) <= near)}
        places = [bar_at(float(drawn[number])) for number in shown]
        off = min(abs(bar_in(frame.pixels) - place) for place in places)
        assert off < 0.015 * specimen.fields, frame.time


def judge_sound(specimen: Specimen, result: Made) -> None:
    if not specimen.audio:
        assert result.master.sound is None
        return
    assert result.master.sound
    samples, sample_rate = heard_samples(result.master.sound.path)
    assert tone_in(samples[: round(float(SECONDS) * sample_rate)], sample_rate) == pytest.approx(
        TONE, abs=5
    )
    # WMA comes in blocks of 46 ms, and does not say how much of the first and the last is silence.
    assert -0.05 < len(samples) / sample_rate - float(SECONDS + specimen.late) < 0.11


def tone_in(samples: npt.NDArray[np.float32], sample_rate: int) -> float:
    """The frequency of which there is most, Hz, but for the beginning and the end."""
    middle = samples[len(samples) // 6 : -len(samples) // 6]
    assert np.abs(middle).max() > 0.02
    strength = np.abs(np.fft.rfft(middle * np.hanning(len(middle))))
    return float(np.argmax(strength) * sample_rate / len(middle))


@pytest.mark.parametrize("specimen", KINDS, ids=str)
def test_every_container_and_codec(specimen: Specimen, folder: Path) -> None:
    result = transcoded(specimen, folder)
    found = result.transcoded.probe
    picture, sound = Path(specimen.file).stem.split("-")
    assert found.picture.codec == CODECS.get(picture, picture)
    assert found.sound
    assert found.sound.codec.startswith(SOUNDS.get(sound, sound))
    judge(specimen, result, folder, Fraction(specimen.rate))


@pytest.mark.parametrize("specimen", TRAITS, ids=str)
def test_every_trait_of_a_picture(specimen: Specimen, folder: Path) -> None:
    rate = min(Fraction(60), Fraction(specimen.rate))
    judge(specimen, transcoded(specimen, folder), folder, rate)


@pytest.mark.parametrize("specimen", CLOCKS, ids=str)
def test_every_clock(specimen: Specimen, folder: Path) -> None:
    result = transcoded(specimen, folder)
    rate = round(float(result.master.variants[-1].attributes["FRAME-RATE"]))
    # Matroska names a rate even where frames do not keep to it.
    assert rate in ((25, 30) if specimen.times else (25,))
    judge(specimen, result, folder, Fraction(rate))


@pytest.mark.parametrize("specimen", COMPANY, ids=str)
def test_what_lies_beside_does_no_harm(specimen: Specimen, folder: Path) -> None:
    result = transcoded(specimen, folder)
    judge(specimen, result, folder, Fraction(25))
    assert len(result.transcoded.probe.sounds) == len(specimen.audio)
    assert len(result.master.sounds) == 1


@pytest.mark.parametrize("specimen", [one for one in COMPANY if len(one.audio) > 1], ids=str)
def test_more_sounds_are_kept_where_the_recipe_says(specimen: Specimen, folder: Path) -> None:
    source = made(specimen, folder)
    result = made_of(source, ladder={"120p": RUNG}, audio={"tracks": 2})
    assert [sound.language for sound in result.transcoded.probe.sounds[:2]] == ["eng", "fra"]
    assert len(result.master.sounds) == 2
    for number, sound in enumerate(result.master.sounds, 1):
        assert tone_in(*heard_samples(sound.playlist.path)) == pytest.approx(number * TONE, abs=5)


@pytest.mark.parametrize("specimen", [one for one in TRAITS if one.fields == 2], ids=str)
def test_fields_do_not_show(specimen: Specimen, folder: Path) -> None:
    source = made(specimen, folder)
    result = made_of(source, ladder={"120p": RUNG})
    assert result.transcoded.probe.picture.interlaced
    assert teeth(source) > 0.01
    assert teeth(result.playlists[-1]) < 0.003


def teeth(media: Path) -> float:
    """How far the bar's even rows are from its odd ones on average, as a share of the width."""
    frames = [frame.pixels for frame in shown_frames(media)][2:-2]
    return float(np.mean([abs(bar_in(pixels[::2]) - bar_in(pixels[1::2])) for pixels in frames]))


@pytest.mark.parametrize("specimen", [one for one in TRAITS if one.file.startswith("h")], ids=str)
def test_high_dynamic_range_becomes_what_it_was_made_of(specimen: Specimen, folder: Path) -> None:
    result = made_of(made(specimen, folder), ladder={"120p": RUNG})
    assert result.transcoded.probe.picture.hdr
    with av.open(str(result.playlists[-1]), mode="r") as container:
        coded = container.streams.video[0].codec_context
        # 1 is BT.709 in ISO/IEC 23091-2.
        assert (coded.colorspace, coded.color_primaries, coded.color_trc) == (1, 1, 1)
        assert coded.pix_fmt == "yuv420p"
    shown = shown_frames(result.playlists[-1])[5].pixels.astype(int)
    for corner, (row, column) in zip(
        CORNERS, ((30, 40), (30, 120), (90, 40), (90, 120)), strict=True
    ):
        # The knee of tone mapping takes something from white, and so from yellow.
        assert np.abs(shown[row, column] - COLOURS[corner]).max() <= 32, corner


@pytest.mark.parametrize(
    ("file", "turned"),
    [
        ("turned-90.mov", (90, False)),
        ("turned-180.mov", (180, False)),
        ("turned-270.mov", (270, False)),
        ("mirrored-turned.mov", (90, True)),
    ],
)
def test_turns_and_mirrors_are_in_the_probe(
    file: str, turned: tuple[int, bool], folder: Path
) -> None:
    specimen = next(one for one in TRAITS if one.file == file)
    with_matrix = probe(made(specimen, folder), 10_000_000, lambda: 60.0).picture
    assert (with_matrix.rotation, with_matrix.mirrored) == turned
    assert (with_matrix.width, with_matrix.height) == specimen.size
