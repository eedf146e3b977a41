"""Guided gradients of whole networks, compared with a slow twin that replaces every rectifier of a running network."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.overrides import TorchFunctionMode

from mkdocs_lurk.analysis.gradients.batch import Row
from mkdocs_lurk.analysis.gradients.placeholders import NeedsValuesError
from mkdocs_lurk.analysis.gradients.recording import Recording
from mkdocs_lurk.analysis.gradients.replay import replay
from mkdocs_lurk.analysis.gradients.single import project
from mkdocs_lurk.analysis.probe import Probe
from mkdocs_lurk.models.tracing.layers import Layer

RECTIFIERS: dict[Any, Callable[..., Tensor]] = {
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


class GuidedRectifier(torch.autograd.Function):
    """Guided backpropagation through one rectifier: its derivative times the positive part of the gradient.

    Springenberg et al. 2015, arXiv:1412.6806.
    """

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
            (input_gradient,) = torch.autograd.grad(ctx.activation(x), x, gradient.clamp(min=0))
        return input_gradient, None


class ReplaceRectifiers(TorchFunctionMode):
    """Puts ``GuidedRectifier`` in the place of every rectifier that is called."""

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = dict(kwargs or {})
        if func not in RECTIFIERS:
            return func(*args, **kwargs)
        kwargs.pop("inplace", None)
        x, *rest = args
        if func in (F.hardtanh,) and rest:
            rest = rest[:2]
        if func in (F.relu, F.silu, F.hardswish, F.relu6):
            rest = []
        return GuidedRectifier.apply(x, lambda value: RECTIFIERS[func](value, *rest, **kwargs))


def slow(module: nn.Module, x: Tensor, layer: str, index: int) -> Tensor:
    """Return the guided gradient of a filter's spatial mean, by a backward pass through the whole network."""
    outputs: list[Tensor] = []
    handle = module.get_submodule(layer).register_forward_hook(lambda _m, _i, output: outputs.append(output.clone()))
    x = x.detach().requires_grad_()
    try:
        with ReplaceRectifiers():
            module(x)
    finally:
        handle.remove()
    (gradient,) = torch.autograd.grad(outputs[0][:, index].mean(), x)
    return gradient


def check(module: nn.Module, x: Tensor, layers: Sequence[Layer]) -> tuple[int, list[str]]:
    """Compare some layers' gradients, computed singly and from recordings, with those of the slow twin.

    Returns:
        Number of layers, and what differs.
    """
    last = len(layers) - 1
    chosen = dict.fromkeys(layers[round(i * last / max(1, _LAYERS - 1))] for i in range(_LAYERS))
    probe, problems = Probe.of(module, layers), []
    recordings = {kind: Recording(probe, x, torch.float32, short=kind == "short") for kind in ("full", "short")}
    for layer in chosen:
        index = layer.filters // 2
        expected = slow(module, x, layer.name, index)
        gradients = {"single": project(probe, x, layer.name, [index], "guided")[0]}
        for kind, recording in recordings.items():
            with suppress(NeedsValuesError):
                gradients[kind] = replay(probe, recording, layer.name, [Row(0, index)], "guided").gradients
        for kind, gradient in gradients.items():
            difference = float((gradient - expected).abs().max() / expected.abs().max().clamp(min=1e-30))
            if not difference <= _CLOSE:
                problems.append(
                    f"{layer.name}: the {kind} guided gradient of filter {index} differs by {difference:.2g} (relative)"
                )
    return len(chosen), problems
