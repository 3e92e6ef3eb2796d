"""ffprobe's answers, read."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from media_pipeline.failures import PermanentError
from transcoding.probe import read_probe

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


def test_quicktime_is_known_by_its_brand() -> None:
    assert read_probe(answer(PICTURE, tags={"major_brand": "qt  "})).container == "mov"


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
    with pytest.raises(PermanentError, match=r"^no_video_stream"):
        read_probe(answer(SOUND, COVER, DATA))


@pytest.mark.parametrize(
    ("streams", "code"),
    [
        ([], "no_video_stream"),
        ([PICTURE | {"codec_name": "mpeg2video"}], "unsupported_video"),
        ([PICTURE | {"color_transfer": "smpte2084"}], "unsupported_video"),
        ([PICTURE | {"color_transfer": "arib-std-b67"}], "unsupported_video"),
        ([PICTURE, SOUND | {"codec_name": "unknown"}], "unsupported_video"),
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
