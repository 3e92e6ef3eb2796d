"""The runs: one to see what everyone makes, then rounds in which everyone comes once."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from PIL import Image

from images import RECORD
from images.cold_start import ENVIRONMENT
from images.contenders import FLOOR, OURS, Contender, Node, contenders
from images.figures import Measured, Shape, mismatch
from images.job import BenchmarkJob, outputs_of
from media_pipeline.recipe import load_recipe
from processes import BenchmarkError, Spent, python, run
from rounds import in_rounds

STARTS = ("ours", "bare") * 3
"""Starts are short, and every round has several."""


def measure(
    photo: Path, node: Node | None, folder: Path, rounds: int, say: Callable[[str], None]
) -> Measured:
    """Everything that the figures are made of. Raises `BenchmarkError`."""
    measured = Measured()
    job_file = folder / "images-job.json"
    taking_part = contenders(photo, job_file, node)
    say(f"Comparing what {len(taking_part)} contenders make of {photo.name}")
    _compare_outputs(taking_part, photo, job_file, measured)
    for _ in in_rounds(rounds, say):
        for contender in taking_part:
            measured.spent.setdefault(contender.name, []).append(_run(contender))
        for which in STARTS:
            start, _ = run(python("images.cold_start", which), os.environ | ENVIRONMENT)
            measured.starts.setdefault(which, []).append(start.wall)
    say("A photo of 100 megapixels, and how similar the sizes are to a straight resize")
    large, _ = run(python("images.ours", own_photo(folder, "100")), os.environ)
    measured.peak_100mp = large.peak
    measured.similarities = _similarities(job_file, node)
    return measured


def own_photo(folder: Path, megapixels: str) -> Path:
    """A photo of the benchmark's own, made once."""
    path = folder / f"photo-{megapixels}mp.jpg"
    if not path.exists():
        run(python("images.originals", megapixels, path), os.environ)
    return path


def _compare_outputs(
    taking_part: Sequence[Contender], photo: Path, job_file: Path, measured: Measured
) -> None:
    """Let everyone make the outputs once, unmeasured, and see that they are the same ones."""
    renditions = load_recipe().images.renditions
    job = BenchmarkJob(photo, [])
    for contender in taking_part:
        with TemporaryDirectory() as name:
            folder = Path(name)
            run([*contender.command, name], contender.environment)
            if contender.name == OURS:
                # The others are told the sizes that this project's record names.
                recorded = json.loads((folder / RECORD).read_bytes())["renditions"]
                (folder / RECORD).unlink()
                job = BenchmarkJob(photo, outputs_of(renditions, recorded))
                job.write(job_file)
            files = sorted(folder.iterdir())
            made = {file.name: _shape(file) for file in files}
            measured.sizes[contender.name] = sum(file.stat().st_size for file in files)
        if sentence := mismatch(contender.name, job.outputs, made):
            raise BenchmarkError(sentence)


def _shape(file: Path) -> Shape:
    with Image.open(file) as image:
        return Shape(*image.size, progressive="progressive" in image.info)


def _run(contender: Contender) -> Spent:
    spent, said = run(contender.command, contender.environment)
    # Of its process, only what it measures itself is the floor.
    return replace(spent, cpu=json.loads(said)["cpu"]) if contender.name == FLOOR else spent


def _similarities(job_file: Path, node: Node | None) -> dict[str, dict[str, float]]:
    with TemporaryDirectory() as folder:
        command = python("images.similarity", job_file)
        if node is not None:
            run(node.command("sharp_pixels.js", job_file, folder), node.environment)
            command.append(folder)
        _, said = run(command, os.environ)
    similarities: dict[str, dict[str, float]] = json.loads(said)
    return similarities
