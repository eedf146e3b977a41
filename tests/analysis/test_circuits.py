"""What flows from filter to filter: against the whole Jacobian, the sum over a level, and ways known in advance."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.autograd.functional import jacobian
from torch.nn import functional as F

from mkdocs_lurk.analysis.circuits import (
    Node,
    choose_levels,
    flows,
    kept_edges,
    level_contributions,
    random_nodes,
    scores_with,
    strongest_nodes,
)
from mkdocs_lurk.analysis.probe import Probe
from tests.analysis.networks import seeded

SHAPES = {"first": (4, 6, 6), "left": (3, 6, 6), "right": (2, 6, 6), "last": (3, 6, 6)}
COUNTS = {name: shape[0] for name, shape in SHAPES.items()}
LEVELS = [("first",), ("left", "right"), ("last",)]
MEANS = {name: np.linspace(-0.1, 0.2, count) for name, count in COUNTS.items()}


class Fork(nn.Module):
    """A layer, two beside each other, and a last one."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.last = nn.Conv2d(3, 4, 3, padding=1), nn.Conv2d(5, 3, 1)
        self.left, self.right = nn.Conv2d(4, 3, 3, padding=1), nn.Conv2d(4, 2, 1)
        self.head = nn.Linear(3, 3)
        nn.init.constant_(self.last.bias, 0.5)  # not dead

    def tail(self, x: Tensor) -> Tensor:
        both = torch.cat([self.left(x), self.right(x)], 1)
        return self.out(self.last(F.relu(both)))

    def out(self, last: Tensor) -> Tensor:
        return self.head(F.relu(last).mean((2, 3)))

    def forward(self, x: Tensor) -> Tensor:
        return self.tail(F.relu(self.first(x), inplace=True))


def probed() -> tuple[Fork, Probe]:
    network = seeded(Fork)
    assert isinstance(network, Fork)
    return network, Probe(network, SHAPES)


def pictures(count: int = 3) -> Tensor:
    return torch.rand(count, 3, 6, 6, generator=torch.Generator().manual_seed(5))


def everything(level: tuple[str, ...]) -> list[Node]:
    return [(layer, index) for layer in level for index in range(COUNTS[layer])]


def test_an_edge_is_what_the_whole_jacobian_gives_through_one_filter() -> None:
    network, probe = probed()
    x, targets = pictures(1), [1]
    found = flows(probe, x, targets, [[("first", 2)], everything(LEVELS[1])], MEANS, probabilities=False)[0]
    with torch.no_grad():
        first = network.first(x)
        both = torch.cat([network.left(F.relu(first)), network.right(F.relu(first))], 1)
    after = jacobian(lambda both: network.out(network.last(F.relu(both)))[0, 1], both)[0]
    through = jacobian(lambda first: torch.cat([network.left(F.relu(first)), network.right(F.relu(first))], 1), first)
    for place in range(5):
        back = (through[0, place, :, :, 0, 2] * after[place, :, :, None, None]).sum((0, 1))
        expected = float(((first[0, 2] - MEANS["first"][2]) * back).sum())
        assert found[0, 0, place] == pytest.approx(expected, abs=1e-6)
    assert np.abs(found).max() > 1e-4


def test_the_edges_to_all_filters_of_a_level_add_up_to_the_contribution() -> None:
    _, probe = probed()
    x, targets = pictures(), [0, 1, 2]
    nodes = [everything(level) for level in LEVELS]
    contributions = level_contributions(probe, x, targets, LEVELS, MEANS, probabilities=False)
    edges = flows(probe, x, targets, nodes, MEANS, probabilities=False)
    for own, outgoing in zip(contributions, edges, strict=False):
        np.testing.assert_allclose(outgoing.sum(2), own, atol=1e-6)
        assert np.abs(own).max() > 1e-3


def test_a_shortcut_shows_in_the_sum() -> None:
    _, probe = probed()
    x, targets = pictures(), [0, 1, 2]
    nodes = [everything(("first",)), everything(("left",))]
    own = level_contributions(probe, x, targets, [("first",)], MEANS, probabilities=False)[0]
    assert np.abs(flows(probe, x, targets, nodes, MEANS, probabilities=False)[0].sum(2) - own).max() > 1e-4


def test_no_edge_leads_to_what_a_filter_does_not_reach() -> None:
    network, probe = probed()
    with torch.no_grad():
        network.left.weight[:, 1] = 0
        network.right.weight[:, 1] = 0
    found = flows(
        probe, pictures(), [0, 1, 2], [everything(("first",)), everything(LEVELS[1])], MEANS, probabilities=False
    )
    assert not found[0][:, 1].any()
    assert found[0][:, 0].any()


def test_what_is_kept_is_computed_and_the_rest_is_its_mean() -> None:
    network, probe = probed()
    x = pictures()
    kept = {"first": [0, 3], "left": [1], "right": []}
    with torch.no_grad():
        first = network.first(x)
        first[:, [1, 2]] = torch.tensor(MEANS["first"][[1, 2]]).float()[:, None, None]
        left, right = network.left(F.relu(first)), network.right(F.relu(first))
        left[:, [0, 2]] = torch.tensor(MEANS["left"][[0, 2]]).float()[:, None, None]
        right[:] = torch.tensor(MEANS["right"]).float()[:, None, None]
        expected = network.out(network.last(F.relu(torch.cat([left, right], 1))))
    torch.testing.assert_close(scores_with(probe, x, kept, MEANS, probabilities=False), expected)
    whole = {layer: range(count) for layer, count in COUNTS.items()}
    torch.testing.assert_close(scores_with(probe, x, whole, MEANS, probabilities=False), network(x).detach())


def test_nodes_are_the_largest_contributions_above_zero() -> None:
    contributions = np.array([[1.0, -2.0, 3.0, 0.0], [1.0, -1.0, 5.0, 0.0]])
    found = strongest_nodes(contributions, ("a", "b"), {"a": 3, "b": 1}, width=3)
    assert found == [(("a", 2), 4.0), (("a", 0), 1.0)]


def test_an_edge_of_a_single_picture_is_not_sure() -> None:
    steady, lucky = np.ones(16), np.zeros(16)
    lucky[3] = 16.0
    means, kept = kept_edges(np.stack([steady, lucky, -steady], 1)[:, :, None], seed=0)
    assert means.ravel().tolist() == [1.0, 1.0, 0.0]
    assert kept[0, 0] == 1.0
    assert 0.4 < kept[1, 0] < 0.9  # a resample misses one of 16 pictures in 36 % of cases
    assert kept[2, 0] == 0.0


def test_levels_are_cuts_with_no_layer_in_common_or_else_single_layers() -> None:
    cuts = {"a": ("a",), "b": ("b", "d"), "c": ("c", "d"), "d": ("b", "d"), "e": ("e",), "f": ("f",)}
    assert choose_levels(cuts) == [("a",), ("b", "d"), ("e",), ("f",)]
    assert choose_levels({f"{n}": (f"{n}",) for n in range(20)}) == [(n,) for n in ("0", "4", "8", "11", "15", "19")]
    assert choose_levels({"stem": ("stem",), "left": (), "right": ()}) == [("stem",), ("left",), ("right",)]


def test_random_nodes_are_as_many_others_of_each_level() -> None:
    nodes = [[("first", 0)], [("left", 0), ("right", 1)], [("last", 0), ("last", 1)]]
    draws = list(random_nodes(nodes, LEVELS, COUNTS, seed=0, draws=20))
    for own in draws:
        assert not set(own) & {node for level in nodes for node in level}
        assert [sum(layer in level for layer, _ in own) for level in LEVELS] == [1, 2, 1]  # there is one other in last
    assert len({tuple(own) for own in draws}) > 5
