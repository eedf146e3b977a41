"""Which of PyTorch's names stand for a ReLU, a smooth activation, a gate, a pooling or a normalisation.

The same step of a network is met under three kinds of name, and each has its tables here:

- an **autograd node**, in the graph of a recorded forward pass (``ReluBackward0``): ``*_NODES``;
- an **aten operation**, in a trace (``aten.relu_.default``): ``*_OPERATIONS``, without the overload and without the
  trailing underscore of those that work in place;
- a **torch function**, as a ``TorchFunctionMode`` meets it (``F.relu``): ``*_FUNCTIONS``, with the names of their
  arguments in order. ``recognise`` reads a call of one of them. What a network writes out of other functions, such as
  ``x * (x > 0)``, becomes one of them in ``rectifiers``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional as F
from torch.overrides import TorchFunctionMode

from mkdocs_lurk.models.tracing.operations import Argument, TorchFunction

aten = torch.ops.aten

CLAMP_NODES = frozenset({"Hardtanh", "ClampMin", "ClampMax", "Clamp"})
"""Nodes with bounds, which say whether they rectify."""
RELU_LIKE_NODES = frozenset(
    {"Relu", "Threshold", "LeakyRelu", "RreluWithNoise", "PreluKernel", "Elu", "Celu"} | CLAMP_NODES
)
SMOOTH_NODES = frozenset({"Gelu", "Silu", "Mish", "Hardswish", "Softplus"})
GATE_NODES = frozenset({"Sigmoid", "Hardsigmoid"})
"""Activations that count as gates where they are multiplied with something, and else as activations without a rule."""
NODES_WITHOUT_RULE = frozenset(
    {"Tanh", "Abs", "Maximum", "Minimum", "LogSigmoid", "Softshrink", "Hardshrink", "Glu", "Sin", "Cos", "Atan", "Erf"}
    | {f"FakeQuantizePer{kind}AffineCachemask" for kind in ("Tensor", "Channel")}
    | {"FakeQuantizePerTensorAffineCachemaskTensorQparams", "EmbeddingBag"}
)
"""Activations for which neither the papers nor this package state a rule."""
ARITHMETIC_NODES = frozenset(
    {"Pow", "Sqrt", "Rsqrt", "Reciprocal", "Exp", "Exp2", "Expm1", "Log", "Log2", "Log10", "Log1P", "Erfc", "Erfinv"}
    | {"Tan", "Sinh", "Cosh", "Asin", "Acos", "Asinh", "Acosh", "Atanh", "Sinc", "Logit", "Lgamma"}
    | {"Round", "Floor", "Ceil", "Trunc", "Frac", "Fmod", "Remainder", "Xlogy", "Logaddexp", "Hypot"}
)
"""Functions that are activations without a rule unless they are a part of a pooling or a normalisation."""
LINEAR_NODES = frozenset({"Neg", "Clone", "Alias", "ToCopy", "Positive"})
"""Functions of one element each that are linear."""
SHAPE_NODES = frozenset(
    {
        "View",
        "UnsafeView",
        "ReshapeAlias",
        "Expand",
        "Unsqueeze",
        "Squeeze",
        "Permute",
        "Transpose",
        "T",
        "Slice",
        "Select",
    }
)
"""Functions that move elements and compute nothing."""
PRODUCT_NODES = frozenset({"Mul"})
"""Nodes by which a gate is applied."""
SUM_NODES = frozenset({"Add", "Sub", "Rsub"})
JOINING_NODES = PRODUCT_NODES | SUM_NODES | {"Div"}
"""Nodes that join two values element by element; linear where one of the two is a constant."""

RELU_LIKE_OPERATIONS = frozenset(
    {"relu", "relu6", "hardtanh", "leaky_relu", "rrelu", "prelu", "_prelu_kernel", "elu", "celu", "selu"}
    | {"threshold", "clamp", "clamp_min", "clamp_max"}
)
SMOOTH_OPERATIONS = frozenset({"gelu", "silu", "mish", "hardswish", "softplus"})
SIGNED_OPERATIONS = frozenset({"tanh"})
"""Bounded activations that keep the sign."""
GATE_OPERATIONS = frozenset({"sigmoid", "hardsigmoid"})
"""Activations between 0 and 1, which others are multiplied with."""
SOFTMAX_OPERATIONS = frozenset({"softmax", "_softmax"})
DROPOUT_OPERATIONS = frozenset({"dropout", "native_dropout", "feature_dropout", "alpha_dropout"})
MAX_POOL_OPERATIONS = frozenset({"max_pool2d_with_indices", "max_pool2d"})
ADAPTIVE_MAX_POOL_OPERATIONS = frozenset({"adaptive_max_pool2d"})
AVERAGE_POOL_OPERATIONS = frozenset({"avg_pool2d"})
ADAPTIVE_AVERAGE_POOL_OPERATIONS = frozenset({"_adaptive_avg_pool2d", "adaptive_avg_pool2d"})
BATCH_NORM_OPERATIONS = frozenset(
    {"native_batch_norm", "cudnn_batch_norm", "miopen_batch_norm", "batch_norm", "_native_batch_norm_legit"}
    | {"_native_batch_norm_legit_no_training", "_batch_norm_no_update"}
)

_POOL_ARGUMENTS = ("input", "kernel_size", "stride", "padding", "dilation", "ceil_mode", "return_indices")
RELU_FUNCTIONS: Mapping[TorchFunction, tuple[str, ...]] = {
    F.relu: ("input", "inplace"),
    F.relu6: ("input", "inplace"),
    F.hardtanh: ("input", "min_val", "max_val", "inplace"),
    **dict.fromkeys((torch.relu, torch.relu_, Tensor.relu, Tensor.relu_), ("input",)),
    **dict.fromkeys((aten.relu.default, aten.relu_.default), ("input",)),
}
MAX_POOL_FUNCTIONS: Mapping[TorchFunction, tuple[str, ...]] = dict.fromkeys(
    (F.max_pool2d, torch.max_pool2d, aten.max_pool2d.default), _POOL_ARGUMENTS
)
BATCH_NORM_FUNCTIONS: Mapping[TorchFunction, tuple[str, ...]] = {
    F.batch_norm: ("input", "running_mean", "running_var", "weight", "bias", "training", "momentum", "eps"),
    torch.batch_norm: (
        *("input", "weight", "bias", "running_mean", "running_var", "training", "momentum", "eps"),
        "cudnn_enabled",
    ),
}
_ALWAYS_IN_PLACE = frozenset({torch.relu_, Tensor.relu_, aten.relu_.default})
_BOUNDS: Mapping[TorchFunction, tuple[float, float | None]] = {F.relu6: (0.0, 6.0), F.hardtanh: (-1.0, 1.0)}


class PoolGeometry(NamedTuple):
    """Kernel, stride, padding and dilation of a pooling, ``[y, x]`` each, in the order of aten's arguments."""

    kernel: list[int]
    stride: list[int]
    padding: list[int]
    dilation: list[int]
    ceil_mode: bool


@dataclass(frozen=True, slots=True)
class ReluCall:
    """A call of ReLU, ReLU6 or hardtanh: the identity between two bounds, and constant beyond them.

    Attributes:
        input: Of any shape.
        min_val: The lower bound.
        max_val: The upper bound; None for no bound.
        in_place: Whether the result overwrites the input.
        run: Calls the function as the network would have.
    """

    input: Tensor
    min_val: float
    max_val: float | None
    in_place: bool
    run: Callable[[], Tensor]

    @property
    def is_plain(self) -> bool:
        """Whether it is ReLU itself: 0 for negative inputs, and no upper bound."""
        return self.min_val == 0 and self.max_val is None


@dataclass(frozen=True, slots=True)
class MaxPoolCall:
    """A call of 2-D max pooling that returns no indices.

    Attributes:
        input: ``(n, c, h, w)``.
        geometry: Of its windows.
        run: Calls the function as the network would have.
    """

    input: Tensor
    geometry: PoolGeometry
    run: Callable[[], Tensor]


@dataclass(frozen=True, slots=True)
class BatchNormCall:
    """A call of batch normalisation by running statistics.

    Attributes:
        input: ``(n, c, h, w)``.
        running_var: One variance per channel.
        weight: One factor per channel, or None.
        eps: What is added to the variance.
        run: Calls the function as the network would have.
    """

    input: Tensor
    running_var: Tensor
    weight: Tensor | None
    eps: float
    run: Callable[[], Tensor]


OperationCall = ReluCall | MaxPoolCall | BatchNormCall


def recognise(func: TorchFunction, args: tuple[Argument, ...], kwargs: Mapping[str, Argument]) -> OperationCall | None:
    """Read a call of a torch function.

    Args:
        func: The function.
        args: Its arguments by position.
        kwargs: Its arguments by name.

    Returns:
        What is called and with which arguments. None for other functions, and for calls that this package does not
        handle: max pooling that returns indices, batch normalisation by the statistics of the batch, other shapes.
    """

    def run() -> Tensor:
        result: Tensor = func(*args, **kwargs)
        return result

    if func in RELU_FUNCTIONS:
        arguments = _by_name(RELU_FUNCTIONS[func], args, kwargs)
        low, high = _BOUNDS.get(func, (0.0, None))
        in_place = arguments.get("inplace", False) or func in _ALWAYS_IN_PLACE
        low = arguments.get("min_val", low)
        return ReluCall(arguments["input"], low, arguments.get("max_val", high), in_place, run) if low <= 0 else None
    if func in MAX_POOL_FUNCTIONS:
        arguments = _by_name(MAX_POOL_FUNCTIONS[func], args, kwargs)
        if arguments["input"].dim() == 4 and not arguments.get("return_indices"):
            return MaxPoolCall(arguments["input"], _pool_geometry(arguments), run)
    if func in BATCH_NORM_FUNCTIONS:
        arguments = _by_name(BATCH_NORM_FUNCTIONS[func], args, kwargs)
        if arguments["input"].dim() == 4 and not arguments.get("training"):
            eps = arguments.get("eps", 1e-5)
            return BatchNormCall(arguments["input"], arguments["running_var"], arguments.get("weight"), eps, run)
    return None


class OperationCallMode(TorchFunctionMode):
    """Hand every call that ``recognise`` knows to a function, as ``LayerCallMode`` does with convolutions.

    Args:
        catch: Receives a call and returns what the network goes on with: ``call.run()``, or a tensor of the same shape.
        kinds: The classes of the calls that are handed over; all others run as they are.
    """

    def __init__(self, catch: Callable[[OperationCall], Tensor], kinds: tuple[type, ...]) -> None:
        super().__init__()
        self._catch = catch
        self._kinds = kinds

    def __torch_function__(
        self,
        func: TorchFunction,
        types: Sequence[type],
        args: tuple[Argument, ...] = (),
        kwargs: dict[str, Argument] | None = None,
    ) -> Argument:
        """Run a function, or hand its call to ``catch``."""
        call = recognise(func, args, kwargs or {})
        if call is None or not isinstance(call, self._kinds):
            return func(*args, **(kwargs or {}))
        return self._catch(call)


def as_pair(value: int | Sequence[int]) -> list[int]:
    """Write a setting of a convolution or a pooling as ``[y, x]``."""
    values = [value] if isinstance(value, int) else list(value)
    return [int(one) for one in (values * 2 if len(values) == 1 else values)]


def _by_name(names: Sequence[str], args: tuple[Argument, ...], kwargs: Mapping[str, Argument]) -> dict[str, Argument]:
    return {**dict(zip(names, args, strict=False)), **kwargs}


def _pool_geometry(arguments: Mapping[str, Argument]) -> PoolGeometry:
    kernel = as_pair(arguments["kernel_size"])
    return PoolGeometry(
        kernel=kernel,
        stride=as_pair(arguments["stride"]) if arguments.get("stride") else kernel,
        padding=as_pair(arguments.get("padding", 0)),
        dilation=as_pair(arguments.get("dilation", 1)),
        ceil_mode=bool(arguments.get("ceil_mode", False)),
    )
