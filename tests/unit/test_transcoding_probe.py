"""ffprobe's answers, read."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from media_pipeline.failures import PermanentError
from transcoding.probe import CONTENT_TYPES, read_probe

PICTURE: dict[str, Any] = {
    "index": 0,
    "codec_type": "video",
    "codec_name": "h264",
    "width": 1280,
    "height": 720,
    "pix_fmt": "yuv420p",
    "r_frame_rate": "25/1",
    "avg_frame_rate": "25/1",
    "start_time": "0.000000",
    "duration": "5.280000",
    "bit_rate": "1205959",
    "disposition": {"attached_pic": 0},
}
SOUND: dict[str, Any] = {
    "index": 1,
    "codec_type": "audio",
    "codec_name": "aac",
    "sample_rate": "48000",
    "channels": 6,
    "r_frame_rate": "0/0",
}
COVER = PICTURE | {"codec_name": "png", "disposition": {"attached_pic": 1}}
DATA: dict[str, Any] = {"index": 2, "codec_type": "data"}


def answer(*streams: dict[str, Any], **file: object) -> dict[str, Any]:
    return {"programs": [], "streams": list(streams), "format": file}


def test_the_facts_of_an_ordinary_file() -> None:
    found = read_probe(
        answer(
            PICTURE,
            SOUND,
            duration="5.312000",
            bit_rate="1589963",
            start_time="0.000000",
            tags={"major_brand": "isom"},
        )
    )
    assert (found.container, found.seconds, found.bitrate) == ("mp4", 5.312, 1589963)
    assert (found.picture.width, found.picture.height, found.picture.pixels) == (1280, 720, 921600)
    assert found.picture.mean_rate == found.picture.base_rate == Fraction(25)
    assert (found.picture.seconds, found.picture.bitrate) == (5.28, 1205959)
    assert found.sound
    assert (found.sound.codec, found.sound.channels, found.sound.sample_rate) == ("aac", 6, 48000)


MOV_NAMES = "mov,mp4,m4a,3gp,3g2,mj2"
EBML = bytes.fromhex("1a45dfa3 9f 428681 01 42f781 01 42f281 04 42f381 08 4282")


@pytest.mark.parametrize(
    ("names", "brand", "head", "container", "content_type"),
    [
        (MOV_NAMES, "isom", b"", "mp4", "video/mp4"),
        (MOV_NAMES, "M4V ", b"", "mp4", "video/mp4"),
        (MOV_NAMES, "qt  ", b"", "mov", "video/quicktime"),
        (MOV_NAMES, "3gp4", b"", "3gp", "video/3gpp"),
        ("matroska,webm", None, EBML + b"\x88matroska", "matroska", "video/x-matroska"),
        ("matroska,webm", None, EBML + b"\x84webm", "webm", "video/webm"),
        ("matroska,webm", None, EBML + b"\x01\0\0\0\0\0\0\x04webm", "webm", "video/webm"),
        ("avi", None, b"", "avi", "video/x-msvideo"),
        ("mpegts", None, b"", "mpegts", "video/mp2t"),
        ("mpeg", None, b"", "mpeg", "video/mpeg"),
        ("flv", None, b"", "flv", "video/x-flv"),
        ("asf", None, b"", "asf", "video/x-ms-asf"),
        ("ogg", None, b"", "ogg", "video/ogg"),
    ],
)
def test_containers_and_their_media_types(
    names: str, brand: str | None, head: bytes, container: str, content_type: str
) -> None:
    tags = {"major_brand": brand} if brand else {}
    found = read_probe(answer(PICTURE, format_name=names, tags=tags), head).container
    assert (found, CONTENT_TYPES[found]) == (container, content_type)


def test_all_sounds_are_named() -> None:
    found = read_probe(
        answer(
            PICTURE,
            SOUND | {"codec_name": "apac", "index": 3},
            SOUND | {"index": 1, "tags": {"language": "und", "title": ""}},
            SOUND | {"index": 2, "tags": {"LANGUAGE": "deu", "TITLE": "Ton \n der Regie " * 9}},
            SOUND | {"index": 4, "tags": {"language": 'en"\n'}},
        )
    )
    assert [sound.index for sound in found.sounds] == [1, 2, 4]
    assert [sound.language for sound in found.sounds] == [None, "deu", None]
    titles = [sound.title for sound in found.sounds]
    assert titles == [None, " ".join(["Ton der Regie"] * 9)[:100], None]
    assert found.sound == found.sounds[0]


@pytest.mark.parametrize(
    ("transfer", "hdr"),
    [("smpte2084", "pq"), ("arib-std-b67", "hlg"), ("bt709", ""), ("bt2020-10", "")],
)
def test_high_dynamic_range_is_told_by_its_transfer(transfer: str, hdr: str) -> None:
    stream = PICTURE | {"color_transfer": transfer, "color_primaries": "bt2020"}
    found = read_probe(answer(stream)).picture
    assert (found.hdr, found.transfer, found.primaries) == (hdr, transfer, "bt2020")


@pytest.mark.parametrize(
    ("order", "interlaced"),
    [
        *(("tt", True), ("bb", True), ("tb", True), ("bt", True)),
        *(("progressive", False), ("unknown", False)),
    ],
)
def test_fields_are_told_from_frames(order: str, interlaced: bool) -> None:
    assert read_probe(answer(PICTURE | {"field_order": order})).picture.interlaced == interlaced


@pytest.mark.parametrize(
    ("matrix", "mirrored"),
    [
        ("1 0 0 1", False),
        ("-1 0 0 1", True),
        ("1 0 0 -1", True),
        ("-1 0 0 -1", False),
        ("0 1 -1 0", False),
        ("0 -1 -1 0", True),
        ("0 x 1 0", False),
    ],
)
def test_a_mirrored_picture_is_told_from_a_turned_one(matrix: str, mirrored: bool) -> None:
    a, b, c, d = (number.replace("1", "65536") for number in matrix.split())
    printed = f"\n00000000: {a:>12} {b} 0\n00000001: {c} {d} 0\n00000002: 0 0 1073741824\n"
    side_data = [{"side_data_type": "x"}, {"displaymatrix": printed, "rotation": 0}]
    assert read_probe(answer(PICTURE | {"side_data_list": side_data})).picture.mirrored == mirrored


def test_the_containers_word_counts_where_the_stream_says_nothing() -> None:
    silent = {key: value for key, value in PICTURE.items() if key != "duration"}
    late = silent | {"start_time": "1.5"}
    found = read_probe(answer(late, duration="9.0", start_time="0.5")).picture
    assert (found.seconds, found.seconds_of) == (8.0, "file")
    tagged = late | {"tags": {"DURATION": "00:01:09.500000000"}}
    found = read_probe(answer(tagged, duration="99.0")).picture
    assert (found.seconds, found.seconds_of) == (68.0, "stream")
    found = read_probe(answer(PICTURE, duration="99.0")).picture
    assert (found.seconds, found.seconds_of) == (5.28, "stream")


def test_what_a_file_does_not_say_is_none() -> None:
    silent = {key: value for key, value in PICTURE.items() if key not in ("duration", "bit_rate")}
    found = read_probe(answer(silent))
    assert (found.seconds, found.bitrate, found.picture.seconds) == (None, None, None)
    assert found.sound is None


@pytest.mark.parametrize(
    ("turned", "rotation", "size"),
    [
        (0, 0, (1280, 720)),
        (-90, 90, (720, 1280)),
        (90, 270, (720, 1280)),
        (180, 180, (1280, 720)),
        (-180, 180, (1280, 720)),
        (-89.6, 90, (720, 1280)),
        (60, 0, (1280, 720)),
    ],
)
def test_sizes_are_those_of_the_upright_picture(
    turned: float, rotation: int, size: tuple[int, int]
) -> None:
    stream = PICTURE | {"side_data_list": [{"side_data_type": "x"}, {"rotation": turned}]}
    found = read_probe(answer(stream)).picture
    assert (found.rotation, (found.width, found.height)) == (rotation, size)


@pytest.mark.parametrize(
    ("ratio", "turned", "size"),
    [
        ("4:3", 0, (1707, 720)),
        ("8:9", 0, (1138, 720)),
        ("4:3", -90, (720, 1707)),
        ("0:1", 0, (1280, 720)),
        ("1:0", 0, (1280, 720)),
        ("1000:1", 0, (1280, 720)),
        ("nonsense", 0, (1280, 720)),
    ],
)
def test_sizes_are_in_square_pixels(ratio: str, turned: int, size: tuple[int, int]) -> None:
    stream = PICTURE | {"sample_aspect_ratio": ratio, "side_data_list": [{"rotation": turned}]}
    found = read_probe(answer(stream)).picture
    assert (found.width, found.height) == size
    assert found.pixels == 1280 * 720


def test_a_stream_that_starts_late_says_how_late() -> None:
    late = PICTURE | {"start_time": "1.520000"}
    assert read_probe(answer(late, start_time="0.020000")).picture.start == pytest.approx(1.5)


def test_cover_art_and_data_are_not_video() -> None:
    assert read_probe(answer(DATA, COVER, PICTURE | {"index": 7})).picture.index == 7
    preview = PICTURE | {"codec_name": "cinepak"}
    assert read_probe(answer(preview, PICTURE | {"index": 7})).picture.index == 7
    beside = [PICTURE | {"disposition": {key: 1}} for key in ("timed_thumbnails", "still_image")]
    with pytest.raises(PermanentError, match=r"^no_video_stream"):
        read_probe(answer(SOUND, COVER, DATA, *beside))


@pytest.mark.parametrize(
    ("streams", "code"),
    [
        ([], "corrupt_video"),
        ([DATA], "no_video_stream"),
        ([PICTURE | {"codec_name": "cinepak"}], "unsupported_video"),
        ([PICTURE, SOUND | {"codec_name": "unknown"}], "unsupported_video"),
        ([PICTURE, SOUND | {"codec_name": "pcm_s64le"}], "unsupported_video"),
        ([PICTURE | {"width": 0}], "corrupt_video"),
        ([PICTURE, SOUND | {"channels": 0}], "corrupt_video"),
        ([PICTURE, SOUND | {"sample_rate": "0"}], "corrupt_video"),
        ([PICTURE | {"width": "wide"}], "corrupt_video"),
    ],
)
def test_what_cannot_be_transcoded_is_refused(streams: list[dict[str, Any]], code: str) -> None:
    with pytest.raises(PermanentError) as refused:
        read_probe(answer(*streams))
    assert refused.value.code == code


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=5,
)


@given(field=st.sampled_from(sorted(PICTURE)), value=JSON)
def test_no_answer_breaks_the_reading(field: str, value: object) -> None:
    try:
        found = read_probe(answer(PICTURE | {field: value}))
    except PermanentError:
        return
    assert found.picture.width > 0
    assert found.picture.height > 0
