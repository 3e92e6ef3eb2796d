"""Headers that no encoder at hand writes: made by changing the boxes of a clip that complies."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import av
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bitstream.mp4 import Edit, Movie, Mp4Error, read_movie
from bitstream.reasons import NotCopiedError
from bitstream.sound import judge_sound
from clips import layer_on_path, moving_clip
from media_pipeline.failures import PermanentError
from transcoding.compliance import Compliance, judge

# Bytes before the boxes inside these, after their own headers.
INSIDE = {b"stsd": 8, b"avc1": 78, b"mp4a": 28}
PICTURE = (b"moov", b"trak", b"mdia", b"minf", b"stbl")
ENTRY = (*PICTURE, b"stsd", b"avc1")
Change = Callable[[bytes], bytes]


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A second of moving picture with stereo sound, its `moov` at the end."""
    folder = tmp_path_factory.mktemp("clips")
    options = ("-preset", "veryfast", "-g", "10", "-bf", "2", "-ac", "2")
    with layer_on_path(folder):
        yield moving_clip(folder / "clip.mp4", size=(160, 96), seconds=1, options=options)


def boxes(payload: bytes) -> list[tuple[bytes, bytes]]:
    found = []
    while payload:
        size, kind = struct.unpack_from(">I4s", payload)
        found.append((kind, payload[8:size]))
        payload = payload[size:]
    return found


def box(kind: bytes, payload: bytes) -> bytes:
    return struct.pack(">I4s", 8 + len(payload), kind) + payload


def changed(payload: bytes, path: Sequence[bytes], change: Change) -> bytes:
    """The boxes in `payload`, the first that `path` leads to changed, header and all."""
    made, pending = b"", True
    for kind, inner in boxes(payload):
        whole = box(kind, inner)
        if pending and kind == path[0]:
            pending = False
            if len(path) == 1:
                whole = change(whole)
            else:
                skipped = INSIDE.get(kind, 0)
                deeper = changed(inner[skipped:], path[1:], change)
                whole = box(kind, inner[:skipped] + deeper)
        made += whole
    assert not pending, path
    return made


def judged(content: bytes, folder: Path) -> Compliance:
    source = folder / "changed.mp4"
    source.write_bytes(content)
    return judge(source, folder, 0, 1, max_pixels=1 << 24, window=1, seconds_left=lambda: 60.0)


def words(found: Compliance) -> list[str]:
    return [reason.word for reason in found.reasons]


def replaced(old: bytes, new: bytes) -> Change:
    def change(whole: bytes) -> bytes:
        assert old in whole
        return whole.replace(old, new, 1)

    return change


def with_inner(kind: bytes, payload: bytes) -> Change:
    """One more box at the end of the changed one."""
    return lambda whole: box(whole[4:8], whole[8:] + box(kind, payload))


def more_pictures_sets(whole: bytes) -> bytes:
    """An `avcC` whose only picture parameter set is there twice."""
    (sps,) = struct.unpack_from(">H", whole, 14)
    count = 16 + sps
    (pps,) = struct.unpack_from(">H", whole, count + 1)
    sets = whole[count + 1 : count + 3 + pps]
    assert whole[count] == 1
    return box(b"avcC", whole[8:count] + b"\2" + 2 * sets + whole[count + 3 + pps :])


def more_entries(whole: bytes) -> bytes:
    """An `stsd` whose only entry is there twice."""
    return box(b"stsd", whole[8:12] + struct.pack(">I", 2) + 2 * whole[16:])


def edits(*entries: tuple[int, int, int]) -> Change:
    """An `elst` of (ticks of the movie, media time, rate in 65536ths)."""
    table = b"".join(struct.pack(">Iii", *entry) for entry in entries)
    return lambda _: box(b"elst", struct.pack(">II", 0, len(entries)) + table)


def durations(*runs: tuple[int, int]) -> Change:
    """An `stts` of (samples, ticks of each)."""
    table = b"".join(struct.pack(">II", *run) for run in runs)
    return lambda _: box(b"stts", struct.pack(">II", 0, len(runs)) + table)


def matrix(*values: int) -> Change:
    """An `mvhd` of version 0 with another matrix."""
    return lambda whole: whole[:44] + struct.pack(">6i", *values) + whole[68:]


def colr(primaries: int, transfer: int, code: int) -> bytes:
    return b"nclx" + struct.pack(">3HB", primaries, transfer, code, 0)


EDIT = (b"moov", b"trak", b"edts", b"elst")
# What the clip's movie header counts in, and by how much its first frame is shown late.
SECOND, DELAY = 44100, 1024
ONE = 1 << 16


@pytest.mark.parametrize(
    ("path", "change", "reasons"),
    [
        (ENTRY, with_inner(b"free", b"any"), []),
        ((*ENTRY, b"avcC"), more_pictures_sets, ["parameter_sets"]),
        ((*PICTURE, b"stsd"), more_entries, ["sample_entries"]),
        (ENTRY, replaced(b"avc1", b"avc3"), ["parameter_sets"]),
        (ENTRY, replaced(b"avc1", b"dvav"), ["codec"]),
        (ENTRY, with_inner(b"sinf", b""), ["encrypted"]),
        (ENTRY, with_inner(b"dvvC", b"\1"), ["hdr"]),
        (ENTRY, with_inner(b"clap", struct.pack(">8I", 160, 1, 96, 1, 0, 1, 0, 1)), []),
        (ENTRY, with_inner(b"clap", struct.pack(">8I", 150, 1, 96, 1, 0, 1, 0, 1)), ["cropped"]),
        ((*ENTRY, b"pasp"), lambda _: box(b"pasp", struct.pack(">II", 7, 7)), []),
        ((*ENTRY, b"pasp"), lambda _: box(b"pasp", struct.pack(">II", 4, 3)), ["pixel_aspect"]),
        (ENTRY, with_inner(b"colr", colr(1, 1, 1)), []),
        (ENTRY, with_inner(b"colr", colr(9, 16, 9)), ["hdr", "colour"]),
        (ENTRY, with_inner(b"colr", colr(1, 18, 1)), ["hdr"]),
        (ENTRY, with_inner(b"colr", colr(12, 13, 1)), ["colour"]),
        (ENTRY, with_inner(b"colr", b"prof" + colr(9, 16, 9)), []),
        (EDIT, edits((SECOND, DELAY, ONE)), []),
        (EDIT, edits((SECOND + 400, DELAY, ONE)), []),
        (EDIT, edits((SECOND, DELAY, 2 * ONE)), ["edit_list"]),
        (EDIT, edits((SECOND // 5, -1, ONE), (SECOND, DELAY, ONE)), ["edit_list"]),
        (EDIT, edits((22050, DELAY, ONE), (22050, DELAY + 6400, ONE)), ["edit_list"]),
        (EDIT, edits((22050, DELAY, ONE)), ["edit_list"]),
        (EDIT, edits((0, DELAY, ONE)), ["edit_list"]),
        (EDIT, edits((SECOND, DELAY + 512, ONE)), ["edit_list"]),
        (EDIT, edits((2 * SECOND, 0, ONE)), ["edit_list"]),
        ((b"moov", b"trak", b"edts"), lambda _: b"", ["late_start"]),
        ((b"moov", b"mvhd"), matrix(ONE, 0, 0, 0, ONE, 0), []),
        ((b"moov", b"mvhd"), matrix(0, ONE, 0, -ONE, 0, 0), ["rotated"]),
        ((b"moov", b"mvhd"), matrix(2 * ONE, 0, 0, 0, ONE, 0), ["rotated"]),
        ((*ENTRY, b"avcC"), replaced(b"\x64\x00\x0b", b"\x64\x00\x0a"), ["parameter_sets"]),
        ((*ENTRY, b"avcC"), lambda whole: box(b"avcC", whole[8:20]), ["bitstream"]),
        ((*ENTRY, b"avcC"), lambda _: b"", ["bitstream"]),
        ((b"moov",), lambda whole: box(b"moov", whole[8:-40]), ["container"]),
        ((b"moov",), lambda _: b"", ["container"]),
    ],
)
def test_a_changed_header_has_its_reason(
    path: tuple[bytes, ...], change: Change, reasons: list[str], clip: Path, tmp_path: Path
) -> None:
    content = changed(clip.read_bytes(), path, change)
    assert words(judged(content, tmp_path)) == reasons


def test_frames_that_are_decoded_at_one_time(clip: Path, tmp_path: Path) -> None:
    unedited = changed(clip.read_bytes(), (b"moov", b"trak", b"edts"), lambda _: b"")
    content = changed(unedited, (*PICTURE, b"stts"), durations((2, 0), (23, 512)))
    expected = ["late_start", "decoding_times", "variable_rate"]
    assert words(judged(content, tmp_path)) == expected


def with_slice_groups(whole: bytes) -> bytes:
    """An `avcC` whose picture parameter set has two slice groups."""
    count = 16 + struct.unpack_from(">H", whole, 14)[0]
    return box(b"avcC", whole[8 : count + 1] + b"\0\3\x68\xc4\0")


def test_baseline_is_copied_but_for_its_rarest_tools(tmp_path: Path, clip: Path) -> None:
    options = ("-profile:v", "baseline", "-g", "10")
    source = moving_clip(clip.parent / "baseline.mp4", size=(160, 96), seconds=1, options=options)
    media, moov = source.read_bytes().rsplit(b"moov", 1)
    assert words(judged(media + b"moov" + moov, tmp_path)) == []
    assert moov.count(b"\x42\xc0") == 2
    for profile, reasons in {b"\x42\0": [], b"\x58\xc0": ["profile"]}.items():
        content = media + b"moov" + moov.replace(b"\x42\xc0", profile)
        assert words(judged(content, tmp_path)) == reasons
    grouped = changed(source.read_bytes(), (*ENTRY, b"avcC"), with_slice_groups)
    assert words(judged(grouped, tmp_path)) == ["profile"]


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        (b"\x12\x10\x56\xe5\x00", b"\x12\x10\x56\xe5\x80", "sound_profile"),
        (b"\x12\x10\x56\xe5\x00", b"\x2a\x10\x56\xe5\x00", "sound_profile"),
        (b"\x12\x10\x56\xe5\x00", b"\x12\x14\x56\xe5\x00", "sound_profile"),
        (b"\x12\x10\x56\xe5\x00", b"\x12\x30\x56\xe5\x00", "sound_channels"),
        (b"\x12\x10\x56\xe5\x00", b"\x12\x00\x56\xe5\x00", "sound_channels"),
        (b"\x40\x15", b"\x6b\x15", "sound_codec"),
        (b"mp4a", b"enca", "sound_codec"),
        (b"esds", b"free", "sound_codec"),
    ],
)
def test_sound_of_another_kind(
    old: bytes, new: bytes, reason: str, clip: Path, tmp_path: Path
) -> None:
    source = tmp_path / "sound.mp4"
    source.write_bytes(clip.read_bytes().replace(old, new))
    with pytest.raises(NotCopiedError) as refused:
        judge_sound(read_movie(source).tracks[1])
    assert [found.word for found in refused.value.reasons] == [reason]
    assert judge_sound(read_movie(clip).tracks[1]).channels == 2


@pytest.mark.parametrize(
    ("edits", "expected"),
    [
        ([], []),
        ([Edit(44100, 0, ONE)], []),
        ([Edit(44100, 2112, ONE)], []),
        ([Edit(44100, 4410, ONE)], ["sound_edit_list"]),
        ([Edit(44100, -1, ONE)], ["sound_edit_list"]),
        ([Edit(44100, 1024, 2 * ONE)], ["sound_edit_list"]),
        ([Edit(0, 1024, ONE)], ["sound_edit_list"]),
        ([Edit(100, -1, ONE), Edit(44100, 1024, ONE)], ["sound_edit_list"]),
    ],
)
def test_sound_may_leave_out_its_priming(
    edits: list[Edit], expected: list[str], clip: Path
) -> None:
    track = replace(read_movie(clip).tracks[1], edits=tuple(edits))
    found: list[str] = []
    try:
        priming = judge_sound(track).priming
        assert priming == Fraction(edits[0].media_time if edits else 0, 44100)
    except NotCopiedError as error:
        found = [reason.word for reason in error.reasons]
    assert found == expected


@pytest.mark.parametrize(
    ("filters", "box_of_it", "reasons"),
    [
        ("setsar=4/3", b"pasp", ["pixel_aspect"]),
        (
            "setparams=color_trc=smpte2084:color_primaries=bt2020:colorspace=bt2020nc",
            b"colr",
            ["hdr", "colour"],
        ),
    ],
)
def test_what_only_the_picture_itself_says_counts(
    filters: str, box_of_it: bytes, reasons: list[str], clip: Path, tmp_path: Path
) -> None:
    source = moving_clip(tmp_path / "x.mp4", size=(160, 96), seconds=1, options=("-vf", filters))
    content = changed(source.read_bytes(), (*ENTRY, box_of_it), lambda _: b"")
    assert words(judged(content, tmp_path)) == reasons


def first_frame(clip: Path) -> int:
    with av.open(str(clip)) as container:
        position = next(container.demux(video=0)).pos
    assert position
    return position


@pytest.mark.parametrize(
    "damage", [b"\0\0\0\0", b"\0\0\0\x05\x8c", b"\xff\xff\xff\xff", b"\0\0\0\x05\x7c"]
)
def test_a_frame_whose_units_make_no_sense(damage: bytes, clip: Path, tmp_path: Path) -> None:
    content, at = clip.read_bytes(), first_frame(clip)
    content = content[:at] + damage + content[at + len(damage) :]
    assert words(judged(content, tmp_path)) == ["bitstream"]


def movie_of(content: bytes, folder: Path) -> Movie:
    source = folder / "movie.mp4"
    source.write_bytes(content)
    return read_movie(source)


def test_empty_boxes_without_end_are_given_up(clip: Path, tmp_path: Path) -> None:
    *_, (_, moov) = boxes(clip.read_bytes())
    start, end = box(b"ftyp", b"isom"), box(b"moov", moov)
    assert movie_of(start + box(b"free", b"") * 1000 + end, tmp_path) == read_movie(clip)
    with pytest.raises(Mp4Error, match="no moov"):
        movie_of(start + box(b"free", b"") * 100_000 + end, tmp_path)


def test_a_box_may_have_a_long_size_or_none(clip: Path, tmp_path: Path) -> None:
    *_, (kind, moov) = boxes(clip.read_bytes())
    assert kind == b"moov"
    expected = read_movie(clip)
    long = struct.pack(">I4sQ", 1, b"moov", 16 + len(moov)) + moov
    assert movie_of(box(b"ftyp", b"isom") + long, tmp_path) == expected
    assert movie_of(struct.pack(">I4s", 0, b"moov") + moov, tmp_path) == expected


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(at=st.floats(0, 1, exclude_max=True), value=st.binary(min_size=1, max_size=8))
def test_no_header_breaks_the_reading(at: float, value: bytes, clip: Path, tmp_path: Path) -> None:
    content = clip.read_bytes()
    moov = content.rindex(b"moov")
    place = moov + int(at * (len(content) - moov))
    content = content[:place] + value + content[place + len(value) :]
    try:
        found = judged(content, tmp_path)
    except PermanentError:  # FFmpeg will not open it.
        return
    assert (found.picture is None) == bool(found.reasons)
