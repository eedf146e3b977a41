"""Sanity checks of the gradients: how much they depend on the weights, layer by layer.

For a few filters of each layer and their best pictures, the gradient of the strongest unit is compared with that of the
same unit in the shuffled twin, which is the randomisation of all weights of Adebayo et al. 2018, arXiv:1810.03292; and
with that of another filter of the layer at the same place. Guided backpropagation and deconvolution restore the picture
in part, whatever the weights are (Nie, Zhang and Patel 2018, arXiv:1805.07039).
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cached_property
from typing import cast

import numpy as np
import torch
from numpy.typing import NDArray

from mkdocs_lurk.analysis.gradients.engine import GradientEngine
from mkdocs_lurk.analysis.gradients.requests import GradientRequest
from mkdocs_lurk.analysis.probed_network import ProbedNetwork
from mkdocs_lurk.analysis.twin_comparison import conclude_gradients, rank_correlation
from mkdocs_lurk.errors import describe_error
from mkdocs_lurk.models.tracing.layers import Layer
from mkdocs_lurk.records.twin_record import GradientCheck
from mkdocs_lurk.run.draft import RecordDraft
from mkdocs_lurk.run.findings import ranked
from mkdocs_lurk.run.session import Session
from mkdocs_lurk.run.stages.after_responses import AfterResponses
from mkdocs_lurk.run.stages.responses import Responses
from mkdocs_lurk.run.twin import Twin
from mkdocs_lurk.run.unit_check import check_same, check_unit_record
from mkdocs_lurk.run.unit_records import FailedTwin, SanityRecord
from mkdocs_lurk.run.work import UnitResult, WorkUnit
from mkdocs_lurk.store.store import StoredUnit

log = logging.getLogger("mkdocs.plugins.lurk")

_FILTERS, _PICTURES = 6, 2
_PASSES = 6
"""Of a pair, in forward passes up to its layer: forward and backward, of the filter, the twin and another filter."""

_Pair = tuple[GradientRequest, GradientRequest]
"""The strongest unit of a filter, and the unit of another filter at the same place."""


class SanityChecks(AfterResponses):
    """Compares gradients with those of the twin, where that was asked for."""

    name = "sanity checks"
    result = "twin"

    def __init__(self, session: Session, responses: Responses, twin: Twin) -> None:
        super().__init__(session, responses)
        self._twin = twin

    def list_units(self) -> Iterator[WorkUnit]:
        """Yield one unit per layer."""
        session = self.session
        if not session.config.sanity_checks:
            return
        for number, layer in enumerate(session.layers):
            pairs = self._pairs(layer)
            if not pairs:
                continue
            described = [[own.filter, other.filter, list(own.position or ())] for own, other in pairs]
            digests = session.picture_digests(own.image for own, _ in pairs)
            what = [layer.name, session.config.gradient, described, digests, self._twin.identity]
            cost = _PASSES * session.network.macs_up_to[layer.name] * len(pairs)
            yield WorkUnit(session.key("twin", "gradients", *what), cost, layer.name, (number,))

    def compute(self, unit: WorkUnit) -> UnitResult:
        """Compute and compare the gradients of a layer; what the twin cannot do is stored, and ends nothing."""
        pairs = self._pairs(self.session.network.layer(unit.layer))
        try:
            theirs = self._gradients(self._twin_engine, [own for own, _ in pairs])
        except torch.OutOfMemoryError:
            raise
        except Exception as error:  # shuffled weights may lead the author's forward method anywhere
            log.info("the twin with shuffled weights: %s", describe_error(error))
            failed: FailedTwin = {"failed": describe_error(error)}
            return UnitResult(failed)
        ours = self._gradients(self._engine, [own for own, _ in pairs])
        others = self._gradients(self._engine, [other for _, other in pairs])
        record: SanityRecord = {"twin": _compare(ours, theirs), "other": _compare(ours, others)}
        return UnitResult(record, formats=[torch.float32])

    def check(self, unit: WorkUnit, stored: StoredUnit) -> None:
        """Check that a stored unit holds no more correlations than there are pairs."""
        if "failed" in stored.record:
            check_unit_record(stored, FailedTwin)
            return
        record, most = check_unit_record(stored, SanityRecord), _FILTERS * _PICTURES
        check_same("its numbers of pairs", max(len(record["twin"]), len(record["other"])) <= most, True)

    def collect(self, draft: RecordDraft) -> None:
        """Write nothing: the checks are a part of what another stage writes."""

    def found(self) -> dict[str, GradientCheck]:
        """Return the check of each layer that has one."""
        checks: dict[str, GradientCheck] = {}
        for unit in self.units:
            stored = self.fetch(unit).record
            if "failed" not in stored:
                record = cast(SanityRecord, stored)
                check = conclude_gradients(record["twin"], record["other"])
                if check is not None:
                    checks[unit.layer] = check
        return checks

    def expected_cost(self) -> float:
        """Return the cost of all pairs that there may be."""
        if not self.session.config.sanity_checks:
            return 0.0
        return _PASSES * _FILTERS * _PICTURES * sum(self.session.network.macs_up_to.values())

    @cached_property
    def _engine(self) -> GradientEngine:
        """Computes the gradients of the trained network, in float32 as those of the twin."""
        network = self.session.network
        return self._engine_of(replace(network, fast_probe=network.probe, fast_dtype=torch.float32))

    @cached_property
    def _twin_engine(self) -> GradientEngine:
        return self._engine_of(self._twin.network)

    def _engine_of(self, network: ProbedNetwork) -> GradientEngine:
        session = self.session
        return GradientEngine(network, session.config.gradient, session.pictures.tensor, session.limit_batch)

    def _pairs(self, layer: Layer) -> list[_Pair]:
        """List filters of a layer that some picture excites, evenly spaced, with their best pictures."""
        best, first = self._responses.found.summary.max, self.session.network.columns[layer.name].start
        alive = [index for index in self.session.filters(layer) if best.scores[first + index, 0] > 0]
        chosen = [alive[int(place)] for place in np.linspace(0, len(alive) - 1, min(_FILTERS, len(alive))).round()]
        if len(chosen) < 2:
            return []
        pairs: list[_Pair] = []
        for index, other in zip(chosen, [*chosen[1:], chosen[0]], strict=True):
            for entry in ranked(best, first + index)[:_PICTURES]:
                place = divmod(entry.place, layer.output[2])
                pairs.append(
                    (
                        GradientRequest(entry.image, layer.name, index, place),
                        GradientRequest(entry.image, layer.name, other, place),
                    )
                )
        return pairs

    def _gradients(
        self, engine: GradientEngine, requests: Sequence[GradientRequest]
    ) -> list[NDArray[np.float32] | None]:
        """Compute gradients, in the order of the requests; None for a unit whose receptive field is padding."""
        order = sorted(range(len(requests)), key=lambda place: requests[place].image)
        found: list[NDArray[np.float32] | None] = [None] * len(requests)
        for place, result in engine.compute([requests[place] for place in order]):
            found[order[place]] = result.gradient
        return found


def _compare(ours: Sequence[NDArray[np.float32] | None], theirs: Sequence[NDArray[np.float32] | None]) -> list[float]:
    """Return the rank correlations of gradients, as far as there are any."""
    pairs = ((one, other) for one, other in zip(ours, theirs, strict=True) if one is not None and other is not None)
    correlations = (rank_correlation(one, other) for one, other in pairs)
    return [correlation for correlation in correlations if correlation is not None]
