"""The whole range of a filter's responses: which pictures stand at its quantiles, and where in them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from mkdocs_lurk.names import Box

PERCENTS = (99, 90, 75, 50, 25, 0)
"""The quantiles of the maxima that are picked, in %, from strong to weak; 100 % is the best picture of all."""


def pick_at_quantiles(scores: NDArray[np.float32], percents: Sequence[int] = PERCENTS) -> NDArray[np.int64]:
    """Pick for each filter the picture that stands at each quantile of its scores.

    A quantile is the smallest score that so many % of the pictures do not exceed: the inverse of the empirical
    distribution function, definition 1 of Hyndman and Fan 1996, The American Statistician 50(4). It is always the score
    of a picture, and of several with that score the first one is picked.

    Args:
        scores: ``(n_pictures, n_filters)``, at least one picture.
        percents: 0 to 100.

    Returns:
        ``(n_percents, n_filters)``, rows of ``scores``.
    """
    ranks = [max(0, -(-percent * len(scores) // 100) - 1) for percent in percents]
    values = np.partition(scores, sorted(set(ranks)), axis=0)[ranks]
    return np.stack([(scores == value).argmax(0) for value in values]).astype(np.int64)


@dataclass(frozen=True, slots=True, eq=False)
class MapQuery:
    """Which extremes of one layer's maps are wanted, of some pictures of a batch.

    Attributes:
        rows: ``(n,)``, the pictures' places in the batch.
        filters: ``(n,)``.
        are_minima: ``(n,)``, whether the map's minimum is wanted, and not its maximum.
    """

    rows: NDArray[np.int64]
    filters: NDArray[np.int64]
    are_minima: NDArray[np.bool_]


class ExtremeFinder:
    """Finds the value and the position of some extremes of feature maps while a network runs.

    Args:
        queries: What is wanted of each layer; of others nothing is.

    Attributes:
        found: By layer, in the order of its query, the extreme values and their flat positions ``y * w + x``, the first
            of equal ones; each ``(n,)``.
    """

    def __init__(self, queries: Mapping[str, MapQuery]) -> None:
        self._queries = queries
        self.found: dict[str, tuple[NDArray[np.float32], NDArray[np.int64]]] = {}

    def receive(self, layer: str, maps: Tensor) -> None:
        """Take in a layer's maps, ``(n, c, h, w)``."""
        if layer not in self._queries:
            return
        query = self._queries[layer]
        signs = torch.from_numpy(np.where(query.are_minima, -1, 1).astype(np.float32)).to(maps.device)
        chosen = maps[torch.from_numpy(query.rows), torch.from_numpy(query.filters)].float()
        values, positions = F.adaptive_max_pool2d(chosen * signs[:, None, None], 1, return_indices=True)
        self.found[layer] = ((values.flatten() * signs).cpu().numpy(), positions.flatten().cpu().numpy())


def centred_box(centre: tuple[float, float], size: tuple[int, int], picture: tuple[int, int]) -> Box:
    """Return the box of a size around a point, shifted to lie in the picture, and no larger than it.

    Args:
        centre: ``(y, x)`` in px.
        size: ``(h, w)`` in px.
        picture: ``(h, w)`` in px.
    """
    (top, bottom), (left, right) = (
        _interval_around(point, min(length, whole), whole)
        for point, length, whole in zip(centre, size, picture, strict=True)
    )
    return Box(top, left, bottom, right)


def _interval_around(centre: float, length: int, whole: int) -> tuple[int, int]:
    start = min(max(0, round(centre - length / 2)), whole - length)
    return start, start + length
