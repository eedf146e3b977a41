"""The figures of the effect on the output, computed by brute force as their sentences say."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from tests.run.analyses import analysed
from tests.run.definitions_results import LAYERS, Results, defined
from tests.run.networks import input_tensors, tiny_network


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


@defined(
    "conductance",
    "The mean over the pictures of the class of what the filter contributes to the network's output for it, along a "
    "straight line of pictures from the mean picture to the picture: the change of its value at each place from one "
    "step to the next, times the mean of the gradients of the output at both steps, added up over places and steps. A "
    "class is named only if this is more than two standard errors from zero, and it has two pictures at least.",
)
def conductance(_: Results) -> None:
    from tests.run.conftest import project

    with TemporaryDirectory() as folder:
        config = project.__wrapped__(Path(folder))(count=9, synthesis=False, range=False, effect={"steps": 3})
        reader, x = analysed(config), input_tensors(config.root / "pictures")
        records = reader.layer("first")["filters"]
    module, targets, mean = tiny_network(), torch.arange(9) // 3, x.mean(0)
    found, before = torch.zeros(9, 6), None
    for step in range(4):
        maps = module.first(mean + step / 3 * (x - mean))  # type: ignore[operator]
        second = module.second(F.relu(maps))  # type: ignore[operator]
        outputs = module.head(F.relu(second).mean((2, 3)))  # type: ignore[operator]
        (gradients,) = torch.autograd.grad(outputs[range(9), targets].sum(), maps)
        if before is not None:
            found += ((maps.detach() - before[0]) * (gradients + before[1]) / 2).sum((2, 3))
        before = maps.detach(), gradients
    means = found.view(3, 3, 6).mean(1)
    n_named = 0
    for record in records:
        for label, value, _ in (*record["effect"]["raises"], *record["effect"]["lowers"]):
            own = float(means[int(label.removeprefix("class-")), record["index"]])
            assert value == pytest.approx(own, rel=1e-2)
            n_named += 1
    assert n_named


@defined(
    "without_it",
    "The filter's map is replaced by the mean of all its values in all pictures, and the network runs on from there. A "
    "picture is named right if the output for its class is the largest. The pictures are up to 32 of the class that "
    "the filter raises most, and up to 32 of all, both evenly spaced.",
)
def without_it(results: Results) -> None:
    """There are 24 pictures: all of them count."""
    module, n_tested = results.module, 0
    outputs = torch.tensor([int(label.removeprefix("class-")) for label in results.labels])
    for layer, record, maps in results.filters():
        exact = record["effect"].get("exact")
        if layer != "up" or exact is None:
            continue
        changed = results.maps["up"].clone()
        changed[:, record["index"]] = maps.mean()
        scores = [module.head(F.relu(own).mean((2, 3))).detach() for own in (results.maps["up"], changed)]
        right = [(own.argmax(1) == outputs) for own in scores]
        change = (scores[1] - scores[0])[range(len(outputs)), outputs]
        assert exact["n"] == len(outputs)
        assert exact["right"] == [int(own.sum()) for own in right]
        assert exact["change"] == pytest.approx(float(change.mean()), rel=1e-2, abs=1e-5)
        if exact["of_class"] is not None:
            name, n, before, after, lost = exact["of_class"]
            assert name == record["effect"]["raises"][0][0]
            of_class = [results.of_class(own, name) for own in right]
            assert (n, before, after) == (len(of_class[0]), int(of_class[0].sum()), int(of_class[1].sum()))
            assert lost == pytest.approx(float(results.of_class(change, name).mean()), rel=1e-2, abs=1e-5)
        n_tested += 1
    assert n_tested == 4
