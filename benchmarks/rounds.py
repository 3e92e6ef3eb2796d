"""Rounds in which every contender comes once, on a machine that should do nothing else."""

from __future__ import annotations

import os
import platform
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from processes import BenchmarkError, cpu_elsewhere

QUIET = 0.1
"""Cores that the rest of a quiet machine uses at most."""


def rounds_named(usual: int) -> int:
    """How many rounds `ROUNDS` in the environment asks for. Raises `BenchmarkError`."""
    named = os.environ.get("ROUNDS", "")
    if not named:
        return usual
    if not named.isdecimal() or int(named) < 1:
        raise BenchmarkError(f"ROUNDS is a number from 1, not {named}.")
    return int(named)


def in_rounds(number: int, say: Callable[[str], None]) -> Iterator[int]:
    """The rounds from 1; says after the last whether they had the machine to themselves."""
    elsewhere, started = cpu_elsewhere(), time.monotonic()
    for each in range(1, number + 1):
        say(f"Round {each} of {number}")
        yield each
    busy = (cpu_elsewhere() - elsewhere) / (time.monotonic() - started)
    if busy > QUIET:
        say(f"Something else kept {busy:.2f} cores busy: wall times, above all, say little.")


def processor() -> str:
    """The machine's, by its name, with the number of its cores."""
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return f"{models[0] if models else platform.machine()}, {os.cpu_count()} cores"
