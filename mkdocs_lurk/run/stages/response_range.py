"""Range: for every filter, pictures from the strongest response to the weakest, and where in them it arises.

Which pictures they are is known from mining (``run/range_picks.py``). One more forward pass of each, from its stored
file, finds the positions, and proves the scores like those of the best pictures.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import cast

import numpy as np
import torch
from numpy.typing import NDArray

from mkdocs_lurk.analysis.crops import needs_effective_box
from mkdocs_lurk.analysis.response_range import PERCENTS, MapQuery, centred_box, find_extremes
from mkdocs_lurk.models.tracing.layers import Layer
from mkdocs_lurk.names import Box
from mkdocs_lurk.record_format import round_significant
from mkdocs_lurk.records import RangeEntry, RangeField, RankedMaximum
from mkdocs_lurk.run.draft import RecordDraft
from mkdocs_lurk.run.range_picks import LOWEST, RangePicks
from mkdocs_lurk.run.score_proof import ScoreProof
from mkdocs_lurk.run.session import Session
from mkdocs_lurk.run.stages.photos import Photos
from mkdocs_lurk.run.stages.protocol import Stage, StageEstimate
from mkdocs_lurk.run.stages.responses import Responses
from mkdocs_lurk.run.trial import Trial
from mkdocs_lurk.run.unit_check import check_arrays, check_same, check_unit_record
from mkdocs_lurk.run.unit_records import RangeUnitRecord
from mkdocs_lurk.run.work import UnitResult, WorkUnit, array_from_bytes, array_to_bytes, chunks
from mkdocs_lurk.store.store import StoredUnit

_Picked = tuple[NDArray[np.int64], NDArray[np.int64]]
"""Rows of the picks, and columns among all filters."""


class Range(Stage):
    """Finds the positions of the responses between the strongest and the weakest, and computes their scores again."""

    name = "range"

    def __init__(self, session: Session, responses: Responses, photos: Photos, picks: RangePicks) -> None:
        super().__init__(session, responses, photos)
        self._responses, self._photos, self._picks = responses, photos, picks
        self._proof = ScoreProof(session, responses, photos)
        self._subjects: dict[str, WorkUnit] = {}

    def list_units(self) -> Iterator[WorkUnit]:
        """Yield one unit per unit of photos that holds a picked picture."""
        session = self.session
        pass_cost = float(sum(layer.macs for layer in session.layers))
        for photos in self._photos.units if session.config.range else ():
            rows, columns = self._picked_of(photos)
            if len(rows):
                picked = [array.tobytes() for array in (rows, columns, self._picks.scores[rows, columns])]
                key = session.key("range", photos.key, *picked)
                self._subjects[key] = photos
                yield WorkUnit(key, pass_cost * len(photos.items), "", photos.items)

    def compute(self, unit: WorkUnit) -> UnitResult:
        """Find the positions in a unit of photos, and compare the scores with those of mining."""
        stored = self._photos.fetch(self._subjects[unit.key])
        rows, columns = self._picked_of(unit)
        images = self._picks.images[rows, columns]
        positions, again = np.full(len(rows), -1, np.int64), np.empty(len(rows), np.float32)
        for ids in chunks(sorted(set(images.tolist())), self._proof.batch):
            x = self._proof.stored_tensor(stored, ids)
            places = self._places_by_layer(np.isin(images, ids), columns)
            queries = {
                layer: MapQuery(
                    np.searchsorted(ids, images[own]),
                    columns[own] - self.session.network.columns[layer].start,
                    rows[own] == LOWEST,
                )
                for layer, own in places.items()
            }
            for layer, (values, found) in find_extremes(self.session.network.probe, x, queries).items():
                positions[places[layer]], again[places[layer]] = found, values
        mined = self._picks.scores[rows, columns]
        differences = np.abs(again.astype(np.float64) - mined) / self._proof.scales(columns, mined)
        worst = int(differences.argmax())
        record: RangeUnitRecord = {
            "largest": float(differences[worst]),
            "scores": len(rows),
            "where": (int(columns[worst]), int(images[worst])),
        }
        return UnitResult(record, {"positions": array_to_bytes(positions)}, [torch.float32])

    def check(self, unit: WorkUnit, stored: StoredUnit) -> None:
        """Check that a stored unit holds a position inside its map for each pick."""
        check_unit_record(stored, RangeUnitRecord)
        rows, columns = self._picked_of(unit)
        check_same("its number of scores", stored.record["scores"], len(rows))
        picked = set(zip(columns.tolist(), self._picks.images[rows, columns].tolist(), strict=True))
        check_same("its filter and picture", tuple(stored.record["where"]) in picked, True)
        positions = check_arrays(stored, {"positions": np.empty(len(rows), np.int64)})["positions"]
        layers = self.session.layers
        n_units = np.repeat([layer.output[1] * layer.output[2] for layer in layers], [own.filters for own in layers])
        check_same("its positions", bool(((positions >= 0) & (positions < n_units[columns])).all()), True)

    def collect(self, draft: RecordDraft) -> None:
        """Write every filter's range, and count its scores among those that were computed twice.

        Raises:
            ModelError: A score could not be reproduced; the filter and the picture are named.
            DatasetError: It could not because the picture is another one when it is read again.
        """
        if not self.units:
            return
        positions = np.full(self._picks.images.shape, -1, np.int64)
        for unit in self.units:
            stored = self.fetch(unit)
            record = cast(RangeUnitRecord, stored.record)
            self._proof.require(record["largest"], record["where"])
            positions[self._picked_of(unit)] = array_from_bytes(stored.blob("positions"))
            if draft.verified is not None:
                draft.verified["largest"] = max(draft.verified["largest"], round_significant(record["largest"], 2))
                draft.verified["scores"] += record["scores"]
        for layer, index, own in draft.filters():
            column = self.session.network.columns[layer.name].start + index
            own["range"] = self._entries(layer, index, positions[:, column], own["top_max"])
        n_used, n_read = len(self._picks.pictures), self._responses.found.mined.n_images
        if n_used < n_read:
            draft.notes.append(
                f"The range of a filter's responses is that of {n_used:,} evenly spaced pictures of the {n_read:,}; "
                "the strongest is that of all."
            )

    def expected_cost(self) -> float:
        """Return the cost of one more pass over the stored pictures."""
        if not self.session.config.range:
            return 0.0
        return float(sum(layer.macs for layer in self.session.layers)) * self._photos.expected_count()

    def estimate(self, trial: Trial) -> StageEstimate:
        """Estimate one forward pass per stored picture."""
        if not self.session.config.range:
            return StageEstimate(0.0, 0.0)
        n_pictures = self._photos.expected_count()
        if self.ready:
            n_pictures = sum(len(unit.items) for unit in self.session.runner.missing(self))
        n_filters = sum(len(self.session.filters(layer)) for layer in self.session.layers)
        return StageEstimate(n_pictures * (trial.decode_s + trial.forward_s), 8.0 * (LOWEST + 1) * n_filters)

    def _picked_of(self, photos: WorkUnit) -> _Picked:
        """The picks of chosen filters on some pictures, in one order."""
        rows, columns = np.nonzero(np.isin(self._picks.images, photos.items))
        chosen = self._are_chosen[columns]
        return rows[chosen], columns[chosen]

    @cached_property
    def _are_chosen(self) -> NDArray[np.bool_]:
        columns = self.session.network.columns
        chosen = np.zeros(self._picks.images.shape[1], np.bool_)
        for layer in self.session.layers:
            chosen[columns[layer.name].start + np.array(self.session.filters(layer), np.int64)] = True
        return chosen

    def _places_by_layer(self, wanted: NDArray[np.bool_], columns: NDArray[np.int64]) -> dict[str, NDArray[np.int64]]:
        """Sort the wanted picks by layer; layers without one are left out."""
        found: dict[str, NDArray[np.int64]] = {}
        for layer, span in self.session.network.columns.items():
            own = np.flatnonzero(wanted & (columns >= span.start) & (columns < span.stop))
            if len(own):
                found[layer] = own
        return found

    def _entries(
        self, layer: Layer, index: int, positions: NDArray[np.int64], top_max: list[RankedMaximum]
    ) -> list[RangeEntry]:
        """Describe a filter's picks: the strongest first, which is its best picture, and the most negative last."""
        column, width = self.session.network.columns[layer.name].start + index, layer.output[2]
        best = top_max[0]
        entries: list[RangeEntry] = [
            {
                "quantile": 1.0,
                "image": best["image"],
                "score": best["score"],
                "position": best["position"],
                "box": best["box"],
                "field": best["field"],
            }
        ]
        for row, place in enumerate(positions.tolist()):
            position = divmod(place, width)
            box, field = self._box(layer, index, position, top_max)
            entry: RangeEntry = {
                "quantile": 0.0 if row == LOWEST else PERCENTS[row] / 100,
                "image": int(self._picks.images[row, column]),
                "score": round_significant(self._picks.scores[row, column]),
                "position": list(position),
                "box": box.as_list(),
                "field": field,
            }
            if row == LOWEST:
                entry["of"] = "minima"
            entries.append(entry)
        return entries

    def _box(
        self, layer: Layer, index: int, position: tuple[int, int], top_max: list[RankedMaximum]
    ) -> tuple[Box, RangeField]:
        """Return the part of the picture that is shown of a unit, and what it is.

        Where the best crops are effective boxes, which take a backward pass each, these are as large as those usually
        are, and lie around the unit.
        """
        network = self.session.network
        field, picture = network.fields[layer.name], network.picture_size
        own = field.box(*position, index)
        if not needs_effective_box(network, layer.name):
            return own.clip(*picture), "exact"
        _, rows, columns = layer.output
        if rows * columns == 1:
            return Box(0, 0, *picture), "whole"
        centre = ((own.top + own.bottom) / 2, (own.left + own.right) / 2)
        if field.status == "whole":
            centre = (position[0] + 0.5) * picture[0] / rows, (position[1] + 0.5) * picture[1] / columns
        boxes = np.array([maximum["box"] for maximum in top_max])
        height, width = (round(float(side)) for side in np.median(boxes[:, 2:] - boxes[:, :2], axis=0))
        return centred_box(centre, (height, width), picture), "centred"
