"""What filters contribute to classes, as it is recorded: against a computation by hand, and where it is not known."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from scipy.stats import spearmanr
from torch import Tensor
from torch.nn import functional as F

from mkdocs_lurk.records.model_record import LayerRecord
from mkdocs_lurk.run.work import Sizes
from mkdocs_lurk.store import ModelReader
from tests.run.analyses import Project, analysed
from tests.run.networks import draw, input_tensors, tiny_network

ODD = """
import torch
from torch import nn

class Odd(nn.Module):
    def __init__(self, n_outputs, end):
        super().__init__()
        self.first, self.second = nn.Conv2d(3, 6, 3), nn.Conv2d(6, 5, 3)
        self.head, self.end = nn.Linear(5, n_outputs), end

    def forward(self, x):
        x = self.second(torch.relu(self.first(x)))
        z = self.head(torch.relu(x).mean((2, 3)))
        return {"pair": lambda: (z, z), "flat": lambda: z.detach(), "plain": lambda: z}[self.end]()

def odd(n_outputs=3, end="plain"):
    torch.manual_seed(0)
    return Odd(n_outputs, end)
"""


def layer(reader: ModelReader, name: str) -> LayerRecord:
    return reader.layer(name)  # type: ignore[return-value]


def by_hand(x: Tensor, outputs: Tensor, name: str) -> np.ndarray:
    """Return contributions to one output of each picture, ``(n, n_filters)``, by a gradient of the layer's output."""
    module = tiny_network()
    first = module.first(x)
    second = module.second(F.relu(first))
    z = module.head(F.relu(second).mean((2, 3)))
    maps = {"first": first, "second": second}[name]
    (gradient,) = torch.autograd.grad(z[range(len(x)), outputs].sum(), maps)
    return ((maps - maps.mean((0, 2, 3))[:, None, None]) * gradient).sum((2, 3)).detach().numpy()


def test_means_by_class_are_those_of_a_computation_by_hand(project: Project) -> None:
    """The labels are class-0, class-1 and class-2, which the three outputs are assumed to be, in this order."""
    config = project(
        count=12, synthesis=False, labels=False, range=False, filters={"first": "all", "second": [0, 2, 4]}
    )
    reader = analysed(config, Sizes(shard_pictures=5, effect_batch=2))
    x = input_tensors(config.root / "pictures")
    targets = torch.arange(12) // 4
    for name, chosen in (("first", range(6)), ("second", [0, 2, 4])):
        expected = by_hand(x, targets, name)
        means = np.stack([expected[targets == own].mean(0) for own in range(3)])
        errors = np.stack([expected[targets == own].std(0, ddof=1) / 2 for own in range(3)])
        shares = np.abs(expected).sum(0) / np.abs(expected).sum()
        record = layer(reader, name)
        for index, item in zip(chosen, record["filters"], strict=True):
            effect = item["effect"]
            assert "skipped" not in effect
            assert (effect["by"], effect["of"], effect["steps"]) == ("right", "output", 0)
            assert (effect["n"], effect["compared"]) == (12, 3)
            assert effect["share"] == pytest.approx(shares[index], rel=1e-2)
            for sign, found in ((1, effect["raises"]), (-1, effect["lowers"])):
                order = sorted(range(3), key=lambda own: -sign * means[own, index])
                named = [own for own in order if sign * means[own, index] > 2 * errors[own, index]]
                assert [one[0] for one in found] == [f"class-{own}" for own in named]
                assert [one[1] for one in found] == pytest.approx([means[own, index] for own in named], rel=1e-2)
        makers = dict(record["effect"]["makers"])
        assert list(makers) == ["class-0", "class-1", "class-2"]
        for own in range(3):
            order = sorted(chosen, key=lambda index: -means[own, index])
            named = [index for index in order if means[own, index] > 2 * errors[own, index]][:4]
            assert [index for index, _ in makers[f"class-{own}"]] == named


def test_without_labels_the_largest_output_counts(project: Project, tmp_path: Path) -> None:
    draw(tmp_path / "nested", 9)
    for path in sorted((tmp_path / "nested").rglob("*.png")):
        (tmp_path / "flat").mkdir(exist_ok=True)
        path.rename(tmp_path / "flat" / path.name)
    config = project(count=9, synthesis=False, range=False, images="flat")
    reader = analysed(config)
    module, x = tiny_network(), input_tensors(config.root / "flat")
    with torch.no_grad():
        predicted = module(x).argmax(1)
    effects = [item["effect"] for item in layer(reader, "first")["filters"]]
    assert {(effect["by"], effect["n"]) for effect in effects} == {("largest", 9)}
    names = {name for effect in effects for name, _, _ in (*effect["raises"], *effect["lowers"])}
    counts = np.bincount(predicted, minlength=3)
    assert names <= {f"output {own}" for own in range(3) if counts[own] >= 2}
    assert names


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        ({"end": "pair"}, "the network gives something else for a picture, and not a number for each class"),
        ({"n_outputs": 1}, "the network gives a single number for a picture, and not a number for each class"),
        ({"end": "flat"}, "no gradient leads from the network's output to its layers"),
    ],
)
def test_networks_without_measurable_outputs_say_why(
    project: Project, tmp_path: Path, arguments: dict, reason: str
) -> None:
    (tmp_path / "odd.py").write_text(ODD)
    off = {"synthesis": False, "range": False, "labels": False}
    config = project(count=3, source="odd.py:odd", arguments=arguments, **off)
    reader = analysed(config)
    for name in ("first", "second"):
        assert all(item["effect"] == {"skipped": reason} for item in layer(reader, name)["filters"])
        assert "effect" not in layer(reader, name)


def test_integrated_contributions_add_up_over_a_cut(project: Project) -> None:
    config = project(count=9, synthesis=False, labels=False, range=False, effect={"steps": 24})
    reader = analysed(config, Sizes(shard_pictures=4))
    x = input_tensors(config.root / "pictures")
    with torch.no_grad():
        outputs = tiny_network()(torch.cat([x, x.mean(0, keepdim=True)]))
    targets = torch.arange(9) // 3
    expected = float((outputs[range(9), targets] - outputs[-1, targets]).mean())
    for name in ("first", "second"):
        record = layer(reader, name)
        found = record["effect"]["sum"]
        assert found["layers"] == [name]
        assert found["difference"] == pytest.approx(expected, rel=1e-2)
        assert found["sum"] == found["own"] == pytest.approx(expected, rel=0.05, abs=2e-3)
        assert found["error"] is not None
        assert found["error"] < 0.1
        assert {item["effect"]["steps"] for item in record["filters"]} == {24}


def test_without_a_filter_the_network_gives_what_a_run_by_hand_gives(project: Project) -> None:
    off = {"synthesis": False, "labels": False, "range": False}
    config = project(count=12, **off, effect={"exact": 2})
    reader = analysed(config, Sizes(shard_pictures=5, effect_batch=3, ablation_pictures=12))
    x, targets, module = input_tensors(config.root / "pictures"), torch.arange(12) // 4, tiny_network()
    shared = [0, 2, 4, 6, 8, 10]
    record = layer(reader, "second")
    tested = {item["index"]: item["effect"] for item in record["filters"] if "exact" in item["effect"]}
    assert sorted(effect["exact"]["random"] for effect in tested.values()) == [False, False, True, True]
    by_share = sorted(record["filters"], key=lambda item: -item["effect"]["share"])
    assert {item["index"] for item in by_share[:2]} == {i for i, e in tested.items() if not e["exact"]["random"]}
    estimates, losses = [], []
    with torch.no_grad():
        maps = module.second(F.relu(module.first(x)))
    expected = by_hand(x, targets, "second")
    for index, effect in tested.items():
        exact = effect["exact"]
        with torch.no_grad():
            changed = maps.clone()
            changed[:, index] = maps[:, index].mean()
            before, after = (module.head(F.relu(own).mean((2, 3))) for own in (maps, changed))
        loss = (before - after)[range(12), targets].numpy()
        assert exact["n"] == len(shared)
        assert exact["change"] == pytest.approx(-loss[shared].mean(), rel=1e-2, abs=1e-5)
        assert exact["estimated"] == pytest.approx(-expected[shared, index].mean(), rel=1e-2, abs=1e-5)
        right = [[int(own) for own in scores.argmax(1) == targets] for scores in (before, after)]
        assert exact["right"] == [sum(own[image] for image in shared) for own in right]
        if effect["raises"]:
            own = int(effect["raises"][0][0].removeprefix("class-"))
            rows = slice(4 * own, 4 * own + 4)
            assert exact["of_class"][:4] == [f"class-{own}", 4, sum(right[0][rows]), sum(right[1][rows])]
            assert exact["of_class"][4] == pytest.approx(-loss[rows].mean(), rel=1e-2, abs=1e-5)
        estimates.append(expected[shared, index])
        losses.append(loss[shared])
    summary = record["effect"]["exact"]
    assert (summary["filters"], summary["pairs"]) == (4, 24)
    assert summary["correlation"] == pytest.approx(spearmanr(np.ravel(estimates), np.ravel(losses)).statistic, abs=5e-3)
