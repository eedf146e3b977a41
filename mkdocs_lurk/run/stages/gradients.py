"""Compute the gradients of the best pictures of all filters, and the boxes of their crops.

The work goes picture by picture: all filters of all layers that rank a picture share its forward pass.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mkdocs_lurk.analysis.gradients.engine import GradientEngine
from mkdocs_lurk.analysis.gradients.requests import GradientRequest, GradientResult
from mkdocs_lurk.analysis.topk import TopK
from mkdocs_lurk.images.webp import encode_picture, gradient_pixels
from mkdocs_lurk.run.session import Session, WorkUnit
from mkdocs_lurk.run.stages.responses import Findings

STAGE = "gradients and crops"
ALGORITHM = 3
PAIRS = 256
_QUALITY, _SMALL_PX = 60, 32 * 32
_COST = 0.4
"""Of a pair, in forward passes in float32 up to its layer: between a fifth and a whole one, by processor."""

Facts = dict[str, Any]


@dataclass(frozen=True, slots=True)
class RankedPicture:
    """A filter and one of its best pictures.

    Attributes:
        rank: Its place in the ranking, from 0.
        position: The maximal unit's ``(y, x)``; None for a picture of ``top_avg``.
    """

    layer: str
    filter: int
    rank: int
    image: int
    position: tuple[int, int] | None = None

    @property
    def ranking(self) -> str:
        """Which of the two rankings it is in: ``avg`` or ``max``."""
        return "avg" if self.position is None else "max"

    @property
    def request(self) -> GradientRequest:
        """The gradient that belongs to it."""
        return GradientRequest(self.image, self.layer, self.filter, self.position)


def forecast(session: Session) -> float:
    """Return the cost of the whole stage, before it is known which pictures it is about."""
    counts = ((layer.name, len(session.config.chosen_filters(layer.name, layer.filters))) for layer in session.layers)
    return sum(_COST * session.depths[name] * count * 2 * session.config.top_k for name, count in counts)


def engine_of(session: Session) -> GradientEngine:
    """Return a gradient engine for a model."""
    return GradientEngine(
        session.probed_network, session.config.gradient, session.pictures.tensor, limit_batch=session.batch
    )


class Projections:
    """All ranked pictures of a model, cut into units.

    Attributes:
        ranked: All of them, those of one picture next to each other.
        units: Their items are places in ``ranked``.
    """

    def __init__(self, session: Session, findings: Findings) -> None:
        self._engine = engine_of(session)
        self.ranked = all_ranked_pictures(session, findings)
        self.units = [self._unit(session, run) for run in _runs(self.ranked)]

    def make(self, session: Session, unit: WorkUnit) -> None:
        """Compute and store the gradients and boxes of a unit."""
        requests = [self.ranked[place].request for place in unit.items]
        facts: list[Facts] = [{} for _ in requests]
        blobs: dict[str, bytes] = {}
        for number, result in self._engine.compute(requests):
            facts[number] = _facts(result)
            if result.gradient is not None:
                blobs[str(number)] = encoded(result.gradient)
        session.store.put(unit.key, {"pairs": facts}, dict(sorted(blobs.items())))

    def collect(self, session: Session) -> dict[str, dict[int, dict[str, list[Facts]]]]:
        """Read what is stored: by layer, filter and ranking, the facts of each picture and where its gradient is."""
        found: dict[str, dict[int, dict[str, list[Facts]]]] = {}
        for layer in session.layers:
            chosen = session.config.chosen_filters(layer.name, layer.filters)
            found[layer.name] = {index: {"avg": [], "max": []} for index in chosen}
        stored: list[tuple[RankedPicture, Facts]] = []
        for unit in self.units:
            pairs = session.fetch(unit, self.make).record["pairs"]
            for number, place in enumerate(unit.items):
                stored.append((self.ranked[place], {**pairs[number], "unit": unit.key, "blob": str(number)}))
        for picture, facts in sorted(stored, key=lambda item: item[0].rank):
            found[picture.layer][picture.filter][picture.ranking].append(facts)
        return found

    def _unit(self, session: Session, run: Sequence[int]) -> WorkUnit:
        ranked = [self.ranked[place] for place in run]
        scores = [[picture.layer, picture.filter, list(picture.position or ())] for picture in ranked]
        digests = session.picture_digests(picture.image for picture in ranked)
        key = session.key("project", ALGORITHM, session.config.gradient, str(session.fast_dtype), scores, digests)
        return WorkUnit(key, _COST * sum(session.depths[picture.layer] for picture in ranked), "", tuple(run))


def ranked_pictures(
    session: Session, findings: Findings, layer_name: str, filters: Iterable[int]
) -> list[RankedPicture]:
    """Return the best pictures of some filters of a layer, by both rankings."""
    network = session.probed_network
    first, (_, _, width) = network.columns[layer_name].start, network.layer(layer_name).output
    found = []
    for index in filters:
        for rank, image, _ in _rows_of(findings.mined.avg, first + index):
            found.append(RankedPicture(layer_name, index, rank, image))
        for rank, image, place in _rows_of(findings.mined.max, first + index):
            found.append(RankedPicture(layer_name, index, rank, image, divmod(place, width)))
    return found


def all_ranked_pictures(session: Session, findings: Findings) -> list[RankedPicture]:
    """Return the best pictures of all chosen filters of all layers, those of one picture next to each other."""
    found: list[RankedPicture] = []
    for layer in session.layers:
        chosen = session.config.chosen_filters(layer.name, layer.filters)
        found += ranked_pictures(session, findings, layer.name, chosen)
    return sorted(found, key=lambda picture: picture.image)


def encoded(gradient: NDArray[np.float32]) -> bytes:
    """Encode a gradient; small ones without loss, since they are shown enlarged."""
    small = gradient.shape[1] * gradient.shape[2] <= _SMALL_PX
    return encode_picture(gradient_pixels(gradient), None if small else _QUALITY)


def _facts(result: GradientResult) -> Facts:
    """Return what is stored of a result beside its gradient."""
    boxes = {"box": result.box, "field_box": result.field_box}
    facts: Facts = {name: box.as_list() for name, box in boxes.items() if box is not None}
    if result.field is not None:
        facts["field"] = result.field
    if result.energy is not None:
        facts["energy"] = result.energy
    if result.grad_box is not None:
        facts["grad_box"] = result.grad_box.as_list()
    if result.gradient is not None:
        facts["grad_size"] = [result.gradient.shape[2], result.gradient.shape[1]]
    return facts


def _rows_of(best: TopK, column: int) -> list[tuple[int, int, int]]:
    """Return the pictures of one filter: rank, id, and the maximum's place in the flattened map."""
    rows = enumerate(zip(best.images[column], best.places[column], strict=True))
    return [(rank, int(image), int(place)) for rank, (image, place) in rows if image >= 0]


def _runs(ranked: Sequence[RankedPicture]) -> list[tuple[int, ...]]:
    """Cut ranked pictures into runs; those of one picture stay together unless they are too many."""
    by_picture: Mapping[int, list[int]] = {
        image: list(group) for image, group in groupby(range(len(ranked)), key=lambda place: ranked[place].image)
    }
    found: list[tuple[int, ...]] = []
    open_run: list[int] = []
    for places in by_picture.values():
        for piece in (places[start : start + PAIRS] for start in range(0, len(places), PAIRS)):
            if open_run and len(open_run) + len(piece) > PAIRS:
                found.append(tuple(open_run))
                open_run = []
            open_run += piece
    return [*found, tuple(open_run)] if open_run else found
