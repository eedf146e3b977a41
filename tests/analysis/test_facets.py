"""Kinds of crops: planted ones are found, a single one is not divided, and the figures are those of the paper."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.cluster import KMeans

from mkdocs_lurk.analysis.facets import divide, find_facets, unit_rows

N_OTHERS = 60


def kinds(sizes: Sequence[int], seed: int, noise: float = 0.3) -> NDArray[np.float64]:
    """Crops of several kinds, each of which makes other filters respond."""
    random = np.random.default_rng(seed)
    rows = []
    for size in sizes:
        pattern = random.random(N_OTHERS) * (random.random(N_OTHERS) < 0.25)
        rows.append(pattern + noise * random.standard_normal((size, N_OTHERS)) * random.random(N_OTHERS))
    return np.clip(np.concatenate(rows), 0, None)


@pytest.mark.parametrize("sizes", [(14, 10), (18, 6), (8, 8, 8), (9, 5, 5, 5)])
def test_planted_kinds_are_told_apart(sizes: tuple[int, ...]) -> None:
    bounds = np.cumsum((0, *sizes))
    wanted = [list(range(start, end)) for start, end in pairwise(bounds)]
    for seed in range(10):
        found = find_facets(kinds(sizes, seed, noise=0.15), seed=0)
        assert [rows.tolist() for rows in found.groups] == wanted
        assert found.chance == 0.01
        assert found.polysemanticity is not None
        assert found.polysemanticity > 0.2


def test_a_single_kind_is_hardly_ever_divided() -> None:
    random = np.random.default_rng(0)
    spreads = [1 / np.arange(1, 61), np.ones(60), np.r_[5.0, np.ones(59)], np.r_[3.0, 3.0, np.ones(58)]]
    sets = [0.5 + 0.05 * random.standard_normal((24, 60)) * spread for spread in spreads for _ in range(25)]
    assert sum(len(find_facets(np.clip(own, 0, None), 0).groups) > 1 for own in sets) <= 2
    for seed in range(20):
        found = find_facets(kinds((24,), seed), seed=0)
        assert len(found.groups) == 1
        assert found.polysemanticity is not None
        assert found.polysemanticity < 0.15


def test_crops_along_a_line_are_of_one_kind() -> None:
    random = np.random.default_rng(1)
    one, other = random.random((2, 60))
    between = np.clip(random.normal(0.5, 0.2, (24, 1)), 0, 1)
    found = find_facets(one * between + other * (1 - between), seed=0)
    assert len(found.groups) == 1


def test_clarity_and_polysemanticity_are_those_of_the_paper() -> None:
    vectors = kinds((13, 11), 3)
    found = find_facets(vectors, seed=0)
    units = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    cosines = [units[i] @ units[j] for i in range(24) for j in range(24) if i != j]
    assert found.clarity == pytest.approx(np.mean(cosines))
    labels = KMeans(2, n_init=10, random_state=0).fit(units).labels_
    first, second = units[labels == 0].mean(0), units[labels == 1].mean(0)
    cosine = first @ second / np.linalg.norm(first) / np.linalg.norm(second)
    assert found.polysemanticity == pytest.approx(1 - cosine)


@pytest.mark.parametrize("count", [2, 3, 4])
def test_a_division_is_as_good_as_that_of_scikit_learn(count: int) -> None:
    points = np.stack([unit_rows(kinds((6,) * count, seed))[:, :6] for seed in range(10)])
    labels, left = divide(points, count)
    for own, share, mine in zip(points, left, labels, strict=True):
        total = np.square(own - own.mean(0)).sum()
        within = sum(np.square(own[mine == label] - own[mine == label].mean(0)).sum() for label in range(count))
        assert share == pytest.approx(within / total)
    best = [KMeans(count, n_init=20, random_state=0).fit(own).inertia_ for own in points]
    totals = np.square(points - points.mean(1, keepdims=True)).sum((1, 2))
    assert np.median(left - np.array(best) / totals) < 0.02


def test_a_kind_has_four_crops_and_a_division_with_fewer_says_nothing() -> None:
    shares = kinds((21, 3), 0)
    found = find_facets(shares, seed=0)
    assert all(len(rows) >= 4 for rows in found.groups)
    assert divide(np.stack([shares[:, :6]]), 2, least=13)[1] == 1
