"""A judge of HLS streams: RFC 8216 read line by line, and PyAV for what is in the media."""

from __future__ import annotations

import io
import re
from dataclasses import dataclass
from pathlib import Path

import av

from media_playlists import (
    Playlist,
    playlist_lines,
    quoted,
    read_attributes,
    read_key_frame_playlist,
    read_media_playlist,
)
from pieces import coded_frames

Attributes = dict[str, str]


@dataclass(frozen=True)
class MasterVariant:
    """One `EXT-X-STREAM-INF` and the playlist under it."""

    attributes: Attributes
    playlist: Playlist


@dataclass(frozen=True)
class Master:
    """A master playlist that keeps to RFC 8216, and everything it leads to.

    `sounds` are in the playlist's order, `key_frames` in that of the variants that they belong to.
    """

    variants: list[MasterVariant]
    sounds: list[MasterVariant]
    key_frames: list[MasterVariant]

    @property
    def sound(self) -> Playlist | None:
        return self.sounds[0].playlist if self.sounds else None

    @property
    def sound_attributes(self) -> Attributes:
        return self.sounds[0].attributes if self.sounds else {}

    @property
    def playlists(self) -> list[Playlist]:
        return [variant.playlist for variant in [*self.variants, *self.sounds]]


def read_master(path: Path) -> Master:
    """Reads a master playlist and all that it names, asserting RFC 8216 and the media on the way.

    Also holds true here: playlists are complete (VOD), objects are used up without gaps, and what
    is declared was measured from the media by PyAV.
    """
    tags = _master_tags(playlist_lines(path))
    assert tags.variants
    variants = [
        MasterVariant(attributes, read_media_playlist(path.parent / uri))
        for attributes, uri in tags.variants
    ]
    sounds = [_read_sound(path, attributes) for attributes in tags.media]
    _judge_sounds(sounds)
    assert len(tags.key_frames) == len(variants), "each variant's key frames, in the same order"
    key_frames = [
        MasterVariant(
            attributes,
            read_key_frame_playlist(path.parent / quoted(attributes["URI"]), variant.playlist),
        )
        for attributes, variant in zip(tags.key_frames, variants, strict=True)
    ]
    master = Master(variants, sounds, key_frames)
    assert len({playlist.target for playlist in master.playlists}) == 1, "one target (6.2.4)"
    for variant, frames in zip(variants, key_frames, strict=True):
        _judge_variant(variant, master)
        _judge_key_frames(frames, variant)
    return master


@dataclass(frozen=True)
class _Tags:
    """`EXT-X-MEDIA`, `EXT-X-STREAM-INF` with its URI, and `EXT-X-I-FRAME-STREAM-INF`."""

    media: list[Attributes]
    variants: list[tuple[Attributes, str]]
    key_frames: list[Attributes]


def _master_tags(lines: list[str]) -> _Tags:
    tags = _Tags([], [], [])
    pending: Attributes | None = None
    assert lines.count("#EXT-X-INDEPENDENT-SEGMENTS") == 1
    for line in lines:
        name, _, value = line.partition(":")
        if pending is not None:
            assert not line.startswith("#"), "EXT-X-STREAM-INF is to be followed by its URI"
            tags.variants.append((pending, line))
            pending = None
        elif name == "#EXT-X-STREAM-INF":
            pending = read_attributes(value)
        elif name == "#EXT-X-MEDIA":
            tags.media.append(read_attributes(value))
        elif name == "#EXT-X-I-FRAME-STREAM-INF":
            tags.key_frames.append(read_attributes(value))
        else:
            assert name in ("#EXT-X-VERSION", "#EXT-X-INDEPENDENT-SEGMENTS"), f"not here: {line}"
    assert pending is None
    return tags


def _read_sound(master: Path, attributes: Attributes) -> MasterVariant:
    assert attributes["TYPE"] == "AUDIO"
    assert quoted(attributes["GROUP-ID"])
    assert quoted(attributes["NAME"])
    assert attributes["DEFAULT"] in ("YES", "NO")
    assert attributes["AUTOSELECT"] in ("YES", "NO")
    if "LANGUAGE" in attributes:
        assert re.fullmatch(r"[A-Za-z0-9]+(-[A-Za-z0-9]+)*", quoted(attributes["LANGUAGE"]))
    playlist = read_media_playlist(master.parent / quoted(attributes["URI"]))
    with av.open(io.BytesIO(playlist.init.read() + playlist.pieces[0].read()), mode="r") as media:
        channels = next(media.decode(media.streams.audio[0])).layout.nb_channels
    assert quoted(attributes["CHANNELS"]) == str(channels)
    return MasterVariant(attributes, playlist)


def _judge_sounds(sounds: list[MasterVariant]) -> None:
    """One group, in which players find one default and nothing ambiguous (4.3.4.1.1)."""
    attributes = [sound.attributes for sound in sounds]
    assert len({one["GROUP-ID"] for one in attributes}) <= 1
    assert len({one["NAME"] for one in attributes}) == len(attributes)
    defaults = [one["DEFAULT"] for one in attributes]
    assert defaults == ["YES", *["NO"] * (len(defaults) - 1)][: len(defaults)]
    assert all(one["AUTOSELECT"] == "YES" for one in attributes if one["DEFAULT"] == "YES")
    chosen = [one.get("LANGUAGE") for one in attributes if one["AUTOSELECT"] == "YES"]
    assert len(set(chosen)) == len(chosen)
    assert set(chosen) == {one.get("LANGUAGE") for one in attributes}


def _judge_variant(variant: MasterVariant, master: Master) -> None:
    attributes, playlist = variant.attributes, variant.playlist
    heard = [sound.playlist for sound in master.sounds]
    peak = playlist.peak() + max((sound.peak() for sound in heard), default=0)
    average = playlist.average() + max((sound.average() for sound in heard), default=0)
    # EXTINF has six decimals, so that a rate read from it is as far off as a microsecond is long.
    assert -1e-6 * peak <= int(attributes["BANDWIDTH"]) - peak <= 2
    assert -1e-6 * average <= int(attributes["AVERAGE-BANDWIDTH"]) - average <= 2
    assert ("AUDIO" in attributes) == bool(heard)
    if heard:
        assert attributes["AUDIO"] == master.sound_attributes["GROUP-ID"]
    codec = _judge_picture(attributes, playlist)
    codecs = [codec, *(["mp4a.40.2"] if heard else [])]
    assert quoted(attributes["CODECS"]) == ",".join(codecs)
    first = playlist.pieces[0]
    rate = len(coded_frames(playlist.init, first)) / first.seconds
    assert re.fullmatch(r"\d+\.\d{3}", attributes["FRAME-RATE"])
    assert abs(float(attributes["FRAME-RATE"]) - rate) < 0.002


def _judge_picture(attributes: Attributes, playlist: Playlist) -> str:
    """RESOLUTION as it is declared and is; the answer is the codec as it is to be declared."""
    with av.open(io.BytesIO(playlist.init.read() + playlist.pieces[0].read()), mode="r") as media:
        stream = media.streams.video[0]
        assert attributes["RESOLUTION"] == f"{stream.width}x{stream.height}"
        # avcC (ISO/IEC 14496-15, 5.3.3.1): profile, constraints and level follow the version.
        return f"avc1.{(stream.codec_context.extradata or b'')[1:4].hex()}"


def _judge_key_frames(frames: MasterVariant, variant: MasterVariant) -> None:
    """4.3.4.3: as a variant, but of the picture alone."""
    attributes, playlist = frames.attributes, frames.playlist
    declared = {"BANDWIDTH", "AVERAGE-BANDWIDTH", "CODECS", "RESOLUTION", "URI"}
    assert set(attributes) == declared
    peak, average = playlist.peak(), playlist.average()
    assert -1e-6 * peak <= int(attributes["BANDWIDTH"]) - peak <= 2
    assert -1e-6 * average <= int(attributes["AVERAGE-BANDWIDTH"]) - average <= 2
    assert quoted(attributes["CODECS"]) == _judge_picture(attributes, variant.playlist)
