from __future__ import annotations

import numpy as np
import pytest

from mkdocs_lurk.analysis.filter_statistics import filter_statistics, similarity_order


def responses(n: int = 40, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(n, 5)).astype(np.float32)


def test_dead_and_always_on() -> None:
    maxima, means = responses(), responses(seed=1)
    maxima[:, 0] = -np.abs(maxima[:, 0])
    means[:, 1] = np.abs(means[:, 1]) + 0.1
    found = filter_statistics(means, maxima, np.full(40, -1), ())
    assert [one["dead"] for one in found] == [True, False, False, False, False]
    assert [one["always_on"] for one in found] == [False, True, False, False, False]
    assert all(one["selectivity"] is None for one in found)


def test_duplicates_are_found_both_ways() -> None:
    maxima = responses()
    maxima[:, 3] = 2 * maxima[:, 1] + 1
    found = filter_statistics(maxima, maxima, np.full(40, -1), ())
    assert found[1]["duplicate_of"] == [[3, pytest.approx(1.0, abs=1e-4)]]
    assert found[3]["duplicate_of"] == [[1, pytest.approx(1.0, abs=1e-4)]]
    assert found[0]["duplicate_of"] == []


def test_relatives_go_by_their_own_numbers() -> None:
    maxima = responses()
    maxima[:, 3] = 2 * maxima[:, 1] + 1
    found = filter_statistics(maxima, maxima, np.full(40, -1), (), [2, 5, 7, 11, 13])
    assert found[1]["duplicate_of"] == [[11, pytest.approx(1.0, abs=1e-4)]]


def test_selectivity_is_that_of_the_paper() -> None:
    labels = np.repeat([0, 1, 2], [10, 20, 10])
    maxima = np.ones((40, 1), np.float32)
    maxima[labels == 2] = 3.0
    found = filter_statistics(maxima, maxima, labels, ("a", "b", "c"))[0]["selectivity"]
    assert found == {"index": pytest.approx((3 - 1) / (3 + 1)), "class": "c", "auc": 1.0}


def test_area_counts_pairs() -> None:
    maxima, labels = np.round(responses(), 1), np.arange(40) % 4
    for index, one in enumerate(filter_statistics(maxima, maxima, labels, ("a", "b", "c", "d"))):
        mine = maxima[labels == "abcd".index(one["selectivity"]["class"]), index]
        rest = maxima[labels != "abcd".index(one["selectivity"]["class"]), index]
        wins = (mine[:, None] > rest).mean() + 0.5 * (mine[:, None] == rest).mean()
        assert one["selectivity"]["auc"] == pytest.approx(wins, abs=1e-3)


def test_histogram_counts_every_picture() -> None:
    maxima = responses()
    for index, one in enumerate(filter_statistics(maxima, maxima, np.full(40, -1), ())):
        assert sum(one["histogram"]["counts"]) == 40
        assert one["histogram"]["edges"][0] == pytest.approx(maxima[:, index].min(), rel=1e-3)


def test_few_pictures_say_nothing() -> None:
    maxima = responses(5)
    found = filter_statistics(maxima, maxima, np.array([0, 1, 0, 1, 0]), ("a", "b"))
    assert found[0]["similar"] == []
    assert found[0]["selectivity"] is None


def test_like_filters_stand_together() -> None:
    maxima = responses()
    maxima[:, 4] = maxima[:, 0] + 0.01 * maxima[:, 2]
    order = similarity_order(maxima)
    assert sorted(order) == [0, 1, 2, 3, 4]
    assert order[:2] == [0, 4]
