"""Prove every score: compute it from the stored picture, through the whole network.

A photograph's scores were computed when it was first looked at, and are computed again. A synthesis is scored here, in
float32, from its stored file alone; what its ascent saw must agree. Where the ascent ran in a shorter number format,
which agrees in a few figures only, the first synthesis of every run and each that strays are scored twice.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from mkdocs_lurk.analysis import responses as activations
from mkdocs_lurk.errors import ModelError
from mkdocs_lurk.run.session import Session, WorkUnit, runs
from mkdocs_lurk.run.stages import photos
from mkdocs_lurk.run.stages.responses import Findings
from mkdocs_lurk.store.store import StoredUnit

STAGE = "verifying scores"
ALGORITHM = 2
TOLERANCE = 1e-3
"""The largest relative difference that passes. Scores near zero are measured against 1 % of the layer's largest."""
_CPU_BATCH, _BATCH = 4, 16
"""Pictures a pass, on a processor and elsewhere; a processor's caches hold no more."""
_FLOOR = 0.01
_STRAYS = 0.02
"""The largest relative difference between a score in a shorter number format and in float32 that calls for no check."""


@dataclass(frozen=True, slots=True)
class Scores:
    """What is stored of some pictures: for each score its picture, its filter among all, and which of the two it is."""

    images: NDArray[np.int64]
    columns: NDArray[np.int64]
    maxima: NDArray[np.bool_]
    values: NDArray[np.float32]


class Proof:
    """All that is to be verified of a model, in units.

    Args:
        session: The model.
        findings: Its scores on pictures.
        kept: The runs of kept pictures.
        made: The runs of syntheses.
        remake: Makes such a run again, should it be damaged.
    """

    def __init__(
        self,
        session: Session,
        findings: Findings,
        kept: Sequence[WorkUnit],
        made: Sequence[WorkUnit],
        remake: Callable[[Session, WorkUnit], None],
    ) -> None:
        self._findings, self._remake = findings, remake
        cost = float(sum(layer.macs for layer in session.layers))
        self._of: dict[str, WorkUnit] = {}
        self.units: list[WorkUnit] = []
        for unit in kept:
            scores = _scores(findings, unit.items)
            key = session.key("verify", ALGORITHM, unit.key, scores.columns.tobytes(), scores.values.tobytes())
            self._add(WorkUnit(key, cost * len(unit.items), "", unit.items), unit)
        for unit in made:
            key = session.key("verify synthesis", ALGORITHM, unit.key)
            self._add(WorkUnit(key, session.depths[unit.layer] * len(unit.items), unit.layer, unit.items), unit)

    def check(self, session: Session, unit: WorkUnit) -> None:
        """Verify one unit and store the largest difference."""
        subject = self._of[unit.key]
        if unit.layer:
            verify_syntheses(session, self._remake, subject, unit)
        else:
            verify(session, self._findings, subject, unit)

    def records(self, session: Session) -> list[dict[str, Any]]:
        """Read what is stored of every unit."""
        return [session.fetch(unit, self.check).record for unit in self.units]

    def scores(self, done: Sequence[dict[str, Any]]) -> dict[str, dict[int, float]]:
        """The score of every synthesis, by layer and filter, from the units' records."""
        found: dict[str, dict[int, float]] = {}
        for unit, record in zip(self.units, done, strict=True):
            own = record.get("scored", {})
            found.setdefault(unit.layer, {}).update((int(index), score) for index, score in own.items())
        return found

    def _add(self, unit: WorkUnit, subject: WorkUnit) -> None:
        self.units.append(unit)
        self._of[unit.key] = subject


def verify(session: Session, findings: Findings, kept: WorkUnit, unit: WorkUnit) -> None:
    """Compute the scores of a run of pictures again from their stored files, and store the largest difference."""
    stored = session.fetch(kept, photos.keep)
    scores = _scores(findings, unit.items)
    worst, where = 0.0, None
    for ids in runs(unit.items, _at_once(session)):
        pixels = [photos.read(stored, image, session.pictures.transform.channels) for image in ids]
        x = torch.stack([session.pictures.transform.tensor(one) for one in pixels])
        by_layer, _ = activations.measure_responses(session.probe, session.placed(x))
        means = np.concatenate([by_layer[layer.name].means for layer in session.layers], axis=1)
        maxima = np.concatenate([by_layer[layer.name].maxima for layer in session.layers], axis=1)
        for row, image in enumerate(ids):
            mine = scores.images == image
            columns, values = scores.columns[mine], scores.values[mine]
            again = np.where(scores.maxima[mine], maxima[row, columns], means[row, columns])
            differences = np.abs(again - values) / _scale(session, findings, columns, values)
            if len(differences) and float(differences.max()) > worst:
                worst, where = float(differences.max()), [int(columns[differences.argmax()]), image]
    session.store.put(unit.key, {"largest": worst, "scores": len(scores.values), "where": where})


def verify_syntheses(
    session: Session, remake: Callable[[Session, WorkUnit], None], made: WorkUnit, unit: WorkUnit
) -> None:
    """Score a run of synthetic pictures from their stored files; store the scores and the largest difference.

    Each goes through the network as far as its layer: what follows plays no part in its score.
    """
    stored = session.fetch(made, remake)
    seen = {int(index): own["seen"] for index, own in stored.record["filters"].items() if "failed" not in own}
    scored = _scored(session, stored, unit.layer, sorted(seen))
    floor = max(_FLOOR * max(map(abs, scored.values()), default=0.0), 1e-12)

    def difference(index: int, other: float) -> float:
        return abs(other - scored[index]) / max(abs(scored[index]), floor)

    if session.fast_dtype == session.dtype:
        again = seen
    else:
        strays = {index for index, score in seen.items() if difference(index, score) > _STRAYS}
        again = _scored(session, stored, unit.layer, sorted(strays | set(sorted(seen)[:1])))
    worst = max(again, key=lambda index: difference(index, again[index]), default=None)
    record: dict[str, Any] = {"largest": 0.0, "scores": len(again), "where": None}
    if worst is not None:
        column = session.spans[unit.layer].start + worst
        record |= {"largest": difference(worst, again[worst]), "where": [column, -1]}
    session.store.put(unit.key, {**record, "scored": {str(index): score for index, score in scored.items()}})


def _scored(session: Session, stored: StoredUnit, layer: str, filters: Sequence[int]) -> dict[int, float]:
    """The score of the stored synthesis of each filter, on a clean pass in float32."""
    found: dict[int, float] = {}
    for batch in runs(filters, _at_once(session)):
        pixels = [photos.read(stored, index, session.pictures.transform.channels) for index in batch]
        x = session.placed(torch.stack([session.pictures.transform.tensor(one) for one in pixels]))
        with torch.inference_mode():
            scores = session.probe.maps(x, layer, list(batch)).float().mean((1, 2)).tolist()
        found.update(zip(batch, scores, strict=True))
    return found


def conclude(session: Session, done: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Sum up the verification: the largest difference, of how many scores, and how many syntheses were scored.

    Raises:
        ModelError: A score could not be reproduced; the filter and the picture are named.
    """
    worst = max(done, key=lambda record: float(record["largest"]))
    if worst["largest"] > TOLERANCE:
        column, image = worst["where"]
        layer = next(name for name, span in session.spans.items() if span.start <= column < span.stop)
        picture = session.images.entries[image].path if image >= 0 else "its synthesis"
        raise ModelError(
            f"the score of filter {column - session.spans[layer].start} of layer {layer!r} on "
            f"{picture} differs by {worst['largest']:.2g} (relative) when it is computed "
            f"again; {TOLERANCE:g} is allowed: does the network give the same output twice?"
        )
    return {
        "largest": float(f"{worst['largest']:.2g}"),
        "scores": sum(record["scores"] for record in done),
        "syntheses": sum(len(record.get("scored", ())) for record in done),
        "tolerance": TOLERANCE,
    }


def _at_once(session: Session) -> int:
    return session.batch(_CPU_BATCH if session.device.type == "cpu" else _BATCH)


def _scores(findings: Findings, ids: Sequence[int]) -> Scores:
    parts = []
    for best, is_maximum in ((findings.mined.avg, False), (findings.mined.max, True)):
        columns, ranks = np.nonzero(np.isin(best.images, ids))
        parts.append(
            (best.images[columns, ranks], columns, np.full(len(columns), is_maximum), best.scores[columns, ranks])
        )
    images, columns, maxima, values = (np.concatenate(part) for part in zip(*parts, strict=True))
    return Scores(images, columns, maxima, values)


def _scale(
    session: Session, findings: Findings, columns: NDArray[np.int64], values: NDArray[np.float32]
) -> NDArray[np.float64]:
    largest = np.abs(np.where(np.isfinite(findings.mined.max.scores), findings.mined.max.scores, 0)).max(1)
    floors = np.empty(len(largest))
    for span in session.spans.values():
        floors[span] = max(_FLOOR * float(largest[span].max()), 1e-12)
    scale: NDArray[np.float64] = np.maximum(np.abs(values.astype(np.float64)), floors[columns])
    return scale
