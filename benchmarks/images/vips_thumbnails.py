"""pyvips, one `thumbnail` from the original for each output.

With a folder, the outputs are written there.
"""

from __future__ import annotations

import sys
from pathlib import Path

import pyvips  # type: ignore[import-untyped]

from images.job import BenchmarkJob, Output


def encode(image: pyvips.Image, output: Output) -> bytes:
    """The bytes of one output, without metadata."""
    settings = {"Q": output.quality, "keep": "none"}
    if output.format == "jpg":
        settings |= {"interlace": output.progressive, "optimize_coding": True}
        body = image.jpegsave_buffer(subsample_mode="on", **settings)
    else:
        body = image.webpsave_buffer(effort=output.effort, **settings)
    return bytes(body)


def main(job_file: Path, folder: Path | None) -> None:
    """Make every output of the job."""
    job = BenchmarkJob.read(job_file)
    made = {}
    for output in job.outputs:
        width, height = output.size
        image = pyvips.Image.thumbnail(str(job.photo), width, height=height, size="force")
        made[output.file] = encode(image, output)
    if folder is not None:
        for name, body in made.items():
            (folder / name).write_bytes(body)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]) if sys.argv[2:] else None)
