from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from mkdocs_lurk.analysis.synthesis.fast_relu import bitwise_relu

CPU = torch.device("cpu")


def edge_cases() -> Tensor:
    """Both zeros, both infinities, the smallest and largest numbers, and many others."""
    special = torch.tensor([0.0, -0.0, float("inf"), -float("inf"), 1e-40, -1e-40, 3e38, -3e38])
    return torch.cat([special, torch.randn(1000, generator=torch.Generator().manual_seed(0))]).bfloat16()


@pytest.mark.parametrize("relu", [F.relu, torch.relu, nn.ReLU(), nn.ReLU(inplace=True), F.relu_, Tensor.relu_])
def test_bitwise_relu_has_the_values_and_gradients_of_relu(relu: Callable[[Tensor], Tensor]) -> None:
    results = []
    for context in (bitwise_relu(torch.bfloat16, CPU), bitwise_relu(torch.float32, CPU)):
        leaf = edge_cases().requires_grad_()
        with context:
            output = relu(leaf * 1)
            (gradient,) = torch.autograd.grad(output, leaf, edge_cases().flip(0))
        results.append((output.detach(), gradient))
    (bitwise, bitwise_gradient), (plain, plain_gradient) = results
    assert torch.equal(bitwise, plain)
    assert torch.equal(bitwise_gradient, plain_gradient)


def test_bitwise_relu_replaces_only_plain_relus_of_bfloat16_inside_the_context() -> None:
    leaf = edge_cases().requires_grad_()
    with bitwise_relu(torch.bfloat16, CPU):
        assert "BitwiseRelu" in F.relu(leaf).grad_fn.name()
        assert "BitwiseRelu" not in F.relu6(leaf).grad_fn.name()
        assert "BitwiseRelu" not in F.relu(leaf.float()).grad_fn.name()
    assert "BitwiseRelu" not in F.relu(leaf).grad_fn.name()
