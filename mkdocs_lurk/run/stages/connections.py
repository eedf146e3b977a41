"""Connections: which filters each filter reads most and which read it most, and the kernels of the first layers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import cast

import numpy as np

from mkdocs_lurk.analysis.connections import (
    CONNECTIONS_PER_FILTER,
    hidden_kernels,
    kernels_as_pictures,
    strongest_connections,
)
from mkdocs_lurk.images.webp import encode_picture, gradient_pixels
from mkdocs_lurk.models.connections.input_channels import PICTURE, find_layer_inputs
from mkdocs_lurk.records.model_record import Connection, Skipped, Wiring
from mkdocs_lurk.records.record_format import round_significant
from mkdocs_lurk.run.draft import RecordDraft
from mkdocs_lurk.run.stages.after_responses import AfterResponses
from mkdocs_lurk.run.unit_check import check_arrays, check_blobs, check_same, check_unit_record
from mkdocs_lurk.run.unit_records import ConnectionsRecord
from mkdocs_lurk.run.work import UnitResult, WorkUnit, array_from_bytes, array_to_bytes
from mkdocs_lurk.store.store import StoredUnit

_DIGITS = 4
_NO_WEIGHTS = "the output of a module that holds several layers has no weights of its own"
_NOT_SHOWN = "its weights lie in channels that are not shown"
_ARRAYS = ("inputs", "input_weights", "outputs", "output_weights")


class Connections(AfterResponses):
    """Follows every filter to the layers that read it, and weighs what is read by typical responses."""

    name = "wiring"

    def list_units(self) -> Iterator[WorkUnit]:
        """Yield the one unit: all connections of the network."""
        session = self.session
        names = [layer.name for layer in session.layers]
        key = session.key("connections", names, [shard.key for shard in self._responses.units])
        yield WorkUnit(key, self.expected_cost(), "", ())

    def compute(self, unit: WorkUnit) -> UnitResult:
        """Find the connections and draw the kernels."""
        session = self.session
        network_inputs = find_layer_inputs(session.trace)
        strongest = strongest_connections(network_inputs, self._responses.extremes(session.sizes.connection_pictures))
        blobs = {name: array_to_bytes(getattr(strongest, name)) for name in _ARRAYS}
        kernels: dict[str, list[int]] = {}
        hidden: dict[str, list[int]] = {}
        for layer in session.layers:
            inputs = network_inputs.layers.get(layer.name)
            pictures = None if inputs is None else kernels_as_pictures(network_inputs, inputs)
            if inputs is not None and pictures is not None:
                hidden[layer.name] = hidden_kernels(inputs, pictures)
                kernels[layer.name] = [pictures.shape[3], pictures.shape[2]]
                for index, kernel in enumerate(pictures):
                    blobs[_kernel_blob(layer.name, index)] = encode_picture(gradient_pixels(kernel))
        record: ConnectionsRecord = {
            "names": [PICTURE, *network_inputs.names[1:]],
            "starts": network_inputs.starts.tolist(),
            "unknown_reasons": dict(strongest.unknown_reasons),
            "kernels": kernels,
            "hidden_kernels": {name: filters for name, filters in hidden.items() if filters},
        }
        return UnitResult(record, blobs)

    def expected_cost(self) -> float:
        """Return one multiply-add per weight."""
        return float(sum(layer.parameters for layer in self.session.layers))

    def check(self, unit: WorkUnit, stored: StoredUnit) -> None:
        """Check that a stored unit is about this network's filters."""
        record = check_unit_record(stored, ConnectionsRecord)
        found = find_layer_inputs(self.session.trace)
        check_same("its layers", record["names"], [PICTURE, *found.names[1:]])
        check_same("its numbers of filters", record["starts"], found.starts.tolist())
        shape = (int(found.starts[-1]), CONNECTIONS_PER_FILTER)
        types = {name: np.float32 if name.endswith("weights") else np.int64 for name in _ARRAYS}
        arrays = check_arrays(stored, {name: np.empty(shape, kind) for name, kind in types.items()})
        for name in ("inputs", "outputs"):
            check_same("its connections", bool(((arrays[name] >= -1) & (arrays[name] < shape[0])).all()), True)
        filters = {layer.name: layer.filters for layer in self.session.layers}
        check_same("its kernels", set(record["kernels"]) <= set(filters), True)
        check_blobs(stored, [_kernel_blob(name, index) for name in record["kernels"] for index in range(filters[name])])

    def collect(self, draft: RecordDraft) -> None:
        """Write every filter's strongest connections, and its kernel if it reads the picture itself."""
        (unit,) = self.units
        stored = self.fetch(unit)
        stored_connections = _StoredConnections(stored)
        kernels, hidden = stored_connections.record["kernels"], stored_connections.record["hidden_kernels"]
        for layer, index, record in draft.filters():
            record["wiring"] = stored_connections.of(layer.name, index)
            if index in hidden.get(layer.name, ()):
                record["kernel"] = {"skipped": _NOT_SHOWN}
            elif layer.name in kernels:
                blob = _kernel_blob(layer.name, index)
                record["kernel"] = {"unit": unit.key, "blob": blob, "size": kernels[layer.name]}


class _StoredConnections:
    """The connections as they are stored: filters of all layers side by side."""

    def __init__(self, stored: StoredUnit) -> None:
        self.record = cast(ConnectionsRecord, stored.record)
        self._names = self.record["names"]
        self._starts = np.array(self.record["starts"], np.int64)
        self._unknown_reasons = self.record["unknown_reasons"]
        self._arrays = {name: array_from_bytes(stored.blob(name)) for name in _ARRAYS}

    def of(self, layer: str, index: int) -> Wiring | Skipped:
        """Return the connections of one filter, or why none are known."""
        if layer not in self._names:
            return {"skipped": _NO_WEIGHTS}
        number = int(self._starts[self._names.index(layer)]) + index
        outputs = self._strongest("outputs", "output_weights", number)
        if layer not in self._unknown_reasons:
            return {"inputs": self._strongest("inputs", "input_weights", number), "outputs": outputs}
        skipped: Skipped = {"skipped": self._unknown_reasons[layer]}
        return {"inputs": skipped, "outputs": outputs} if outputs else skipped

    def _strongest(self, filters: str, weights: str, number: int) -> list[Connection]:
        found: list[Connection] = []
        for other, weight in zip(self._arrays[filters][number], self._arrays[weights][number], strict=True):
            if other >= 0:
                place = int(np.searchsorted(self._starts, other, side="right")) - 1
                index = int(other - self._starts[place])
                found.append((self._names[place], index, round_significant(weight, _DIGITS)))
        return found


def _kernel_blob(layer: str, index: int) -> str:
    return f"kernel/{layer}/{index}"
