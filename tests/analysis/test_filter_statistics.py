from __future__ import annotations

import numpy as np
import pytest

from mkdocs_lurk.analysis.filter_statistics import filter_statistics

NO_LABELS = np.full(40, -1)


def random_responses(n: int = 40, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(n, 5)).astype(np.float32)


def test_dead_and_always_on() -> None:
    maxima, means = random_responses(), random_responses(seed=1)
    maxima[:, 0] = -np.abs(maxima[:, 0])
    means[:, 1] = np.abs(means[:, 1]) + 0.1
    statistics = filter_statistics(means, maxima, NO_LABELS, ())
    assert [one["dead"] for one in statistics] == [True, False, False, False, False]
    assert [one["always_on"] for one in statistics] == [False, True, False, False, False]
    assert all(one["selectivity"] is None for one in statistics)


def test_duplicates_name_each_other() -> None:
    maxima = random_responses()
    maxima[:, 3] = 2 * maxima[:, 1] + 1
    statistics = filter_statistics(maxima, maxima, NO_LABELS, ())
    assert statistics[1]["duplicate_of"] == [(3, pytest.approx(1.0, abs=1e-4))]
    assert statistics[3]["duplicate_of"] == [(1, pytest.approx(1.0, abs=1e-4))]
    assert statistics[0]["duplicate_of"] == []


def test_similar_filters_are_named_by_their_indices_in_the_layer() -> None:
    maxima = random_responses()
    maxima[:, 3] = 2 * maxima[:, 1] + 1
    statistics = filter_statistics(maxima, maxima, NO_LABELS, (), [2, 5, 7, 11, 13])
    assert statistics[1]["duplicate_of"] == [(11, pytest.approx(1.0, abs=1e-4))]


def test_selectivity_is_that_of_the_paper() -> None:
    labels = np.repeat([0, 1, 2], [10, 20, 10])
    maxima = np.ones((40, 1), np.float32)
    maxima[labels == 2] = 3.0
    selectivity = filter_statistics(maxima, maxima, labels, ("a", "b", "c"))[0]["selectivity"]
    assert selectivity == {"index": pytest.approx((3 - 1) / (3 + 1)), "class": "c", "auc": 1.0, "clear": True}


def test_area_under_the_curve_is_the_share_of_ordered_pairs() -> None:
    maxima, labels = np.round(random_responses(), 1), np.arange(40) % 4
    for column, one in enumerate(filter_statistics(maxima, maxima, labels, ("a", "b", "c", "d"))):
        is_member = labels == "abcd".index(one["selectivity"]["class"])
        members, others = maxima[is_member, column], maxima[~is_member, column]
        share = (members[:, None] > others).mean() + 0.5 * (members[:, None] == others).mean()
        assert one["selectivity"]["auc"] == pytest.approx(share, abs=1e-3)


def test_a_class_that_does_not_stand_out_is_no_clear_preference() -> None:
    labels = np.arange(40) % 4
    maxima = np.random.default_rng(0).normal(5, 1, (40, 2)).astype(np.float32)
    maxima[labels == 2] += np.array([4.0, 0.0], np.float32)
    first, second = (one["selectivity"] for one in filter_statistics(maxima, maxima, labels, ("a", "b", "c", "d")))
    assert first["class"] == "c"
    assert [first["clear"], second["clear"]] == [True, False]
    maxima[:, 0] = np.where(labels == 2, 392, 391)
    maxima[0, 0] += 40
    assert not filter_statistics(maxima, maxima, labels, ("a", "b", "c", "d"))[0]["selectivity"]["clear"]


def test_a_class_of_one_picture_is_no_clear_preference() -> None:
    labels, maxima = np.array([0] * 12 + [1]), np.ones((13, 1), np.float32)
    maxima[12] = 100
    (one,) = filter_statistics(maxima, maxima, labels, ("a", "b"))
    assert one["selectivity"]["class"] == "b"
    assert not one["selectivity"]["clear"]
    (one,) = filter_statistics(maxima, maxima, np.arange(13), tuple("abcdefghijklm"))
    assert not one["selectivity"]["clear"]


@pytest.mark.parametrize(("n_classes", "n_images"), [(2, 10), (2, 60), (5, 10), (8, 160), (20, 100)])
def test_few_filters_prefer_a_class_by_chance(n_classes: int, n_images: int) -> None:
    random = np.random.default_rng(1)
    maxima = np.concatenate(
        [random.normal(3, 1, (n_images, 400)), random.exponential(1, (n_images, 400))], axis=1
    ).astype(np.float32)
    statistics = filter_statistics(maxima, maxima, np.arange(n_images) % n_classes, tuple(map(str, range(n_classes))))
    assert np.mean([one["selectivity"]["clear"] for one in statistics]) < 0.05


def test_histogram_counts_every_picture() -> None:
    maxima = random_responses()
    for column, one in enumerate(filter_statistics(maxima, maxima, NO_LABELS, ())):
        assert sum(one["histogram"]["counts"]) == 40
        assert one["histogram"]["edges"][0] == pytest.approx(maxima[:, column].min(), rel=1e-3)


def test_too_few_pictures_give_no_similarity_and_no_selectivity() -> None:
    maxima = random_responses(5)
    statistics = filter_statistics(maxima, maxima, np.array([0, 1, 0, 1, 0]), ("a", "b"))
    assert statistics[0]["similar"] == []
    assert statistics[0]["selectivity"] is None


def test_similar_filters_of_a_wide_layer_are_those_of_all_correlations() -> None:
    """More filters than are compared at once."""
    maxima = np.random.default_rng(0).normal(size=(40, 700)).astype(np.float32)
    maxima[:, 650] = maxima[:, 3]
    true = np.corrcoef(maxima.astype(np.float64), rowvar=False)
    np.fill_diagonal(true, -np.inf)
    for column, one in enumerate(filter_statistics(maxima, maxima, NO_LABELS, ())):
        best = np.argsort(-true[column], kind="stable")[:6]
        assert [index for index, _ in one["similar"]] == best.tolist()
        assert [value for _, value in one["similar"]] == pytest.approx(true[column][best].tolist(), rel=1e-3)
