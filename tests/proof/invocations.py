"""What Lambda is to a function: an instance with storage of its own, an event and a deadline."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from threading import current_thread
from types import ModuleType
from typing import Any

from aws_names import REGION
from proof.aws import ACCOUNT

FUNCTIONS = {"images": "image_processor", "videos": "video_processor"}


def handler_of(name: str) -> Callable[[dict[str, Any], Context], object]:
    module: ModuleType = importlib.import_module(name)
    handler: Callable[[dict[str, Any], Context], object] = module.lambda_handler
    return handler


class Executor:
    """Stands in for the threads that upload: each write is made at once, or as late as may be."""

    is_lazy = False

    def __init__(self, *_: object, **__: object) -> None:
        self._waiting: list[Write] = []

    def submit(self, work: Callable[[], None]) -> Write:
        write = Write(work)
        if self.is_lazy:
            self._waiting.append(write)
        else:
            write.make()
        return write

    def shutdown(self, **_: bool) -> None:
        for write in self._waiting:
            write.is_made = True


class Write:
    """A future whose work is done when it is waited for."""

    def __init__(self, work: Callable[[], None]) -> None:
        self._work = work
        self._error: Exception | None = None
        self.is_made = False

    def make(self) -> None:
        if self.is_made:
            return
        self.is_made = True
        try:
            self._work()
        except Exception as error:  # noqa: BLE001
            self._error = error

    def result(self) -> None:
        self.make()
        if self._error:
            raise self._error


@dataclass
class Context:
    """What Lambda tells a function of its invocation."""

    aws_request_id: str
    seconds_left: Callable[[], float]
    function_name: str = "proof"
    memory_limit_in_mb: int = 1769
    invoked_function_arn: str = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:proof"

    def get_remaining_time_in_millis(self) -> int:
        return int(self.seconds_left() * 1000)


def own_folder(folder: Path) -> str:
    """No two instances of a function share their storage."""
    own = folder / str(current_thread().ident)
    own.mkdir(exist_ok=True)
    return str(own)
