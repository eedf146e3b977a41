"""Rectifying by bits is rectifying."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from mkdocs_lurk.analysis.synthesis.fast_relu import bitwise_rectifiers

CPU = torch.device("cpu")


def edges() -> Tensor:
    """Both zeros, both infinities, the smallest and largest numbers, and many others."""
    special = torch.tensor([0.0, -0.0, float("inf"), -float("inf"), 1e-40, -1e-40, 3e38, -3e38])
    return torch.cat([special, torch.randn(1000, generator=torch.Generator().manual_seed(0))]).bfloat16()


@pytest.mark.parametrize("rectify", [F.relu, torch.relu, nn.ReLU(), nn.ReLU(inplace=True), F.relu_, Tensor.relu_])
def test_values_and_gradients_are_those_of_the_plain_rectifier(rectify: Callable[[Tensor], Tensor]) -> None:
    found = []
    for context in (bitwise_rectifiers(torch.bfloat16, CPU), bitwise_rectifiers(torch.float32, CPU)):
        leaf = edges().requires_grad_()
        with context:
            output = rectify(leaf * 1)
            (gradient,) = torch.autograd.grad(output, leaf, edges().flip(0))
        found.append((output.detach(), gradient))
    (ours, our_gradient), (theirs, their_gradient) = found
    assert torch.equal(ours, theirs)
    assert torch.equal(our_gradient, their_gradient)


def test_it_is_what_runs() -> None:
    leaf = edges().requires_grad_()
    with bitwise_rectifiers(torch.bfloat16, CPU):
        assert "Rectified" in F.relu(leaf).grad_fn.name()
        assert "Rectified" not in F.relu6(leaf).grad_fn.name()
        assert "Rectified" not in F.relu(leaf.float()).grad_fn.name()
    assert "Rectified" not in F.relu(leaf).grad_fn.name()
