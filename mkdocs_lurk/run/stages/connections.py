"""Wire filters to those that they read and that read them, and draw the kernels of the first layers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mkdocs_lurk.analysis import connections as wiring
from mkdocs_lurk.analysis.connections import MeansAndMaxima
from mkdocs_lurk.images.webp import encode_picture, gradient_pixels
from mkdocs_lurk.models.connections.inputs import PICTURE, find_layer_inputs
from mkdocs_lurk.models.tracing.trace import Trace
from mkdocs_lurk.run.session import Session, WorkUnit, array_bytes, array_from
from mkdocs_lurk.run.stages import responses as mining
from mkdocs_lurk.run.stages.responses import Findings
from mkdocs_lurk.store.store import StoredUnit

STAGE = "wiring"
_SAMPLE = 128
_DIGITS = 4
_NO_WEIGHTS = "the output of a module that holds several layers has no weights of its own"


@dataclass(frozen=True, slots=True)
class Given:
    """What wires are found from: the network's operations and the pictures' responses."""

    trace: Trace
    findings: Findings


@dataclass(frozen=True, slots=True, eq=False)
class Wired:
    """The stored wires and kernels.

    Attributes:
        key: Of the unit that holds them.
        names: Layers, as ``NetworkInputs`` numbers them.
        starts: Likewise.
        why: Why a layer's inputs are not known.
        kernels: Width and height of the kernels that were drawn, by layer.
        arrays: The fields of ``StrongestConnections``, by name.
    """

    key: str
    names: tuple[str, ...]
    starts: NDArray[np.int64]
    why: dict[str, str]
    kernels: dict[str, list[int]]
    arrays: dict[str, NDArray[Any]]

    @classmethod
    def read(cls, key: str, stored: StoredUnit) -> Wired:
        """Take up what ``wire`` stored."""
        record = stored.record
        return cls(
            key,
            tuple(record["names"]),
            np.array(record["starts"], np.int64),
            dict(record["why"]),
            dict(record["kernels"]),
            {name: array_from(stored.blob(name)) for name in _ARRAYS},
        )

    def of(self, layer: str, index: int) -> dict[str, Any]:
        """What the record of a filter says of its wires and its kernel."""
        if layer not in self.names:
            return {"wiring": {"skipped": _NO_WEIGHTS}}
        number = int(self.starts[self.names.index(layer)]) + index
        inputs: Any = self._wires("inputs", "input_weights", number)
        outputs = self._wires("outputs", "output_weights", number)
        if layer in self.why:
            inputs = {"skipped": self.why[layer]}
        found: dict[str, Any] = {"wiring": {"inputs": inputs, "outputs": outputs}}
        if layer in self.why and not outputs:
            found = {"wiring": inputs}
        if layer in self.kernels:
            found["kernel"] = {"unit": self.key, "blob": f"kernel/{layer}/{index}", "size": self.kernels[layer]}
        return found

    def _wires(self, which: str, weights: str, number: int) -> list[list[Any]]:
        found = []
        for other, weight in zip(self.arrays[which][number], self.arrays[weights][number], strict=True):
            if other >= 0:
                place = int(np.searchsorted(self.starts, other, side="right")) - 1
                index = int(other - self.starts[place])
                found.append([self.names[place], index, float(f"{float(weight):.{_DIGITS}g}")])
        return found


_ARRAYS = ("inputs", "input_weights", "outputs", "output_weights")


def unit(session: Session, findings: Findings) -> WorkUnit:
    """The one unit of wiring."""
    names = [layer.name for layer in session.layers]
    key = session.key("wire", wiring.ALGORITHM, names, [shard.key for shard in findings.shards])
    return WorkUnit(key, float(sum(layer.parameters for layer in session.layers)), "", ())


def wire(session: Session, given: Given, unit: WorkUnit) -> None:
    """Find the wires and draw the kernels, and store them."""
    wires = find_layer_inputs(given.trace)
    found = wiring.strongest_connections(wires, _sample(session, given.findings))
    blobs = {name: array_bytes(getattr(found, name)) for name in _ARRAYS}
    kernels: dict[str, list[int]] = {}
    for layer in session.layers:
        reads = wires.layers.get(layer.name)
        drawn = None if reads is None else wiring.kernels_as_pictures(wires, reads)
        if drawn is not None:
            kernels[layer.name] = [drawn.shape[3], drawn.shape[2]]
            for index, kernel in enumerate(drawn):
                blobs[f"kernel/{layer.name}/{index}"] = encode_picture(gradient_pixels(kernel))
    record = {
        "names": [PICTURE, *wires.names[1:]],
        "starts": wires.starts.tolist(),
        "why": dict(found.unknown_reasons),
        "kernels": kernels,
    }
    session.store.put(unit.key, record, blobs)


def _sample(session: Session, findings: Findings) -> dict[str, MeansAndMaxima]:
    """Every layer's means and maxima for evenly spaced ones of the pictures whose responses were kept."""
    step = -(-len(findings.kept) // _SAMPLE)
    parts: dict[str, list[list[NDArray[np.float32]]]] = {layer.name: [[], []] for layer in session.layers}
    first = 0
    for shard in findings.shards:
        stored = session.fetch(shard, mining.mine_shard)
        count = len(stored.record["kept"])
        rows = np.arange(-first % step, count, step)
        first += count
        for number, name in enumerate(session.spans) if len(rows) else ():
            for found, which in zip(parts[name], ("means", "maxima"), strict=True):
                found.append(array_from(stored.blob(f"{which}/{number}"))[rows])
    return {name: (np.concatenate(means), np.concatenate(maxima)) for name, (means, maxima) in parts.items()}
