"""The read-only view of one model's results, from its record down to single pictures.

A record refers to another unit by a mapping that holds ``"unit": KEY``: an entry of the model record's ``layers`` so
names its layer record, and a picture is ``{"unit": KEY, "blob": NAME, "size": [width, height]}``. The list ``"uses"``
of a model record names the units that its making leans on (finished shards, say), which a clean-up must keep.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from mkdocs_lurk.errors import StoreError
from mkdocs_lurk.store.store import Store, StoredUnit


class ModelReader:
    """What is known of one model.

    Args:
        store: Where the units lie.
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
        """Read the record of a layer, by its dotted name.

        Raises:
            StoreError: The model has no results for such a layer.
        """
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
        """The keys of every unit that the model's records refer to, its own included."""
        found = set(self.listed())
        for entry in self.record["layers"]:
            found.update(_referred(self.layer(entry["name"])))
        return frozenset(found)

    def listed(self) -> frozenset[str]:
        """The keys that the model's own record names: those of its layers and of all units that went into them.

        An analysis leaves no others; and thousands of filters' records need not be read to know them.
        """
        return frozenset({self.key, *self.record.get("uses", ()), *_referred(self.record)})

    def whole(self) -> bool:
        """Whether every unit that pages need is there and undamaged."""
        try:
            needed = self.units() - set(self.record.get("uses", ()))
        except StoreError:
            return False
        return all(self.store.has(key) for key in sorted(needed))

    def _unit(self, key: str) -> StoredUnit:
        if key not in self._units:
            unit = self.store.get(key)
            if unit is None:
                raise StoreError(f"the unit {key} is missing from {self.store.root}; run 'mkdocs-lurk analyze'")
            self._units[key] = unit
        return self._units[key]


def _referred(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(value.get("unit"), str):
            yield value["unit"]
        for item in value.values():
            yield from _referred(item)
    elif isinstance(value, list):
        for item in value:
            yield from _referred(item)
