"""Real clips, judged: which of them players want as they are, and why not the others."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import astuple
from fractions import Fraction
from pathlib import Path

import av
import pytest

import transcoding.compliance
from clips import clap_clip, full_ffmpeg, layer_on_path, moving_clip, with_display_matrix
from media_pipeline.failures import PermanentError
from transcoding.compliance import Compliance, judge
from transcoding.probe import probe

X264 = ("-preset", "veryfast", "-g", "25")
PLAIN = ("-bf", "0", *X264)
SMALL = (160, 96)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("clips")
    with layer_on_path(folder):
        yield folder


def judged(source: Path, *, window: Fraction | int = 1, sound: int | None = None) -> Compliance:
    found = judge(
        source,
        source.parent,
        0,
        sound,
        max_pixels=1 << 24,
        window=window,
        seconds_left=lambda: 60.0,
    )
    assert not [*source.parent.glob("*.csv")]
    return found


def words(found: Compliance) -> list[str]:
    assert (found.picture is None) == bool(found.reasons)
    assert all(reason.sentence.endswith(".") for reason in found.reasons + found.sound_reasons)
    return [reason.word for reason in found.reasons]


def colours(primaries: str, transfer: str, matrix: str) -> tuple[str, ...]:
    tags = f"color_primaries={primaries}:color_trc={transfer}:colorspace={matrix}"
    return ("-vf", f"setparams={tags}")


def test_the_facts_of_a_picture_are_those_that_another_reader_finds(folder: Path) -> None:
    source = moving_clip(
        folder / "facts.mp4",
        rate="30000/1001",
        seconds=4,
        options=("-bf", "3", *X264, "-x264-params", "scenecut=0:rc-lookahead=5"),
    )
    window = Fraction(5, 4)
    found = judged(source, window=window).picture
    assert found
    with av.open(str(source)) as container:
        stream = container.streams.video[0]
        base = stream.time_base
        assert base
        packets = [packet for packet in container.demux(stream) if packet.size]
        assert found.frame_rate == stream.average_rate == Fraction(30000, 1001)
        assert (found.width, found.height, found.frames) == (320, 180, len(packets))
    times = [packet.pts * base for packet in packets if packet.pts is not None]
    keys = [time for time, packet in zip(times, packets, strict=True) if 5 in kinds(bytes(packet))]
    assert found.idr_times == tuple(keys)
    assert (
        found.idr_frames == tuple(sorted(times).index(key) for key in keys) == (0, 25, 50, 75, 100)
    )
    assert found.seconds == len(packets) * Fraction(1001, 30000)
    total = sum(packet.size for packet in packets)
    assert found.average_bitrate == pytest.approx(float(8 * total / found.seconds), abs=1)
    spans = [
        sum(
            later.size
            for later in packets
            if later.dts is not None
            and packet.dts is not None
            and packet.dts <= later.dts < packet.dts + window / base
        )
        for packet in packets
    ]
    assert found.peak_bitrate == pytest.approx(float(8 * max(spans) / window), abs=1)
    assert found.peak_bitrate > found.average_bitrate


def kinds(sample: bytes) -> list[int]:
    """Types of the NAL units in a sample whose lengths are stored in four bytes."""
    found = []
    while sample:
        found.append(sample[4] & 31)
        sample = sample[4 + int.from_bytes(sample[:4], "big") :]
    return found


def test_the_codec_string_is_what_the_encoder_was_told(folder: Path) -> None:
    told = ("-profile:v", "main", "-level", "3.1", *X264)
    found = judged(moving_clip(folder / "main.mp4", seconds=1, options=told)).picture
    assert found
    assert found.codec == "avc1.4d401f"


@pytest.mark.parametrize(
    ("name", "rate", "options"),
    [
        ("b-frames.mp4", "25", ("-bf", "3", "-x264-params", "b-pyramid=normal:b-adapt=0")),
        ("no-b-frames.mp4", "25", ("-bf", "0")),
        ("quicktime.mov", "25", ("-bf", "2")),
        ("faststart.mp4", "24000/1001", ("-bf", "2", "-movflags", "faststart")),
        ("slices.mp4", "25", ("-slices", "4")),
        ("scene-cuts.mp4", "25", ("-force_key_frames", "expr:gte(t,0.7*n_forced)")),
        ("two-pictures-in-a-gop.mp4", "25", ("-g", "2")),
        ("fifty.mp4", "50", ("-g", "40")),
        ("tagged.mp4", "25", colours("bt709", "bt709", "bt709")),
        ("tagged-601.mov", "25", colours("smpte170m", "smpte170m", "smpte170m")),
        ("full-range.mp4", "25", ("-vf", "scale=out_range=pc", "-color_range", "pc")),
        ("rounded-times.mp4", "30000/1001", ("-video_track_timescale", "600")),
        ("rounded-more.mp4", "24000/1001", ("-video_track_timescale", "1000", "-bf", "2")),
        ("baseline.mp4", "25", ("-profile:v", "baseline")),
        ("odd.mp4", "25", ("-vf", "crop=150:82")),
    ],
)
def test_what_players_want_is_copied(
    name: str, rate: str, options: tuple[str, ...], folder: Path
) -> None:
    source = moving_clip(
        folder / name, size=SMALL, rate=rate, seconds=2, sound=False, options=(*X264, *options)
    )
    found = judged(source)
    assert (words(found), found.sound, found.sound_reasons) == ([], None, ())
    assert found.picture
    assert found.picture.frame_rate == Fraction(rate)
    # In a window longer than the picture, the peak is the average, and not less.
    longer = judged(source, window=4).picture
    assert longer
    assert longer.peak_bitrate == longer.average_bitrate == found.picture.average_bitrate
    with av.open(str(source)) as container:
        stream = container.streams.video[0]
        assert (found.picture.width, found.picture.height) == (stream.width, stream.height)
        assert found.picture.frames == stream.frames


@pytest.mark.parametrize(
    ("name", "options", "reasons"),
    [
        ("interlaced.mp4", ("-vf", "setfield=tff", "-flags", "+ilme+ildct"), ["interlaced"]),
        ("ten-bit.mp4", ("-pix_fmt", "yuv420p10le"), ["profile", "bit_depth"]),
        ("444.mp4", ("-pix_fmt", "yuv444p"), ["profile", "chroma"]),
        ("422.mp4", ("-pix_fmt", "yuv422p"), ["profile", "chroma"]),
        ("422-ten-bit.mp4", ("-pix_fmt", "yuv422p10le"), ["profile", "chroma", "bit_depth"]),
        ("level.mp4", ("-level", "5.1"), ["level"]),
        ("anamorphic.mp4", ("-vf", "setsar=4/3"), ["pixel_aspect"]),
        ("odd-pixels.mp4", ("-vf", "setsar=r=1000/1001:max=2000"), ["pixel_aspect"]),
        ("hdr.mp4", colours("bt2020", "smpte2084", "bt2020nc"), ["hdr", "colour"]),
        ("hlg.mp4", colours("bt709", "arib-std-b67", "bt709"), ["hdr"]),
        ("p3.mov", colours("smpte432", "bt709", "bt709"), ["colour"]),
        (
            "hevc.mp4",
            ("-c:v", "libx265", "-tag:v", "hvc1", "-x265-params", "log-level=none"),
            ["codec"],
        ),
        ("mpeg4.mp4", ("-c:v", "mpeg4"), ["codec"]),
        ("fragmented.mp4", ("-movflags", "frag_keyframe+empty_moov"), ["fragmented"]),
        (
            "dropped-frame.mp4",
            ("-vf", "select=not(eq(n\\,30))", "-fps_mode", "vfr"),
            ["variable_rate"],
        ),
        ("late.mp4", ("-bf", "2", "-use_editlist", "0"), ["late_start"]),
        (
            "open-gop.mp4",
            ("-x264-params", "open-gop=1:bframes=3:b-adapt=0:scenecut=0"),
            ["open_gop"],
        ),
    ],
)
def test_what_players_do_not_want_is_not_copied(
    name: str, options: tuple[str, ...], reasons: list[str], folder: Path
) -> None:
    source = folder / name
    moving_clip(source, size=SMALL, seconds=2, sound=False, options=(*X264, *options))
    assert words(judged(source)) == reasons


@pytest.mark.parametrize(
    "timing", ["N/25+0.3*mod(N\\,2)/25", "N/25+floor(N/40)/25", "N/25+0.0005*N*N/25"]
)
def test_a_rate_that_varies_is_not_copied(timing: str, folder: Path) -> None:
    options = ("-vf", f"settb=1/12800,setpts=round(({timing})/TB)", "-fps_mode", "vfr")
    timed = (*options, "-enc_time_base", "1:12800", *PLAIN)
    source = moving_clip(folder / "vfr.mp4", size=SMALL, seconds=2, sound=False, options=timed)
    assert words(judged(source)) == ["variable_rate"]


@pytest.mark.parametrize(
    ("frames", "seconds", "reasons"),
    [(100, 21, []), (101, 21, ["long_gop"]), (120, 13, ["long_gop"]), (200, 11, ["long_gop"])],
)
def test_key_frames_are_at_most_ten_seconds_apart(
    frames: int, seconds: int, reasons: list[str], folder: Path
) -> None:
    options = ("-g", str(frames), "-x264-params", f"keyint={frames}:min-keyint=100:scenecut=0")
    source = folder / "gop.mp4"
    moving_clip(source, size=SMALL, rate="10", seconds=seconds, sound=False, options=options)
    assert words(judged(source)) == reasons


@pytest.mark.parametrize(
    "matrix", [("-display_rotation", "90"), ("-display_rotation", "180"), ("-display_hflip",)]
)
def test_a_turned_picture_is_not_copied(matrix: tuple[str, ...], folder: Path) -> None:
    stored = moving_clip(folder / "stored.mp4", size=SMALL, seconds=1, options=X264)
    source = with_display_matrix(stored, folder / "turned.mp4", *matrix)
    assert words(judged(source)) == ["rotated"]


def test_a_picture_whose_start_is_cut_off_by_an_edit_is_not_copied(folder: Path) -> None:
    whole = moving_clip(folder / "whole.mp4", size=SMALL, options=X264)
    source = folder / "trimmed.mp4"
    full_ffmpeg("-ss", "1.4", "-i", whole, "-c", "copy", source)
    assert words(judged(source)) == ["edit_list"]


def test_a_picture_that_starts_late_is_not_copied(folder: Path) -> None:
    whole = moving_clip(folder / "in-time.mp4", size=SMALL, options=X264)
    source = folder / "delayed.mp4"
    late = ("-itsoffset", "0.5", "-i", whole, "-map", "0:a", "-map", "1:v", "-c", "copy")
    full_ffmpeg("-i", whole, *late, source)
    found = judge(source, folder, 1, 0, max_pixels=1 << 24, window=1, seconds_left=lambda: 60.0)
    assert words(found) == ["edit_list"]
    assert found.sound


def test_an_encrypted_picture_is_not_copied(folder: Path) -> None:
    key = ("-encryption_key", "0" * 32, "-encryption_kid", "1" * 32)
    options = (*X264, "-encryption_scheme", "cenc-aes-ctr", *key)
    source = moving_clip(folder / "secret.mp4", size=SMALL, seconds=1, options=options)
    found = judged(source, sound=1)
    assert words(found) == ["encrypted"]
    assert [reason.word for reason in found.sound_reasons] == ["sound_codec"]


@pytest.mark.parametrize(
    ("second", "reasons"), [((), []), (("-refs", "5", "-level", "4"), ["parameter_sets"])]
)
def test_parameter_sets_may_be_repeated_but_not_changed(
    second: tuple[str, ...], reasons: list[str], folder: Path
) -> None:
    joined = b"".join(
        moving_clip(
            folder / f"{number}.h264", size=SMALL, seconds=1, sound=False, options=options
        ).read_bytes()
        for number, options in enumerate([PLAIN, (*PLAIN, *second)])
    )
    (folder / "joined.h264").write_bytes(joined)
    source = folder / "joined.mp4"
    full_ffmpeg("-r", "25", "-i", folder / "joined.h264", "-c", "copy", source)
    assert words(judged(source)) == reasons


@pytest.mark.parametrize("container", ["mkv", "ts", "avi"])
def test_other_containers_are_not_copied(container: str, folder: Path) -> None:
    source = folder / f"other.{container}"
    moving_clip(source, size=SMALL, seconds=1, options=(*X264, "-f", matching(container)))
    assert words(judged(source, sound=1)) == ["container"]


def matching(container: str) -> str:
    return {"mkv": "matroska", "ts": "mpegts", "avi": "avi"}[container]


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (("-ac", "2", "-ar", "48000"), (2, 48000, Fraction(1024, 48000))),
        (("-ac", "1"), (1, 44100, Fraction(1024, 44100))),
        (("-ac", "2", "-ar", "32000"), (2, 32000, Fraction(1024, 32000))),
        (("-ac", "2", "-ar", "22050"), ["sound_profile"]),
        (("-ac", "6"), ["sound_channels"]),
        (("-ac", "2", "-c:a", "ac3"), ["sound_codec"]),
        (("-ac", "2", "-c:a", "libmp3lame"), ["sound_codec"]),
        (("-ac", "2", "-c:a", "libopus", "-ar", "48000"), ["sound_codec"]),
        (("-bsf:a", "setts=ts=TS+48000*gt(N\\,20)"), ["sound_timing"]),
    ],
)
@pytest.mark.parametrize("container", ["mp4", "mov"])
def test_sound_is_copied_if_it_is_plain_aac(
    container: str,
    options: tuple[str, ...],
    expected: tuple[int, int, Fraction] | list[str],
    folder: Path,
) -> None:
    if container == "mov" and "libopus" in options:
        options = ("-c:a", "pcm_s16le")
    source = moving_clip(folder / f"sound.{container}", size=SMALL, options=(*X264, *options))
    found = judged(source, sound=1)
    assert words(found) == []
    if isinstance(expected, list):
        assert found.sound is None
        assert [reason.word for reason in found.sound_reasons] == expected
    else:
        assert found.sound
        # The source lasts three seconds, whatever the encoder put before them.
        assert astuple(found.sound) == ("mp4a.40.2", *expected, Fraction(3))


def test_sound_that_starts_late_is_encoded_beside_a_copied_picture(folder: Path) -> None:
    whole = moving_clip(folder / "together.mp4", size=SMALL, options=X264)
    source = folder / "late-sound.mp4"
    late = ("-itsoffset", "0.7", "-i", whole, "-map", "0:v", "-map", "1:a", "-c", "copy")
    full_ffmpeg("-i", whole, *late, source)
    found = judged(source, sound=1)
    assert words(found) == []
    assert [reason.word for reason in found.sound_reasons] == ["sound_edit_list"]


def test_streams_are_counted_as_ffprobe_does(folder: Path) -> None:
    clip = clap_clip(folder / "clap.mp4", 0.5, 1)
    source = folder / "reversed.mov"
    full_ffmpeg(
        *("-i", clip, "-i", moving_clip(folder / "m.mp4", size=SMALL, seconds=1, options=X264)),
        *("-map", "0:a", "-map", "1:v", "-map", "1:a", "-timecode", "01:00:00:00", "-c", "copy"),
        source,
    )
    probed = probe(source, 1 << 24, lambda: 60.0)
    assert (probed.picture.index, probed.sound and probed.sound.index) == (1, 0)
    found = judge(source, folder, 1, 0, max_pixels=1 << 24, window=1, seconds_left=lambda: 60.0)
    assert words(found) == []
    assert found.sound
    swapped = judge(source, folder, 0, 1, max_pixels=1 << 24, window=1, seconds_left=lambda: 60.0)
    assert words(swapped) == ["container"]
    assert [reason.word for reason in swapped.sound_reasons] == ["container"]


def test_more_frames_than_are_looked_at(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = moving_clip(folder / "many.mp4", size=SMALL, seconds=1, options=X264)
    monkeypatch.setattr(transcoding.compliance, "MOST_FRAMES", 25)
    assert words(judged(source)) == []
    monkeypatch.setattr(transcoding.compliance, "MOST_FRAMES", 24)
    assert words(judged(source)) == ["too_many_frames"]


def test_a_folder_whose_name_means_something_to_ffmpeg(folder: Path) -> None:
    odd = folder / "%d [a] 'b', c:d "
    odd.mkdir()
    assert words(judged(moving_clip(odd / "x.mp4", size=SMALL, seconds=1, options=X264))) == []


def test_no_program_outstays_the_time_there_is(folder: Path) -> None:
    source = moving_clip(folder / "patience.mp4", size=SMALL, seconds=1, options=X264)
    with pytest.raises(PermanentError, match=r"^time_limit"):
        judge(source, folder, 0, 1, max_pixels=1 << 24, window=1, seconds_left=lambda: 0.0)
    assert not [*folder.glob("*.csv")]
