"""Which layers every way from the picture to the output passes, on networks that are seen through by eye."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from mkdocs_lurk.models.tracing.cuts import find_cuts
from mkdocs_lurk.models.tracing.layers import find_layers
from mkdocs_lurk.models.tracing.trace import trace_network
from tests.analysis.networks import Branching, EveryConvolution, seeded


class Inception(nn.Module):
    """A stem, and three branches of which one has two layers, joined in a last layer."""

    def __init__(self) -> None:
        super().__init__()
        self.stem, self.one = nn.Conv2d(3, 4, 1), nn.Conv2d(4, 2, 1)
        self.first, self.second = nn.Conv2d(4, 3, 1), nn.Conv2d(3, 2, 3, padding=1)
        self.pool, self.last = nn.Conv2d(4, 2, 1), nn.Conv2d(6, 4, 1)

    def forward(self, x: Tensor) -> Tensor:
        x = F.relu(self.stem(x))
        branches = [self.one(x), self.second(F.relu_(self.first(x))), self.pool(F.max_pool2d(x, 3, 1, 1))]
        return self.last(torch.cat(branches, 1)).mean((2, 3))


def cuts(make: type[nn.Module]) -> dict[str, tuple[str, ...]]:
    trace = trace_network(seeded(make), torch.zeros(1, 3, 16, 16))
    return find_cuts(trace, find_layers(trace, EveryConvolution).layers)


def test_branches_are_cut_together_wherever_a_branch_is_cut() -> None:
    ends = ("one", "second", "pool")
    expected = {"stem": ("stem",), "first": ("one", "first", "pool"), "last": ("last",), **dict.fromkeys(ends, ends)}
    assert cuts(Inception) == expected


def test_a_shortcut_leads_around() -> None:
    assert cuts(Branching) == {"stem": ("stem",), "left": (), "right": (), "last": ("last",)}
