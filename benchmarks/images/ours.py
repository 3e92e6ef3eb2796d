"""This project: the default recipe with nothing left out, outputs kept in memory.

With a folder, the outputs and the record of the photo are written there.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from images import RECORD
from media_pipeline.recipe import load_recipe
from photos.photo import render_photo

LONGEST = 900.0
"""Seconds that a Lambda has at most."""


def read_asset(key: str) -> bytes:
    """The default recipe has no watermark."""
    raise KeyError(key)


def main(photo: Path, folder: Path | None) -> None:
    """Render `photo` as the Lambda does, without what the Lambda does around it."""
    made: dict[str, bytes] = {}

    def put(name: str, body: bytes, content_type: str) -> Mapping[str, Any]:  # noqa: ARG001
        made[name] = body
        return {"bytes": len(body)}

    record = render_photo(photo, load_recipe().images, put, read_asset, lambda: LONGEST)
    if folder is not None:
        # Here, since the measured runs have no use for it.
        import json

        for name, body in made.items():
            (folder / name).write_bytes(body)
        (folder / RECORD).write_text(json.dumps(record))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]) if sys.argv[2:] else None)
