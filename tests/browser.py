"""A browser for tests: headless Chromium, told by the DevTools protocol through two pipes."""

from __future__ import annotations

import fcntl
import json
import os
import select
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from tempfile import TemporaryDirectory
from typing import Any

PATIENCE_SECONDS = 120.0

# Root may not use Chromium's sandbox, and a container's /dev/shm may be small.
_SWITCHES = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--no-first-run",
    "--mute-audio",
    "--autoplay-policy=no-user-gesture-required",
    "--remote-debugging-pipe",
)
# Chromium reads the protocol from 3 and writes it to 4.
_MOVE_PIPES = """
import os, sys
os.dup2(int(sys.argv[1]), 3)
os.dup2(int(sys.argv[2]), 4)
os.execv(sys.argv[3], sys.argv[3:])
"""


@dataclass
class Page:
    """The one page of a browser, and what happened on it.

    `complaints` are its warnings, errors and failed requests, `answers` (status, content type) of
    what was fetched by URL, in the order in which it came.
    """

    _to: int
    _from: int
    complaints: list[str] = field(default_factory=list)
    answers: list[tuple[str, int, str]] = field(default_factory=list)
    _session: dict[str, str] = field(default_factory=dict)
    _unread: bytes = b""
    _calls: int = 0

    def attach(self) -> None:
        """Opens a tab and listens to it."""
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        attached = self.call("Target.attachToTarget", targetId=target, flatten=True)
        self._session = {"sessionId": attached["sessionId"]}
        for domain in ("Page", "Runtime", "Network", "Log"):
            self.call(f"{domain}.enable")

    def open(self, url: str) -> None:
        """Loads a page; scripts at its end have run when this returns."""
        self.call("Page.navigate", url=url)
        self.wait_until(
            f"location.href === {json.dumps(url)} && document.readyState === 'complete'"
        )

    def evaluate(self, expression: str) -> Any:  # noqa: ANN401 - what JSON can hold
        """What an expression, or the promise that it is, comes to."""
        answer = self.call(
            "Runtime.evaluate",
            expression=expression,
            awaitPromise=True,
            returnByValue=True,
            userGesture=True,
        )
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    def wait_until(self, expression: str) -> None:
        """Asks again and again; fails when patience ends, with what the page complained of."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not self.evaluate(expression):
            assert time.monotonic() < deadline, f"never {expression}: {self.complaints}"
            self._listen(0.05)

    def call(self, method: str, **parameters: object) -> dict[str, Any]:
        self._calls += 1
        number = self._calls
        message = {"id": number, "method": method, "params": parameters, **self._session}
        os.write(self._to, json.dumps(message).encode() + b"\0")
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            for heard in self._listen(max(0.0, deadline - time.monotonic())):
                if heard.get("id") == number:
                    assert "error" not in heard, heard["error"]
                    result: dict[str, Any] = heard["result"]
                    return result
            assert time.monotonic() < deadline, f"no answer to {method}"

    def _listen(self, seconds: float) -> list[dict[str, Any]]:
        """What has come, at most `seconds` from now; events are noted."""
        if not select.select([self._from], [], [], seconds)[0]:
            return []
        chunk = os.read(self._from, 1 << 20)
        assert chunk, "Chromium has ended"
        *messages, self._unread = (self._unread + chunk).split(b"\0")
        heard = [json.loads(message) for message in messages]
        for event in heard:
            self._note(event.get("method", ""), event.get("params", {}))
        return heard

    def _note(self, method: str, event: dict[str, Any]) -> None:
        if method == "Network.responseReceived":
            response = event["response"]
            self.answers.append((response["url"], response["status"], response["mimeType"]))
        elif method == "Network.loadingFailed" and not event.get("canceled"):
            self.complaints.append(f"not loaded: {event['errorText']}")
        elif method == "Log.entryAdded" and event["entry"]["level"] in ("warning", "error"):
            self.complaints.append(event["entry"]["text"])
        elif method == "Runtime.exceptionThrown":
            self.complaints.append(event["exceptionDetails"]["exception"]["description"])
        elif method == "Runtime.consoleAPICalled" and event["type"] in ("warning", "error"):
            self.complaints.append(str([one.get("value") for one in event["args"]]))


@contextmanager
def opened_browser() -> Iterator[Page]:
    """Starts Chromium with a profile of its own, and ends it."""
    program = shutil.which("chromium")
    assert program, "There is no Chromium: install Debian's package chromium."
    told, tell = _pipe()
    hear, heard = _pipe()
    with TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        command = [program, *_SWITCHES, f"--user-data-dir={profile}"]
        process = subprocess.Popen(
            [sys.executable, "-c", _MOVE_PIPES, str(told), str(heard), *command],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            pass_fds=(told, heard),
            start_new_session=True,
        )
        os.close(told)
        os.close(heard)
        page = Page(tell, hear)
        try:
            page.attach()
            yield page
        finally:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            os.close(tell)
            os.close(hear)


def _pipe() -> tuple[int, int]:
    """A pipe's ends to read and to write, beyond the numbers that the protocol uses."""
    ends = os.pipe()
    moved = tuple(fcntl.fcntl(end, fcntl.F_DUPFD_CLOEXEC, 10) for end in ends)
    for end in ends:
        os.close(end)
    return moved[0], moved[1]
