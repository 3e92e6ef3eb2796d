"""JMESPath (https://jmespath.org/specification.html): what an expression reads, and what it finds.

boto3 brings the library.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Set
from functools import cache
from typing import Any, Self

import jmespath
from jmespath.exceptions import JMESPathError
from jmespath.functions import Functions

Node = Mapping[str, Any]

EVERYTHING = "@"


class ExpressionError(ValueError):
    """An expression that cannot be evaluated over what there is, such as `join` of a null."""


class Expression:
    """One expression. `reads` names the attributes of a record that decide what it finds.

    `EVERYTHING` among them stands for all.
    """

    def __init__(self, text: str) -> None:
        try:
            self._parsed = jmespath.compile(text)
            unknown = set(_functions(self._parsed.parsed)) - Functions.FUNCTION_TABLE.keys()
            self.reads: Set[str] = frozenset(_roots(self._parsed.parsed))
        except (JMESPathError, RecursionError) as error:
            raise ValueError(f"{text!r} is no JMESPath: {_first_line(error)}") from error
        if unknown:
            raise ValueError(f"{text!r} names a function that JMESPath lacks: {min(unknown)}")

    @classmethod
    @cache
    def of(cls, text: str) -> Self:
        """Raises `ValueError` for what is no JMESPath."""
        return cls(text)

    def reads_of(self, names: Set[str]) -> Set[str]:
        """Those of `names` that it reads."""
        return names if EVERYTHING in self.reads else names & self.reads

    def find(self, values: Mapping[str, Any]) -> object:
        """What there is of it, else None. Raises `ExpressionError`."""
        try:
            found: object = self._parsed.search(values)
        except Exception as error:  # what the library lets through is of any type
            raise ExpressionError(_first_line(error)) from error
        return found


def _roots(node: Node) -> set[str]:
    children = node["children"]
    match node["type"]:
        case "field":
            return {node["value"]}
        case "current" | "identity":
            return {EVERYTHING}
        case (
            "subexpression"
            | "pipe"
            | "index_expression"
            | "projection"
            | "value_projection"
            | "filter_projection"
        ):
            # What comes after the first reads what the first has found.
            return _roots(children[0])
        case "expref":
            # A function applies it to what its other arguments have found.
            return set()
        case _:
            return set().union(*map(_roots, children))


def _functions(node: Node) -> Iterator[str]:
    if node["type"] == "function_expression":
        yield node["value"]
    for child in node["children"]:
        # A slice has numbers.
        if isinstance(child, Mapping):
            yield from _functions(child)


def _first_line(error: BaseException) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
