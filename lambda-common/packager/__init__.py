"""Packaging: from encoded tracks to what a player is given. Nothing here runs or uploads."""

from packager.stream import File, Span, Stream, StreamRung, StreamSound, package

__all__ = ["File", "Span", "Stream", "StreamRung", "StreamSound", "package"]
