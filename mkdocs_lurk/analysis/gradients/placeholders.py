"""Placeholders: tensors that have a shape and a place in the autograd graph, but no values worth reading.

Backward passes through convolutions, ReLUs and poolings need masks and indices, which a recording holds, and shapes.
Placeholders cost nothing to compute. While ``PlaceholderMode`` is active, a function that reads one runs only if its
gradient does not depend on the values; any other ends the forward pass, so that nothing is ever computed from values
that are not there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from torch import Tensor
from torch.overrides import TorchFunctionMode

from mkdocs_lurk.models.tracing.functions import OperationCall, recognise
from mkdocs_lurk.models.tracing.operations import Argument, TorchFunction

_MARK = "_lurk_placeholder"
_METADATA_ONLY = frozenset(
    {
        "__get__",
        "__len__",
        "_is_view",
        "dim",
        "element_size",
        "get_device",
        "is_complex",
        "is_contiguous",
        "is_floating_point",
    }
    | {"ndimension", "nelement", "numel", "size", "stride", "type"}
)
_LINEAR = frozenset(
    {"adaptive_avg_pool2d", "avg_pool2d", "cat", "chunk", "clone", "concat", "constant_pad_nd", "contiguous", "dropout"}
    | {"dropout2d", "feature_dropout", "flatten", "getitem", "__getitem__", "interpolate", "mean", "narrow", "pad"}
    | {"permute", "reshape", "select", "split", "split_with_sizes", "squeeze", "sum", "transpose", "unsqueeze", "view"}
    | {"add", "add_", "__add__", "__iadd__", "__radd__", "sub", "sub_", "__sub__", "__isub__", "alias", "copy_"}
)
_LINEAR_IN_EACH_ARGUMENT = frozenset({"mul", "mul_", "__mul__", "__imul__", "__rmul__", "div", "div_", "__truediv__"})
"""Functions whose gradient depends on no placeholder as long as only one of their arguments is one."""


class NeedsValuesError(Exception):
    """A network computes something whose gradient depends on the values of a placeholder."""


def as_placeholder(tensor: Tensor) -> Tensor:
    """Mark a tensor as one without values, and return it."""
    setattr(tensor, _MARK, True)
    return tensor


def is_placeholder(value: object) -> bool:
    """Whether a value is a tensor without values."""
    return isinstance(value, Tensor) and getattr(value, _MARK, False)


class PlaceholderMode(TorchFunctionMode):
    """Let functions run on placeholders only if their gradients do not depend on values.

    Args:
        replace: Receives each call of a ReLU, max pooling or batch normalisation that reads a placeholder, and returns
            its output.
    """

    def __init__(self, replace: Callable[[OperationCall], Tensor]) -> None:
        super().__init__()
        self._replace = replace

    def __torch_function__(
        self,
        func: TorchFunction,
        types: Sequence[type],
        args: tuple[Argument, ...] = (),
        kwargs: dict[str, Argument] | None = None,
    ) -> Argument:
        """Run a function.

        Raises:
            NeedsValuesError: Its gradient depends on the values of a placeholder.
        """
        kwargs = kwargs or {}
        count = sum(is_placeholder(value) for value in _leaves([args, list(kwargs.values())]))
        if not count:
            return func(*args, **kwargs)
        call = recognise(func, args, kwargs)
        if call is not None:
            return self._replace(call)
        name = _plain_name(func)
        if name not in _LINEAR and name not in _METADATA_ONLY and not (name in _LINEAR_IN_EACH_ARGUMENT and count == 1):
            raise NeedsValuesError(name)
        result = func(*args, **kwargs)
        for value in _leaves(result):
            if isinstance(value, Tensor):
                as_placeholder(value)
        return result


def _plain_name(func: object) -> str:
    """Return a function's name, of an aten operation without its overload."""
    packet = getattr(func, "overloadpacket", func)
    return str(getattr(packet, "__name__", packet))


def _leaves(value: object) -> Iterator[object]:
    """Yield what nested lists and tuples hold."""
    if isinstance(value, (list, tuple)):
        for one in value:
            yield from _leaves(one)
    else:
        yield value
