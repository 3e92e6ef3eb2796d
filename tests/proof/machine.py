"""Schedules that hypothesis makes up: what may happen to uploads, in any order."""

from __future__ import annotations

from datetime import timedelta
from typing import ClassVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from proof.aws import Clock
from proof.figures import Figures
from proof.gates import FAULTS, KILLS, Fate, Worker
from proof.uploads import CONTENTS
from proof.world import World

MOST_WORKERS = 3
SKEWS = st.sampled_from([timedelta(), timedelta(minutes=2), timedelta(minutes=-2)])
PICKS = st.integers(0, 5)
STEPS = st.integers(0, 9)
FORMS = st.integers(0, 7)
SECONDS = st.sampled_from([1, 11, 61, 119, 181, 301, 721, 3 * 3600])
ARRIVALS = st.sampled_from(["at once", "at once", "at once", "later", "never"])


class Schedules(RuleBasedStateMachine):
    """A world of one kind of originals, in which every rule is a step of its schedule."""

    clock: ClassVar[Clock]
    figures: ClassVar[Figures]
    kind: ClassVar[str]

    def __init__(self) -> None:
        super().__init__()
        self._world: World | None = None

    @property
    def world(self) -> World:
        assert self._world is not None
        return self._world

    @initialize(
        versioned=st.booleans(),
        lazy=st.booleans(),
        content=PICKS,
        form=FORMS,
        copies=st.sampled_from([1, 2, 2, 3]),
        started=st.lists(st.integers(0, 7), max_size=2),
    )
    def begin(
        self,
        versioned: bool,
        lazy: bool,
        content: int,
        form: int,
        copies: int,
        started: list[int],
    ) -> None:
        """An upload, told of once or more often, and perhaps workers that are at it."""
        self._world = World(self.clock, self.figures, self.kind, versioned=versioned, lazy=lazy)
        upload = self.world.uploads.put(0, self._content(content), form=form)
        for _ in range(copies):
            self.world.deliver(upload)
        for steps in started:
            if worker := self.world.poll(timedelta()):
                self._run(worker, steps)

    @rule(
        medium=st.sampled_from([0, 0, 0, 1]),
        content=PICKS,
        form=FORMS,
        tick=st.booleans(),
        arrives=ARRIVALS,
    )
    def upload(self, medium: int, content: int, form: int, tick: bool, arrives: str) -> None:
        upload = self.world.uploads.put(medium, self._content(content), form=form, tick=tick)
        upload.is_lost = arrives == "never"
        if arrives == "at once":
            self.world.deliver(upload)

    @rule(pick=PICKS)
    def deliver(self, pick: int) -> None:
        """An event arrives late, or once more."""
        known = [upload for upload in self.world.uploads.made if not upload.is_lost]
        self.world.deliver(known[-1 - pick % len(known)])

    @rule(skew=SKEWS, steps=st.integers(0, 6))
    def invoke(self, skew: timedelta, steps: int) -> None:
        if len(self.world.workers) < MOST_WORKERS and (worker := self.world.poll(skew)):
            self._run(worker, steps)

    @rule(pick=PICKS, skew=SKEWS, retry=st.booleans(), steps=STEPS)
    def ask(self, pick: int, skew: timedelta, retry: bool, steps: int) -> None:
        """Somebody invokes the function without an event."""
        if len(self.world.workers) < MOST_WORKERS:
            known = self.world.uploads.made
            self._run(self.world.ask(known[pick % len(known)], skew, retry=retry), steps)

    @rule(skew=SKEWS, steps=STEPS)
    def sweep(self, skew: timedelta, steps: int) -> None:
        if len(self.world.workers) < MOST_WORKERS:
            self._run(self.world.sweep(skew), steps)

    @rule(pick=PICKS, steps=STEPS)
    def go_on(self, pick: int, steps: int) -> None:
        if worker := self._worker(pick):
            self._run(worker, 1 + steps)

    @rule(pick=PICKS, steps=STEPS, fate=st.sampled_from([*KILLS, *FAULTS]))
    def disturb(self, pick: int, steps: int, fate: Fate) -> None:
        """One call of a worker meets another fate than an answer."""
        worker = self._worker(pick)
        if worker:
            self._run(worker, steps)
        if worker in self.world.workers:
            self.world.step(worker, fate)

    @rule(
        service=st.sampled_from(["s3", "dynamodb", "sqs"]),
        fate=st.sampled_from(FAULTS),
        calls=st.integers(1, 9),
    )
    def outage(self, service: str, fate: Fate, calls: int) -> None:
        self.world.outages[service] = (fate, calls)

    @rule(seconds=SECONDS)
    def advance(self, seconds: int) -> None:
        self.world.advance(timedelta(seconds=seconds))

    def _content(self, pick: int) -> str:
        known = CONTENTS[self.kind]
        return known[pick % len(known)]

    def _worker(self, pick: int) -> Worker | None:
        """One that runs, else one for the next message."""
        workers = self.world.workers
        return workers[pick % len(workers)] if workers else self.world.poll(timedelta())

    def _run(self, worker: Worker, steps: int) -> None:
        for _ in range(steps):
            if worker in self.world.workers:
                self.world.step(worker)

    def teardown(self) -> None:
        if self._world is not None:
            self._world.close()
