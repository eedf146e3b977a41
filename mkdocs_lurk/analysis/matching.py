"""Match the filters of two networks by their responses to the same pictures.

Two filters match if each correlates most with the other (mutual nearest neighbours: Dravid et al. 2023,
arXiv:2306.09346, who correlate activation maps; here it is one number for each picture). No torch: pages of results
that were computed elsewhere are compared, too.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_BLOCK = 1024
_CHANCE = 0.99


@dataclass(frozen=True, slots=True, eq=False)
class BestMatches:
    """For each filter of one network the filter of the other that correlates most with it.

    Attributes:
        places: ``(n_filters,)`` int64, the column of the best; the first of equal ones; -1 for a constant filter.
        correlations: ``(n_filters,)`` float64, Pearson's; NaN for a constant filter.
    """

    places: NDArray[np.int64]
    correlations: NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Matching:
    """The filters of two networks, matched.

    Attributes:
        first: The best matches of the first network's filters.
        second: Those of the second's.
        chance: The correlation that a match must exceed.
    """

    first: BestMatches
    second: BestMatches
    chance: float

    @property
    def mutual(self) -> NDArray[np.bool_]:
        """``(n_first,)``: whether a filter of the first network has a match."""
        places = self.first.places
        back = np.where(places >= 0, self.second.places[np.maximum(places, 0)], -1)
        is_best: NDArray[np.bool_] = (places >= 0) & (back == np.arange(len(places)))
        is_above: NDArray[np.bool_] = np.nan_to_num(self.first.correlations, nan=-1.0) > self.chance
        return is_best & is_above


def match_filters(first: NDArray[np.float32], second: NDArray[np.float32], seed: int = 0) -> Matching:
    """Match filters by the correlation of their responses.

    Args:
        first: ``(n_pictures, n_first)``, one response for each picture and filter.
        second: ``(n_pictures, n_second)``, to the same pictures.
        seed: Of the shuffled pictures that show what chance gives.

    Returns:
        The best matches both ways; ``chance`` is what 99 of 100 filters of both do not exceed if the pictures of the
        second network are shuffled.
    """
    a, b = standardised(first), standardised(second)
    shuffled = b[np.random.default_rng(seed).permutation(len(b))]
    by_chance = np.concatenate([one.correlations for one in _both_ways(a, shuffled)])
    by_chance = by_chance[np.isfinite(by_chance)]
    chance = float(np.quantile(by_chance, _CHANCE)) if len(by_chance) else 1.0
    return Matching(*_both_ways(a, b), chance)


def standardised(responses: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return responses ``(n, f)`` with mean 0 and length 1 in each column; a constant column becomes NaN."""
    centred = responses.astype(np.float64) - responses.mean(0, dtype=np.float64)
    length = np.linalg.norm(centred, axis=0)
    smallest = 1e-6 * np.sqrt(len(responses)) * np.abs(responses).max(0, initial=0.0)
    length[length <= smallest] = np.nan
    scaled: NDArray[np.float32] = (centred / length).astype(np.float32)
    return scaled


def _both_ways(a: NDArray[np.float32], b: NDArray[np.float32]) -> tuple[BestMatches, BestMatches]:
    """Return the best matches of the columns of standardised ``a`` in ``b``, and of those of ``b`` in ``a``."""
    best_b = np.full(b.shape[1], -np.inf)
    place_b = np.full(b.shape[1], -1, np.int64)
    best_a, place_a = [], []
    for start, block in _blocks(a, b):
        place_a.append(block.argmax(1) if b.shape[1] else np.full(len(block), -1))
        best_a.append(block.max(1, initial=-np.inf))
        rows = block.argmax(0)
        values = block[rows, np.arange(b.shape[1])]
        better = values > best_b
        best_b[better], place_b[better] = values[better], start + rows[better]
    return (
        _matches(np.concatenate(place_a or [place_b[:0]]), np.concatenate(best_a or [best_b[:0]])),
        _matches(place_b, best_b),
    )


def _blocks(a: NDArray[np.float32], b: NDArray[np.float32]) -> Iterator[tuple[int, NDArray[np.float64]]]:
    """Yield correlations, some columns of ``a`` at a time; those of constant columns are minus infinity."""
    for start in range(0, a.shape[1], _BLOCK):
        block = (a[:, start : start + _BLOCK].T @ b).astype(np.float64)
        block[np.isnan(block)] = -np.inf
        yield start, block


def _matches(places: NDArray[np.int64], best: NDArray[np.float64]) -> BestMatches:
    known = np.isfinite(best)
    return BestMatches(np.where(known, places, -1), np.where(known, np.clip(best, -1.0, 1.0), np.nan))
