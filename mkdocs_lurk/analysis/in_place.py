"""Run a network that writes into parts of its tensors in place, where autograd by itself would refuse to.

Autograd forbids to write into one of several views that one function returned (``chunk``, ``split``, ``unbind``), and
hides what was written into a view from whoever walks the graph. Both have a twin that computes the same: one ``narrow``
for each part, and the ordinary function whose result is copied into the view.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F
from torch.overrides import TorchFunctionMode

aten = torch.ops.aten

_POSITION_OF_DIM = 2
_SPLITS = frozenset(
    [
        *[torch.split, torch.chunk, torch.tensor_split, torch.split_with_sizes],
        *[Tensor.split, Tensor.chunk, Tensor.tensor_split, Tensor.split_with_sizes],
        *[aten.split.Tensor, aten.split.sizes, aten.chunk.default, aten.split_with_sizes.default],
    ]
)
_UNBINDS = frozenset([torch.unbind, Tensor.unbind, aten.unbind.int])
_SPLITS_ALONG = {
    torch.hsplit: 1,
    Tensor.hsplit: 1,
    torch.vsplit: 0,
    Tensor.vsplit: 0,
    torch.dsplit: 2,
    Tensor.dsplit: 2,
}
_SPLITTING = _SPLITS | _UNBINDS | _SPLITS_ALONG.keys()
_WITH_FLAG = frozenset(
    [
        *[F.relu, F.relu6, F.hardtanh, F.leaky_relu, F.elu, F.celu, F.selu, F.threshold, F.silu, F.mish],
        *[F.hardswish, F.hardsigmoid],
    ]
)
_ORDINARY: dict[Any, Callable[..., Tensor]] = {
    F.relu_: F.relu,
    torch.relu_: torch.relu,
    Tensor.relu_: torch.relu,
    F.leaky_relu_: F.leaky_relu,
    F.elu_: F.elu,
    F.celu_: F.celu,
    torch.celu_: torch.celu,
    F.selu_: F.selu,
    torch.selu_: torch.selu,
    F.hardtanh_: F.hardtanh,
    torch.threshold_: torch.threshold,
    torch.clamp_: torch.clamp,
    Tensor.clamp_: torch.clamp,
    Tensor.clip_: torch.clamp,
    torch.clamp_min_: torch.clamp_min,
    Tensor.clamp_min_: torch.clamp_min,
}


class WritableViewsMode(TorchFunctionMode):
    """Let a network write in place into parts of its tensors, and keep the activations among that in sight.

    What the network computes stays the same, to the bit.
    """

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Sequence[type],
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> object:
        """Run a function, or its twin if it is one that autograd does not let alone."""
        kwargs = kwargs or {}
        if func in _SPLITTING:
            if _is_recorded(args[0]):
                return _parts(func, args[0], args, kwargs)
        elif _is_in_place(func, kwargs) and _is_recorded(args[0]) and _is_view(args[0]):
            return args[0].copy_(_out_of_place(func, args, kwargs))
        return func(*args, **kwargs)


def _is_in_place(func: Callable[..., Any], kwargs: dict[str, Any]) -> bool:
    """Whether a call is one of an activation in place."""
    return func in _ORDINARY or (func in _WITH_FLAG and bool(kwargs.get("inplace")))


def _is_recorded(x: Tensor) -> bool:
    """Whether autograd records what is computed from a tensor. Other modes do not see the question."""
    with torch._C.DisableTorchFunction():
        return x.requires_grad


def _is_view(x: Tensor) -> bool:
    with torch._C.DisableTorchFunction():
        return x._is_view()


def _parts(func: Callable[..., Any], x: Tensor, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Tensor, ...]:
    """Return what a function that splits a tensor returns, each part a view of its own."""
    with torch.no_grad(), torch._C.DisableTorchFunction():
        views: Sequence[Tensor] = func(*args, **kwargs)
    if func in _UNBINDS:
        dim = kwargs.get("dim", args[1] if len(args) > 1 else 0)
        return tuple(x.select(dim, place) for place in range(len(views)))
    if func in _SPLITS_ALONG:
        dim = 0 if x.dim() == 1 else _SPLITS_ALONG[func]
    else:
        dim = kwargs.get("dim", args[_POSITION_OF_DIM] if len(args) > _POSITION_OF_DIM else 0)
    parts, start = [], 0
    for view in views:
        parts.append(x.narrow(dim, start, view.shape[dim]))
        start += view.shape[dim]
    return tuple(parts)


def _out_of_place(func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Tensor:
    """Compute an in-place activation out of place, on a copy where its backward pass needs what will be overwritten."""
    ordinary = _ORDINARY.get(func, func)
    x = args[0] if ordinary in (F.relu, torch.relu) else args[0].clone()  # a ReLU keeps its output
    flag = {"inplace": False} if func in _WITH_FLAG else {}
    result: Tensor = ordinary(x, *args[1:], **kwargs | flag)
    return result
