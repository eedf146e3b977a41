"""Synthesis: for every chosen filter the picture made by gradient ascent that excites it most."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cached_property, partial
from typing import cast

import numpy as np
import torch

from mkdocs_lurk.analysis.synthesis.image_statistics import ImageStatistics
from mkdocs_lurk.analysis.synthesis.settings import AscentSettings, repeats_half_size, steps_within
from mkdocs_lurk.analysis.synthesis.synthesise import Synthesis, synthesise
from mkdocs_lurk.chunks import chunks
from mkdocs_lurk.config.options import SynthesisConfig
from mkdocs_lurk.models.tracing.layers import Layer
from mkdocs_lurk.records.record_format import round_significant
from mkdocs_lurk.run.draft import RecordDraft
from mkdocs_lurk.run.stages.after_responses import AfterResponses
from mkdocs_lurk.run.stages.photos import picture_blobs
from mkdocs_lurk.run.stages.protocol import StageEstimate
from mkdocs_lurk.run.stopwatch import Stopwatch
from mkdocs_lurk.run.trial import Trial
from mkdocs_lurk.run.unit_check import check_blobs, check_same, check_unit_record
from mkdocs_lurk.run.unit_records import FailedSynthesis, StoredSynthesis, SynthesesRecord
from mkdocs_lurk.run.work import UnitResult, WorkUnit
from mkdocs_lurk.store.store import StoredUnit

_COST, _COST_PER_STEP = 8.0, 2.5
"""Of a picture, and of each of its steps, in float32 forward passes up to its layer."""
_SMALL_BATCH = 8
_SCORING_PASSES = 3
"""Of a finished picture, by ``Verification``: for its score, and twice to tell what it wins by."""
_NOT_CHOSEN = "it was not chosen for a synthesis"
_TRIED_STEPS = 3
_LEAST_TRIED, _TRIED_PX = 2, 4 * 224 * 224
"""Pictures that are tried at once on a CPU: as many as fill its caches, and two at least."""
_TRIED_PASSES = 80
"""Forward passes of one picture at full size, and backward passes counted as two, that trying a layer costs at most."""


class Syntheses(AfterResponses):
    """Makes pictures by gradient ascent on a filter's spatial mean."""

    name = "gradient ascent"
    result = "syntheses"

    def list_units(self) -> Iterator[WorkUnit]:
        """Yield one unit per chunk of a layer's filters."""
        session = self.session
        digests = session.picture_digests(self._measured_pictures)
        for layer in session.layers if session.config.synthesis else ():
            for filters in chunks(session.synthesis_filters(layer), session.sizes.syntheses):
                what = [layer.name, list(filters), self._settings[layer.name].as_dict(), session.config.seed]
                key = session.key("syntheses", *what, str(session.network.fast_dtype), digests)
                yield WorkUnit(key, self._cost(layer, len(filters)), layer.name, filters)

    def compute(self, unit: WorkUnit) -> UnitResult:
        """Make the pictures of a chunk of filters."""
        batch = _SMALL_BATCH if len(unit.items) <= _SMALL_BATCH else self.session.sizes.syntheses
        made = self._synthesise(
            unit.layer, unit.items, self._statistics, self._settings[unit.layer], self.session.limit_batch(batch)
        )
        blobs: dict[str, bytes] = {}
        facts: dict[str, StoredSynthesis | FailedSynthesis] = {}
        for index, synthesis in zip(unit.items, made, strict=True):
            if synthesis.failed is not None:
                facts[str(index)] = {"failed": synthesis.failed}
                continue
            blobs |= picture_blobs(str(index), synthesis.pixels)
            facts[str(index)] = _facts(synthesis)
        record: SynthesesRecord = {"layer": unit.layer, "filters": facts}
        return UnitResult(record, blobs, [self.session.network.fast_dtype])

    def check(self, unit: WorkUnit, stored: StoredUnit) -> None:
        """Check that a stored unit holds a picture, or the reason for none, of each filter of its chunk."""
        filters = check_unit_record(stored, SynthesesRecord)["filters"]
        check_same("its filters", set(filters), set(map(str, unit.items)))
        check_blobs(stored, [index for index, facts in filters.items() if "seen" in facts])

    def collect(self, draft: RecordDraft) -> None:
        """Write every picture with the score that its ascent saw; ``Verification`` writes that of the stored file."""
        if self.session.config.synthesis is None:
            return
        _, height, width = self.session.network.input_size
        for _, _, record in draft.filters():
            record["max_activ"] = {"skipped": _NOT_CHOSEN}
        for unit in self.units:
            for index, facts in cast(SynthesesRecord, self.fetch(unit).record)["filters"].items():
                record = draft.filter(unit.layer, int(index))
                if "seen" not in facts:
                    record["max_activ"] = {"skipped": facts["failed"]}
                    continue
                record["max_activ"] = {
                    "picture": {"unit": unit.key, "blob": index, "size": [width, height]},
                    "score": facts["seen"],
                    "steps": facts["steps"],
                    "seed": facts["seed"],
                    "ratio": None,
                    "robust": facts["robust"],
                    "won_by": None,
                }

    def expected_cost(self) -> float:
        """Return the cost of all pictures."""
        session = self.session
        return sum(self._cost(layer, len(session.synthesis_filters(layer))) for layer in session.layers)

    def estimate(self, trial: Trial) -> StageEstimate:
        """Estimate by a few steps on some layers."""
        session = self.session
        counts = [len(session.synthesis_filters(layer)) for layer in session.layers]
        if not any(counts):
            return StageEstimate(0.0, 0.0)
        picture_bytes = trial.picture_bytes
        filter_s = self._try(trial)
        if self.ready:
            numbers = {layer.name: number for number, layer in enumerate(session.layers)}
            missing = [(numbers[unit.layer], len(unit.items)) for unit in session.runner.missing(self)]
        else:
            missing = list(enumerate(counts))
        seconds_left = sum(-(-count // _SMALL_BATCH) * _SMALL_BATCH * filter_s[number] for number, count in missing)
        return StageEstimate(seconds_left, sum(counts) * picture_bytes)

    @cached_property
    def _settings(self) -> Mapping[str, AscentSettings]:
        """How the pictures of each layer are made."""
        synthesis = self.session.config.synthesis or SynthesisConfig()
        costs = self.session.network.macs_up_to
        whole = max(1.0, *costs.values())
        every = AscentSettings(target=synthesis.target, half_size=repeats_half_size(synthesis.quality))
        return {
            layer: replace(every, steps=synthesis.steps or steps_within(synthesis.quality, cost / whole))
            for layer, cost in costs.items()
        }

    def _cost(self, layer: Layer, n_filters: int) -> float:
        steps = self._settings[layer.name].steps
        return (_COST + _COST_PER_STEP * steps) * self.session.network.macs_up_to[layer.name] * n_filters

    @cached_property
    def _measured_pictures(self) -> tuple[int, ...]:
        """Evenly spaced ones of the pictures that can be read."""
        n_images, skipped = len(self.session.images.entries), self._responses.found.skipped
        spaced = range(0, n_images, -(-n_images // self.session.sizes.statistics_pictures))
        return tuple(image for image in spaced if image not in skipped)

    @cached_property
    def _statistics(self) -> ImageStatistics:
        """The colours and the spectrum of the model's own pictures."""
        return self._measure(self._measured_pictures)

    def _measure(self, images: Sequence[int]) -> ImageStatistics:
        arrays = [np.require(self.session.pictures.pixels(image), requirements="W") for image in images]
        pixels = [torch.from_numpy(array).movedim(-1, 0) for array in arrays]
        return ImageStatistics.of(torch.stack([one / 255 if one.dtype == torch.uint8 else one for one in pixels]))

    def _synthesise(
        self, layer: str, filters: Sequence[int], statistics: ImageStatistics, settings: AscentSettings, batch: int
    ) -> list[Synthesis]:
        network, transform = self.session.network, self.session.transform
        return synthesise(
            network.probe,
            layer,
            filters,
            mean=transform.mean,
            std=transform.std,
            size=network.input_size,
            statistics=statistics,
            settings=settings,
            seed=self.session.config.seed,
            fast=network.fast_probe,
            batch=batch,
        )

    def _try(self, trial: Trial) -> list[float]:
        """Return seconds per filter of each layer: by a few steps on those layers that there is time to try.

        If there is time for none, by the speed of the forward pass.
        """
        session, watch = self.session, trial.watch
        statistics = self._measure(trial.images)
        batch = self._tried_batch(max(len(session.synthesis_filters(layer)) for layer in session.layers))
        step_s, rest_s = dict[int, float](), dict[int, float]()
        for number in trial.layers:
            forward_s = trial.macs_up_to[number] * trial.seconds_per_mac
            if not watch.has_time_for(_TRIED_PASSES * batch * forward_s):
                continue
            step_s[number], once_s = self._try_layer(session.layers[number], statistics, batch, watch)
            scored_s = self._scoring_s(session.layers[number], batch, watch)
            rest_s[number] = once_s + _SCORING_PASSES * scored_s + trial.encode_s
        if not rest_s:
            return [self._cost(layer, 1) * trial.seconds_per_mac for layer in session.layers]
        parts = zip(session.layers, trial.over_layers(step_s), trial.over_layers(rest_s), strict=True)
        return [rest + self._settings[layer.name].steps * step for layer, step, rest in parts]

    def _tried_batch(self, most_filters: int) -> int:
        """Return how many pictures are tried at once, as many as in the ascent where that makes a difference."""
        network = self.session.network
        batch = _SMALL_BATCH if most_filters <= _SMALL_BATCH else self.session.sizes.syntheses
        if network.device.type == "cpu":
            batch = min(batch, max(_LEAST_TRIED, _TRIED_PX // (network.input_size[1] * network.input_size[2])))
        return self.session.limit_batch(batch)

    def _scoring_s(self, layer: Layer, batch: int, watch: Stopwatch) -> float:
        """Return the seconds of one pass of a picture up to its layer, as ``Verification`` runs it."""
        network = self.session.network
        x = torch.zeros(batch, *network.input_size, device=network.device)
        filters = [number % layer.filters for number in range(batch)]
        with torch.inference_mode():
            return watch.best_of(lambda: network.probe.maps(x, layer.name, filters).mean((1, 2)).tolist()) / batch

    def _try_layer(
        self, layer: Layer, statistics: ImageStatistics, batch: int, watch: Stopwatch
    ) -> tuple[float, float]:
        """Return a picture's seconds per step, and of all else that it takes."""

        def ascent_s(steps: int) -> float:
            settings = replace(self._settings[layer.name], steps=steps)
            work = partial(self._synthesise, layer.name, [0], statistics, settings, batch)
            return watch.best_of(work, tries=2) / batch

        one, more = ascent_s(1), ascent_s(_TRIED_STEPS)
        step_s = max(0.0, more - one) / (_TRIED_STEPS - 1)
        return step_s, max(0.0, one - step_s)


def _facts(synthesis: Synthesis) -> StoredSynthesis:
    """Return what is stored beside a picture."""
    shift, scale = (round_significant(score, 4) for score in (synthesis.robust_shift8, synthesis.robust_scale10))
    return {
        "seen": synthesis.score,
        "steps": synthesis.steps,
        "seed": synthesis.seed,
        "robust": {"shift8": shift, "scale10": scale},
    }
