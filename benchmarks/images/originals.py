"""Photos that the benchmark makes for itself, once: detail at every scale, like a camera's."""

from __future__ import annotations

import sys
from pathlib import Path

import pyvips  # type: ignore[import-untyped]

from pictures import photo

TILE = 2880, 2160


def make_12_megapixels(path: Path) -> None:
    """4032 x 3024 pixels, as cameras write them."""
    picture = photo((4032, 3024))
    picture.save(path, quality=92, subsampling="4:2:0")


def make_100_megapixels(path: Path) -> None:
    """11520 x 8640 pixels, baseline JPEG: as many as the recipe takes, in the shape of 4 to 3."""
    tile = pyvips.Image.new_from_array(photo(TILE))
    tile.replicate(4, 4).jpegsave(str(path), Q=90, interlace=False)


MAKERS = {"12": make_12_megapixels, "100": make_100_megapixels}

if __name__ == "__main__":
    target = Path(sys.argv[2])
    # Written aside, so that an interrupted run leaves no half photo.
    unfinished = target.with_suffix(".new.jpg")
    MAKERS[sys.argv[1]](unfinished)
    unfinished.replace(target)
