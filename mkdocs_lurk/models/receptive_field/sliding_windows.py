"""Hulls of windows that slide along one axis of a value: what convolutions, poolings and padding do to intervals.

A tap is a position along the axis that one output of the window reads. It may lie beyond the value's ends, in padding.
"""

from __future__ import annotations

import torch
from torch import Tensor

from mkdocs_lurk.models.receptive_field.intervals import EMPTY, Intervals, compact

NO_TAP = -(1 << 40)
"""Fills a row of taps where an output reads fewer positions than others do."""


def slide_window(value: Intervals, axis: int, taps: Tensor, actual_taps: Tensor | None = None) -> Intervals:
    """Return the hull of what each output of a sliding window reads.

    Nominal intervals are continued linearly beyond the value's ends, so that they stay as wide at the border. Actual
    intervals are empty there, unless ``actual_taps`` says which elements stand in the padding.

    Args:
        value: Intervals of the value that the window reads.
        axis: Axis along which the window slides.
        taps: ``(n_outputs, n_taps)`` int64: the positions that each output reads; ``NO_TAP`` for none.
        actual_taps: ``(n_outputs, n_actual_taps)`` int64: the same for actual intervals, where the elements in the
            padding are elements of the value (reflected padding).
    """
    shape = list(value.shape)
    length, shape[axis] = shape[axis], taps.shape[0]
    actual = taps if actual_taps is None else actual_taps

    def slide(bounds: Tensor) -> Tensor:
        if bounds.shape[axis + 1] == 1 and _every_output_reads_an_element(taps, actual, length):
            return bounds
        nominal_hull = _hull_of_taps(bounds[:2], axis + 1, taps, length, extrapolate=True)
        actual_hull = _hull_of_taps(bounds[2:], axis + 1, actual, length, extrapolate=False)
        return torch.cat([nominal_hull, actual_hull])

    rows, columns = slide(value.rows), slide(value.columns)
    return Intervals(tuple(shape), compact(rows), compact(columns), value.global_reasons)


def _every_output_reads_an_element(taps: Tensor, actual_taps: Tensor, length: int) -> bool:
    inside = ((actual_taps >= 0) & (actual_taps < length)).any(dim=1).all()
    return bool(inside) and bool((taps != NO_TAP).any(dim=1).all())


def _hull_of_taps(bounds: Tensor, axis: int, taps: Tensor, length: int, extrapolate: bool) -> Tensor:
    """Gather the bounds at the taps and reduce them; beyond the ends they are extrapolated, or else empty."""
    bounds = bounds.expand(*bounds.shape[:axis], length, *bounds.shape[axis + 1 :])
    outside = taps.numel() > 0 and bool(((taps < 0) | (taps >= length)).any())
    before = after = 0
    if outside and extrapolate:
        real = taps[taps != NO_TAP]
        before = max(0, -int(real.min())) if real.numel() else 0
        after = max(0, int(real.max()) - length + 1) if real.numel() else 0
        bounds = _extrapolate(bounds, axis, before, after)
    empty = torch.full_like(bounds.narrow(axis, 0, 1), EMPTY)
    bounds = torch.cat([bounds, empty], dim=axis)
    last = bounds.shape[axis] - 1
    positions = torch.where(taps == NO_TAP, torch.full_like(taps, last), taps + before)
    if not extrapolate:
        positions = torch.where((taps < 0) | (taps >= length), torch.full_like(taps, last), positions)
    smallest: Tensor | None = None
    for tap in positions.unbind(dim=1):
        gathered = bounds.index_select(axis, tap)
        smallest = gathered if smallest is None else torch.minimum(smallest, gathered)
    return bounds if smallest is None else smallest


def _extrapolate(bounds: Tensor, axis: int, before: int, after: int) -> Tensor:
    """Continue bounds linearly by ``before`` and ``after`` positions beyond both ends."""
    length = bounds.shape[axis]
    parts = [bounds]
    if before:
        parts.insert(0, _beyond(bounds, axis, 0, min(1, length - 1), range(before, 0, -1)))
    if after:
        parts.append(_beyond(bounds, axis, length - 1, max(0, length - 2), range(1, after + 1)))
    return torch.cat(parts, dim=axis)


def _beyond(bounds: Tensor, axis: int, end: int, neighbour: int, distances: range) -> Tensor:
    """Return the bounds at some distances beyond the position ``end``, by its difference from its neighbour."""
    last, inner = bounds.narrow(axis, end, 1), bounds.narrow(axis, neighbour, 1)
    step = torch.nan_to_num(last - inner, nan=0.0, posinf=0.0, neginf=0.0)
    view = [1] * bounds.dim()
    view[axis] = len(distances)
    return last + step * torch.tensor(list(distances), dtype=bounds.dtype).view(view)


def convolution_taps(outputs: int, kernel: int, stride: int, padding: int, dilation: int) -> Tensor:
    """Return the taps of a convolution or pooling along one axis: ``(outputs, kernel)``."""
    return torch.arange(outputs)[:, None] * stride - padding + torch.arange(kernel)[None] * dilation


def transposed_convolution_taps(outputs: int, kernel: int, stride: int, padding: int, dilation: int) -> Tensor:
    """Return the taps of a transposed convolution along one axis: ``(outputs, kernel)``."""
    offset = torch.arange(outputs)[:, None] + padding - torch.arange(kernel)[None] * dilation
    position = torch.div(offset, stride, rounding_mode="floor")
    return torch.where(offset % stride == 0, position, torch.full_like(position, NO_TAP))


def adaptive_pooling_taps(outputs: int, length: int) -> Tensor:
    """Return the taps of adaptive pooling along one axis: ``(outputs, longest window)``."""
    starts = [i * length // outputs for i in range(outputs)]
    ends = [-((-(i + 1) * length) // outputs) for i in range(outputs)]
    longest = max(end - start for start, end in zip(starts, ends, strict=True))
    return torch.tensor(
        [
            [start + k if start + k < end else NO_TAP for k in range(longest)]
            for start, end in zip(starts, ends, strict=True)
        ]
    )
