"""DynamoDB's update expressions, from Python's values."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from boto3.dynamodb.types import TypeDeserializer, TypeSerializer


class Update:
    """One update being put together; `word` says what the table calls an attribute.

    Where two attributes have one name in the table, what was set last is written: DynamoDB refuses
    an expression that names an attribute twice.
    """

    def __init__(self, word: Callable[[str], str]) -> None:
        self._word = word
        self._sets: dict[str, object] = {}
        self._once: dict[str, object] = {}
        self._removals: set[str] = set()
        self._inner_sets: dict[str, object] = {}
        self._inner_removals: tuple[str, ...] = ()
        self._condition: tuple[str, object] = ("", None)

    def set_all(self, attributes: Mapping[str, Any]) -> None:
        self._sets.update({self._word(name): value for name, value in attributes.items()})

    def set_once(self, attribute: str, value: object) -> None:
        self._once[self._word(attribute)] = value

    def remove(self, *attributes: str) -> None:
        """What is set as well is not removed."""
        self._removals |= {self._word(name) for name in attributes}

    def set_in_pipeline(self, attribute: str, value: object) -> None:
        self._inner_sets[attribute] = value

    def remove_from_pipeline(self, *attributes: str) -> None:
        self._inner_removals = attributes

    def only_if_unclaimed(self) -> None:
        self._condition = ("attribute_not_exists({pipeline})", None)

    def only_if_pipeline_is(self, seen: Mapping[str, Any]) -> None:
        self._condition = ("{pipeline} = {value}", seen)

    def only_if_leased(self, token: str) -> None:
        self._condition = ("{pipeline}.leaseToken = {value}", token)

    def request(self) -> dict[str, Any]:
        """The expressions, names and values as DynamoDB's `UpdateItem` takes them."""
        terms = _Terms()
        template, compared = self._condition
        placeholder = "" if compared is None else terms.value(compared)
        condition = template.format(pipeline=terms.name("pipeline"), value=placeholder)
        sets = [f"{terms.name(n)} = {terms.value(value)}" for n, value in self._sets.items()]
        for word, value in self._once.items():
            if word in self._sets:
                continue
            name = terms.name(word)
            sets.append(f"{name} = if_not_exists({name}, {terms.value(value)})")
        for attribute, value in self._inner_sets.items():
            sets.append(f"{terms.name('pipeline')}.{attribute} = {terms.value(value)}")
        removals = [terms.name(name) for name in sorted(self._removals - self._sets.keys())]
        removals += [f"{terms.name('pipeline')}.{inner}" for inner in self._inner_removals]
        expression = f"SET {', '.join(sets)}"
        if removals:
            expression += f" REMOVE {', '.join(removals)}"
        return {
            "UpdateExpression": expression,
            "ConditionExpression": condition,
            "ExpressionAttributeNames": terms.names,
            "ExpressionAttributeValues": terms.values,
        }


class _Terms:
    """Placeholders for names and values; an attribute's own name may hold any character."""

    def __init__(self) -> None:
        self.names: dict[str, str] = {}
        self.values: dict[str, Any] = {}
        self._placeholders: dict[str, str] = {}

    def name(self, attribute: str) -> str:
        placeholder = self._placeholders.setdefault(attribute, f"#n{len(self._placeholders)}")
        self.names[placeholder] = attribute
        return placeholder

    def value(self, value: object) -> str:
        placeholder = f":v{len(self.values)}"
        self.values[placeholder] = TypeSerializer().serialize(_storable(value))
        return placeholder


def _storable(value: object) -> object:
    """DynamoDB takes no floats; six decimals are more than any measure here means."""
    if isinstance(value, float):
        return Decimal(str(round(value, 6)))
    if isinstance(value, Mapping):
        return {name: _storable(inner) for name, inner in value.items() if inner is not None}
    if isinstance(value, list | tuple):
        return [_storable(inner) for inner in value]
    return value


def write_item(attributes: Mapping[str, Any]) -> dict[str, Any]:
    """An item, or its key, as DynamoDB's API takes it."""
    return {name: TypeSerializer().serialize(value) for name, value in attributes.items()}


def read_item(item: Mapping[str, Any]) -> dict[str, Any]:
    """Python's values of an item that DynamoDB's API gave."""
    return {name: TypeDeserializer().deserialize(value) for name, value in item.items()}
