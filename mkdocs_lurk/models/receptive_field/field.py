"""Receptive fields: which pixels of the picture a unit of a layer depends on.

The trace is interpreted once with intervals in place of numbers. The result is the bounding box of the pixels from
which a path leads to the unit: the same as that of the input gradient of a network with positive weights, linear
activations and average pooling in place of maximum pooling.

Araujo, Norris and Sim 2019, "Computing Receptive Fields of Convolutional Neural Networks", Distill,
doi:10.23915/distill.00021, derives the closed form for chains; intervals hold for any graph.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from mkdocs_lurk.errors import LayerError
from mkdocs_lurk.models.receptive_field import intervals as iv
from mkdocs_lurk.models.receptive_field.intervals import Intervals
from mkdocs_lurk.models.receptive_field.rules.context import Context
from mkdocs_lurk.models.receptive_field.rules.registry import UNKNOWN, interpret
from mkdocs_lurk.models.tracing.layers import Layer, convolutions
from mkdocs_lurk.models.tracing.operations import references
from mkdocs_lurk.models.tracing.trace import Trace
from mkdocs_lurk.names import Box

Status = Literal["exact", "effective", "whole"]


@dataclass(frozen=True, slots=True, eq=False)
class ReceptiveField:
    """The receptive field of every unit of one layer.

    Attributes:
        size: ``(h, w)`` of the largest unit's nominal field, in pixels: as if the picture went on beyond its border.
        jump: ``(y, x)``: pixels between the fields of neighbours.
        start: ``(y, x)``: top left corner of the nominal field of the unit (0, 0); below 0 where it begins in padding.
        status: ``exact``; ``effective`` where something global is held constant, as ``note`` says; ``whole`` where a
            unit depends on the whole picture whatever its place.
        note: A sentence for the reader; empty where there is nothing to say.
        picture: ``(h, w)`` of the picture.
        rows: ``(4, c or 1, h or 1, w or 1)``: nominal start and end, seen start and end; ends are negated.
        columns: Likewise.
        maps: ``(c, h, w)`` of the layer.
    """

    size: tuple[int, int]
    jump: tuple[float, float]
    start: tuple[int, int]
    status: Status
    note: str
    picture: tuple[int, int]
    rows: Tensor
    columns: Tensor
    maps: tuple[int, int, int]

    def box(self, y: int, x: int, filter_: int | None = None) -> Box:
        """The nominal field of the unit at (y, x), which may leave the picture where it reads padding.

        Clipped to the picture, it is exactly what the unit sees.

        Args:
            y: Row in the feature map.
            x: Column in the feature map.
            filter_: One channel; none for the hull of all, which differ only after a grouped convolution of
                branches with unlike fields.

        Raises:
            LayerError: There is no such unit.
        """
        top, bottom = self._axis(self.rows, y, x, filter_, self.picture[0])
        left, right = self._axis(self.columns, y, x, filter_, self.picture[1])
        if top >= bottom or left >= right:
            return Box(0, 0, 0, 0)
        return Box(top, left, bottom, right)

    def seen(self, y: int, x: int, filter_: int | None = None) -> Box:
        """The part of the field that lies in the picture."""
        return self.box(y, x, filter_).clip(*self.picture)

    @property
    def by_filter(self) -> bool:
        """Whether fields differ from filter to filter."""
        return self.rows.shape[1] > 1 or self.columns.shape[1] > 1

    def _axis(self, companion: Tensor, y: int, x: int, filter_: int | None, length: int) -> tuple[int, int]:
        channels, height, width = self.maps
        if not (0 <= y < height and 0 <= x < width and (filter_ is None or 0 <= filter_ < channels)):
            raise LayerError(f"no unit ({y}, {x}) of filter {filter_} in maps of {channels} x {height} x {width}")
        units = companion[:, :, min(y, companion.shape[2] - 1), min(x, companion.shape[3] - 1)]
        four = units.amin(dim=1) if filter_ is None else units[:, min(filter_, units.shape[1] - 1)]
        start, end, seen_start, seen_end = four.tolist()
        if seen_start == iv.EMPTY:
            return 0, 0
        # The nominal interval is a matter of convention beyond the picture; inside, what is seen decides.
        nominal = (int(start), int(-end)) if start != iv.EMPTY else (int(seen_start), int(-seen_end))
        first = nominal[0] if max(0, nominal[0]) == seen_start else int(seen_start)
        last = nominal[1] if min(length, nominal[1]) == -seen_end else int(-seen_end)
        return first, last


def receptive_fields(trace: Trace, layers: Iterable[Layer] | None = None) -> dict[str, ReceptiveField]:
    """The receptive field of every layer.

    Args:
        trace: One forward pass.
        layers: Those wanted; none for every 2-D convolution of the trace.
    """
    wanted = {layer.name: layer for layer in (convolutions(trace)[0] if layers is None else layers)}
    values = {layer.value for layer in wanted.values()}
    height, width = trace.size[1:]
    exact, held = _run(trace, values, hold=False)
    free: Mapping[int, Intervals] = exact
    if held:
        free, held = _run(trace, values, hold=True)
    return {
        name: _field(as_maps(exact[layer.value], layer), as_maps(free[layer.value], layer), held, (height, width))
        for name, layer in wanted.items()
    }


def _run(trace: Trace, wanted: set[int], hold: bool) -> tuple[dict[int, Intervals], set[str]]:
    """Interpret the trace as far as the wanted values need; values that nothing needs any more are let go."""
    last_use: dict[int, int] = {}
    for index, op in enumerate(trace.ops):
        for value in references(op):
            last_use[value] = index
    end = max(trace.values[value].op for value in wanted) if wanted else -1
    height, width = trace.size[1:]
    known = {trace.input: iv.picture(trace.values[trace.input].shape)}
    context = Context(height, width, hold, known)
    kept = {value: known[value] for value in wanted & {trace.input}}
    for index, op in enumerate(trace.ops[: end + 1]):
        outputs = [value for value in op.outputs if value is not None]
        made = interpret(context, op, [trace.values[value].shape for value in outputs])
        for value, intervals in zip(outputs, made, strict=True):
            if value in wanted:
                kept[value] = intervals
            if value in last_use:
                known[value] = intervals
        for value in references(op):
            if last_use[value] <= index:
                known.pop(value, None)
    return kept, context.held


def as_maps(value: Intervals, layer: Layer) -> Intervals:
    """The intervals of a layer's output as maps ``(1, c, h, w)``."""
    channels, height, width = layer.output
    if layer.layout == "nchw":
        return value

    def arrange(pick: iv.Pick) -> Tensor:
        tensor = pick(value)
        if layer.layout == "nhwc":
            return tensor.permute(0, 3, 1, 2)
        if layer.layout == "ntc":
            return tensor[:, layer.class_tokens :].transpose(1, 2).reshape(1, channels, height, width)
        return tensor.reshape(1, channels, height, width)

    return iv.structural([value], arrange)[0]


def _field(exact: Intervals, free: Intervals, held: set[str], picture: tuple[int, int]) -> ReceptiveField:
    """Put one layer's intervals into a field, and say what they are worth."""
    differs = not _same_seen(exact, free)
    unknown = sorted(reason for reason in free.mixed if UNKNOWN in reason)
    everything = _sees_all(free, picture)
    rows, columns = free.rows[:, 0], free.columns[:, 0]
    size = (_size(rows), _size(columns))
    status: Status = "exact"
    note = ""
    if unknown:
        status, note = "whole", "; ".join(unknown)
    elif everything and free.mixed:
        status, note = "whole", "; ".join(sorted(free.mixed))
    elif differs:
        status, note = "effective", "; ".join(sorted(held))
    elif size[0] >= picture[0] and size[1] >= picture[1]:
        note = "the field covers the whole picture or more"
    if status == "whole":
        size = picture
    return ReceptiveField(
        size=size,
        jump=(_jump(rows, 2), _jump(columns, 3)),
        start=(_first(rows), _first(columns)),
        status=status,
        note=note,
        picture=picture,
        rows=rows,
        columns=columns,
        maps=(exact.shape[1], exact.shape[2], exact.shape[3]),
    )


def _same_seen(one: Intervals, other: Intervals) -> bool:
    if one is other:
        return True
    pairs = ((one.rows[2:], other.rows[2:]), (one.columns[2:], other.columns[2:]))
    return all(bool((a == b).all()) for a, b in pairs)


def _sees_all(value: Intervals, picture: tuple[int, int]) -> bool:
    return all(
        bool((companion[iv.SEEN_START] <= 0).all()) and bool((companion[iv.SEEN_END] <= -length).all())
        for companion, length in ((value.rows, picture[0]), (value.columns, picture[1]))
    )


def _size(companion: Tensor) -> int:
    """The widest nominal interval, in pixels; 0 where nothing depends on the picture."""
    sizes = -companion[iv.NOMINAL_END] - companion[iv.NOMINAL_START]
    finite = sizes[torch.isfinite(sizes)]
    return int(finite.max()) if finite.numel() else 0


def _jump(companion: Tensor, axis: int) -> float:
    starts = companion[iv.NOMINAL_START].amin(dim=0, keepdim=True)
    length = starts.shape[axis - 1]
    if length < 2 or not bool(torch.isfinite(starts).all()):
        return 0.0
    ends = starts.narrow(axis - 1, length - 1, 1) - starts.narrow(axis - 1, 0, 1)
    return round(float(ends.max()) / (length - 1), 3)


def _first(companion: Tensor) -> int:
    start = float(companion[iv.NOMINAL_START, :, 0, 0].min())
    return int(start) if start != iv.EMPTY else 0
