"""The figures of the effect on the output, computed by brute force as their sentences say."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from tests.run.definitions_results import LAYERS, Results, defined


def contributions(results: Results) -> dict[str, Tensor]:
    """Return by layer the contributions to the output for each picture's class, ``(n_pictures, n_filters)``."""
    module, outputs = results.module, [int(label.removeprefix("class-")) for label in results.labels]
    first = module.first(results.x)
    rectified = F.relu(first)
    second = module.second(rectified * module.gate(rectified))
    up = module.up(F.relu(second))
    chosen = module.head(F.relu(up).mean((2, 3)))[range(len(outputs)), outputs].sum()
    gradients = torch.autograd.grad(chosen, [first, second, up])
    found = {}
    for layer, gradient in zip(LAYERS, gradients, strict=True):
        maps = results.maps[layer]
        found[layer] = ((maps - maps.mean((0, 2, 3))[:, None, None]) * gradient).sum((2, 3))
    return found


@defined(
    "contribution",
    "The mean over the pictures of the class of what the filter contributes to the network's output for it: its value "
    "at each place, minus the mean of all its values in all pictures, times the gradient of the output with respect to "
    "that value, added up over the places. It estimates what the output would lose if that mean stood in place of the "
    "filter's map. A class is named only if this is more than two standard errors from zero, and it has two pictures "
    "at least.",
)
def contribution(results: Results) -> None:
    found, n_named = contributions(results), 0
    for layer, record, _ in results.filters():
        own = found[layer][:, record["index"]]
        of_class = {label: results.of_class(own, label) for label in set(results.labels)}
        means = {label: float(values.mean()) for label, values in of_class.items()}
        errors = {label: float(values.std() / len(values) ** 0.5) for label, values in of_class.items()}
        named = {label: value for label, value, _ in (*record["effect"]["raises"], *record["effect"]["lowers"])}
        assert named.keys() == {label for label in means if abs(means[label]) > 2 * errors[label]}
        assert all(value == pytest.approx(means[label], rel=1e-2) for label, value in named.items())
        n_named += len(named)
    assert 0 < n_named < 3 * sum(len(own[0]) for own in found.values())


@defined(
    "effect_share",
    "Of the absolute contributions of all filters of the layer, to the output for the class of each picture, added up "
    "over the pictures: this filter's share.",
)
def effect_share(results: Results) -> None:
    found = contributions(results)
    for layer, record, _ in results.filters():
        sums = found[layer].abs().sum(0)
        assert record["effect"]["share"] == pytest.approx(float(sums[record["index"]] / sums.sum()), rel=1e-2)
