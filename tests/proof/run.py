"""What one process of the proof does: stories with their kills, batches of made-up schedules."""

from __future__ import annotations

import atexit
import os
import traceback
import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, redirect_stdout
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory, mkdtemp
from unittest.mock import patch

import time_machine
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from clips import layer_on_path
from proof import aws, calm
from proof.aws import Clock
from proof.figures import Figures
from proof.invocations import Executor, own_folder
from proof.machine import Schedules
from proof.promises import reach
from proof.stories import STORIES, kill_everywhere, tell_story
from proof.uploads import CONTENTS
from proof.world import World

START = datetime(2026, 3, 1, 12, tzinfo=UTC)

BATCH = 100
"""What hypothesis has generated it remembers, and grows slow of it."""

VIDEOS = 2
"""How many of a batch are of videos, which take long to encode."""

STEPS = 16


@dataclass(frozen=True)
class Task:
    """Made-up schedules of one `seed`, as many as `examples`; or a story, with kills or without."""

    kind: str
    story: int | None = None
    with_kills: bool = True
    examples: int = 0
    seed: int = 0


def tasks(schedules: int, first_seed: int, *, with_kills: bool) -> Iterator[Task]:
    """The stories, then so many schedules."""
    for kind, stories in STORIES.items():
        for number in range(len(stories)):
            yield Task(kind, story=number, with_kills=with_kills)
    for start in range(0, schedules, BATCH):
        count = min(BATCH, schedules - start)
        number = first_seed * 1_000_000 + start
        videos = min(VIDEOS, count)
        yield Task("videos", examples=videos, seed=number)
        yield Task("images", examples=count - videos, seed=number)


_clock: list[Clock] = []


def begin() -> None:
    """Once in each process: moto, its clock, and what undisturbed runs give."""
    warnings.simplefilter("ignore")
    stack = ExitStack()
    atexit.register(stack.close)
    stack.enter_context(layer_on_path(Path(mkdtemp())))
    _clock[:] = [stack.enter_context(_proving())]
    for kind, contents in CONTENTS.items():
        for content in contents:
            _stay_calm(_clock[0], kind, content)


@contextmanager
def _proving() -> Iterator[Clock]:
    """Everything that worlds of one process share; what functions log goes nowhere."""
    with (
        Path(os.devnull).open("w") as nowhere,
        redirect_stdout(nowhere),
        time_machine.travel(START, tick=False) as traveller,
        aws.embedded(),
        TemporaryDirectory() as folder,
        patch("media_pipeline.work_folder.tempfile.gettempdir", lambda: own_folder(Path(folder))),
        patch("media_pipeline.storage.ThreadPoolExecutor", Executor),
        patch("sweeping.sweeper.SEGMENTS", 1),
        patch("sweeping.tables.SEGMENTS", 1),
    ):
        yield Clock(traveller, START)


def _stay_calm(clock: Clock, kind: str, content: str) -> None:
    world = World(clock, Figures(), kind, versioned=False, lazy=False)
    world.deliver(world.upload(0, content))
    world.drain()
    [record] = aws.records()
    calm.learn(kind, content, record, reach(record, aws.objects("renditions/")))


def do(task: Task) -> tuple[Figures, str]:
    """The figures, and how a promise was broken, if one was."""
    figures = Figures()
    try:
        if task.story is None:
            _make_up(_clock[0], figures, task)
        elif task.with_kills:
            kill_everywhere(_clock[0], figures, task.kind, STORIES[task.kind][task.story])
        else:
            tell_story(_clock[0], figures, task.kind, STORIES[task.kind][task.story])
    except Exception:  # noqa: BLE001
        return figures, traceback.format_exc()
    return figures, ""


def _make_up(clock: Clock, figures: Figures, task: Task) -> None:
    class Batch(Schedules):
        """The schedules of one kind and seed."""

    Batch.clock, Batch.figures, Batch.kind = clock, figures, task.kind
    run_state_machine_as_test(
        seed(task.seed)(Batch),
        settings=settings(
            max_examples=max(1, task.examples),
            stateful_step_count=STEPS,
            deadline=None,
            phases=[Phase.generate],
            database=None,
            suppress_health_check=list(HealthCheck),
            print_blob=False,
        ),
    )
