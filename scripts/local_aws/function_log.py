"""What functions print: one file per function, and the end of each invocation for who asked."""

from __future__ import annotations

import os
import select
from pathlib import Path
from threading import Lock, Thread

TAIL_BYTES = 4096
"""How much of an invocation's log Lambda returns with `LogType` `Tail`."""


class InstanceLog:
    """Copies what an instance writes into a pipe to its function's log, as it comes.

    Several instances append to one file, each whole chunks at a time. `tail` is what this instance
    alone wrote since `begin`.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._tail = b""
        self._one_at_a_time = Lock()
        self._reading_end, self.writing_end = os.pipe()
        os.set_blocking(self._reading_end, False)

    def follow(self) -> None:
        """Begin to copy; the writing end now belongs to the instance alone."""
        os.close(self.writing_end)
        Thread(target=self._copy, name=f"log {self._path.name}", daemon=True).start()

    def begin(self) -> None:
        """Forget what was written so far."""
        with self._one_at_a_time:
            self._tail = b""

    def write(self, line: str) -> None:
        """Append a line of the platform's own, after all that the instance has written."""
        with self._one_at_a_time:
            self._drain()
            self._append(f"{line}\n".encode())

    def tail(self) -> bytes:
        """The last bytes written since `begin`, at most `TAIL_BYTES`."""
        with self._one_at_a_time:
            self._drain()
            return self._tail

    def _copy(self) -> None:
        is_open, readable = True, select.poll()
        readable.register(self._reading_end, select.POLLIN)
        while is_open:
            readable.poll()
            with self._one_at_a_time:
                is_open = self._drain()
                if not is_open:
                    os.close(self._reading_end)
                    self._reading_end = -1

    def _drain(self) -> bool:
        """Copy what lies in the pipe; whether somebody can still write into it."""
        while self._reading_end >= 0:
            try:
                chunk = os.read(self._reading_end, 65536)
            except BlockingIOError:
                return True
            if not chunk:
                return False
            self._append(chunk)
        return False

    def _append(self, chunk: bytes) -> None:
        with self._path.open("ab", buffering=0) as file:
            file.write(chunk)
        self._tail = (self._tail + chunk)[-TAIL_BYTES:]
