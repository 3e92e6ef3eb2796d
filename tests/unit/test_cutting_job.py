"""Small clips, really cut, with text on them: every frame once, every sample once."""

from __future__ import annotations

import shutil
from collections import namedtuple
from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from clips import GREY_STEP, full_ffmpeg, grey_clip, layer_on_path, moving_clip
from cutting import engine, job, segments
from cutting.cuts import MOST_CUTS
from cutting.options import Fixed, Random, Request, TextInput
from media_pipeline.failures import PermanentError
from packager.boxes import top_boxes
from segmented import PATCH, container_seconds, draw_patch, heard, made_segments
from streams import heard_samples, key_frame_times, shown_frames, shown_lumas
from transcoded import small_recipe
from transcoding.plan import PlannedRung, plan
from transcoding.probe import probe
from transcoding.sealed import run


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("cuts")
    with layer_on_path(folder):
        yield folder


@pytest.fixture(scope="module")
def grey(folder: Path) -> Path:
    """Fifty frames, each brighter than the one before."""
    return grey_clip(folder / "grey.mp4", 50, "N/25")


@pytest.fixture(scope="module")
def swept(folder: Path) -> Path:
    """Three seconds of a tone that rises all the time, so that no part of it is like another."""
    tone = "aevalsrc=0.5*sin(2*PI*(300*t+200*t*t)):sample_rate=48000:duration=3"
    card = "testsrc2=size=160x90:rate=25:duration=3"
    inputs = ("-f", "lavfi", "-i", card, "-f", "lavfi", "-i", tone)
    path = folder / "swept.mp4"
    full_ffmpeg(*inputs, "-c:v", "libx264", "-c:a", "aac", "-b:a", "192k", path)
    return path


def test_every_frame_is_in_one_segment_in_its_place(grey: Path) -> None:
    made = made_segments(grey, Fraction(3, 5))
    assert [segment.seconds * 25 for segment in made.segments] == [15, 15, 15, 5]
    lumas = []
    for segment in made.segments:
        shown = shown_lumas(segment.path)
        assert [time for time, _ in shown] == pytest.approx([n / 25 for n in range(len(shown))])
        assert container_seconds(segment.path) == pytest.approx(float(segment.seconds), abs=1e-6)
        lumas += [luma for _, luma in shown]
    assert lumas == pytest.approx([16 + GREY_STEP * n for n in range(50)], abs=GREY_STEP / 2 - 0.1)


def test_each_segment_plays_alone_from_its_first_frame_and_as_it_arrives(swept: Path) -> None:
    made = made_segments(swept, 1, ["red"])
    for segment in made.segments:
        assert key_frame_times(segment.path)[0] == 0
        assert len(shown_frames(segment.path)) == 25
        with segment.path.open("rb") as file:
            kinds = [box.kind for box in top_boxes(file, segment.path.stat().st_size)]
        assert kinds == [b"ftyp", b"moov", b"mdat"]
        # The full FFmpeg finds nothing to complain of.
        full_ffmpeg("-xerror", "-err_detect", "explode", "-i", segment.path, "-f", "null", "-")


def test_text_is_on_its_segment_alone_and_from_its_first_frame(folder: Path) -> None:
    grey = Image.new("RGB", (160, 90), (90, 90, 90))
    source = folder / "plain.mp4"
    raw = ("-f", "rawvideo", "-pix_fmt", "rgb24", "-s", "160x90", "-r", "30000/1001", "-i", "-")
    full_ffmpeg(*raw, "-c:v", "libx264", "-qp", "4", source, stdin=grey.tobytes() * 80)
    left, top, width, height = PATCH
    inside = (slice(top + 2, top + height - 2), slice(left + 2, left + width - 2))
    beside = (slice(top + height + 4, None), slice(left + width + 4, None))
    texts = ["", "red", "red", "#00ff0080", "blue"]
    expected = [(90, 90, 90), (255, 0, 0), (255, 0, 0), (45, 173, 45), (0, 0, 255)]
    made = made_segments(source, Fraction(1, 2), texts)
    assert len(made.segments) == 6
    for segment, colour in zip(made.segments, [*expected, expected[-1]], strict=True):
        for frame in shown_frames(segment.path):
            seen = frame.pixels[inside].mean(axis=(0, 1))
            assert seen == pytest.approx(colour, abs=8), (segment.path.name, frame.time)
            assert frame.pixels[beside].mean(axis=(0, 1)) == pytest.approx((90, 90, 90), abs=4)


def test_sound_is_cut_to_the_sample(swept: Path) -> None:
    whole = heard(made_segments(swept, 600))
    # 0.36 and 0.6 seconds are no whole number of AAC's frames of 1,024 samples.
    for length in (Fraction(9, 25), Fraction(3, 5)):
        pieces = heard(made_segments(swept, length))
        assert len(pieces) == len(whole) == 3 * 48000
        assert np.abs(pieces - whole).max() < 1e-4
    source, _ = heard_samples(swept)
    loud = slice(4800, 3 * 48000 - 4800)
    assert np.corrcoef(whole[loud], source[loud])[0, 1] > 0.99


def test_random_pieces_are_repeatable_and_together_the_whole(grey: Path) -> None:
    wish = Random(Fraction(1, 5), Fraction(4, 5), seed=5)
    lengths = [
        [segment.seconds for segment in made_segments(grey, wish).segments] for _ in range(2)
    ]
    assert lengths[0] == lengths[1]
    assert sum(lengths[0]) == 2
    assert len(set(lengths[0])) > 1


def test_pictures_are_never_enlarged_and_no_larger_than_the_recipe_says(grey: Path) -> None:
    made = made_segments(grey, 600)
    assert (made.width, made.height) == (160, 90)
    cuts = {"short_side": 46}
    made = made_segments(grey, 600, cuts=cuts)
    assert (made.width, made.height) == (82, 46)
    assert shown_frames(made.segments[0].path)[0].pixels.shape == (46, 82, 3)


def test_all_cuts_and_captions_take_one_run_of_ffmpeg(
    swept: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    commands: list[Sequence[str]] = []

    def counted(command: Sequence[str], *arguments: Any, **options: Any) -> bytes:  # noqa: ANN401
        commands.append(command)
        return run(command, *arguments, **options)

    monkeypatch.setattr(engine, "run", counted)
    made_segments(swept, 600, ["red"])
    made_segments(swept, Fraction(2, 25), ["red", "lime", "blue"] * 15)
    assert len(commands) == 2
    few, many = commands
    assert len(few) == len(many)
    assert many.count("-i") == 2
    graphs = [command[command.index("-filter_complex") + 1] for command in commands]
    assert graphs[0] == graphs[1]


def test_as_many_cuts_as_there_may_be_fit_an_argument(
    swept: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    commands: list[Sequence[str]] = []

    def kept(command: Sequence[str], *_: Any, **__: Any) -> bytes:  # noqa: ANN401
        commands.append(command)
        return b""

    planned = plan(probe(swept, 1 << 20, lambda: 60.0), small_recipe())
    monkeypatch.setattr(engine, "run", kept)
    keys = [Fraction(5 * n) for n in range(MOST_CUTS)]
    shape = PlannedRung("cuts", 160, 90, 1, 1, 1)
    with pytest.raises(PermanentError):
        engine.encode(planned, shape, keys, None, swept, tmp_path, lambda: 60.0, lambda _: None)
    # MAX_ARG_STRLEN of Linux.
    assert MOST_CUTS * 5 < max(map(len, commands[0])) < 128 << 10


def test_the_files_of_a_job_never_need_much_more_room_than_its_segments(
    swept: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken: list[int] = []
    move = segments._move

    def watched(chunk: segments.Chunk, file: Any, *, give_up: bool) -> None:  # noqa: ANN401
        file.flush()
        files = Path(file.name).parent.iterdir()
        taken.append(sum(path.stat().st_blocks * 512 for path in files))
        move(chunk, file, give_up=give_up)

    monkeypatch.setattr(segments, "_move", watched)
    made = made_segments(swept, Fraction(1, 5))
    outputs = sum(segment.path.stat().st_blocks * 512 for segment in made.segments)
    assert taken
    # Files take whole blocks of the disk; a copy of all of them would be twice as much.
    assert max(taken) < 1.25 * outputs


def refusal(source: Path, folder: Path) -> PermanentError:
    request = Request(Fixed(), TextInput("one_for_all", "red"))
    recipe, report = small_recipe(), lambda *_: None
    with pytest.raises(PermanentError) as refused:
        job.cut(
            source,
            folder,
            request,
            recipe,
            vary=None,
            report=report,
            seconds_left=lambda: 60.0,
            draw=draw_patch,
        )
    return refused.value


def test_what_does_not_fit_the_disk_is_refused_before_it_is_begun(
    swept: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = namedtuple("usage", "free")
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage(1000))
    refused = refusal(swept, tmp_path)
    assert refused.code == "disk_full"
    assert "storage_mb" in refused.sentence
    assert not list(tmp_path.iterdir())


def test_a_clip_that_was_cut_off_is_refused(folder: Path, tmp_path: Path) -> None:
    whole = moving_clip(folder / "whole.mp4", seconds=4, options=("-movflags", "faststart"))
    half = folder / "half.mp4"
    half.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    assert refusal(half, tmp_path).code == "corrupt_video"


def test_progress_is_reported(swept: Path, tmp_path: Path) -> None:
    reports: list[tuple[str, int]] = []
    report: Callable[[str, int], None] = lambda *news: reports.append(news)  # noqa: E731
    job.cut(
        swept,
        tmp_path,
        Request(Fixed(Fraction(1))),
        small_recipe(),
        vary=None,
        report=report,
        seconds_left=lambda: 60.0,
        draw=draw_patch,
    )
    assert reports[-1][0] == "cutting"
    assert [percentage for _, percentage in reports] == sorted(share for _, share in reports)
    assert 90 <= reports[-1][1] <= 100
