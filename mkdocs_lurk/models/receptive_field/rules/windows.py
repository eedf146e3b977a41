"""What operations with a window do to intervals: convolutions, poolings, padding and resizing."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from mkdocs_lurk.models.receptive_field import intervals as iv
from mkdocs_lurk.models.receptive_field.intervals import Intervals
from mkdocs_lurk.models.receptive_field.rules.context import Context, Shapes, bound, table
from mkdocs_lurk.models.tracing import functions
from mkdocs_lurk.models.tracing.dispatch import Op, Ref


def _convolution(context: Context, op: Op, shapes: Shapes) -> list[Intervals]:
    """A filter reads a window of its group's channels."""
    given = bound(op)
    value, weight, shape = context.get(given["input"]), context.get(given["weight"]), shapes[0]
    made = _grouped(value, int(given["groups"]), shape[1])
    for axis in range(2, len(shape)):
        kernel = weight.shape[axis]
        stride, padding, dilation = (_at(given[key], axis - 2) for key in ("stride", "padding", "dilation"))
        taps = iv.transposed_taps if given["transposed"] else iv.sliding_taps
        made = iv.windows(made, axis, taps(shape[axis], kernel, stride, padding, dilation))
    if isinstance(given["weight"], Ref):
        kernel_hull = iv.reduce(weight, range(len(weight.shape)))
        made = iv.join([made, Intervals((1,) * len(shape), *_squeezed(kernel_hull, len(shape)))], shape)
        made = made.because("a kernel that is computed from the picture")
    return [made]


def _squeezed(value: Intervals, dims: int) -> tuple[Tensor, Tensor]:
    return value.rows.view(4, *[1] * dims), value.columns.view(4, *[1] * dims)


def _grouped(value: Intervals, groups: int, outputs: int) -> Intervals:
    """The hull over each group's channels, for every output channel."""
    shape = (value.shape[0], outputs, *value.shape[2:])
    if not value.varies(1):
        return iv.spread(value, shape)
    if groups == 1:
        return iv.spread(iv.reduce(value, [1]), shape)

    def share(companion: Tensor) -> Tensor:
        if companion.shape[2] == 1:
            return companion
        split = companion.reshape(*companion.shape[:2], groups, -1, *companion.shape[3:])
        return split.amin(dim=3).repeat_interleave(outputs // groups, dim=2)

    return value.map(share, shape)


def _at(setting: Any, axis: int) -> int:
    if isinstance(setting, (list, tuple)):
        return int(setting[axis] if axis < len(setting) else setting[-1])
    return int(setting)


def _pool(context: Context, op: Op, shapes: Shapes) -> list[Intervals]:
    """A window that slides over each channel."""
    given = bound(op)
    made, shape = context.get(op.args[0]), shapes[0]
    kernel = given["kernel_size"]
    spatial = 3 if "3d" in op.name else 1 if "1d" in op.name else 2
    for place in range(spatial):
        axis = len(shape) - spatial + place
        size = _at(kernel, place)
        stride = _at(given["stride"], place) if given.get("stride") else size
        taps = iv.sliding_taps(
            shape[axis], size, stride, _at(given["padding"], place), _at(given.get("dilation", 1), place)
        )
        made = iv.windows(made, axis, taps)
    return [made] * len(shapes)


def _adaptive_pool(context: Context, op: Op, shapes: Shapes) -> list[Intervals]:
    """Windows that together cover the map."""
    made, shape = context.get(op.args[0]), shapes[0]
    spatial = 1 if "1d" in op.name else 2
    for axis in range(len(shape) - spatial, len(shape)):
        made = iv.windows(made, axis, iv.adaptive_taps(shape[axis], made.shape[axis]))
    return [made] * len(shapes)


def _constant_pad(context: Context, op: Op, shapes: Shapes) -> list[Intervals]:
    """Nothing is seen in the padding; the nominal intervals go on where they depend on the place."""
    made, pads = context.get(op.args[0]), op.args[1]
    for number in range(len(pads) // 2):
        axis = len(made.shape) - 1 - number
        length, before = made.shape[axis], int(pads[2 * number])
        taps = torch.arange(shapes[0][axis])[:, None] - before
        if not made.varies(axis):
            taps = torch.where((taps < 0) | (taps >= length), torch.full_like(taps, iv.HOLE), taps)
        made = iv.windows(made, axis, taps)
    return [made]


def _mirrored_pad(context: Context, op: Op, shapes: Shapes) -> list[Intervals]:
    """What is put in the padding are elements of the map itself."""
    made, pads = context.get(op.args[0]), op.args[1]
    for number in range(len(pads) // 2):
        axis = len(made.shape) - 1 - number
        length, before = made.shape[axis], int(pads[2 * number])
        after = shapes[0][axis] - length - before
        mode = "reflect" if op.name.startswith("reflection") else "replicate"
        places = torch.arange(length, dtype=torch.float32)[None, None]
        real = torch.nn.functional.pad(places, (before, after), mode=mode)[0, 0].long()[:, None]
        taps = torch.arange(shapes[0][axis])[:, None] - before
        made = iv.windows(made, axis, taps, seen=real)
    return [made]


def _resize(context: Context, op: Op, shapes: Shapes) -> list[Intervals]:
    """Each axis is resized by itself; the operation says itself what it reads, when it is run on single points."""
    made, shape = context.get(op.args[0]), shapes[0]
    if len(op.args[1:]) and isinstance(op.args[-1], (list, tuple)) and len(op.args) > 2:
        return []
    spatial = len(shape) - 2
    for place in range(spatial):
        axis = place + 2
        if made.shape[axis] > 1 or shape[axis] > 1:
            made = iv.windows(made, axis, _resize_taps(op, place, spatial, made.shape[axis], shape[axis]))
    return [made]


def _resize_taps(op: Op, place: int, spatial: int, length: int, outputs: int) -> Tensor:
    points = torch.eye(length)[None]
    args = [[outputs], *op.args[2:]]
    scales = list(op.args[-spatial:]) if len(op.args) >= 2 + spatial else []
    if spatial == 2:
        points = points[..., None] if place == 0 else points[:, :, None]
        args[0] = [outputs, 1] if place == 0 else [1, outputs]
        if scales:
            scales[1 - place] = None
            args[-2:] = scales
    weights = op.target(points, *args).reshape(length, outputs)
    most = max(1, int((weights != 0).sum(dim=0).max()))
    order = (weights != 0).float().topk(min(most, length), dim=0)
    return torch.where(order.values > 0, order.indices, torch.full_like(order.indices, iv.HOLE)).T


def _im2col(context: Context, op: Op, shapes: Shapes) -> list[Intervals]:
    """Windows laid out in columns, with padding of zeros."""
    given = bound(op)
    value = context.get(op.args[0])
    for axis in (2, 3):
        padding, length = _at(given["padding"], axis - 2), value.shape[axis]
        value = iv.windows(value, axis, torch.arange(length + 2 * padding)[:, None] - padding)
    return iv.structural(
        [value],
        lambda pick: torch.nn.functional.unfold(
            pick(value), given["kernel_size"], given["dilation"], 0, given["stride"]
        ),
    )


RULES = table(
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
