"""Labels on planted responses, against an exhaustive search and np.corrcoef, and where there is nothing to find."""

from __future__ import annotations

from collections import Counter
from itertools import combinations

import numpy as np
import pytest

from mkdocs_lurk.analysis import filter_labels
from mkdocs_lurk.analysis.filter_labels import LabelFinder, class_sums, split_in_halves, standardise
from mkdocs_lurk.analysis.label_search import Candidates, search

CLASSES = tuple("abcdefghij")
LABELS = np.repeat(np.arange(10), 12)
GROUPS = {"vowels": ["a", "e", "i"], "all": list(CLASSES), "one": ["b"], "unknown": ["y", "z"], "late": list("fghij")}


def planted(*sets: str, noise: float = 0.5, seed: int = 0) -> np.ndarray:
    """Responses of one filter per set of classes: 1 for its pictures, 0 for others, and noise."""
    random = np.random.default_rng(seed)
    truth = np.stack([np.isin(LABELS, [CLASSES.index(name) for name in names]) for names in sets], axis=1)
    return (truth + noise * random.normal(size=truth.shape)).astype(np.float32)


def finder(responses: np.ndarray, labels: np.ndarray = LABELS, seed: int = 0, **more: object) -> LabelFinder:
    return LabelFinder(labels, CLASSES, more.get("groups", {}), seed, responses)  # type: ignore[arg-type]


def test_planted_classes_are_found_and_nothing_else() -> None:
    responses = planted("c", "bd", "hgf", "", noise=0.3)
    found = finder(responses).find(responses)
    assert [sorted(label.parts) for label in found] == [["c"], ["b", "d"], ["f", "g", "h"], []]
    assert all(label.correlation > 0.6 > label.threshold for label in found[:3])


def test_an_output_finds_its_own_class_and_a_class_more_or_less_lowers_its_score() -> None:
    """One output per class, with half of the signal for a class that is like it."""
    own, like = LABELS[:, None] == np.arange(10), LABELS[:, None] == (np.arange(10) + 1) % 10
    noise = 0.3 * np.random.default_rng(1).normal(size=own.shape)
    responses = (own + 0.3 * like + noise).astype(np.float32)
    found = finder(responses).find(responses)
    assert [label.parts[0] for label in found] == list(CLASSES)
    for column, label in enumerate(found):
        members = np.isin(LABELS, [CLASSES.index(part) for part in label.parts])
        score = np.corrcoef(responses[:, column], members)[0, 1]
        for number in range(10):
            other = members ^ (number == LABELS)
            if len(label.parts) == 1 and other.any():
                assert np.corrcoef(responses[:, column], other)[0, 1] < score


def test_a_group_is_found_by_its_name_and_joined_with_a_class() -> None:
    responses = planted("aei", "fghij", "aeib", noise=0.2)
    found = finder(responses, groups=GROUPS).find(responses)
    assert [label.parts for label in found] == [("vowels",), ("late",), ("vowels", "b")]


def test_every_figure_is_of_the_half_that_did_not_choose() -> None:
    responses = planted("c", "bd", noise=0.6).round(1)  # with ties
    found = finder(responses, seed=3).find(responses)
    is_first = split_in_halves(LABELS, np.random.default_rng(3))
    rest_labels, rest = LABELS[~is_first], responses[~is_first]
    for column, label in enumerate(found):
        own = rest[:, column].astype(float)
        members = np.isin(rest_labels, [CLASSES.index(part) for part in label.parts])
        assert label.correlation == pytest.approx(np.corrcoef(own, members)[0, 1], rel=1e-4)
        figures = label.figures
        assert figures is not None
        assert figures.members == members.sum()
        assert figures.mean == pytest.approx(own[members].mean(), rel=1e-4)
        assert figures.rest == pytest.approx(own[~members].mean(), rel=1e-4, abs=1e-6)
        strongest = np.argsort(-own, kind="stable")[: members.sum()]
        assert figures.coverage == pytest.approx(members[strongest].mean())
        others = Counter(CLASSES[rest_labels[n]] for n in sorted(strongest) if not members[n])
        assert dict(figures.misses).items() <= others.items()
        assert sum(count for _, count in figures.misses) == sum(sorted(others.values())[::-1][:3])


def test_the_search_finds_what_trying_every_union_finds() -> None:
    """Of classes of equal size; it stops where no class raises the correlation."""
    random = np.random.default_rng(2)
    responses = (planted("", "a", "ab", "abc", "abcd", "abcdef") + random.normal(size=(120, 6))).astype(np.float32)
    counts = np.bincount(LABELS)
    usable = np.ones(10, np.bool_)
    found = search(class_sums(standardise(responses), LABELS, counts), counts, Candidates.of(CLASSES, {}, usable))
    for column in range(6):
        scores = {
            union: np.corrcoef(responses[:, column], np.isin(LABELS, union))[0, 1]
            for size in (1, 2, 3)
            for union in combinations(range(10), size)
        }
        best = max(scores, key=lambda union: scores[union])
        assert set(np.flatnonzero(found.classes[column])) == set(best)
        assert found.correlations[column] == pytest.approx(scores[best], rel=1e-4)


def test_chance_names_about_one_filter_in_a_hundred() -> None:
    """Responses that have nothing to do with the classes, sparse ones among them."""
    random = np.random.default_rng(5)
    responses = np.maximum(random.normal(size=(120, 3000)) - np.linspace(-3, 2, 3000), 0).astype(np.float32)
    found = finder(responses).find(responses)
    assert 0.003 < np.mean([bool(label.parts) for label in found]) < 0.02


def test_a_threshold_is_what_shuffles_with_a_whole_search_of_their_own_reach(monkeypatch: pytest.MonkeyPatch) -> None:
    responses = planted("", noise=1.0)
    found = finder(responses).find(responses)[0]
    random = np.random.default_rng(9)
    reached = []
    monkeypatch.setattr(filter_labels, "SHUFFLES", 100)  # of them only the search with all classes counts here
    for _ in range(300):
        shuffled = random.permutation(LABELS)
        label = finder(responses, shuffled, seed=int(random.integers(1 << 30))).find(responses)[0]
        reached.append(label.correlation)
    assert np.quantile(reached, 0.99) == pytest.approx(found.threshold, abs=0.08)


@pytest.mark.parametrize("constant", [0.0, 1e6])
def test_a_constant_filter_has_no_label(constant: float) -> None:
    responses = np.concatenate([planted("a"), np.full((120, 1), constant, np.float32)], axis=1)
    assert finder(responses).find(responses)[1].parts == ()
    assert finder(responses[:, 1:]).find(responses[:, 1:])[0].parts == ()


def test_halves_share_each_class_and_differ_by_the_seed() -> None:
    labels = np.array([0] * 7 + [1] * 2 + [2] * 5 + [3])
    is_first = split_in_halves(labels, np.random.default_rng(0))
    counts = [np.bincount(labels[own], minlength=4) for own in (is_first, ~is_first)]
    assert np.abs(counts[0] - counts[1]).max() <= 1
    assert abs(int(is_first.sum()) - int((~is_first).sum())) <= 1
    assert not np.array_equal(is_first, split_in_halves(labels, np.random.default_rng(1)))


def test_pictures_without_a_class_and_classes_of_one_picture_do_not_count() -> None:
    labels = np.where(np.arange(120) % 12 < 4, LABELS, -1)
    labels[labels == 9] = -1
    labels[119] = 9
    responses = planted("j", "b", noise=0.1)
    found = finder(responses, labels).find(responses)
    assert found[1].parts == ("b",)
    assert "j" not in found[0].parts


@pytest.mark.parametrize(
    ("labels", "problem"),
    [
        (
            np.where(np.arange(120) < 19, LABELS % 2, -1),
            "of 19 pictures with a class, half would prove nothing; it takes 20",
        ),
        (np.zeros(120, np.int64), "it takes two classes of at least two pictures each"),
    ],
)
def test_too_little_says_why(labels: np.ndarray, problem: str) -> None:
    assert finder(planted("a"), labels).problem == problem
