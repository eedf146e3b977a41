"""Rules for operations with a window: convolutions, poolings, padding and resizing."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from mkdocs_lurk.models.receptive_field.intervals import Intervals, hull, hull_along, move_elements
from mkdocs_lurk.models.receptive_field.rules.context import Context, Shapes, arguments_by_name, rules_by_name
from mkdocs_lurk.models.receptive_field.sliding_windows import (
    NO_TAP,
    adaptive_pooling_taps,
    convolution_taps,
    slide_window,
    transposed_convolution_taps,
)
from mkdocs_lurk.models.tracing import functions
from mkdocs_lurk.models.tracing.operations import Op, Ref


def _convolution(context: Context, op: Op, output_shapes: Shapes) -> list[Intervals]:
    """A filter reads a window of its group's channels."""
    arguments, shape = arguments_by_name(op), output_shapes[0]
    weight = context.intervals_of(arguments["weight"])
    result = _hull_of_groups(context.intervals_of(arguments["input"]), int(arguments["groups"]), shape[1])
    taps = transposed_convolution_taps if arguments["transposed"] else convolution_taps
    for axis in range(2, len(shape)):
        stride, padding, dilation = (_setting(arguments[key], axis - 2) for key in ("stride", "padding", "dilation"))
        result = slide_window(result, axis, taps(shape[axis], weight.shape[axis], stride, padding, dilation))
    if isinstance(arguments["weight"], Ref):
        kernel = hull_along(weight, range(len(weight.shape)), keepdim=False)
        result = hull([result, Intervals((), kernel.rows, kernel.columns)], shape)
        result = result.with_reasons("a kernel that is computed from the picture")
    return [result]


def _hull_of_groups(value: Intervals, groups: int, filters: int) -> Intervals:
    """Return the hull over the channels of each filter's group, for every filter."""
    shape = (value.shape[0], filters, *value.shape[2:])
    if not value.varies_along(1):
        return value.broadcast_to(shape)
    if groups == 1:
        return hull_along(value, [1]).broadcast_to(shape)

    def reduce_groups(bounds: Tensor) -> Tensor:
        if bounds.shape[2] == 1:
            return bounds
        grouped = bounds.reshape(*bounds.shape[:2], groups, -1, *bounds.shape[3:])
        return grouped.amin(dim=3).repeat_interleave(filters // groups, dim=2)

    return value.map_bounds(reduce_groups, shape)


def _setting(setting: int | Sequence[int], spatial_axis: int) -> int:
    """Return a setting such as the stride along one spatial axis; one number holds for all axes."""
    if isinstance(setting, Sequence):
        return int(setting[spatial_axis] if spatial_axis < len(setting) else setting[-1])
    return int(setting)


def _pool(context: Context, op: Op, output_shapes: Shapes) -> list[Intervals]:
    """A window slides over each channel."""
    arguments = arguments_by_name(op)
    result, shape = context.intervals_of(op.args[0]), output_shapes[0]
    n_spatial = 3 if "3d" in op.name else 1 if "1d" in op.name else 2
    for spatial_axis in range(n_spatial):
        axis = len(shape) - n_spatial + spatial_axis
        kernel = _setting(arguments["kernel_size"], spatial_axis)
        stride = _setting(arguments["stride"], spatial_axis) if arguments.get("stride") else kernel
        padding = _setting(arguments["padding"], spatial_axis)
        dilation = _setting(arguments.get("dilation", 1), spatial_axis)
        result = slide_window(result, axis, convolution_taps(shape[axis], kernel, stride, padding, dilation))
    return [result] * len(output_shapes)


def _adaptive_pool(context: Context, op: Op, output_shapes: Shapes) -> list[Intervals]:
    """Windows together cover each channel."""
    result, shape = context.intervals_of(op.args[0]), output_shapes[0]
    n_spatial = 1 if "1d" in op.name else 2
    for axis in range(len(shape) - n_spatial, len(shape)):
        result = slide_window(result, axis, adaptive_pooling_taps(shape[axis], result.shape[axis]))
    return [result] * len(output_shapes)


def _constant_pad(context: Context, op: Op, output_shapes: Shapes) -> list[Intervals]:
    """The padding depends on nothing; nominal intervals go on there along axes along which they change."""
    result, pads = context.intervals_of(op.args[0]), op.args[1]
    for number in range(len(pads) // 2):
        axis = len(result.shape) - 1 - number
        length, before = result.shape[axis], int(pads[2 * number])
        taps = torch.arange(output_shapes[0][axis])[:, None] - before
        if not result.varies_along(axis):
            taps = torch.where((taps < 0) | (taps >= length), torch.full_like(taps, NO_TAP), taps)
        result = slide_window(result, axis, taps)
    return [result]


def _mirrored_pad(context: Context, op: Op, output_shapes: Shapes) -> list[Intervals]:
    """The padding repeats elements of the map."""
    result, pads = context.intervals_of(op.args[0]), op.args[1]
    mode = "reflect" if op.name.startswith("reflection") else "replicate"
    for number in range(len(pads) // 2):
        axis = len(result.shape) - 1 - number
        length, before = result.shape[axis], int(pads[2 * number])
        after = output_shapes[0][axis] - length - before
        positions = torch.arange(length, dtype=torch.float32)[None, None]
        repeated = torch.nn.functional.pad(positions, (before, after), mode=mode)[0, 0].long()[:, None]
        taps = torch.arange(output_shapes[0][axis])[:, None] - before
        result = slide_window(result, axis, taps, actual_taps=repeated)
    return [result]


def _resize(context: Context, op: Op, output_shapes: Shapes) -> list[Intervals]:
    """Each axis is resized by itself; running the operation on single points shows what it reads."""
    result, shape = context.intervals_of(op.args[0]), output_shapes[0]
    if len(op.args) > 2 and isinstance(op.args[-1], (list, tuple)):
        return []
    n_spatial = len(shape) - 2
    for spatial_axis in range(n_spatial):
        axis = spatial_axis + 2
        if result.shape[axis] > 1 or shape[axis] > 1:
            taps = _resize_taps(op, spatial_axis, n_spatial, result.shape[axis], shape[axis])
            result = slide_window(result, axis, taps)
    return [result]


def _resize_taps(op: Op, spatial_axis: int, n_spatial: int, length: int, outputs: int) -> Tensor:
    """Return the positions to which a resizing gives a weight that is not 0: ``(outputs, largest number)``."""
    points = torch.eye(length)[None]
    args = [[outputs], *op.args[2:]]
    scales = list(op.args[-n_spatial:]) if len(op.args) >= 2 + n_spatial else []
    if n_spatial == 2:
        # alike along the other axis, with 2 elements there: PyTorch 2 resizes maps of one column wrongly with antialias
        points = torch.stack([points, points], 3 if spatial_axis == 0 else 2)
        args[0] = [outputs, 2] if spatial_axis == 0 else [2, outputs]
        if scales:
            scales[1 - spatial_axis] = None
            args[-2:] = scales
    weights = op.overload(points, *args)
    weights = weights if n_spatial == 1 else weights.select(3 if spatial_axis == 0 else 2, 0)
    weights = weights.reshape(length, outputs)
    largest_number = max(1, int((weights != 0).sum(dim=0).max()))
    read = (weights != 0).float().topk(min(largest_number, length), dim=0)
    return torch.where(read.values > 0, read.indices, torch.full_like(read.indices, NO_TAP)).T


def _im2col(context: Context, op: Op, output_shapes: Shapes) -> list[Intervals]:
    """Windows become columns; the padding depends on nothing."""
    arguments = arguments_by_name(op)
    value = context.intervals_of(op.args[0])
    for axis in (2, 3):
        padding, length = _setting(arguments["padding"], axis - 2), value.shape[axis]
        value = slide_window(value, axis, torch.arange(length + 2 * padding)[:, None] - padding)
    kernel, dilation, stride = (arguments[key] for key in ("kernel_size", "dilation", "stride"))
    return move_elements(
        [value], lambda bounds_of: torch.nn.functional.unfold(bounds_of(value), kernel, dilation, 0, stride)
    )


RULES = rules_by_name(
    (_convolution, "convolution _convolution mkldnn_convolution cudnn_convolution"),
    (_pool, " ".join(functions.MAX_POOL_OPERATIONS | functions.AVERAGE_POOL_OPERATIONS)),
    (_pool, "max_pool3d_with_indices avg_pool3d max_pool1d"),
    (_adaptive_pool, " ".join(functions.ADAPTIVE_AVERAGE_POOL_OPERATIONS | functions.ADAPTIVE_MAX_POOL_OPERATIONS)),
    (_adaptive_pool, "adaptive_avg_pool1d adaptive_max_pool1d"),
    (_constant_pad, "constant_pad_nd"),
    (_mirrored_pad, "reflection_pad1d reflection_pad2d replication_pad1d replication_pad2d"),
    (_resize, "upsample_nearest1d upsample_linear1d upsample_nearest2d _upsample_nearest_exact2d"),
    (_resize, "upsample_bilinear2d upsample_bicubic2d _upsample_bilinear2d_aa _upsample_bicubic2d_aa"),
    (_im2col, "im2col"),
)
