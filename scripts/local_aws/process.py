"""The embedded AWS in a process of its own, which can outlive the one that started it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import Self

from local_aws.errors import LocalAwsError


class LocalAwsProcess:
    """`python -m local_aws`, with the face of `LocalAws`.

    It can be used beside `mock_aws`. It ends with the process that started it, however that ends,
    unless it `outlives` it. Raises `LocalAwsError`.
    """

    def __init__(self, folder: Path, port: int = 0, *, outlives: bool = False) -> None:
        self._folder = folder.resolve()
        scripts = Path(__file__).parents[1]
        self._process = subprocess.Popen(
            [sys.executable, "-m", "local_aws", "--folder", str(folder), "--port", str(port)]
            + ([] if outlives else ["--until-input-ends"]),
            env={**os.environ, "PYTHONPATH": str(scripts)},
            stdin=subprocess.DEVNULL if outlives else subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            # An interrupt typed at the terminal is for the one who started it to pass on.
            start_new_session=True,
        )
        if self._process.stdout is None or self._process.stderr is None:
            raise AssertionError("both were asked for")
        self.endpoint = self._process.stdout.readline().strip()
        if not self.endpoint:
            _, complaint = self._process.communicate()
            raise LocalAwsError(complaint.strip())

    @property
    def pid(self) -> int:
        """What to send SIGTERM to, to stop it from elsewhere."""
        return self._process.pid

    def log_file(self, function_name: str) -> Path:
        """What the function wrote; the file is there once it was invoked."""
        return self._folder / "logs" / f"{function_name}.log"

    def stop(self) -> None:
        """End it and everything that it started. A second call does nothing."""
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
        self._process.communicate()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()
