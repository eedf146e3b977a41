"""The figures of a comparison, against their definitions computed slowly, SciPy and planted truths."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

from mkdocs_lurk.analysis.cka import cka_map
from mkdocs_lurk.analysis.matching import match_filters
from mkdocs_lurk.analysis.mcnemar import mcnemar

Matrix = NDArray[np.float32]


def noise(n: int, filters: int, seed: int = 0) -> Matrix:
    return np.random.default_rng(seed).normal(size=(n, filters)).astype(np.float32)


def brute_cka(x: Matrix, y: Matrix) -> float:
    """The unbiased estimate of HSIC as Song et al. 2012 write it, with traces."""

    def hsic(k: NDArray[np.float64], m: NDArray[np.float64]) -> float:
        n, ones = len(k), np.ones(len(k))
        k, m = k - np.diag(np.diag(k)), m - np.diag(np.diag(m))
        outer = (ones @ k @ ones) * (ones @ m @ ones) / ((n - 1) * (n - 2))
        return float((np.trace(k @ m) + outer - 2 / (n - 2) * (ones @ k @ m @ ones)) / (n * (n - 3)))

    k, m = (one.astype(np.float64) @ one.astype(np.float64).T for one in (x, y))
    return hsic(k, m) / np.sqrt(hsic(k, k) * hsic(m, m))


def test_cka_is_its_definition() -> None:
    first, second = [noise(20, 5), noise(20, 40, 1) + 3], [noise(20, 7, 2), noise(20, 5) * 4 - 1, noise(20, 9, 3)]
    found = cka_map(first, second)
    for row, x in zip(found, first, strict=True):
        assert row == pytest.approx([brute_cka(x, y) for y in second], abs=1e-6)


def test_cka_of_a_layer_with_itself_is_one_whatever_the_order_scale_and_mean_of_its_filters() -> None:
    layer = noise(30, 12)
    assert cka_map([layer], [layer, layer[:, ::-1] * 3 + 5])[0] == pytest.approx([1.0, 1.0])


def test_layers_that_have_nothing_in_common_have_no_cka_even_if_filters_outnumber_pictures() -> None:
    found = [cka_map([noise(40, 400, seed)], [noise(40, 400, seed + 100)])[0][0] for seed in range(20)]
    assert abs(np.mean([value for value in found if value is not None])) < 0.02


def test_a_layer_without_any_difference_between_pictures_has_no_cka() -> None:
    assert cka_map([np.full((9, 3), 7.3, np.float32)], [noise(9, 3)]) == [[None]]


def brute_matches(x: Matrix, y: Matrix) -> list[tuple[int, int]]:
    correlations = np.array([[stats.pearsonr(a, b).statistic for b in y.T] for a in x.T])
    return [(i, int(row.argmax())) for i, row in enumerate(correlations) if correlations[:, row.argmax()].argmax() == i]


def test_matches_are_mutual_best_correlations(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mkdocs_lurk.analysis.matching._BLOCK", 4)
    x = noise(25, 11)
    y = np.concatenate([x[:, ::2] + 0.3 * noise(25, 6, 1), noise(25, 8, 2)], 1)
    matching = match_filters(x, y)
    above = [(i, j) for i, j in brute_matches(x, y) if stats.pearsonr(x[:, i], y[:, j]).statistic > matching.chance]
    assert [(i, int(matching.first.places[i])) for i in np.flatnonzero(matching.mutual)] == above
    assert len(above) == 6
    for place, value in zip(matching.first.places, matching.first.correlations, strict=True):
        own = [stats.pearsonr(x[:, list(matching.first.places).index(place)], b).statistic for b in y.T]
        assert max(own) == pytest.approx(own[place], abs=1e-6)
        assert value <= 1.0


def test_a_permuted_copy_is_recovered_whole_at_another_scale() -> None:
    x = noise(40, 300)
    order = np.random.default_rng(1).permutation(300)
    matching = match_filters(x, x[:, order] * 0.01 + 100)
    assert matching.mutual.all()
    assert (order[matching.first.places] == np.arange(300)).all()
    assert matching.first.correlations.min() > 0.999


def test_unrelated_filters_hardly_match() -> None:
    matching = match_filters(noise(50, 200), noise(50, 200, 1))
    assert matching.mutual.sum() <= 6  # about one in a hundred is above chance
    assert 0.4 < matching.chance < 0.8


def test_a_filter_that_responds_alike_to_all_pictures_matches_nothing() -> None:
    x = noise(20, 3)
    x[:, 1] = -4.2
    matching = match_filters(x, x)
    assert matching.first.places.tolist() == [0, -1, 2]
    assert np.isnan(matching.first.correlations).tolist() == [False, True, False]
    assert matching.mutual.tolist() == [True, False, True]
    nothing = match_filters(np.ones((5, 2), np.float32), np.zeros((5, 1), np.float32))
    assert not nothing.mutual.any()
    assert nothing.second.places.tolist() == [-1]


@pytest.mark.parametrize(("gained", "lost"), [(0, 0), (1, 0), (3, 3), (10, 2), (2, 10), (40, 61), (1200, 1100)])
def test_mcnemar_is_the_two_sided_binomial_test(gained: int, lost: int) -> None:
    expected = stats.binomtest(gained, gained + lost).pvalue if gained + lost else 1.0
    assert mcnemar(gained, lost) == pytest.approx(expected, rel=1e-9)
