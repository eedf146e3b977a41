"""Watch the operations of a forward pass beneath autograd, and say which value each of them reads.

A value is the contents of a tensor at one moment: an operation in place makes a new one. Where tensors share their
memory, what is written through one of them is seen through the others, as in the network itself.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves, tree_map
from torch.utils.weak import WeakTensorKeyDictionary

aten = torch.ops.aten

# Operations that take a tensor for its shape, type and device alone.
_SHAPES_ONLY = frozenset(
    [
        *["new_zeros", "new_ones", "new_full", "new_empty", "new_empty_strided", "zeros_like", "ones_like"],
        *["full_like", "empty_like", "rand_like", "randn_like", "sym_size", "sym_numel", "sym_stride", "size"],
    ]
)
_SMALL = 4096


@dataclass(frozen=True, slots=True)
class Ref:
    """Stands for a value of the trace among an operation's arguments."""

    id: int


@dataclass(frozen=True, slots=True, eq=False)
class Constant:
    """A tensor that does not depend on the picture.

    Attributes:
        tensor: The tensor itself, not a copy.
        names: The parameters that it comes from; empty for anything else.
    """

    tensor: Tensor
    names: tuple[str, ...] = ()

    def spell(self) -> str:
        """Text for a digest: the shape, and the contents where they are few and no parameter's."""
        head = f"{self.tensor.dtype}{tuple(self.tensor.shape)}"
        if self.names or self.tensor.numel() > _SMALL or self.tensor.is_complex():
            return head
        values = self.tensor.detach().cpu().contiguous().to(torch.float64).numpy()
        return head + hashlib.sha256(values.tobytes()).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class Geometry:
    """Where a tensor lies in its memory, in elements."""

    shape: tuple[int, ...]
    stride: tuple[int, ...]
    offset: int

    @classmethod
    def of(cls, tensor: Tensor) -> Geometry:
        """Read the geometry of a strided tensor."""
        return cls(tuple(tensor.shape), tuple(tensor.stride()), int(tensor.storage_offset()))


@dataclass(frozen=True, slots=True)
class Value:
    """The contents of one tensor at one moment.

    Attributes:
        id: Its index in ``Trace.values``.
        shape: Of the tensor.
        op: Index of the operation that made it; -1 for the picture.
    """

    id: int
    shape: tuple[int, ...]
    op: int


@dataclass(frozen=True, slots=True)
class Op:
    """One operation on values.

    Attributes:
        target: The torch operation; ``"write"`` (memory, value, geometry of the memory, geometry of the value) and
            ``"read"`` (memory, geometry of the memory, geometry of the value) where tensors share memory.
        args: As given, with ``Ref`` or ``Constant`` in place of each tensor.
        kwargs: Likewise.
        outputs: Value ids; none for outputs that are no tensor. What an operation writes in place comes last.
        run: Index of the innermost module run.
        parameters: Names of the parameters that it reads.
    """

    target: Any
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    outputs: tuple[int | None, ...]
    run: int
    parameters: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The operation's name without its overload: ``convolution``, ``relu_``, ``write``."""
        return self.target if isinstance(self.target, str) else str(self.target.overloadpacket.__name__)


@dataclass(slots=True)
class _Memory:
    """Memory that tensors share: its contents as the first of them shows it, a value or a constant."""

    root: Geometry
    value: int | None
    constant: Tensor | None
    version: int = 0


@dataclass(slots=True)
class _Track:
    """What is known of one tensor: its value as of one version of its memory; none while it is a constant."""

    memory: _Memory
    value: int | None
    version: int


class DispatchRecorder(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Write down every operation that depends on the picture.

    Args:
        names: Parameters' names by ``id``.
        buffers: ``id`` of the network's buffers.
    """

    def __init__(self, names: dict[int, str], buffers: set[int]) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.values: list[Value] = []
        self.ops: list[Op] = []
        self.notes: list[str] = []
        self.run = 0
        self._buffers = buffers
        self._parameters = names
        self._derived: Any = WeakTensorKeyDictionary()
        self._tracks: Any = WeakTensorKeyDictionary()

    def start(self, x: Tensor) -> int:
        """Make ``x`` the picture and return its value id."""
        value = self._new_value(x, -1)
        self._tracks[x] = _Track(_Memory(Geometry.of(x), value, None), value, 0)
        return value

    def value_of(self, tensor: Tensor) -> int | None:
        """The value that ``tensor`` holds now; none for a constant."""
        track = self._tracks.get(tensor)
        return None if track is None else self._current(tensor, track)

    def values_of(self, result: Any) -> tuple[int, ...]:
        """The values in a module's output: a tensor, or tensors in any nest of containers or objects."""
        found = [self.value_of(leaf) for leaf in tree_leaves(_open(result)) if isinstance(leaf, Tensor)]
        return tuple(value for value in found if value is not None)

    def names_of(self, tensor: Tensor) -> tuple[str, ...]:
        """The parameters that a constant comes from."""
        name = self._parameters.get(id(tensor))
        if name is not None:
            return (name,)
        return tuple(self._derived.get(tensor, ()))

    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        """Run the operation and write it down."""
        kwargs = kwargs or {}
        read = [leaf for leaf in tree_leaves((args, kwargs)) if isinstance(leaf, Tensor)]
        data = [self.value_of(tensor) for tensor in read]
        given_args, given_kwargs = (
            tree_map(self._argument, (args, kwargs)) if any(value is not None for value in data) else ((), {})
        )
        result = func(*args, **kwargs)
        made = [leaf for leaf in tree_leaves(result) if isinstance(leaf, Tensor)]
        packet = func.overloadpacket.__name__
        if all(value is None for value in data) or packet in _SHAPES_ONLY:
            self._keep_constants(read, made)
        elif packet == "as_strided_":
            pass  # restrides a tensor of the same elements: its value stays
        else:
            self._note(packet, made)
            self._write_down(func, given_args, given_kwargs, read, made, _written(func, args, kwargs))
        return result

    def _note(self, packet: str, made: list[Tensor]) -> None:
        note = "the network decides by values; this is the way that it took for one picture"
        if packet in ("_local_scalar_dense", "is_nonzero", "equal", "nonzero") and note not in self.notes:
            self.notes.append(note)

    def _argument(self, leaf: Any) -> Any:
        if not isinstance(leaf, Tensor):
            return leaf
        value = self.value_of(leaf)
        return Constant(leaf, self.names_of(leaf)) if value is None else Ref(value)

    def _write_down(
        self,
        func: Any,
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        read: list[Tensor],
        made: list[Tensor],
        written: list[Tensor],
    ) -> None:
        fresh = [tensor for tensor in made if all(tensor is not other for other in written)]
        index = len(self.ops)
        outputs = [self._new_value(tensor, index) for tensor in fresh + written]
        leaves = tree_leaves((args, kwargs), is_leaf=lambda leaf: isinstance(leaf, (Ref, Constant)))
        names = [name for leaf in leaves if isinstance(leaf, Constant) for name in leaf.names]
        self.ops.append(Op(func, args, kwargs, tuple(outputs), self.run, tuple(dict.fromkeys(names))))
        for tensor, value in zip(fresh, outputs, strict=False):
            self._track(tensor, value, read)
        for tensor, value in zip(written, outputs[len(fresh) :], strict=True):
            self._mutate(tensor, value)

    def _keep_constants(self, read: list[Tensor], made: list[Tensor]) -> None:
        names = tuple(dict.fromkeys(name for tensor in read for name in self.names_of(tensor)))
        for tensor in made:
            if tensor not in self._tracks and id(tensor) not in self._parameters:
                self._track(tensor, None, read)
                if names:
                    self._derived[tensor] = names

    def _track(self, tensor: Tensor, value: int | None, read: list[Tensor]) -> None:
        """Remember a new tensor, and whose memory it shares."""
        place = tensor.untyped_storage()._cdata
        for other in read:
            if other.untyped_storage()._cdata == place:
                memory = self._known(other).memory
                self._tracks[tensor] = _Track(memory, value, memory.version)
                return
        constant = tensor if value is None else None
        self._tracks[tensor] = _Track(_Memory(Geometry.of(tensor), value, constant), value, 0)

    def _known(self, tensor: Tensor) -> _Track:
        track: _Track | None = self._tracks.get(tensor)
        if track is None:
            track = _Track(_Memory(Geometry.of(tensor), None, tensor), None, 0)
            self._tracks[tensor] = track
        return track

    def _current(self, tensor: Tensor, track: _Track) -> int | None:
        """The tensor's value after what was written through tensors that share its memory."""
        memory = track.memory
        if track.version != memory.version:
            here = Geometry.of(tensor)
            if here == memory.root or memory.value is None:
                track.value = memory.value
            else:
                track.value = self._pseudo("read", (Ref(memory.value), memory.root, here), here.shape)
            track.version = memory.version
        return track.value

    def _mutate(self, tensor: Tensor, value: int) -> None:
        """Give the tensor a new value, and with it the memory that it shares."""
        track = self._known(tensor)
        memory, here = track.memory, Geometry.of(tensor)
        if here == memory.root:
            memory.value = value
        else:
            before = Constant(memory.constant) if memory.constant is not None else Ref(memory.value or 0)
            memory.value = self._pseudo("write", (before, Ref(value), memory.root, here), memory.root.shape)
        memory.constant = None
        memory.version += 1
        track.value, track.version = value, memory.version

    def _pseudo(self, target: str, args: tuple[Any, ...], shape: tuple[int, ...]) -> int:
        value = Value(len(self.values), shape, len(self.ops))
        self.values.append(value)
        self.ops.append(Op(target, args, {}, (value.id,), self.run))
        return value.id

    def _new_value(self, tensor: Tensor, op: int) -> int:
        self.values.append(Value(len(self.values), tuple(tensor.shape), op))
        return len(self.values) - 1


def _written(func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> list[Tensor]:
    """The tensors that an operation writes in place, by its schema."""
    if not func._schema.is_mutable:
        return []
    found = []
    for position, argument in enumerate(func._schema.arguments):
        if argument.alias_info is not None and argument.alias_info.is_write:
            given = args[position] if position < len(args) else kwargs.get(argument.name)
            found += [leaf for leaf in tree_leaves(given) if isinstance(leaf, Tensor)]
    return found


def _open(result: Any) -> Any:
    """Open dictionaries with any kind of key, and objects with fields, so that their tensors can be found."""
    if isinstance(result, dict):
        return [_open(item) for item in result.values()]
    if isinstance(result, (list, tuple, set)):
        return [_open(item) for item in result]
    if not isinstance(result, (Tensor, str, int, float, type(None))) and hasattr(result, "__dict__"):
        return [_open(item) for item in vars(result).values()]
    return result
