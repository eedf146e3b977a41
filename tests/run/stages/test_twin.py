"""The comparison with the shuffled twin: by brute force, on planted networks, and where the twin cannot run."""

from __future__ import annotations

import copy
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from scipy import stats
from torch import Tensor, nn

from mkdocs_lurk.analysis.filter_statistics import filter_statistics
from mkdocs_lurk.analysis.shuffled_twin import shuffled_twin
from mkdocs_lurk.run.stages.twin_responses import TwinResponses
from mkdocs_lurk.run.work import Sizes, UnitResult, WorkUnit
from tests.run.analyses import Project, analysed
from tests.run.networks import input_tensors

PLAIN: dict[str, Any] = {"synthesis": False, "range": False, "top_k": 1, "twin": True}
WIDE = """
import torch
from torch import nn


class Wide(nn.Module):
    def __init__(self):
        super().__init__()
        self.first = nn.Conv2d(3, 12, 3, padding=1)
        self.second = nn.Conv2d(12, 10, 3, padding=1)

    def forward(self, x):
        return self.second(torch.relu(self.first(x))).mean((2, 3))


def wide():
    return Wide()


def shuffled():
    return shuffled_twin(Wide(), 7)


def colourful():
    '''Filters of the first layer that see one colour against another, and none without any.'''
    network = Wide()
    with torch.no_grad():
        kernel = torch.rand(12, 1, 3, 3)
        network.first.weight.copy_(kernel * torch.tensor([1.0, -1.0, 0.0])[:, None, None])
        network.first.bias.zero_()
    return network


def fragile():
    return Fragile()


class Fragile(Wide):
    '''Refuses pictures that its weights do not fit.'''

    def forward(self, x):
        if self.first.weight.flatten()[0] != self.kept:
            raise RuntimeError("other weights")
        return super().forward(x)

    def __init__(self):
        super().__init__()
        self.register_buffer("kept", self.first.weight.detach().flatten()[0].clone())
"""


def source(config: Any, name: str) -> Any:
    file: Path = config.root / "net.py"
    file.write_text("from mkdocs_lurk.analysis.shuffled_twin import shuffled_twin\n" + WIDE)
    return replace(config, models=(replace(config.models[0], source=f"net.py:{name}"),))


def wide() -> nn.Module:
    names: dict[str, Any] = {"shuffled_twin": shuffled_twin}
    exec(WIDE, names)  # noqa: S102 - the text above
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        module: nn.Module = names["wide"]()
    return module.eval()


def maps_of(module: Any, x: Tensor) -> dict[str, Tensor]:
    with torch.no_grad():
        first = module.first(x)
        return {"first": first, "second": module.second(first.relu())}


def test_the_figures_are_those_of_a_network_that_is_shuffled_by_hand(project: Project) -> None:
    config = source(project(**PLAIN), "wide")
    reader = analysed(config, Sizes(shard_pictures=7, response_batch=3))
    twin = reader.record["twin"]
    x = input_tensors(config.root / "pictures")
    maps = maps_of(shuffled_twin(wide(), 0), x)
    labels = np.array([int(image["label"][-1]) for image in reader.record["images"]])
    assert (twin["pictures"], twin["normalised"], twin["kept_statistics"]) == (20, 0, 0)
    for layer in twin["layers"]:
        own = maps[layer["name"]]
        described = filter_statistics(
            own.mean((2, 3)).numpy(), own.amax((2, 3)).numpy(), labels, ("class-0", "class-1", "class-2")
        )
        expected = [stats["selectivity"]["index"] for stats in described if stats["selectivity"]]
        (selectivity,) = [figure for figure in layer["figures"] if figure["figure"] == "selectivity"]
        assert selectivity["twin"] == pytest.approx(np.percentile(expected, (5, 50, 95)), abs=2e-3)
        trained = [record["stats"]["selectivity"] for record in reader.layer(layer["name"])["filters"]]
        indices = [own["index"] for own in trained if own]
        assert selectivity["trained"] == pytest.approx(np.percentile(indices, (5, 50, 95)), abs=2e-3)
        assert {figure["figure"] for figure in layer["figures"]} == {"selectivity", "label"}
        assert 0 <= layer["labelled"][1] <= 1


def test_a_planted_property_differs_from_chance_and_a_twin_of_the_twin_does_not(project: Project) -> None:
    tuned = project(tuning=True, **PLAIN)
    planted = analysed(source(tuned, "colourful")).record["twin"]["layers"][0]
    (colour,) = [figure for figure in planted["figures"] if figure["figure"] == "colour"]
    assert colour["differs"]
    assert colour["trained"][0] == pytest.approx(1, abs=0.01)
    assert colour["twin"][1] < 0.9
    twin_of_twin = analysed(source(tuned, "shuffled")).record["twin"]["layers"]
    assert len(twin_of_twin[0]["figures"]) == 8
    assert [figure["figure"] for layer in twin_of_twin for figure in layer["figures"] if figure["differs"]] == []


def test_what_the_twin_cannot_do_is_said_and_ends_nothing(project: Project) -> None:
    reader = analysed(source(project(sanity_checks=True, **PLAIN), "fragile"))
    assert reader.record["twin"] == {"skipped": "the network with shuffled weights: RuntimeError: other weights"}
    assert reader.layer("first")["filters"][0]["top_max"]


def test_it_can_be_left_out_and_takes_figures_to_compare(project: Project, tmp_path: Path) -> None:
    assert "twin" not in analysed(source(project(**{**PLAIN, "twin": False}), "wide")).record
    flat = project(root=tmp_path / "flat", **PLAIN)
    for number, path in enumerate(sorted((flat.root / "pictures").rglob("*.png"))):
        path.rename(flat.root / "pictures" / f"{number}.png")
    assert "twin" not in analysed(source(flat, "wide")).record


def test_gradients_are_compared_as_by_hand(project: Project) -> None:
    config = source(project(**{**PLAIN, "sanity_checks": True, "twin": False, "gradient": "saliency"}), "wide")
    reader = analysed(config)
    x, networks = input_tensors(config.root / "pictures"), (wide(), shuffled_twin(wide(), 0))
    for layer in reader.record["twin"]["layers"]:
        best = [record["top_max"][0] for record in reader.layer(layer["name"])["filters"]]
        alive = [index for index, entry in enumerate(best) if entry["score"] > 0]
        filters = [alive[round(place * (len(alive) - 1) / 5)] for place in range(6)]
        found: list[list[float]] = [[], []]
        for index, other in zip(filters, [*filters[1:], filters[0]], strict=True):
            image, (row, column) = best[index]["image"], best[index]["position"]
            top, left, bottom, right = best[index]["box"]

            def magnitudes(network: nn.Module, unit: int) -> np.ndarray:  # type: ignore[type-arg]
                picture = x[image : image + 1].clone().requires_grad_()  # noqa: B023
                first = network.first(picture)  # type: ignore[operator]
                maps = first if layer["name"] == "first" else network.second(first.relu())  # type: ignore[operator] # noqa: B023
                (gradient,) = torch.autograd.grad(maps[0, unit, row, column], picture)  # noqa: B023
                return gradient[0].abs().sum(0)[top:bottom, left:right].numpy().ravel()  # noqa: B023

            own = magnitudes(networks[0], index)
            for list_, compared in zip(
                found, (magnitudes(networks[1], index), magnitudes(networks[0], other)), strict=True
            ):
                list_.append(float(stats.spearmanr(own, compared).statistic))
        assert layer["figures"] == []
        assert layer["gradients"]["n"] == 6
        assert layer["gradients"]["twin"] == pytest.approx(np.nanmedian(found[0]), abs=0.01)
        assert layer["gradients"]["other"] == pytest.approx(np.nanmedian(found[1]), abs=0.01)
        assert layer["gradients"]["differs"] == (np.nanmedian(found[0]) < min(0.5, np.nanmedian(found[1])))


def test_gradients_of_a_network_that_learnt_nothing_more_than_its_twin_do_not_differ(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mkdocs_lurk.run.twin.shuffled_twin", lambda module, _seed: copy.deepcopy(module))
    config = source(project(**{**PLAIN, "sanity_checks": True, "twin": False}), "wide")
    for layer in analysed(config).record["twin"]["layers"]:
        assert layer["gradients"]["twin"] == 1
        assert not layer["gradients"]["differs"]


def test_what_is_stored_is_not_computed_again(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    computed: list[int] = []
    compute = TwinResponses.compute

    def counting(self: TwinResponses, unit: WorkUnit) -> UnitResult:
        computed.append(len(unit.items))
        return compute(self, unit)

    monkeypatch.setattr(TwinResponses, "compute", counting)
    config = source(project(**PLAIN), "wide")
    analysed(config)
    assert sum(computed) == 20
    again = replace(config, models=(replace(config.models[0], range=True),))
    assert "twin" in analysed(again).record
    assert sum(computed) == 20
