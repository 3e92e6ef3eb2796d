"""HEIC and HEIF, which Pillow opens once pillow-heif has shown it how."""

from __future__ import annotations

from functools import cache


@cache
def teach_pillow() -> None:
    """pillow-heif turns a picture upright itself and sets its EXIF orientation to 1."""
    from pillow_heif import register_heif_opener

    register_heif_opener(thumbnails=False)
