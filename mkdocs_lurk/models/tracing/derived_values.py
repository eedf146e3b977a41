"""Remember what tensors of a running network were computed from, as far as ways to write a rectifier need it."""

from __future__ import annotations

import weakref
from collections.abc import Iterator, MutableMapping
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor
from torch.utils.weak import WeakTensorKeyDictionary

Kind = Literal[
    "copy",
    "above",
    "below",
    "mask",
    "absolute",
    "square",
    "twice_relu",
    "negative_part",
    "negative_part_of_negated",
    "relu_of_negated",
    "scaled",
    "sigmoid",
]


@dataclass(frozen=True, slots=True)
class Derived:
    """How a tensor was computed from another one, its source.

    Attributes:
        kind: ``copy``: the same values, perhaps detached. ``above``: 1 where the source is above 0, else 0. ``below``:
            1 where it is not. ``mask``: the result of another comparison with a constant. ``absolute``: its absolute
            value. ``square``: its square. ``twice_relu``: twice its rectified value. ``negative_part``: its minimum
            with 0. ``negative_part_of_negated``, ``relu_of_negated``: the minimum and the maximum of 0 and minus it.
            ``scaled``: it, multiplied by ``factor``. ``sigmoid``: its sigmoid.
        source: The source.
        factor: Of ``scaled``.
    """

    kind: Kind
    source: Tensor
    factor: float = 1.0


@dataclass(frozen=True, slots=True)
class _Entry:
    kind: Kind
    source: weakref.ReferenceType[Tensor]
    versions: tuple[int, int]
    factor: float


class DerivedValues:
    """What is known of the tensors of one forward pass; it ends where a tensor or its source is written in place.

    Args:
        x: The network's input.
    """

    def __init__(self, x: Tensor) -> None:
        self._entries: MutableMapping[Tensor, _Entry] = WeakTensorKeyDictionary()
        self._computed: MutableMapping[Tensor, bool] = WeakTensorKeyDictionary()
        self._computed[x] = True

    def follow(self, arguments: object, result: object) -> None:
        """Remember that a result depends on the network's input if an argument does, where autograd does not."""
        if torch.is_grad_enabled() or all(self.is_constant(value) for value in tensors_in(arguments)):
            return
        for tensor in tensors_in(result):
            self._computed[tensor] = True

    def is_constant(self, tensor: Tensor) -> bool:
        """Whether a tensor does not depend on the network's input."""
        return not tensor.requires_grad and tensor not in self._computed

    def constant(self, value: object) -> float | None:
        """Return the number that a value is: a number, or a constant tensor all of whose elements are alike."""
        if isinstance(value, (int, float)):
            return float(value)
        if not isinstance(value, Tensor) or value.is_complex() or not value.numel() or not self.is_constant(value):
            return None
        while torch._C._functorch.is_functorch_wrapped_tensor(value):  # of torch.vmap, which forbids to read numbers
            value = torch._C._functorch.get_unwrapped(value)
        low, high = value.detach().aminmax()
        return float(low) if bool(low == high) else None

    def add(self, tensor: object, kind: Kind, source: Tensor, factor: float = 1.0) -> None:
        """Remember how a tensor was computed from another one."""
        if isinstance(tensor, Tensor) and tensor is not source:
            source = self._original(source)
            versions = _version(tensor), _version(source)
            self._entries[tensor] = _Entry(kind, weakref.ref(source), versions, factor)

    def about(self, tensor: object) -> Derived | None:
        """Return how a tensor was computed; None if that is not known, or no longer true."""
        entry = self._entries.get(tensor) if isinstance(tensor, Tensor) else None
        source = None if entry is None else entry.source()
        if entry is None or source is None or not isinstance(tensor, Tensor):
            return None
        if entry.versions != (_version(tensor), _version(source)):
            return None
        return Derived(entry.kind, source, entry.factor)

    def is_of(self, tensor: object, x: object, *kinds: Kind) -> bool:
        """Whether a tensor was computed from ``x`` in one of some ways."""
        known = self.about(tensor)
        return (
            known is not None
            and known.kind in kinds
            and isinstance(x, Tensor)
            and known.source is self._original(x)
            and known.source.shape == x.shape
        )

    def _original(self, tensor: Tensor) -> Tensor:
        known = self.about(tensor)
        return known.source if known is not None and known.kind == "copy" else tensor


def _version(tensor: Tensor) -> int:
    return 0 if tensor.is_inference() else tensor._version


def tensors_in(nested: object) -> Iterator[Tensor]:
    """Yield the tensors among arguments or results, also those in lists and tuples."""
    if isinstance(nested, Tensor):
        yield nested
    elif isinstance(nested, (tuple, list)):
        for value in nested:
            yield from tensors_in(value)
