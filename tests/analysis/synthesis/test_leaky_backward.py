from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from mkdocs_lurk.analysis.synthesis.leaky_backward import leaky_backward


def edge_cases(dtype: torch.dtype) -> Tensor:
    """Both zeros, both infinities, the smallest and largest numbers, and many others."""
    special = torch.tensor([0.0, -0.0, float("inf"), -float("inf"), 1e-40, -1e-40, 3e38, -3e38])
    return torch.cat([special, torch.randn(1000, generator=torch.Generator().manual_seed(0))]).to(dtype)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("relu", [F.relu, torch.relu, nn.ReLU(), nn.ReLU(inplace=True), F.relu_, Tensor.relu_])
def test_relu_keeps_its_values_and_leaks_a_share_of_its_gradient(
    relu: Callable[[Tensor], Tensor], dtype: torch.dtype
) -> None:
    leaf, incoming = edge_cases(dtype).requires_grad_(), edge_cases(dtype).flip(0)
    with leaky_backward(0.25, 0.5):
        output = relu(leaf * 1)
        (gradient,) = torch.autograd.grad(output, leaf, incoming)
    assert torch.equal(output, leaf.detach().clamp(min=0))
    assert torch.equal(gradient, torch.where(leaf > 0, incoming, 0.25 * incoming))


@pytest.mark.parametrize(
    "pool",
    [nn.MaxPool2d(2), nn.MaxPool2d(3, 2, ceil_mode=True), nn.MaxPool2d(3, 2, padding=1), nn.MaxPool2d((2, 3), (1, 2))],
)
def test_max_pooling_keeps_its_values_and_mixes_its_gradient_with_that_of_average_pooling(pool: nn.MaxPool2d) -> None:
    leaf = torch.randn((2, 3, 9, 8), generator=torch.Generator().manual_seed(0)).requires_grad_()
    plain = pool(leaf)
    average = F.avg_pool2d(leaf, pool.kernel_size, pool.stride, pool.padding, pool.ceil_mode)
    incoming = torch.randn_like(plain)
    to_maxima, evenly = (torch.autograd.grad(output, leaf, incoming)[0] for output in (plain, average))
    with leaky_backward(0.1, 0.25):
        output = pool(leaf)
        (gradient,) = torch.autograd.grad(output, leaf, incoming)
    assert torch.equal(output, plain)
    assert torch.allclose(gradient, 0.75 * to_maxima + 0.25 * evenly, atol=1e-6)


@pytest.mark.parametrize(
    "function",
    [F.relu6, F.leaky_relu, torch.tanh, lambda x: F.max_pool2d(x, 2, dilation=2), lambda x: F.avg_pool2d(x, 2)],
)
def test_every_other_function_keeps_its_gradient(function: Callable[[Tensor], Tensor]) -> None:
    leaf = torch.randn((1, 2, 8, 8), generator=torch.Generator().manual_seed(0)).requires_grad_()
    (plain,) = torch.autograd.grad(function(leaf).sum(), leaf)
    with leaky_backward(0.1, 0.25):
        (gradient,) = torch.autograd.grad(function(leaf).sum(), leaf)
    assert torch.equal(gradient, plain)


def test_nothing_leaks_after_the_context() -> None:
    leaf = torch.tensor([-1.0, 1.0], requires_grad=True)
    with leaky_backward(0.1, 0.3):
        assert "LeakyRelu" in F.relu(leaf).grad_fn.name()
    assert torch.autograd.grad(F.relu(leaf).sum(), leaf)[0].tolist() == [0.0, 1.0]
