"""What happens to uploads, told one by one: as it is, and with a kill at every single call."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import partial

from proof import aws
from proof.aws import Clock
from proof.figures import Figures
from proof.gates import KILLS, Fate, Worker
from proof.promises import ViolationError
from proof.world import World

Story = Callable[[World], None]


def good(world: World) -> None:
    world.deliver(world.upload(0, "wide"))
    world.drain()


def damaged(world: World) -> None:
    world.deliver(world.upload(0, "damaged"))
    world.drain()


def replaced(world: World) -> None:
    """The event of an upload that was overwritten before anybody read it."""
    world.deliver(world.upload(0, "damaged"))
    world.upload(0, "wide").is_lost = True
    world.drain()


def overtaken(world: World) -> None:
    """A newer version arrives, and is done, while the older one is being processed."""
    world.deliver(world.upload(0, "wide"))
    first = _started(world, steps=3)
    world.deliver(world.upload(0, "damaged"))
    world.finish(_started(world, steps=0))
    world.finish(first)
    world.drain()


def twice_at_once(world: World) -> None:
    """Two workers are given the same upload by two messages."""
    upload = world.upload(0, "wide")
    world.deliver(upload)
    world.deliver(upload)
    first, second = _started(world, steps=1), _started(world, steps=1)
    world.finish(second)
    world.finish(first)
    world.drain()


def outlived(world: World) -> None:
    """A worker's lease runs out by another's clock, who does all of the work meanwhile."""
    upload = world.upload(0, "wide")
    world.deliver(upload)
    world.deliver(upload)
    first = _started(world, steps=4)
    world.advance(timedelta(seconds=100))
    world.finish(_started(world, steps=0, skew=timedelta(minutes=2)))
    world.finish(first)
    world.drain()


def of_one_moment(world: World) -> None:
    """Two uploads whose sequencers differ by nothing but zeros at their end, the older one late."""
    older = world.uploads.put(0, "wide", form=3)
    newer = world.uploads.put(0, "damaged", form=0, tick=False)
    for upload in (newer, older):
        world.deliver(upload)
        world.drain()


def out_of_order(world: World) -> None:
    """Of three uploads the events arrive from the last to the first."""
    uploads = [world.uploads.put(0, name, form=form) for form, name in enumerate(("wide",) * 3)]
    for upload in reversed(uploads):
        world.deliver(upload)
        world.drain()


def unreadable_for_a_while(world: World) -> None:
    """S3 is out of order for one try."""
    world.deliver(world.upload(0, "wide"))
    _fail(world, _started(world, steps=0))
    world.drain()


def unreadable_for_long(world: World) -> None:
    """S3 is out of order until the last try has failed."""
    world.deliver(world.upload(0, "wide"))
    for _ in range(aws.MAX_RECEIVES):
        if worker := world.poll(timedelta()):
            _fail(world, worker)
        world.advance(aws.VISIBILITY + timedelta(seconds=1))


def stalled(world: World) -> None:
    """AWS answers so late that a try has no time left, for which the upload is not to blame."""
    world.deliver(world.upload(0, "wide"))
    for steps in (0, 1):
        worker = _started(world, steps)
        world.advance(timedelta(seconds=119))
        world.finish(worker)
        world.advance(aws.VISIBILITY + timedelta(seconds=1))
    world.drain()


def taken_up(world: World) -> None:
    """An older version's worker takes up a newer one, whose event is lost, and fails at that."""
    world.deliver(world.upload(0, "damaged"))
    world.upload(0, "wide").is_lost = True
    _fail(world, _started(world, steps=6))
    world.drain()


def taken_up_in_vain(world: World) -> None:
    """The same, until the last try has failed: the older version's message is the dead letter."""
    world.deliver(world.upload(0, "damaged"))
    world.upload(0, "wide").is_lost = True
    _fail(world, _started(world, steps=6))
    for _ in range(aws.MAX_RECEIVES):
        world.advance(aws.VISIBILITY + timedelta(seconds=1))
        if worker := world.poll(timedelta()):
            # As far as S3 says that the older version is gone, and the newer one is claimed.
            _fail(world, _walked(world, worker, steps=4))


def asked_for(world: World) -> None:
    """An upload's message meets one who was asked for it directly, who then fails."""
    upload = world.upload(0, "wide")
    world.deliver(upload)
    asked = _walked(world, world.ask(upload, timedelta(), retry=False), steps=3)
    world.finish(_started(world, steps=0))
    _fail(world, asked)
    world.drain()
    if world.witness.exhausted():
        raise ViolationError("given up early", "at its message's first meeting")


def lost(world: World) -> None:
    """An event never comes, and the sweep finds the upload."""
    world.upload(0, "wide").is_lost = True
    world.sweep_after(timedelta(hours=3))


def left_over(world: World) -> None:
    """A worker dies in the middle, its message is lost with it, and the sweep sees to both."""
    world.deliver(world.upload(0, "wide"))
    _started(world, steps=4)
    world.advance(timedelta(minutes=16))
    world.purge()
    for hours in (3, 3, 25):
        world.sweep_after(timedelta(hours=hours))


def given_up(world: World) -> None:
    """No function ever comes to an end, however often the sweep sends the upload."""
    world.upload(0, "wide").is_lost = True
    for _ in range(aws.MAX_RECEIVES + 1):
        world.sweep_after(timedelta(hours=3), drain=False)
        world.purge()


def _fail(world: World, worker: Worker) -> None:
    """Let S3 be out of order until the worker has given up."""
    world.outages["s3"] = (Fate.FAILED, 1000)
    world.finish(worker)
    world.outages.clear()


def _started(world: World, steps: int, skew: timedelta = timedelta()) -> Worker:
    """A worker for the next message, some calls on its way."""
    worker = world.poll(skew)
    assert worker is not None, "there is no message"
    return _walked(world, worker, steps)


def _walked(world: World, worker: Worker, steps: int) -> Worker:
    for _ in range(steps):
        if worker in world.workers:
            world.step(worker)
    return worker


STORIES: dict[str, tuple[Story, ...]] = {
    "images": (
        *(good, damaged, replaced, overtaken, twice_at_once, outlived, of_one_moment),
        *(out_of_order, unreadable_for_a_while, unreadable_for_long, stalled),
        *(taken_up, taken_up_in_vain, asked_for, lost, left_over, given_up),
    ),
    "videos": (good, left_over),
}


def tell_story(clock: Clock, figures: Figures, kind: str, story: Story) -> None:
    """Raises `ViolationError` if the story breaks a promise."""
    for versioned in (False, True):
        tell(partial(World, clock, figures, kind, versioned=versioned, lazy=versioned), story, {})


def kill_everywhere(clock: Clock, figures: Figures, kind: str, story: Story) -> None:
    """Tell a story once for each kill; the first that breaks a promise raises `ViolationError`."""
    # Every other story in a bucket with versions; made-up schedules have both.
    versioned = STORIES[kind].index(story) % 2 == 0
    begin = partial(World, clock, figures, kind, versioned=versioned, lazy=versioned)
    for number in range(1, tell(begin, story, {}) + 1):
        for fate in KILLS:
            tell(begin, story, {number: fate})


def tell(begin: Callable[[], World], story: Story, fates: dict[int, Fate]) -> int:
    """Let a story happen, the calls of those numbers meeting those fates; answers how many calls.

    The calls of its settling are counted, but not disturbed.
    """
    world = begin()
    world.fates = fates
    try:
        try:
            story(world)
            calls = world.calls
            world.fates = {}
        finally:
            world.close()
    except BaseException as error:
        if isinstance(error, ViolationError):
            world.count(error)
        disturbed = {number: fate.value for number, fate in fates.items()}
        error.add_note(f"in the story `{story.__name__}` of {world.kind}; calls: {disturbed}")
        raise
    return calls
