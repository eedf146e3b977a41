"""What units of contributions hold: arrays for all filters, and the pictures and outputs that their rows are of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from mkdocs_lurk.analysis.contributions import estimate_contributions, integrate_contributions
from mkdocs_lurk.models.tracing.layers import Layer
from mkdocs_lurk.run.session import Session
from mkdocs_lurk.run.unit_check import check_arrays, check_same, check_unit_record
from mkdocs_lurk.run.unit_records import ContributionsRecord
from mkdocs_lurk.run.work import UnitResult, array_from_bytes, array_to_bytes
from mkdocs_lurk.store.store import StoredUnit

ESTIMATED, INTEGRATED = ("weighted", "plain"), ("contributions",)
"""The arrays of each layer, ``(n_pairs, n_filters)`` float32, of either form of contributions."""


class ContributionUnit:
    """The contributions on a chunk of pictures while its batches come in.

    Args:
        session: The model that is analysed.
        baseline: The picture from which contributions are integrated, ``(1, c, h, w)``; None to estimate them.
    """

    def __init__(self, session: Session, baseline: Tensor | None) -> None:
        self._session, self._baseline = session, baseline
        self._read: list[int] = []
        self._pairs: list[tuple[int, int]] = []
        self._not_finite = 0
        self._rows: dict[str, list[NDArray[np.float32]]] = {}
        self._map_sums = {layer.name: np.zeros(layer.filters) for layer in session.layers}
        self._differences: list[NDArray[np.float32]] = []

    def add(self, ids: Sequence[int], x: Tensor) -> None:
        """Measure a batch of pictures, ``(n, c, h, w)``."""
        rehearsed, probe = self._session.rehearsed, self._session.network.probe
        targets = [rehearsed.targets[image] for image in ids]
        self._read += ids
        if self._baseline is None:
            found = estimate_contributions(probe, x, targets, probabilities=rehearsed.are_probabilities)
            self._add_means(found.means)
            self._keep(ids, found.outputs, found.scores, {"weighted": found.weighted, "plain": found.plain})
            return
        effect = self._session.config.effect
        steps = 1 if effect is None else effect.steps
        line = integrate_contributions(
            probe, x, self._baseline, targets, steps, probabilities=rehearsed.are_probabilities
        )
        self._add_means(line.means)
        self._keep(ids, line.outputs, line.differences, {"contributions": line.contributions})

    def _add_means(self, means: Mapping[str, NDArray[np.float32]]) -> None:
        for name, own in means.items():
            self._map_sums[name] += own.sum(0, dtype=np.float64)

    def _keep(
        self,
        ids: Sequence[int],
        outputs: NDArray[np.int64],
        values: NDArray[np.float32],
        parts: Mapping[str, Mapping[str, NDArray[np.float32]]],
    ) -> None:
        """Keep the rows that hold no NaN or infinity."""
        is_finite = np.isfinite(values)
        for of_layers in parts.values():
            for own in of_layers.values():
                is_finite &= np.isfinite(own).all(1)
        self._not_finite += int((~is_finite).sum())
        counted = zip(np.array(ids)[is_finite].tolist(), outputs[is_finite].tolist(), strict=True)
        self._pairs += list(counted)
        self._differences.append(values[is_finite])
        for part, of_layers in parts.items():
            for number, layer in enumerate(self._session.layers):
                self._rows.setdefault(f"{part}/{number}", []).append(of_layers[layer.name][is_finite])

    def result(self) -> UnitResult:
        """Return what is stored of the chunk."""
        arrays = expected_arrays(self._session, 0, integrated=self._baseline is not None)
        arrays |= {name: np.concatenate([arrays[name], *rows]) for name, rows in self._rows.items()}
        arrays["values"] = np.concatenate([arrays["values"], *self._differences])
        for number, sums in enumerate(self._map_sums.values()):
            arrays[f"maps/{number}"] = sums
        record: ContributionsRecord = {"read": self._read, "pairs": self._pairs, "not_finite": self._not_finite}
        return UnitResult(record, {name: array_to_bytes(own) for name, own in arrays.items()}, [torch.float32])


def expected_arrays(session: Session, n_pairs: int, *, integrated: bool) -> dict[str, NDArray[np.generic]]:
    """Return arrays of the shapes and types that a unit with so many pairs stores.

    ``values`` holds for each pair the output; if contributions are integrated, its difference along the line.
    ``maps`` holds for each filter the sum of the means of its maps.
    """
    arrays: dict[str, NDArray[np.generic]] = {"values": np.zeros(n_pairs, np.float32)}
    for number, layer in enumerate(session.layers):
        parts = INTEGRATED if integrated else ESTIMATED
        arrays |= {f"{part}/{number}": np.zeros((n_pairs, layer.filters), np.float32) for part in parts}
        arrays[f"maps/{number}"] = np.zeros(layer.filters)
    return arrays


def check_contributions(session: Session, items: Sequence[int], stored: StoredUnit, *, integrated: bool) -> None:
    """Check that a stored unit is about its pictures, with numbers for all filters.

    Raises:
        StoreError: It is not.
    """
    record = check_unit_record(stored, ContributionsRecord)
    check_same("its pictures", set(record["read"]) <= set(items), True)
    images = {image for image, _ in record["pairs"]}
    outputs = {output for _, output in record["pairs"]}
    check_same("its pairs", images <= set(record["read"]) and outputs <= set(range(session.rehearsed.n_outputs)), True)
    arrays = check_arrays(stored, expected_arrays(session, len(record["pairs"]), integrated=integrated))
    check_same("its numbers", all(bool(np.isfinite(own).all()) for own in arrays.values()), True)


def map_means(units: Sequence[StoredUnit], layers: Sequence[Layer]) -> dict[str, NDArray[np.float64]]:
    """Return the mean of each filter's maps over all pictures by layer, ``(n_filters,)``."""
    n_read = sum(len(cast(ContributionsRecord, unit.record)["read"]) for unit in units)
    sums = {layer.name: np.zeros(layer.filters) for layer in layers}
    for unit in units:
        for number, own in enumerate(sums.values()):
            own += array_from_bytes(unit.blob(f"maps/{number}"))
    return {layer: own / max(n_read, 1) for layer, own in sums.items()}


def contributions_of(unit: StoredUnit, number: int, mean: NDArray[np.float64]) -> NDArray[np.float32]:
    """Return the contributions of a layer's filters, ``(n_pairs, n_filters)``, by the layer's number among all."""
    if f"{INTEGRATED[0]}/{number}" in unit.names:
        return np.asarray(array_from_bytes(unit.blob(f"{INTEGRATED[0]}/{number}")))
    weighted, plain = (array_from_bytes(unit.blob(f"{part}/{number}")) for part in ESTIMATED)
    return np.asarray(weighted - mean.astype(np.float32) * plain)
