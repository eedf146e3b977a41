"""Quantise the pictures of gradients: as few levels as the gradient's direction allows, for small lossless files.

Gradients are nearly noise, in all three colours. A codec for photos halves the resolution of colours and smooths
what is fine, so that little of the gradient is left at any quality. Few levels, encoded without loss, take no more
bytes than a lossy file of the same accuracy, and can be decoded and measured exactly.

The quantiser is uniform with a wider zone around zero, and each level is the mean of the values that it stands for,
as in entropy-constrained scalar quantisation (Sullivan 1996, IEEE Transactions on Information
Theory 42(5)).
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from mkdocs_lurk.images.webp import GRADIENT_LARGEST, GRADIENT_ZERO
from mkdocs_lurk.pages.pictures.sheets import Pixels

_LEAST_COSINE = 0.9805
"""To the shown channels of the computed gradient: a little above what the contract of ``results.json`` promises."""
_OFFSETS = (0.5, 0.45, 0.4, 0.35, 0.3)
"""Added before a value, in steps, is rounded down: 0.5 rounds to the nearest level, less widens the zone of zero."""
_HALVINGS = 9

Levels = npt.NDArray[np.int64]
"""The level of each magnitude, ``(128,)``."""
Counts = npt.NDArray[np.int64]
"""How many values have each magnitude, ``(128,)``."""


def quantise_gradient(pixels: Pixels, stored_cosine: float = 1.0) -> Pixels:
    """Return the picture of a gradient with as few levels as keep its direction.

    Args:
        pixels: ``(h, w, 3)``, zero at mid-grey, as ``gradient_pixels`` makes them.
        stored_cosine: The cosine of these pixels to the computed gradient.

    Returns:
        A picture whose cosine to ``pixels``, times ``stored_cosine``, is at least 0.9805; the very same pixels if
        nothing coarser is.
    """
    values = pixels.astype(np.int64) - GRADIENT_ZERO
    magnitudes = np.abs(values).clip(0, GRADIENT_LARGEST)
    counts = np.bincount(magnitudes.ravel(), minlength=GRADIENT_LARGEST + 1)
    least_cosine = _LEAST_COSINE / max(stored_cosine, _LEAST_COSINE)
    candidates = list(_coarsest_levels(counts, least_cosine))
    if not candidates:
        return pixels
    levels = min(candidates, key=lambda levels: _entropy(levels, counts))
    quantised: Pixels = (GRADIENT_ZERO + np.sign(values) * levels[magnitudes]).astype(np.uint8)
    return quantised


def _coarsest_levels(counts: Counts, least_cosine: float) -> Iterator[Levels]:
    """Yield, for each width of the zone around zero, the levels of the coarsest step that is found by bisection."""
    for offset in _OFFSETS:
        fine, coarse, found = 1.0, float(GRADIENT_LARGEST), None
        for _ in range(_HALVINGS):
            step = (fine * coarse) ** 0.5
            levels = _levels(step, offset, counts)
            if _cosine(levels, counts) >= least_cosine:
                fine, found = step, levels
            else:
                coarse = step
        if found is not None:
            yield found


def _levels(step: float, offset: float, counts: Counts) -> Levels:
    """Return the level of each magnitude: the rounded mean of the values in its interval, 0 in the first one."""
    magnitudes = np.arange(len(counts))
    intervals = np.floor(magnitudes / step + offset).astype(np.int64)
    totals, sums = np.bincount(intervals, counts), np.bincount(intervals, counts * magnitudes)
    means = np.rint(np.divide(sums, totals, out=np.zeros_like(sums), where=totals > 0)).astype(np.int64)
    means[0] = 0
    levels: Levels = means[intervals]
    return levels


def _cosine(levels: Levels, counts: Counts) -> float:
    """Return the cosine of the quantised values to the values; 1 if all of these are zero."""
    magnitudes = np.arange(len(counts))
    norms = float((counts * levels**2).sum()) * float((counts * magnitudes**2).sum())
    return float((counts * levels * magnitudes).sum()) / norms**0.5 if norms else float(not counts[1:].any())


def _entropy(levels: Levels, counts: Counts) -> float:
    """Return the entropy of the levels' magnitudes, in bits per value."""
    totals = np.bincount(levels, counts)
    shares = totals[totals > 0] / totals.sum()
    return -float((shares * np.log2(shares)).sum())
