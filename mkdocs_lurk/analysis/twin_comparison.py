"""Compare the figures of a layer's filters with those of the same layer of the shuffled twin."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from mkdocs_lurk.records.record_format import round_significant
from mkdocs_lurk.records.twin_record import FigureComparison, FigureName, GradientCheck, Spread

FEWEST_FILTERS = 8
"""Of fewer filters in either network, a figure is not compared."""
LEAST_DIFFERENCE = 0.3
"""How far ``above`` must be from a half: two twins of one network, whose filters depend on each other, differ too."""
LEAST_INDEPENDENT = 2.0
"""Of a layer of the twin whose filters respond like fewer independent ones, another twin may be quite different."""
UNDECIDED: tuple[FigureName, ...] = ("detail",)
"""Figures by which two twins of SqueezeNet differ in some layers, so that nothing is concluded from them."""
STANDARD_ERRORS = 3
"""And by how many of its standard errors, if filters were independent and the networks alike."""
MOST_ALIKE = 0.5
"""The rank correlation from which on gradients of the twin are called like those of the trained network."""
BAND_PERCENTS = (5, 50, 95)
_DIGITS = 3

Figures = NDArray[np.float64]


def compare_figure(name: FigureName, trained: Figures, twin: Figures, independent: float) -> FigureComparison | None:
    """Compare one figure of a layer's filters.

    ``above`` is the probability that a filter of the trained network has more of it than a filter of the twin: Mann and
    Whitney's U, divided by the number of pairs (the common-language effect size).

    Args:
        name: What the figure is called.
        trained: ``(n,)``, of the trained network's filters; NaN where a filter has none.
        twin: ``(m,)``, of the twin's filters; NaN where a filter has none.
        independent: Like how many independent filters the twin's respond, as ``independent_filters`` returns.

    Returns:
        None where too few filters have it.
    """
    trained, twin = trained[np.isfinite(trained)], twin[np.isfinite(twin)]
    if min(len(trained), len(twin)) < FEWEST_FILTERS:
        return None
    above, n, m = share_above(trained, twin), len(trained), len(twin)
    error = math.sqrt((n + m + 1) / (12 * n * m))
    return {
        "figure": name,
        "trained": _spread(trained),
        "twin": _spread(twin),
        "above": round_significant(above, _DIGITS),
        "independent": round_significant(independent, _DIGITS),
        "differs": name not in UNDECIDED
        and independent >= LEAST_INDEPENDENT
        and abs(above - 0.5) >= max(LEAST_DIFFERENCE, STANDARD_ERRORS * error),
    }


def share_above(values: Figures, others: Figures) -> float:
    """Return how often one of ``values`` is above one of ``others``; ties count half."""
    ordered = np.sort(others)
    below, not_above = (np.searchsorted(ordered, values, side) for side in ("left", "right"))
    return float((below + not_above).mean() / 2 / len(others))


def independent_filters(responses: NDArray[np.float32]) -> float:
    """Return like how many independent filters some filters respond: the participation ratio of their correlations.

    It is the square of the number of filters, divided by the sum of the squares of all correlations between them: that
    number if none correlate, and 1 if all respond alike.

    Args:
        responses: ``(n_pictures, n_filters)``; filters that respond alike to every picture do not count.
    """
    centred = responses.astype(np.float64) - responses.mean(0, dtype=np.float64)
    norms = np.sqrt((centred**2).sum(0))
    unit = centred[:, norms > 0] / norms[norms > 0]
    correlations = unit.T @ unit
    return float(len(correlations) ** 2 / (correlations**2).sum()) if len(correlations) else 0.0


def rank_correlation(one: NDArray[np.float32], other: NDArray[np.float32]) -> float | None:
    """Return Spearman's rank correlation of the magnitudes of two gradients ``(c, h, w)``, over their places.

    The magnitude at a place is the sum of the absolute values of its channels. Equal ones share their mean rank.

    Returns:
        -1 to 1; None where a gradient is the same everywhere.
    """
    ranks = [_mean_ranks(np.abs(gradient).sum(0, dtype=np.float64).ravel()) for gradient in (one, other)]
    centred = [rank - rank.mean() for rank in ranks]
    norms = [float(np.sqrt((rank**2).sum())) for rank in centred]
    return None if min(norms) == 0 else float(centred[0] @ centred[1] / (norms[0] * norms[1]))


def conclude_gradients(twin: list[float], other: list[float]) -> GradientCheck | None:
    """Sum up the rank correlations of a layer's gradients; None where there are none.

    Args:
        twin: Of filters' gradients with those of the same filters of the twin.
        other: Of filters' gradients with those of other filters of the layer.
    """
    if not twin or not other:
        return None
    alike, usual = float(np.median(twin)), float(np.median(other))
    return {
        "n": len(twin),
        "twin": round_significant(alike, _DIGITS),
        "other": round_significant(usual, _DIGITS),
        "differs": alike < min(MOST_ALIKE, usual),
    }


def _spread(values: Figures) -> Spread:
    return [round_significant(value, _DIGITS) for value in np.percentile(values, BAND_PERCENTS)]


def _mean_ranks(values: Figures) -> Figures:
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    return (counts.cumsum() - (counts - 1) / 2)[inverse].astype(np.float64)
