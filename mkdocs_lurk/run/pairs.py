"""Pairs of a filter and one of its best pictures: what there is to project."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mkdocs_lurk.analysis.topk import TopK
from mkdocs_lurk.names import Box
from mkdocs_lurk.run.findings import Findings
from mkdocs_lurk.run.session import Session

_MOST_COVERED = 0.8


@dataclass
class Pair:
    """A filter and one of its best pictures.

    Attributes:
        position: The maximal unit's ``(y, x)``; none for a picture of ``top_avg``.
        score: What mining found.
        sees: The unit's exact field, not clipped; none where it has none.
        facts: What is stored of the pair, beside its gradient.
        gradient: ``(c, h, w)`` float32, of ``facts["grad_box"]`` or of the whole picture.
    """

    layer: str
    filter: int
    rank: int
    image: int
    score: float
    position: tuple[int, int] | None = None
    sees: Box | None = None
    facts: dict[str, Any] = field(default_factory=dict)
    gradient: NDArray[np.float32] | None = None

    @property
    def kind(self) -> str:
        """Which of the two rankings it is of."""
        return "avg" if self.position is None else "max"


def covers(session: Session, layer: str) -> bool:
    """Whether a layer's crops need effective boxes: its field has no box, or one that covers most of the picture."""
    known = session.fields[layer]
    if known.status != "exact":
        return True
    height, width = session.size
    return min(known.size[0], height) * min(known.size[1], width) > _MOST_COVERED * height * width


def pairs_of(session: Session, findings: Findings, layer: str, filters: Iterable[int]) -> list[Pair]:
    """The best pictures of some filters of a layer, by both rankings."""
    first = session.spans[layer].start
    width = next(known.output[2] for known in session.layers if known.name == layer)
    pairs = []
    for index in filters:
        for rank, image, score, _ in _ranked(findings.mined.avg, first + index):
            pairs.append(Pair(layer, index, rank, image, score))
        for rank, image, score, place in _ranked(findings.mined.max, first + index):
            position = divmod(place, width)
            sees = session.fields[layer].box(*position, index)
            pairs.append(Pair(layer, index, rank, image, score, position, sees))
    return pairs


def all_pairs(session: Session, findings: Findings) -> list[Pair]:
    """The pairs of all chosen filters of all layers, those of one picture side by side."""
    found: list[Pair] = []
    for layer in session.layers:
        found += pairs_of(session, findings, layer.name, session.config.chosen_filters(layer.name, layer.filters))
    return sorted(found, key=lambda pair: pair.image)


def _ranked(best: TopK, column: int) -> list[tuple[int, int, float, int]]:
    """The pictures of one filter: rank, id, score and place, as far as there are any."""
    rows = zip(best.images[column], best.scores[column], best.positions[column], strict=True)
    return [
        (rank, int(image), float(score), int(place)) for rank, (image, score, place) in enumerate(rows) if image >= 0
    ]
