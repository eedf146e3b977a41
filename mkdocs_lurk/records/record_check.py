"""Check a JSON value that comes from outside against a record type, field by field."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from types import NoneType, UnionType
from typing import Literal, TypeVar, Union, cast, get_args, get_origin, is_typeddict

from mkdocs_lurk.errors import StoreError
from mkdocs_lurk.records.record_format import closest_record, fields_of, required_fields

Record = TypeVar("Record")

_LARGEST_INT = 1 << 63
_SHOWN = 60


def check_record(value: object, kind: type[Record], where: str, *, new_fields: bool = False) -> Record:
    """Check a value against its type: kinds of values, required and unknown keys, literals, lengths, finite numbers.

    The depth of a value that passes is the depth of its type, whatever it was nested in.

    Args:
        value: A value as ``json.loads`` returns it.
        kind: A ``TypedDict``, or what its fields are made of: lists, tuples (as lists), mappings from text, literals,
            unions, text, numbers, ``bool`` and None.
        where: What the value is, for the message; the path of the field follows it.
        new_fields: Whether records may hold fields that their types do not list, as a later version may write them.

    Returns:
        The value itself, typed.

    Raises:
        StoreError: The first field that is not as its type says, with its path: ``layers[0].slug``.
    """
    _check(value, kind, where, new_fields)
    return cast(Record, value)


def _check(value: object, kind: object, where: str, new_fields: bool) -> None:
    origin = get_origin(kind)
    if is_typeddict(kind):
        _check_fields(value, kind, where, new_fields)
    elif origin in (Union, UnionType):
        _check(value, _choose(value, get_args(kind)), where, new_fields)
    elif origin is Literal:
        if not any(value == allowed and type(value) is type(allowed) for allowed in get_args(kind)):
            raise record_error(where, value, " or ".join(repr(allowed) for allowed in get_args(kind)))
    elif origin is list:
        (item,) = get_args(kind)
        for place, one in enumerate(_list(value, where)):
            _check(one, item, f"{where}[{place}]", new_fields)
    elif origin is tuple:
        _check_tuple(value, get_args(kind), where, new_fields)
    elif origin in (dict, Mapping):
        for name, one in _mapping(value, where).items():
            _check_scalar(name, str, where)
            _check(one, get_args(kind)[1], f"{where}.{str(name)[:_SHOWN]}", new_fields)
    else:
        _check_scalar(value, kind, where)


def record_error(where: str, value: object, wanted: str) -> StoreError:
    """Make the error for a value that is not what it should be."""
    shown = ascii(value) if isinstance(value, (str, int, float, NoneType)) else f"a {type(value).__name__}"
    return StoreError(f"{where} is {shown if len(shown) <= _SHOWN else shown[:_SHOWN] + '...'}; it should be {wanted}")


def _check_fields(value: object, kind: object, where: str, new_fields: bool) -> None:
    record = _mapping(value, where)
    hints = fields_of(kind)
    for name in record:
        if name not in hints and not new_fields:
            raise StoreError(f"{where} has an unknown field {ascii(name)[:_SHOWN]}")
    for name, hint in hints.items():
        if name in record:
            _check(record[name], hint, f"{where}.{name}", new_fields)
        elif name in required_fields(kind):
            raise StoreError(f"{where} has no field {name!r}")


def _check_tuple(value: object, hints: tuple[object, ...], where: str, new_fields: bool) -> None:
    items = _list(value, where)
    if len(items) != len(hints):
        raise StoreError(f"{where} holds {len(items)} values; it should hold {len(hints)}")
    for place, (one, hint) in enumerate(zip(items, hints, strict=True)):
        _check(one, hint, f"{where}[{place}]", new_fields)


def _choose(value: object, hints: tuple[object, ...]) -> object:
    """Return the member of a union that a value seems to be; the first one, for its message, if it is none of them."""
    like = [hint for hint in hints if _is_like(value, hint)]
    records = [hint for hint in like if is_typeddict(hint)]
    if isinstance(value, Mapping) and len(records) > 1:
        return closest_record(value, records)
    return (like or hints)[0]


def _is_like(value: object, hint: object) -> bool:
    origin = get_origin(hint)
    if is_typeddict(hint) or origin in (dict, Mapping):
        return isinstance(value, Mapping)
    if origin in (list, tuple):
        return isinstance(value, (list, tuple))
    if origin is Literal:
        return any(value == allowed and type(value) is type(allowed) for allowed in get_args(hint))
    return _SCALARS[hint][0](value)


def _check_scalar(value: object, kind: object, where: str) -> None:
    is_right, wanted = _SCALARS[kind]
    if not is_right(value):
        raise record_error(where, value, wanted)


def _is_text(value: object) -> bool:
    if not isinstance(value, str):
        return False
    return value.isascii() or not any("\ud800" <= letter <= "\udfff" for letter in value)


def _is_integer(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and abs(value) < _LARGEST_INT


def _is_number(value: object) -> bool:
    return _is_integer(value) or (isinstance(value, float) and math.isfinite(value))


_SCALARS: dict[object, tuple[Callable[[object], bool], str]] = {
    str: (_is_text, "text"),
    int: (_is_integer, "a whole number"),
    float: (_is_number, "a finite number"),
    bool: (lambda value: isinstance(value, bool), "true or false"),
    NoneType: (lambda value: value is None, "null"),
}


def _list(value: object, where: str) -> Sequence[object]:
    if not isinstance(value, (list, tuple)):
        raise record_error(where, value, "a list")
    return value


def _mapping(value: object, where: str) -> Mapping[object, object]:
    if not isinstance(value, Mapping):
        raise record_error(where, value, "an object with fields")
    return value
