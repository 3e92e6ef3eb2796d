"""Event patterns, as strict as AWS: moto matches them well, and accepts too many."""

from __future__ import annotations

import json
from collections.abc import Iterator

from moto.events.exceptions import InvalidEventPatternException
from moto.events.models import EventPattern

FILTER_MATCHES = frozenset(
    {"anything-but", "equals-ignore-case", "exists", "numeric", "prefix", "suffix"}
)
"""What a Lambda filter may say of a value; `wildcard`, for one, is EventBridge's alone.

https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventfiltering.html
"""


def validate(pattern: str) -> None:
    """Raise `InvalidEventPatternException` for what EventBridge refuses and moto does not.

    moto's JSON keeps the last of two equal keys, and looks at the first key of a match only, so
    a prefix and a suffix of one path would pass, and one of the two would not count.
    """
    try:
        parsed = json.loads(pattern, object_pairs_hook=_Pairs)
    except ValueError:
        raise InvalidEventPatternException("Filter is not valid JSON") from None
    if not isinstance(parsed, _Pairs):
        raise InvalidEventPatternException("Filter is not an object")
    _validate_paths(parsed, ())


def filter_of(pattern: str) -> EventPattern:
    """The filter of an event source mapping; raises `InvalidEventPatternException`."""
    validate(pattern)
    for match in _matches(json.loads(pattern)):
        if not match.keys() <= FILTER_MATCHES:
            raise InvalidEventPatternException(f"Unrecognized match type {next(iter(match))}")
    return EventPattern.load(pattern)


class _Pairs(list[tuple[str, object]]):
    """An object of JSON with all its keys, equal ones too."""


def _validate_paths(pattern: _Pairs, path: tuple[str, ...]) -> None:
    seen = set[str]()
    for key, value in pattern:
        if key in seen:
            named = ".".join((*path, key))
            raise InvalidEventPatternException(f"Path `{named}` cannot be allowed multiple times")
        seen.add(key)
        if isinstance(value, _Pairs):
            _validate_paths(value, (*path, key))
        elif isinstance(value, list):
            for alternative in value:
                if not isinstance(alternative, _Pairs):
                    continue
                if key == "$or":
                    _validate_paths(alternative, path)
                elif len(alternative) != 1:
                    raise InvalidEventPatternException("Only one key allowed in match expression")


def _matches(pattern: dict[str, object]) -> Iterator[dict[str, object]]:
    for key, value in pattern.items():
        if isinstance(value, dict):
            yield from _matches(value)
        elif isinstance(value, list):
            for alternative in value:
                if isinstance(alternative, dict):
                    yield from _matches(alternative) if key == "$or" else [alternative]
