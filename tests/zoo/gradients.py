"""Guided gradients of whole networks against those of a network whose every ReLU is rewritten while it runs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.overrides import TorchFunctionMode

from mkdocs_lurk.analysis.gradients.batch import BatchRow
from mkdocs_lurk.analysis.gradients.placeholders import NeedsValuesError
from mkdocs_lurk.analysis.gradients.recording import Recording
from mkdocs_lurk.analysis.gradients.replay import replay
from mkdocs_lurk.analysis.gradients.single import filter_gradients
from mkdocs_lurk.analysis.probe import Probe
from mkdocs_lurk.models.tracing.layers import Layer

ACTIVATIONS: dict[Any, Callable[..., Tensor]] = {
    F.relu: F.relu,
    F.relu_: F.relu,
    torch.relu: F.relu,
    torch.relu_: F.relu,
    Tensor.relu: F.relu,
    Tensor.relu_: F.relu,
    F.relu6: F.relu6,
    F.hardtanh: F.hardtanh,
    F.silu: F.silu,
    F.gelu: F.gelu,
    F.hardswish: F.hardswish,
}
_LAYERS, _CLOSE = 3, 1e-4


class Rectified(torch.autograd.Function):
    """The rule for one activation: only the positive part of the gradient meets the activation's derivative."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, activation: Callable[[Tensor], Tensor]) -> Tensor:
        ctx.save_for_backward(x)
        ctx.activation = activation
        return activation(x)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None]:
        (x,) = ctx.saved_tensors
        with torch.enable_grad():
            x = x.detach().requires_grad_()
            (passed,) = torch.autograd.grad(ctx.activation(x), x, gradient.clamp(min=0))
        return passed, None


class Rewrite(TorchFunctionMode):
    """Puts ``Rectified`` in the place of every ReLU and smooth activation that is called."""

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = dict(kwargs or {})
        if func not in ACTIVATIONS:
            return func(*args, **kwargs)
        kwargs.pop("inplace", None)
        x, *rest = args
        if func in (F.hardtanh,) and rest:
            rest = rest[:2]
        if func in (F.relu, F.silu, F.hardswish, F.relu6):
            rest = []
        return Rectified.apply(x, lambda value: ACTIVATIONS[func](value, *rest, **kwargs))


def slow(module: nn.Module, x: Tensor, layer: str, index: int) -> Tensor:
    """The guided gradient of a filter's mean, through the whole network."""
    seen: list[Tensor] = []
    handle = module.get_submodule(layer).register_forward_hook(lambda _m, _i, output: seen.append(output.clone()))
    x = x.detach().requires_grad_()
    try:
        with Rewrite():
            module(x)
    finally:
        handle.remove()
    (gradient,) = torch.autograd.grad(seen[0][:, index].mean(), x)
    return gradient


def check(module: nn.Module, x: Tensor, layers: Sequence[Layer]) -> tuple[int, list[str]]:
    """Compare some layers' gradients, computed singly and from recordings; how many layers, and what differs."""
    last = len(layers) - 1
    chosen = dict.fromkeys(layers[round(i * last / max(1, _LAYERS - 1))] for i in range(_LAYERS))
    probe, problems = Probe.of(module, layers), []
    recordings = {kind: Recording(probe, x, torch.float32, masks_only=kind == "masks") for kind in ("full", "masks")}
    for layer in chosen:
        index = layer.filters // 2
        true = slow(module, x, layer.name, index)
        found = {"single": filter_gradients(probe, x, layer.name, [index], "guided")[0]}
        for kind, recording in recordings.items():
            with suppress(NeedsValuesError):
                found[kind] = replay(probe, recording, layer.name, [BatchRow(0, index)], "guided").gradients
        for kind, fast in found.items():
            difference = float((fast - true).abs().max() / true.abs().max().clamp(min=1e-30))
            if not difference <= _CLOSE:
                problems.append(
                    f"{layer.name}: the {kind} guided gradient of filter {index} differs by {difference:.2g} (relative)"
                )
    return len(chosen), problems
