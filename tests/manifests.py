"""A judge of DASH manifests: ISO/IEC 23009-1 as far as it lists segments, and PyAV for the media.

Elements are to come in the order of the standard's schema, with no attributes but those that are
judged here.
"""

from __future__ import annotations

import io
import re
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from urllib.parse import unquote
from xml.etree import ElementTree

import av

from pieces import Piece, assert_objects_are_used_up, coded_frames

_SPACE = "{urn:mpeg:dash:schema:mpd:2011}"
_SECONDS = re.compile(r"PT(\d+(?:\.\d+)?)S")


@dataclass(frozen=True)
class Representation:
    """One rendition; `starts` are when its segments begin, and when the last one ends."""

    attributes: dict[str, str]
    init: Piece
    pieces: list[Piece]
    starts: list[Fraction]

    def bandwidth(self, buffer: Fraction) -> Fraction:
        """@bandwidth by its definition (5.3.5.2), the slow way.

        At this rate, whatever segment playing begins with, and once a buffer of `buffer` seconds
        has been filled, every later segment has come when it is to be shown.
        """
        needed = []
        for first in range(len(self.pieces)):
            for last in range(first, len(self.pieces)):
                bits = 8 * sum(piece.size for piece in self.pieces[first : last + 1])
                needed.append(bits / (buffer + self.starts[last] - self.starts[first]))
        return max(needed)


@dataclass(frozen=True)
class AdaptationSet:
    """What players choose among by bandwidth. `label` and `role` are those of sound."""

    attributes: dict[str, str]
    label: str | None
    role: str | None
    representations: list[Representation]


@dataclass(frozen=True)
class Manifest:
    """A static manifest of one period; `sounds` are in its order."""

    seconds: Fraction
    pictures: AdaptationSet
    sounds: list[AdaptationSet]


def read_manifest(path: Path) -> Manifest:
    """Reads a manifest and all the media that it names, asserting the standard on the way."""
    text = path.read_text(encoding="utf-8")
    assert text.startswith('<?xml version="1.0" encoding="UTF-8"?>\n')
    mpd = ElementTree.fromstring(text)  # noqa: S314 - the project's own output
    assert mpd.tag == f"{_SPACE}MPD"
    seconds = _seconds(mpd.attrib.pop("mediaPresentationDuration"))
    buffer = _seconds(mpd.attrib.pop("minBufferTime"))
    assert mpd.attrib == {"profiles": "urn:mpeg:dash:profile:isoff-main:2011", "type": "static"}
    (period,) = _children(mpd, "Period")
    assert set(period.attrib) == {"id", "start"}
    assert _seconds(period.attrib["start"]) == 0
    sets = [_read_adaptation_set(path, one) for one in _children(period, "AdaptationSet")]
    assert len({one.attributes["id"] for one in sets}) == len(sets)
    pictures, *sounds = sets
    manifest = Manifest(seconds, pictures, sounds)
    _judge_period(manifest, buffer)
    return manifest


def _seconds(duration: str) -> Fraction:
    match = _SECONDS.fullmatch(duration)
    assert match, f"not a duration: {duration}"
    return Fraction(match[1])


def _children(element: ElementTree.Element, *order: str) -> list[ElementTree.Element]:
    """All children, which are to be of these kinds and in this order."""
    kinds = [child.tag.removeprefix(_SPACE) for child in element]
    assert kinds == sorted(kinds, key=order.index)
    return list(element)


def _read_adaptation_set(path: Path, element: ElementTree.Element) -> AdaptationSet:
    attributes = dict(element.attrib)
    kind = attributes["contentType"]
    assert attributes["mimeType"] == f"{kind}/mp4"
    assert attributes["segmentAlignment"] == "true"
    assert attributes["startWithSAP"] == "1"
    of_sound = ["AudioChannelConfiguration", "Label", "Role"] if kind == "audio" else []
    children = _children(element, *of_sound, "Representation")
    facts = {child.tag.removeprefix(_SPACE): child for child in children[: len(of_sound)]}
    assert list(facts) == of_sound
    representations = [_read_representation(path, one) for one in children[len(of_sound) :]]
    if kind == "audio":
        assert facts["Role"].attrib["schemeIdUri"] == "urn:mpeg:dash:role:2011"
        _judge_channels(facts["AudioChannelConfiguration"], representations)
    return AdaptationSet(
        attributes,
        facts["Label"].text if of_sound else None,
        facts["Role"].attrib["value"] if of_sound else None,
        representations,
    )


def _read_representation(path: Path, element: ElementTree.Element) -> Representation:
    *base, segments = _children(element, "BaseURL", "SegmentList")
    named = unquote(base[0].text or "") if base else None
    assert set(segments.attrib) == {"timescale"}
    initialization, timeline, *urls = _children(
        segments, "Initialization", "SegmentTimeline", "SegmentURL"
    )
    init = _piece(path, named, initialization.attrib, "sourceURL", "range")
    pieces = [_piece(path, named, url.attrib, "media", "mediaRange") for url in urls]
    assert_objects_are_used_up(init, pieces)
    ticks = _ticks(_children(timeline, "S"))
    assert len(ticks) == len(pieces) + 1
    timescale = int(segments.attrib["timescale"])
    starts = [Fraction(tick, timescale) for tick in ticks]
    return Representation(dict(element.attrib), init, pieces, starts)


def _piece(
    path: Path, named: str | None, attributes: dict[str, str], url: str, byte_range: str
) -> Piece:
    """A whole object by its URL, or from the first to the last byte of what `BaseURL` names."""
    if named is None:
        assert set(attributes) == {url}
        found = path.parent / unquote(attributes[url])
        return Piece(found, 0, found.stat().st_size)
    assert set(attributes) == {byte_range}
    match = re.fullmatch(r"(\d+)-(\d+)", attributes[byte_range])
    assert match
    return Piece(path.parent / named, int(match[1]), int(match[2]) - int(match[1]) + 1)


def _ticks(entries: list[ElementTree.Element]) -> list[int]:
    """When segments begin, and when the last one ends (5.3.9.6)."""
    ticks = [int(entries[0].attrib.get("t", "0"))]
    for number, entry in enumerate(entries):
        assert set(entry.attrib) <= ({"d", "r"} if number else {"t", "d", "r"})
        assert int(entry.attrib["d"]) > 0
        for _ in range(int(entry.attrib.get("r", "0")) + 1):
            ticks.append(ticks[-1] + int(entry.attrib["d"]))
    return ticks


def _judge_channels(configuration: ElementTree.Element, sounds: list[Representation]) -> None:
    scheme = "urn:mpeg:dash:23003:3:audio_channel_configuration:2011"
    assert configuration.attrib["schemeIdUri"] == scheme
    for sound in sounds:
        assert set(sound.attributes) == {"id", "codecs", "bandwidth", "audioSamplingRate"}
        assert sound.attributes["codecs"] == "mp4a.40.2"
        media = io.BytesIO(sound.init.read() + sound.pieces[0].read())
        with av.open(media, mode="r") as container:
            frame = next(container.decode(container.streams.audio[0]))
        assert int(configuration.attrib["value"]) == frame.layout.nb_channels
        assert sound.attributes["audioSamplingRate"] == str(frame.sample_rate)


def _judge_period(manifest: Manifest, buffer: Fraction) -> None:
    sets = [manifest.pictures, *manifest.sounds]
    assert [one.attributes["contentType"] for one in sets] == [
        "video",
        *["audio"] * len(manifest.sounds),
    ]
    assert [one.role for one in manifest.sounds] == [
        "main" if number == 0 else "alternate" for number in range(len(manifest.sounds))
    ]
    everything = [one for each in sets for one in each.representations]
    assert len({one.attributes["id"] for one in everything}) == len(everything)
    assert abs(manifest.seconds - max(one.starts[-1] for one in everything)) < Fraction(1, 10**6)
    for starts in zip(*(one.starts for one in manifest.pictures.representations), strict=True):
        assert max(starts) - min(starts) < Fraction(1, 1000), "segments are aligned"
    for one in everything:
        _judge_segments(one)
        assert 0 <= int(one.attributes["bandwidth"]) - one.bandwidth(buffer) < 1
    for picture in manifest.pictures.representations:
        _judge_picture(picture)


def _judge_segments(representation: Representation) -> None:
    """Segments can be decoded by themselves and are shown exactly when it says."""
    init, starts = representation.init, representation.starts
    for piece, start, end in zip(representation.pieces, starts, starts[1:], strict=False):
        frames = coded_frames(init, piece)
        assert frames[0].is_key
        assert frames[0].time == min(frame.time for frame in frames), "SAP of type 1"
        assert max(Fraction(0), frames[0].time) == start
        assert max(frame.time + frame.seconds for frame in frames) == end


def _judge_picture(picture: Representation) -> None:
    attributes = picture.attributes
    assert set(attributes) == {"id", "codecs", "bandwidth", "width", "height", "frameRate"}
    with av.open(io.BytesIO(picture.init.read() + picture.pieces[0].read()), mode="r") as media:
        stream = media.streams.video[0]
        assert (attributes["width"], attributes["height"]) == (
            str(stream.width),
            str(stream.height),
        )
        # avcC (ISO/IEC 14496-15, 5.3.3.1): profile, constraints and level follow the version.
        profile = (stream.codec_context.extradata or b"")[1:4].hex()
        assert attributes["codecs"] == f"avc1.{profile}"
    frames = sum(len(coded_frames(picture.init, piece)) for piece in picture.pieces)
    assert re.fullmatch(r"[0-9]+(/[1-9][0-9]*)?", attributes["frameRate"])
    measured = frames / (picture.starts[-1] - picture.starts[0])
    assert abs(Fraction(attributes["frameRate"]) - measured) < Fraction(1, 500)
