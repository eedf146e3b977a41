"""Whether syntheses go the way of photos: planted ones that do and that do not, and SciPy's rank correlation."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.stats import spearmanr

from mkdocs_lurk.analysis.synthesis_paths import compare_paths

RANDOM = np.random.default_rng(0)
OWN = RANDOM.normal(size=(6, 1, 40))
PHOTOS = OWN + 0.4 * RANDOM.normal(size=(6, 4, 40))
"""Each of six filters has a way of its own, which its photos go."""


def near(profiles: NDArray[np.float64]) -> NDArray[np.float64]:
    return profiles + 0.4 * np.random.default_rng(1).normal(size=profiles.shape)


def test_the_figures_are_those_of_scipy_photo_by_photo() -> None:
    syntheses = near(OWN[:, 0]).round(1)  # with ties
    found = compare_paths(syntheses, PHOTOS)

    def correlation(one: NDArray[np.float64], other: NDArray[np.float64]) -> float:
        return float(spearmanr(one, other).statistic)

    synthesis = [np.mean([correlation(syntheses[f], photo) for photo in PHOTOS[f]]) for f in range(6)]
    photos = [np.mean([correlation(one, other) for one, other in combinations(PHOTOS[f], 2)]) for f in range(6)]
    others = [
        np.mean([correlation(one, two) for g in range(6) if g != f for one in PHOTOS[f] for two in PHOTOS[g]])
        for f in range(6)
    ]
    for key, values in (("synthesis", synthesis), ("photos", photos), ("others", others)):
        assert found[key] == pytest.approx(np.median(values), abs=6e-4)  # type: ignore[literal-required]


def test_syntheses_that_go_the_way_of_their_photos_are_alike_and_those_of_other_filters_are_not() -> None:
    assert compare_paths(near(OWN[:, 0]), PHOTOS)["alike"] is True
    assert compare_paths(near(OWN[[1, 2, 3, 4, 5, 0], 0]), PHOTOS)["alike"] is False
    assert compare_paths(RANDOM.normal(size=(6, 40)), PHOTOS)["alike"] is False


def test_nothing_is_told_where_photos_of_all_filters_go_one_way() -> None:
    photos = RANDOM.normal(size=(1, 1, 40)) + 0.2 * RANDOM.normal(size=(6, 4, 40))
    found = compare_paths(RANDOM.normal(size=(6, 40)), photos)
    assert found["photos"] > 0.8
    assert found["alike"] is None
