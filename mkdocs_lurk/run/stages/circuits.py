"""Circuits: for each class the filters through which the network makes it, what flows between them, and their worth."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import cast

import numpy as np
import torch
from numpy.typing import NDArray

from mkdocs_lurk.analysis.circuits import (
    FEWEST_LEVELS,
    Node,
    choose_levels,
    flows,
    kept_edges,
    level_contributions,
    random_nodes,
    scores_with,
    strongest_nodes,
)
from mkdocs_lurk.chunks import chunks
from mkdocs_lurk.errors import StoreError
from mkdocs_lurk.images.sample import spread
from mkdocs_lurk.models.tracing.cuts import find_cuts
from mkdocs_lurk.records.circuit_check import check_circuit
from mkdocs_lurk.records.circuit_record import CircuitRecord, CircuitScore, CircuitWorth
from mkdocs_lurk.records.record_format import round_significant
from mkdocs_lurk.run.draft import RecordDraft
from mkdocs_lurk.run.session import Session
from mkdocs_lurk.run.stages.effect import Effect
from mkdocs_lurk.run.stages.protocol import Stage, StageEstimate
from mkdocs_lurk.run.trial import Trial
from mkdocs_lurk.run.unit_check import check_same, check_unit_record
from mkdocs_lurk.run.work import UnitResult, WorkUnit
from mkdocs_lurk.store.store import StoredUnit

_WIDTH = 6
"""Nodes of a level at most."""
_FEWEST_PICTURES = 4
_DRAWS = 5
"""Of random filters."""
_PASSES = 30.0
"""Forward passes of a picture, roughly: of the nodes, of the edges of each node, and of what it proves."""
_DIGITS = 3

_Measure = Callable[[torch.Tensor, list[int]], list[NDArray[np.float64]]]


class Circuits(Stage):
    """Follows the contributions of filters back from the output for each class."""

    name = "circuits"

    def __init__(self, session: Session, effect: Effect) -> None:
        super().__init__(session, effect)
        self._effect = effect

    def list_units(self) -> Iterator[WorkUnit]:
        """Yield one unit per class: the pictures that choose, and then those that prove."""
        session = self.session
        if self._problem is not None:
            return
        levels = [list(level) for level in self.levels]
        means = [self._means[layer].tobytes() for layer in sorted(self._means)]
        cost = _PASSES * sum(layer.macs for layer in session.layers)
        for name, images in self._classes.items():
            outputs = [self._targets[image] for image in images]
            what = [name, levels, means, outputs, session.config.seed, session.rehearsed.are_probabilities]
            key = session.key("circuits", *what, session.picture_digests(images))
            yield WorkUnit(key, cost * len(images), "", images)

    def compute(self, unit: WorkUnit) -> UnitResult:
        """Find the circuit of a class, and what it is worth."""
        choosing, proving = _divided(unit.items)
        counts = {layer.name: layer.filters for layer in self.session.layers}
        per_level = self._over(choosing, lambda x, targets: self._contributions(x, targets))
        ranked = [
            strongest_nodes(own, level, counts, _WIDTH) for own, level in zip(per_level, self.levels, strict=True)
        ]
        nodes = [[node for node, _ in own] for own in ranked]
        edges = self._over(choosing, lambda x, targets: self._flows(x, targets, nodes))
        kept = [kept_edges(own, self.session.config.seed) if own.size else None for own in edges]
        record: CircuitRecord = {
            "name": self._name_of(unit),
            "n": len(choosing),
            "nodes": [[(*node, round_significant(value, _DIGITS)) for node, value in own] for own in ranked],
            "edges": [
                [] if one is None else [
                    (row, column, round_significant(one[0][row, column], _DIGITS), float(one[1][row, column]))
                    for row, column in np.argwhere(one[0] > 0).tolist()
                ]
                for one in kept
            ],
            "flow": [
                _share(own.mean(0).sum(), sum(value for _, value in ranks))
                for own, ranks in zip(edges, ranked, strict=False)
            ],
            "worth": self._worth(nodes, proving, held_out=proving is not choosing),
        }  # fmt: skip
        return UnitResult(record, formats=[torch.float32])

    def check(self, unit: WorkUnit, stored: StoredUnit) -> None:
        """Check that a stored unit is the circuit of its class, in layers that there are."""
        record = check_unit_record(stored, CircuitRecord)
        check_same("its class", record["name"], self._name_of(unit))
        check_circuit(record, {layer.name: layer.filters for layer in self.session.layers}, "it")
        if len(record["nodes"]) != len(self.levels):
            raise StoreError("it has another number of levels")

    def collect(self, draft: RecordDraft) -> None:
        """Write the circuits of all classes, or why there are none."""
        if not self.session.config.circuits:
            return
        if self._problem is not None:
            draft.circuits = {"skipped": self._problem}
            return
        draft.circuits = []
        for unit in self.units:
            stored = {name: value for name, value in self.fetch(unit).record.items() if name != "made"}
            draft.circuits.append(cast(CircuitRecord, stored))
        n_more = len(self._images_by_class) - len(self._classes)
        if n_more:
            draft.notes.append(
                f"Circuits were searched for in {len(self._classes)} classes, and not in {n_more} others."
            )

    def expected_cost(self) -> float:
        """Return the cost of as many classes as there may be."""
        return _PASSES * sum(layer.macs for layer in self.session.layers) * self._n_expected

    def estimate(self, trial: Trial) -> StageEstimate:
        """Estimate the passes that are missing."""
        cost = sum(layer.macs for layer in self.session.layers) or 1
        n_pictures = self.cost() / _PASSES / cost
        return StageEstimate(n_pictures * (trial.decode_s + _PASSES * trial.forward_s), 8e3 * len(self._wanted_classes))

    @cached_property
    def levels(self) -> list[tuple[str, ...]]:
        """The layers of each level, without the last one where its filters are the outputs themselves."""
        measured = [layer for layer in self.session.layers if self._effect.problem(layer) is None]
        if measured and measured[-1].filters == self.session.rehearsed.n_outputs:
            measured = measured[:-1]
        return choose_levels(find_cuts(self.session.trace, measured))

    @property
    def _problem(self) -> str | None:
        """Why there are no circuits; None if there are, or if they are not wanted."""
        config = self.session.config
        if not config.circuits or config.effect is None:
            return "it takes the effect of filters: effect: true"
        if len(self.levels) < FEWEST_LEVELS:
            return "gradients lead from the output back to too few layers"
        return None if self._classes else f"no class has {_FEWEST_PICTURES} pictures whose output is known"

    @property
    def _wanted_classes(self) -> list[str]:
        """The labels of pictures, as far as circuits are wanted of them."""
        if not self.session.config.circuits or self.session.config.effect is None:
            return []
        return list(self.session.images.labels)[: self.session.sizes.circuit_classes]

    @property
    def _n_expected(self) -> int:
        most = 2 * self.session.sizes.circuit_pictures * len(self._wanted_classes)
        return min(most, len(self.session.images.entries)) if self._wanted_classes else 0

    @cached_property
    def _means(self) -> Mapping[str, NDArray[np.float64]]:
        """The mean of each filter's maps, of the layers of the levels."""
        return {layer: self._effect.means[layer] for level in self.levels for layer in level}

    @cached_property
    def _targets(self) -> dict[int, int]:
        return {image: output for image, (output, _) in self._effect.classes_of_pictures().items()}

    @cached_property
    def _images_by_class(self) -> dict[str, list[int]]:
        found: dict[str, list[int]] = {}
        for image, (_, name) in sorted(self._effect.classes_of_pictures().items()):
            found.setdefault(name, []).append(image)
        return {name: images for name, images in found.items() if len(images) >= _FEWEST_PICTURES}

    @cached_property
    def _classes(self) -> dict[str, tuple[int, ...]]:
        """The pictures of each class, evenly spaced: of those with the most pictures, in order."""
        found, sizes = self._images_by_class, self.session.sizes
        chosen = sorted(found, key=lambda name: (-len(found[name]), name))[: sizes.circuit_classes]
        return {
            name: tuple(images[place] for place in spread(len(images), 2 * sizes.circuit_pictures))
            for name, images in found.items()
            if name in chosen
        }

    def _name_of(self, unit: WorkUnit) -> str:
        return self._effect.classes_of_pictures()[unit.items[0]][1]

    def _contributions(self, x: torch.Tensor, targets: list[int]) -> list[NDArray[np.float64]]:
        probe, is_log = self.session.network.probe, self.session.rehearsed.are_probabilities
        return level_contributions(probe, x, targets, self.levels, self._means, probabilities=is_log)

    def _flows(self, x: torch.Tensor, targets: list[int], nodes: Sequence[Sequence[Node]]) -> list[NDArray[np.float64]]:
        probe, is_log = self.session.network.probe, self.session.rehearsed.are_probabilities
        return flows(probe, x, targets, nodes, self._means, probabilities=is_log)

    def _over(self, images: Sequence[int], measure: _Measure) -> list[NDArray[np.float64]]:
        """Measure pictures in batches, and join the rows of each level."""
        parts = []
        for ids in chunks(images, self.session.limit_batch(self.session.sizes.effect_batch)):
            x = self.session.to_device(self.session.pictures.tensor(ids))
            parts.append(measure(x, [self._targets[image] for image in ids]))
        return [np.concatenate(own) for own in zip(*parts, strict=True)]

    def _worth(self, nodes: Sequence[Sequence[Node]], images: Sequence[int], *, held_out: bool) -> CircuitWorth:
        """Run the network with the circuit alone, without it, without others, and without all filters of the levels."""
        counts = {layer.name: layer.filters for layer in self.session.layers}
        everything = [(layer, index) for level in self.levels for layer in level for index in range(counts[layer])]
        circuit = [node for own in nodes for node in own]
        drawn = random_nodes(nodes, self.levels, counts, self.session.config.seed, _DRAWS)
        draws = [self._score(images, _without(everything, own)) for own in drawn]
        value, right = (float(np.mean([draw[place] for draw in draws])) for place in (0, 1))
        return {
            "n": len(images),
            "held_out": held_out,
            "whole": self._score(images, everything),
            "only": self._score(images, circuit),
            "without": self._score(images, _without(everything, circuit)),
            "random": (round_significant(value, _DIGITS), round_significant(right, _DIGITS)),
            "none": self._score(images, []),
        }

    def _score(self, images: Sequence[int], kept: Sequence[Node]) -> CircuitScore:
        """Return the mean output of the class with some filters of the levels alone, and how often it is largest."""
        by_layer: dict[str, list[int]] = {layer: [] for level in self.levels for layer in level}
        for layer, index in kept:
            by_layer[layer].append(index)
        values: list[float] = []
        n_right = 0
        for ids in chunks(images, self.session.limit_batch(self.session.sizes.response_batch)):
            x = self.session.to_device(self.session.pictures.tensor(ids))
            is_log = self.session.rehearsed.are_probabilities
            scores = scores_with(self.session.network.probe, x, by_layer, self._means, probabilities=is_log)
            own = scores.cpu().numpy()
            targets = [self._targets[image] for image in ids]
            values += own[range(len(ids)), targets].tolist()
            n_right += int((own.argmax(1) == targets).sum())
        return round_significant(float(np.mean(values)), _DIGITS), n_right


def _divided(images: tuple[int, ...]) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Divide the pictures of a class into those that choose and those that prove; of few, all do both."""
    if len(images) < 2 * _FEWEST_PICTURES:
        return images, images
    return images[::2], images[1::2]


def _without(nodes: Sequence[Node], others: Sequence[Node]) -> list[Node]:
    left_out = set(others)
    return [node for node in nodes if node not in left_out]


def _share(part: float, whole: float) -> float | None:
    return round_significant(part / whole, _DIGITS) if whole > 0 else None
