"""Whether filters answer to several kinds of things, computed by brute force as the sentences say."""

from __future__ import annotations

from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from tests.run.definitions_results import Results, close, defined


def _described(results: Results) -> list[tuple[dict, NDArray[np.float64]]]:  # type: ignore[type-arg]
    """The facets of each filter, and the description of each of its places at length 1, the strongest first."""
    found = []
    for layer, record, maps in results.filters():
        if "skipped" in record["facets"]:
            continue
        all_maps, rows = results.maps[layer], []
        for image in sorted(range(len(maps)), key=lambda image: -float(maps[image].max()))[: record["facets"]["n"]]:
            y, x = divmod(int(maps[image].argmax()), maps.shape[2])
            rows.append(
                [
                    max(0.0, float(all_maps[image, other, y, x])) / max(float(all_maps[:, other].max()), 1e-9)
                    for other in range(all_maps.shape[1])
                    if other != record["index"]
                ]
            )
        units = np.array(rows)
        found.append((record["facets"], units / np.linalg.norm(units, axis=1, keepdims=True)))
    assert len(found) > 5
    return found


@defined(
    "facets",
    "Of up to {n} pictures that excite the filter most, the place of the highest response counts. It is described by "
    "what the other filters of the layer respond there, each as a share of its highest response to any picture, and "
    "nothing below zero. K-means divides the places into two to four kinds of at least four, if of 99 sets drawn from "
    "a single Gaussian of the same spread none can be divided as well.",
)
def facets(results: Results) -> None:
    for _, record, maps in results.filters():
        own = record["facets"]
        if "skipped" in own:
            few = int((maps.amax((1, 2)) > 0).sum()) < 8
            assert few == (own["skipped"] == "fewer than 8 pictures excite the filter")
            continue
        assert own["n"] == 8  # of 24 pictures a quarter would be less
        assert [group["n"] >= 4 for group in own["groups"]] == [True] * len(own["groups"])
        assert (own["chance"] <= 0.01) == bool(own["groups"])
        assert len(own["groups"]) in (0, 2, 3, 4)


@defined("clarity", "The mean cosine of the descriptions of two places.")
def clarity(results: Results) -> None:
    for own, units in _described(results):
        assert own["clarity"] == close(np.mean([one @ other for one, other in combinations(units, 2)]), abs=2e-3)


@defined(
    "polysemanticity",
    "One minus the cosine of the mean descriptions of two halves: the best division in two, of at least four places "
    "each.",
)
def polysemanticity(results: Results) -> None:
    n_best = n_found = 0
    for own, units in _described(results):
        divisions = [list(one) for one in combinations(range(8), 4) if 0 in one]
        best = min(divisions, key=lambda rows: _left(units, rows))
        n_found += own["polysemanticity"] is not None
        n_best += own["polysemanticity"] == close(_unlike(units, best), abs=2e-3)
    assert n_best >= 0.8 * n_found > 0  # k-means may miss the best


def _left(units: NDArray[np.float64], rows: list[int]) -> float:
    is_one = np.isin(np.arange(len(units)), rows)
    return float(sum(np.square(part - part.mean(0)).sum() for part in (units[is_one], units[~is_one])))


def _unlike(units: NDArray[np.float64], rows: list[int]) -> float:
    is_one = np.isin(np.arange(len(units)), rows)
    one, other = units[is_one].mean(0), units[~is_one].mean(0)
    return float(1 - one @ other / np.linalg.norm(one) / np.linalg.norm(other))
