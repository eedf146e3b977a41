"""The responses that the store holds of an analysed model, read without torch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO

import numpy as np
from numpy.typing import NDArray

from mkdocs_lurk.errors import StoreError
from mkdocs_lurk.records.comparison_record import ComparedModel
from mkdocs_lurk.records.model_record import LayerEntry, LayerRecord, ModelRecord
from mkdocs_lurk.records.record_check import check_record
from mkdocs_lurk.records.results_check import check_layer_record, check_model_record
from mkdocs_lurk.run.unit_records import ShardRecord
from mkdocs_lurk.store.reader import ModelReader
from mkdocs_lurk.store.store import Store, StoredUnit

_LARGEST_NPY_HEADER = 4096


@dataclass(frozen=True, slots=True)
class Column:
    """The filter that a column of joined responses is about."""

    layer: str
    index: int


class StoredModel:
    """A model as the store has it.

    Args:
        store: The store.
        key: The key of the model's record.

    Attributes:
        record: The record, checked.

    Raises:
        StoreError: There is no such record, or it is not what an analysis writes.
    """

    def __init__(self, store: Store, key: str) -> None:
        self._store, self._reader = store, ModelReader(store, key)
        self.record: ModelRecord = check_model_record(self._reader.record, "the record of the model")
        self._shards: list[tuple[StoredUnit, list[int]]] | None = None

    @property
    def name(self) -> str:
        """Its name."""
        return self.record["model"]["name"]

    @property
    def layers(self) -> Sequence[LayerEntry]:
        """Its layers, in the order in which they run."""
        return self.record["layers"]

    @property
    def columns(self) -> list[Column]:
        """The filters of all layers side by side."""
        return [Column(layer["name"], index) for layer in self.layers for index in range(layer["filters"])]

    def described(self) -> ComparedModel:
        """Return what a comparison says of it."""
        model = self.record["model"]
        return {"name": model["name"], "title": model["title"], "weights_digest": model["weights_digest"]}

    def analysed(self) -> dict[str, set[int]]:
        """Return the filters of each layer that have a place on a page."""
        found = {}
        for layer in self.layers:
            where = f"the record of layer {layer['name']!a}"
            record: LayerRecord = check_layer_record(self._reader.layer(layer["name"]), layer, self.record, where)
            found[layer["name"]] = {item["index"] for item in record["filters"]}
        return found

    def shards(self) -> list[tuple[StoredUnit, list[int]]]:
        """Return the stored units of responses with the pictures that each keeps."""
        if self._shards is None:
            self._shards = []
            for key in self.record.get("responses", ()):
                unit = self._store.get(key)
                if unit is None:
                    raise StoreError(f"the unit {key} is missing from {self._store.root}; run 'mkdocs-lurk analyze'")
                told = {name: value for name, value in unit.record.items() if name != "made"}
                self._shards.append((unit, check_record(told, ShardRecord, f"the unit {key}")["kept"]))
        return self._shards

    def kept(self) -> list[int]:
        """Return the ids of the pictures whose responses are kept, in the order of the rows."""
        return [image for _, images in self.shards() for image in images]

    def responses(self, kind: str, rows: NDArray[np.int64]) -> list[NDArray[np.float32]]:
        """Read the kept responses of each layer to some pictures.

        Args:
            kind: ``means`` or ``maxima``.
            rows: The places of the pictures among those that are kept.

        Returns:
            Of each layer ``(n_pictures, n_filters)``.

        Raises:
            StoreError: They are missing, or not what an analysis writes.
        """
        found = []
        for number, layer in enumerate(self.layers):
            name, filters = f"{kind}/{number}", layer["filters"]
            parts = [_read_matrix(unit, name, (len(images), filters)) for unit, images in self.shards()]
            found.append(np.concatenate(parts)[rows])
        return found


def _read_matrix(unit: StoredUnit, name: str, shape: tuple[int, int]) -> NDArray[np.float32]:
    """Read an array whose shape is known: one from elsewhere may claim to be of any size.

    Raises:
        StoreError: It is missing, or of another shape or type.
    """
    if name not in unit.names:
        raise StoreError(f"the unit {unit.key} holds no {name!r}; run 'mkdocs-lurk analyze --force'")
    data = unit.blob(name)
    stream = BytesIO(data)
    try:
        version = np.lib.format.read_magic(stream)
        header = np.lib.format.read_array_header_1_0(stream, max_header_size=_LARGEST_NPY_HEADER)
    except ValueError as error:
        raise StoreError(f"the unit {unit.key}: {name!r} is no array; run 'mkdocs-lurk analyze --force'") from error
    wanted = (shape, False, np.dtype(np.float32))
    values = np.frombuffer(data, np.uint8, offset=stream.tell())
    if version != (1, 0) or header != wanted or len(values) != 4 * shape[0] * shape[1]:
        raise StoreError(f"the unit {unit.key}: {name!r} has another shape; run 'mkdocs-lurk analyze --force'")
    matrix = values.view(np.float32).reshape(shape)
    if not np.isfinite(matrix).all():
        raise StoreError(f"the unit {unit.key}: {name!r} holds NaN; run 'mkdocs-lurk analyze --force'")
    return matrix
