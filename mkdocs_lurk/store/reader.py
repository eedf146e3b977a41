"""The read-only view of one model's results, from its record down to single pictures.

A record refers to another unit by a mapping with ``"unit": KEY``: an entry of the model record's ``layers`` names its
layer record that way, and a picture is ``{"unit": KEY, "blob": NAME, "size": [width, height]}``. The list ``"uses"`` of
a model record names the intermediate units that the analysis reads (finished shards, for example), which a clean-up
must keep.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from typing import Required, TypedDict, cast

from mkdocs_lurk.errors import StoreError
from mkdocs_lurk.store.store import Store, StoredUnit


class _Blob(TypedDict):
    """The part of a reference to a picture that says where it is."""

    unit: str
    blob: str


class _Named(TypedDict):
    name: str


class _Layer(_Named):
    unit: str


class _ModelRecord(TypedDict, total=False):
    """The part of a model's record that says where everything else is."""

    model: Required[_Named]
    layers: Required[Sequence[_Layer]]
    uses: Sequence[str]


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
        self.record = self._unit(key).record
        self._parts = cast(_ModelRecord, self.record)

    def layer(self, name: str) -> dict[str, object]:
        """Return the record of a layer, by its dotted name.

        Raises:
            StoreError: The model has no results for such a layer.
        """
        with self._well_formed():
            for entry in self._parts["layers"]:
                if entry["name"] == name:
                    return self._unit(entry["unit"]).record
            raise StoreError(
                f"the model {self._parts['model']['name']} has no results for a layer {name!r}; run 'mkdocs-lurk "
                "analyze'"
            )

    def picture(self, reference: _Blob) -> bytes:
        """Read an encoded picture (WebP or PNG), and nothing else of its unit.

        Raises:
            StoreError: Its unit or blob is missing.
        """
        return self._unit(reference["unit"]).blob(reference["blob"])

    def units(self) -> frozenset[str]:
        """Return the keys of all units that the model's records refer to, the model record's own included."""
        with self._well_formed():
            keys = set(self.direct_units())
            for entry in self._parts["layers"]:
                keys.update(_unit_references(self.layer(entry["name"])))
            return frozenset(keys)

    def direct_units(self) -> frozenset[str]:
        """Return the keys of the units that the model record itself names, without reading any layer's record.

        These are the layers' records and all units that went into them: an analysis leaves no others.
        """
        with self._well_formed():
            return frozenset({self.key, *self._parts.get("uses", ()), *_unit_references(self.record)})

    @contextlib.contextmanager
    def _well_formed(self) -> Iterator[None]:
        """Say in one line where a record is not that of a model although its digest is right."""
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
