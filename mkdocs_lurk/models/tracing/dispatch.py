"""Record the operations of a forward pass beneath autograd, and which values each of them reads."""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping, Sequence

from torch import Tensor
from torch._ops import OpOverload
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves, tree_map
from torch.utils.weak import WeakTensorKeyDictionary

from mkdocs_lurk.models.tracing.aliasing import AliasTracker
from mkdocs_lurk.models.tracing.operations import Argument, Constant, OperationLog, Ref

# Operations that take a tensor for its shape, type and device alone.
_READ_NO_CONTENTS = frozenset(
    [
        *["new_zeros", "new_ones", "new_full", "new_empty", "new_empty_strided", "zeros_like", "ones_like"],
        *["full_like", "empty_like", "rand_like", "randn_like", "sym_size", "sym_numel", "sym_stride", "size"],
    ]
)
_HAND_CONTENTS_TO_PYTHON = frozenset(["_local_scalar_dense", "is_nonzero", "equal", "nonzero"])
DECIDES_BY_VALUES = "The network decides by values; this is the way that it took for one picture."


class DispatchRecorder(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Record every operation that depends on the network's input.

    Args:
        parameter_names: The names of the network's parameters by ``id``.

    Attributes:
        log: The values and operations so far.
        notes: Sentences about what a reader should know of this pass.
    """

    def __init__(self, parameter_names: Mapping[int, str]) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.log = OperationLog()
        self.notes: list[str] = []
        self._parameter_names = parameter_names
        self._names_of_computed: MutableMapping[Tensor, tuple[str, ...]] = WeakTensorKeyDictionary()
        self._aliases = AliasTracker(self.log)

    def start(self, x: Tensor) -> int:
        """Make ``x`` the network's input and return its value id."""
        value = self.log.add_input(tuple(x.shape))
        self._aliases.add(x, value)
        return value

    def value_of(self, tensor: Tensor) -> int | None:
        """Return the value that ``tensor`` holds now; None if it does not depend on the network's input."""
        return self._aliases.value_of(tensor)

    def values_of(self, output: object) -> tuple[int, ...]:
        """Return the values in a module's output: a tensor, or tensors in any nest of containers or objects."""
        tensors = [leaf for leaf in tree_leaves(_as_lists(output)) if isinstance(leaf, Tensor)]
        return tuple(value for tensor in tensors if (value := self.value_of(tensor)) is not None)

    def names_of(self, tensor: Tensor) -> tuple[str, ...]:
        """Return the names of the parameters from which a constant is computed."""
        name = self._parameter_names.get(id(tensor))
        return self._names_of_computed.get(tensor, ()) if name is None else (name,)

    def __torch_dispatch__(
        self,
        func: OpOverload,
        types: Sequence[type],
        args: tuple[Argument, ...] = (),
        kwargs: dict[str, Argument] | None = None,
    ) -> object:
        """Run the operation and record it."""
        kwargs = kwargs or {}
        inputs = _tensors((args, kwargs))
        values = [self.value_of(tensor) for tensor in inputs]
        constant = all(value is None for value in values)
        # An in-place operation changes the values of its arguments, so that these are recorded before it runs.
        recorded = ((), {}) if constant else tree_map(self._argument, (args, kwargs))
        result: object = func(*args, **kwargs)
        name = func.overloadpacket.__name__
        if constant or name in _READ_NO_CONTENTS:
            self._add_constants(inputs, _tensors(result))
        elif name != "as_strided_":  # it changes strides alone, and the tensor keeps its value
            if name in _HAND_CONTENTS_TO_PYTHON and DECIDES_BY_VALUES not in self.notes:
                self.notes.append(DECIDES_BY_VALUES)
            written = _written_in_place(func, args, kwargs)
            self._record(func, recorded, inputs, _tensors(result), written)
        return result

    def _argument(self, leaf: Argument) -> Argument:
        if not isinstance(leaf, Tensor):
            return leaf
        value = self.value_of(leaf)
        return Constant(leaf, self.names_of(leaf)) if value is None else Ref(value)

    def _record(
        self,
        func: OpOverload,
        arguments: tuple[tuple[Argument, ...], dict[str, Argument]],
        inputs: list[Tensor],
        outputs: list[Tensor],
        written: list[Tensor],
    ) -> None:
        """Log an operation, with a new value for each tensor that it returned or wrote in place."""
        new = [tensor for tensor in outputs if all(tensor is not other for other in written)]
        values = self.log.add(func, *arguments, [tuple(tensor.shape) for tensor in new + written])
        for tensor, value in zip(new, values, strict=False):
            self._aliases.add(tensor, value, inputs)
        for tensor, value in zip(written, values[len(new) :], strict=True):
            self._aliases.write(tensor, value)

    def _add_constants(self, inputs: list[Tensor], outputs: list[Tensor]) -> None:
        """Remember tensors that do not depend on the network's input, and from which parameters they are computed."""
        names = tuple(dict.fromkeys(name for tensor in inputs for name in self.names_of(tensor)))
        for tensor in outputs:
            if tensor not in self._aliases and id(tensor) not in self._parameter_names:
                self._aliases.add(tensor, None, inputs)
                if names:
                    self._names_of_computed[tensor] = names


def _tensors(nested: object) -> list[Tensor]:
    return [leaf for leaf in tree_leaves(nested) if isinstance(leaf, Tensor)]


def _written_in_place(func: OpOverload, args: tuple[Argument, ...], kwargs: dict[str, Argument]) -> list[Tensor]:
    """Return the tensors that an operation writes in place, by its schema."""
    if not func._schema.is_mutable:
        return []
    written = []
    for position, argument in enumerate(func._schema.arguments):
        if argument.alias_info is not None and argument.alias_info.is_write:
            written += _tensors(args[position] if position < len(args) else kwargs.get(argument.name))
    return written


def _as_lists(output: object) -> object:
    """Turn dictionaries with any kind of key, and objects with fields, into lists, so that tensors can be found."""
    if isinstance(output, dict):
        return [_as_lists(item) for item in output.values()]
    if isinstance(output, (list, tuple, set)):
        return [_as_lists(item) for item in output]
    if not isinstance(output, (Tensor, str, int, float, type(None))) and hasattr(output, "__dict__"):
        return [_as_lists(item) for item in vars(output).values()]
    return output
