"""What the responses of all pictures show, over all filters of all layers side by side."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mkdocs_lurk.analysis.outputs import OutputRows
from mkdocs_lurk.analysis.responses import ResponseSummary
from mkdocs_lurk.analysis.topk import TopK


@dataclass(frozen=True, slots=True, eq=False)
class Findings:
    """The merged responses of all pictures.

    Attributes:
        summary: Top-k lists and sums by class, one column per filter of every layer.
        kept: ``(n_kept,)`` ids of the pictures whose responses were kept: all, or evenly spaced ones of a large set.
        skipped: Pictures that could not be read, and why.
        outputs: What is kept of the network's outputs; None if it does not give a row of two or more to a picture.
    """

    summary: ResponseSummary
    kept: NDArray[np.int64]
    skipped: dict[int, str]
    outputs: OutputRows | None


@dataclass(frozen=True, slots=True)
class Ranked:
    """One entry of a filter's top-k list: ``place`` is the flat index of the maximal unit in the feature map."""

    rank: int
    image: int
    score: float
    place: int


def ranked(best: TopK, column: int) -> list[Ranked]:
    """List the pictures that a filter ranks; fewer than k where there are fewer pictures."""
    entries = zip(best.images[column], best.scores[column], best.positions[column], strict=True)
    return [
        Ranked(rank, int(image), float(score), int(place))
        for rank, (image, score, place) in enumerate(entries)
        if image >= 0
    ]
