"""From encoded tracks to a stream: the objects to publish, and what a record says of them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

from packager import dash as mpd
from packager import hls
from packager.cutting import SoundTrack, cut_tracks
from packager.renditions import File, Layout, Rendition

MASTER = "master.m3u8"
_MANIFEST = "manifest.mpd"
PLAYLIST_TYPE = "application/vnd.apple.mpegurl"


@dataclass(frozen=True, slots=True)
class StreamRung:
    """What was measured of one rung; bit rates are bits per second.

    `codecs` and bit rates include the sound, the most demanding one if there are several.
    """

    name: str
    playlist: str
    key_frame_playlist: str
    width: int
    height: int
    codecs: str
    frame_rate: float
    seconds: float
    bytes: int
    bandwidth: int
    average_bandwidth: int


@dataclass(frozen=True, slots=True)
class StreamSound:
    """What was measured of a sound, by the name and language that players show."""

    name: str
    language: str | None
    playlist: str
    codecs: str
    channels: int
    sampling_rate: int
    seconds: float
    bytes: int
    bandwidth: int
    average_bandwidth: int


@dataclass(frozen=True, slots=True)
class Stream:
    """A packaged stream. `files` are in the order to publish them in, the master playlist last.

    `manifest` names the DASH manifest among them. The first of `sounds` is the default.
    """

    files: tuple[File, ...]
    rungs: tuple[StreamRung, ...]
    sounds: tuple[StreamSound, ...]
    seconds: float
    manifest: str | None = None

    @property
    def master(self) -> str:
        """The name of the master playlist."""
        return self.files[-1].name

    @property
    def sound(self) -> StreamSound | None:
        """The sound that is played unless another is chosen."""
        return self.sounds[0] if self.sounds else None


@dataclass(frozen=True, slots=True)
class _Cut:
    """All tracks of a stream cut into segments, and the folder that names begin with."""

    pictures: list[Rendition]
    sounds: list[Rendition]
    layout: Layout
    folder: str

    @property
    def renditions(self) -> list[Rendition]:
        return [*self.pictures, *self.sounds]

    @property
    def target(self) -> int:
        """EXT-X-TARGETDURATION: one for all playlists, as RFC 8216 6.2.4 asks."""
        return max(hls.target_duration(rendition.segments) for rendition in self.renditions)

    def name(self, name: str) -> str:
        return f"{self.folder}/{name}"


def package(
    rungs: Mapping[str, Path],
    sounds: Sequence[SoundTrack] = (),
    *,
    segment_seconds: int,
    layout: Layout,
    dash: bool = False,
    folder: str = "hls",
    master: str = MASTER,
) -> Stream:
    """Playlists over fragmented MP4 files: one per rung, lowest first, and one of each sound.

    `layout` says whether segments are byte ranges of one object per rendition or objects of their
    own. `dash` adds a manifest over the same media. All names are in `folder`; streams in one
    folder need names of their own for their `master` playlist, and share what has one name. Raises
    `BoxError` when a file cannot be packaged or the rungs' key frames differ.
    """
    cut = _Cut(*cut_tracks(rungs, sounds, segment_seconds), layout, folder)
    measured = tuple(_measure_sound(sound, cut) for sound in cut.sounds)
    facts = tuple(_measure_rung(picture, cut) for picture in cut.pictures)
    files = [file for rendition in cut.renditions for file in rendition.files(layout)]
    files += [_playlist(rendition, cut) for rendition in cut.renditions]
    files += [_key_frame_playlist(picture, layout) for picture in cut.pictures]
    if dash:
        text = mpd.manifest(cut.pictures, cut.sounds, layout)
        files.append(File(_MANIFEST, mpd.CONTENT_TYPE, text))
    files.append(File(master, PLAYLIST_TYPE, _master(cut, facts)))
    if len({file.name for file in files}) < len(files):
        raise ValueError(f"the rungs' names make two files of one name: {sorted(rungs)}")
    return Stream(
        files=tuple(replace(file, name=cut.name(file.name)) for file in files),
        rungs=facts,
        sounds=measured,
        seconds=float(max(picture.track.seconds for picture in cut.pictures)),
        manifest=cut.name(_MANIFEST) if dash else None,
    )


def _playlist(rendition: Rendition, cut: _Cut) -> File:
    text = hls.media_playlist(rendition.init(cut.layout), rendition.media(cut.layout), cut.target)
    return File(rendition.playlist, PLAYLIST_TYPE, text)


def _key_frame_playlist(picture: Rendition, layout: Layout) -> File:
    """With a target of its own, as RFC 8216 6.2.4 lets it have: its segments are shorter."""
    frames = picture.key_frames(layout)
    target = hls.target_duration(hls.key_frames(picture.track))
    text = hls.media_playlist(picture.init(layout), frames, target, key_frames_only=True)
    return File(picture.key_frame_playlist, PLAYLIST_TYPE, text)


def _bandwidths(segments: Sequence[hls.Segment], target: int) -> tuple[Fraction, Fraction]:
    """Peak and average."""
    return hls.peak_bit_rate(segments, target), hls.average_bit_rate(segments)


def _measure_rung(picture: Rendition, cut: _Cut) -> StreamRung:
    """The sums over what is played together, of the sound that asks for most (4.3.4.2)."""
    peak, average = _bandwidths(picture.segments, cut.target)
    heard = [_bandwidths(sound.segments, cut.target) for sound in cut.sounds]
    codecs = dict.fromkeys(rendition.track.codec for rendition in [picture, *cut.sounds])
    return StreamRung(
        name=picture.name,
        playlist=cut.name(picture.playlist),
        key_frame_playlist=cut.name(picture.key_frame_playlist),
        width=picture.track.width,
        height=picture.track.height,
        codecs=",".join(codecs),
        frame_rate=float(picture.track.sample_rate),
        seconds=float(picture.track.seconds),
        bytes=picture.bytes,
        bandwidth=math.ceil(peak + max((peak for peak, _ in heard), default=0)),
        average_bandwidth=math.ceil(average + max((average for _, average in heard), default=0)),
    )


def _measure_sound(sound: Rendition, cut: _Cut) -> StreamSound:
    peak, average = _bandwidths(sound.segments, cut.target)
    return StreamSound(
        name=sound.title,
        language=sound.language,
        playlist=cut.name(sound.playlist),
        codecs=sound.track.codec,
        channels=sound.track.channels,
        sampling_rate=sound.track.sampling_rate,
        seconds=float(sound.track.seconds),
        bytes=sound.bytes,
        bandwidth=math.ceil(peak),
        average_bandwidth=math.ceil(average),
    )


def _master(cut: _Cut, facts: Sequence[StreamRung]) -> str:
    variants = [
        hls.Variant(
            uri=picture.playlist,
            bandwidth=rung.bandwidth,
            average_bandwidth=rung.average_bandwidth,
            codecs=tuple(rung.codecs.split(",")),
            width=rung.width,
            height=rung.height,
            frame_rate=picture.track.sample_rate,
        )
        for picture, rung in zip(cut.pictures, facts, strict=True)
    ]
    sounds = [
        hls.SoundRendition(sound.playlist, sound.track.channels, sound.title, sound.language)
        for sound in cut.sounds
    ]
    return hls.master_playlist(variants, sounds, [_key_frames(one) for one in cut.pictures])


def _key_frames(picture: Rendition) -> hls.KeyFrameVariant:
    frames = hls.key_frames(picture.track)
    peak, average = _bandwidths(frames, hls.target_duration(frames))
    return hls.KeyFrameVariant(
        uri=picture.key_frame_playlist,
        bandwidth=math.ceil(peak),
        average_bandwidth=math.ceil(average),
        codec=picture.track.codec,
        width=picture.track.width,
        height=picture.track.height,
    )
