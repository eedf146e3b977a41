"""Whether a network is as sure as it should be: reliability, calibration error, Brier score, temperature, coverage."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mkdocs_lurk.analysis.outputs import TEMPERATURES, OutputRows
from mkdocs_lurk.records.evaluation_record import CalibrationBin, CalibrationRecord, RiskCoverage

LEAST_PICTURES = 100
"""Pictures from which calibration is told: of fewer, the error of each bin is mostly chance."""
_PICTURES_PER_BIN, _MOST_BINS = 20, 15
_CURVE_POINTS = 50


def calibration(rows: OutputRows) -> CalibrationRecord | None:
    """Compare how sure the network is with how often it is right.

    The confidence is the probability of the largest output. The expected calibration error (ECE) is the mean distance
    between confidence and share of right predictions, over bins of about equally many pictures each (Guo et al. 2017,
    arXiv:1706.04599, with the bins of Nixon et al. 2019, arXiv:1904.01685). The temperature is the number that the
    logits are divided by for the lowest mean negative log-likelihood of the right outputs of these same pictures.

    Args:
        rows: Pictures whose right output is known, with finite outputs.

    Returns:
        None for fewer than 100 pictures.
    """
    if len(rows) < LEAST_PICTURES:
        return None
    right = rows.rank == 0
    confidence = rows.probabilities[:, 0].astype(np.float64)
    bins = reliability_bins(confidence, right, min(_MOST_BINS, len(rows) // _PICTURES_PER_BIN))
    record: CalibrationRecord = {
        "bins": bins,
        "ece": expected_calibration_error(bins),
        "confidence": float(confidence.mean()),
        "brier": float((rows.squares.astype(np.float64) - 2 * rows.target_probability + 1).mean()),
        "temperature": None,
        "ece_at_temperature": None,
    }
    temperature = best_temperature(rows)
    if temperature is not None:
        mended = np.exp(-_log_sums_at(rows, temperature))
        record["temperature"] = temperature
        record["ece_at_temperature"] = expected_calibration_error(reliability_bins(mended, right, len(bins)))
    return record


def reliability_bins(confidence: NDArray[np.float64], right: NDArray[np.bool_], n_bins: int) -> list[CalibrationBin]:
    """Divide pictures by confidence into bins of about equally many; equal confidences share a bin.

    The edges are quantiles of the confidence, as those of scikit-learn's ``calibration_curve`` with the strategy
    ``quantile``.

    Args:
        confidence: ``(n,)``, 0 to 1.
        right: ``(n,)``, whether the prediction is right.
        n_bins: Number of bins; those that stay empty are left out.
    """
    edges = np.percentile(confidence, np.linspace(0, 100, n_bins + 1))
    numbers = np.searchsorted(edges[1:-1], confidence)
    return [
        {
            "n": int(inside.sum()),
            "confidence": float(confidence[inside].mean()),
            "right": float(right[inside].mean()),
        }
        for inside in (numbers == number for number in range(n_bins))
        if inside.any()
    ]


def expected_calibration_error(bins: list[CalibrationBin]) -> float:
    """Return the mean distance between confidence and share of right predictions, weighted by the bins' pictures."""
    n = sum(one["n"] for one in bins)
    return sum(one["n"] * abs(one["confidence"] - one["right"]) for one in bins) / n


def best_temperature(rows: OutputRows) -> float | None:
    """Return the temperature with the lowest mean negative log-likelihood of the right outputs.

    It is the vertex of the parabola, over the inverse of the temperature, through the lowest of the stored temperatures
    and its neighbours: within 1 % of the minimum.

    Returns:
        None if it is below 0.1 or above 10.
    """
    losses = (rows.log_sums + rows.gap[:, None] / TEMPERATURES).mean(0)
    lowest = int(np.argmin(losses))
    if not 0 < lowest < len(TEMPERATURES) - 1:
        return None
    near = slice(lowest - 1, lowest + 2)
    square, linear, _ = np.polyfit(1 / TEMPERATURES[near], losses[near], 2)
    return float(TEMPERATURES[lowest] if square <= 0 else -2 * square / linear)


def risk_coverage(confidence: NDArray[np.float64], right: NDArray[np.bool_]) -> RiskCoverage:
    """Return how often the network is wrong if it answers only where it is surest.

    The risk at a coverage is the share of wrong predictions among the pictures with the highest confidence (Geifman
    and El-Yaniv 2017, arXiv:1705.08500). Pictures of equal confidence are answered together.

    Args:
        confidence: ``(n,)``.
        right: ``(n,)``.

    Returns:
        Up to 50 points, and the mean risk over all pictures as they are answered one after the other.
    """
    order = np.argsort(-confidence, kind="stable")
    wrong = np.cumsum(~right[order])
    answered = np.arange(1, len(order) + 1)
    is_last = np.append(np.diff(confidence[order]) != 0, True)
    ends = np.flatnonzero(is_last)
    following = ends[np.searchsorted(ends, np.arange(len(order)))]  # pictures of equal confidence: all of them
    risks = wrong[following] / answered[following]
    chosen = ends[np.unique(np.linspace(0, len(ends) - 1, min(_CURVE_POINTS, len(ends))).round().astype(int))]
    points = [(float(answered[end] / len(order)), float(risks[end])) for end in chosen]
    return {"points": points, "area": float(risks.mean())}


def _log_sums_at(rows: OutputRows, temperature: float) -> NDArray[np.float64]:
    """Return each row's ``log_sums`` at any temperature: interpolated by a parabola over its logarithm, ``(n,)``."""
    at = float(np.interp(np.log(temperature), np.log(TEMPERATURES), np.arange(len(TEMPERATURES))))
    middle = min(max(round(at), 1), len(TEMPERATURES) - 2)
    shift = at - middle
    before, centre, after = (rows.log_sums[:, middle + offset].astype(np.float64) for offset in (-1, 0, 1))
    return np.asarray(centre + shift * (after - before) / 2 + shift**2 * (after - 2 * centre + before) / 2)
