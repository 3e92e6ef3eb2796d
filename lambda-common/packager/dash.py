"""Writes a DASH manifest (ISO/IEC 23009-1) over the media of an HLS stream.

The profile is the main one: segments are listed, with their byte ranges or URLs, since the media
have no `sidx`, which the on-demand profile asks for.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from fractions import Fraction
from itertools import groupby, pairwise
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

from packager.hls import Addressed
from packager.renditions import Layout, Rendition

CONTENT_TYPE = "application/dash+xml"
_CHANNELS = "urn:mpeg:dash:23003:3:audio_channel_configuration:2011"
_ROLE = "urn:mpeg:dash:role:2011"
# What a frame rate's denominator can be at most: that of 30000/1001.
_NTSC = 1001


def manifest(pictures: Sequence[Rendition], sounds: Sequence[Rendition], layout: Layout) -> str:
    """A static MPD: one period, one adaptation set of all pictures, and one of each sound.

    The first of `sounds` is the main one.
    """
    renditions = [*pictures, *sounds]
    buffer = max(math.ceil(segment.seconds) for one in renditions for segment in one.segments)
    attributes = {
        "xmlns": "urn:mpeg:dash:schema:mpd:2011",
        "profiles": "urn:mpeg:dash:profile:isoff-main:2011",
        "type": "static",
        "mediaPresentationDuration": _duration(max(one.edges()[-1] for one in renditions)),
        "minBufferTime": _duration(Fraction(buffer)),
    }
    mpd = Element("MPD", attributes)
    period = SubElement(mpd, "Period", {"id": "1", "start": "PT0S"})
    adaptation = _adaptation_set(period, "video", {})
    for picture in pictures:
        of_picture = {
            "width": str(picture.track.width),
            "height": str(picture.track.height),
            "frameRate": str(picture.track.sample_rate.limit_denominator(_NTSC)),
        }
        _representation(adaptation, picture, of_picture, buffer, layout)
    for number, sound in enumerate(sounds):
        _sound(period, sound, "alternate" if number else "main", buffer, layout)
    ElementTree.indent(mpd)
    # `tostring` would declare the encoding of the machine's locale.
    text = ElementTree.tostring(mpd, encoding="unicode")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{text}\n'


def _duration(seconds: Fraction) -> str:
    """An xs:duration, to the microsecond."""
    return f"PT{float(seconds):.6f}".rstrip("0").rstrip(".") + "S"


def _adaptation_set(period: Element, kind: str, further: Mapping[str, str]) -> Element:
    return SubElement(
        period,
        "AdaptationSet",
        {
            "id": str(len(period) + 1),
            "contentType": kind,
            "mimeType": f"{kind}/mp4",
            "segmentAlignment": "true",
            "startWithSAP": "1",
            **further,
        },
    )


def _sound(period: Element, sound: Rendition, role: str, buffer: int, layout: Layout) -> None:
    language = {"lang": sound.language} if sound.language else {}
    adaptation = _adaptation_set(period, "audio", language)
    channels = {"schemeIdUri": _CHANNELS, "value": str(sound.track.channels)}
    SubElement(adaptation, "AudioChannelConfiguration", channels)
    SubElement(adaptation, "Label").text = sound.title
    SubElement(adaptation, "Role", {"schemeIdUri": _ROLE, "value": role})
    rate = {"audioSamplingRate": str(sound.track.sampling_rate)}
    _representation(adaptation, sound, rate, buffer, layout)


def _representation(
    adaptation: Element,
    rendition: Rendition,
    further: Mapping[str, str],
    buffer: int,
    layout: Layout,
) -> None:
    """Everything of a rendition; `further` are attributes that pictures or sounds have alone."""
    timescale = rendition.track.timescale
    edges = [round(edge * timescale) for edge in rendition.edges()]
    sizes = [segment.size for segment in rendition.segments]
    attributes = {
        "id": rendition.name,
        "codecs": rendition.track.codec,
        "bandwidth": str(_bandwidth(sizes, edges, buffer * timescale, timescale)),
        **further,
    }
    representation = SubElement(adaptation, "Representation", attributes)
    init = rendition.init(layout)
    if init.byte_range:
        SubElement(representation, "BaseURL").text = init.uri
    listed = SubElement(representation, "SegmentList", {"timescale": str(timescale)})
    SubElement(listed, "Initialization", _address(init, "sourceURL", "range"))
    _timeline(SubElement(listed, "SegmentTimeline"), edges)
    for segment in rendition.media(layout):
        SubElement(listed, "SegmentURL", _address(segment, "media", "mediaRange"))


def _address(addressed: Addressed, url: str, byte_range: str) -> dict[str, str]:
    """By URL, or by first and last byte of what `BaseURL` names."""
    if addressed.byte_range is None:
        return {url: addressed.uri}
    size, offset = addressed.byte_range
    return {byte_range: f"{offset}-{offset + size - 1}"}


def _timeline(timeline: Element, edges: Sequence[int]) -> None:
    """Lengths of segments in ticks, equal ones in a row as repeats (5.3.9.6)."""
    lengths = [end - begin for begin, end in pairwise(edges)]
    for length, alike in groupby(lengths):
        attributes = {} if len(timeline) else {"t": str(edges[0])}
        attributes["d"] = str(length)
        repeats = sum(1 for _ in alike) - 1
        if repeats:
            attributes["r"] = str(repeats)
        SubElement(timeline, "S", attributes)


def _bandwidth(sizes: Sequence[int], edges: Sequence[int], buffer: int, timescale: int) -> int:
    """The least bits per second with which nobody waits (5.3.5.2).

    Wherever playing begins, as soon as `buffer` ticks' worth has come, every segment is there when
    its turn comes. Edges are ticks, sizes bytes.
    """
    bits = [8 * size * timescale for size in sizes]

    def suffices(rate: int) -> bool:
        come, ahead = 0, 0
        for size, begin in zip(bits, edges, strict=False):
            # How far delivery can be ahead of the clock at most, whatever segment was first.
            ahead = min(ahead, come - rate * (begin - edges[0]))
            come += size
            if come - rate * (begin - edges[0]) - ahead > rate * buffer:
                return False
        return True

    return bisect_left(range(-(-sum(bits) // buffer)), True, key=suffices)
