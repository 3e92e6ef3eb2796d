"""How near each size is, before it is encoded, to a straight Lanczos resize of the full decode.

The answer is one line of JSON: for `ours` and, where a folder with sharp's pixels is given, for
`sharp`, the SSIM of each size.
"""

from __future__ import annotations

import json
import math
import sys
from pathlib import Path

from PIL import Image, ImageOps

from images.job import BenchmarkJob, Size
from imaging.colour import to_srgb
from imaging.resize import frame_of
from media_pipeline.recipe import load_recipe
from photos.decode import decode
from pictures import similarity
from resized import resize_all


def our_pixels(photo: Path) -> dict[Size, Image.Image]:
    """What this project's encoders are given, by size."""
    recipe = load_recipe().images
    picture = decode(photo, recipe, lambda: math.inf).picture
    frames = [frame_of(rendition, picture.size) for rendition in recipe.renditions.values()]
    return {frame.size: made for frame, made in resize_all(picture.pixels, frames).items()}


def sharp_pixels(folder: Path, sizes: list[Size]) -> dict[Size, Image.Image]:
    """What `sharp_pixels.js` wrote, by size."""
    raw = {size: (folder / f"{size[0]}x{size[1]}.raw").read_bytes() for size in sizes}
    return {size: Image.frombytes("RGB", size, body) for size, body in raw.items()}


def main(job_file: Path, folder: Path | None) -> dict[str, dict[str, float]]:
    """SSIM by contender and size."""
    job = BenchmarkJob.read(job_file)
    pixels = {"ours": our_pixels(job.photo)}
    if folder is not None:
        pixels["sharp"] = sharp_pixels(folder, job.sizes)
    similarities: dict[str, dict[str, float]] = {contender: {} for contender in pixels}
    with Image.open(job.photo) as image:
        full = to_srgb(ImageOps.exif_transpose(image), image.info.get("icc_profile"))
    for size in job.sizes:
        straight = full.resize(size, Image.Resampling.LANCZOS)
        for contender, made in pixels.items():
            similarities[contender]["x".join(map(str, size))] = similarity(made[size], straight)
    return similarities


if __name__ == "__main__":
    answer = main(Path(sys.argv[1]), Path(sys.argv[2]) if sys.argv[2:] else None)
    sys.stdout.write(json.dumps(answer))
