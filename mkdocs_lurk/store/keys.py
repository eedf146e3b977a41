"""Keys: the digest of everything that changes a result's bytes.

A key depends on no path, time, class name or machine, so that a store can be copied to another machine.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import math
import re
from collections.abc import Mapping

from mkdocs_lurk.errors import StoreError

KEY_LENGTH = 40
_KEY = re.compile(r"[A-Za-z0-9_-]{8,80}")


def digest(*parts: object) -> str:
    """Return the digest of some values, in order, as canonical JSON.

    Numbers keep their type (``1`` and ``1.0`` differ), mappings lose their order, tuples count as lists, ``bytes``
    as the digest of their contents, and dataclasses as mappings of their fields.

    Returns:
        40 hexadecimal digits of the SHA-256.

    Raises:
        StoreError: A value has no canonical form (a path, a set, an object).
    """
    text = json.dumps([_canonical(part) for part in parts], sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()[:KEY_LENGTH]


def is_key(key: str) -> bool:
    """Return whether a key can name a file: 8 to 80 letters, digits, ``_`` or ``-``."""
    return _KEY.fullmatch(key) is not None


def check_key(key: str) -> str:
    """Return a key unchanged if it can name a file.

    Raises:
        StoreError: It is too short or too long, or has a character other than letters, digits, ``_`` and ``-``.
    """
    if not is_key(key):
        raise StoreError(f"{key!r} cannot be a key of the store: 8 to 80 letters, digits, '_' or '-' are")
    return key


def _canonical(part: object) -> object:
    """Return a value in the form that is the same for all equal values, ready for JSON."""
    if part is None or isinstance(part, (bool, int, str)):
        return part
    if isinstance(part, float):
        return part if math.isfinite(part) else {"float": repr(part)}
    if isinstance(part, (bytes, bytearray, memoryview)):
        return {"bytes": hashlib.sha256(part).hexdigest()}
    if isinstance(part, (list, tuple)):
        return [_canonical(item) for item in part]
    if isinstance(part, Mapping) and all(isinstance(name, str) for name in part):
        return {name: _canonical(item) for name, item in part.items()}
    if dataclasses.is_dataclass(part) and not isinstance(part, type):
        return {field.name: _canonical(getattr(part, field.name)) for field in dataclasses.fields(part)}
    raise StoreError(f"a {type(part).__name__} cannot be part of a key: {part!r}")
