"""How records are written: keys in the order of their types, numbers with as many digits as they are worth."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from types import UnionType
from typing import NotRequired, Protocol, TypeVar, Union, cast, get_args, get_origin, get_type_hints, is_typeddict

Record = TypeVar("Record")
Value = TypeVar("Value")


class _RecordType(Protocol):
    """What a ``TypedDict`` is when the program runs."""

    __name__: str
    __required_keys__: frozenset[str]


def round_significant(value: float, digits: int = 7) -> float:
    """Round to a number of significant digits."""
    return float(f"{float(value):.{digits}g}")


def round_floats(value: Value, digits: int = 5) -> Value:
    """Copy a value of JSON with each float in it rounded to a number of significant digits; tuples become lists."""
    return cast(Value, _round_floats(value, digits))


def in_order(record: Mapping[str, object], kind: type[Record]) -> Record:
    """Copy a record with its keys, and those of the records in it, in the order that their types list.

    Args:
        record: The record; keys that are absent stay absent.
        kind: Its type, a ``TypedDict`` of this module.

    Raises:
        KeyError: The record holds a key that its type does not list, or lacks one that it requires.
    """
    return cast(Record, _ordered_record(record, kind))


@cache
def fields_of(kind: object) -> dict[str, object]:
    """Return the fields of a record type and their types, in their order."""
    return get_type_hints(kind)


@cache
def required_fields(kind: object) -> frozenset[str]:
    """Return the fields that a type requires; in a module with postponed annotations it does not know itself."""
    hints = get_type_hints(kind, include_extras=True)
    named = cast(_RecordType, kind).__required_keys__
    return frozenset(name for name in named if get_origin(hints[name]) is not NotRequired)


def closest_record(value: Mapping[str, object] | Mapping[object, object], kinds: Sequence[object]) -> object:
    """Return which of several record types a value is.

    Args:
        value: The value.
        kinds: The types, at least one: those of a union.

    Returns:
        The first that lists all keys of the value and requires no others; if none does, the first of those that share
        most keys with it.
    """

    def closeness(kind: object) -> tuple[bool, int]:
        known = fields_of(kind).keys()
        return value.keys() <= known and required_fields(kind) <= value.keys(), len(known & value.keys())

    return max(kinds, key=closeness)


def _round_floats(value: object, digits: int) -> object:
    if isinstance(value, float):
        return round_significant(value, digits)
    if isinstance(value, dict):
        return {name: _round_floats(item, digits) for name, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_round_floats(item, digits) for item in value]
    return value


def _ordered_record(record: Mapping[str, object], kind: object) -> dict[str, object]:
    hints = fields_of(kind)
    unknown = [name for name in record if name not in hints]
    lacking = [name for name in required_fields(kind) if name not in record]
    if unknown or lacking:
        problems = [f"unknown {name!r}" for name in unknown] + [f"no {name!r}" for name in lacking]
        raise KeyError(f"{cast(_RecordType, kind).__name__}: " + "; ".join(problems))
    return {name: _ordered(record[name], hint) for name, hint in hints.items() if name in record}


def _ordered(value: object, hint: object) -> object:
    if is_typeddict(hint):
        return _ordered_record(cast("Mapping[str, object]", value), hint)
    if get_origin(hint) in (Union, UnionType):
        return _ordered_union(value, get_args(hint))
    if get_origin(hint) is list and isinstance(value, (list, tuple)):
        (item,) = get_args(hint)
        return [_ordered(one, item) for one in value]
    return list(value) if isinstance(value, tuple) else value


def _ordered_union(value: object, hints: tuple[object, ...]) -> object:
    """Order a value by that member of a union which it is."""
    if isinstance(value, Mapping):
        return _ordered_record(value, closest_record(value, [hint for hint in hints if is_typeddict(hint)]))
    lists = [hint for hint in hints if get_origin(hint) is list]
    return _ordered(value, lists[0]) if isinstance(value, (list, tuple)) and lists else value
