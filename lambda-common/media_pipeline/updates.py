"""DynamoDB's update expressions, from Python's values."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any, cast

from boto3.dynamodb.types import TypeDeserializer, TypeSerializer

if TYPE_CHECKING:
    from botocore.exceptions import ClientError

LARGEST_NUMBER = Decimal("1e126")


class Update:
    """One update being put together. Each attribute is given once: DynamoDB wants it so."""

    def __init__(self) -> None:
        self._sets: dict[str, object] = {}
        self._once: dict[str, object] = {}
        self._removals: list[str] = []
        self._inner_sets: dict[str, object] = {}
        self._inner_removals: list[str] = []
        self._condition: tuple[str, object] = ("", None)

    def set(self, attribute: str, value: object) -> None:
        """None removes it."""
        if value is None:
            self._removals.append(attribute)
        else:
            self._sets[attribute] = value

    def set_once(self, attribute: str, value: object) -> None:
        """Set it unless the item has it."""
        self._once[attribute] = value

    def set_in_pipeline(self, attribute: str, value: object) -> None:
        self._inner_sets[attribute] = value

    def remove_from_pipeline(self, *attributes: str) -> None:
        self._inner_removals += attributes

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
        for attribute, value in self._once.items():
            name = terms.name(attribute)
            sets.append(f"{name} = if_not_exists({name}, {terms.value(value)})")
        for attribute, value in self._inner_sets.items():
            sets.append(f"{terms.name('pipeline')}.{attribute} = {terms.value(value)}")
        removals = [terms.name(attribute) for attribute in self._removals]
        removals += [f"{terms.name('pipeline')}.{inner}" for inner in self._inner_removals]
        clauses = [
            f"{word} {', '.join(actions)}"
            for word, actions in (("SET", sets), ("REMOVE", removals))
            if actions
        ]
        request: dict[str, Any] = {
            "ConditionExpression": condition,
            "ExpressionAttributeNames": terms.names,
        }
        if clauses:
            request["UpdateExpression"] = " ".join(clauses)
        if terms.values:
            request["ExpressionAttributeValues"] = terms.values
        return request


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
        self.values[placeholder] = _serialize(value)
        return placeholder


def _serialize(value: object) -> Any:  # noqa: ANN401
    return TypeSerializer().serialize(_storable(value))


def is_storable(value: object) -> bool:
    """Whether DynamoDB has a type for it: not for infinities, nor numbers of 39 digits."""
    try:
        _serialize(value)
    except (TypeError, ArithmeticError):
        return False
    return _is_in_range(value)


def _is_in_range(value: object) -> bool:
    """Whether it has none of what boto3 lets through and DynamoDB refuses.

    https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/HowItWorks.NamingRulesDataTypes.html
    """
    if isinstance(value, int | float | Decimal):
        return abs(Decimal(value)) < LARGEST_NUMBER
    if isinstance(value, Mapping):
        return "" not in value and all(map(_is_in_range, value.values()))
    return not isinstance(value, list | tuple) or all(map(_is_in_range, value))


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


def condition_failed(error: ClientError) -> bool:
    """Whether DynamoDB has refused a write because the item did not meet its condition."""
    return error.response["Error"]["Code"] == "ConditionalCheckFailedException"


def item_before(error: ClientError) -> dict[str, Any]:
    """The item that did not meet the condition of a write; empty if there was none."""
    return read_item(cast("dict[str, Any]", error.response).get("Item", {}))


def is_too_large(error: ClientError) -> bool:
    """Whether DynamoDB has refused a write because the item would pass its 400 KB."""
    told = error.response["Error"]
    return told["Code"] == "ValidationException" and "size" in told.get("Message", "").lower()
