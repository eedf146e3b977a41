"""The slow and obvious twin of receptive fields: the pixels for which a unit's input gradient is not zero.

The network runs with positive weights, identities in place of activations, and averages in place of maxima, so that no
two paths cancel and none is cut off. Nothing here uses intervals or the trace.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from mkdocs_lurk.models.tracing.layer_calls import CONVOLUTIONS, CallNamer, LayerCall, LayerCallMode, ParameterOwners
from mkdocs_lurk.names import Box

_ACTIVATIONS = {
    *["relu", "relu_", "relu6", "hardtanh", "hardtanh_", "silu", "hardswish", "hardsigmoid", "sigmoid", "sigmoid_"],
    *[
        "gelu",
        "tanh",
        "tanh_",
        "leaky_relu",
        "leaky_relu_",
        "prelu",
        "elu",
        "elu_",
        "selu",
        "selu_",
        "mish",
        "softplus",
    ],
    *["clamp", "clamp_", "clamp_min", "clamp_max", "dropout", "dropout2d", "exp", "sqrt", "rsqrt", "abs", "threshold"],
    *["celu", "logsigmoid", "softsign", "tanhshrink", "hardshrink", "silu_", "square", "neg", "stochastic_depth"],
}
_SOURCES = (F, torch, torch._C._nn, Tensor, nn.functional)
IDENTITIES = {
    getattr(source, name) for source in _SOURCES for name in _ACTIVATIONS if callable(getattr(source, name, None))
}


def _add_mean(x: Tensor, dims: tuple[int, ...]) -> Tensor:
    """Make every element depend on all others along some axes, as normalisation does."""
    return x + x.mean(dim=dims, keepdim=True)


def _batch_norm(
    x: Tensor, mean: Any, var: Any, weight: Any = None, bias: Any = None, training: bool = False, *_: Any, **__: Any
) -> Tensor:
    return _add_mean(x, (0, *range(2, x.dim()))) if training else x


def _average_pool(
    x: Tensor,
    kernel: Any,
    stride: Any = None,
    padding: Any = 0,
    dilation: Any = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Any:
    pairs = [(v, v) if isinstance(v, int) else tuple(v) for v in (kernel, stride or kernel, padding, dilation)]
    (kh, kw), steps, (ph, pw), dilations = pairs
    shape = F.max_pool2d(x.detach(), kernel, stride, padding, dilation, ceil_mode).shape
    covered = [(shape[-2 + i] - 1) * steps[i] + dilations[i] * ((kh, kw)[i] - 1) + 1 for i in (0, 1)]
    x = F.pad(x, (pw, max(0, covered[1] - pw - x.shape[-1]), ph, max(0, covered[0] - ph - x.shape[-2])))
    flat = x.reshape(-1, 1, *x.shape[-2:])
    out = F.conv2d(flat, torch.ones(1, 1, kh, kw, dtype=x.dtype) / (kh * kw), None, steps, 0, dilations)
    out = out[..., : shape[-2], : shape[-1]].reshape(shape)
    return (out, out) if return_indices else out


def _softmax(x: Tensor, dim: int = -1, *_: Any, **__: Any) -> Tensor:
    return _add_mean(x, (dim,))


def _attention(q: Tensor, k: Tensor, v: Tensor, *_: Any, **__: Any) -> Tensor:
    return q.mean(-1, keepdim=True) + k.mean((-1, -2), keepdim=True) + v.mean(-2, keepdim=True)


def _multi_head(query: Tensor, key: Tensor, value: Tensor, *_: Any, **__: Any) -> Any:
    out = query + query.mean(-1, keepdim=True) + sum(t.mean((0, 2), keepdim=True) for t in (key, value))
    return out, None


REPLACED: dict[Any, Callable[..., Any]] = {
    F.batch_norm: _batch_norm,
    torch.batch_norm: _batch_norm,
    F.instance_norm: lambda x, *_, **__: _add_mean(x, tuple(range(2, x.dim()))),
    F.layer_norm: lambda x, shape, *_, **__: _add_mean(x, tuple(range(-len(shape), 0))),
    F.group_norm: lambda x, g, *_, **__: _add_mean(x.unflatten(1, (g, -1)), tuple(range(2, x.dim() + 1))).flatten(1, 2),
    F.max_pool2d: _average_pool,
    torch.max_pool2d: _average_pool,
    F.softmax: _softmax,
    Tensor.softmax: _softmax,
    torch.softmax: _softmax,
    F.scaled_dot_product_attention: _attention,
    F.multi_head_attention_forward: _multi_head,
    F.normalize: lambda x, p=2.0, dim=1, *_, **__: _add_mean(x, (dim,)),
    F.adaptive_max_pool2d: lambda x, size, *_: F.adaptive_avg_pool2d(x, size),
    torch.amax: lambda x, dim, keepdim=False: x.mean(dim, keepdim),
    Tensor.amax: lambda x, dim, keepdim=False: x.mean(dim, keepdim),
    Tensor.sub: torch.add,
    Tensor.__sub__: torch.add,
    torch.sub: torch.add,
}
_ARITHMETIC = {
    Tensor.mul,
    Tensor.__mul__,
    torch.mul,
    Tensor.add,
    Tensor.__add__,
    torch.add,
    Tensor.add_,
    Tensor.__iadd__,
}


_PRODUCTS = {
    Tensor.mul,
    Tensor.__mul__,
    torch.mul,
    torch.matmul,
    Tensor.matmul,
    Tensor.__matmul__,
    torch.einsum,
    torch.bmm,
}


class Linearised(TorchFunctionMode):
    """Run a network so that the gradient of a unit is positive wherever the unit depends on the input.

    Args:
        gates_as_constants: Whether factors and terms that are broadcast over a feature map are held constant.
    """

    def __init__(self, gates_as_constants: bool = False) -> None:
        super().__init__()
        self.gates_as_constants = gates_as_constants

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = dict(kwargs or {})
        if func in IDENTITIES:
            return args[0] if args else kwargs["input"]
        if func in CONVOLUTIONS or func in (F.linear,):
            return func(*_with_positive_kernel(args), **kwargs)
        if func in REPLACED:
            kwargs.pop("inplace", None)
            positional = args if args else (kwargs.pop("input"),)
            return REPLACED[func](*positional, **kwargs)
        if self.gates_as_constants and func in _ARITHMETIC:
            args = _with_constant_gates(args)
        out = func(*args, **kwargs)
        # Products of values would grow beyond all bounds with depth.
        return out / out.detach().abs().max() if func in _PRODUCTS else out


def _with_positive_kernel(args: Any) -> Any:
    """Replace a layer's weight and bias by a constant positive kernel."""
    weight = args[1]
    kernel = torch.full_like(weight, 1.0 / weight[0].numel(), dtype=args[0].dtype)
    return (args[0], kernel, None, *args[3:])


def _with_constant_gates(args: Any) -> Any:
    """Detach the operand of one pixel from an operation that broadcasts it over a feature map."""
    tensors = [a for a in args if isinstance(a, Tensor)]
    if len(tensors) != 2 or any(t.dim() != 4 for t in tensors):
        return args
    gates = [t.shape[2:] == (1, 1) and o.shape[2:] != (1, 1) for t, o in zip(tensors, tensors[::-1], strict=True)]
    return [t.detach() if gate else t for t, gate in zip(tensors, gates, strict=True)]


class _AllDone(Exception):  # noqa: N818 - ends a forward pass, and is no error
    """Ends a forward pass after the last layer that matters."""


class Oracle:
    """The receptive fields of single units, by the gradient.

    Args:
        module: In evaluation mode.
        size: ``(c, h, w)`` of the input.
        layers: Names of the layer calls whose units are of interest.
        gates_as_constants: As for ``Linearised``.
    """

    def __init__(
        self, module: nn.Module, size: tuple[int, int, int], layers: set[str], gates_as_constants: bool = False
    ) -> None:
        self.x = torch.ones(1, *size, dtype=torch.float64, requires_grad=True)
        self.outputs: dict[str, Tensor] = {}
        owners = ParameterOwners(module)

        def handle(call: LayerCall) -> Tensor:
            out = call.run()
            if call.name in layers:
                # A copy, since the network may overwrite the output in place.
                self.outputs[call.name] = out.clone()
                if self.outputs.keys() == layers:
                    raise _AllDone
            return out

        with (
            owners.track_modules(),
            Linearised(gates_as_constants),
            LayerCallMode(CallNamer(owners), handle),
            suppress(_AllDone),
        ):
            module(self.x)

    def box(self, layer: str, y: int, x: int, filter_: int) -> Box:
        """Return the bounding box of the pixels on which one unit depends."""
        unit = self.outputs[layer][0, filter_, y, x]
        assert torch.isfinite(unit)
        if not unit.requires_grad:
            return Box(0, 0, 0, 0)
        (gradient,) = torch.autograd.grad(unit, self.x, retain_graph=True, allow_unused=True)
        support = None if gradient is None else (gradient[0] != 0).any(dim=0)
        if support is None or not support.any():
            return Box(0, 0, 0, 0)
        rows, columns = support.any(dim=1).nonzero().flatten(), support.any(dim=0).nonzero().flatten()
        return Box(int(rows[0]), int(columns[0]), int(rows[-1]) + 1, int(columns[-1]) + 1)
