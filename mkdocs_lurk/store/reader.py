"""The read-only view of one model's results, from its record down to single pictures.

A record refers to another unit by a mapping with ``"unit": KEY``: an entry of the model record's ``layers`` names its
layer record that way, and a picture is ``{"unit": KEY, "blob": NAME, "size": [width, height]}``. The list ``"uses"`` of
a model record names the intermediate units that the analysis reads (finished shards, for example), which a clean-up
must keep.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from typing import Any

from mkdocs_lurk.errors import StoreError
from mkdocs_lurk.store.store import Store, StoredUnit


class ModelReader:
    """The results of one model.

    Args:
        store: The store that holds the units.
        key: The key of the model record.

    Raises:
        StoreError: There is no such record.
    """

    def __init__(self, store: Store, key: str) -> None:
        self.store = store
        self.key = key
        self._units: dict[str, StoredUnit] = {}
        self.record: dict[str, Any] = self._unit(key).record

    def layer(self, name: str) -> dict[str, Any]:
        """Return the record of a layer, by its dotted name.

        Raises:
            StoreError: The model has no results for such a layer.
        """
        with self._well_formed():
            for entry in self.record["layers"]:
                if entry["name"] == name:
                    return self._unit(entry["unit"]).record
            raise StoreError(f"the model {self.record['model']['name']} has no results for a layer {name!r}")

    def picture(self, reference: Mapping[str, Any]) -> bytes:
        """Read an encoded picture (WebP or PNG), and nothing else of its unit.

        Raises:
            StoreError: Its unit or blob is missing.
        """
        return self._unit(reference["unit"]).blob(reference["blob"])

    def units(self) -> frozenset[str]:
        """Return the keys of all units that the model's records refer to, the model record's own included."""
        with self._well_formed():
            keys = set(self.direct_units())
            for entry in self.record["layers"]:
                keys.update(_unit_references(self.layer(entry["name"])))
            return frozenset(keys)

    def direct_units(self) -> frozenset[str]:
        """Return the keys of the units that the model record itself names, without reading any layer's record.

        These are the layers' records and all units that went into them: an analysis leaves no others.
        """
        with self._well_formed():
            return frozenset({self.key, *self.record.get("uses", ()), *_unit_references(self.record)})

    @contextlib.contextmanager
    def _well_formed(self) -> Iterator[None]:
        """Say in one line where a record whose digest is right is none of a model, as no analysis writes it."""
        try:
            yield
        except (KeyError, TypeError, AttributeError, RecursionError) as error:
            raise StoreError(
                f"the unit {self.key} in {self.store.root} is no record of a model; run 'mkdocs-lurk analyze --force'"
            ) from error

    def _unit(self, key: str) -> StoredUnit:
        if key not in self._units:
            unit = self.store.get(key)
            if unit is None:
                raise StoreError(f"the unit {key} is missing from {self.store.root}; run 'mkdocs-lurk analyze'")
            self._units[key] = unit
        return self._units[key]


def _unit_references(value: object) -> Iterator[str]:
    """Yield every key under ``"unit"`` in a JSON value, however deep."""
    if isinstance(value, dict):
        if isinstance(value.get("unit"), str):
            yield value["unit"]
        for item in value.values():
            yield from _unit_references(item)
    elif isinstance(value, list):
        for item in value:
            yield from _unit_references(item)
