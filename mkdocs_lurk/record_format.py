"""How records are written: keys in the order of their types, numbers with as many digits as they are worth."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from types import UnionType
from typing import Any, NotRequired, TypeVar, Union, cast, get_args, get_origin, get_type_hints, is_typeddict

from mkdocs_lurk.records import Skipped

Record = TypeVar("Record")


def round_significant(value: float, digits: int = 7) -> float:
    """Round to a number of significant digits."""
    return float(f"{float(value):.{digits}g}")


def in_order(record: Mapping[str, Any], kind: type[Record]) -> Record:
    """Copy a record with its keys, and those of the records in it, in the order that their types list.

    Args:
        record: The record; keys that are absent stay absent.
        kind: Its type, a ``TypedDict`` of this module.

    Raises:
        KeyError: The record holds a key that its type does not list, or lacks one that it requires.
    """
    described: Any = kind
    hints = fields_of(described)
    unknown = [name for name in record if name not in hints]
    lacking = [name for name in required_fields(described) if name not in record]
    if unknown or lacking:
        raise KeyError(
            f"{described.__name__}: " + "; ".join([f"unknown {n!r}" for n in unknown] + [f"no {n!r}" for n in lacking])
        )
    ordered: Any = {name: _ordered(record[name], hint) for name, hint in hints.items() if name in record}
    return cast(Record, ordered)


@cache
def fields_of(kind: Any) -> dict[str, Any]:
    """Return the fields of a record type and their types, in their order."""
    return get_type_hints(kind)


@cache
def required_fields(kind: Any) -> frozenset[str]:
    """Return the fields that a type requires; in a module with postponed annotations it does not know itself."""
    hints = get_type_hints(kind, include_extras=True)
    return frozenset(name for name in kind.__required_keys__ if get_origin(hints[name]) is not NotRequired)


def _ordered(value: Any, hint: Any) -> Any:
    if is_typeddict(hint):
        return in_order(value, hint)
    if get_origin(hint) in (Union, UnionType):
        return _ordered_union(value, get_args(hint))
    if get_origin(hint) is list and isinstance(value, (list, tuple)):
        (item,) = get_args(hint)
        return [_ordered(one, item) for one in value]
    return list(value) if isinstance(value, tuple) else value


def _ordered_union(value: Any, hints: tuple[Any, ...]) -> Any:
    """Order a value by that member of a union which it is: ``Skipped`` where it says so, else the other one."""
    if isinstance(value, Mapping):
        kinds = [hint for hint in hints if is_typeddict(hint)]
        skipped = set(value) == {"skipped"}
        return in_order(value, next(kind for kind in kinds if (kind is Skipped) == skipped))
    lists = [hint for hint in hints if get_origin(hint) is list]
    return _ordered(value, lists[0]) if isinstance(value, (list, tuple)) and lists else value
