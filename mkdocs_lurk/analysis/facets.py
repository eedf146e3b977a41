"""Facets: whether the crops that excite a filter most are of one kind or of several.

A crop is described by what the other filters of the layer respond at its place. How alike the crops are, the clarity,
and how unlike the two halves of the best division, the polysemanticity, are defined as by Dreyer et al. 2025,
"Mechanistic understanding and validation of large AI models with SemanticLens", arXiv:2501.05398, who describe crops by
a foundation model instead. Any set of crops can be divided; whether a division says something is tested as by Liu,
Hayes, Nobel and Marron 2008, "Statistical Significance of Clustering for High-Dimension, Low-Sample Size Data", Journal
of the American Statistical Association 103: a single Gaussian of the same spread must rarely be divided as well.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

STRONGEST = 24
"""Crops of a filter at most."""
FEWEST = 8
"""Of fewer crops, nothing is told."""
LEAST_GROUP = 4
"""Crops of a kind at least."""
MOST_GROUPS = 4
LEVEL = 0.01
"""How often a single kind may be divided by chance, at most."""
DRAWS = 99
"""Draws of a single Gaussian that a division is compared with."""
_FIRST_DRAWS = 19
"""If one of these is divided as well, the others are left out: chance does too well already."""
_AXES = 3
"""Principal axes along which crops are divided: those of the largest spread. Four kinds spread along three."""
_STARTS = 2
"""Divisions that k-means starts from."""
_ROUNDS = 8

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Facets:
    """The kinds of crops that excite a filter.

    Attributes:
        clarity: The mean cosine of two crops' descriptions; 1 if all are alike.
        polysemanticity: One minus the cosine of the means of the two halves of the best division; None if no division
            has enough crops on both sides.
        chance: The share of single Gaussians that can be divided as well.
        groups: The rows of each kind, that of row 0 first; a single one if the crops are of one kind.
    """

    clarity: float
    polysemanticity: float | None
    chance: float
    groups: tuple[Integers, ...]


def find_facets(shares: NDArray[np.floating], seed: int) -> Facets:
    """Divide crops into kinds, if chance would not do as well.

    Args:
        shares: ``(n, n_others)``, at least ``FEWEST`` rows, none of them zero: what other filters respond at each crop,
            0 to 1, the strongest crop of the filter first.
        seed: Of the draws.
    """
    vectors = unit_rows(shares)
    points = _principal_coordinates(vectors)
    divisions = {count: divide(points[None], count, LEAST_GROUP) for count in range(2, MOST_GROUPS + 1)}
    chance, best = _test(points, {count: float(spread[0]) for count, (_, spread) in divisions.items()}, seed)
    labels = divisions[best][0][0] if chance <= LEVEL else np.zeros(len(points), np.int64)
    groups = sorted((np.flatnonzero(labels == label) for label in np.unique(labels)), key=lambda rows: int(rows[0]))
    (halves,), (spread,) = divisions[2]
    first, second = (vectors[halves == side].sum(0) for side in (0, 1))
    return Facets(clarity(vectors), None if spread == 1 else 1 - _cosine(first, second), chance, tuple(groups))


def unit_rows(shares: NDArray[np.floating]) -> Floats:
    """Return rows ``(n, n_others)`` at length 1; none may be zero."""
    rows = shares.astype(np.float64)
    units: Floats = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    return units


def clarity(vectors: Floats) -> float:
    """Return the mean cosine of two of ``(n, n_others)`` vectors of length 1; n is 2 or more."""
    count = len(vectors)
    return float((np.square(vectors.sum(0)).sum() - count) / (count * (count - 1)))


def divide(points: Floats, count: int, least: int = 1) -> tuple[Integers, Floats]:
    """Divide each of several sets of points into groups by k-means (Lloyd's algorithm), from a few starts.

    Args:
        points: ``(n_sets, n, n_axes)``, the axes of the largest spread first.
        count: Of groups.
        least: Points of a group.

    Returns:
        ``(n_sets, n)``, the group of each point; and ``(n_sets,)``, the share of the squared distances to the mean that
        is left as distances to the means of the groups, 1 where no division has ``least`` points in each.
    """
    points = points - points.mean(1, keepdims=True)
    total = np.maximum(np.square(points).sum((1, 2)), np.finfo(np.float64).tiny)
    sets = np.arange(len(points))
    best_labels = np.zeros(points.shape[:2], np.int64)
    best_left = np.ones(len(points))
    for start in range(_STARTS):
        centres = _distant_points(points, count, start)
        for _ in range(_ROUNDS):
            labels = _nearest(points, centres)
            belongs = (labels[:, None] == np.arange(count)[:, None]).astype(np.float64)
            sizes = belongs.sum(2)
            centres = (belongs @ points) / np.maximum(sizes, 1)[..., None]
        left = 1 - (sizes * np.square(centres).sum(2)).sum(1) / total
        left = np.where(sizes.min(1) < least, 1.0, left)
        is_better = left < best_left
        best_left[is_better], best_labels[sets[is_better]] = left[is_better], labels[is_better]
    return best_labels, best_left


def _distant_points(points: Floats, count: int, axis: int) -> Floats:
    """Choose points of each set to start from: one at the end of an axis, then each time that farthest from the chosen.

    Returns:
        ``(n_sets, count, n_axes)``.
    """
    sets = np.arange(len(points))
    chosen = [points[sets, points[:, :, axis].argmax(1)]]
    distances = np.full(points.shape[:2], np.inf)
    for _ in range(count - 1):
        distances = np.minimum(distances, np.square(points - chosen[-1][:, None]).sum(2))
        chosen.append(points[sets, distances.argmax(1)])
    return np.stack(chosen, axis=1)


def _nearest(points: Floats, centres: Floats) -> Integers:
    """Return for each point the nearest of its set's centres, ``(n_sets, n)``."""
    distances = np.square(centres).sum(2)[:, None] - 2 * points @ centres.swapaxes(1, 2)
    nearest: Integers = distances.argmin(2)
    return nearest


def _test(points: Floats, left: dict[int, float], seed: int) -> tuple[float, int]:
    """Compare divisions of points with those of single Gaussians that spread alike along the axes.

    A division counts by how many standard deviations less it leaves than those of the Gaussians into as many groups,
    and the best of all numbers of groups counts. Of those within one deviation of it, the smallest is taken, as with
    the gap statistic of Tibshirani, Walther and Hastie 2001, Journal of the Royal Statistical Society B 63.

    Args:
        points: ``(n, n_axes)``.
        left: By the number of groups, what a division leaves of the squared distances.
        seed: Of the draws.

    Returns:
        The share of Gaussians that are divided as well, and the number of groups.
    """
    random, deviations = np.random.default_rng(seed), points.std(0, ddof=1)
    drawn = np.empty((0, len(left)))
    for count in (_FIRST_DRAWS, DRAWS - _FIRST_DRAWS):
        sets = random.standard_normal((count, *points.shape)) * deviations
        drawn = np.concatenate([drawn, np.stack([divide(sets, number)[1] for number in left], axis=1)])
        means, scales = drawn.mean(0), np.maximum(drawn.std(0), 1e-9)
        found = (means - np.array(list(left.values()))) / scales
        n_as_good = int((((means - drawn) / scales).max(1) >= found.max()).sum())
        if n_as_good:
            break
    best = int((found >= found.max() - 1).argmax())
    return (1 + n_as_good) / (1 + len(drawn)), list(left)[best]


def _principal_coordinates(vectors: Floats) -> Floats:
    """Return points ``(n, n_axes)``: vectors ``(n, n_others)`` along the axes of their largest spread."""
    centred = vectors - vectors.mean(0)
    values, axes = np.linalg.eigh(centred @ centred.T)
    order = np.argsort(-values)[:_AXES]
    coordinates: Floats = axes[:, order] * np.sqrt(np.maximum(values[order], 0))
    return coordinates


def _cosine(first: Floats, second: Floats) -> float:
    return float(first @ second / (np.linalg.norm(first) * np.linalg.norm(second)))
