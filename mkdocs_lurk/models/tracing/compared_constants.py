"""Find where a network takes the largest of values of the picture and of constants that lie in one tensor.

``torch.stack([x, torch.zeros_like(x)]).amax(0)`` is a ReLU, and a max pooling over both is one, too. For each tensor
that holds constants beside values of the picture, a mask says which of its elements are which. It comes about as the
tensor does: by the same functions, called with masks. What lies beside the values that it was computed from, such as
``x / 10`` beside ``x``, counts as a constant, and so does ``x - x``. A softmax or a norm over a single value of the
picture and constants is an activation of that value, too.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, MutableMapping

import torch
from torch import Tensor
from torch.utils._pytree import tree_map
from torch.utils.weak import WeakTensorKeyDictionary

from mkdocs_lurk.errors import describe_error
from mkdocs_lurk.models.tracing.derived_values import tensors_in
from mkdocs_lurk.models.tracing.operations import Argument
from mkdocs_lurk.models.tracing.rectifier_calls import Call

log = logging.getLogger("mkdocs.plugins.lurk")

_JOINS = frozenset({"cat", "concat", "concatenate", "stack", "hstack", "vstack", "dstack", "column_stack", "row_stack"})
_WRITES = frozenset({"setitem", "copy", "scatter", "index_copy", "index_put", "slice_scatter", "select_scatter"})
_PADS = frozenset({"pad", "constant_pad_nd"})
_MOVES = frozenset(
    {"reshape", "view", "flatten", "unflatten", "unsqueeze", "squeeze", "permute", "transpose", "swapaxes", "swapdims"}
    | {"movedim", "moveaxis", "expand", "expand_as", "broadcast_to", "repeat", "tile", "flip", "roll", "ravel"}
    | {"getitem", "select", "narrow", "index_select", "take_along_dim", "gather", "chunk", "split", "unbind"}
    | {"tensor_split", "unfold", "view_as", "reshape_as", "diagonal", "T", "mT", "t", "adjoint", "rot90"}
    | {"pixel_shuffle", "pixel_unshuffle", "channel_shuffle", "copy", "repeat_interleave", "atleast_3d", "take"}
)
_KEEPS = frozenset({"convert", "neg", "dropout", "alpha_dropout", "batch_norm"})
"""Functions that change each element of their first argument by itself, linearly."""
_BENDS = frozenset({"pow", "square", "abs", "exp"})
"""Functions that change each element of their first argument by itself, and of which sums are taken for a norm."""
_ARITHMETIC = frozenset({"add", "sub", "rsub", "mul", "div"})
_DIMENSION: Mapping[str, tuple[int, int | None]] = {
    **dict.fromkeys(("maximum", "minimum", "amax", "amin", "median", "nanmedian", "logsumexp"), (1, None)),
    **dict.fromkeys(("cummax", "cummin", "logcumsumexp"), (1, None)),
    "aminmax": (9, None),
    **dict.fromkeys(("quantile", "nanquantile"), (2, None)),
    "sort": (1, -1),
    "argsort": (1, -1),
    "msort": (9, 0),
    **dict.fromkeys(("topk", "kthvalue"), (2, -1)),
}
"""Functions that choose among the elements along some dimensions: the argument's place, and which without it."""
_POOLS = ("max_pool", "adaptive_max_pool", "fractional_max_pool")
_OF_SEVERAL: Mapping[str, tuple[int, int | None]] = {
    **dict.fromkeys(("softmax", "log_softmax", "softmin"), (1, -1)),
    **dict.fromkeys(("std", "var", "std_mean", "var_mean"), (1, None)),
    **dict.fromkeys(("norm", "linalg_norm", "linalg_vector_norm"), (2, None)),
    **dict.fromkeys(("normalize", "cosine_similarity"), (2, 1)),
    **dict.fromkeys(("sum", "mean"), (1, None)),
}
"""Functions of the elements along some dimensions that bend a value where it is the only one, as above."""
_SUMS = frozenset({"sum", "mean"})
"""Those of them that do so only where what they read was bent before."""


class ComparedConstants:
    """What is known of tensors that hold constants beside values of the picture, in one forward pass."""

    def __init__(self) -> None:
        self._masks: MutableMapping[Tensor, Tensor] = WeakTensorKeyDictionary()
        self._bent: MutableMapping[Tensor, bool] = WeakTensorKeyDictionary()
        self._coming: object = None
        self._coming_base: tuple[Tensor, Tensor] | None = None

    def meet(self, call: Call) -> bool:
        """Take note of a call before it runs; return whether it chooses among constants and values of the picture."""
        self._coming = self._coming_base = None
        arguments = list(tensors_in((call.args, list(call.kwargs.values()))))
        known = any(tensor in self._masks for tensor in arguments)
        if not known and call.name not in _JOINS | _WRITES | _PADS:
            return False
        try:
            if known and (call.name in _DIMENSION or call.name.startswith(_POOLS)):
                return self._chooses(call)
            if known and call.name in _OF_SEVERAL and (call.name not in _SUMS or arguments[0] in self._bent):
                return self._bends_one(call)
            self._coming = self._mask_of_result(call)
            if call.in_place and call.name in _WRITES:
                self._coming_base = self._mask_of_base(call, self._coming)
        except Exception as error:  # whatever a function raises for masks in the place of what it was called with
            log.debug("constants are not followed through %s (%s)", call.name, describe_error(error))
        return False

    @property
    def joins_both(self) -> bool:
        """Whether the call that was met will return constants and values of the picture in one tensor."""
        return any(bool(mask.any()) and not bool(mask.all()) for mask in tensors_in(self._coming))

    def follow(self, call: Call, result: object) -> None:
        """Learn from what a call returned."""
        bends = call.name in _BENDS or any(tensor in self._bent for tensor in tensors_in(call.args))
        written = call.args[0] if call.name == "setitem" else result
        coming, self._coming = self._coming, None
        for tensor, mask in zip(tensors_in(written), tensors_in(coming), strict=False):
            if tensor.shape == mask.shape:
                self._remember(tensor, mask)
                if bends:
                    self._bent[tensor] = True
        if self._coming_base is not None:
            self._remember(*self._coming_base)

    def _remember(self, tensor: Tensor, mask: Tensor) -> None:
        if bool(mask.all()) or not bool(mask.any()):
            self._masks.pop(tensor, None)
        else:
            self._masks[tensor] = mask

    def _mask_of_result(self, call: Call) -> object:
        """Return masks for what a call will return or write: 1 for each element that is computed from the picture."""
        first = call.argument(0, "input", "self", "tensors")
        if call.name in _PADS:
            return self._padded(call, first)
        if call.name in _ARITHMETIC:
            return _any_of([self._mask(value, call) for value in call.pair if isinstance(value, Tensor)])
        if call.name in _KEEPS | _BENDS:
            return self._mask(first, call)
        if call.name == "copy" and call.in_place:
            return self._mask(call.pair[1], call).expand(first.shape)
        if call.name not in _JOINS | _WRITES | _MOVES:
            return None
        args, kwargs = self._masked((call.args, call.kwargs), call)
        if call.name == "setitem":
            call.func(*args, **kwargs)
            return args[0]
        return call.func(*args, **kwargs)

    def _mask_of_base(self, call: Call, written: object) -> tuple[Tensor, Tensor] | None:
        """Return the tensor into a view of which a call writes, and the mask that it has then; None for no view."""
        view = call.argument(0, "input", "self")
        base = view._base
        if base is None or not base.is_contiguous():
            return None
        mask = self._mask(base, call).clone()
        mask.as_strided(view.shape, view.stride(), view.storage_offset()).copy_(_first(written))
        return base, mask

    def _padded(self, call: Call, x: Tensor) -> object:
        """Return the mask of a padded tensor. What is added around a map's rows and columns is no choice for it."""
        sides = list(call.argument(1, "pad"))
        if call.argument(2, "mode") not in (None, "constant") and call.name == "pad":
            return None
        mask = self._mask(x, call)
        for axis, both in enumerate(zip(sides[::2], sides[1::2], strict=True), 1):
            around_map = axis <= 2 < x.dim() and x.shape[-axis] > 1
            own = [0, 0] * (axis - 1) + list(both)
            mask = torch.nn.functional.pad(mask, own, value=float(around_map))
        return mask

    def _masked(self, nested: Argument, call: Call) -> Argument:
        """Return arguments with masks of their own in the place of tensors of real numbers."""
        tensors = list(tensors_in(nested))

        def masked(leaf: Argument) -> Argument:
            if not isinstance(leaf, Tensor) or not leaf.is_floating_point():
                return leaf
            known = call.known.about(leaf)  # beside what it is computed from, it counts as a constant
            beside_source = known is not None and any(known.source is other for other in tensors)
            return self._mask(leaf, call).clone().mul_(not beside_source)

        return tree_map(masked, nested)

    def _mask(self, tensor: Tensor, call: Call) -> Tensor:
        if tensor in self._masks:
            return self._masks[tensor]
        known = call.known.about(tensor)
        is_zero = known is not None and known.kind == "scaled" and known.factor == 0
        of_picture = not (is_zero or call.known.is_constant(tensor) or _is_one_number(tensor))
        return torch.full(tensor.shape, float(of_picture), device=tensor.device)

    def _chooses(self, call: Call) -> bool:
        """Whether a call compares constants with values of the picture in at least half of what it chooses among."""
        mask = self._mask(call.argument(0, "input", "self"), call)
        of_picture, constant = (_first(found) for found in self._largest(call, mask))
        mixed, pure = ((of_picture > 0) & (constant > 0)).sum(), ((of_picture > 0) & ~(constant > 0)).sum()
        return bool(mixed > 0) and bool(mixed >= pure)

    def _bends_one(self, call: Call) -> bool:
        """Whether a call reads a single value of the picture in at least half of what it computes."""
        place, otherwise = _OF_SEVERAL[call.name]
        dim = call.argument(place, "dim", "axis")
        mask, dim = self._mask(call.argument(0, "input", "self", "x", "x1"), call), otherwise if dim is None else dim
        read = mask.sum() if dim is None else mask.sum(dim)
        return bool((read == 1).any()) and bool((read == 1).sum() >= (read > 1).sum())

    def _largest(self, call: Call, mask: Tensor) -> Iterator[object]:
        """Yield the largest of what a call chooses among: of the mask, and of its inverse."""
        for one in (mask, 1 - mask):
            if call.name.startswith(_POOLS):
                kwargs = {name: value for name, value in call.kwargs.items() if name not in ("input", "self")}
                yield call.func(one, *call.args[1:], **kwargs)
                continue
            place, otherwise = _DIMENSION[call.name]
            dim = call.argument(place, "dim", "axis")
            if isinstance(dim, Tensor):
                yield torch.zeros(())  # the larger of two tensors, which is named by its node
                continue
            dim = otherwise if dim is None else dim
            yield one.amax() if dim is None else one.amax(dim)


def _is_one_number(tensor: Tensor) -> bool:
    """Whether a tensor holds one number again and again, as ``x - x`` does."""
    if tensor.numel() < 2 or torch._C._functorch.is_functorch_wrapped_tensor(tensor):
        return False
    low, high = tensor.detach().aminmax()
    return bool(low == high)


def _any_of(masks: list[Tensor]) -> Tensor:
    found = masks[0]
    for other in masks[1:]:
        found = torch.maximum(found, other)
    return found


def _first(result: object) -> Tensor:
    return next(tensors_in(result))
