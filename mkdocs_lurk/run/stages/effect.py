"""Effect: what every filter contributes to the outputs for the classes of the pictures."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from mkdocs_lurk.analysis.class_contributions import ClassContributions
from mkdocs_lurk.analysis.contributions import estimate_contributions
from mkdocs_lurk.chunks import chunks
from mkdocs_lurk.config.effect import EffectConfig
from mkdocs_lurk.errors import ModelError
from mkdocs_lurk.models.loading.label_map import NO_OUTPUT
from mkdocs_lurk.models.tracing.cuts import find_cuts
from mkdocs_lurk.models.tracing.layers import Layer
from mkdocs_lurk.run.contribution_units import ContributionUnit, check_contributions, contributions_of, map_means
from mkdocs_lurk.run.draft import RecordDraft
from mkdocs_lurk.run.effect_records import LayerFound, OutputNames, cut_sum, filter_effects, layer_effect
from mkdocs_lurk.run.stages.protocol import Stage, StageEstimate
from mkdocs_lurk.run.trial import Trial
from mkdocs_lurk.run.unit_records import ContributionsRecord
from mkdocs_lurk.run.work import UnitResult, WorkUnit, array_from_bytes
from mkdocs_lurk.store.store import StoredUnit

_PASSES = 3.1
"""Forward passes that a forward and a backward pass take together."""
_MOST_VALUES = 10_000_000
"""Sums by class and filter that are held at once: 160 MB."""


class Effect(Stage):
    """Sends every picture through the network, and the gradients of its outputs back to all layers."""

    name = "effect"

    @property
    def config(self) -> EffectConfig | None:
        """What is asked for; None for nothing."""
        return self.session.config.effect

    @cached_property
    def images(self) -> Sequence[int]:
        """The pictures on which contributions are measured: all, or evenly spaced ones of a large set."""
        n_images = len(self.session.images.entries)
        return range(0, n_images, -(-n_images // self.session.sizes.effect_pictures))

    def list_units(self) -> Iterator[WorkUnit]:
        """Yield one unit per chunk of pictures."""
        session, rehearsed = self.session, self.session.rehearsed
        if self.config is None or self._trial[0] is not None:
            return
        described = [[layer.name, *layer.output] for layer in session.layers]
        baseline = [self._steps, session.picture_digests(self._baseline_images)] if self._steps else []
        for ids in chunks(self.images, session.sizes.shard_pictures):
            targets = [rehearsed.targets[image] for image in ids]
            what = [described, session.config.max_pixels, rehearsed.are_probabilities, targets, baseline]
            key = session.key("effect", *what, session.picture_digests(ids))
            yield WorkUnit(key, self._cost * len(ids), "", ids)

    def compute(self, unit: WorkUnit) -> UnitResult:
        """Measure all filters' contributions on a chunk of pictures."""
        session = self.session
        found = ContributionUnit(session, self._baseline)
        batch = session.limit_batch(session.sizes.effect_batch)
        for ids, x, _ in session.pictures.batches(unit.items, batch):
            if ids:
                found.add(ids, session.to_device(x))
        return found.result()

    def check(self, unit: WorkUnit, stored: StoredUnit) -> None:
        """Check that a stored unit is about its pictures, with numbers for all filters."""
        check_contributions(self.session, unit.items, stored, integrated=self._steps > 0)

    def collect(self, draft: RecordDraft) -> None:
        """Write what every filter raises and lowers, and for each class the filters that raise it most."""
        if self.config is None:
            return
        for layer in self.session.layers:
            problem = self.problem(layer)
            if problem is not None:
                for index in self.session.filters(layer):
                    draft.filter(layer.name, index)["effect"] = {"skipped": problem}
                continue
            found = self.found[layer.name]
            draft.layer_effects[layer.name] = found.together
            for index, effect in zip(self.session.filters(layer), found.effects, strict=True):
                draft.filter(layer.name, index)["effect"] = effect

    def problem(self, layer: Layer) -> str | None:
        """Say why nothing is known of a layer's effect; None if it is."""
        problem, cut_off = self._trial
        if problem is not None:
            return problem
        if layer.name in cut_off:
            return "no gradient leads from the network's output back to the layer"
        if layer.class_tokens:
            return "a part of the layer's output has no place in the picture (class tokens), and is not in its maps"
        return None if self.outputs.of_pairs.size else "no output for a picture that could be read is finite"

    @cached_property
    def found(self) -> Mapping[str, LayerFound]:
        """What was found of every layer about which something is known, by name."""
        measured = [layer for layer in self.session.layers if self.problem(layer) is None]
        found: dict[str, LayerFound] = {}
        for layers in self._layers_at_once(measured):
            found |= {layer.name: self._found_of(layer, sums) for layer, sums in self._sums_of(layers).items()}
        if self._steps:
            self._add_sums(found)
        return found

    def of_pictures(self, layer: str, filters: Sequence[int]) -> dict[int, NDArray[np.float32]]:
        """Return what some filters contribute to the output for each picture's class, by picture, ``(n,)``."""
        found: dict[int, NDArray[np.float32]] = {}
        for unit, classes in self._classes():
            own = contributions_of(unit, self._numbers[layer], self.means[layer])[:, list(filters)]
            pairs = cast(ContributionsRecord, unit.record)["pairs"]
            found |= {pairs[row][0]: own[row] for row in np.flatnonzero(classes != NO_OUTPUT).tolist()}
        return found

    def classes_of_pictures(self) -> dict[int, tuple[int, str]]:
        """Return for every picture that counts its output, and the class of that."""
        found: dict[int, tuple[int, str]] = {}
        for unit, classes in self._classes():
            pairs = cast(ContributionsRecord, unit.record)["pairs"]
            for (image, output), own in zip(pairs, classes.tolist(), strict=True):
                if own != NO_OUTPUT:
                    found[image] = output, self.outputs.names[own]
        return found

    @cached_property
    def outputs(self) -> OutputNames:
        """Which class each measured pair of a picture and an output counts for."""
        pairs = [pair for unit in self.stored for pair in cast(ContributionsRecord, unit.record)["pairs"]]
        return OutputNames.of(pairs, self.session.rehearsed)

    @cached_property
    def stored(self) -> list[StoredUnit]:
        """All units, read."""
        return [self.fetch(unit) for unit in self.units]

    @cached_property
    def means(self) -> Mapping[str, NDArray[np.float64]]:
        """The mean of each filter's maps by layer, ``(n_filters,)``: what a contribution is compared with."""
        return map_means(self.stored, self.session.layers)

    def expected_cost(self) -> float:
        """Return the cost of all pictures."""
        return 0.0 if self.config is None else self._cost * len(self.images)

    def estimate(self, trial: Trial) -> StageEstimate:
        """Estimate the passes of each picture that is missing."""
        n_missing = sum(len(unit.items) for unit in self.session.runner.missing(self))
        n_images = sum(len(unit.items) for unit in self.units)
        n_filters = sum(layer.filters for layer in self.session.layers)
        seconds = n_missing * (trial.decode_s + self._passes * trial.forward_s)
        return StageEstimate(seconds, 8.0 * n_images * n_filters)

    def _found_of(self, layer: Layer, sums: ClassContributions) -> LayerFound:
        chosen, is_log = self.session.filters(layer), self.session.rehearsed.are_probabilities
        effects = filter_effects(sums, chosen, self.outputs, self._steps, is_log=is_log)
        return LayerFound(effects, layer_effect(sums, chosen, self.outputs))

    def _sums_of(self, layers: Sequence[Layer]) -> dict[Layer, ClassContributions]:
        """Sum up the contributions of several layers by class; every unit is read once."""
        sums: dict[Layer, ClassContributions] = {}
        for unit, classes in self._classes():
            counts = classes != NO_OUTPUT
            for layer in layers:
                own = contributions_of(unit, self._numbers[layer.name], self.means[layer.name])[counts]
                part = ClassContributions.of(own, classes[counts], len(self.outputs.names))
                sums[layer] = sums[layer].merge(part) if layer in sums else part
        return sums

    def _classes(self) -> Iterator[tuple[StoredUnit, NDArray[np.int64]]]:
        """Yield every unit with the class of each of its pairs."""
        first = 0
        for unit in self.stored:
            n_pairs = len(cast(ContributionsRecord, unit.record)["pairs"])
            yield unit, self.outputs.of_pairs[first : first + n_pairs]
            first += n_pairs

    def _layers_at_once(self, layers: Sequence[Layer]) -> list[list[Layer]]:
        """Cut layers into runs whose sums by class fit into memory: one run, as a rule."""
        runs: list[list[Layer]] = []
        n_values = 0
        for layer in layers:
            own = layer.filters * len(self.outputs.names)
            if not runs or n_values + own > _MOST_VALUES:
                runs.append([])
                n_values = 0
            runs[-1].append(layer)
            n_values += own
        return runs

    @property
    def _passes(self) -> float:
        """Forward passes that one picture takes."""
        return _PASSES * (self._steps + 1) + 1 if self._steps else _PASSES

    @property
    def _steps(self) -> int:
        return 0 if self.config is None else self.config.steps

    @cached_property
    def _numbers(self) -> Mapping[str, int]:
        """The number of each layer among all."""
        return {layer.name: number for number, layer in enumerate(self.session.layers)}

    def _add_sums(self, found: Mapping[str, LayerFound]) -> None:
        """Add what the integrated contributions of each layer add up to, and what they should."""
        totals: dict[str, list[NDArray[np.float64]]] = {name: [] for name in found}
        differences: list[NDArray[np.float64]] = []
        for unit, classes in self._classes():
            counts = classes != NO_OUTPUT
            differences.append(array_from_bytes(unit.blob("values"))[counts].astype(np.float64))
            for name, own in totals.items():
                of_filters = contributions_of(unit, self._numbers[name], self.means[name])[counts]
                own.append(of_filters.sum(1, dtype=np.float64))
        joined = {name: np.concatenate(own) for name, own in totals.items()}
        cuts = find_cuts(self.session.trace, [layer for layer in self.session.layers if layer.name in found])
        for name, layer in found.items():
            layer.together["sum"] = cut_sum(name, cuts[name], joined, np.concatenate(differences))

    @property
    def _cost(self) -> float:
        return self._passes * sum(layer.macs for layer in self.session.layers)

    @cached_property
    def _baseline_images(self) -> Sequence[int]:
        """The pictures whose mean contributions are integrated from: evenly spaced ones."""
        n_images = len(self.session.images.entries)
        return range(0, n_images, -(-n_images // self.session.sizes.statistics_pictures))

    @cached_property
    def _baseline(self) -> Tensor | None:
        """The mean picture, ``(1, c, h, w)``; None where contributions are estimated."""
        if not self._steps:
            return None
        total, n_read = torch.zeros(1, *self.session.network.input_size, dtype=torch.float64), 0
        for ids, x, _ in self.session.pictures.batches(self._baseline_images, self.session.sizes.response_batch):
            total += x.double().sum(0, keepdim=True)
            n_read += len(ids)
        return self.session.to_device((total / max(n_read, 1)).float())

    @cached_property
    def _trial(self) -> tuple[str | None, frozenset[str]]:
        """Try one picture: why nothing can be measured, or None; and the layers to which no gradient leads."""
        rehearsed = self.session.rehearsed
        if rehearsed.n_outputs < 2:
            what = "a single number" if rehearsed.n_outputs == 1 else "something else"
            return f"the network gives {what} for a picture, and not a number for each class", frozenset()
        x = self.session.to_device(self.session.pictures.tensor(rehearsed.images[:1]))
        try:
            found = estimate_contributions(
                self.session.network.probe, x, [NO_OUTPUT], probabilities=rehearsed.are_probabilities
            )
        except ModelError as error:
            return str(error).partition("; ")[0], frozenset()
        return None, found.cut_off
