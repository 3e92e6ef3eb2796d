"""Reads the tracks of a stream, holds them against each other, and cuts them at the same times."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import chain, count, pairwise
from pathlib import Path

from packager import hls
from packager.boxes import BoxError
from packager.renditions import Rendition
from packager.tracks import Track, read_track

# RFC 5646 2.1, but for the order of subtags.
_LANGUAGE_TAG = re.compile(r"[A-Za-z]{1,8}(-[A-Za-z0-9]{1,8})*")


@dataclass(frozen=True, slots=True)
class SoundTrack:
    """A file of sound, its language (BCP 47) if it is known, and its name for people.

    Both may come from a hostile file: a language that is no such tag is left out, and a name keeps
    only what a playlist can hold.
    """

    path: Path
    language: str | None = None
    name: str = "Audio"


def cut_tracks(
    rungs: Mapping[str, Path], sounds: Sequence[SoundTrack], segment_seconds: int
) -> tuple[list[Rendition], list[Rendition]]:
    """Pictures and sounds, all cut at the same times, about `segment_seconds` apart.

    Raises `BoxError` when a file cannot be packaged or the rungs' key frames differ.
    """
    tracks = {name: _playable(path) for name, path in rungs.items()}
    reference = next(iter(tracks.values()))
    for name, track in tracks.items():
        _refuse_unaligned(name, track, reference)
    starts = hls.segment_starts(reference, segment_seconds)
    pictures = [
        Rendition(name, rungs[name], track, hls.cut(track, starts), "video/mp4")
        for name, track in tracks.items()
    ]
    names = _distinct([sound.name for sound in sounds])
    return pictures, [
        _sound_rendition(number, replace(sound, name=name), starts, segment_seconds)
        for number, (sound, name) in enumerate(zip(sounds, names, strict=True), 1)
    ]


def _playable(path: Path) -> Track:
    track = read_track(path)
    if not track.seconds:
        raise BoxError("a track has no media")
    times = [track.seconds_at(fragment) for fragment in track.fragments]
    if any(following <= time for time, following in pairwise(times)):
        raise BoxError("a fragment begins before the one that it follows")
    return track


def _refuse_unaligned(name: str, track: Track, reference: Track) -> None:
    """Key frames are to be of the same pictures; clocks may round their times differently."""
    if not all(fragment.starts_with_key for fragment in track.fragments):
        raise BoxError(f"a fragment of {name} does not start with a key frame")
    if not all(0 < fragment.first_sample_end <= fragment.size for fragment in track.fragments):
        raise BoxError(f"a key frame of {name} is not in its fragment")
    times, others = (
        [one.seconds_at(fragment) for fragment in one.fragments] for one in (track, reference)
    )
    rate = max(track.sample_rate, reference.sample_rate)
    if len(times) != len(others) or any(
        abs(time - other) * rate * 2 >= 1 for time, other in zip(times, others, strict=True)
    ):
        raise BoxError(f"the key frames of {name} are not where the other rungs have theirs")


def _distinct(names: Sequence[str]) -> list[str]:
    """Names as playlists can quote them (RFC 8216 4.2), with a number where one is there twice."""
    found: list[str] = []
    for name in names:
        printable = "".join(char if char.isprintable() and char != '"' else " " for char in name)
        plain = " ".join(printable.split()) or "Audio"
        numbered = (f"{plain} {number}" for number in count(2))
        found.append(next(one for one in chain([plain], numbered) if one not in found))
    return found


def _sound_rendition(
    number: int, sound: SoundTrack, starts: list[Fraction], segment_seconds: int
) -> Rendition:
    """Cut where the pictures are cut, and on from there if the sound lasts longer."""
    track = _playable(sound.path)
    further = range(1, math.ceil((track.seconds - starts[-1]) / segment_seconds))
    beyond = [starts[-1] + number * segment_seconds for number in further]
    return Rendition(
        "audio" if number == 1 else f"audio-{number}",
        sound.path,
        track,
        hls.cut(track, [*starts, *beyond]),
        "audio/mp4",
        sound.name,
        sound.language if _LANGUAGE_TAG.fullmatch(sound.language or "") else None,
    )
