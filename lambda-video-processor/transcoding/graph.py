"""FFmpeg's filters that outputs share: from a source's pictures to even ones in SDR."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from ffmpeg.nodes import FilterableStream

Filter = tuple[str, dict[str, str | int | float]]
"""A filter's name and its options."""

# BT.2408: the luminance of diffuse white, in nits, which becomes the white of SDR.
_REFERENCE_WHITE = 203
# What is brighter than this many nits is cut off; few masters and no phone go beyond it.
_BRIGHTEST = 1000
_BT709 = dict.fromkeys(("color_primaries", "color_trc", "colorspace"), "bt709")
_TRANSFERS = {"pq": "smpte2084", "hlg": "arib-std-b67"}


@dataclass(frozen=True, slots=True)
class Look:
    """How a source's pictures are coded, and the constant rate that they are brought to.

    `colour_matrix` is to be assumed where the source declares none.
    """

    frame_rate: Fraction
    interlaced: bool
    hdr: Literal["", "pq", "hlg"]
    colour_matrix: Literal["declared", "bt601", "bt709"]


def timed(look: Look) -> list[Filter]:
    """Whole pictures at a constant rate, on a clock from zero: a late picture waits for its sound.

    Deinterlacing keeps the number of pictures; those that the source marks as whole stay untouched.
    """
    fields: list[Filter] = [("bwdif", {"mode": "send_frame", "deint": "interlaced"})]
    even: Filter = ("fps", {"fps": str(look.frame_rate), "start_time": 0})
    return [*(fields if look.interlaced else []), even]


def sized(look: Look, width: int, height: int, *, jpeg: str = "") -> list[Filter]:
    """Square pixels of BT.709 in 4:2:0, `width` x `height`.

    For a JPEG, `jpeg` is FFmpeg's pixel format of it, and colours are JFIF's. High dynamic range is
    scaled before it is converted, since the conversion of each pixel is dear.
    """
    matrix, span = ("bt601", "pc") if jpeg else ("bt709", "tv")
    scale: dict[str, str | int | float] = {"width": width, "height": height}
    ready: list[Filter] = [("format", {"pix_fmts": jpeg or "yuv420p"}), ("setsar", {"sar": 1})]
    if look.hdr:
        coded = {"matrix": "170m" if jpeg else "709", "range": span}
        return [
            ("scale", scale),
            *_to_sdr(look.hdr),
            ("zscale", {"transfer": "709", **coded}),
            *ready,
        ]
    if look.colour_matrix != "declared":
        scale["in_color_matrix"] = look.colour_matrix
    return [("scale", {**scale, "out_color_matrix": matrix, "out_range": span}), *ready]


def tagged() -> list[Filter]:
    """Says that pictures of `sized` are what they are."""
    return [("setparams", {"range": "tv", **_BT709})]


def _to_sdr(transfer: Literal["pq", "hlg"]) -> list[Filter]:
    """BT.2100 to BT.709, the highlights above diffuse white compressed.

    Tone mapping wants linear light in planes of floats.
    """
    return [
        (
            "setparams",
            {
                "color_primaries": "bt2020",
                "color_trc": _TRANSFERS[transfer],
                "colorspace": "bt2020nc",
            },
        ),
        ("zscale", {"transfer": "linear", "npl": _REFERENCE_WHITE}),
        ("format", {"pix_fmts": "gbrpf32le"}),
        ("zscale", {"primaries": "709"}),
        ("tonemap", {"tonemap": "mobius", "desat": 0, "peak": _BRIGHTEST / _REFERENCE_WHITE}),
    ]


def applied(picture: FilterableStream, filters: Sequence[Filter]) -> FilterableStream:
    """The filters as nodes of a graph that outputs share."""
    for name, options in filters:
        picture = picture.filter(name, **options)
    return picture


def spelled(filters: Sequence[Filter]) -> str:
    """The filters as a graph of one output's own, after FFmpeg's two levels of escaping."""
    return ",".join(
        name
        + ("=" if options else "")
        + ":".join(f"{key}={_escaped(value)}" for key, value in options.items())
        for name, options in filters
    )


def _escaped(value: object) -> str:
    """An option's value in a filter's options, these in a graph: ffmpeg-filters(1), on escaping."""
    text = str(value)
    for specials in ("\\':", "\\'[],;"):
        text = "".join(f"\\{char}" if char in specials else char for char in text)
    return text
