"""The floor: what no way of making the outputs with this interpreter and Pillow can avoid.

Measured, as this process's own CPU time, user and system, and summed: everything from its start
until the imports are done and the recipe is read; one `draft` decode to the largest rendition; and
each encode alone, from pixels that are ready. Not measured, and not in the sum: making those
pixels, and everything else. The answer is one line of JSON, `{"cpu": seconds}`.

With a folder, the outputs are written there.
"""

from __future__ import annotations

import json
import sys
import time
from io import BytesIO
from pathlib import Path

from PIL import Image, ImageOps, JpegImagePlugin, WebPImagePlugin  # noqa: F401

from images.job import BenchmarkJob, Output, Size
from media_pipeline.recipe import load_recipe


def decode(photo: Path, size: Size) -> Image.Image:
    """The photo at the smallest fraction that libjpeg decodes to and that covers `size`."""
    image = Image.open(photo, formats=["JPEG"])
    image.draft("RGB", size)
    image.load()
    return image


def encode(pixels: Image.Image, output: Output) -> bytes:
    """With the settings of `imaging/encode.py`, and no copy."""
    body = BytesIO()
    if output.format == "jpg":
        pixels.save(
            body,
            "JPEG",
            quality=output.quality,
            progressive=output.progressive,
            optimize=True,
            subsampling="4:2:0",
        )
    else:
        pixels.save(body, "WEBP", quality=output.quality, method=output.effort)
    return body.getvalue()


def main(job_file: Path, folder: Path | None) -> float:
    """CPU seconds of what is measured."""
    job = BenchmarkJob.read(job_file)
    load_recipe()
    cpu = time.process_time()

    started = time.process_time()
    image = decode(job.photo, job.sizes[0])
    cpu += time.process_time() - started

    upright = ImageOps.exif_transpose(image)
    upright.info.clear()
    made = {}
    for output in job.outputs:
        pixels = upright.resize(output.size, Image.Resampling.LANCZOS)
        started = time.process_time()
        made[output.file] = encode(pixels, output)
        cpu += time.process_time() - started
    if folder is not None:
        for name, body in made.items():
            (folder / name).write_bytes(body)
    return cpu


if __name__ == "__main__":
    spent = main(Path(sys.argv[1]), Path(sys.argv[2]) if sys.argv[2:] else None)
    sys.stdout.write(json.dumps({"cpu": spent}))
