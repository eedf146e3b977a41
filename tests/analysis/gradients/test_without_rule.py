"""Activations without a rule are counted and named, and no others."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from mkdocs_lurk.analysis.gradients.relu_rules import ReluRule
from mkdocs_lurk.analysis.gradients.without_rule import describe_activations_without_rule
from tests.analysis.gradients.test_ways_to_write_rectifiers import CASES, Written
from tests.analysis.networks import Gated, Modular, probed, seeded


class Own(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x: Tensor) -> Tensor:
        return x.clamp(min=0)

    @staticmethod
    def backward(ctx, gradient: Tensor) -> Tensor:
        return gradient


def described(module: nn.Module, rule: ReluRule = "guided") -> list[str]:
    return describe_activations_without_rule(probed(module, 8), torch.randn(1, 3, 8, 8), rule)


def chosen_rows(x: Tensor) -> Tensor:
    y, mask = torch.zeros_like(x), x > 0
    y[mask] = x[mask]
    return y


def assigned_mask(x: Tensor) -> Tensor:
    mask = torch.zeros_like(x)
    mask[x > 0] = 1
    return x * mask


def by_index(x: Tensor) -> Tensor:
    places = (x > 0).nonzero(as_tuple=True)
    return torch.zeros_like(x).index_put(places, x[places])


def laid_in_zeros(x: Tensor) -> Tensor:
    both = x.new_zeros(2, *x.shape)
    both[0] = x
    return both.amax(0)


def written_by_numpy(x: Tensor) -> Tensor:
    values = x.detach().numpy()
    values[values < 0] = 0
    return x


def largest_beside(zeros: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:
    return torch.stack([x, zeros(x)]).amax(0)


def copied_into_a_view(x: Tensor) -> Tensor:
    both = x.new_zeros(*x.shape, 2)
    both.select(-1, 0).copy_(x)
    return both.max(-1).values


CHOICES: dict[str, Callable[[Tensor], Tensor]] = {
    "reshaped": lambda x: x * (x > 0).flatten().view_as(x),
    "permuted": lambda x: (x.permute(0, 2, 3, 1) * (x > 0).permute(0, 2, 3, 1)).permute(0, 3, 1, 2),
    "concatenated": lambda x: x * torch.cat([(x > 0)[:, :3], (x > 0)[:, 3:]], 1),
    "times a number": lambda x: x * ((x > 0) * 1.0),
    "times and divided": lambda x: x * (2 * (x > 0)) / 2,
    "sign": lambda x: x * (torch.sign(x) + 1) / 2,
    "sign, rectified": lambda x: x * torch.sign(x).clamp(min=0),
    "rows": chosen_rows,
    "indices": by_index,
    "masked_scatter": lambda x: torch.zeros_like(x).masked_scatter(x > 0, x[x > 0]),
    "a mask that is assigned": assigned_mask,
    "stacked, max_pool1d": lambda x: F.max_pool1d(
        torch.stack([x, torch.zeros_like(x)], -1).reshape(len(x), -1, 2), 2
    ).reshape(x.shape),
    "stacked": lambda x: torch.stack([x, torch.zeros_like(x)]).max(0).values,
    "stacked, amax": lambda x: torch.stack([torch.zeros_like(x), x]).amax(0),
    "stacked, max_pool2d": lambda x: F.max_pool2d(
        torch.stack([x, torch.zeros_like(x)], -1).flatten(1, 3).unsqueeze(1), (1, 2)
    ).reshape(x.shape),
    "stacked, module": lambda x: nn.MaxPool3d((2, 1, 1))(torch.stack([x, 0 * x], 2)).squeeze(2),
    "stacked, moved": lambda x: (torch.stack([x, torch.zeros_like(x)]).clone().movedim(0, 2) * 2 + 1).amax(2),
    "stacked, unfolded": lambda x: torch.stack([x, torch.zeros_like(x)], -1).flatten(-2).unfold(-1, 2, 2).amax(-1),
    "stacked, kthvalue": lambda x: torch.stack([x, torch.zeros_like(x)]).kthvalue(2, 0).values,
    "stacked with a share": lambda x: torch.stack([x, 0.1 * x]).amax(0),
    "maxout": lambda x: torch.cat([x, torch.zeros_like(x)], 1).view(len(x), 2, -1, *x.shape[2:]).amax(1),
    "padded": lambda x: F.pad(x.unsqueeze(-1), (0, 1)).amax(-1),
    "laid in zeros": laid_in_zeros,
    "copied into a view of zeros": copied_into_a_view,
    "addcmul": lambda x: torch.addcmul(torch.zeros_like(x), x, (x > 0).float()),
    "einsum": lambda x: torch.einsum("nchw,nchw->nchw", x, (x > 0).float()),
    "lerp": lambda x: torch.lerp(torch.zeros_like(x), x, (x > 0).float()),
    "of another": lambda x: x * (x.flip(1) > 0),
    "without gradients": lambda x: x * detached_sign(x),
    "of what is detached": lambda x: x * torch.sign(x.detach()).add(1).div(2),
    "bucketize": lambda x: x * torch.bucketize(x, torch.tensor([0.0])).float(),
    "bucketize, detached": lambda x: x * torch.bucketize(x.detach(), torch.tensor([0.0])).float(),
    "searchsorted": lambda x: x * torch.searchsorted(torch.tensor([0.0]), x).float(),
    "whole numbers": lambda x: x * x.ceil().clamp(0, 1).int(),
    "argmax": lambda x: x * torch.argmax(torch.stack([x * 0, x]), 0).float(),
    "of argmax, compared": lambda x: x * (torch.argmax(torch.stack([x * 0, x]), 0) == 1),
    "not a number": lambda x: x * ~torch.isnan(torch.sqrt(x.detach())),
    "isclose": lambda x: x * torch.isclose(x, x.abs(), rtol=0, atol=0),
    "isclose, rows": lambda x: torch.zeros_like(x).masked_scatter(m := torch.isclose(x, x.abs()), x[m]),
    "NumPy": lambda x: x * torch.from_numpy((x.detach().numpy() > 0).astype("f4")),
    "NumPy, copied": lambda x: x * torch.tensor(np.maximum(np.sign(x.detach().numpy()), 0)),
    "a list": lambda x: x * torch.tensor((x > 0).tolist()),
    "a list of numbers": lambda x: x * torch.FloatTensor([max(v, 0) / v for v in x.flatten().tolist()]).view_as(x),
    "NumPy, one number a channel": lambda x: (
        x * torch.from_numpy((x.detach().numpy().mean((0, 2, 3)) > 0).astype("f4")).view(-1, 1, 1)
    ),
    "NumPy, of another size": lambda x: x * torch.from_numpy(np.stack([x.detach().numpy() > 0] * 2))[0],
    "a list of single numbers": lambda x: x * torch.tensor([bool(v) for v in (x > 0).flatten()]).view_as(x),
    "a list of comparisons": lambda x: x * torch.tensor([v.item() > 0 for v in x.flatten()]).view_as(x),
    "a table of bags": lambda x: F.embedding_bag(
        torch.arange(2 * x.numel()).view(-1, 2), torch.stack([x, 0 * x], -1).reshape(-1, 1), mode="max"
    ).view_as(x),
    "a row of a list": lambda x: x * torch.tensor((x[0] > 0).tolist()),
    "NumPy, in place": written_by_numpy,
    "NumPy, in place of a copy": lambda x: written_by_numpy(x.clone()),
    "DLPack, in place": lambda x: (np.maximum(a := np.from_dlpack(x.detach()), 0, out=a), x)[1],
    **{
        f"stacked with {name}": partial(largest_beside, zeros)
        for name, zeros in {
            "the difference to itself": lambda x: x - x,
            "a subtracted copy": lambda x: x.sub(x.clone()),
            "0 times itself, moved": lambda x: (x * 0).clone() + 0,
            "0 times its mean": lambda x: (x.mean() * 0).expand_as(x),
        }.items()
    },
    "stacked, topk": lambda x: torch.stack([x - x, x]).topk(1, 0).values[0],
    "stacked, gather": lambda x: (s := torch.stack([0 * x, x])).gather(0, s.argmax(0, keepdim=True))[0],
    "stacked, take_along_dim": lambda x: (s := torch.stack([0 * x, x])).take_along_dim(s.argmax(0)[None], 0)[0],
    "stacked, take": lambda x: (s := torch.stack([0 * x, x])).take(
        s.argmax(0) * x.numel() + torch.arange(x.numel()).view_as(x)
    ),
    "stacked, places": lambda x: (
        (s := torch.stack([0 * x, x])).flatten(1)[s.argmax(0).flatten(), torch.arange(x.numel())].view_as(x)
    ),
    "stacked with a mask, prod": lambda x: torch.stack([x, (x > 0).float()]).prod(0),
    "stacked, softmax": lambda x: torch.stack([x, torch.zeros_like(x)]).softmax(0)[0],
    "stacked, softmax of both signs": lambda x: x * torch.stack([x, -x]).softmax(0)[0],
    "stacked, log_softmax": lambda x: -F.log_softmax(torch.stack([x, 0 * x], -1), -1)[..., 1],
    "stacked, a sharp softmax": lambda x: (torch.stack([x, 0 * x]) * torch.stack([50 * x, 0 * x]).softmax(0)).sum(0),
    "stacked, largest norm": lambda x: (
        torch.norm(torch.stack([x, torch.zeros_like(x)]), p=torch.inf, dim=0) / 2 + x / 2
    ),
    "stacked, root of squares": lambda x: (x + torch.stack([x, torch.zeros_like(x)]).pow(2).sum(0).sqrt()) / 2,
    "stacked, deviation": lambda x: (x + torch.stack([x, -x]).std(0, unbiased=False)) / 2,
    "norm of one": lambda x: (x + torch.linalg.vector_norm(x[None], torch.inf, 0)) / 2,
    "norm of one, method": lambda x: (x + x[None].norm(p=2, dim=0)) / 2,
    "unit length of one": lambda x: x * (F.normalize(x[None], dim=0)[0] + 1) / 2,
    "root of one square": lambda x: (x + x[None].pow(2).sum(0).sqrt()) / 2,
    "cdist": lambda x: (x + torch.cdist(x.reshape(-1, 1, 1), torch.zeros(x.numel(), 1, 1)).view_as(x)) / 2,
    "copysign": lambda x: (x + torch.copysign(x, torch.ones_like(x))) / 2,
    "angle": lambda x: x * (1 - torch.angle(x) / torch.pi),
    "atan2": lambda x: x * (1 - torch.atan2(torch.zeros_like(x), x) / torch.pi),
    "a loss": lambda x: (x + F.smooth_l1_loss(x, torch.zeros_like(x), reduction="none", beta=0.01)) / 2,
    "scatter_reduce": lambda x: torch.zeros_like(x).scatter_reduce(
        1, torch.arange(6).view(1, 6, 1, 1).expand_as(x), x, "amax"
    ),
    "a table": lambda x: F.grid_sample(
        torch.linspace(0, 1, 64).view(1, 1, 1, 64),
        torch.stack([x.flatten(), x.flatten() * 0], -1).view(1, 1, -1, 2),
        align_corners=False,
    ).view_as(x),
    "quantised": lambda x: torch.fake_quantize_per_tensor_affine(x, 0.1, 0, 0, 127),
}
"""Ways to write an activation that are named, since none of them is known as a rectifier."""


def detached_sign(x: Tensor) -> Tensor:
    with torch.no_grad():
        return torch.sign(x).add(1).div(2)


@pytest.mark.parametrize("name", CHOICES)
def test_every_choice_among_values_is_named(name: str) -> None:
    (sentence,) = described(Written(CHOICES[name]))
    assert sentence.startswith(("In 1 place an activation (", "In 2 places an activation ("))
    assert sentence.endswith("has no rule; its plain gradient is used.")


def attended(x: Tensor, shares: Callable[[Tensor], Tensor]) -> Tensor:
    tokens = x.flatten(2).mT
    return (shares(tokens @ tokens.mT) @ tokens).mT.view_as(x)


NO_ACTIVATIONS: dict[str, Callable[[Tensor], Tensor]] = {
    "checked": lambda x: x if bool(x.isfinite().all()) and bool((x > -1e9).all()) else -x,
    "joined": lambda x: torch.cat([x, torch.zeros_like(x)], 1)[:, :6],
    "joined, pooled": lambda x: F.max_pool2d(torch.cat([x, torch.zeros_like(x)], 1), 3, 1, 1)[:, :6],
    "joined, largest": lambda x: torch.cat([x, torch.zeros_like(x)], 1).amax((2, 3), keepdim=True)[:, :6],
    "padded, pooled": lambda x: F.max_pool2d(F.pad(x, (1, 1, 1, 1)), 3, 1),
    "padded channels": lambda x: F.max_pool2d(F.pad(x, (0, 0, 0, 0, 0, 2)), 3, 1, 1)[:, :6],
    "a constant mask": lambda x: x * (torch.arange(8) > 3),
    "as the type of a mask": lambda x: x.type_as((x > 0).float()),
    "checked, replaced": lambda x: torch.where(torch.isnan(x), 0.0, x),
    "read at places": lambda x: x - x.gather(1, x.argmax(1, keepdim=True)),
    "sorted": lambda x: x[:, x.detach().mean((0, 2, 3)).argsort()],
    "looked at": lambda x: (
        x * x.new_full((6, 1, 1), float(len(x.detach().numpy()) + sum(x.sum(1).flatten().tolist()) * 0))
    ),
    "looked at, normalised": lambda x: (x.detach().numpy(), x * torch.tensor([0.5] * 6).view(6, 1, 1))[1],
    "a mask of the shape": lambda x: x * torch.ones(x.shape, dtype=torch.bool).tril(),
    "a random mask": lambda x: x * torch.randint_like(x, 2).bool(),
    "pooled": lambda x: F.max_unpool2d(*F.max_pool2d(x, 2, return_indices=True), 2),
    "unit length": lambda x: F.normalize(x, dim=1),
    "a clamped deviation": lambda x: x / x.var((2, 3), keepdim=True).clamp(min=1e-5).sqrt(),
    "largest of channels": lambda x: x - x.amax(1, keepdim=True),
    "generalised-mean pooling": lambda x: x * x.clamp(min=1e-6).pow(3).mean((2, 3), keepdim=True).pow(1 / 3),
    "response normalisation": lambda x: F.local_response_norm(x, 3),
    "root mean square": lambda x: x * torch.rsqrt((x * x).mean(1, keepdim=True) + 1e-6),
    "standardised": lambda x: (x - x.mean(1, keepdim=True)) / ((x - x.mean(1, keepdim=True)) ** 2).mean(1, True).sqrt(),
    "softmax": lambda x: (lambda y: y / y.sum(1, keepdim=True))((x - x.amax(1, keepdim=True)).exp()),
    "absolute shares": lambda x: x / x.abs().sum(1, keepdim=True),
    "largest of rectified branches": lambda x: torch.stack([F.relu(x), F.relu(-x)]).amax(0),
    "mirrored at the border": lambda x: F.pad(F.pad(x, (1, 1, 1, 1), "reflect"), (1, 1, 1, 1), "replicate"),
    "averaged and enlarged": lambda x: F.interpolate(F.adaptive_avg_pool2d(F.avg_pool2d(x, 2), 2), scale_factor=4.0),
    "enlarged, smooth": lambda x: F.interpolate(x, scale_factor=2, mode="bicubic"),
    "turned": lambda x: F.grid_sample(x, torch.rand(1, 8, 8, 2), align_corners=False),
    "normalised by groups": lambda x: F.instance_norm(F.group_norm(x, 2)),
    "normalised by layers": lambda x: F.rms_norm(F.layer_norm(x, x.shape[1:]), x.shape[1:]),
    "moved": lambda x: F.fold(F.unfold(F.pixel_shuffle(x.repeat(1, 4, 1, 1), 2), 2, stride=2), 16, 2, stride=2),
    "attention": lambda x: F.scaled_dot_product_attention(*[x.flatten(2).mT] * 3).mT.view_as(x),
    "attention, written out": lambda x: attended(x, lambda scores: (scores / 2).softmax(-1)),
    "attention with a sink": lambda x: attended(x, lambda scores: F.pad(scores, (0, 1)).softmax(-1)[..., :-1]),
    "attention that is masked": lambda x: attended(
        x, lambda scores: scores.masked_fill(torch.ones(64, 64).triu(1).bool(), -1e9).softmax(-1)
    ),
    "spectrum": lambda x: torch.fft.irfft2(torch.fft.rfft2(x) * torch.rand(8, 5), s=x.shape[-2:]),
    "spread of neighbours": lambda x: x - x.unfold(2, 3, 1).std(-1).mean(),
    "a part of each": lambda x: x[:, torch.tensor([1, 0, 3, 2, 5, 4])].narrow(1, 0, 6).roll(1, 2).cumsum(1),
}


@pytest.mark.parametrize("name", NO_ACTIVATIONS)
def test_what_chooses_nothing_is_not_named(name: str) -> None:
    assert described(Written(NO_ACTIVATIONS[name])) == []


class PartlyScripted(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.first, self.last = nn.Conv2d(3, 6, 3, padding=1), nn.Conv2d(6, 4, 3, padding=1)
        self.between = torch.jit.script(nn.ReLU())

    def forward(self, x: Tensor) -> Tensor:
        return self.last(self.between(self.first(x)))


@pytest.mark.filterwarnings("ignore:.*torch.jit.script:FutureWarning")
def test_what_runs_in_torchscript_is_named() -> None:
    assert described(seeded(PartlyScripted)) == [
        "In 1 place an activation (TorchScript) has no rule; its plain gradient is used."
    ]


def test_hooks_for_the_backward_pass_are_no_activations() -> None:
    module = Written(F.relu)
    module.first.register_full_backward_hook(lambda *_: None)
    (sentence,) = described(module)
    assert sentence.startswith("In 1 place a module (register_full_backward_hook) has a hook")


@pytest.mark.parametrize(
    ("activation", "places"),
    [
        (torch.tanh, "1 place an activation (Tanh)"),
        (lambda x: torch.tanh(torch.tanh(x)), "2 places an activation (Tanh)"),
        (torch.sigmoid, "1 place an activation (Sigmoid)"),
        (lambda x: x**2, "1 place an activation (Pow)"),
        (lambda x: torch.exp(-x * x), "2 places an activation (Exp, Mul)"),
        (lambda x: 1 / (1 + F.relu(x)), "1 place an activation (Reciprocal)"),
        (lambda x: (lambda y: y - y.mean(1, keepdim=True))(x.square()), "1 place an activation (Pow)"),
        (lambda x: x * torch.tanh(x), "1 place an activation (Mul of Tanh)"),
        (lambda x: F.relu(x) * F.relu(1 - x), "1 place an activation (Mul of Relu)"),
        (lambda x: x / (1 + torch.exp(-x)), "1 place an activation (Div of Exp)"),
        pytest.param(
            lambda x: torch.func.jvp(F.relu, (x,), (x,))[1],
            "1 place an activation (ThresholdBackward)",
            marks=pytest.mark.filterwarnings("ignore:.*torch.jit.script:FutureWarning"),
        ),
        (Own.apply, "1 place an activation (Own)"),
        (lambda x: x.clamp(min=0.5), "1 place an activation (Clamp)"),
        (lambda x: x * (x > 0.5), "1 place an activation (mul)"),
        (lambda x: torch.where(x > 0, x, x.exp() - 1), "2 places an activation (Exp, where)"),
        (lambda x: Own.apply(x.relu()).tanh(), "2 places an activation (Own, Tanh)"),
    ],
)
def test_activations_without_a_rule_are_named(activation: Callable[[Tensor], Tensor], places: str) -> None:
    assert described(Written(activation)) == [f"In {places} has no rule; its plain gradient is used."]


def test_smooth_activations_are_named() -> None:
    for rule, has_derivative in (("guided", True), ("deconv", False)):
        (sentence,) = described(Written(F.gelu), rule)
        assert sentence.startswith("In 1 place an activation (Gelu) has no rule in the papers; the gradient that comes")
        assert ("the activation's own derivative" in sentence) == has_derivative


def hooked(x: Tensor) -> Tensor:
    if x.requires_grad:
        x.register_hook(lambda gradient: -gradient)
    return F.relu(x)


def hooked_node(register: str, x: Tensor) -> Tensor:
    y = F.relu(x)
    if y.grad_fn is not None:
        getattr(y.grad_fn, register)(lambda *gradients: (-gradients[0][0],))
    return y


def written_behind_autograd(x: Tensor) -> Tensor:
    x.data.clamp_(min=0)
    return x


@pytest.mark.parametrize(
    ("activation", "start", "end"),
    [
        (lambda x: x - (x - F.relu(x)).detach(), "In 1 place a value (sub) meets one", "none passes there."),
        (lambda x: x + F.relu(x).data * 2, "In 1 place a value (add) meets one", "none passes there."),
        (written_behind_autograd, "In 1 place a value (clamp) meets one", "none passes there."),
        (hooked, "In 1 place a tensor (register_hook) has a hook", "what it does was not examined."),
        *(
            (
                partial(hooked_node, register),
                f"In 1 place a node of the autograd graph (grad_fn.{register}) has a hook",
                "what it does was not examined.",
            )
            for register in ("register_hook", "register_prehook")
        ),
    ],
)
def test_what_the_network_does_to_gradients_is_said(
    activation: Callable[[Tensor], Tensor], start: str, end: str
) -> None:
    (sentence,) = described(Written(activation))
    assert sentence.startswith(start)
    assert sentence.endswith(end)


@pytest.mark.parametrize("rule", ["guided", "saliency"])
def test_hooks_on_modules_are_said(rule: ReluRule) -> None:
    module = seeded(Modular)
    assert described(module, rule) == []
    module[1].register_forward_hook(lambda _module, _inputs, output: output * 2)
    assert described(module, rule) == []
    module[0].register_full_backward_hook(lambda _module, inputs, _outputs: inputs)
    module[1].register_full_backward_hook(lambda _module, inputs, _outputs: (-inputs[0],))
    module[4].register_full_backward_pre_hook(lambda _module, outputs: (-outputs[0],))
    (sentence,) = described(module, rule)
    names = "register_full_backward_hook, register_full_backward_pre_hook"
    assert sentence.startswith(f"In 3 places a module ({names}) has a hook of the network's own code, which may change")


@pytest.mark.filterwarnings("ignore:Using a non-full backward hook")
def test_a_modules_hook_is_said_once() -> None:
    module = seeded(Modular)
    module[1].register_backward_hook(lambda _module, inputs, _outputs: (-inputs[0],))
    (sentence,) = described(module)
    assert sentence.startswith("In 1 place a module (register_backward_hook) has a hook")


class Followed(Written):
    """What would be named stands behind the last layer."""

    def forward(self, x: Tensor) -> Tensor:
        y = super().forward(x)
        if y.requires_grad:
            y.register_hook(torch.neg)
        return y[y > 0.5] * y.detach().max()


def test_what_no_layer_depends_on_is_left_out() -> None:
    assert described(Followed(F.relu)) == []


def test_hooks_on_all_modules_are_said() -> None:
    with torch.nn.modules.module.register_module_full_backward_hook(lambda _module, inputs, _outputs: inputs):
        (sentence,) = described(nn.Sequential(nn.Conv2d(3, 2, 3), nn.ReLU()))
    assert sentence.startswith("In 3 places a module (register_module_full_backward_hook) has a hook")


def test_an_activation_that_is_written_out_is_named_once() -> None:
    (sentence,) = described(Written(lambda x: x * torch.tanh(F.softplus(x))))
    assert sentence.startswith("In 1 place an activation (Mul of Softplus, Tanh) has no rule in the papers; ")


@pytest.mark.parametrize(("name", "activation", "_oracle", "_half"), CASES, ids=[case[0] for case in CASES])
def test_rectifiers_are_not_named(name: str, activation: Callable[[Tensor], Tensor], _oracle, _half) -> None:
    assert len(described(Written(activation))) == name.endswith("by hand")


def test_gates_are_not_named() -> None:
    assert described(seeded(Gated)) == []
