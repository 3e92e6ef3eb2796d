"""Replaces methods of moto for a while."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import RLock
from typing import Any, ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")

Method = Callable[..., Any]


@contextmanager
def amended(owner: object, name: str, make: Callable[[Method], Method]) -> Iterator[None]:
    """Let `owner.name` be `make(original)` until the context ends."""
    original: Method = vars(owner)[name]
    setattr(owner, name, make(original))
    try:
        yield
    finally:
        setattr(owner, name, original)


def one_at_a_time(lock: RLock) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Let functions run only while they hold `lock`."""

    def serialize(function: Callable[P, R]) -> Callable[P, R]:
        def serialized(*args: P.args, **kwargs: P.kwargs) -> R:
            with lock:
                return function(*args, **kwargs)

        return serialized

    return serialize
