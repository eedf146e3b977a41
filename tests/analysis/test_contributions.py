"""Contributions to outputs: known by hand, by plain hooks, and by Captum."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from captum.attr import LayerConductance
from torch import Tensor, nn
from torch.nn import functional as F

from mkdocs_lurk.analysis.contributions import estimate_contributions, integrate_contributions
from mkdocs_lurk.analysis.probe import Probe
from mkdocs_lurk.errors import ModelError
from tests.analysis.networks import Branching, Modular, probed, seeded


class Pooled(nn.Module):
    """A convolution, its mean, and a linear head: each filter's contribution is its weight times its mean response."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.head = nn.Conv2d(3, 5, 3), nn.Linear(5, 4)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.conv(x).mean((2, 3)))


class TwoBranches(nn.Module):
    """Two branches that are concatenated, as in SqueezeNet's expand layers; each unit passes a rectifier."""

    def __init__(self) -> None:
        super().__init__()
        self.left, self.right, self.head = nn.Conv2d(3, 4, 1), nn.Conv2d(3, 6, 3, padding=1), nn.Linear(10, 3)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(F.relu(torch.cat([self.left(x), self.right(x)], 1)).square().mean((2, 3)))


class Changed(nn.Module):
    """A network whose forward pass ends otherwise."""

    def __init__(self, network: nn.Module, change: object) -> None:
        super().__init__()
        self.network, self.change = network, change

    def forward(self, x: Tensor) -> object:
        return self.change(self.network(x))  # type: ignore[operator]


def pictures(n: int = 5, size: int = 16) -> Tensor:
    return torch.randn(n, 3, size, size, generator=torch.Generator().manual_seed(1))


def right_and_wrong(module: nn.Module, x: Tensor) -> tuple[list[int], Tensor]:
    """Return targets of which the first is right, the last is not known, and the others are wrong; and the outputs."""
    with torch.no_grad():
        outputs = module(x)
    best = outputs.argmax(1)
    targets = [int((own + (row > 0)) % outputs.shape[1]) for row, own in enumerate(best)]
    return [*targets[:-1], -1], outputs


def contributions_of(probe: Probe, x: Tensor, targets: list[int], layer: str) -> tuple[np.ndarray, np.ndarray]:
    found = estimate_contributions(probe, x, targets)
    baseline = found.means[layer].mean(0)
    return found.outputs, found.weighted[layer] - baseline * found.plain[layer]


def test_the_right_output_counts_or_else_the_largest() -> None:
    module, x = seeded(Pooled), pictures()
    targets, outputs = right_and_wrong(module, x)
    found = estimate_contributions(probed(module), x, targets)
    assert found.outputs.tolist() == [*targets[:-1], int(outputs[-1].argmax())]
    np.testing.assert_allclose(found.scores, outputs[range(5), found.outputs.tolist()].numpy(), rtol=1e-5)


def test_a_linear_head_after_pooling_makes_contributions_known() -> None:
    module, x = seeded(Pooled), pictures()
    targets, _ = right_and_wrong(module, x)
    outputs, found = contributions_of(probed(module), x, targets, "conv")
    with torch.no_grad():
        means = module.conv(x).mean((2, 3))  # type: ignore[operator]
    weights = module.head.weight[outputs]  # type: ignore[index, union-attr]
    expected = weights * (means - means.mean(0))
    np.testing.assert_allclose(found, expected.numpy(), atol=1e-6)


@pytest.mark.parametrize("make", [Modular, Branching])
def test_estimates_are_those_of_one_backward_pass_for_each_output(make: type[nn.Module]) -> None:
    """The slow twin runs each picture alone, and takes the gradient at what a hook made of the layer's output."""
    module, x = seeded(make), pictures()
    targets, _ = right_and_wrong(module, x)
    probe = probed(module)
    for layer in probe.shapes:
        outputs, found = contributions_of(probe, x, targets, layer)
        kept: list[Tensor] = []

        def keep(_module: nn.Module, _inputs: object, output: Tensor, kept: list[Tensor] = kept) -> Tensor:
            kept.append(output.detach().requires_grad_())
            return kept[-1].clone()

        with module.get_submodule(layer).register_forward_hook(keep):
            module(x)
            baseline = kept.pop().detach().mean((0, 2, 3))
            for row, (output, own) in enumerate(zip(outputs, found, strict=True)):
                module(x[row : row + 1])[0, output].backward()
                maps = kept.pop()
                assert maps.grad is not None
                expected = ((maps.detach()[0] - baseline[:, None, None]) * maps.grad[0]).sum((1, 2))
                np.testing.assert_allclose(own, expected.numpy(), atol=1e-5)


def test_of_probabilities_the_logarithms_count() -> None:
    module, x = seeded(Pooled), pictures()
    logs, shares = (Changed(module, change).eval() for change in (nn.LogSoftmax(1), nn.Softmax(1)))
    found = estimate_contributions(probed(logs), x, [-1] * 5)
    again = estimate_contributions(probed(shares), x, [-1] * 5, probabilities=True)
    np.testing.assert_allclose(found.weighted["network.conv"], again.weighted["network.conv"], rtol=1e-4, atol=1e-6)


def test_layers_that_no_gradient_reaches_are_named() -> None:
    class Unread(Pooled):
        def forward(self, x: Tensor) -> Tensor:
            return super().forward(x.detach() + self.conv(x).detach().mean())

    module = Unread().eval()
    probe = Probe(module, {"conv": (5, 14, 14), "conv:2": (5, 14, 14)})
    found = estimate_contributions(probe, pictures(2), [-1, -1])
    assert found.cut_off == {"conv"}
    assert not found.weighted["conv"].any()
    assert found.weighted["conv:2"].any()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda z: (z, z), "gives no row of outputs for each picture"),
        (lambda z: z.detach(), "no gradient leads from the network's output"),
        (lambda z: z.argmax(1, keepdim=True), "no gradient leads from the network's output"),
    ],
)
def test_outputs_without_gradients_are_refused(change: object, message: str) -> None:
    module = Changed(seeded(Pooled), change).eval()
    with pytest.raises(ModelError, match=message):
        estimate_contributions(Probe(module, {"network.conv": (5, 14, 14)}), pictures(1), [-1])


def test_conductances_of_a_cut_add_up_and_those_of_one_branch_do_not() -> None:
    module, x, baseline = seeded(TwoBranches), pictures(), pictures(1, 16) / 2
    targets, outputs = right_and_wrong(module, x)
    found = integrate_contributions(probed(module), x, baseline, targets, 24)
    chosen = found.outputs.tolist()
    with torch.no_grad():
        expected = outputs[range(5), chosen] - module(baseline)[0, chosen]
    np.testing.assert_allclose(found.differences, expected.numpy(), atol=1e-5)
    sums = {layer: own.sum(1) for layer, own in found.contributions.items()}
    np.testing.assert_allclose(sums["left"] + sums["right"], found.differences, atol=2e-3)
    assert np.abs(sums["left"] - found.differences).max() > 0.05


def test_conductances_are_those_of_captum() -> None:
    module, x, baseline = seeded(Modular), pictures(3), pictures(1) / 2
    found = integrate_contributions(probed(module), x, baseline, [0, 1, 2], 100)
    for layer in ("0", "3", "5"):
        oracle = LayerConductance(module, module.get_submodule(layer))
        expected = oracle.attribute(x, baseline, [0, 1, 2], n_steps=100, method="riemann_trapezoid").sum((2, 3))
        np.testing.assert_allclose(found.contributions[layer], expected.detach().numpy(), atol=5e-4)
