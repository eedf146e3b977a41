"""Find where a network multiplies by what it computed from the picture in a way that carries no gradient.

``torch.bucketize(x, zero)``, ``x.ceil().int()`` and ``torch.argmax(both, 0)`` are whole numbers, ``torch.isclose(x,
x.abs())`` is true or false, and ``torch.from_numpy(x.detach().numpy() > 0)`` was made outside PyTorch: each may be the
mask of a rectifier. Where such a value, or what is computed from it alone, meets one that carries a gradient, a choice
was made. Whole numbers that say where to read or write, as those of a max pooling do, choose nothing by themselves.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, MutableMapping

from torch import Tensor
from torch._C import _functorch
from torch.utils.weak import WeakTensorKeyDictionary

from mkdocs_lurk.models.tracing.derived_values import tensors_in
from mkdocs_lurk.models.tracing.outside_values import OutsideValues
from mkdocs_lurk.models.tracing.rectifier_calls import Call

_READ_NO_VALUES = frozenset({"empty_like", "new_empty", "rand_like", "randn_like", "randint_like"})
_BY_PLACE = frozenset(
    {"gather", "take", "take_along_dim", "index_select", "getitem", "embedding", "setitem", "index_put"}
    | {"index_add", "index_copy", "max_unpool1d", "max_unpool2d", "max_unpool3d"}
)
"""Functions that take whole numbers for places."""
_CHECKS = frozenset({"isnan", "isinf", "isfinite", "isposinf", "isneginf", "isreal"})
"""Functions that look for numbers that there are none of, most often; what is the same everywhere chose nothing."""


class DiscreteValues:
    """What is known of values without a gradient in one forward pass.

    Args:
        outside: Told of every call, to find what is made outside PyTorch.
    """

    def __init__(self, outside: OutsideValues) -> None:
        self._outside = outside
        self._discrete: MutableMapping[Tensor, bool] = WeakTensorKeyDictionary()
        self._dependent: MutableMapping[Tensor, bool] = WeakTensorKeyDictionary()

    def __contains__(self, tensor: Tensor) -> bool:
        return tensor in self._discrete

    def meet(self, call: Call) -> bool:
        """Take note of a call before it runs; return whether it takes a discrete value for more than places."""
        found = False
        for tensor in tensors_in((call.args, list(call.kwargs.values()))):
            if self._outside.is_of_picture(tensor):
                self._discrete[tensor] = True
            is_number = tensor.dtype.is_floating_point or _is_mask(tensor)
            found |= tensor in self._discrete and (is_number or call.name not in _BY_PLACE)
        return found

    def reads_at_places(self, call: Call) -> bool:
        """Whether a call reads or writes at places that were computed from the picture."""
        arguments = tensors_in((call.args, list(call.kwargs.values())))
        return call.name in _BY_PLACE and any(tensor in self._discrete for tensor in arguments)

    def follow(self, call: Call, result: object, reads: Iterable[Tensor]) -> None:
        """Learn from what a call returned.

        Args:
            call: The call.
            result: What it returned.
            reads: Those of its arguments whose values it reads.
        """
        reads = [] if call.name in _READ_NO_VALUES else list(reads)
        dependent = [tensor for tensor in reads if tensor not in self._discrete and self._depends(tensor, call)]
        is_discrete = any(tensor in self._discrete for tensor in reads)
        self._outside.follow(call, result, reads if is_discrete else dependent)
        for tensor in tensors_in(call.args[:1] if call.name == "setitem" else result):
            discrete = bool(dependent) and _is_whole(tensor) if dependent else is_discrete
            if discrete and not (call.name in _CHECKS and _is_uniform(tensor)):
                self._discrete[tensor] = True
                continue
            self._discrete.pop(tensor, None)
            if dependent:
                self._dependent[tensor] = True

    def _depends(self, tensor: Tensor, call: Call) -> bool:
        """Whether a tensor was computed from the picture, also where its gradient is stopped."""
        return tensor in self._dependent or not call.known.is_constant(tensor)

    def depends(self, tensors: Iterable[Tensor], call: Call) -> Iterator[Tensor]:
        """Yield those of some tensors that were computed from the picture and are not discrete."""
        return (tensor for tensor in tensors if tensor not in self._discrete and self._depends(tensor, call))


def _is_whole(tensor: Tensor) -> bool:
    return not (tensor.is_floating_point() or tensor.is_complex())


def _is_mask(tensor: Tensor) -> bool:
    return str(tensor.dtype) == "torch.bool"


def _is_uniform(tensor: Tensor) -> bool:
    while _functorch.is_functorch_wrapped_tensor(tensor):
        tensor = _functorch.get_unwrapped(tensor)
    return bool(tensor.all()) or not bool(tensor.any())
