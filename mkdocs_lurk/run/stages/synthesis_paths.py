"""Syntheses beside photos: what the layers respond to the syntheses of some deep filters."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import cast

import numpy as np
import torch
from numpy.typing import NDArray

from mkdocs_lurk.analysis.responses import mean_responses
from mkdocs_lurk.analysis.synthesis_paths import compare_paths
from mkdocs_lurk.models.tracing.layers import Layer
from mkdocs_lurk.records.twin_record import PathCheck
from mkdocs_lurk.run.draft import RecordDraft
from mkdocs_lurk.run.score_proof import ScoreProof
from mkdocs_lurk.run.session import Session
from mkdocs_lurk.run.stages.after_responses import AfterResponses
from mkdocs_lurk.run.stages.photos import Photos
from mkdocs_lurk.run.stages.responses import Responses
from mkdocs_lurk.run.stages.synthesis import Syntheses
from mkdocs_lurk.run.unit_check import check_arrays, check_same, check_unit_record
from mkdocs_lurk.run.unit_records import PathsUnitRecord, SynthesesRecord
from mkdocs_lurk.run.work import UnitResult, WorkUnit, array_from_bytes, array_to_bytes
from mkdocs_lurk.store.store import StoredUnit

_FILTERS, _PHOTOS = 24, 4
_FEWEST_FILTERS, _FEWEST_PHOTOS = 4, 2
_FEWEST_CHANNELS = 8
"""Filters of a layer whose responses make a profile, at least."""
_DEEP = 0.75
"""The share of the layers with syntheses after which filters count as deep."""


class SynthesisPaths(AfterResponses):
    """Shows the syntheses of some deep filters to the network, where sanity checks were asked for."""

    name = "syntheses beside photos"
    result = "twin"

    def __init__(self, session: Session, responses: Responses, photos: Photos, syntheses: Syntheses) -> None:
        super().__init__(session, responses, syntheses)
        self._syntheses, self._proof = syntheses, ScoreProof(session, responses, photos)

    def list_units(self) -> Iterator[WorkUnit]:
        """Yield one unit, if there are enough syntheses."""
        session = self.session
        if not session.config.sanity_checks or not self._layers or len(self._made) < _FEWEST_FILTERS:
            return
        made = [[unit.key, index] for unit, index in self._made]
        key = session.key("twin", "paths", made, [layer.name for layer in self._layers])
        yield WorkUnit(key, session.network.macs_up_to[self._layers[-1].name] * len(made), "", tuple(range(len(made))))

    def compute(self, unit: WorkUnit) -> UnitResult:
        """Measure the mean responses of all layers to the syntheses."""
        parts: dict[str, list[NDArray[np.float32]]] = {layer.name: [] for layer in self._layers}
        for made, index in self._made:
            x = self._proof.stored_tensor(self._syntheses.fetch(made), [index])
            found = mean_responses(self.session.network.probe, x)
            for name, part in parts.items():
                part.append(found[name][0].cpu().numpy())
        blobs = {f"means/{n}": array_to_bytes(np.concatenate(part)) for n, part in enumerate(parts.values())}
        record: PathsUnitRecord = {"filters": [(made.layer, index) for made, index in self._made]}
        return UnitResult(record, blobs, [torch.float32])

    def check(self, unit: WorkUnit, stored: StoredUnit) -> None:
        """Check that a stored unit holds the responses to its syntheses."""
        record = check_unit_record(stored, PathsUnitRecord)
        check_same(
            "its filters", [tuple(own) for own in record["filters"]], [(made.layer, own) for made, own in self._made]
        )
        like: dict[str, NDArray[np.generic]] = {
            f"means/{number}": np.empty((len(self._made), layer.filters), np.float32)
            for number, layer in enumerate(self._layers)
        }
        check_arrays(stored, like)

    def collect(self, draft: RecordDraft) -> None:
        """Write nothing: the check is a part of what another stage writes."""

    def found(self) -> dict[str, PathCheck]:
        """Return the check of each layer that has one."""
        checks: dict[str, PathCheck] = {}
        for unit in self.units:
            stored = self.fetch(unit)
            photos = self._best_photos
            if photos is None:
                continue
            means = self._responses.means_of([layer.name for layer in self._layers])
            for number, layer in enumerate(self._layers):
                made = array_from_bytes(stored.blob(f"means/{number}"))
                if layer.filters >= _FEWEST_CHANNELS and np.isfinite(made).all():
                    checks[layer.name] = compare_paths(made, means[layer.name][photos])
        return checks

    def expected_cost(self) -> float:
        """Return the cost of as many syntheses as there may be."""
        is_wanted = self.session.config.sanity_checks and self.session.config.synthesis is not None
        return _FILTERS * float(sum(layer.macs for layer in self.session.layers)) if is_wanted else 0.0

    @cached_property
    def _made(self) -> list[tuple[WorkUnit, int]]:
        """Syntheses of deep filters, evenly spaced: the unit of each, and its filter."""
        made: list[tuple[WorkUnit, int]] = []
        with_some = list(dict.fromkeys(unit.layer for unit in self._syntheses.units))
        deep = set(with_some[int(_DEEP * len(with_some)) :])
        for unit in self._syntheses.units:
            if unit.layer in deep:
                facts = cast(SynthesesRecord, self._syntheses.fetch(unit).record)["filters"]
                made += [(unit, index) for index in unit.items if "seen" in facts[str(index)]]
        return [made[int(place)] for place in np.linspace(0, len(made) - 1, min(_FILTERS, len(made))).round()]

    @cached_property
    def _layers(self) -> list[Layer]:
        """The layers up to the first one with such a filter, this one included."""
        layers = list(self.session.layers)
        first = {unit.layer for unit, _ in self._made}
        ends = [place for place, layer in enumerate(layers) if layer.name in first]
        return layers[: min(ends) + 1] if ends else []

    @property
    def _best_photos(self) -> NDArray[np.int64] | None:
        """Of each such filter the rows of the kept pictures with the highest mean responses, ``(n, n_photos)``."""
        n_photos = min(_PHOTOS, len(self._responses.found.kept) // 2)
        if n_photos < _FEWEST_PHOTOS:
            return None
        means = self._responses.means_of(list(dict.fromkeys(unit.layer for unit, _ in self._made)))
        return np.stack(
            [np.argsort(-means[unit.layer][:, index], kind="stable")[:n_photos] for unit, index in self._made]
        )
