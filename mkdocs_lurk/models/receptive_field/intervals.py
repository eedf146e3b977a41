"""Intervals of the picture's rows and columns that each element of a value depends on.

An element has two intervals for the rows and two for the columns: the nominal one, as if the picture went on beyond its
border, and the actual one, of the pixels that the element really depends on. Each is stored as its start and its
negated end, so that the hull of several intervals is their minimum, and an empty interval is infinity. The four numbers
of every element make up a bounds tensor.

Most values of a convolutional network have the same intervals in every channel, and the same rows in every column: a
bounds tensor has size 1 along every axis along which nothing changes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor

EMPTY = float("inf")
NOMINAL_START, NOMINAL_END, ACTUAL_START, ACTUAL_END = range(4)


@dataclass(frozen=True, slots=True)
class Intervals:
    """The intervals of every element of one value.

    Attributes:
        shape: Shape of the value.
        rows: ``(4, *compact shape)`` float32: bounds of the rows; a size is the value's or 1.
        columns: ``(4, *compact shape)`` float32: bounds of the columns.
        global_reasons: Sentences that say why elements may depend on the whole picture.
        repeated_axes: Axes along which the value repeats one element, as ``torch.expand`` does.
    """

    shape: tuple[int, ...]
    rows: Tensor
    columns: Tensor
    global_reasons: frozenset[str] = frozenset()
    repeated_axes: frozenset[int] = frozenset()

    @classmethod
    def of_picture(cls, shape: Sequence[int]) -> Intervals:
        """Return the intervals of the picture ``(1, c, h, w)``: each pixel depends on itself."""

        def bounds(length: int, view: tuple[int, ...]) -> Tensor:
            start = torch.arange(length, dtype=torch.float32)
            return torch.stack([start, -(start + 1), start, -(start + 1)]).view(4, *view)

        height, width = shape[2], shape[3]
        return cls(tuple(shape), bounds(height, (1, 1, height, 1)), bounds(width, (1, 1, 1, width)))

    @classmethod
    def of_constant(cls, shape: Sequence[int]) -> Intervals:
        """Return empty intervals: no element depends on the picture."""
        bounds = torch.full((4, *[1] * len(shape)), EMPTY)
        return cls(tuple(shape), bounds, bounds)

    @classmethod
    def of_whole_picture(cls, shape: Sequence[int], height: int, width: int, reason: str) -> Intervals:
        """Return intervals that cover the picture: every element may depend on all of it."""
        ones = [1] * len(shape)
        rows = torch.tensor([0.0, -height, 0.0, -height]).view(4, *ones)
        columns = torch.tensor([0.0, -width, 0.0, -width]).view(4, *ones)
        return cls(tuple(shape), rows, columns, frozenset({reason}))

    @property
    def is_constant(self) -> bool:
        """Whether no element depends on the picture."""
        return bool((self.rows[ACTUAL_START] == EMPTY).all())

    def varies_along(self, axis: int) -> bool:
        """Whether intervals change along ``axis``."""
        return self.rows.shape[axis + 1] > 1 or self.columns.shape[axis + 1] > 1

    def map_bounds(self, function: Callable[[Tensor], Tensor], shape: Sequence[int]) -> Intervals:
        """Return the intervals of a value of ``shape`` by applying ``function`` to both bounds tensors."""
        return Intervals(
            tuple(shape), compact(function(self.rows)), compact(function(self.columns)), self.global_reasons
        )

    def broadcast_to(self, shape: Sequence[int]) -> Intervals:
        """Return the intervals of a value that repeats this one along its axes of size 1."""
        return Intervals(tuple(shape), self.rows, self.columns, self.global_reasons)

    def with_reasons(self, *reasons: str) -> Intervals:
        """Return the same intervals with more reasons why elements may depend on the whole picture."""
        return Intervals(self.shape, self.rows, self.columns, self.global_reasons | set(reasons), self.repeated_axes)


def compact(bounds: Tensor) -> Tensor:
    """Return a bounds tensor with size 1 along every axis along which nothing changes; the leading axis stays."""
    for axis in range(1, bounds.dim()):
        if bounds.shape[axis] > 1 and bounds.stride(axis) == 0:
            bounds = bounds.narrow(axis, 0, 1)
    for axis in range(1, bounds.dim()):
        if bounds.shape[axis] > 1:
            first = bounds.narrow(axis, 0, 1)
            # One comparison of two neighbours settles most cases before the whole is compared.
            if torch.equal(first, bounds.narrow(axis, 1, 1)) and bool((bounds == first).all()):
                bounds = first
    return bounds.contiguous()


def hull(parts: Sequence[Intervals], shape: Sequence[int]) -> Intervals:
    """Return the smallest intervals that contain those of all parts, which are broadcast to ``shape``."""
    rank = len(shape)

    def aligned(bounds: Tensor) -> Tensor:
        missing = rank + 1 - bounds.dim()
        return bounds.view(4, *[1] * missing, *bounds.shape[1:])

    rows, columns = aligned(parts[0].rows), aligned(parts[0].columns)
    reasons = parts[0].global_reasons
    for part in parts[1:]:
        rows, columns = torch.minimum(rows, aligned(part.rows)), torch.minimum(columns, aligned(part.columns))
        reasons |= part.global_reasons
    return Intervals(tuple(shape), compact(rows), compact(columns), reasons)


def hull_along(value: Intervals, axes: Sequence[int], keepdim: bool = True) -> Intervals:
    """Return the hull of all elements along ``axes``, which keep size 1 or are dropped."""
    if not axes:
        return value
    reduced = sorted({axis % len(value.shape) for axis in axes})
    shape = [1 if axis in reduced else size for axis, size in enumerate(value.shape)]
    if not keepdim:
        shape = [size for axis, size in enumerate(value.shape) if axis not in reduced]
    bounds_axes = [axis + 1 for axis in reduced]
    return value.map_bounds(lambda bounds: bounds.amin(dim=bounds_axes, keepdim=keepdim), shape)


ElementBounds = Callable[[Intervals], Tensor]
"""Gives one of the four bounds of every element of a value, in the value's shape."""


def move_elements(
    parts: Sequence[Intervals], operation: Callable[[ElementBounds], Tensor | Sequence[Tensor]]
) -> list[Intervals]:
    """Return the intervals of an operation's outputs by running the operation on bounds instead of numbers.

    Args:
        parts: Intervals of the tensors that the operation reads.
        operation: Runs the operation on what the function that it receives returns for each part. It may move and
            repeat elements, and must not compute with them.

    Returns:
        One for each tensor that the operation returns.
    """
    reasons = frozenset[str]().union(*(part.global_reasons for part in parts))
    rows, columns = (
        [_as_list(operation(partial(_element_bounds, of_rows, bound))) for bound in range(4)]
        for of_rows in (True, False)
    )
    return [
        Intervals(tuple(row_bounds[0].shape), compact(_stack(row_bounds)), compact(_stack(column_bounds)), reasons)
        for row_bounds, column_bounds in zip(zip(*rows, strict=True), zip(*columns, strict=True), strict=True)
    ]


def _as_list(outputs: Tensor | Sequence[Tensor]) -> list[Tensor]:
    return [outputs] if isinstance(outputs, Tensor) else list(outputs)


def _element_bounds(of_rows: bool, bound: int, value: Intervals) -> Tensor:
    bounds = value.rows if of_rows else value.columns
    return bounds[bound].expand(value.shape)


def _stack(tensors: Sequence[Tensor]) -> Tensor:
    """Stack four tensors, with size 1 along each axis along which all of them repeat one element."""
    first = tensors[0]
    for axis in range(first.dim()):
        if first.shape[axis] > 1 and all(tensor.stride(axis) == 0 for tensor in tensors):
            tensors = [tensor.narrow(axis, 0, 1) for tensor in tensors]
    return torch.stack(list(tensors))
