"""What a forward pass costs, against hooks, by hand, and against published figures."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest
import torch
import torchvision
from torch import Tensor, nn

from mkdocs_lurk.models.tracing.cost import NetworkCost, network_cost, peak_bytes
from mkdocs_lurk.models.tracing.trace import trace_network
from tests.models.networks import Branching

X = torch.randn(1, 3, 8, 8, generator=torch.Generator().manual_seed(0))


def cost_of(module: nn.Module, x: Tensor = X) -> NetworkCost:
    return network_cost(trace_network(module.eval(), x))


def test_layers_cost_what_hooks_count() -> None:
    network, found = Branching().eval(), []

    def count(module: nn.Module, inputs: tuple[Tensor], output: Tensor) -> None:
        positions = inputs[0] if isinstance(module, nn.ConvTranspose2d) else output
        macs = positions.numel() * math.prod(module.weight.shape[1:])  # type: ignore[operator]
        found.append((tuple(output.shape[1:]), sum(one.numel() for one in module.parameters()), macs))

    layers = [one for one in network.modules() if isinstance(one, (nn.Conv2d, nn.ConvTranspose2d, nn.Linear))]
    hooks = [module.register_forward_hook(count) for module in layers]
    network(X)
    for hook in hooks:
        hook.remove()
    cost = cost_of(network)
    assert [call.name for call in cost.calls] == list(Branching.layers)
    assert [(call.output, call.parameters, call.macs) for call in cost.calls] == found
    assert cost.other_parameters == 8  # of the batch normalisation
    assert cost.parameters == sum(one.numel() for one in network.parameters())
    assert (cost.macs, cost.other_macs) == (sum(macs for *_, macs in found), 0)


@pytest.mark.parametrize(
    ("name", "giga_macs", "parameters"), [("resnet18", 1.814, 11689512), ("mobilenet_v3_small", 0.057, 2542856)]
)
def test_networks_cost_what_torchvision_publishes(name: str, giga_macs: float, parameters: int) -> None:
    cost = cost_of(torchvision.models.get_model(name, weights=None), torch.zeros(1, 3, 224, 224))
    assert cost.macs / 1e9 == pytest.approx(giga_macs, abs=5e-4)
    assert cost.parameters == parameters


def test_linear_layers_of_tokens_cost_their_products() -> None:
    tokens = nn.Sequential(nn.Flatten(2), nn.Linear(64, 5), nn.ReLU(), nn.Linear(5, 7, bias=False))
    cost = cost_of(tokens)
    assert [call.macs for call in cost.calls] == [3 * 64 * 5, 3 * 5 * 7]
    assert cost.other_macs == 0


def test_what_attention_multiplies_is_in_no_layer_and_in_the_whole() -> None:
    network = nn.Sequential(nn.Flatten(2), nn.TransformerEncoderLayer(64, 4, 32, batch_first=True))
    cost = cost_of(network)
    tokens, width = 3, 64
    assert {call.name: call.macs for call in cost.calls} == dict.fromkeys(
        ("1.linear1", "1.linear2"), tokens * width * 32
    )
    projections, products = 4 * tokens * width * width, 2 * tokens * tokens * width
    assert cost.other_macs == projections + products
    assert cost.other_parameters == 4 * width * (width + 1) + 2 * 2 * width  # and two normalisations


def test_products_outside_of_layers_count_as_other() -> None:
    class Product(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return x @ x

    cost = cost_of(nn.Sequential(Product(), nn.Conv2d(3, 2, 1, bias=False)))
    assert (cost.other_macs, cost.macs) == (3 * 8 * 8 * 8, 3 * 8 * 8 * 8 + 2 * 3 * 64)


class Tokens(nn.Module):
    """A linear layer on values of any number of dimensions, laid out in memory in any way, behind a convolution."""

    def __init__(self, form: Callable[[Tensor], Tensor], bias: bool) -> None:
        super().__init__()
        self.conv, self.linear, self.form = nn.Conv2d(3, 6, 1), nn.Linear(6, 5, bias=bias), form

    def forward(self, x: Tensor) -> Tensor:
        maps = self.conv(x)
        return self.linear(self.form(maps)) + maps.mean()


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize(
    ("form", "positions"),
    [
        (lambda x: x.permute(0, 2, 3, 1), 64),
        (lambda x: x.permute(0, 2, 3, 1).contiguous(), 64),
        (lambda x: x.flatten(2).transpose(1, 2), 64),
        (lambda x: x.flatten(2).transpose(1, 2)[:, ::8], 8),
        (lambda x: x.mean((2, 3)), 1),
        (lambda x: x.mean((0, 2, 3)), 1),
        (lambda x: torch.ones(2, 6), 0),
    ],
    ids=["channels last", "copied", "tokens", "every eighth", "one row", "no batch", "a constant"],
)
def test_the_products_of_a_linear_layer_are_its_own(
    form: Callable[[Tensor], Tensor], positions: int, bias: bool
) -> None:
    cost = cost_of(Tokens(form, bias))
    assert [call.macs for call in cost.calls] == [64 * 3 * 6, positions * 6 * 5]
    assert cost.other_macs == 0


class Chain(nn.Module):
    """Values of 1, 2, 4 and 1 times the picture's size, each read by the next; the first is added at the end."""

    def __init__(self, keeps_first: bool) -> None:
        super().__init__()
        self.a, self.b, self.c = (nn.Conv2d(i, o, 1, bias=False) for i, o in ((3, 6), (6, 12), (12, 3)))
        self.keeps_first = keeps_first

    def forward(self, x: Tensor) -> Tensor:
        y = self.c(self.b(self.a(x)))
        return y + x if self.keeps_first else y


def test_the_peak_is_that_of_the_values_that_are_still_read() -> None:
    picture = 4 * X.numel()
    assert peak_bytes(trace_network(Chain(keeps_first=False).eval(), X)) == (2 + 4) * picture
    assert peak_bytes(trace_network(Chain(keeps_first=True).eval(), X)) == (1 + 2 + 4) * picture


class Views(nn.Module):
    """Views, and writes in place, of one value."""

    def forward(self, x: Tensor) -> Tensor:
        y = x * 2
        rows = y.view(1, 3, 64)
        for part in rows.split(1, 1):
            part.add_(1)
        y.relu_()
        return rows.reshape(1, -1)


def test_views_and_writes_in_place_take_no_memory_of_their_own() -> None:
    trace = trace_network(Views().eval(), X)
    assert len(trace.ops) > 5
    assert peak_bytes(trace) == 2 * 4 * X.numel()  # the picture, and its double
