"""Lambda's Runtime API (2018-06-01), one server for each instance.

https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
"""

from __future__ import annotations

import re
import socketserver
from dataclasses import dataclass
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from queue import SimpleQueue
from threading import Thread

ROOT = "/2018-06-01/runtime"


@dataclass(frozen=True)
class Invocation:
    """What an instance is asked to do. `deadline_ms` is in milliseconds of the Unix epoch."""

    request_id: str
    function_arn: str
    payload: bytes
    deadline_ms: int
    trace: str
    client_context: str | None = None


@dataclass(frozen=True)
class Ready:
    """The instance asked for its first invocation."""


@dataclass(frozen=True)
class Responded:
    """The handler returned `body`, JSON."""

    body: bytes


@dataclass(frozen=True)
class Failed:
    """The handler, or the initialization before it, raised; `body` is JSON."""

    body: bytes


@dataclass(frozen=True)
class Exited:
    """The instance's process ended, with a status as of `subprocess`."""

    status: int


Signal = Ready | Responded | Failed | Exited


class RuntimeApi:
    """Hands invocations to one instance, and puts what comes of them into `signals`."""

    def __init__(self, signals: SimpleQueue[Signal]) -> None:
        self.signals = signals
        self.current: str | None = None
        self.is_ready = False
        self._invocations: SimpleQueue[Invocation | None] = SimpleQueue()
        self._server = _Server(self)
        Thread(target=self._server.serve_forever, args=(0.1,), daemon=True).start()

    @property
    def address(self) -> str:
        """Host and port, as `AWS_LAMBDA_RUNTIME_API` has them."""
        host, port = self._server.server_address[:2]
        return f"{host!s}:{port}"

    def hand(self, invocation: Invocation) -> None:
        """Give the instance something to do; it must have nothing else to do."""
        self._invocations.put(invocation)

    def next_invocation(self) -> Invocation | None:
        """Wait for something to do; None once the API is closed."""
        if not self.is_ready:
            self.is_ready = True
            self.signals.put(Ready())
        invocation = self._invocations.get()
        self.current = invocation.request_id if invocation else None
        return invocation

    def close(self) -> None:
        """Serve no more."""
        self._invocations.put(None)
        self._server.shutdown()
        self._server.server_close()


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    block_on_close = False

    def __init__(self, api: RuntimeApi) -> None:
        self.api = api
        super().__init__(("127.0.0.1", 0), _Handler)

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing: an instance that is killed drops its connection."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # An answer leaves whole and at once; otherwise the client's kernel would wait 40 ms for more.
    wbufsize = -1
    disable_nagle_algorithm = True
    server: _Server

    def do_GET(self) -> None:
        if self.path != f"{ROOT}/invocation/next":
            self._answer(HTTPStatus.NOT_FOUND)
            return
        invocation = self.server.api.next_invocation()
        if invocation is None:
            self._answer(HTTPStatus.GONE)
            return
        headers = {
            "Content-Type": "application/json",
            "Lambda-Runtime-Aws-Request-Id": invocation.request_id,
            "Lambda-Runtime-Deadline-Ms": str(invocation.deadline_ms),
            "Lambda-Runtime-Invoked-Function-Arn": invocation.function_arn,
            "Lambda-Runtime-Trace-Id": invocation.trace,
        }
        if invocation.client_context:
            headers["Lambda-Runtime-Client-Context"] = invocation.client_context
        self._answer(HTTPStatus.OK, invocation.payload, headers)

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        api = self.server.api
        if self.path == f"{ROOT}/init/error":
            api.signals.put(Failed(body))
        else:
            named = re.fullmatch(rf"{ROOT}/invocation/([^/]+)/(response|error)", self.path)
            if named is None:
                self._answer(HTTPStatus.NOT_FOUND)
                return
            if named[1] != api.current:
                self._answer(HTTPStatus.BAD_REQUEST)
                return
            api.current = None
            api.signals.put(Responded(body) if named[2] == "response" else Failed(body))
        self._answer(HTTPStatus.ACCEPTED, b'{"status":"OK"}\n')

    def _answer(
        self, status: HTTPStatus, body: bytes = b"", headers: dict[str, str] | None = None
    ) -> None:
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Say nothing: the function's log tells what happens here."""
