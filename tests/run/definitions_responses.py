"""The figures of responses, classes and relations, computed by brute force as their sentences say."""

from __future__ import annotations

import numpy as np
from torch import Tensor

from mkdocs_lurk.analysis.filter_labels import split_in_halves
from tests.run.definitions_results import Results, close, defined


@defined("score_max", "The highest value of the filter's output in the picture, before any activation.")
def highest_score(results: Results) -> None:
    for _, record, maps in results.filters():
        for entry in record["top_max"]:
            assert entry["score"] == close(float(maps[entry["image"]].max()))


@defined("score_avg", "The mean of the filter's output over all places of the picture, before any activation.")
def mean_score(results: Results) -> None:
    for _, record, maps in results.filters():
        for entry in record["top_avg"]:
            assert entry["score"] == close(float(maps[entry["image"]].mean()))


@defined("mean", "The mean over {n} pictures of the highest response in each.")
def mean(results: Results) -> None:
    for stats, highest in results.stats():
        assert stats["mean"] == close(float(highest.mean()))


@defined("deviation", "The standard deviation over {n} pictures of the highest response in each.")
def deviation(results: Results) -> None:
    for stats, highest in results.stats():
        assert stats["deviation"] == close(float(((highest - highest.mean()) ** 2).mean().sqrt()))


@defined("highest", "The highest response at any place of any picture.")
def highest(results: Results) -> None:
    for _, record, maps in results.filters():
        assert record["stats"]["max"] == close(float(maps.max()))


@defined("above_zero", "The share of {n} pictures in which the response is above zero at one place at least.")
def above_zero(results: Results) -> None:
    shares = [(record["stats"]["positive_share"], maps) for _, record, maps in results.filters()]
    for share, maps in shares:
        assert share == close(sum(bool((own > 0).any()) for own in maps) / len(maps))
    assert any(share != close(float((maps > 0).float().mean())) for share, maps in shares)  # no share of places


@defined("always_on", "In every picture the mean response over all places is above zero.")
def always_on(results: Results) -> None:
    found = [(record["stats"]["always_on"], maps) for _, record, maps in results.filters()]
    for is_on, maps in found:
        assert is_on == all(float(own.mean()) > 0 for own in maps)
    assert {is_on for is_on, _ in found} == {True, False}
    assert any(is_on and bool((maps < 0).any()) for is_on, maps in found)  # not at every place


@defined("dead", "The response is above zero at no place of any picture.")
def dead(results: Results) -> None:
    found = [(record["stats"]["dead"], maps) for _, record, maps in results.filters()]
    assert [is_dead for is_dead, _ in found] == [not bool((maps > 0).any()) for _, maps in found]
    assert any(is_dead for is_dead, _ in found)


@defined("histogram", "The highest response in each of {n} pictures, counted in 24 steps of equal width.")
def histogram(results: Results) -> None:
    for stats, highest in results.stats():
        edges, counts = stats["histogram"]["edges"], stats["histogram"]["counts"]
        assert len(counts) == len(edges) - 1 == 24
        low, high = float(highest.min()), float(highest.max())
        assert edges == close([low + (high - low) * step / 24 for step in range(25)])
        steps = [min(23, int((float(value) - low) / (high - low) * 24)) for value in highest]
        assert counts == [steps.count(step) for step in range(24)]


@defined(
    "range",
    "Of each picture the highest response counts. At 75 % stands the weakest picture that at least three quarters of "
    "the pictures do not exceed.",
)
def range_of_responses(results: Results) -> None:
    for _, record, maps in results.filters():
        highest = maps.amax((1, 2))
        for entry in [entry for entry in record["range"] if "of" not in entry]:
            candidates = [n for n, own in enumerate(highest) if (highest <= own).float().mean() >= entry["quantile"]]
            expected = min(candidates, key=lambda n: (highest[n], n))
            assert entry["image"] == expected
            assert entry["score"] == close(float(highest[expected]))
            assert entry["position"] == list(divmod(int(maps[expected].argmax()), maps.shape[2]))
        assert [entry["quantile"] for entry in record["range"]] == [1, 0.99, 0.9, 0.75, 0.5, 0.25, 0, 0]


@defined("most_negative", "The picture with the lowest response at any place.")
def most_negative(results: Results) -> None:
    for _, record, maps in results.filters():
        entry = record["range"][-1]
        image, row, column = np.unravel_index(int(maps.argmin()), tuple(maps.shape))
        assert entry["of"] == "minima"
        assert entry["score"] == close(float(maps.min()))
        assert [entry["image"], *entry["position"]] == [image, row, column]


@defined(
    "centred",
    "The part is cut around the place of the response, as large as the median of the filter's best crops.",
)
def centred(results: Results) -> None:
    n_found = 0
    for layer, record, _ in results.filters():
        for entry in [entry for entry in record["range"] if entry["field"] == "centred"]:
            top, left, bottom, right = entry["box"]
            boxes = np.array([best["box"] for best in record["top_max"]])
            assert [bottom - top, right - left] == [round(v) for v in np.median(boxes[:, 2:] - boxes[:, :2], axis=0)]
            row, column = (2 * place if layer == "second" else place for place in entry["position"])
            assert top <= row <= bottom
            assert left <= column <= right
            n_found += 1
    assert n_found


@defined("class_max", "The mean over the class's pictures of the highest response in each.")
def class_max(results: Results) -> None:
    for _, record, maps in results.filters():
        for label, value in record["classes"]["max"]:
            own = [float(one.max()) for one, name in zip(maps, results.labels, strict=True) if name == label]
            assert value == close(sum(own) / len(own))


@defined("class_avg", "The mean over the class's pictures of the mean response in each.")
def class_avg(results: Results) -> None:
    for _, record, maps in results.filters():
        for label, value in record["classes"]["avg"]:
            own = [float(one.mean()) for one, name in zip(maps, results.labels, strict=True) if name == label]
            assert value == close(sum(own) / len(own))


def classes(results: Results, highest: Tensor) -> dict[str, list[float]]:
    """The highest responses by class, or zero where that is below zero."""
    return {
        label: [max(0.0, float(value)) for value in results.of_class(highest, label)]
        for label in sorted(set(results.labels))
    }


def average(values: list[float]) -> float:
    return sum(values) / len(values)


@defined(
    "preference",
    "The class with the highest mean response: over its pictures, of the highest response in each, or zero where that "
    "is below zero. It is named only if its mean is above that of the next class by more than 2.5 standard errors, "
    "from the spread within all classes, and if both have two pictures at least.",
)
def preference(results: Results) -> None:
    named = set()
    for stats, highest in results.stats():
        if stats["dead"]:
            assert stats["selectivity"] is None
            continue
        by_class = classes(results, highest)
        best, following = sorted(by_class, key=lambda label: -average(by_class[label]))[:2]
        spread = sum((value - average(own)) ** 2 for own in by_class.values() for value in own)
        variance = spread / (sum(map(len, by_class.values())) - len(by_class))
        error = (variance / len(by_class[best]) + variance / len(by_class[following])) ** 0.5
        is_named = average(by_class[best]) - average(by_class[following]) > 2.5 * error
        assert stats["selectivity"]["class"] == best
        assert stats["selectivity"]["clear"] == is_named
        named.add(is_named)
    assert named == {True, False}


@defined(
    "label",
    "The class, the group, or the union of up to three of them whose pictures correlate most with the filter's mean "
    "response (Pearson). Half of the pictures choose it, and the correlation r is that of the other half. It is named "
    "only if r is above what 99 of 100 shuffles of the classes reach.",
)
def label(results: Results) -> None:
    names = sorted(set(results.labels))
    numbers = np.array([names.index(own) for own in results.labels])
    is_first = split_in_halves(numbers, np.random.default_rng(0))
    n_named = 0
    for _, record, maps in results.filters():
        found, means = record["label"], maps.mean((1, 2)).double().numpy()
        assert found["n"] == (~is_first).sum()
        if found["any_of"]:
            members = np.isin(numbers, [names.index(name) for name in found["any_of"]])
            assert found["correlation"] == close(np.corrcoef(means[~is_first], members[~is_first])[0, 1])
            unions = [members ^ (numbers == other) for other in range(len(names))]  # a class more, or one less
            scores = [np.corrcoef(means[is_first], own[is_first])[0, 1] for own in unions if 0 < own.sum() < len(own)]
            assert np.corrcoef(means[is_first], members[is_first])[0, 1] >= max(scores) - 1e-6
        assert bool(found["any_of"]) == (found["correlation"] > found["threshold"])
        n_named += bool(found["any_of"])
    assert 0 < n_named < len(list(results.filters()))


@defined(
    "coverage",
    "Of the pictures that did not choose the label, as many with the highest mean responses as belong to it: the share "
    "of them that do.",
)
def coverage(results: Results) -> None:
    names = sorted(set(results.labels))
    numbers = np.array([names.index(own) for own in results.labels])
    rest = ~split_in_halves(numbers, np.random.default_rng(0))
    for _, record, maps in results.filters():
        if record["label"]["any_of"]:
            members = np.isin(numbers, [names.index(name) for name in record["label"]["any_of"]])[rest]
            strongest = np.argsort(-maps.mean((1, 2)).numpy()[rest])[: members.sum()]
            assert record["label"]["coverage"] == close(members[strongest].mean())


@defined(
    "selectivity",
    "The mean response to {class} minus that to the other classes, divided by their sum. Of each picture counts the "
    "highest response, or zero where that is below zero; the other classes count alike.",
)
def selectivity(results: Results) -> None:
    for stats, highest in results.stats():
        if not stats["dead"]:
            by_class = classes(results, highest)
            best = average(by_class.pop(stats["selectivity"]["class"]))
            others = average([average(own) for own in by_class.values()])
            assert stats["selectivity"]["index"] == close((best - others) / (best + others))


@defined(
    "auc",
    "How often a picture of {class} has a higher highest response than a picture of another class; ties count half. "
    "The same pictures chose the class, so that chance alone gives more than 0.5.",
)
def auc(results: Results) -> None:
    for stats, highest in results.stats():
        if not stats["dead"]:
            is_member = [label == stats["selectivity"]["class"] for label in results.labels]
            members = [float(v) for v, own in zip(highest, is_member, strict=True) if own]
            others = [float(v) for v, own in zip(highest, is_member, strict=True) if not own]
            wins = sum((a > b) + (a == b) / 2 for a in members for b in others)
            assert stats["selectivity"]["auc"] == close(wins / len(members) / len(others))


@defined("similar", "Pearson's correlation, over {n} pictures, of the highest responses of the two filters.")
def similar(results: Results) -> None:
    for layer, record, maps in results.filters():
        for other, value in record["stats"]["similar"]:
            pair = [maps.amax((1, 2)).numpy(), results.maps[layer][:, other].amax((1, 2)).numpy()]
            assert value == close(float(np.corrcoef(pair)[0, 1]))


@defined("duplicate", "The highest responses of the two filters correlate at 0.98 or more (Pearson) over the pictures.")
def duplicate(results: Results) -> None:
    n_found = 0
    for layer, record, maps in results.filters():
        highest = results.maps[layer].amax((2, 3)).double()
        own = [float(np.corrcoef(maps.amax((1, 2)), column)[0, 1]) for column in highest.T]
        expected = {n for n, value in enumerate(own) if n != record["index"] and value >= 0.98}
        assert {other for other, _ in record["stats"]["duplicate_of"]} == expected
        n_found += len(expected)
    assert n_found
