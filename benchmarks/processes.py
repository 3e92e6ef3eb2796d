"""A process, and what the kernel says that it took."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile


class BenchmarkError(Exception):
    """The benchmark cannot be run; the message says what to do."""


@dataclass(frozen=True)
class Spent:
    """Seconds of CPU (user and system, of the process and its children) and of wall; bytes."""

    cpu: float
    wall: float
    peak: int


def run(command: Sequence[str], environment: Mapping[str, str]) -> tuple[Spent, bytes]:
    """Run to the end; the answer is what it took and what it wrote to its standard output.

    The kernel counts the memory that a process has before it becomes another program as its own
    too, so that no peak is lower than that of the process that calls this. Raises
    `BenchmarkError` for an exit status other than 0.
    """
    with TemporaryFile() as output, TemporaryFile() as errors:
        started = time.perf_counter()
        process = subprocess.Popen(command, env=environment, stdout=output, stderr=errors)
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - started
        process.returncode = os.waitstatus_to_exitcode(status)
        output.seek(0)
        errors.seek(0)
        if process.returncode != 0:
            lines = errors.read().decode(errors="replace").strip().splitlines()
            said = "\n".join(lines[-20:]) or "without a word"
            raise BenchmarkError(f"{' '.join(command)} ended with {process.returncode}:\n{said}")
        spent = Spent(usage.ru_utime + usage.ru_stime, wall, usage.ru_maxrss * 1024)
        return spent, output.read()


def cpu_elsewhere() -> float:
    """CPU seconds, since the machine started, that this process and its children did not use.

    `/proc/stat` begins with user, nice, system, idle, iowait, irq, softirq and steal (proc(5)).
    """
    ticks = [int(number) for number in Path("/proc/stat").read_text().split()[1:9]]
    busy = (sum(ticks) - ticks[3] - ticks[4]) / os.sysconf("SC_CLK_TCK")
    return busy - sum(os.times()[:4])


def python(module: str, *arguments: object) -> list[str]:
    """The command that runs a module with this interpreter."""
    return [sys.executable, "-m", module, *map(str, arguments)]
