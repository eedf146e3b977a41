"""The responses of the shuffled twin to the pictures whose responses are kept."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from mkdocs_lurk.analysis.responses import mean_responses
from mkdocs_lurk.chunks import chunks
from mkdocs_lurk.errors import LayerError, describe_error
from mkdocs_lurk.run.draft import RecordDraft
from mkdocs_lurk.run.session import Session
from mkdocs_lurk.run.stages.after_responses import AfterResponses
from mkdocs_lurk.run.stages.protocol import StageEstimate
from mkdocs_lurk.run.stages.responses import Responses
from mkdocs_lurk.run.trial import Trial
from mkdocs_lurk.run.twin import Twin
from mkdocs_lurk.run.unit_check import check_arrays, check_unit_record
from mkdocs_lurk.run.unit_records import FailedTwin, TwinUnitRecord
from mkdocs_lurk.run.work import UnitResult, WorkUnit, array_from_bytes, array_to_bytes
from mkdocs_lurk.store.store import StoredUnit

log = logging.getLogger("mkdocs.plugins.lurk")

_KINDS = ("means", "maxima")


class TwinResponses(AfterResponses):
    """Shows the pictures to the twin once, and keeps the means and maxima of the chosen filters."""

    name = "responses of the twin"
    result = "twin"

    def __init__(self, session: Session, responses: Responses, twin: Twin) -> None:
        super().__init__(session, responses)
        self._twin = twin

    @property
    def is_wanted(self) -> bool:
        """Whether it was asked for, and there are figures that can be compared."""
        config = self.session.config
        return config.twin and (config.tuning or len(self.session.images.labels) > 1)

    def list_units(self) -> Iterator[WorkUnit]:
        """Yield one unit per chunk of pictures."""
        session = self.session
        if not self.is_wanted:
            return
        described = [[layer.name, list(session.filters(layer))] for layer in session.layers]
        for images in chunks(self._responses.found.kept.tolist(), session.sizes.shard_pictures):
            key = session.key("twin", described, self._twin.identity, session.picture_digests(images))
            yield WorkUnit(key, self._cost_per_picture * len(images), "", images)

    def compute(self, unit: WorkUnit) -> UnitResult:
        """Show a chunk of pictures to the twin; what it cannot do with them is stored, and ends nothing."""
        session = self.session
        parts: list[list[tuple[NDArray[np.float32], ...]]] = [[] for _ in session.layers]
        try:
            for images in chunks(unit.items, session.limit_batch(session.sizes.response_batch)):
                found = self._measure(session.to_device(session.pictures.tensor(images)))
                for part, own in zip(parts, found, strict=True):
                    part.append(own)
        except torch.OutOfMemoryError:
            raise
        except Exception as error:  # shuffled weights may lead the author's forward method anywhere
            log.info("the twin with shuffled weights: %s", describe_error(error))
            failed: FailedTwin = {"failed": describe_error(error)}
            return UnitResult(failed)
        blobs = {
            f"{kind}/{number}": array_to_bytes(np.concatenate(arrays))
            for number, part in enumerate(parts)
            for kind, arrays in zip(_KINDS, zip(*part, strict=True), strict=True)
        }
        record: TwinUnitRecord = {"images": list(unit.items)}
        return UnitResult(record, blobs, [torch.float32])

    def check(self, unit: WorkUnit, stored: StoredUnit) -> None:
        """Check that a stored unit holds the responses of all chosen filters, or says why not."""
        if "failed" in stored.record:
            check_unit_record(stored, FailedTwin)
            return
        check_unit_record(stored, TwinUnitRecord)
        counts = [len(self.session.filters(layer)) for layer in self.session.layers]
        like = {
            f"{kind}/{number}": np.empty((len(unit.items), count), np.float32)
            for number, count in enumerate(counts)
            for kind in _KINDS
        }
        check_arrays(stored, like)

    def collect(self, draft: RecordDraft) -> None:
        """Write nothing: what the responses say is compared by another stage."""

    @property
    def problem(self) -> str | None:
        """Why the twin has no responses; None if it has, or was not asked for."""
        failures = (self.fetch(unit).record.get("failed") for unit in self.units)
        return next((str(failure) for failure in failures if failure is not None), None)

    def of_layers(self, kind: str) -> dict[str, NDArray[np.float32]]:
        """Read the ``means`` or ``maxima`` of every layer's chosen filters, each ``(n_kept, n_chosen)``."""
        parts: dict[str, list[NDArray[np.float32]]] = {layer.name: [] for layer in self.session.layers}
        for stored in map(self.fetch, self.units):
            for number, own in enumerate(parts.values()):
                own.append(array_from_bytes(stored.blob(f"{kind}/{number}")))
        return {name: np.concatenate(own) for name, own in parts.items()}

    def expected_cost(self) -> float:
        """Return the cost of one pass over the pictures whose responses are kept."""
        count = min(len(self.session.images.entries), self.session.sizes.kept_responses)
        return self._cost_per_picture * count if self.is_wanted else 0.0

    def estimate(self, trial: Trial) -> StageEstimate:
        """Estimate by the pictures that were tried."""
        if not self.is_wanted:
            return StageEstimate(0.0, 0.0)
        n_pictures = self.cost() / self._cost_per_picture
        n_chosen = sum(len(self.session.filters(layer)) for layer in self.session.layers)
        n_all = self.expected_cost() / self._cost_per_picture
        return StageEstimate(n_pictures * (trial.decode_s + trial.forward_s), n_all * n_chosen * 8)

    @property
    def _cost_per_picture(self) -> float:
        return float(sum(layer.macs for layer in self.session.layers)) or 1.0

    def _measure(self, x: Tensor) -> Sequence[tuple[NDArray[np.float32], NDArray[np.float32]]]:
        """Return means and maxima of every layer's chosen filters, each ``(n, n_chosen)``.

        Raises:
            LayerError: A layer gives no numbers, or does not run.
        """
        found = mean_responses(self._twin.network.probe, x)
        measured = []
        for layer in self.session.layers:
            if layer.name not in found:
                raise LayerError(f"layer {layer.name!r} does not run; leave the comparison out: twin: false")
            chosen = list(self.session.filters(layer))
            means, maxima = (values[:, chosen].cpu().numpy() for values in found[layer.name])
            if not (np.isfinite(means).all() and np.isfinite(maxima).all()):
                raise LayerError(f"layer {layer.name!r} gives NaN or infinity; leave the comparison out: twin: false")
            measured.append((means, maxima))
        return measured
