"""How far a run has come, kept in a file so that an interrupted one goes on."""

from __future__ import annotations

from pathlib import Path

import msgspec

from backfilling.errors import BackfillError


class Asked(msgspec.Struct, frozen=True):
    """What a run was asked for: a file that says another thing is of no use to it."""

    bucket: str
    prefix: str
    since: str | None
    until: str | None
    route: str | None
    recipe: str
    """The digest."""
    retry_failed: bool = False


class State(msgspec.Struct, frozen=True):
    """Every object up to `last_key` is sent or skipped; `sent` counts messages."""

    asked: Asked
    last_key: str = ""
    sent: int = 0
    is_finished: bool = False


def resume(path: Path, asked: Asked) -> State:
    """Where the run of the file left off; the beginning if that one has finished or is another.

    Raises `BackfillError` for a file that is no state.
    """
    try:
        state = msgspec.json.decode(path.read_bytes(), type=State)
    except FileNotFoundError:
        return State(asked)
    except (OSError, msgspec.DecodeError, RecursionError) as error:
        raise BackfillError(
            f"{path} is no state of a backfill that can be read ({error}): remove it, or name "
            "another file with --state."
        ) from error
    return State(asked) if state.is_finished or state.asked != asked else state


def save(path: Path, state: State) -> None:
    """Replace the file in one step. Raises `BackfillError`."""
    new = path.with_name(f"{path.name}.new")
    try:
        new.write_bytes(msgspec.json.format(msgspec.json.encode(state)) + b"\n")
        new.replace(path)
    except OSError as error:
        raise BackfillError(
            f"{path} cannot be written ({error}); --state names another."
        ) from error
