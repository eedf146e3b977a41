from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from captum.attr import NeuronDeconvolution, NeuronGradient, NeuronGuidedBackprop
from torch import Tensor, nn
from torch.nn import functional as F

from mkdocs_lurk.analysis.gradients.relu_rules import set_rule
from mkdocs_lurk.analysis.gradients.requests import GradientRequest
from mkdocs_lurk.analysis.gradients.single import filter_gradients, joint_gradients
from tests.analysis.networks import Branching, Gated, Modular, probed, seeded

ORACLES = {"guided": NeuronGuidedBackprop, "deconv": NeuronDeconvolution, "saliency": NeuronGradient}


@pytest.mark.filterwarnings("ignore::UserWarning")  # Captum announces the hooks that it sets
@pytest.mark.parametrize("rule", list(ORACLES))
@pytest.mark.parametrize("layer", ["3", "5"])
def test_rules_equal_captum_on_networks_of_relu_modules(rule: str, layer: str) -> None:
    module, x = seeded(Modular), torch.randn(2, 3, 16, 16)
    oracle = ORACLES[rule](module, module.get_submodule(layer))
    mean, _ = filter_gradients(probed(module), x, layer, [1, 1], rule)
    unit, _ = filter_gradients(probed(module), x, layer, [2, 2], rule, [(3, 4), (3, 4)])
    assert torch.allclose(mean, oracle.attribute(x.clone(), lambda out: out[:, 1].mean((1, 2))), atol=1e-7)
    assert torch.allclose(unit, oracle.attribute(x.clone(), (2, 3, 4)), atol=1e-7)
    assert mean.abs().max() > 0


class GuidedRelu(torch.autograd.Function):
    """The rule as the paper writes it: where input and gradient are both positive."""

    @staticmethod
    def forward(ctx, x: Tensor) -> Tensor:
        ctx.save_for_backward(x)
        return x.clamp(min=0)

    @staticmethod
    def backward(ctx, gradient: Tensor) -> Tensor:
        (x,) = ctx.saved_tensors
        return gradient * (x > 0) * (gradient > 0)


def branching_with_guided_relus(module: Branching, x: Tensor) -> Tensor:
    """The network again, with the rule written into every ReLU."""
    relu = GuidedRelu.apply
    x = relu(module.stem(x))
    left, right = relu(module.left(x)), relu(module.right(x))
    return module.last(F.max_pool2d(torch.cat([left + x, right], 1), 2))


def test_guided_covers_functional_and_in_place_relus() -> None:
    module = seeded(Branching)
    x = torch.randn(3, 3, 16, 16, requires_grad=True)
    (slow,) = torch.autograd.grad(branching_with_guided_relus(module, x)[:, 4].mean((1, 2)).sum(), x)
    fast, _ = filter_gradients(probed(module), x, "last", [4, 4, 4], "guided")
    plain, _ = filter_gradients(probed(module), x, "last", [4, 4, 4], "saliency")
    assert torch.allclose(fast, slow, atol=1e-7)
    assert not torch.allclose(plain, slow, atol=1e-4)


@pytest.mark.parametrize(
    ("activation", "covered"),
    [
        (F.relu, True),
        (F.relu6, True),
        (F.leaky_relu, True),
        (F.elu, True),
        (F.gelu, True),
        (F.silu, True),
        (F.hardswish, True),
        (F.mish, True),
        (F.softplus, True),
        (lambda x: x.clamp(min=0), True),
        (lambda x: nn.PReLU()(x), True),
        (torch.sigmoid, False),
        (torch.tanh, False),
    ],
)
def test_guided_covers_relu_like_and_smooth_activations(activation: Callable[[Tensor], Tensor], covered: bool) -> None:
    x = torch.randn(50, requires_grad=True)
    output = activation(x) * torch.linspace(-1, 1, 50)
    (plain,) = torch.autograd.grad(output.sum(), x, retain_graph=True)
    set_rule(output, "guided")
    (guided,) = torch.autograd.grad(output.sum(), x)
    negative = torch.linspace(-1, 1, 50) < 0
    assert torch.equal(guided[~negative], plain[~negative])
    assert torch.equal(guided[negative], torch.zeros(25) if covered else plain[negative])


def test_a_rule_does_not_outlive_its_graph() -> None:
    module, x = seeded(Branching), torch.randn(1, 3, 16, 16)
    before, _ = filter_gradients(probed(module), x, "last", [0], "saliency")
    filter_gradients(probed(module), x, "last", [0], "guided")
    after, _ = filter_gradients(probed(module), x, "last", [0], "saliency")
    assert torch.equal(before, after)


def test_gates_are_constant_for_the_energy_alone() -> None:
    module, x = seeded(Gated), torch.randn(1, 3, 16, 16)
    gradient, _, energy = joint_gradients(
        probed(module), x, [GradientRequest(0, "second", 1, (5, 6))], "saliency", with_energy=True
    )
    alone, _ = filter_gradients(probed(module), x, "second", [1], "saliency", [(5, 6)])
    assert torch.equal(gradient, alone)
    inside = torch.zeros(16, 16, dtype=torch.bool)
    inside[4:9, 5:10] = True
    assert energy[0][inside].sum() > 0
    assert energy[0][~inside].abs().max() == 0
    assert gradient[0, :, ~inside].abs().max() > 0


class Overwriting(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = nn.Conv2d(3, 4, 1), nn.Conv2d(4, 2, 1)

    def forward(self, x: Tensor) -> Tensor:
        y = F.relu(self.first(x), inplace=True)
        y += 1
        return self.second(y)


def test_what_the_network_overwrites_in_place_is_kept_for_the_gradient() -> None:
    module, x = seeded(Overwriting), torch.randn(1, 3, 16, 16)
    gradient, _ = filter_gradients(probed(module), x, "second", [0], "guided")
    leaf = x.clone().requires_grad_()
    maps = F.conv2d(1 + GuidedRelu.apply(module.first(leaf)), module.second.weight, module.second.bias)
    (true,) = torch.autograd.grad(maps[0, 0].mean(), leaf)
    assert torch.allclose(gradient, true, rtol=1e-5, atol=1e-8)
