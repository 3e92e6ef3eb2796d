"""The embedded AWS in this process."""

from __future__ import annotations

import fcntl
import logging
import os
import shutil
import socket
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from threading import Event, Lock, Thread
from types import TracebackType
from typing import Self

from moto.moto_api._internal.models import moto_api_backend
from moto.moto_server.werkzeug_app import MotoRequestHandler
from werkzeug.serving import make_server

from local_aws.application import Application
from local_aws.errors import LocalAwsError
from local_aws.instances import Host
from local_aws.invocations import RETRY_SECONDS, Invocations
from local_aws.mappings import Mappings
from local_aws.moto_lambda import amended_lambda
from local_aws.moto_s3 import amended_s3
from local_aws.moto_sqs import amended_sqs
from local_aws.s3_events import S3Events

HOST = "127.0.0.1"
OWN_FOLDERS = ("code", "instances", "layers", "logs", "runtime")

_only_one = Lock()


class LocalAws:
    """An AWS that lives as long as the context, or until `stop`.

    `folder` holds all that it writes; what an earlier one left there is removed. `port` 0 takes a
    free one. Raises `LocalAwsError`. moto keeps its state in globals: one per process, and no
    `mock_aws` beside it.
    """

    def __init__(
        self, folder: Path, port: int = 0, retry_seconds: Sequence[float] = RETRY_SECONDS
    ) -> None:
        self._folder = folder.resolve()
        self.server_log = self._folder / "local_aws.log"
        """What went wrong inside."""
        self._stack = ExitStack()
        with ExitStack() as stack:
            stack.enter_context(_alone_in_process())
            stack.enter_context(_alone_in(self._folder))
            stack.enter_context(_logging(self.server_log))
            listener = stack.enter_context(_listener(port))
            self.endpoint = f"http://{HOST}:{listener.getsockname()[1]}"
            self._host = Host(self._folder, self.endpoint)
            stack.callback(self._host.reaper.close)
            stack.callback(moto_api_backend.reset)
            moto_api_backend.reset()
            self._start(stack, listener, retry_seconds)
            self._stack = stack.pop_all()

    def _start(
        self, stack: ExitStack, listener: socket.socket, retry_seconds: Sequence[float]
    ) -> None:
        """Start the parts in an order whose reverse stops them."""
        stopping = Event()
        s3_events = S3Events()
        stack.callback(s3_events.stop)
        invocations = Invocations(self._host, retry_seconds)
        mappings = Mappings(self.endpoint, invocations)
        sqs = stack.enter_context(amended_sqs(stopping))
        stack.enter_context(amended_s3(s3_events))
        stack.enter_context(amended_lambda(invocations, mappings, sqs))
        stack.enter_context(_serving(listener, Application(s3_events)))
        stack.callback(mappings.join)
        stack.callback(invocations.stop)
        stack.callback(mappings.stop)
        stack.callback(stopping.set)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()

    def log_file(self, function_name: str) -> Path:
        """What the function wrote; the file is there once it was invoked."""
        return self._host.log_file(function_name)

    def stop(self) -> None:
        """End everything that was started, functions included. A second call does nothing."""
        self._stack.close()


@contextmanager
def _serving(listener: socket.socket, application: Application) -> Iterator[None]:
    server = make_server(
        HOST,
        listener.getsockname()[1],
        application,
        threaded=True,
        request_handler=_QuietHandler,
        fd=listener.fileno(),
    )
    thread = Thread(target=server.serve_forever, args=(0.1,), name="server", daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()


class _QuietHandler(MotoRequestHandler):
    """Logs what fails to `local_aws.log`, and nothing to the terminal."""

    def log(self, type: str, message: str, *args: object) -> None:  # noqa: A002
        if type == "error":
            logging.getLogger(__name__).error(message, *args)


@contextmanager
def _alone_in_process() -> Iterator[None]:
    if not _only_one.acquire(blocking=False):
        raise LocalAwsError(
            "An embedded AWS runs in this process already, and moto's state is global: stop it "
            "first, or use LocalAwsProcess."
        )
    try:
        yield
    finally:
        _only_one.release()


@contextmanager
def _alone_in(folder: Path) -> Iterator[None]:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = (folder / "lock").open("a+")
    except OSError as error:
        raise LocalAwsError(
            f"The embedded AWS cannot write to {folder}: {error.strerror}. Name another folder."
        ) from error
    # The lock ends with the process, however that ends.
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            raise LocalAwsError(
                f"Another embedded AWS, process {lock.read()}, is running in {folder}: "
                "stop it, or use another folder."
            ) from None
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        for name in OWN_FOLDERS:
            shutil.rmtree(folder / name, ignore_errors=True)
        yield


@contextmanager
def _logging(path: Path) -> Iterator[None]:
    handler = logging.FileHandler(path, mode="w")
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s %(message)s"))
    logger = logging.getLogger("local_aws")
    propagate, logger.propagate = logger.propagate, False
    logger.addHandler(handler)
    try:
        yield
    finally:
        logger.removeHandler(handler)
        logger.propagate = propagate
        handler.close()


@contextmanager
def _listener(port: int) -> Iterator[socket.socket]:
    try:
        listener = socket.create_server((HOST, port), backlog=128)
    except (OSError, OverflowError) as error:
        reason = os.strerror(error.errno) if isinstance(error, OSError) and error.errno else error
        raise LocalAwsError(
            f"The embedded AWS cannot listen on {HOST}, port {port or 'of its choice'}: {reason}. "
            "Free that port, or name another one."
        ) from error
    with listener:
        yield listener
