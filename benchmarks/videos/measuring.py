"""The runs: one to see what everyone makes, then rounds in which everyone comes once."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from media_pipeline.recipe import load_recipe
from processes import BenchmarkError, Spent, run
from rounds import in_rounds
from transcoding.plan import Plan, plan
from transcoding.probe import probe
from videos.contenders import (
    FIRST,
    FLOOR,
    OURS,
    PASSTHROUGH,
    USUAL,
    WAYS,
    Command,
    floor,
    floor_cpu,
    ours,
    ready_frames,
    usual,
)
from videos.figures import Measured
from videos.outputs import (
    bytes_in,
    mismatch,
    our_rungs,
    passed_through,
    read_ladder,
    usual_rungs,
)
from videos.sources import similarity

LONGEST = 900.0
"""Seconds that asking what the source is may take."""


def measure(source: Path, folder: Path, rounds: int, say: Callable[[str], None]) -> Measured:
    """Everything that the figures are made of. Raises `BenchmarkError`."""
    recipe = load_recipe().videos
    planned = plan(probe(source, recipe.limits.pixels, lambda: LONGEST), recipe)
    measured = Measured()
    say("What everyone makes, and how similar it is to the source")
    with _outputs(folder) as here, _outputs(folder) as elsewhere:
        _run_all([ours(OURS, source, here)])
        _run_all(usual(source, planned, elsewhere))
        _compare(measured, source, planned, here, elsewhere)
    for name in (PASSTHROUGH, FIRST):
        with _outputs(folder) as made:
            _run_all([ours(name, source, made)])
            measured.sizes[name] = bytes_in(made)
            if name == PASSTHROUGH and passed_through(made) is None:
                raise BenchmarkError("This project passed no rung of the source through.")
    with _outputs(folder) as frames:
        _run_all(ready_frames(source, planned, frames))
        for _ in in_rounds(rounds, say):
            _run_round(measured, source, planned, frames)
    return measured


def _run_round(measured: Measured, source: Path, planned: Plan, frames: Path) -> None:
    for name in (*WAYS, USUAL):
        with _outputs(frames.parent) as made:
            commands = usual(source, planned, made) if name == USUAL else [ours(name, source, made)]
            measured.spent.setdefault(name, []).append(_run_all(commands))
    measured.spent.setdefault(FLOOR, []).append(_run_floor(source, planned, frames))


def _compare(measured: Measured, source: Path, planned: Plan, here: Path, elsewhere: Path) -> None:
    folders = {OURS: here, USUAL: elsewhere}
    rungs = {OURS: our_rungs(here), USUAL: usual_rungs(planned, elsewhere)}
    ladders = {name: read_ladder(paths) for name, paths in rungs.items()}
    if sentence := mismatch(ladders[OURS], ladders[USUAL]):
        raise BenchmarkError(sentence)
    sizes = {rung.name: (rung.width, rung.height) for rung in planned.rungs}
    for name, paths in rungs.items():
        measured.sizes[name] = bytes_in(folders[name])
        measured.picture_sizes[name] = ladders[name].picture_bytes
        measured.similarities[name] = {
            rung: similarity(path, source, sizes[rung]) for rung, path in paths.items()
        }


def _run_all(commands: Sequence[Command]) -> Spent:
    """What the processes took together, one after the other; the peak is that of the largest."""
    return together([run(command, os.environ)[0] for command in commands])


def together(each: Sequence[Spent]) -> Spent:
    """Seconds add up; memory that one process gave back the next one may have."""
    return Spent(
        sum(spent.cpu for spent in each),
        sum(spent.wall for spent in each),
        max(spent.peak for spent in each),
    )


def _run_floor(source: Path, planned: Plan, frames: Path) -> Spent:
    def each(commands: Sequence[Command]) -> list[float]:
        return [run(command, os.environ)[0].cpu for command in commands]

    commands = floor(source, planned, frames)
    (decode,) = each([commands.decode])
    parts = (commands.scales, commands.reads, commands.encodes, commands.sounds)
    return Spent(floor_cpu(decode, *map(each, parts)), 0.0, 0)


@contextmanager
def _outputs(folder: Path) -> Iterator[Path]:
    with TemporaryDirectory(prefix="outputs-", dir=folder) as name:
        yield Path(name).resolve()
