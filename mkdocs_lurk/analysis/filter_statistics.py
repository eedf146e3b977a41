"""Say of each filter whether it is dead, always on, a near-duplicate, and selective for a class."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

ALGORITHM = 1
DUPLICATE_FROM = 0.98
"""Correlation of two filters' responses over the pictures from which they count as near-duplicates."""
FEWEST_PICTURES = 10
"""With fewer pictures a correlation or a selectivity says nothing, and none is given."""
_N_BINS, _N_SIMILAR, _DIGITS = 24, 6, 4

Array = NDArray[np.float64]


def filter_statistics(
    means: NDArray[np.float32],
    maxima: NDArray[np.float32],
    labels: NDArray[np.int64],
    classes: tuple[str, ...],
    indices: Sequence[int] | None = None,
) -> list[dict[str, Any]]:
    """Describe some filters of one layer by their responses.

    Args:
        means: ``(n_images, n_filters)``, spatial means before any activation.
        maxima: ``(n_images, n_filters)``, spatial maxima before any activation.
        labels: ``(n_images,)``, the pictures' classes; -1 where a picture has none.
        classes: The classes' names.
        indices: The filters' own numbers in the layer; from 0 where none are given.

    Returns:
        For each filter the ``stats`` of ``results.json``: ``dead`` (never above 0 on any picture), ``always_on``
        (its mean above 0 on every picture), ``mean`` and ``deviation`` of the maxima, ``positive_share`` (pictures
        with a maximum above 0), ``histogram`` of the maxima, ``similar`` and ``duplicate_of`` as
        ``[index, correlation]``, and ``selectivity``.
    """
    numbers = range(maxima.shape[1]) if indices is None else indices
    alike = _correlations(maxima.astype(np.float64))
    selective = _selectivity(maxima.astype(np.float64), labels, classes)
    return [
        {
            "dead": bool(maxima[:, index].max() <= 0),
            "always_on": bool(means[:, index].min() > 0),
            "mean": _rounded(maxima[:, index].mean(dtype=np.float64)),
            "deviation": _rounded(maxima[:, index].std(dtype=np.float64)),
            "positive_share": _rounded((maxima[:, index] > 0).mean()),
            "histogram": _histogram(maxima[:, index]),
            **_relatives(alike, index, numbers),
            "selectivity": selective[index],
        }
        for index in range(len(numbers))
    ]


def similarity_order(maxima: NDArray[np.float32]) -> list[int]:
    """Order filters so that neighbours respond alike: from the first, always on to the most correlated one left.

    Args:
        maxima: ``(n_images, n_filters)``.
    """
    alike = _correlations(maxima.astype(np.float64))
    n_filters = maxima.shape[1]
    if alike is None:
        return list(range(n_filters))
    order, left = [0], np.ones(n_filters, bool)
    left[0] = False
    while left.any():
        nearest = int(np.where(left, alike[order[-1]], -np.inf).argmax())
        order.append(nearest)
        left[nearest] = False
    return order


def _correlations(responses: Array) -> Array | None:
    """Pearson's correlation between filters, ``(n_filters, n_filters)``; a constant filter correlates with none."""
    if len(responses) < FEWEST_PICTURES:
        return None
    centred = responses - responses.mean(0)
    norms = np.sqrt((centred**2).sum(0))
    unit = centred / np.where(norms > 0, norms, np.inf)
    alike: Array = np.clip(unit.T @ unit, -1, 1)
    return alike


def _relatives(alike: Array | None, index: int, numbers: Sequence[int]) -> dict[str, list[list[float]]]:
    if alike is None:
        return {"similar": [], "duplicate_of": []}
    row = np.delete(alike[index], index)
    others = np.delete(np.arange(len(alike)), index)
    nearest = np.lexsort((others, -row))[:_N_SIMILAR]
    similar = [[numbers[others[i]], _rounded(row[i])] for i in nearest if row[i] > 0]
    return {"similar": similar, "duplicate_of": [pair for pair in similar if pair[1] >= DUPLICATE_FROM]}


def _histogram(values: NDArray[np.float32]) -> dict[str, list[float]]:
    counts, edges = np.histogram(values.astype(np.float64), bins=_N_BINS)
    return {"edges": [_rounded(edge) for edge in edges], "counts": [int(count) for count in counts]}


def _selectivity(maxima: Array, labels: NDArray[np.int64], classes: tuple[str, ...]) -> list[dict[str, Any] | None]:
    """The class-selectivity index and area under the curve of each filter's best class.

    The index is ``(best - rest) / (best + rest)``, where ``best`` is the largest mean response of a class and ``rest``
    the mean of the other classes' (Morcos et al. 2018, arXiv:1803.06959), of the rectified maxima. The area is the
    chance that a picture of the class has a higher maximum than a picture of another; ties count half.
    """
    present = [number for number in range(len(classes)) if (labels == number).any()]
    if len(present) < 2 or len(maxima) < FEWEST_PICTURES:
        return [None] * maxima.shape[1]
    rectified = np.maximum(maxima, 0)
    by_class = np.stack([rectified[labels == number].mean(0) for number in present])
    best = by_class.argmax(0)
    rest = (by_class.sum(0) - by_class.max(0)) / (len(present) - 1)
    top = by_class.max(0)
    index = np.divide(top - rest, top + rest, out=np.zeros_like(top), where=top + rest > 0)
    labelled = labels >= 0
    ranks = _mean_ranks(maxima[labelled])
    known = labels[labelled]
    found: list[dict[str, Any] | None] = []
    for number in range(maxima.shape[1]):
        chosen = known == present[best[number]]
        inside, outside = int(chosen.sum()), int((~chosen).sum())
        area = (ranks[chosen, number].sum() - inside * (inside + 1) / 2) / (inside * outside)
        found.append(
            {"index": _rounded(index[number]), "class": classes[present[best[number]]], "auc": _rounded(area)}
            if top[number] > 0
            else None
        )
    return found


def _mean_ranks(values: Array) -> Array:
    """Ranks from 1 down each column; equal values share the mean of their ranks."""
    ranks = np.empty_like(values)
    for column in range(values.shape[1]):
        _, place, counts = np.unique(values[:, column], return_inverse=True, return_counts=True)
        last = counts.cumsum()
        ranks[:, column] = (last - (counts - 1) / 2)[place]
    return ranks


def _rounded(value: float) -> float:
    return float(f"{float(value):.{_DIGITS}g}")
