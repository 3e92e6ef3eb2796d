"""Draws captions where the zip's libfribidi is the only one there is.

    LD_LIBRARY_PATH=... python captions_alone.py TASK OUTPUT < texts

TASK is what the build unpacks to; texts are JSON, a list. OUTPUT/<number>.png are the captions; on
standard output are the libraries that were mapped, each on a line.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from cutting import typefaces
from cutting.captions import draw_caption
from media_pipeline.recipe import load_recipe

WIDTH, HEIGHT = 1280, 720


def main() -> None:
    task, output = map(Path, sys.argv[1:])
    typefaces.FONTS = task / "fonts"
    style = load_recipe().videos.cuts.captions
    for number, text in enumerate(json.load(sys.stdin)):
        draw_caption(text, WIDTH, HEIGHT, style)[0].save(output / f"{number}.png")
    mapped = {line.split()[-1] for line in Path("/proc/self/maps").read_text().splitlines()}
    sys.stdout.write("\n".join(sorted(mapped)))


if __name__ == "__main__":
    main()
