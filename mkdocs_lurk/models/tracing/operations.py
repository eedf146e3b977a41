"""The contents of a trace: values, and the operations that read and return them.

A value is the contents of a tensor at one moment: an in-place operation makes a new one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import torch
from torch import Tensor, nn
from torch._ops import OpOverload
from torch.utils._pytree import tree_leaves

Argument: TypeAlias = Any
"""What an operator takes: a tensor (on a trace: a ``Ref`` or a ``Constant``), a number, a string, None, or a list.

The operator's schema says which of them, but a type checker cannot read it.
"""
TorchFunction: TypeAlias = Callable[..., Argument]
"""Any function of torch that takes tensors; what it returns is known to itself alone."""


@dataclass(frozen=True, slots=True)
class Ref:
    """Stands for a value of the trace among an operation's arguments."""

    id: int


@dataclass(frozen=True, slots=True, eq=False)
class Constant:
    """A tensor that does not depend on the network's input.

    Attributes:
        tensor: The tensor itself, not a copy.
        names: The parameters from which it is computed; empty if there are none.
    """

    tensor: Tensor
    names: tuple[str, ...] = ()

    def describe_for_digest(self) -> str:
        """Return type and shape, and a digest of the contents unless they are one of the network's parameters.

        What is computed from parameters counts by its contents: the operations that computed it are not on the trace.
        """
        description = f"{self.tensor.dtype}{tuple(self.tensor.shape)}"
        if self.names and isinstance(self.tensor, nn.Parameter):
            return description
        values = self.tensor.detach().cpu()
        values = torch.view_as_real(values.resolve_conj()) if values.is_complex() else values
        plain = (values.to_dense() if values.layout != torch.strided else values).contiguous().reshape(-1)
        if plain.stride() != (1,):  # a single element of an expanded tensor, which counts as contiguous
            plain = torch.empty_like(plain, memory_format=torch.contiguous_format).copy_(plain)
        return description + hashlib.sha256(plain.view(torch.uint8).numpy().data).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class Geometry:
    """Where the elements of a strided tensor lie in its storage; strides and offset count elements."""

    shape: tuple[int, ...]
    stride: tuple[int, ...]
    offset: int

    @classmethod
    def of(cls, tensor: Tensor) -> Geometry:
        """Read the geometry of a tensor; one that is not strided has its shape alone."""
        if tensor.layout != torch.strided:
            return cls(tuple(tensor.shape), (), 0)
        return cls(tuple(tensor.shape), tuple(tensor.stride()), int(tensor.storage_offset()))


@dataclass(frozen=True, slots=True)
class Value:
    """The contents of one tensor at one moment.

    Attributes:
        id: Its index in ``Trace.values``.
        shape: Of the tensor.
        op: Index of the operation that returned or wrote it; -1 for the network's input.
    """

    id: int
    shape: tuple[int, ...]
    op: int


@dataclass(frozen=True, slots=True)
class Op:
    """One operation on values.

    Attributes:
        target: The ``OpOverload`` that ran. Where tensors share a storage, ``"write"`` (contents of the storage, value
            written, geometry of the storage, geometry of the value) and ``"read"`` (contents of the storage, geometry
            of the storage, geometry of the value).
        args: The positional arguments, with ``Ref`` or ``Constant`` in place of each tensor.
        kwargs: The keyword arguments, with ``Ref`` or ``Constant`` in place of each tensor.
        outputs: Value ids of the tensors that it returned, then of those that it wrote in place.
        module_call: Index of the innermost module call.
        parameters: Names of the parameters that the operation reads.
    """

    target: OpOverload | str
    args: tuple[Argument, ...]
    kwargs: dict[str, Argument]
    outputs: tuple[int, ...]
    module_call: int
    parameters: tuple[str, ...] = ()

    @property
    def overload(self) -> OpOverload:
        """The operator that ran.

        Raises:
            TypeError: None did: the operation is a ``read`` or a ``write``.
        """
        if isinstance(self.target, str):
            raise TypeError(f"{self.target} is no operator")
        return self.target

    @property
    def name(self) -> str:
        """The operation's name without its overload: ``convolution``, ``relu_``, ``write``."""
        return self.target if isinstance(self.target, str) else str(self.target.overloadpacket.__name__)

    @property
    def is_pointwise(self) -> bool:
        """Whether torch tags the operation as pointwise: an output element depends on the elements at its own place."""
        return not isinstance(self.target, str) and torch.Tag.pointwise in self.target.tags


@dataclass(slots=True)
class OperationLog:
    """The values and operations of a forward pass that is running.

    Attributes:
        values: By id.
        ops: In the order in which they run.
        module_call: Index of the innermost module call that is running.
    """

    values: list[Value] = field(default_factory=list)
    ops: list[Op] = field(default_factory=list)
    module_call: int = 0

    def add_input(self, shape: tuple[int, ...]) -> int:
        """Add the network's input and return its value id."""
        return self._add_value(shape, -1)

    def add(
        self,
        target: OpOverload | str,
        args: tuple[Argument, ...],
        kwargs: dict[str, Argument],
        output_shapes: Iterable[tuple[int, ...]],
    ) -> tuple[int, ...]:
        """Add an operation and return the ids of its outputs, one per shape."""
        outputs = tuple(self._add_value(shape, len(self.ops)) for shape in output_shapes)
        constants = [leaf for leaf in tensor_arguments((args, kwargs)) if isinstance(leaf, Constant)]
        parameters = tuple(dict.fromkeys(name for constant in constants for name in constant.names))
        self.ops.append(Op(target, args, kwargs, outputs, self.module_call, parameters))
        return outputs

    def _add_value(self, shape: tuple[int, ...], op: int) -> int:
        self.values.append(Value(len(self.values), shape, op))
        return len(self.values) - 1


def references(op: Op) -> tuple[int, ...]:
    """Return the ids of the values that an operation reads, in the order of its arguments, each once."""
    leaves = tensor_arguments((op.args, op.kwargs))
    return tuple(dict.fromkeys(leaf.id for leaf in leaves if isinstance(leaf, Ref)))


def tensor_arguments(arguments: Argument) -> list[Ref | Constant]:
    """Return what stands for tensors in an argument, or in any nest of arguments, in their order."""
    leaves = tree_leaves(arguments, is_leaf=lambda leaf: isinstance(leaf, (Ref, Constant)))
    return [leaf for leaf in leaves if isinstance(leaf, (Ref, Constant))]


def digest_operations(values: Sequence[Value], ops: Iterable[Op]) -> str:
    """Return a digest of operations, shapes, edges and arguments, without weights and names.

    Args:
        values: The values of the trace, by id.
        ops: In the order in which they ran.
    """
    digest = hashlib.sha256()
    for op in ops:
        shapes = [values[value].shape for value in op.outputs]
        arguments = _describe_argument(op.args) + _describe_argument(op.kwargs)
        digest.update(f"{op.target}{arguments}{op.outputs}{shapes}\n".encode())
    return digest.hexdigest()


def _describe_argument(argument: Argument) -> str:
    if isinstance(argument, Ref):
        return f"%{argument.id}"
    if isinstance(argument, Constant):
        return argument.describe_for_digest()
    if isinstance(argument, dict):
        return "{" + ",".join(f"{key}={_describe_argument(argument[key])}" for key in sorted(argument)) + "}"
    if isinstance(argument, (list, tuple)):
        return "[" + ",".join(_describe_argument(item) for item in argument) + "]"
    return str(argument)
