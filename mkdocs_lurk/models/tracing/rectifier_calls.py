"""Calls of torch functions, read so that all ways to call one function look alike."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from mkdocs_lurk.models.tracing.derived_values import DerivedValues
from mkdocs_lurk.models.tracing.operations import Argument, TorchFunction

_ALIASES: Mapping[str, str] = {
    "greater": "gt",
    "greater_equal": "ge",
    "less": "lt",
    "less_equal": "le",
    "clip": "clamp",
    "absolute": "abs",
    "multiply": "mul",
    "rmul": "mul",
    "imul": "mul",
    "radd": "add",
    "iadd": "add",
    "subtract": "sub",
    "isub": "sub",
    "negative": "neg",
    "divide": "div",
    "true_divide": "div",
    "truediv": "div",
    "itruediv": "div",
    "max": "maximum",
    "fmax": "maximum",
    "min": "minimum",
    "fmin": "minimum",
    "index_put": "setitem",
    **dict.fromkeys(("invert", "bitwise_not"), "logical_not"),
    **dict.fromkeys(("detach", "clone", "contiguous", "alias", "positive"), "copy"),
    **dict.fromkeys(("float", "half", "bfloat16", "double", "int", "long", "bool", "to", "type", "type_as"), "convert"),
}
IN_PLACE_ACTIVATIONS: Mapping[str, tuple[Callable[..., Tensor], int | None]] = {
    **{name: (getattr(torch, name), None) for name in ("relu", "clamp", "clamp_min", "clamp_max", "tanh", "sigmoid")},
    **{name: (getattr(F, name), 1) for name in ("relu6", "selu", "silu", "mish", "hardswish", "hardsigmoid")},
    **{name: (getattr(F, name), 2) for name in ("leaky_relu", "elu", "celu")},
    "threshold": (F.threshold, 3),
    "hardtanh": (F.hardtanh, 3),
    "rrelu": (F.rrelu, 4),
}
"""Activations that may work in place: the ordinary function, and the place of its argument ``inplace``."""


@dataclass(frozen=True, slots=True)
class Call:
    """A call of a torch function, its arguments in order; ``name`` is the same for all ways to call it."""

    func: TorchFunction
    name: str
    in_place: bool
    args: tuple[Argument, ...]
    kwargs: dict[str, Argument]
    known: DerivedValues

    def argument(self, place: int, *names: str) -> Argument:
        """Return an argument that is given by place or by one of some names; None if it is not given."""
        if place < len(self.args):
            return self.args[place]
        return next((self.kwargs[name] for name in names if name in self.kwargs), None)

    @property
    def pair(self) -> tuple[Argument, Argument]:
        """The first two arguments."""
        return self.argument(0, "input", "self"), self.argument(1, "other")


def read_call(
    func: TorchFunction, args: tuple[Argument, ...], kwargs: dict[str, Argument], known: DerivedValues
) -> Call:
    """Read a call of a torch function, of a tensor's method or of an aten operation."""
    raw = str(getattr(getattr(func, "overloadpacket", func), "__name__", ""))
    if raw == "__get__" and getattr(func, "__self__", None) is Tensor.data:
        raw = "detach"
    name = raw.strip("_")
    name = _ALIASES.get(name, name)
    in_place = (raw.endswith("_") and not raw.endswith("__")) or name == "setitem"
    if name in IN_PLACE_ACTIVATIONS:
        place = IN_PLACE_ACTIVATIONS[name][1]
        in_place |= bool(kwargs.get("inplace") or (place is not None and place < len(args) and args[place] is True))
    if func is Tensor.where and len(args) == 3:
        args = (args[1], args[0], args[2])
    return Call(func, name, in_place, args, kwargs, known)
