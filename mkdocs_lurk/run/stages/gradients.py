"""Project the best pictures of all filters back through the network, and find their crops.

The work goes picture by picture: all filters of all layers that have a picture among their best share its forward pass.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import groupby
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mkdocs_lurk.images.webp import encode_picture, gradient_pixels
from mkdocs_lurk.run.pairs import Pair, all_pairs
from mkdocs_lurk.run.projector import Projector
from mkdocs_lurk.run.session import Session, WorkUnit
from mkdocs_lurk.run.stages.responses import Findings

STAGE = "gradients and crops"
ALGORITHM = 3
PAIRS = 256
_QUALITY, _SMALL_PX = 60, 32 * 32
_COST = 0.4
"""Of a pair, in forward passes in float32 as far as its layer: a fifth to a whole one, as the processor is."""

Facts = dict[str, Any]


def forecast(session: Session) -> float:
    """The cost of the whole stage, before it is known which pictures it is about."""
    counts = ((layer.name, len(session.config.chosen_filters(layer.name, layer.filters))) for layer in session.layers)
    return sum(_COST * session.depths[name] * count * 2 * session.config.top_k for name, count in counts)


class Projections:
    """All pairs of a model, cut into units: runs of pairs that share pictures.

    Attributes:
        pairs: All of them, those of one picture side by side.
        units: Their items are places in ``pairs``.
    """

    def __init__(self, session: Session, findings: Findings) -> None:
        self._projector = Projector(session)
        self.pairs = all_pairs(session, findings)
        self.units = [self._unit(session, run) for run in _runs(self.pairs)]

    def make(self, session: Session, unit: WorkUnit) -> None:
        """Compute and store the gradients and crops of a unit."""
        pairs = [replace(self.pairs[number], facts={}) for number in unit.items]
        names = {id(pair): str(place) for place, pair in enumerate(pairs)}
        blobs: dict[str, bytes] = {}
        for pair in self._projector.project(pairs):
            if pair.gradient is not None:
                blobs[names[id(pair)]] = encoded(pair.gradient)
                pair.facts["grad_size"] = [pair.gradient.shape[2], pair.gradient.shape[1]]
                pair.gradient = None
        session.store.put(unit.key, {"pairs": [pair.facts for pair in pairs]}, dict(sorted(blobs.items())))

    def collect(self, session: Session) -> dict[str, dict[int, dict[str, list[Facts]]]]:
        """Read what is stored: by layer, filter and ranking the facts of each picture, and where its gradient is."""
        found: dict[str, dict[int, dict[str, list[Facts]]]] = {}
        for layer in session.layers:
            chosen = session.config.chosen_filters(layer.name, layer.filters)
            found[layer.name] = {index: {"avg": [], "max": []} for index in chosen}
        placed: dict[tuple[str, int, str, int], Facts] = {}
        for unit in self.units:
            stored = session.fetch(unit, self.make).record["pairs"]
            for place, number in enumerate(unit.items):
                pair, own = self.pairs[number], {**stored[place], "unit": unit.key, "blob": str(place)}
                placed[pair.layer, pair.filter, pair.kind, pair.rank] = own
        for layer_name, index, kind, rank in sorted(placed, key=lambda place: place[3]):
            found[layer_name][index][kind].append(placed[layer_name, index, kind, rank])
        return found

    def _unit(self, session: Session, run: Sequence[int]) -> WorkUnit:
        pairs = [self.pairs[number] for number in run]
        said = [[pair.layer, pair.filter, list(pair.position or ())] for pair in pairs]
        digests = session.picture_digests(pair.image for pair in pairs)
        what = [session.config.gradient, str(session.fast_dtype), said, digests]
        key = session.key("project", ALGORITHM, *what)
        return WorkUnit(key, _COST * sum(session.depths[pair.layer] for pair in pairs), "", tuple(run))


def encoded(gradient: NDArray[np.float32]) -> bytes:
    """Encode a gradient; small ones without loss, since they are shown enlarged."""
    small = gradient.shape[1] * gradient.shape[2] <= _SMALL_PX
    return encode_picture(gradient_pixels(gradient), None if small else _QUALITY)


def _runs(pairs: Sequence[Pair]) -> list[tuple[int, ...]]:
    """Cut pairs into runs; a picture's stay together unless they are too many."""
    by_picture: Mapping[int, list[int]] = {
        image: list(group) for image, group in groupby(range(len(pairs)), key=lambda number: pairs[number].image)
    }
    found: list[tuple[int, ...]] = []
    open_run: list[int] = []
    for own in by_picture.values():
        for piece in (own[start : start + PAIRS] for start in range(0, len(own), PAIRS)):
            if open_run and len(open_run) + len(piece) > PAIRS:
                found.append(tuple(open_run))
                open_run = []
            open_run += piece
    return [*found, tuple(open_run)] if open_run else found
