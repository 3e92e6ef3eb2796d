"""Runs schedules until so many have kept every promise, or one has not: `make prove`."""

from __future__ import annotations

import json
import multiprocessing
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
from pathlib import Path

from artifacts import LAYER, BuildError, Target, build
from proof.figures import Figures
from proof.run import begin, do, tasks
from proof.stories import STORIES

SCHEDULES = 20_000
SAY_EVERY = 500

LIFETIME = 20
"""How many tasks a process does before a fresh one takes its place: it grows, and grows slow."""

BUILD = Path("build")


def main(arguments: Sequence[str] | None = None) -> int:
    """The exit status: 0, or 1 if a promise was broken or somewhere nobody was killed."""
    options = _parse(arguments)
    _build_layer()
    figures = Figures()
    broken = ""
    context = multiprocessing.get_context("spawn")
    planned = tasks(options.schedules, options.seed, with_kills=options.kills)
    told = sum(map(len, STORIES.values()))
    _say(
        f"{told} stories{', each with a kill at every call' if options.kills else ''}; then "
        f"{options.schedules} schedules from seed {options.seed}"
    )
    with context.Pool(options.processes, begin, maxtasksperchild=LIFETIME) as pool:
        said = 0
        for done, broken in pool.imap_unordered(do, planned):
            figures.add(done)
            if broken:
                break
            if figures.schedules >= said + SAY_EVERY:
                said = figures.schedules
                _say(f"{said} schedules so far")
    options.output.parent.mkdir(parents=True, exist_ok=True)
    report = {"asked_for": options.schedules, "seed": options.seed, **figures.report()}
    options.output.write_text(json.dumps(report, indent=2) + "\n")
    spared = figures.never_killed if options.kills and not broken else []
    for line in (_summary(figures), *(f"nobody was killed {where}" for where in spared), broken):
        if line:
            _say(line)
    return 1 if broken or spared else 0


def _parse(arguments: Sequence[str] | None) -> Namespace:
    parser = ArgumentParser(prog="python -m proof", description=__doc__)
    parser.add_argument("--schedules", type=int, default=SCHEDULES, help="how many to make up")
    parser.add_argument("--seed", type=int, default=1, help="another one makes up other schedules")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--output", type=Path, default=BUILD / "prove.json")
    parser.add_argument(
        "--no-kills", dest="kills", action="store_false", help="tell the stories as they are"
    )
    return parser.parse_args(arguments)


def _build_layer() -> None:
    """Where FFmpeg cannot be built, the one on `PATH` serves."""
    try:
        build([LAYER], target=Target.of_this_machine(), output=BUILD, report=_say)
    except BuildError as error:
        _say(f"{error} The proof goes on with the ffmpeg on PATH.")


def _say(text: str) -> None:
    sys.stderr.write(f"{text}\n")


def _summary(figures: Figures) -> str:
    kills = sum(sum(site.values()) for site in figures.kills.values())
    return (
        f"{figures.schedules} schedules, {figures.with_two_workers} of them with two workers at "
        f"once; {kills} kills at {len(figures.kills)} call sites; "
        f"promises broken: {sum(figures.violations.values())}"
    )


if __name__ == "__main__":
    sys.exit(main())
