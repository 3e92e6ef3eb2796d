"""From what a video is to what is made of it: arithmetic, no FFmpeg."""

from __future__ import annotations

import json
from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from media_pipeline.failures import PermanentError
from media_pipeline.recipe import Videos, load_recipe
from transcoding.plan import Plan, below, frame_rate, ladder, plan
from transcoding.probe import Picture, Probe, Sound

DEFAULTS = load_recipe().videos
SOUND = Sound(1, "aac", 2, 44100, 128_000, "en", None)


def picture(**facts: object) -> Picture:
    usual: dict[str, object] = {
        "index": 0,
        "codec": "h264",
        "width": 1920,
        "height": 1080,
        "pixels": 1920 * 1080,
        "rotation": 0,
        "mirrored": False,
        "sample_aspect_ratio": Fraction(1),
        "pixel_format": "yuv420p",
        "interlaced": False,
        "colour_matrix": "bt709",
        "transfer": "bt709",
        "primaries": "bt709",
        "hdr": "",
        "mean_rate": Fraction(25),
        "base_rate": Fraction(25),
        "start": 0.0,
        "seconds": 20.0,
        "seconds_of": "stream",
        "bitrate": 8_000_000,
    }
    return Picture(**(usual | facts))  # type: ignore[arg-type]


def planned(recipe: Videos = DEFAULTS, *, sound: bool = True, **facts: object) -> Plan:
    shown = picture(**facts)
    heard = (SOUND,) if sound else ()
    return plan(Probe("mp4", shown.seconds, None, shown, heard), recipe)


def differing(**differences: object) -> Videos:
    return load_recipe(json.dumps({"videos": differences})).videos


def sizes(width: int, height: int) -> list[tuple[str, int, int]]:
    return [(rung.name, rung.width, rung.height) for rung in ladder(width, height, DEFAULTS.ladder)]


@pytest.mark.parametrize(
    ("width", "height", "rungs"),
    [
        (
            1920,
            1080,
            [("360p", 640, 360), ("480p", 854, 480), ("720p", 1280, 720), ("1080p", 1920, 1080)],
        ),
        (
            3840,
            2160,
            [("360p", 640, 360), ("480p", 854, 480), ("720p", 1280, 720), ("1080p", 1920, 1080)],
        ),
        (
            1080,
            1920,
            [("360p", 360, 640), ("480p", 480, 854), ("720p", 720, 1280), ("1080p", 1080, 1920)],
        ),
        (
            1080,
            1440,
            [("360p", 360, 480), ("480p", 480, 640), ("720p", 720, 960), ("1080p", 1080, 1440)],
        ),
        (720, 720, [("360p", 360, 360), ("480p", 480, 480), ("720p", 720, 720)]),
        (
            1921,
            1081,
            [("360p", 640, 360), ("480p", 852, 480), ("720p", 1280, 720), ("1080p", 1920, 1080)],
        ),
        (1918, 1078, [("360p", 640, 360), ("480p", 854, 480), ("720p", 1282, 720)]),
        (1000, 480, [("360p", 750, 360), ("480p", 1000, 480)]),
        (641, 359, [("358p", 640, 358)]),
        (568, 320, [("320p", 568, 320)]),
        (320, 568, [("320p", 320, 568)]),
        (33, 17, [("16p", 32, 16)]),
        (1, 1, [("2p", 2, 2)]),
    ],
)
def test_rungs_are_chosen_by_the_short_side(
    width: int, height: int, rungs: list[tuple[str, int, int]]
) -> None:
    assert sizes(width, height) == rungs


@given(width=st.integers(2, 8192), height=st.integers(2, 8192))
def test_rungs_have_even_sides_keep_the_shape_and_never_upscale(width: int, height: int) -> None:
    rungs = ladder(width, height, DEFAULTS.ladder)
    assert rungs
    assert [min(rung.width, rung.height) for rung in rungs] == sorted(
        min(rung.width, rung.height) for rung in rungs
    )
    for rung in rungs:
        assert rung.width % 2 == rung.height % 2 == 0
        assert rung.width <= width
        assert rung.height <= height
        scale = min(rung.width, rung.height) / min(width, height)
        assert abs(rung.width - width * scale) <= 2
        assert abs(rung.height - height * scale) <= 2


def test_a_source_below_the_ladder_gets_fewer_bits_but_more_per_pixel() -> None:
    (own,) = ladder(426, 240, DEFAULTS.ladder)
    lowest = DEFAULTS.ladder["360p"]
    assert own.bitrate == pytest.approx(lowest.bitrate * (240 / 360) ** 1.5, abs=1)
    assert own.max_bitrate / own.bitrate == pytest.approx(1.5, abs=0.001)
    assert own.buffer / own.bitrate == pytest.approx(2.0, abs=0.001)
    assert ladder(16, 16, DEFAULTS.ladder)[0].bitrate == 64_000


def test_rungs_are_ordered_however_the_recipe_lists_them() -> None:
    listed = dict(reversed(DEFAULTS.ladder.items()))
    assert [rung.name for rung in ladder(1920, 1080, listed)] == ["360p", "480p", "720p", "1080p"]


@pytest.mark.parametrize(
    ("mean", "base", "most", "rate"),
    [
        ("25", "25", 60, "25"),
        ("30000/1001", "30000/1001", 60, "30000/1001"),
        ("24000/1001", "24000/1001", 60, "24000/1001"),
        ("72000/2401", "30000/1001", 60, "30000/1001"),  # a phone's, timed in 600ths of a second
        ("30", "30", 60, "30"),
        ("10", "10", 60, "10"),
        ("12.5", "12.5", 60, "12.5"),
        ("18", "18", 60, "18"),
        ("1", "1", 60, "1"),
        ("1/10", "1/10", 60, "1"),
        ("25", "50", 60, "25"),  # frames told in fields
        ("29.1", "30", 60, "30"),  # a few frames missing
        ("29.87", "90000", 60, "30000/1001"),  # not on any grid, but nearly at a standard rate
        ("12600/1703", "600", 60, "30"),  # anything between 4 and 26 frames a second
        ("41.3", "90000", 60, "60"),
        ("120", "120", 60, "60"),
        ("240000/1001", "240000/1001", 60, "60000/1001"),
        ("50", "50", 30, "25"),
        ("60", "60", 25, "20"),
        ("7.4", "600", 24, "24"),
        ("0", "0", 60, "30"),
        ("0", "25", 60, "25"),
    ],
)
def test_the_frame_rate_is_the_nominal_one(mean: str, base: str, most: int, rate: str) -> None:
    shown = picture(mean_rate=Fraction(mean), base_rate=Fraction(base))
    assert frame_rate(shown, most) == Fraction(rate)


@given(
    mean=st.fractions(0, 1000, max_denominator=2000),
    base=st.fractions(0, 100_000, max_denominator=2000),
    most=st.integers(1, 120),
)
def test_the_frame_rate_is_always_one_that_can_be_encoded(
    mean: Fraction, base: Fraction, most: int
) -> None:
    rate = frame_rate(picture(mean_rate=mean, base_rate=base), most)
    assert 0 < rate <= most


@pytest.mark.parametrize(
    ("rate", "frames"), [("25", 50), ("30000/1001", 60), ("24000/1001", 48), ("10", 20), ("1", 2)]
)
def test_groups_of_pictures_are_whole_frames(rate: str, frames: int) -> None:
    made = planned(mean_rate=Fraction(rate), base_rate=Fraction(rate))
    assert made.gop_frames == frames
    assert made.gop_seconds == frames / Fraction(rate)


def test_candidates_for_the_poster_are_spread_over_the_video() -> None:
    times = planned(seconds=24.0).poster_times
    assert times == tuple(1.0 + 2.0 * number for number in range(11))
    assert planned(seconds=None).poster_times[:3] == (2.5, 7.5, 12.5)


def test_the_first_sounds_are_kept_as_many_as_the_recipe_says() -> None:
    shown = picture()
    sounds = tuple(replace(SOUND, index=1 + at, title=f"Track {at}") for at in range(3))
    probe = Probe("mp4", 20.0, None, shown, sounds)
    assert [sound.index for sound in plan(probe, DEFAULTS).sounds] == [1]
    two = plan(probe, differing(audio={"tracks": 2})).sounds
    assert [(sound.name, sound.language) for sound in two] == [("Track 0", "en"), ("Track 1", "en")]


def test_a_top_rung_of_few_bits_leaves_fewer_to_the_others() -> None:
    made = planned()
    cheap = below(made, 1_000_000)
    assert cheap.top == made.top
    for rung in cheap.rungs[:-1]:
        share = rung.width * rung.height / (1920 * 1080)
        assert rung.bitrate == pytest.approx(1_000_000 * share**0.75, abs=1)
        assert rung.max_bitrate == pytest.approx(1.5 * rung.bitrate, abs=2)
    assert below(made, 50_000_000) == made


def test_the_estimate_counts_rungs_downloads_and_sounds() -> None:
    rungs = 800_000 + 1_400_000 + 2_800_000 + 5_000_000
    expected = (rungs + 5_000_000 + 2 * 128_000) * 20 / 8
    assert planned(seconds=20.0).estimated_bytes == expected
    assert planned(seconds=None).estimated_bytes == 0


def test_loudness_has_a_target_only_where_it_is_normalised() -> None:
    assert planned().loudness_target is None
    recipe = differing(audio={"loudness": "normalised", "loudness_target": -20})
    assert planned(recipe).loudness_target == -20


def test_downloads_name_rungs_that_are_made() -> None:
    recipe = differing(downloads=["1080p", "top", "480p", "top"])
    assert planned(recipe).downloads == ("1080p", "480p")
    assert planned(recipe, width=1280, height=720).downloads == ("720p", "480p")
    assert planned(recipe, width=568, height=320).downloads == ("320p",)
    assert planned(differing(downloads=[])).downloads == ()


def test_a_video_without_sound_has_none_planned() -> None:
    assert planned(sound=False).sounds == ()


def test_an_undeclared_colour_matrix_is_guessed_by_size() -> None:
    assert planned(colour_matrix="smpte170m").look.colour_matrix == "declared"
    assert planned(colour_matrix="unknown").look.colour_matrix == "bt709"
    assert planned(colour_matrix="unknown", width=720, height=576).look.colour_matrix == "bt601"
    assert planned(colour_matrix="unknown", width=720, height=1280).look.colour_matrix == "bt709"


def test_a_late_picture_lasts_from_the_start_of_the_file() -> None:
    assert planned(start=1.5, seconds=2.0).seconds == 3.5


@pytest.mark.parametrize(
    ("fact", "value", "code"),
    [
        ("pixels", 8192 * 4320 + 1, "video_too_large"),
        ("width", 33000, "video_too_large"),  # stretched by its aspect ratio
        ("seconds", 7200.6, "video_too_long"),
    ],
)
def test_what_is_beyond_the_limits_is_refused(fact: str, value: float, code: str) -> None:
    beyond = Probe("mp4", None, None, picture(**{fact: value}), ())
    with pytest.raises(PermanentError) as refused:
        plan(beyond, DEFAULTS)
    assert refused.value.code == code


def test_what_is_at_the_limits_is_taken() -> None:
    assert planned(width=8192, height=4320, pixels=8192 * 4320, seconds=7200.0).rungs


@pytest.mark.parametrize(
    ("renditions", "size"),
    [
        ({"thumb": {"box": [640, 640]}}, (640, 360)),
        ({"thumb": {"box": [640, 640]}, "card": {"width": 960}}, (960, 540)),
        ({"square": {"box": [400, 400], "fit": "cover"}}, (712, 400)),
        ({"wide": {"width": 4000}}, (1920, 1080)),
        ({"low": {"box": [4000, 90]}}, (160, 90)),
    ],
)
def test_the_poster_is_as_large_as_its_renditions_need_it(
    renditions: dict[str, dict[str, object]], size: tuple[int, int]
) -> None:
    formats = {"formats": {"jpg": {"quality": 80}}}
    words = {name: {**rendition, **formats} for name, rendition in renditions.items()}
    assert planned(differing(poster={"renditions": words})).poster_size == size
