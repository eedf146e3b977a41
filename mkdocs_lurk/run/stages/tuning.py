"""Tuning: what is left of each filter's response when the pictures that excite it most are changed.

Off unless it is asked for: every picture that excites some filter most goes through the network eight times more.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property

import numpy as np
import torch
from numpy.typing import NDArray

from mkdocs_lurk.analysis.probed_network import ProbedNetwork
from mkdocs_lurk.analysis.tuning import (
    LEAST_SIDE_PX,
    N_SUMS,
    STRONGEST,
    PictureChanges,
    Sums,
    kept_shares,
    sum_responses,
    tuning_indices,
)
from mkdocs_lurk.chunks import chunks
from mkdocs_lurk.records.model_record import Skipped
from mkdocs_lurk.records.record_format import round_floats, round_significant
from mkdocs_lurk.records.response_records import Change, TuningRecord, TuningShares
from mkdocs_lurk.run.draft import RecordDraft
from mkdocs_lurk.run.stages.after_responses import AfterResponses
from mkdocs_lurk.run.stages.protocol import StageEstimate
from mkdocs_lurk.run.trial import Trial
from mkdocs_lurk.run.unit_check import check_arrays, check_unit_record
from mkdocs_lurk.run.unit_records import TuningUnitRecord
from mkdocs_lurk.run.work import UnitResult, WorkUnit, array_from_bytes, array_to_bytes
from mkdocs_lurk.store.store import StoredUnit

PASSES = 8
"""Passes of a picture: one for each change but ``double``, which takes two and half of the pictures only."""
_DIGITS = 4
_SUMS = "sums"


class Tuning(AfterResponses):
    """Shows changed pictures to the network, and compares the responses."""

    name = "tuning"

    @property
    def network(self) -> ProbedNetwork:
        """The network that is shown the pictures."""
        return self.session.network

    @property
    def identity(self) -> list[object]:
        """What the results depend on beside the trained network and its pictures: a part of every key."""
        return []

    @property
    def is_wanted(self) -> bool:
        """Whether it was asked for, and the pictures are large enough to be changed."""
        return self.session.config.tuning and self._skipped is None

    def list_units(self) -> Iterator[WorkUnit]:
        """Yield one unit per chunk of pictures, of those that are among the strongest of some filter."""
        session = self.session
        if not self.is_wanted:
            return
        names = [layer.name for layer in session.layers]
        used = [int(image) for image in self._pictures[self._picked.any(1)]]
        for images in chunks(used, session.sizes.shard_pictures):
            picks = self._picks_of(images).tobytes()
            enlarged = self._are_enlarged[self._places_of(images)].tolist()
            what = [names, session.config.seed, session.picture_digests(images), picks, enlarged, *self.identity]
            yield WorkUnit(session.key("tuning", *what), self._cost_per_picture * len(images), "", images)

    def compute(self, unit: WorkUnit) -> UnitResult:
        """Add up the responses to a chunk of pictures, before and after each change."""
        session = self.session
        columns = dict(session.network.columns)
        sums = np.zeros((N_SUMS, self._picked.shape[1]))
        for images in chunks(unit.items, session.limit_batch(session.sizes.response_batch)):
            x = session.to_device(session.pictures.tensor(images))
            picked, enlarged = self._picks_of(images), self._are_enlarged[self._places_of(images)]
            sums += sum_responses(self.network.probe, x, picked, columns, self._changes, enlarged)
        record: TuningUnitRecord = {"images": list(unit.items)}
        return UnitResult(record, {_SUMS: array_to_bytes(sums)}, [torch.float32])

    def check(self, unit: WorkUnit, stored: StoredUnit) -> None:
        """Check that a stored unit holds the sums of all filters."""
        check_unit_record(stored, TuningUnitRecord)
        check_arrays(stored, {_SUMS: np.zeros((N_SUMS, self._picked.shape[1]))})

    def collect(self, draft: RecordDraft) -> None:
        """Write what is left of each filter's response, or why that is not known."""
        if not self.session.config.tuning:
            return
        found = self.found() if self.is_wanted else {}
        for layer, index, record in draft.filters():
            column = self.session.network.columns[layer.name].start + index
            record["tuning"] = found[column] if found else {"skipped": self._skipped or ""}

    def found(self) -> dict[int, TuningRecord | Skipped]:
        """Return the tuning of each chosen filter by its column."""
        sums: Sums = np.sum([array_from_bytes(self.fetch(unit).blob(_SUMS)) for unit in self.units], axis=0)
        before = self._before
        shares = kept_shares(before, sums)
        return {
            int(column): self._record(
                {change: float(own[column]) for change, own in shares.items() if np.isfinite(own[column])},
                bool(before[column] > 0),
            )
            for column in np.flatnonzero(self._picked.any(0))
        }

    def expected_cost(self) -> float:
        """Return the cost of all passes of as many pictures as may be changed."""
        count = min(len(self.session.images.entries), self.session.sizes.tuning_pictures)
        return self._cost_per_picture * count if self.is_wanted else 0.0

    def estimate(self, trial: Trial) -> StageEstimate:
        """Estimate by the pictures that were tried."""
        if not self.is_wanted:
            return StageEstimate(0.0, 0.0)
        n_pictures = self.cost() / self._cost_per_picture
        n_filters = sum(layer.filters for layer in self.session.layers)
        n_units = -(-n_pictures // self.session.sizes.shard_pictures)
        return StageEstimate(n_pictures * (trial.decode_s + PASSES * trial.forward_s), n_units * n_filters * 8 * N_SUMS)

    @property
    def _cost_per_picture(self) -> float:
        return PASSES * float(sum(layer.macs for layer in self.session.layers))

    @property
    def _skipped(self) -> str | None:
        """Why the pictures cannot be changed; None if they can."""
        side = min(self.session.network.picture_size)
        return f"pictures of {side} px are too small to be changed" if side < LEAST_SIDE_PX else None

    @cached_property
    def _changes(self) -> PictureChanges:
        transform = self.session.transform
        return PictureChanges(transform.mean, transform.std, self.session.config.seed)

    @cached_property
    def _pictures(self) -> NDArray[np.int64]:
        """The ids of the pictures that may be changed, rising: all, or evenly spaced ones of a large set."""
        return self._responses.spaced(self.session.sizes.tuning_pictures)

    @cached_property
    def _picked(self) -> NDArray[np.bool_]:
        """Whether each of ``_pictures`` is among those that excite each chosen filter most, ``(n, n_filters)``."""
        picked = np.zeros((len(self._pictures), sum(layer.filters for layer in self.session.layers)), np.bool_)
        for columns, maxima in self._maxima_by_columns:
            strongest = np.argsort(-maxima, axis=0, kind="stable")[: self._n_strongest]
            picked[strongest, columns] = True
        return picked

    @property
    def _before(self) -> NDArray[np.float64]:
        """The sums of the rectified maxima of the picked pictures as they are, ``(n_filters,)``."""
        before = np.zeros(self._picked.shape[1])
        for columns, maxima in self._maxima_by_columns:
            before[columns] = (np.maximum(maxima, 0, dtype=np.float64) * self._picked[:, columns]).sum(0)
        return before

    @cached_property
    def _maxima_by_columns(self) -> list[tuple[NDArray[np.int64], NDArray[np.float32]]]:
        """For each layer the columns of its chosen filters, and their maxima on ``_pictures``, ``(n, n_chosen)``."""
        session, maxima = self.session, self.maxima()
        firsts = {layer.name: session.network.columns[layer.name].start for layer in session.layers}
        return [
            (firsts[layer.name] + np.array(session.filters(layer), np.int64), maxima[layer.name])
            for layer in session.layers
        ]

    @property
    def _are_enlarged(self) -> NDArray[np.bool_]:
        """Whether each of ``_pictures`` is shown at twice the size: every other one, or all of a few."""
        step = 2 if self._n_strongest == STRONGEST else 1
        are_enlarged: NDArray[np.bool_] = np.arange(len(self._pictures)) % step == 0
        return are_enlarged

    def _places_of(self, images: tuple[int, ...]) -> NDArray[np.int64]:
        return np.searchsorted(self._pictures, images)

    def maxima(self) -> dict[str, NDArray[np.float32]]:
        """Return the maxima of each layer's chosen filters on ``_pictures``, ``(n, n_chosen)``."""
        extremes = self._responses.extremes(self.session.sizes.tuning_pictures)
        return {
            layer.name: extremes[layer.name][1][:, list(self.session.filters(layer))] for layer in self.session.layers
        }

    @property
    def _n_strongest(self) -> int:
        """Pictures that count for a filter: a quarter of all at most."""
        return min(STRONGEST, -(-len(self._pictures) // 4))

    def _picks_of(self, images: tuple[int, ...]) -> NDArray[np.bool_]:
        picks: NDArray[np.bool_] = self._picked[self._places_of(images)]
        return picks

    def _record(self, kept: dict[Change, float], responds: bool) -> TuningRecord | Skipped:
        if not responds:
            return {"skipped": "no picture excites the filter"}
        rounded: TuningShares = {}
        for change, share in kept.items():
            rounded[change] = round_significant(share, _DIGITS)
        return {"n": self._n_strongest, "kept": rounded, "depends": round_floats(tuning_indices(kept))}
