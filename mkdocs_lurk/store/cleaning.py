"""Remove the units that no declared model needs any more."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from mkdocs_lurk.errors import StoreError
from mkdocs_lurk.store.reader import ModelReader
from mkdocs_lurk.store.store import Store


@dataclass(frozen=True)
class CleanResult:
    """What a clean-up removed: a number of units, and bytes in all."""

    units: int
    freed_bytes: int


def clean(
    store: Store, request_keys: Collection[str], *, unfinished: bool, current: Mapping[str, str] | None = None
) -> CleanResult:
    """Remove the units and aliases that the declared models do not need.

    Args:
        store: The store to clean.
        request_keys: The request keys of the declared models.
        unfinished: Whether a declared model still lacks results. Units that belong to no finished model may then be
            parts of it, and stay.
        current: The record key that answers a request key now; other answers to that request are forgotten.

    Returns:
        What was removed.
    """
    records = store.record_keys()
    for request_key in set(store.requests()) - set(request_keys):
        store.drop_alias(request_key)
    for request_key, record_key in (current or {}).items():
        store.keep_answer(request_key, record_key)
    needed = _units_of(store, store.record_keys())
    candidates = _units_of(store, records) if unfinished else set(store.keys())
    unneeded = candidates - needed
    freed = sum(store.size(key) for key in unneeded)
    for key in sorted(unneeded):
        store.drop(key)
    return CleanResult(len(unneeded), freed + store.remove_abandoned())


def _units_of(store: Store, record_keys: Collection[str]) -> set[str]:
    """Return the keys of all units of finished models; a model with lost records adds only its own."""
    units: set[str] = set()
    for record_key in record_keys:
        units.add(record_key)
        try:
            units |= ModelReader(store, record_key).units()
        except StoreError:
            continue
    return units
