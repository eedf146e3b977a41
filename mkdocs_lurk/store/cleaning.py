"""Finds what no declared model needs any more."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from mkdocs_lurk.errors import StoreError
from mkdocs_lurk.store.reader import ModelReader
from mkdocs_lurk.store.store import Store


@dataclass(frozen=True)
class Cleaned:
    """What a clean-up removed: a number of units, and bytes."""

    units: int
    freed_bytes: int


def clean(store: Store, requests: Collection[str], *, unfinished: bool) -> Cleaned:
    """Drop what the declared models do not need.

    Args:
        store: What to clean.
        requests: Those of the declared models.
        unfinished: Whether a declared model still lacks results. Units that belong to no finished model may then be
            parts of it, and stay.

    Returns:
        What was dropped.
    """
    answers = store.aliases()
    needed = _units(store, {key for request, key in answers.items() if request in requests})
    for request in answers.keys() - set(requests):
        store.drop_alias(request)
    known = _units(store, set(answers.values()))
    dropped = (known if unfinished else set(store.keys())) - needed
    freed = sum(store.size(key) for key in dropped)
    for key in sorted(dropped):
        store.drop(key)
    return Cleaned(len(dropped), freed + store.sweep())


def _units(store: Store, models: Collection[str]) -> set[str]:
    """Every unit that finished models refer to; a model whose records were lost refers to what is left of them."""
    found: set[str] = set()
    for key in models:
        found.add(key)
        try:
            found |= ModelReader(store, key).units()
        except StoreError:
            continue
    return found
