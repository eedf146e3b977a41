"""The comparison of figures and gradients with those of the twin, against brute force."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from mkdocs_lurk.analysis.twin_comparison import (
    compare_figure,
    conclude_gradients,
    independent_filters,
    rank_correlation,
    share_above,
)


def test_the_share_above_is_that_of_all_pairs_with_ties_as_halves() -> None:
    random = np.random.default_rng(0)
    one, other = random.integers(0, 6, 40) / 2, random.integers(1, 8, 25) / 2
    pairs = [(a > b) + (a == b) / 2 for a in one for b in other]
    assert share_above(one, other) == pytest.approx(np.mean(pairs))
    assert share_above(one, other) == pytest.approx(stats.mannwhitneyu(one, other).statistic / 1000)


def test_a_figure_differs_where_most_filters_have_more_of_it_or_less() -> None:
    twin = np.linspace(0, 1, 21)
    same = compare_figure("selectivity", twin, twin, 5)
    assert same is not None
    assert (same["above"], same["differs"]) == (0.5, False)
    assert same["twin"] == same["trained"] == [0.05, 0.5, 0.95]
    more, less = (compare_figure("colour", twin + shift, twin, 5) for shift in (0.6, -0.6))
    assert more is not None
    assert less is not None
    assert (more["differs"], less["differs"]) == (True, True)
    assert more["above"] == pytest.approx(1 - less["above"], abs=0.005)


def test_filters_that_all_respond_alike_are_one_filter_which_can_differ_by_chance() -> None:
    random = np.random.default_rng(2)
    responses = random.normal(size=(4000, 6)).astype(np.float32)
    assert independent_filters(responses) == pytest.approx(6, abs=0.1)
    assert independent_filters(np.repeat(responses[:, :1], 6, 1) * [1, -1, 2, -2, 3, 4]) == pytest.approx(1)
    assert independent_filters(np.append(responses, np.ones((4000, 3), np.float32), 1)) == pytest.approx(6, abs=0.1)
    assert independent_filters(np.ones((9, 2), np.float32)) == 0
    values = np.linspace(0, 1, 21)
    unsure, sure = (compare_figure("colour", values + 1, values, independent) for independent in (1.9, 2.0))
    assert unsure is not None
    assert sure is not None
    assert (unsure["differs"], sure["differs"]) == (False, True)
    detail = compare_figure("detail", values + 1, values, 5)
    assert detail is not None
    assert not detail["differs"]


def test_filters_without_a_figure_do_not_count_and_a_few_say_nothing() -> None:
    few = compare_figure("label", np.arange(8.0) + 4, np.arange(8.0), 5)
    assert few is not None
    assert (few["above"] > 0.8, few["differs"]) == (True, False)  # three standard errors are 0.45
    some, gaps = np.arange(8.0), np.append(np.arange(8.0), [np.nan] * 5)
    assert compare_figure("label", gaps, some, 5) == compare_figure("label", some, some, 5)
    assert compare_figure("label", some[1:], some, 5) is None
    assert compare_figure("label", some, np.append(some[1:], np.nan), 5) is None


def test_gradients_are_compared_by_the_ranks_of_their_magnitudes() -> None:
    random = np.random.default_rng(1)
    one, other = (random.normal(size=(3, 6, 7)).round(1).astype(np.float32) for _ in range(2))
    expected = stats.spearmanr(*(np.abs(own).sum(0, dtype=np.float64).ravel() for own in (one, other))).statistic
    assert rank_correlation(one, other) == pytest.approx(expected)
    assert rank_correlation(one, -2 * one) == pytest.approx(1)
    assert rank_correlation(one, np.ones_like(one)) is None


def test_gradients_depend_on_the_weights_if_the_twins_are_little_alike_and_less_than_another_filters() -> None:
    found = conclude_gradients([0.1, 0.3, 0.2], [0.5, 0.6])
    assert found == {"n": 3, "twin": 0.2, "other": 0.55, "differs": True}
    for twin, other in ((0.3, 0.3), (0.6, 0.9)):
        alike = conclude_gradients([twin], [other])
        assert alike is not None
        assert not alike["differs"]
    assert conclude_gradients([], [0.5]) is None
