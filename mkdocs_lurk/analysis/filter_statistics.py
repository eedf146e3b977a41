"""Whether each filter is dead, always on, a near-duplicate of another, and selective for a class."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypedDict

import numpy as np
from numpy.typing import NDArray

DUPLICATE_FROM = 0.98
"""From this correlation of their responses on, two filters count as near-duplicates."""
FEWEST_PICTURES = 10
"""With fewer pictures correlations and selectivities say nothing and are left out."""
_N_BINS, _N_SIMILAR, _DIGITS = 24, 6, 4

Array = NDArray[np.float64]


class Histogram(TypedDict):
    """A histogram: ``n + 1`` edges and ``n`` counts."""

    edges: list[float]
    counts: list[int]


STANDARD_ERRORS = 2.5
"""A filter prefers a class clearly if its mean is above that of the next one by more than so many standard errors.

Responses that have nothing to do with the classes pass in less than 1 of 20 cases: see the test.
"""
Selectivity = TypedDict("Selectivity", {"index": float, "class": str, "auc": float, "clear": bool})
"""The class that a filter is most selective for, its selectivity index, its area under the ROC curve, and whether the
class stands out."""


class SimilarFilters(TypedDict):
    """The filters that correlate most with a filter, each as ``[index, correlation]``."""

    similar: list[list[float]]
    duplicate_of: list[list[float]]


class FilterStatistics(SimilarFilters):
    """The ``stats`` of a filter in ``results.json``.

    Attributes:
        dead: Whether the response is never above 0, on any picture.
        always_on: Whether the mean response is above 0 on every picture.
        mean: The mean over the pictures of the spatial maximum.
        deviation: Its standard deviation.
        positive_share: The share of the pictures with a maximum above 0.
        histogram: The histogram of the maxima.
        selectivity: None if there are too few pictures or classes, or no response.
    """

    dead: bool
    always_on: bool
    mean: float
    deviation: float
    positive_share: float
    histogram: Histogram
    selectivity: Selectivity | None


def filter_statistics(
    means: NDArray[np.float32],
    maxima: NDArray[np.float32],
    labels: NDArray[np.int64],
    classes: tuple[str, ...],
    indices: Sequence[int] | None = None,
) -> list[FilterStatistics]:
    """Describe filters of one layer by their responses.

    Args:
        means: ``(n_images, n_filters)``, spatial means before any activation.
        maxima: ``(n_images, n_filters)``, spatial maxima before any activation.
        labels: ``(n_images,)``, the pictures' class indices; -1 for a picture without a class.
        classes: The names of the classes.
        indices: The filters' indices in the layer; None for all filters from 0 on.

    Returns:
        One record per filter.
    """
    indices = range(maxima.shape[1]) if indices is None else indices
    correlations = _correlations(maxima.astype(np.float64))
    selectivities = _selectivities(maxima.astype(np.float64), labels, classes)
    return [
        {
            "dead": bool(maxima[:, column].max() <= 0),
            "always_on": bool(means[:, column].min() > 0),
            "mean": _rounded(maxima[:, column].mean(dtype=np.float64)),
            "deviation": _rounded(maxima[:, column].std(dtype=np.float64)),
            "positive_share": _rounded((maxima[:, column] > 0).mean()),
            "histogram": _histogram(maxima[:, column]),
            **_similar_filters(correlations, column, indices),
            "selectivity": selectivities[column],
        }
        for column in range(len(indices))
    ]


def _correlations(responses: Array) -> Array | None:
    """Return Pearson's correlation of every two filters, ``(n_filters, n_filters)``, 0 for a constant filter.

    None if there are too few pictures.
    """
    if len(responses) < FEWEST_PICTURES:
        return None
    centred = responses - responses.mean(0)
    norms = np.sqrt((centred**2).sum(0))
    unit = centred / np.where(norms > 0, norms, np.inf)
    correlations: Array = np.clip(unit.T @ unit, -1, 1)
    return correlations


def _similar_filters(correlations: Array | None, column: int, indices: Sequence[int]) -> SimilarFilters:
    if correlations is None:
        return {"similar": [], "duplicate_of": []}
    row = np.delete(correlations[column], column)
    others = np.delete(np.arange(len(correlations)), column)
    nearest = np.lexsort((others, -row))[:_N_SIMILAR]
    similar = [[indices[others[i]], _rounded(row[i])] for i in nearest if row[i] > 0]
    return {"similar": similar, "duplicate_of": [pair for pair in similar if pair[1] >= DUPLICATE_FROM]}


def _histogram(values: NDArray[np.float32]) -> Histogram:
    counts, edges = np.histogram(values.astype(np.float64), bins=_N_BINS)
    return {"edges": [_rounded(edge) for edge in edges], "counts": [int(count) for count in counts]}


def _selectivities(maxima: Array, labels: NDArray[np.int64], classes: tuple[str, ...]) -> list[Selectivity | None]:
    """Return each filter's best class with its class-selectivity index and its area under the ROC curve.

    The index is ``(best - rest) / (best + rest)`` of the rectified maxima, where ``best`` is the largest mean of a
    class and ``rest`` the mean of the other classes' means (Morcos et al. 2018, arXiv:1803.06959). The area is the
    probability that a picture of the class has a higher maximum than a picture of another class; ties count half.
    """
    present = [label for label in range(len(classes)) if (labels == label).any()]
    if len(present) < 2 or len(maxima) < FEWEST_PICTURES:
        return [None] * maxima.shape[1]
    rectified = np.maximum(maxima, 0)
    class_means = np.stack([rectified[labels == label].mean(0) for label in present])
    best_class = class_means.argmax(0)
    best = class_means.max(0)
    is_clear = _clear_preferences(rectified, labels, class_means, present)
    rest = (class_means.sum(0) - class_means.max(0)) / (len(present) - 1)
    index = np.divide(best - rest, best + rest, out=np.zeros_like(best), where=best + rest > 0)
    has_label = labels >= 0
    ranks = _mean_ranks(maxima[has_label])
    selectivities: list[Selectivity | None] = []
    for column in range(maxima.shape[1]):
        label = present[best_class[column]]
        area = _area_under_curve(ranks[:, column], labels[has_label] == label)
        selectivities.append(
            {
                "index": _rounded(index[column]),
                "class": classes[label],
                "auc": _rounded(area),
                "clear": bool(is_clear[column]),
            }
            if best[column] > 0
            else None
        )
    return selectivities


def _clear_preferences(
    rectified: Array, labels: NDArray[np.int64], class_means: Array, present: Sequence[int]
) -> NDArray[np.bool_]:
    """Return for each filter whether the best class stands out from the next one.

    The standard error of the difference of two class means comes from the spread within all classes, pooled: if the
    labels had nothing to do with the responses, it would be the same for every class.

    Args:
        rectified: ``(n_images, n_filters)``, rectified maxima.
        labels: ``(n_images,)``, the pictures' class indices; -1 for a picture without a class.
        class_means: ``(n_present, n_filters)``, their means over the pictures of each class.
        present: The indices of the classes that have pictures.
    """
    of_class = [rectified[labels == label] for label in present]
    counts = np.array([len(rows) for rows in of_class])
    n_free = counts.sum() - len(present)
    if n_free < 1:
        return np.zeros(rectified.shape[1], np.bool_)
    squares = sum(((rows - mean) ** 2).sum(0) for rows, mean in zip(of_class, class_means, strict=True))
    order = np.argsort(-class_means, axis=0, kind="stable")[:2]
    best, second = np.take_along_axis(class_means, order, 0)
    n_best, n_second = counts[order]
    errors = np.sqrt(squares / n_free * (1 / n_best + 1 / n_second))
    clear: NDArray[np.bool_] = (best - second > STANDARD_ERRORS * errors) & (np.minimum(n_best, n_second) >= 2)
    return clear


def _area_under_curve(ranks: Array, is_member: NDArray[np.bool_]) -> float:
    """Return the area under the ROC curve from the ranks ``(n,)`` of all values and their membership of the class."""
    n_members, n_others = int(is_member.sum()), int((~is_member).sum())
    area: float = (ranks[is_member].sum() - n_members * (n_members + 1) / 2) / (n_members * n_others)
    return area


def _mean_ranks(values: Array) -> Array:
    """Return ranks from 1 down each column; equal values share the mean of their ranks."""
    ranks = np.empty_like(values)
    for column in range(values.shape[1]):
        _, inverse, counts = np.unique(values[:, column], return_inverse=True, return_counts=True)
        last_rank = counts.cumsum()
        ranks[:, column] = (last_rank - (counts - 1) / 2)[inverse]
    return ranks


def _rounded(value: float) -> float:
    """Round to four significant digits."""
    return float(f"{float(value):.{_DIGITS}g}")
