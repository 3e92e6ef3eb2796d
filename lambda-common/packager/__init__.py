"""Packaging: from encoded tracks to what a player is given. Nothing here runs or uploads."""

from packager.boxes import BoxError
from packager.cutting import SoundTrack
from packager.renditions import File, Span
from packager.stream import MASTER, Stream, StreamRung, StreamSound, package
from packager.tracks import Track, read_track

__all__ = [
    "MASTER",
    "BoxError",
    "File",
    "SoundTrack",
    "Span",
    "Stream",
    "StreamRung",
    "StreamSound",
    "Track",
    "package",
    "read_track",
]
