"""Kills what the embedded AWS leaves behind when it is killed itself.

Run as a script, this is a process that outlives its parent by a moment: it is told of each process
group, and kills those that were not let go when its standard input ends. The kernel's own answer,
PR_SET_PDEATHSIG, ends one process and not what that one started, such as an ffmpeg.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterable
from contextlib import suppress
from threading import Lock


class Reaper:
    """The process and the pipe to it; safe to call from several threads."""

    def __init__(self) -> None:
        # In a session of its own, so that an interrupt typed at the terminal passes it by.
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-S", __file__],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            text=True,
            start_new_session=True,
        )
        self._one_at_a_time = Lock()

    def watch(self, group: int) -> None:
        """Have the process group killed if this process ends."""
        self._tell(f"+{group}\n")

    def release(self, group: int) -> None:
        """Forget a process group that is gone."""
        self._tell(f"-{group}\n")

    def close(self) -> None:
        """End the reaper, and with it whatever is still watched."""
        with self._one_at_a_time:
            if self._process.stdin and not self._process.stdin.closed:
                self._process.stdin.close()
        self._process.wait()

    def _tell(self, line: str) -> None:
        with self._one_at_a_time, suppress(BrokenPipeError):
            if self._process.stdin and not self._process.stdin.closed:
                self._process.stdin.write(line)
                self._process.stdin.flush()


def reap(lines: Iterable[str]) -> None:
    """Follow `+group` and `-group` until the lines end, then kill the groups that remain."""
    groups: set[int] = set()
    for line in lines:
        if line.startswith("+"):
            groups.add(int(line[1:]))
        else:
            groups.discard(int(line[1:]))
    for group in groups:
        with suppress(ProcessLookupError):
            os.killpg(group, signal.SIGKILL)


if __name__ == "__main__":
    reap(sys.stdin)
