"""Filters that are hard or impossible to raise."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from mkdocs_lurk.analysis.synthesis.settings import AscentSettings
from tests.analysis.synthesis.builders import synthesised


def network_with_dead_filter(cause: str) -> nn.Module:
    """Two convolutions; filter 1 of the last one cannot be raised."""
    torch.manual_seed(0)
    module = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.Conv2d(4, 3, 3))
    with torch.no_grad():
        if cause == "zero weights":
            module[2].weight[1] = 0
        elif cause == "closed ReLU":
            module[0].weight.zero_()
            module[0].bias.fill_(-1)
        else:
            module[2].weight[1] = float("nan")
    return module


@pytest.mark.parametrize(
    ("cause", "reason"),
    [("zero weights", "no gradient"), ("closed ReLU", "no gradient"), ("NaN weights", "not a finite")],
)
def test_filter_that_cannot_be_raised_has_a_reason(cause: str, reason: str) -> None:
    other, dead = synthesised(network_with_dead_filter(cause), "2", [0, 1])
    assert dead.failed is not None
    assert reason in dead.failed
    assert (other.failed is None) == (cause != "closed ReLU")


class RootOfPositives(nn.Module):
    """The square root of the sum of all positive values, whose gradient is not finite while there are none."""

    def forward(self, x: Tensor) -> Tensor:
        return (x * (x > 0)).sum((2, 3), keepdim=True).sqrt()


@pytest.mark.parametrize("gate", [nn.ReLU, RootOfPositives])
def test_ascent_leaves_a_start_without_gradient(gate: type[nn.Module]) -> None:
    """At the data's mean colour the gate is closed, and there is no gradient; brighter pictures open it."""
    module = nn.Sequential(nn.Conv2d(3, 1, 1), gate(), nn.Conv2d(1, 1, 1))
    with torch.no_grad():
        module[0].weight.fill_(1.0)
        module[0].bias.fill_(-2.0)
        module[2].weight.fill_(1.0)
        module[2].bias.zero_()
    (synthesis,) = synthesised(module, "2", [0], settings=AscentSettings(steps=32))
    assert synthesis.scores_by_step[0] == 0
    assert synthesis.failed is None
    assert synthesis.score > 1.0
