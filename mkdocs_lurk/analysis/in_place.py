"""Run a network that writes into parts of its tensors in place, where autograd by itself would refuse to.

Autograd forbids to write into one of several views that one function returned (``chunk``, ``split``, ``unbind``). One
``narrow`` for each part gives the same views, and may be written to. What an activation writes into a view is brought
into sight by ``models/tracing/rectifiers.py``, for whoever sets a rule on the graph.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode

from mkdocs_lurk.models.tracing.operations import Argument, TorchFunction

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


class WritableViewsMode(TorchFunctionMode):
    """Let a network write in place into parts of its tensors.

    What the network computes stays the same, to the bit.
    """

    def __torch_function__(
        self,
        func: TorchFunction,
        types: Sequence[type],
        args: tuple[Argument, ...] = (),
        kwargs: dict[str, Argument] | None = None,
    ) -> object:
        """Run a function, or its twin if its results could not be written to."""
        kwargs = kwargs or {}
        if func in _SPLITTING and _is_recorded(args[0]):
            return _parts(func, args[0], args, kwargs)
        return func(*args, **kwargs)


def _is_recorded(x: Tensor) -> bool:
    """Whether autograd records what is computed from a tensor. Other modes do not see the question."""
    with torch._C.DisableTorchFunction():
        return x.requires_grad


def _parts(
    func: TorchFunction, x: Tensor, args: tuple[Argument, ...], kwargs: dict[str, Argument]
) -> tuple[Tensor, ...]:
    """Return what a function that splits a tensor returns, each part a view of its own."""
    with torch.no_grad(), torch._C.DisableTorchFunction():
        views: Sequence[Tensor] = func(*args, **kwargs)
    if func in _UNBINDS:
        dim: int = kwargs["dim"] if "dim" in kwargs else args[1] if len(args) > 1 else 0
        return tuple(x.select(dim, place) for place in range(len(views)))
    if func in _SPLITS_ALONG:
        dim = 0 if x.dim() == 1 else _SPLITS_ALONG[func]
    else:
        given: int = args[_POSITION_OF_DIM] if len(args) > _POSITION_OF_DIM else 0
        dim = kwargs.get("dim", given)
    parts, start = [], 0
    for view in views:
        parts.append(x.narrow(dim, start, view.shape[dim]))
        start += view.shape[dim]
    return tuple(parts)
