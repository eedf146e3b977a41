"""However a network writes a rectifier, its gradients follow the rule, by every method that computes them."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from mkdocs_lurk.analysis.gradients.batch import BatchRow
from mkdocs_lurk.analysis.gradients.placeholders import NeedsValuesError
from mkdocs_lurk.analysis.gradients.recording import Recording
from mkdocs_lurk.analysis.gradients.relu_rules import ReluRule
from mkdocs_lurk.analysis.gradients.replay import replay
from mkdocs_lurk.analysis.gradients.single import filter_gradients
from tests.analysis.networks import probed

Activation = Callable[[Tensor], Tensor]
RULES: tuple[ReluRule, ...] = ("guided", "deconv", "saliency")


class Written(nn.Module):
    """Two convolutions and what is between them; ``between`` is the identity's place holder until it is set."""

    def __init__(self, between: Activation) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.first, self.last = nn.Conv2d(3, 6, 3, padding=1), nn.Conv2d(6, 4, 3, padding=1)
        self.between = between
        self.eval().requires_grad_(False)

    def forward(self, x: Tensor) -> Tensor:
        return self.last(self.between(self.first(x)))


class Ruled(torch.autograd.Function):
    """An activation whose backward pass is written out as the papers have it."""

    @staticmethod
    def forward(ctx, x: Tensor, activation: Activation, rule: ReluRule) -> Tensor:
        ctx.save_for_backward(x)
        ctx.activation, ctx.rule = activation, rule
        return activation(x)

    @staticmethod
    def backward(ctx, gradient: Tensor) -> tuple[Tensor, None, None]:
        (x,) = ctx.saved_tensors
        positive = gradient if ctx.rule == "saliency" else gradient.clamp(min=0)
        if ctx.rule == "deconv":
            return positive, None, None
        with torch.enable_grad():
            x = x.detach().requires_grad_()
            (slope,) = torch.autograd.grad(ctx.activation(x).sum(), x)
        return positive * slope, None, None


def on_half(x: Tensor, activation: Activation) -> Tensor:
    return torch.cat([x[:, :3], activation(x[:, 3:])], 1)


def slices(x: Tensor) -> Tensor:
    x[:, 3:].relu_()
    return x


def parts(split: Callable[[Tensor], tuple[Tensor, ...]], x: Tensor) -> Tensor:
    kept, changed = split(x)
    F.relu(changed, inplace=True)
    return torch.cat([kept, changed], 1)


def rows(x: Tensor) -> Tensor:
    for picture in x:
        picture[3:].relu_()
    return x


def module_on_slice(x: Tensor) -> Tensor:
    nn.ReLU(inplace=True)(x[:, 3:])
    return x


def ignored(call: Callable[[Tensor], object], x: Tensor) -> Tensor:
    call(x)
    return x


def assigned(x: Tensor) -> Tensor:
    x[x < 0] = 0
    return x


def assigned_copy(x: Tensor) -> Tensor:
    y = x.clone()
    y[x < 0] = 0
    return y


def multiplied_in_place(x: Tensor) -> Tensor:
    x *= x > 0
    return x


RELUS: dict[str, Activation] = {
    "F.relu": F.relu,
    "method": lambda x: x.relu(),
    "aten": lambda x: torch.ops.aten.relu(x),
    "aten default": lambda x: torch.ops.aten.relu.default(x),
    "in place": lambda x: x.relu_(),
    "maximum": lambda x: torch.maximum(x, torch.zeros_like(x)),
    "maximum with a number": lambda x: torch.maximum(x, torch.tensor(0.0)),
    "maximum, other way round": lambda x: torch.max(torch.zeros(1), x),
    "fmax": lambda x: torch.fmax(x, x.new_zeros(())),
    "clamp": lambda x: torch.clamp(x, min=0),
    "clamp by place": lambda x: x.clamp(0, None),
    "clamp_": lambda x: x.clamp_(min=0),
    "clamp_min": lambda x: x.clamp_min(0.0),
    "clip": lambda x: x.clip(0),
    "clamp by a tensor": lambda x: x.clamp(min=torch.zeros(())),
    "threshold": lambda x: F.threshold(x, 0, 0),
    "threshold_": lambda x: F.threshold_(x, 0.0, 0.0),
    "where": lambda x: torch.where(x > 0, x, 0),
    "where, zeros": lambda x: torch.where(x >= 0, x, torch.zeros_like(x)),
    "where, other way round": lambda x: torch.where(x < 0, 0.0, x),
    "where, method": lambda x: x.where(x > 0, torch.zeros(())),
    "where, detached": lambda x: torch.where(x.detach() > 0, x, 0),
    "where, swapped": lambda x: torch.where(torch.lt(torch.zeros(1), x), x, 0),
    "mask": lambda x: x * (x > 0),
    "mask, float": lambda x: (x > 0).float() * x,
    "mask, to": lambda x: x * x.gt(0).to(x.dtype),
    "mask, inverse": lambda x: x * ~(x <= 0),
    "mask, one minus": lambda x: x * (1 - (x < 0).float()),
    "mask, data": lambda x: x * (x.data > 0).type_as(x),
    "mask, no_grad": lambda x: x * mask_without_gradient(x),
    "mask, in place": multiplied_in_place,
    "heaviside": lambda x: x * torch.heaviside(x, torch.zeros(())),
    "absolute": lambda x: (x + x.abs()) / 2,
    "absolute, half": lambda x: 0.5 * (torch.abs(x) + x),
    "masked_fill": lambda x: x.masked_fill(x < 0, 0),
    "masked_fill_": lambda x: x.masked_fill_(x < 0, 0.0),
    "assigned": assigned,
    "assigned to a copy": assigned_copy,
    "less the negative part": lambda x: x - x.clamp(max=0),
    "less the minimum": lambda x: x - torch.minimum(x, torch.zeros(1)),
    "absolute, in place": lambda x: (x + x.abs()).div_(2),
    "absolute, root of the square": lambda x: (x + x.pow(2).sqrt()) / 2,
    "absolute, root of the product": lambda x: (x + (x * x) ** 0.5) * 0.5,
    "negated minimum": lambda x: -torch.minimum(-x, torch.zeros(1)),
    "negated clamp": lambda x: -1 * (-x).clamp(max=0),
    "negated clamp_max": lambda x: x.neg().clamp_max(0).neg(),
    "plus the negated one's": lambda x: x + F.relu(-x),
    "plus the negated one's, maximum": lambda x: torch.maximum(torch.zeros(1), -x) + x,
    "plus the negated one's, clamp": lambda x: (x * -1).clamp(min=0) + x,
    "out of place on a slice, then whole": lambda x: torch.cat([x[:, :3].relu(), torch.relu(x[:, 3:])], 1),
}
HALVES: dict[str, Activation] = {
    "slice": slices,
    "module on a slice": module_on_slice,
    "chunk": partial(parts, lambda x: x.chunk(2, 1)),
    "split": partial(parts, lambda x: torch.split(x, [3, 3], dim=1)),
    "split, method": partial(parts, lambda x: x.split(3, dim=1)),
    "tensor_split": partial(parts, lambda x: x.tensor_split(2, dim=1)),
    "iteration": rows,
    "clamp_ on a slice": partial(ignored, lambda x: x[:, 3:].clamp_(min=0)),
    "threshold_ on a slice": partial(ignored, lambda x: F.threshold(x[:, 3:], 0, 0, True)),
    "aten on a slice": partial(ignored, lambda x: torch.ops.aten.relu_.default(x[:, 3:])),
    "assigned slice": partial(ignored, lambda x: x.__setitem__((slice(None), slice(3, None)), x[:, 3:].relu())),
    "masked_fill_ on a slice": partial(ignored, lambda x: (lambda y: y.masked_fill_(y < 0, 0))(x[:, 3:])),
}
OTHERS: dict[str, tuple[Activation, Activation]] = {
    "relu6": (F.relu6, F.relu6),
    "clamp 0 6": (lambda x: x.clamp(0, 0.3), lambda x: F.hardtanh(x, 0, 0.3)),
    "hardtanh": (lambda x: F.hardtanh(x, 0, 0.3), lambda x: F.hardtanh(x, 0, 0.3)),
    "minimum of maximum": (lambda x: x.relu().minimum(torch.tensor(0.3)), lambda x: F.hardtanh(x, 0, 0.3)),
    "celu": (F.celu, F.celu),
    "celu in place": (lambda x: F.celu(x, inplace=True), F.celu),
    "elu": (F.elu, F.elu),
    "selu": (F.selu, F.selu),
    "leaky": (F.leaky_relu, F.leaky_relu),
    "leaky by maximum": (lambda x: torch.maximum(x, 0.1 * x), lambda x: F.leaky_relu(x, 0.1)),
    "leaky by where": (lambda x: torch.where(x > 0, x, x * 0.1), lambda x: F.leaky_relu(x, 0.1)),
}
BY_HAND: dict[str, tuple[Activation, Activation]] = {
    "silu": (lambda x: x * torch.sigmoid(x), F.silu),
    "quick gelu": (lambda x: x * torch.sigmoid(1.702 * x), lambda x: F.silu(1.702 * x) / 1.702),
    "hardswish": (lambda x: x * F.relu6(x + 3) / 6, F.hardswish),
    "hardswish by clamp": (lambda x: (x / 6 + 0.5).clamp(0, 1) * x, F.hardswish),
    "hardswish by hardsigmoid": (lambda x: x * F.hardsigmoid(x), F.hardswish),
    "mish": (lambda x: x * torch.tanh(F.softplus(x)), F.mish),
    "gelu": (lambda x: 0.5 * x * (1 + torch.erf(x / 2**0.5)), F.gelu),
    "gelu by tanh": (
        lambda x: 0.5 * x * (1 + torch.tanh((2 / math.pi) ** 0.5 * (x + 0.044715 * x**3))),
        lambda x: F.gelu(x, approximate="tanh"),
    ),
    "quick gelu, sliced twice": (
        lambda x: torch.cat([x[:, :3] * torch.sigmoid(2 * x[:, :3]), x[:, 3:] * torch.sigmoid(2 * x[:, 3:])], 1),
        lambda x: F.silu(2 * x) / 2,
    ),
}
"""Smooth activations that are written out as a value times a gate of it."""
LEAKY_HALVES: dict[str, Activation] = {
    "leaky on a slice": partial(ignored, lambda x: F.leaky_relu(x[:, 3:], 0.01, True)),
    "leaky_ on a slice": partial(ignored, lambda x: F.leaky_relu_(x[:, 3:], 0.01)),
}
MASKS_SUFFICE = {"F.relu", "method", "in place", "clamp", "clamp_", "clamp_min", "clip", "threshold", "slice", "chunk"}
"""Ways of which a recording of masks tells all."""


def mask_without_gradient(x: Tensor) -> Tensor:
    with torch.no_grad():
        return (x > 0).to(torch.float32)


def slow(activation: Activation, rule: ReluRule, x: Tensor, half: bool = False) -> Tensor:
    """The gradient of the mean of filter 1, with the rule written into the activation."""

    def between(y: Tensor) -> Tensor:
        ruled: Activation = lambda z: Ruled.apply(z, activation, rule)  # noqa: E731
        return on_half(y, ruled) if half else ruled(y)

    return slow_between(between, x)


def slow_between(between: Activation, x: Tensor) -> Tensor:
    x = x.clone().requires_grad_()
    (gradient,) = torch.autograd.grad(Written(between)(x)[:, 1].mean((1, 2)).sum(), x)
    return gradient


def by_every_method(module: nn.Module, rule: ReluRule, x: Tensor) -> dict[str, Tensor]:
    probe = probed(module)
    found = {"single": filter_gradients(probe, x, "last", [1] * len(x), rule)[0]}
    for masks_only in (True, False):
        recording = Recording(probe, x, torch.float32, masks_only=masks_only)
        rows = [BatchRow(picture, 1) for picture in range(len(x))]
        try:
            found[f"masks {masks_only}"] = replay(probe, recording, "last", rows, rule).gradients
        except NeedsValuesError:
            assert masks_only
    return found


CASES = [
    *[(name, activation, F.relu, False) for name, activation in RELUS.items()],
    *[(name, activation, F.relu, True) for name, activation in HALVES.items()],
    *[(name, activation, F.leaky_relu, True) for name, activation in LEAKY_HALVES.items()],
    *[(name, *both, False) for name, both in OTHERS.items()],
    *[(f"{name} by hand", *both, False) for name, both in BY_HAND.items()],
]


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize(("name", "activation", "oracle", "half"), CASES, ids=[case[0] for case in CASES])
def test_every_way_to_write_it_follows_the_rule(
    name: str, activation: Activation, oracle: Activation, half: bool, rule: ReluRule
) -> None:
    torch.manual_seed(1)
    x = torch.randn(2, 3, 8, 8)
    wanted = slow(oracle, rule, x, half)
    assert wanted.abs().max() > 0
    found = by_every_method(Written(activation), rule, x)
    assert name not in MASKS_SUFFICE or "masks True" in found
    for method, gradient in found.items():
        if name == "hardswish by hand":  # the division comes after the activation
            gradient = gradient * (wanted.norm() / gradient.norm())
        assert torch.allclose(gradient, wanted, atol=1e-7), method


def test_a_rectifier_under_vmap_follows_the_rule() -> None:
    torch.manual_seed(1)
    x = torch.randn(2, 3, 8, 8)
    module = Written(torch.vmap(lambda x: torch.where(x > 0, x, torch.zeros_like(x))))
    found = filter_gradients(probed(module), x, "last", [1, 1], "guided")[0]
    assert torch.allclose(found, slow(F.relu, "guided", x), atol=1e-7)


EPSILONS: dict[str, Activation] = {
    "normalize": lambda x: F.normalize(x, dim=1),
    "norm, clamped": lambda x: x / x.norm(dim=1, keepdim=True).clamp(min=1e-3),
    "norm, clamp_min": lambda x: x / x.norm(dim=1, keepdim=True).clamp_min(1e-3),
    "norm, maximum": lambda x: x / torch.maximum(x.norm(dim=1, keepdim=True), torch.tensor(1e-3)),
    "norm, hardtanh": lambda x: x / F.hardtanh(x.norm(dim=1, keepdim=True), 1e-3, 1e3),
    "deviation": lambda x: x / x.var((2, 3), keepdim=True).clamp(min=1e-5).sqrt(),
    "logarithm": lambda x: x.square().clamp(min=1e-4).log(),
    "from above": lambda x: x / x.norm(dim=1, keepdim=True).clamp(max=0.4),
}
"""Clamps that keep from zero, or from above: their plain gradient is right by every rule."""


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("name", EPSILONS)
def test_a_clamp_from_above_zero_is_no_rectifier(name: str, rule: ReluRule) -> None:
    torch.manual_seed(1)
    x = torch.randn(2, 3, 8, 8)
    leaf = x.clone().requires_grad_()
    (wanted,) = torch.autograd.grad(Written(EPSILONS[name])(leaf)[:, 1].mean((1, 2)).sum(), leaf)
    for method, gradient in by_every_method(Written(EPSILONS[name]), rule, x).items():
        assert torch.allclose(gradient, wanted, atol=1e-6), method


OF_ANOTHER: dict[str, Activation] = {
    "squeeze and excite": lambda x: x * torch.sigmoid(x.mean((2, 3), keepdim=True)),
    "gated linear unit": lambda x: torch.cat([x[:, :3] * torch.sigmoid(x[:, 3:])] * 2, 1),
    "attention": lambda x: torch.softmax(x.flatten(2) @ x.flatten(2).mT, -1) @ x.flatten(2),
    "times tanh": lambda x: x * torch.tanh(x),
    "mish, log of exp": lambda x: x * torch.tanh(torch.log(1 + torch.exp(x))),
    "silu, divided": lambda x: x / (1 + torch.exp(-x)),
    "rectified twice": lambda x: F.relu(x) * F.relu(1 - x),
    "less a tenth of tanh": lambda x: F.relu(x) - 0.1 * torch.tanh(x),
}
"""Products that are no activation of one value, and activations that have no gate: all keep their plain gradient."""


@pytest.mark.parametrize("rule", RULES[:2])
@pytest.mark.parametrize("name", OF_ANOTHER)
def test_what_is_no_gated_activation_keeps_its_plain_gradient(name: str, rule: ReluRule) -> None:
    torch.manual_seed(1)
    x = torch.randn(2, 3, 8, 8)
    module = Written(lambda x: OF_ANOTHER[name](x).reshape(x.shape))
    (wanted, found) = (filter_gradients(probed(module), x, "last", [1, 1], one)[0] for one in ("saliency", rule))
    assert torch.allclose(found, wanted, atol=1e-7)


@pytest.mark.parametrize("rule", RULES[:2])
def test_a_sum_of_relus_is_linear_in_them(rule: ReluRule) -> None:
    torch.manual_seed(1)
    x = torch.randn(2, 3, 8, 8)
    wanted = slow_between(lambda x: x + Ruled.apply(x, F.relu, rule), x)
    for method, gradient in by_every_method(Written(lambda x: x + F.relu(x)), rule, x).items():
        assert torch.allclose(gradient, wanted, atol=1e-7), method
