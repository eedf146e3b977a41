"""Tensors that have a shape and a past, but no values worth reading.

The way back through convolutions, rectifiers and poolings needs signs and places, which are known from a recording, and
shapes. Tensors without values cost nothing to make. As long as they live every function of the network passes by here:
those whose gradient does not depend on values run as they are, and any other ends the pass, so that nothing is ever
computed from what was never there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from torch import Tensor
from torch.overrides import TorchFunctionMode

_MARK = "_lurk_hollow"
_ASKS_ONLY = frozenset(
    {"__get__", "__len__", "dim", "element_size", "get_device", "is_complex", "is_contiguous", "is_floating_point"}
    | {"ndimension", "nelement", "numel", "size", "stride", "type"}
)
_LINEAR = frozenset(
    {"adaptive_avg_pool2d", "avg_pool2d", "cat", "chunk", "concat", "constant_pad_nd", "contiguous", "dropout"}
    | {"dropout2d", "feature_dropout", "flatten", "getitem", "__getitem__", "interpolate", "mean", "narrow", "pad"}
    | {"permute", "reshape", "split", "split_with_sizes", "squeeze", "sum", "transpose", "unsqueeze", "view"}
    | {"add", "add_", "__add__", "__iadd__", "__radd__", "sub", "sub_", "__sub__", "__isub__", "alias"}
)
_LINEAR_IN_ONE = frozenset({"mul", "mul_", "__mul__", "__imul__", "__rmul__", "div", "div_", "__truediv__"})


class NeedsValuesError(Exception):
    """A network computes from values that are not there."""


def mark(tensor: Tensor) -> Tensor:
    """Say of a tensor that it has no values."""
    setattr(tensor, _MARK, True)
    return tensor


def is_hollow(value: object) -> bool:
    """Whether a tensor has no values."""
    return isinstance(value, Tensor) and getattr(value, _MARK, False)


class Hollow(TorchFunctionMode):
    """Watch over tensors without values.

    Args:
        special: Takes a function, its arguments and how to call it where it has a way back of its own; gives its
            result, or ``NotImplemented``.
    """

    def __init__(self, special: Callable[[Any, tuple[Any, ...], dict[str, Any]], Any]) -> None:
        super().__init__()
        self._special = special

    def __torch_function__(
        self, func: Callable[..., Any], types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        """Let functions run that do not read values.

        Raises:
            NeedsValuesError: Another one was called.
        """
        kwargs = kwargs or {}
        count = sum(is_hollow(value) for value in _flat([args, list(kwargs.values())]))
        if not count:
            return func(*args, **kwargs)
        found = self._special(func, args, kwargs)
        if found is not NotImplemented:
            return found
        name = _name(func)
        if name not in _LINEAR and name not in _ASKS_ONLY and not (name in _LINEAR_IN_ONE and count == 1):
            raise NeedsValuesError(name)
        result = func(*args, **kwargs)
        for value in _flat(result):
            if isinstance(value, Tensor):
                mark(value)
        return result


def _name(func: Any) -> str:
    """A function's plain name, of ``aten``'s overloads, too."""
    packet = getattr(func, "overloadpacket", func)
    return str(getattr(packet, "__name__", packet))


def _flat(value: Any) -> Iterator[Any]:
    if isinstance(value, (list, tuple)):
        for one in value:
            yield from _flat(one)
    else:
        yield value
