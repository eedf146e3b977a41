"""Which rows and columns of the picture each element of a value depends on.

Every element of a value has four numbers an axis: where its nominal interval of pixels starts and ends (as if the
picture went on for ever), and where the interval that it really sees starts and ends. Ends are kept negated, so that
the union's hull of two intervals is the minimum of all four numbers, and an empty interval is infinity.

Most values of a convolutional network have the same intervals in every channel, and the same rows in every column: a
companion tensor keeps an axis along which nothing changes at size 1.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
from torch import Tensor

EMPTY = float("inf")
NOMINAL_START, NOMINAL_END, SEEN_START, SEEN_END = range(4)
HOLE = -(1 << 40)
"""Stands among the places that a window reads for no place at all."""


@dataclass(frozen=True, slots=True)
class Intervals:
    """The intervals of every element of one value.

    Attributes:
        shape: The value's own.
        rows: ``(4, *compact shape)``, float32; sizes are the value's or 1.
        columns: Likewise.
        mixed: Why elements may depend on the whole picture, in words.
        expanded: Axes along which the value repeats one element.
    """

    shape: tuple[int, ...]
    rows: Tensor
    columns: Tensor
    mixed: frozenset[str] = frozenset()
    expanded: frozenset[int] = frozenset()

    @property
    def constant(self) -> bool:
        """Whether no element depends on the picture."""
        return bool((self.rows[SEEN_START] == EMPTY).all())

    def map(self, function: Callable[[Tensor], Tensor], shape: Sequence[int]) -> Intervals:
        """Apply ``function`` to both companions, leading axis of 4 and all."""
        return Intervals(tuple(shape), compact(function(self.rows)), compact(function(self.columns)), self.mixed)

    def because(self, *reasons: str) -> Intervals:
        """The same intervals, with reasons added."""
        return Intervals(self.shape, self.rows, self.columns, self.mixed | set(reasons), self.expanded)

    def varies(self, axis: int) -> bool:
        """Whether intervals change along ``axis``."""
        return self.rows.shape[axis + 1] > 1 or self.columns.shape[axis + 1] > 1


def picture(shape: Sequence[int]) -> Intervals:
    """The picture itself, ``(1, c, h, w)``: each pixel depends on itself."""

    def axis(length: int, view: tuple[int, ...]) -> Tensor:
        start = torch.arange(length, dtype=torch.float32)
        return torch.stack([start, -(start + 1), start, -(start + 1)]).view(4, *view)

    height, width = shape[2], shape[3]
    return Intervals(tuple(shape), axis(height, (1, 1, height, 1)), axis(width, (1, 1, 1, width)))


def empty(shape: Sequence[int]) -> Intervals:
    """A constant: no element depends on the picture."""
    nothing = torch.full((4, *[1] * len(shape)), EMPTY)
    return Intervals(tuple(shape), nothing, nothing)


def whole(shape: Sequence[int], height: int, width: int, reason: str) -> Intervals:
    """Every element may depend on the whole picture."""
    flat = [1] * len(shape)
    rows = torch.tensor([0.0, -height, 0.0, -height]).view(4, *flat)
    columns = torch.tensor([0.0, -width, 0.0, -width]).view(4, *flat)
    return Intervals(tuple(shape), rows, columns, frozenset({reason}))


def compact(companion: Tensor) -> Tensor:
    """Bring every axis along which nothing changes to size 1; the leading axis stays."""
    for axis in range(1, companion.dim()):
        if companion.shape[axis] > 1 and companion.stride(axis) == 0:
            companion = companion.narrow(axis, 0, 1)
    for axis in range(1, companion.dim()):
        if companion.shape[axis] > 1:
            first = companion.narrow(axis, 0, 1)
            # One comparison of two neighbours settles most cases before the whole is compared.
            if torch.equal(first, companion.narrow(axis, 1, 1)) and bool((companion == first).all()):
                companion = first
    return companion.contiguous()


def join(parts: Sequence[Intervals], shape: Sequence[int]) -> Intervals:
    """The hull of several values, broadcast against each other."""
    dims = len(shape)

    def aligned(companion: Tensor) -> Tensor:
        missing = dims + 1 - companion.dim()
        return companion.view(4, *[1] * missing, *companion.shape[1:])

    rows, columns = aligned(parts[0].rows), aligned(parts[0].columns)
    mixed = parts[0].mixed
    for part in parts[1:]:
        rows, columns = torch.minimum(rows, aligned(part.rows)), torch.minimum(columns, aligned(part.columns))
        mixed |= part.mixed
    return Intervals(tuple(shape), compact(rows), compact(columns), mixed)


def reduce(value: Intervals, axes: Sequence[int], keep: bool = True) -> Intervals:
    """The hull along ``axes``, which stay at size 1 or go."""
    dims = sorted({axis % len(value.shape) for axis in axes})
    places = [axis + 1 for axis in dims]
    shape = [1 if axis in dims else n for axis, n in enumerate(value.shape)]
    if not keep:
        shape = [n for axis, n in enumerate(value.shape) if axis not in dims]
    if not places:
        return value
    return value.map(lambda companion: companion.amin(dim=places, keepdim=keep), shape)


def spread(value: Intervals, shape: Sequence[int]) -> Intervals:
    """The same intervals for every element along the axes of size 1."""
    return Intervals(tuple(shape), value.rows, value.columns, value.mixed)


Pick = Callable[[Intervals], Tensor]


def structural(parts: Sequence[Intervals], move: Callable[[Pick], Any]) -> list[Intervals]:
    """Move elements about: run an operation itself on the companions.

    Args:
        parts: What the operation reads.
        move: Runs the operation on what a function makes of each part; it may move and repeat elements, and must not
            compute with them.

    Returns:
        One for each tensor that the operation returns.
    """
    mixed = frozenset[str]().union(*(part.mixed for part in parts))
    made: list[list[list[Tensor]]] = []
    for axis in ("rows", "columns"):
        outs: list[list[Tensor]] = []
        for number in range(4):
            out = move(partial(_component, axis, number))
            outs.append([out] if isinstance(out, Tensor) else list(out))
        made.append(outs)
    results = []
    for place, first in enumerate(made[0][0]):
        rows, columns = (compact(_stack([out[place] for out in outs])) for outs in made)
        results.append(Intervals(tuple(first.shape), rows, columns, mixed))
    return results


def _component(axis: str, number: int, value: Intervals) -> Tensor:
    companion: Tensor = getattr(value, axis)
    return companion[number].expand(value.shape)


def _stack(tensors: list[Tensor]) -> Tensor:
    """Stack four tensors without filling the axes along which each of them repeats itself."""
    first = tensors[0]
    for axis in range(first.dim()):
        if first.shape[axis] > 1 and all(tensor.stride(axis) == 0 for tensor in tensors):
            tensors = [tensor.narrow(axis, 0, 1) for tensor in tensors]
    return torch.stack(tensors)


def windows(value: Intervals, axis: int, taps: Tensor, seen: Tensor | None = None) -> Intervals:
    """The hull of a window that slides along one axis.

    Nominal intervals go on beyond the value's ends as they went before them, so that they stay as wide at the border;
    what is really seen there is nothing, unless ``seen`` says what is put there.

    Args:
        value: What the window slides on.
        axis: Along which it slides.
        taps: ``(out, taps)``: the places that each output reads, beyond the ends included; ``HOLE`` for none.
        seen: Likewise, for what is really read, where that differs (reflected padding).
    """
    shape = list(value.shape)
    length, shape[axis] = shape[axis], taps.shape[0]
    real = taps if seen is None else seen
    rows, columns = (
        torch.cat([_slide(c[:2], axis + 1, taps, length, True), _slide(c[2:], axis + 1, real, length, False)])
        if c.shape[axis + 1] > 1 or not _always_real(taps, real, length)
        else c
        for c in (value.rows, value.columns)
    )
    return Intervals(tuple(shape), compact(rows), compact(columns), value.mixed)


def _always_real(taps: Tensor, real: Tensor, length: int) -> bool:
    """Whether every output reads at least one place that is really there."""
    reads = ((real >= 0) & (real < length)).any(dim=1).all()
    return bool(reads) and bool((taps != HOLE).any(dim=1).all())


def _slide(companion: Tensor, axis: int, taps: Tensor, length: int, extend: bool) -> Tensor:
    """Gather and reduce; ``extend`` continues the ends, else they are empty."""
    companion = companion.expand(*companion.shape[:axis], length, *companion.shape[axis + 1 :])
    outside = taps.numel() > 0 and bool(((taps < 0) | (taps >= length)).any())
    before = after = 0
    if outside and extend:
        inside = taps[taps != HOLE]
        before = max(0, -int(inside.min())) if inside.numel() else 0
        after = max(0, int(inside.max()) - length + 1) if inside.numel() else 0
        companion = _extend(companion, axis, before, after)
    hole = torch.full_like(companion.narrow(axis, 0, 1), EMPTY)
    companion = torch.cat([companion, hole], dim=axis)
    last = companion.shape[axis] - 1
    places = torch.where(taps == HOLE, torch.full_like(taps, last), taps + before)
    if not extend:
        places = torch.where((taps < 0) | (taps >= length), torch.full_like(taps, last), places)
    gathered: Tensor | None = None
    for tap in places.unbind(dim=1):
        part = companion.index_select(axis, tap)
        gathered = part if gathered is None else torch.minimum(gathered, part)
    return companion if gathered is None else gathered


def _extend(companion: Tensor, axis: int, before: int, after: int) -> Tensor:
    """Continue a companion linearly beyond both ends."""
    length = companion.shape[axis]
    parts = [companion]
    if before:
        parts.insert(0, _continued(companion, axis, 0, min(1, length - 1), range(before, 0, -1)))
    if after:
        parts.append(_continued(companion, axis, length - 1, max(0, length - 2), range(1, after + 1)))
    return torch.cat(parts, dim=axis)


def _continued(companion: Tensor, axis: int, end: int, inner: int, steps: range) -> Tensor:
    last, before = companion.narrow(axis, end, 1), companion.narrow(axis, inner, 1)
    step = torch.nan_to_num(last - before, nan=0.0, posinf=0.0, neginf=0.0)
    view = [1] * companion.dim()
    view[axis] = len(steps)
    return last + step * torch.tensor(list(steps), dtype=companion.dtype).view(view)


def sliding_taps(outputs: int, kernel: int, stride: int, padding: int, dilation: int) -> Tensor:
    """The places that a convolution or pooling reads along one axis: ``(outputs, kernel)``."""
    return torch.arange(outputs)[:, None] * stride - padding + torch.arange(kernel)[None] * dilation


def transposed_taps(outputs: int, kernel: int, stride: int, padding: int, dilation: int) -> Tensor:
    """The places that a transposed convolution reads along one axis: ``(outputs, kernel)``, with holes."""
    offset = torch.arange(outputs)[:, None] + padding - torch.arange(kernel)[None] * dilation
    place = torch.div(offset, stride, rounding_mode="floor")
    return torch.where(offset % stride == 0, place, torch.full_like(place, HOLE))


def adaptive_taps(outputs: int, length: int) -> Tensor:
    """The places that adaptive pooling reads along one axis, with holes after the last."""
    starts = [i * length // outputs for i in range(outputs)]
    ends = [-((-(i + 1) * length) // outputs) for i in range(outputs)]
    most = max(end - start for start, end in zip(starts, ends, strict=True))
    return torch.tensor(
        [[s + k if s + k < e else HOLE for k in range(most)] for s, e in zip(starts, ends, strict=True)]
    )
