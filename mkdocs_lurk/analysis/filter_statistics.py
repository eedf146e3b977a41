"""Whether each filter is dead, always on, a near-duplicate of another, and selective for a class."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from mkdocs_lurk.records.record_format import round_significant
from mkdocs_lurk.records.response_records import FilterCorrelation, FilterStats, Histogram, Selectivity

DUPLICATE_FROM = 0.98
"""From this correlation of their responses on, two filters count as near-duplicates."""
FEWEST_PICTURES = 10
"""With fewer pictures correlations and selectivities say nothing and are left out."""
_N_BINS, _N_SIMILAR, _DIGITS = 24, 6, 4
_BLOCK = 256
"""Filters whose correlations with all others are held at once."""

Array = NDArray[np.float64]


STANDARD_ERRORS = 2.5
"""A filter prefers a class clearly if its mean is above that of the next one by more than so many standard errors.

Responses that have nothing to do with the classes pass in less than 1 of 20 cases: see the test.
"""


def filter_statistics(
    means: NDArray[np.float32],
    maxima: NDArray[np.float32],
    labels: NDArray[np.int64],
    classes: tuple[str, ...],
    indices: Sequence[int] | None = None,
) -> list[FilterStats]:
    """Describe filters of one layer by their responses.

    Args:
        means: ``(n_images, n_filters)``, spatial means before any activation.
        maxima: ``(n_images, n_filters)``, spatial maxima before any activation.
        labels: ``(n_images,)``, the pictures' class indices; -1 for a picture without a class.
        classes: The names of the classes.
        indices: The filters' indices in the layer; None for all filters from 0 on.

    Returns:
        One record per filter; of these pictures alone.
    """
    indices = range(maxima.shape[1]) if indices is None else indices
    similar_filters = list(_most_similar(maxima.astype(np.float64), indices))
    selectivities = _selectivities(maxima.astype(np.float64), labels, classes)
    return [
        {
            "dead": bool(maxima[:, column].max() <= 0),
            "always_on": bool(means[:, column].min() > 0),
            "mean": _rounded(maxima[:, column].mean(dtype=np.float64)),
            "deviation": _rounded(maxima[:, column].std(dtype=np.float64)),
            "positive_share": _rounded((maxima[:, column] > 0).mean()),
            "histogram": _histogram(maxima[:, column]),
            "similar": similar,
            "duplicate_of": [pair for pair in similar if pair[1] >= DUPLICATE_FROM],
            "selectivity": selectivities[column],
            "max": round_significant(maxima[:, column].max()),
        }
        for column, similar in enumerate(similar_filters)
    ]


def _most_similar(responses: Array, indices: Sequence[int]) -> Iterator[list[FilterCorrelation]]:
    """Yield for each filter those whose responses correlate most with its own, by Pearson's coefficient.

    Every two filters are compared, in blocks, so that memory grows with their number and not with its square. A
    constant filter correlates with none, nor does any if there are too few pictures.

    Args:
        responses: ``(n_images, n_filters)``.
        indices: The filters' indices in the layer.
    """
    n_filters = responses.shape[1]
    if len(responses) < FEWEST_PICTURES:
        yield from ([] for _ in range(n_filters))
        return
    centred = responses - responses.mean(0)
    norms = np.sqrt((centred**2).sum(0))
    unit = centred / np.where(norms > 0, norms, np.inf)
    for start in range(0, n_filters, _BLOCK):
        block = np.clip(unit[:, start : start + _BLOCK].T @ unit, -1, 1)
        for column, row in enumerate(block, start):
            yield _similar_filters(row, column, indices)


def _similar_filters(row: Array, column: int, indices: Sequence[int]) -> list[FilterCorrelation]:
    """Choose from a filter's correlations with all filters, ``(n_filters,)``; equals by rising number."""
    row[column] = -np.inf
    nearest = np.arange(len(row))
    if len(row) > _N_SIMILAR:
        nearest = np.flatnonzero(row >= np.partition(row, -_N_SIMILAR)[-_N_SIMILAR])
    nearest = nearest[np.argsort(-row[nearest], kind="stable")][:_N_SIMILAR]
    return [(indices[int(i)], _rounded(row[i])) for i in nearest if row[i] > 0]


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
    index = _selectivity_index(class_means)
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


def selectivity_indices(maxima: NDArray[np.float32], labels: NDArray[np.int64]) -> Array:
    """Return each filter's class-selectivity index, as in its record; NaN where it has none.

    Args:
        maxima: ``(n_images, n_filters)``, spatial maxima before any activation.
        labels: ``(n_images,)``, the pictures' class indices; -1 for a picture without a class.
    """
    present = np.unique(labels[labels >= 0])
    if len(present) < 2 or len(maxima) < FEWEST_PICTURES:
        return np.full(maxima.shape[1], np.nan)
    rectified = np.maximum(maxima.astype(np.float64), 0)
    class_means = np.stack([rectified[labels == label].mean(0) for label in present])
    return np.where(class_means.max(0) > 0, _selectivity_index(class_means), np.nan)


def _selectivity_index(class_means: Array) -> Array:
    """Return the index from the mean of each class, ``(n_classes, n_filters)``; 0 where all means are."""
    best = class_means.max(0)
    rest = (class_means.sum(0) - best) / (len(class_means) - 1)
    index: Array = np.divide(best - rest, best + rest, out=np.zeros_like(best), where=best + rest > 0)
    return index


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
    return round_significant(value, _DIGITS)
