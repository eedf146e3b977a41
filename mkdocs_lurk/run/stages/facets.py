"""Facets: for every filter, whether the crops that excite it most are of one kind or of several."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import cast

import numpy as np
from numpy.typing import NDArray

from mkdocs_lurk.analysis.facets import FEWEST, clarity, find_facets, unit_rows
from mkdocs_lurk.errors import StoreError
from mkdocs_lurk.models.tracing.layers import Layer
from mkdocs_lurk.records.model_record import RankedMaximum, Skipped
from mkdocs_lurk.records.record_format import round_significant
from mkdocs_lurk.records.response_records import FacetCrop, FacetGroup, FacetsRecord
from mkdocs_lurk.run.draft import RecordDraft
from mkdocs_lurk.run.facet_picks import FacetPicks
from mkdocs_lurk.run.session import Session
from mkdocs_lurk.run.stages.after_responses import AfterResponses
from mkdocs_lurk.run.stages.facet_crops import FacetCrops, described_by
from mkdocs_lurk.run.stages.responses import Responses
from mkdocs_lurk.run.unit_box import unit_box
from mkdocs_lurk.run.unit_check import check_same, check_unit_record
from mkdocs_lurk.run.unit_records import FacetsUnitRecord, StoredFacets
from mkdocs_lurk.run.work import UnitResult, WorkUnit
from mkdocs_lurk.store.store import StoredUnit

_FEWEST_OTHERS = 2
"""Other filters that describe a crop at least."""
_SHOWN_CROPS, _SHOWN_CLASSES, _SHOWN_OTHERS = 6, 2, 2
_COST = 2e8
"""Of one filter, in multiply-adds that take as long."""
_DIGITS = 3


class Facets(AfterResponses):
    """Divides the crops of every filter by what ``FacetCrops`` measured."""

    name = "facets"

    def __init__(self, session: Session, responses: Responses, crops: FacetCrops, picks: FacetPicks) -> None:
        super().__init__(session, responses, crops)
        self._crops, self._picks = crops, picks

    def list_units(self) -> Iterator[WorkUnit]:
        """Yield one unit per layer."""
        session = self.session
        if not self._crops.units:
            return
        for number, layer in enumerate(session.layers):
            if layer.filters > _FEWEST_OTHERS:
                key = session.key(
                    "facets", "kinds", layer.name, session.config.seed, [unit.key for unit in self._crops.units]
                )
                yield WorkUnit(key, _COST * len(session.filters(layer)), layer.name, (number,))

    def compute(self, unit: WorkUnit) -> UnitResult:
        """Divide the crops of a layer's filters."""
        layer = self.session.network.layer(unit.layer)
        shares, _ = self._crops.of_layer(layer)
        filters: dict[str, StoredFacets] = {}
        for index in self.session.filters(layer):
            own = _without(shares[self._rows_of(layer, index)], layer, index)
            if len(own) >= FEWEST and own.any(1).all():
                filters[str(index)] = _found(own, layer, self.session.config.seed)
        record: FacetsUnitRecord = {"filters": filters}
        return UnitResult(record)

    def check(self, unit: WorkUnit, stored: StoredUnit) -> None:
        """Check that a stored unit divides the crops of filters of its layer."""
        layer = self.session.network.layer(unit.layer)
        found = check_unit_record(stored, FacetsUnitRecord)["filters"]
        check_same("its filters", set(found) <= set(map(str, self.session.filters(layer))), True)
        for index, own in found.items():
            n_crops = len(self._rows_of(layer, int(index)))
            rows = sorted(row for group in own["groups"] for row in group)
            check_same("its kinds of crops", rows, list(range(n_crops)))
            check_same("its kinds", len(own["groups"]) == len(own["clarities"]) == len(own["others"]), True)
            if not all(0 <= other < layer.filters for group in own["others"] for other, _, _ in group):
                raise StoreError("it names a filter that there is not")

    def collect(self, draft: RecordDraft) -> None:
        """Write the kinds of every filter's crops, or why they are not known."""
        if not self.session.config.facets:
            return
        found = {unit.layer: cast(FacetsUnitRecord, self.fetch(unit).record)["filters"] for unit in self.units}
        for layer in self.session.layers:
            places = self._crops.of_layer(layer)[1] if self._crops.units else np.empty(0, np.int64)
            for index in self.session.filters(layer):
                record = draft.filter(layer.name, index)
                stored = found.get(layer.name, {}).get(str(index))
                if stored is None:
                    record["facets"] = self._reason(layer, index)
                else:
                    rows = self._rows_of(layer, index)
                    record["facets"] = self._record(layer, index, stored, rows, places[rows], record["top_max"])

    def expected_cost(self) -> float:
        """Return the cost of all chosen filters."""
        if not self.session.config.facets:
            return 0.0
        return _COST * sum(len(self.session.filters(layer)) for layer in self.session.layers)

    def _rows_of(self, layer: Layer, index: int) -> NDArray[np.int64]:
        """Return the places of a filter's crops among the layer's picked pairs, the strongest first."""
        picked = self._picks.of_layers[layer.name]
        own = np.flatnonzero(picked.filters == index)
        rows: NDArray[np.int64] = own[np.argsort(-picked.scores[own], kind="stable")]
        return rows

    def _reason(self, layer: Layer, index: int) -> Skipped:
        """Say why the kinds of a filter's crops are not known."""
        if layer.filters <= _FEWEST_OTHERS:
            return {"skipped": "the layer has too few filters to describe crops by"}
        if len(self._rows_of(layer, index)) < FEWEST:
            return {"skipped": f"fewer than {FEWEST} pictures excite the filter"}
        return {"skipped": "at some of its crops no other filter of the layer responds"}

    def _record(
        self,
        layer: Layer,
        index: int,
        stored: StoredFacets,
        rows: NDArray[np.int64],
        places: NDArray[np.int64],
        top_max: Sequence[RankedMaximum],
    ) -> FacetsRecord:
        poly = stored["polysemanticity"]
        groups: list[FacetGroup] = []
        kinds = zip(stored["groups"], stored["clarities"], stored["others"], strict=True)
        for members, own_clarity, others in kinds if len(stored["groups"]) > 1 else ():
            shown = [self._crop(layer, index, rows[row], int(places[row]), top_max) for row in members[:_SHOWN_CROPS]]
            group: FacetGroup = {"n": len(members), "clarity": own_clarity, "others": others, "crops": shown}
            classes = self._classes(layer, rows[members])
            if classes:
                group["classes"] = classes
            groups.append(group)
        return {
            "n": len(rows),
            "clarity": stored["clarity"],
            "polysemanticity": poly,
            "chance": stored["chance"],
            "groups": groups,
        }

    def _crop(self, layer: Layer, index: int, row: np.int64, place: int, top_max: Sequence[RankedMaximum]) -> FacetCrop:
        picked, position = self._picks.of_layers[layer.name], divmod(place, layer.output[2])
        box, field = unit_box(self.session.network, layer, index, position, top_max)
        return {
            "image": int(picked.images[row]),
            "score": round_significant(picked.scores[row]),
            "position": list(position),
            "box": box.as_list(),
            "field": field,
        }

    def _classes(self, layer: Layer, rows: NDArray[np.int64]) -> list[tuple[str, int]]:
        """Return the commonest classes of some crops' pictures."""
        images = self._picks.of_layers[layer.name].images[rows].tolist()
        labels = [self.session.images.entries[image].label for image in images]
        counts = Counter(label for label in labels if label is not None)
        return sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:_SHOWN_CLASSES]


def _without(shares: NDArray[np.float16], layer: Layer, index: int) -> NDArray[np.float32]:
    """Return what describes a filter's crops, without the filter itself."""
    own = shares.astype(np.float32)
    own[:, described_by(layer) == index] = 0
    return own


def _found(shares: NDArray[np.float32], layer: Layer, seed: int) -> StoredFacets:
    facets, vectors = find_facets(shares, seed), unit_rows(shares)
    poly = facets.polysemanticity
    return {
        "clarity": round_significant(facets.clarity, _DIGITS),
        "polysemanticity": None if poly is None else round_significant(poly, _DIGITS),
        "chance": round_significant(facets.chance, _DIGITS),
        "groups": [rows.tolist() for rows in facets.groups],
        "clarities": [round_significant(clarity(vectors[rows]), _DIGITS) for rows in facets.groups],
        "others": [_distinguishing(shares, rows, layer) for rows in facets.groups],
    }


def _distinguishing(
    shares: NDArray[np.float32], rows: NDArray[np.int64], layer: Layer
) -> list[tuple[int, float, float]]:
    """Return the filters that respond most above the rest at some crops: index, and both mean shares."""
    is_own = np.zeros(len(shares), np.bool_)
    is_own[rows] = True
    if is_own.all():
        return []
    means, rests = shares[is_own].mean(0), shares[~is_own].mean(0)
    order = np.argsort(rests - means, kind="stable")[:_SHOWN_OTHERS]
    others = described_by(layer)
    return [
        (int(others[place]), round_significant(means[place], _DIGITS), round_significant(rests[place], _DIGITS))
        for place in order.tolist()
        if means[place] > rests[place]
    ]
