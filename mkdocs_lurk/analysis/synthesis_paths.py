"""Whether syntheses go the way of photos: how alike the layers before a filter respond to both.

Feature visualisations may excite a filter by other ways through the network than photos do (Geirhos et al. 2023, "Don't
trust your eyes: on the (un)reliability of feature visualizations", arXiv:2306.04719). The profile of a picture in a
layer is the mean response of each of its filters. That of a filter's synthesis is compared with those of the photos
that excite the filter most; these with each other say how alike it could be, and photos of different filters how alike
pictures are that have nothing in common.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mkdocs_lurk.records.record_format import round_significant
from mkdocs_lurk.records.twin_record import PathCheck

LEAST_SPAN = 0.05
"""Where photos of one filter are hardly more alike than those of different ones, nothing is told."""
_DIGITS = 3

Floats = NDArray[np.float64]


def compare_paths(syntheses: NDArray[np.floating], photos: NDArray[np.floating]) -> PathCheck:
    """Compare profiles in one layer, by Spearman's rank correlation; every figure is a median over the filters.

    Args:
        syntheses: ``(n, n_channels)``, the profile of each filter's synthesis; two filters or more.
        photos: ``(n, n_photos, n_channels)``, those of its best photos; two or more.
    """
    count, n_photos, n_channels = photos.shape
    made, own = _standard_ranks(syntheses), _standard_ranks(photos.reshape(-1, n_channels))
    among = (own @ own.T).reshape(count, n_photos, count, n_photos).swapaxes(1, 2)
    to_photos = (own @ made.T).reshape(count, n_photos, count)
    pairs = np.triu_indices(n_photos, 1)
    synthesis, alike, others = [], [], []
    for place in range(count):
        rest = np.arange(count) != place
        synthesis.append(to_photos[place, :, place].mean())
        alike.append(among[place, place][pairs].mean())
        others.append(among[place, rest].mean())
    found, photo, other = (float(np.median(values)) for values in (synthesis, alike, others))
    return {
        "n": count,
        "synthesis": round_significant(found, _DIGITS),
        "photos": round_significant(photo, _DIGITS),
        "others": round_significant(other, _DIGITS),
        "alike": None if photo - other < LEAST_SPAN else found >= (photo + other) / 2,
    }


def _standard_ranks(rows: NDArray[np.floating]) -> Floats:
    """Return the ranks of each row's values at mean 0 and length 1; zero where they are all equal."""
    ranks = np.stack([_mean_ranks(row) for row in rows])
    ranks -= ranks.mean(1, keepdims=True)
    norms = np.linalg.norm(ranks, axis=1, keepdims=True)
    standard: Floats = ranks / np.where(norms > 0, norms, 1)
    return standard


def _mean_ranks(values: NDArray[np.floating]) -> Floats:
    """Return the rank of each value; equal ones share the mean of theirs."""
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    ranks: Floats = (counts.cumsum() - (counts - 1) / 2)[inverse.ravel()].astype(np.float64)
    return ranks
