"""Activations without a rule are counted and named, and no others."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from mkdocs_lurk.analysis.gradients.without_rule import describe_activations_without_rule
from tests.analysis.gradients.test_ways_to_write_rectifiers import CASES, Written
from tests.analysis.networks import Gated, probed, seeded


class Own(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x: Tensor) -> Tensor:
        return x.clamp(min=0)

    @staticmethod
    def backward(ctx, gradient: Tensor) -> Tensor:
        return gradient


def described(module: nn.Module) -> list[str]:
    return describe_activations_without_rule(probed(module, 8), torch.randn(1, 3, 8, 8))


@pytest.mark.parametrize(
    ("activation", "places"),
    [
        (torch.tanh, "1 place an activation (Tanh)"),
        (lambda x: torch.tanh(torch.tanh(x)), "2 places an activation (Tanh)"),
        (torch.sigmoid, "1 place an activation (Sigmoid)"),
        (Own.apply, "1 place an activation (Own)"),
        (lambda x: x * (x > 0.5), "1 place an activation (mul)"),
        (lambda x: torch.where(x > 0, x, x.exp() - 1), "1 place an activation (where)"),
        (lambda x: Own.apply(x.relu()).tanh(), "2 places an activation (Own, Tanh)"),
    ],
)
def test_activations_without_a_rule_are_named(activation: Callable[[Tensor], Tensor], places: str) -> None:
    assert described(Written(activation)) == [f"In {places} has no rule; its plain gradient is used."]


def test_smooth_activations_are_named() -> None:
    (sentence,) = described(Written(F.gelu))
    assert sentence.startswith("In 1 place an activation (Gelu) has no rule in the papers; the gradient that comes in")


@pytest.mark.parametrize(("name", "activation", "_oracle", "_half"), CASES, ids=[case[0] for case in CASES])
def test_rectifiers_are_not_named(name: str, activation: Callable[[Tensor], Tensor], _oracle, _half) -> None:
    assert len(described(Written(activation))) == (name == "silu by hand")


def test_gates_are_not_named() -> None:
    assert described(seeded(Gated)) == []
