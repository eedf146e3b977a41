"""Ablation: what the network gives without a filter, for the filters with the most effect and for some at random."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from mkdocs_lurk.analysis.ablation import rank_correlation, scores_without
from mkdocs_lurk.chunks import chunks
from mkdocs_lurk.images.sample import spread
from mkdocs_lurk.models.tracing.layers import Layer
from mkdocs_lurk.records.effect_record import AblationRecord, ClassProof
from mkdocs_lurk.records.record_format import round_significant
from mkdocs_lurk.run.draft import RecordDraft
from mkdocs_lurk.run.session import Session
from mkdocs_lurk.run.stages.effect import Effect
from mkdocs_lurk.run.stages.protocol import Stage, StageEstimate
from mkdocs_lurk.run.trial import Trial
from mkdocs_lurk.run.unit_check import check_arrays, check_same, check_unit_record
from mkdocs_lurk.run.unit_records import AblationUnitRecord
from mkdocs_lurk.run.work import UnitResult, WorkUnit, array_from_bytes, array_to_bytes
from mkdocs_lurk.store.store import StoredUnit

_DIGITS = 3
_Arrays = dict[str, NDArray[Any]]
_ARRAYS: Mapping[str, type[np.generic]] = {
    "before": np.float32,
    "after": np.float32,
    "right_before": np.bool_,
    "right_after": np.bool_,
}


@dataclass(frozen=True, slots=True)
class TestedFilter:
    """A filter to take away, and the pictures to do it on.

    Attributes:
        index: The filter.
        random: Whether it was drawn at random.
        label: The class that it raises most; None if it raises none clearly.
        own: Pictures of that class.
    """

    index: int
    random: bool
    label: str | None
    own: tuple[int, ...]


class Ablation(Stage):
    """Runs the network without filters."""

    name = "effect without filters"
    result = "ablation"

    def __init__(self, session: Session, effect: Effect) -> None:
        super().__init__(session, effect)
        self._effect = effect

    def list_units(self) -> Iterator[WorkUnit]:
        """Yield one unit per layer about which something is known."""
        session = self.session
        if not self._exact:
            return
        classes = self._effect.classes_of_pictures()
        total = float(sum(layer.macs for layer in session.layers))
        for layer in session.layers:
            tests = self.tests(layer)
            if not tests:
                continue
            values = [float(self._effect.means[layer.name][test.index]) for test in tests]
            images = sorted({*self.shared, *(image for test in tests for image in test.own)})
            what = [layer.name, *layer.output, [[test.index, list(test.own)] for test in tests], values]
            outputs = [classes[image][0] for image in images]
            key = session.key("ablation", *what, list(self.shared), session.picture_digests(images), outputs)
            behind = total - session.network.macs_up_to[layer.name] + layer.macs
            yield WorkUnit(key, behind * sum(len(self._images(test)) for test in tests), layer.name, tuple(images))

    def compute(self, unit: WorkUnit) -> UnitResult:
        """Run the network with all filters of a layer, and without each that is tested."""
        session, tests = self.session, self.tests(self.session.network.layer(unit.layer))
        values = {test.index: float(self._effect.means[unit.layer][test.index]) for test in tests}
        rows = {image: row for row, image in enumerate(unit.items)}
        found: _Arrays = {name: np.zeros((len(tests), len(rows)), kind) for name, kind in _ARRAYS.items()}
        groups = [(self.shared, tests)] + [(self._rest(test), [test]) for test in tests]
        for images, of_group in groups:
            for ids in chunks(images, session.limit_batch(session.sizes.effect_batch)):
                self._run(unit.layer, ids, {test.index: values[test.index] for test in of_group}, rows, tests, found)
        record: AblationUnitRecord = {"filters": [test.index for test in tests]}
        return UnitResult(record, {name: array_to_bytes(own) for name, own in found.items()}, [torch.float32])

    def check(self, unit: WorkUnit, stored: StoredUnit) -> None:
        """Check that a stored unit is about its layer's filters."""
        tests = self.tests(self.session.network.layer(unit.layer))
        record = check_unit_record(stored, AblationUnitRecord)
        check_same("its filters", record["filters"], [test.index for test in tests])
        like: _Arrays = {name: np.zeros((len(tests), len(unit.items)), kind) for name, kind in _ARRAYS.items()}
        for own in check_arrays(stored, like).values():
            check_same("its numbers", bool(np.isfinite(own).all()), True)

    def collect(self, draft: RecordDraft) -> None:
        """Write what changes without each filter, and how well contributions foretell it."""
        for unit in self.units:
            self._write(draft, self.session.network.layer(unit.layer), unit)

    def expected_cost(self) -> float:
        """Return the cost of two forward passes behind each layer, as a rule half as long, for each filter."""
        if not self._exact:
            return 0.0
        macs = sum(layer.macs for layer in self.session.layers)
        return float(self._exact * self.session.sizes.ablation_pictures * len(self.session.layers) * macs)

    def estimate(self, trial: Trial) -> StageEstimate:
        """Estimate the passes that are missing at the speed of the trial."""
        return StageEstimate(self.cost() * trial.seconds_per_mac, 0.0)

    @property
    def _exact(self) -> int:
        effect = self.session.config.effect
        return 0 if effect is None else effect.exact

    @cached_property
    def shared(self) -> tuple[int, ...]:
        """The pictures on which all filters are tested, evenly spaced: half of those that one filter takes."""
        images = sorted(self._effect.classes_of_pictures())
        return tuple(images[place] for place in spread(len(images), self.session.sizes.ablation_pictures // 2))

    def tests(self, layer: Layer) -> list[TestedFilter]:
        """Return the filters of a layer that are tested: those with the most effect, and as many others at random."""
        found = self._effect.found.get(layer.name)
        if found is None or not self._exact:
            return []
        chosen = self.session.filters(layer)
        shares = {index: effect["share"] for index, effect in zip(chosen, found.effects, strict=True)}
        order = sorted(chosen, key=lambda index: (-shares[index], index))
        strongest, others = order[: self._exact], sorted(order[self._exact :])
        number = [one.name for one in self.session.layers].index(layer.name)
        drawn = np.random.default_rng([self.session.config.seed, number]).permutation(others)[: self._exact].tolist()
        raised = {index: effect["raises"] for index, effect in zip(chosen, found.effects, strict=True)}
        tests = []
        for index in [*strongest, *sorted(drawn)]:
            label = raised[index][0][0] if raised[index] else None
            tests.append(TestedFilter(index, index not in strongest, label, self._pictures_of(label)))
        return tests

    def _pictures_of(self, label: str | None) -> tuple[int, ...]:
        """Return pictures of a class, evenly spaced."""
        images = self._images_by_class.get(label or "", ())
        return tuple(images[place] for place in spread(len(images), self.session.sizes.ablation_pictures // 2))

    @cached_property
    def _images_by_class(self) -> dict[str, list[int]]:
        found: dict[str, list[int]] = {}
        for image, (_, label) in sorted(self._effect.classes_of_pictures().items()):
            found.setdefault(label, []).append(image)
        return found

    def _images(self, test: TestedFilter) -> tuple[int, ...]:
        return (*self.shared, *self._rest(test))

    def _rest(self, test: TestedFilter) -> tuple[int, ...]:
        """Return the pictures of a filter's own class that are not among those of all."""
        return tuple(image for image in test.own if image not in set(self.shared))

    def _run(
        self,
        layer: str,
        ids: Sequence[int],
        values: dict[int, float],
        rows: dict[int, int],
        tests: Sequence[TestedFilter],
        found: _Arrays,
    ) -> None:
        """Run a batch with all filters, and without each of ``values``; write what it gives into ``found``."""
        session, places = self.session, [rows[image] for image in ids]
        x = session.to_device(session.pictures.tensor(ids))
        outputs = [self._outputs[image] for image in ids]
        numbers = {test.index: number for number, test in enumerate(tests)}
        is_log = session.rehearsed.are_probabilities
        runs = scores_without(session.network.probe, x, layer, values, probabilities=is_log)
        before = next(runs).cpu().numpy()
        for index, scores in zip(values, runs, strict=True):
            after, number = scores.cpu().numpy(), numbers[index]
            picked = range(len(ids)), outputs
            found["before"][number, places], found["after"][number, places] = before[picked], after[picked]
            found["right_before"][number, places] = before.argmax(1) == outputs
            found["right_after"][number, places] = after.argmax(1) == outputs

    @cached_property
    def _outputs(self) -> dict[int, int]:
        return {image: output for image, (output, _) in self._effect.classes_of_pictures().items()}

    def _write(self, draft: RecordDraft, layer: Layer, unit: WorkUnit) -> None:
        stored, tests = self.fetch(unit), self.tests(layer)
        arrays = {name: array_from_bytes(stored.blob(name)) for name in _ARRAYS}
        rows = {image: row for row, image in enumerate(unit.items)}
        shared = [rows[image] for image in self.shared]
        contributions = self._effect.of_pictures(layer.name, [test.index for test in tests])
        estimates = np.array([contributions[image] for image in self.shared]).T
        changes = (arrays["after"] - arrays["before"])[:, shared]
        for number, test in enumerate(tests):
            right = (int(arrays[name][number, shared].sum()) for name in ("right_before", "right_after"))
            record: AblationRecord = {
                "random": test.random,
                "n": len(shared),
                "change": round_significant(changes[number].mean(), _DIGITS),
                "estimated": round_significant(-estimates[number].mean(), _DIGITS),
                "right": (next(right), next(right)),
                "of_class": _class_proof(test, arrays, number, rows),
            }
            effect = draft.filter(layer.name, test.index)["effect"]
            if "skipped" not in effect:
                effect["exact"] = record
        sizes, drawn = np.abs(changes).mean(1), np.array([test.random for test in tests])
        correlation = rank_correlation(estimates.ravel(), -changes.ravel())
        draft.layer_effects[layer.name]["exact"] = {
            "filters": len(tests),
            "pairs": changes.size,
            "correlation": None if correlation is None else round_significant(correlation, _DIGITS),
            "strongest": round_significant(sizes[~drawn].mean(), _DIGITS),
            "random": round_significant(sizes[drawn].mean(), _DIGITS) if drawn.any() else None,
        }


def _class_proof(test: TestedFilter, arrays: _Arrays, number: int, rows: dict[int, int]) -> ClassProof | None:
    """Return what becomes of the pictures of the class that a filter raises most; None if it raises none clearly."""
    own = [rows[image] for image in test.own]
    if test.label is None or not own:
        return None
    before, after = (int(arrays[name][number, own].sum()) for name in ("right_before", "right_after"))
    change = float((arrays["after"] - arrays["before"])[number, own].mean())
    return test.label, len(own), before, after, round_significant(change, _DIGITS)
