"""Odd sources are cut as ordinary ones are: upright, evenly timed, with their sound."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from clips import (
    GREY_STEP,
    clap_clip,
    full_ffmpeg,
    grey_clip,
    layer_on_path,
    moving_clip,
    still_clip,
    with_display_matrix,
)
from pictures import corner_colours, four_corners
from segmented import PATCH, container_seconds, heard, made_segments
from streams import first_bright, first_loud, heard_samples, shown_frames, shown_lumas


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("sources")
    with layer_on_path(folder):
        yield folder


@pytest.mark.parametrize("matrix", [("-display_rotation", "90"), ("-display_hflip",)])
def test_a_turned_picture_is_upright_and_its_text_too(
    matrix: tuple[str, ...], folder: Path
) -> None:
    stored = still_clip(folder / f"{matrix[0]}.mp4", four_corners((320, 180)))
    source = with_display_matrix(stored, folder / f"turned{matrix[0]}.mov", *matrix)
    png = source.with_suffix(".png")
    full_ffmpeg("-i", source, "-frames:v", "1", png)
    with Image.open(png) as picture:
        expected, size = corner_colours(picture.convert("RGB")), picture.size
    made = made_segments(source, Fraction(3, 5), ["white"])
    assert (made.width, made.height) == size
    left, top, width, height = PATCH
    for segment in made.segments:
        shown = shown_frames(segment.path)[0].pixels
        assert corner_colours(Image.fromarray(shown)) == expected
        patch = shown[top + 2 : top + height - 2, left + 2 : left + width - 2]
        assert patch.mean() == pytest.approx(255, abs=4)


def test_frames_at_uneven_times_keep_them(folder: Path) -> None:
    # Every third frame is missing; frames come at 25 a second after a pause of 0.4 s.
    source = grey_clip(folder / "uneven.mp4", 40, "(N+floor(N/2))/25+if(gte(N\\,20)\\,0.4)")
    times = [time for time, _ in shown_lumas(source)]
    made = made_segments(source, Fraction(1, 2))
    start = Fraction(0)
    for segment in made.segments:
        for time, luma in shown_lumas(segment.path):
            at = float(start) + time
            # Which frame of the source is shown then; on a grid of 30 a second, a little late.
            frame = max(n for n, begins in enumerate(times) if begins <= at + 1 / 60)
            assert (luma - 16) / GREY_STEP == pytest.approx(frame, abs=1.2), at
        start += segment.seconds
    assert float(start) == pytest.approx(times[-1] + 1 / 25, abs=1 / 25)


def test_a_silent_video_has_segments_without_sound(folder: Path) -> None:
    source = moving_clip(folder / "silent.mp4", size=(160, 90), sound=False, seconds=1.2)
    for segment in made_segments(source, Fraction(1, 2)).segments:
        with av.open(str(segment.path)) as container:
            assert [stream.type for stream in container.streams] == ["video"]
        assert container_seconds(segment.path) == pytest.approx(float(segment.seconds), abs=1e-6)


@pytest.mark.parametrize(("picture", "sound"), [(2.0, 0.7), (1.0, 2.3)])
def test_sound_of_another_length_is_all_there_and_pictures_too(
    picture: float, sound: float, folder: Path
) -> None:
    source = folder / f"{picture}-{sound}.mp4"
    inputs = (
        *("-f", "lavfi", "-i", f"testsrc2=size=160x90:rate=25:duration={picture}"),
        *("-f", "lavfi", "-i", f"sine=frequency=440:sample_rate=48000:duration={sound}"),
    )
    full_ffmpeg(*inputs, "-c:v", "libx264", "-c:a", "aac", source)
    made = made_segments(source, Fraction(1, 2))
    total = float(sum(segment.seconds for segment in made.segments))
    # AAC's last frame may be filled up with silence.
    assert total == pytest.approx(max(picture, sound), abs=1024 / 48000)
    assert sum(len(shown_frames(segment.path)) for segment in made.segments) == picture * 25
    samples = heard(made)
    assert len(samples) == pytest.approx(total * 48000, abs=2)
    level = np.sqrt(np.mean(samples[: round(sound * 48000)].reshape(10, -1) ** 2, axis=1))
    assert level == pytest.approx(np.full(10, level.mean()), rel=0.1)
    assert level.mean() > 0.05
    assert not samples[round((sound + 0.05) * 48000) :].any()


@pytest.mark.parametrize("late", ["picture", "sound"])
def test_what_begins_late_stays_in_time(late: str, folder: Path) -> None:
    together = clap_clip(folder / "clap.mp4", at=1.0, seconds=2.0)
    source = folder / f"late-{late}.mov"
    kept = {"picture": ("-map", "1:v", "-map", "0:a"), "sound": ("-map", "0:v", "-map", "1:a")}
    shifted = ("-i", together, "-itsoffset", "0.6", "-i", together)
    full_ffmpeg(*shifted, *kept[late], "-c", "copy", source)
    made = made_segments(source, Fraction(4, 5))
    flash, clap = (1.6, 1.0) if late == "picture" else (1.0, 1.6)
    shown = [
        type(frame)(frame.time + float(start), frame.pixels)
        for start, segment in zip(starts(made.segments), made.segments, strict=True)
        for frame in shown_frames(segment.path)
    ]
    assert first_bright(shown) == pytest.approx(flash, abs=0.001)
    assert first_loud(heard(made), 48000) == pytest.approx(clap, abs=0.02)


def starts(segments: object) -> list[Fraction]:
    begins, time = [], Fraction(0)
    for segment in segments:  # type: ignore[attr-defined]
        begins.append(time)
        time += segment.seconds
    return begins


def test_other_containers_and_codecs_are_cut(folder: Path) -> None:
    source = folder / "old.avi"
    card = ("-f", "lavfi", "-i", "testsrc2=size=160x90:rate=15:duration=1.4")
    tone = ("-f", "lavfi", "-i", "sine=frequency=440:sample_rate=22050:duration=1.4")
    full_ffmpeg(*card, *tone, "-c:v", "mpeg4", "-c:a", "libmp3lame", source)
    made = made_segments(source, 1, ["red", "blue"])
    total = float(sum(segment.seconds for segment in made.segments))
    assert total == pytest.approx(container_seconds(source), abs=0.001)
    assert made.segments[0].seconds == 1
    for segment in made.segments:
        samples, rate = heard_samples(segment.path)
        assert rate == 48000
        assert np.abs(samples).max() > 0.05
