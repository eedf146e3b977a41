"""Check stored units of work before a stage reads them: a cache or a bundle may hold anything under a unit's key."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from mkdocs_lurk.errors import StoreError
from mkdocs_lurk.records.record_check import check_record
from mkdocs_lurk.run.work import array_from_bytes
from mkdocs_lurk.store.store import StoredUnit

Record = TypeVar("Record")

_LARGEST_NPY_HEADER = 4096


def check_unit_record(stored: StoredUnit, kind: type[Record]) -> Record:
    """Check a unit's record against its type, but for ``made``, which may be missing.

    Returns:
        The record without ``made``.

    Raises:
        StoreError: It is not of that type.
    """
    return check_record({name: value for name, value in stored.record.items() if name != "made"}, kind, "its record")


def check_blobs(stored: StoredUnit, wanted: Collection[str]) -> None:
    """Check that blobs are there.

    Raises:
        StoreError: One is not.
    """
    missing = set(wanted).difference(stored.names)
    if missing:
        raise StoreError(f"it holds no {ascii(min(missing))[:90]}")


def check_arrays(stored: StoredUnit, like: Mapping[str, NDArray[np.generic]]) -> dict[str, NDArray[Any]]:
    """Read arrays, and check that each has the shape and the type of another one.

    Raises:
        StoreError: One is missing, cannot be read, or is of another shape or type.
    """
    check_blobs(stored, like)
    found: dict[str, NDArray[Any]] = {}
    for name, example in like.items():
        data = stored.blob(name)
        if not data.startswith(np.lib.format.MAGIC_PREFIX) or len(data) > example.nbytes + _LARGEST_NPY_HEADER:
            raise StoreError(f"its array {name!r} is no array, or has too many bytes")
        try:
            found[name] = array_from_bytes(data)
        except (ValueError, EOFError, OSError, MemoryError, SyntaxError) as error:
            raise StoreError(f"its array {name!r} cannot be read") from error
        if found[name].shape != example.shape or found[name].dtype != example.dtype:
            raise StoreError(f"its array {name!r} is {found[name].dtype} {found[name].shape}")
    return found


def check_same(what: str, found: object, wanted: object) -> None:
    """Check that something in a unit is what its stage would write.

    Raises:
        StoreError: It is not.
    """
    if found != wanted:
        raise StoreError(f"{what} are other ones")
