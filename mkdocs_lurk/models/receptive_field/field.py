"""Receptive fields: the pixels of the picture that each unit of a layer depends on.

The trace is interpreted once with intervals instead of numbers. The result is the bounding box of the pixels from which
a path leads to the unit: the same as that of the input gradient of a network with positive weights, linear activations
and average pooling instead of maximum pooling.

Araujo, Norris and Sim 2019, "Computing Receptive Fields of Convolutional Neural Networks", Distill,
doi:10.23915/distill.00021, derives the closed form for chains; intervals hold for any graph.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Literal

import torch
from torch import Tensor

from mkdocs_lurk.errors import LayerError
from mkdocs_lurk.models.receptive_field.intervals import (
    ACTUAL_END,
    ACTUAL_START,
    EMPTY,
    NOMINAL_END,
    NOMINAL_START,
    ElementBounds,
    Intervals,
    move_elements,
)
from mkdocs_lurk.models.receptive_field.rules.context import Context
from mkdocs_lurk.models.receptive_field.rules.registry import NO_RULE, apply_rule
from mkdocs_lurk.models.tracing.layers import Layer, convolutions
from mkdocs_lurk.models.tracing.operations import references
from mkdocs_lurk.models.tracing.trace import Trace
from mkdocs_lurk.names import Box

Status = Literal["exact", "effective", "whole"]


@dataclass(frozen=True, slots=True, eq=False)
class ReceptiveField:
    """The receptive field of every unit of one layer.

    A unit is one element of the layer's output. Its nominal receptive field is the one that it would have if the
    picture went on beyond its border.

    Attributes:
        size: ``(h, w)`` in pixels of the largest nominal receptive field.
        jump: ``(y, x)``: pixels between the receptive fields of neighbouring units.
        status: ``exact``; ``effective`` if gates or statistics of the whole map are treated as constants, as ``note``
            says; ``whole`` if a unit depends on the whole picture, whatever its position.
        note: A sentence for the reader; empty if there is nothing to say.
        picture: ``(h, w)`` of the picture, in pixels.
        rows: ``(4, c or 1, h or 1, w or 1)`` bounds tensor of the rows.
        columns: ``(4, c or 1, h or 1, w or 1)`` bounds tensor of the columns.
        output: ``(c, h, w)`` of the layer's output.
    """

    size: tuple[int, int]
    jump: tuple[float, float]
    status: Status
    note: str
    picture: tuple[int, int]
    rows: Tensor
    columns: Tensor
    output: tuple[int, int, int]

    def box(self, y: int, x: int, filter_: int | None = None) -> Box:
        """Return the nominal receptive field of the unit at (y, x), which leaves the picture where it reads padding.

        Clipped to the picture, it is the bounding box of the pixels that the unit depends on.

        Args:
            y: Row in the feature map.
            x: Column in the feature map.
            filter_: Index of the filter; None for the hull of all filters. They differ only after a grouped convolution
                of branches whose receptive fields differ.

        Raises:
            LayerError: There is no such unit.
        """
        top, bottom = self._interval(self.rows, y, x, filter_, self.picture[0])
        left, right = self._interval(self.columns, y, x, filter_, self.picture[1])
        if top >= bottom or left >= right:
            return Box(0, 0, 0, 0)
        return Box(top, left, bottom, right)

    def covering_picture(self, note: str) -> ReceptiveField:
        """Return a receptive field that is the whole picture for every unit, with a note that says why."""
        rows, columns = (torch.tensor([0.0, -length, 0.0, -length]).view(4, 1, 1, 1) for length in self.picture)
        return replace(self, size=self.picture, status="whole", note=note, rows=rows, columns=columns)

    def inside(self) -> Tensor:
        """Return whether the nominal receptive field of each unit lies inside the picture: ``(h, w)``, of booleans."""
        fits = torch.ones(self.output[1:], dtype=torch.bool)
        for bounds, length in ((self.rows, self.picture[0]), (self.columns, self.picture[1])):
            nominal = (bounds[NOMINAL_START] >= 0) & (bounds[NOMINAL_END] >= -length)
            fits = fits & (nominal & (bounds[ACTUAL_START] != EMPTY)).all(0)
        return fits

    def _interval(self, bounds: Tensor, y: int, x: int, filter_: int | None, length: int) -> tuple[int, int]:
        """Return one unit's interval along an axis of the picture, ``length`` pixels long."""
        channels, height, width = self.output
        if not (0 <= y < height and 0 <= x < width and (filter_ is None or 0 <= filter_ < channels)):
            raise LayerError(f"no unit ({y}, {x}) of filter {filter_} in maps of {channels} x {height} x {width}")
        units = bounds[:, :, min(y, bounds.shape[2] - 1), min(x, bounds.shape[3] - 1)]
        unit = units.amin(dim=1) if filter_ is None else units[:, min(filter_, units.shape[1] - 1)]
        start, end, actual_start, actual_end = unit.tolist()
        if actual_start == EMPTY:
            return 0, 0
        # Beyond the picture the nominal interval is a matter of convention; inside, the actual one decides.
        nominal = (int(start), int(-end)) if start != EMPTY else (int(actual_start), int(-actual_end))
        first = nominal[0] if max(0, nominal[0]) == actual_start else int(actual_start)
        last = nominal[1] if min(length, nominal[1]) == -actual_end else int(-actual_end)
        return first, last


def receptive_fields(trace: Trace, layers: Iterable[Layer] | None = None) -> dict[str, ReceptiveField]:
    """Return the receptive field of every unit of some layers, by the layer's name.

    Args:
        trace: One forward pass.
        layers: Layers of that pass; None for every 2-D convolution.
    """
    chosen = {layer.name: layer for layer in (convolutions(trace)[0] if layers is None else layers)}
    values = {layer.value for layer in chosen.values()}
    exact, constants = _propagate(trace, values, gates_as_constants=False)
    effective = exact
    if constants:
        effective, constants = _propagate(trace, values, gates_as_constants=True)
    return {
        name: _receptive_field(
            _as_maps(exact[layer.value], layer), _as_maps(effective[layer.value], layer), constants, trace.size[1:]
        )
        for name, layer in chosen.items()
    }


def _propagate(trace: Trace, wanted: set[int], gates_as_constants: bool) -> tuple[dict[int, Intervals], frozenset[str]]:
    """Interpret the trace up to the last wanted value.

    Returns:
        The intervals of the wanted values, and what was treated as a constant, or could be, in sentences.
    """
    last_use = {value: index for index, op in enumerate(trace.ops) for value in references(op)}
    end = max(trace.values[value].op for value in wanted) if wanted else -1
    height, width = trace.size[1:]
    intervals = {trace.input: Intervals.of_picture(trace.values[trace.input].shape)}
    context = Context(height, width, gates_as_constants, intervals)
    kept = {value: intervals[value] for value in wanted & {trace.input}}
    for index, op in enumerate(trace.ops[: end + 1]):
        outputs = [value for value in op.outputs if value is not None]
        results = apply_rule(context, op, [trace.values[value].shape for value in outputs])
        for value, result in zip(outputs, results, strict=True):
            if value in wanted:
                kept[value] = result
            if value in last_use:
                intervals[value] = result
        for value in references(op):
            if last_use[value] <= index:
                intervals.pop(value, None)
    return kept, frozenset(context.constants)


def _as_maps(value: Intervals, layer: Layer) -> Intervals:
    """Return the intervals of a layer's output in the shape ``(1, c, h, w)``, whatever its layout."""
    channels, height, width = layer.output
    if layer.layout == "nchw":
        return value

    def arrange(bounds_of: ElementBounds) -> Tensor:
        tensor = bounds_of(value)
        if layer.layout == "nhwc":
            return tensor.permute(0, 3, 1, 2)
        if layer.layout == "ntc":
            return tensor[:, layer.class_tokens :].transpose(1, 2).reshape(1, channels, height, width)
        return tensor.reshape(1, channels, height, width)

    return move_elements([value], arrange)[0]


def _receptive_field(
    exact: Intervals, effective: Intervals, constants: frozenset[str], picture: tuple[int, int]
) -> ReceptiveField:
    """Summarise the intervals of one layer's output.

    Args:
        exact: Nothing is treated as a constant.
        effective: Gates and statistics of the whole map are treated as constants.
        constants: What was treated as a constant, in sentences.
        picture: ``(h, w)`` in pixels.
    """
    rows, columns = effective.rows[:, 0], effective.columns[:, 0]
    size = (_largest_size(rows), _largest_size(columns))
    no_rule = sorted(reason for reason in effective.global_reasons if NO_RULE in reason)
    status: Status = "exact"
    note = ""
    if no_rule:
        status, note = "whole", "; ".join(no_rule)
    elif effective.global_reasons and _all_cover(effective, picture):
        status, note = "whole", "; ".join(sorted(effective.global_reasons))
    elif not _same_actual_intervals(exact, effective):
        status, note = "effective", "; ".join(sorted(constants))
    elif size[0] >= picture[0] and size[1] >= picture[1]:
        note = "the field covers the whole picture or more"
    if status == "whole":
        size = picture
    return ReceptiveField(
        size=size,
        jump=(_jump(rows, 2), _jump(columns, 3)),
        status=status,
        note=note,
        picture=picture,
        rows=rows,
        columns=columns,
        output=(exact.shape[1], exact.shape[2], exact.shape[3]),
    )


def _same_actual_intervals(one: Intervals, other: Intervals) -> bool:
    if one is other:
        return True
    pairs = ((one.rows[2:], other.rows[2:]), (one.columns[2:], other.columns[2:]))
    return all(bool((a == b).all()) for a, b in pairs)


def _all_cover(value: Intervals, picture: tuple[int, int]) -> bool:
    """Whether every element depends on the whole picture."""
    return all(
        bool((bounds[ACTUAL_START] <= 0).all()) and bool((bounds[ACTUAL_END] <= -length).all())
        for bounds, length in ((value.rows, picture[0]), (value.columns, picture[1]))
    )


def _largest_size(bounds: Tensor) -> int:
    """Return the length of the longest nominal interval, in pixels; 0 if nothing depends on the picture."""
    sizes = -bounds[NOMINAL_END] - bounds[NOMINAL_START]
    finite = sizes[torch.isfinite(sizes)]
    return int(finite.max()) if finite.numel() else 0


def _jump(bounds: Tensor, axis: int) -> float:
    """Return the mean distance between neighbouring nominal intervals along ``axis``, in pixels."""
    starts = bounds[NOMINAL_START].amin(dim=0, keepdim=True)
    length = starts.shape[axis - 1]
    if length < 2 or not bool(torch.isfinite(starts).all()):
        return 0.0
    distances = starts.narrow(axis - 1, length - 1, 1) - starts.narrow(axis - 1, 0, 1)
    return round(float(distances.max()) / (length - 1), 3)
