"""Rules for operations that mix elements: reductions, matrix products, attention and normalisations."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch

from mkdocs_lurk.models.receptive_field.intervals import Intervals, hull, hull_along, move_elements
from mkdocs_lurk.models.receptive_field.rules.context import Context, Shapes, arguments_by_name, rules_by_name
from mkdocs_lurk.models.receptive_field.rules.elementwise import pointwise
from mkdocs_lurk.models.tracing import functions
from mkdocs_lurk.models.tracing.operations import Op, Ref

STATISTICS = "the statistics of a normalisation over the whole map are held constant"
ATTENTION = "attention mixes all positions"
LINEAR = "a linear layer reads the whole map"
MEAN = "an average over the whole map"


def _reduce(context: Context, op: Op, output_shapes: Shapes) -> list[Intervals]:
    """Each element reads all elements along the reduced axes; two tensors are compared element by element."""
    arguments = arguments_by_name(op)
    if "other" in arguments:
        return pointwise(context, op, output_shapes)
    value, shape = context.intervals_of(op.args[0]), output_shapes[0]
    rank, dim = len(value.shape), arguments.get("dim")
    axes = list(range(rank) if dim is None or dim == [] else [dim] if isinstance(dim, int) else dim)
    result = hull_along(value, axes)
    if any(value.varies_along(axis % rank) for axis in axes):
        result = result.with_reasons(MEAN)
    if len(shape) != rank and (not shape or len({axis % rank for axis in axes}) < rank):
        result = hull_along(value, axes, keepdim=False).with_reasons(*result.global_reasons)
    return [result] * len(output_shapes)


def _mix_axis(context: Context, op: Op, output_shapes: Shapes) -> list[Intervals]:
    """Each element reads all elements along one axis."""
    value, axis = context.intervals_of(op.args[0]), arguments_by_name(op)["dim"]
    if isinstance(axis, bool) or not isinstance(axis, int):
        return []
    result = hull_along(value, [axis]).broadcast_to(output_shapes[0])
    if value.varies_along(axis % len(value.shape)):
        result = result.with_reasons(f"a {op.name.strip('_')} over the whole map")
    return [result] * len(output_shapes)


def _glu(context: Context, op: Op, output_shapes: Shapes) -> list[Intervals]:
    """Each element reads one element of either half."""
    value, axis = context.intervals_of(op.args[0]), arguments_by_name(op)["dim"]
    halves = move_elements([value], lambda bounds_of: torch.chunk(bounds_of(value), 2, dim=axis))
    return [hull(halves, output_shapes[0])]


def _product(context: Context, op: Op, output_shapes: Shapes) -> list[Intervals]:
    """Each element of a matrix product reads a row of the left matrix and a column of the right one."""
    has_summand = op.name.startswith(("add", "badd"))
    left, right = (context.intervals_of(op.args[has_summand + i]) for i in range(2))
    shape = output_shapes[0]
    if op.name.removesuffix("_") not in ("mm", "bmm", "addmm", "baddbmm"):
        total = hull([hull_along(part, range(len(part.shape)), keepdim=False) for part in (left, right)], ())
        return [hull([total], shape).with_reasons(LINEAR)]
    parts = [hull_along(left, [-1]), hull_along(right, [-2])]
    if has_summand and isinstance(op.args[0], Ref):
        parts.append(context.intervals_of(op.args[0]))
    result = hull(parts, shape)
    if left.varies_along(len(left.shape) - 1) or right.varies_along(len(right.shape) - 2):
        result = result.with_reasons(ATTENTION if not left.is_constant and not right.is_constant else LINEAR)
    return [result]


def _attention(context: Context, op: Op, output_shapes: Shapes) -> list[Intervals]:
    """Each query reads all keys and values."""
    query, key, value = (context.intervals_of(argument) for argument in op.args[:3])
    parts = [hull_along(query, [-1]), hull_along(key, [-1, -2]), hull_along(value, [-2])]
    parts += [hull_along(mask, [-1]) for mask in context.intervals_in((op.args[3:], op.kwargs))]
    return [hull(parts, output_shapes[0]).with_reasons(ATTENTION)]


def _layer_norm(context: Context, op: Op, output_shapes: Shapes) -> list[Intervals]:
    """Statistics over the last axes."""
    value, n_axes = context.intervals_of(op.args[0]), len(op.args[1])
    rank = len(value.shape)
    return [_normalised(context, value, range(rank - n_axes, rank), over_map=n_axes > 1)]


def _group_norm(context: Context, op: Op, output_shapes: Shapes) -> list[Intervals]:
    """Statistics over the maps of each group of channels."""
    value, arguments = context.intervals_of(op.args[0]), arguments_by_name(op)
    groups = int(arguments["group"] if "group" in arguments else arguments.get("num_groups", 1))
    if context.gates_as_constants and math.prod(value.shape[2:]) > 1:
        return [_normalised(context, value, (), over_map=True)]
    shape = (value.shape[0], groups, value.shape[1] // groups, *value.shape[2:])
    (split,) = move_elements([value], lambda bounds_of: bounds_of(value).reshape(shape))
    result = _normalised(context, split, range(2, len(shape)), over_map=math.prod(shape[3:]) > 1)
    return move_elements([result], lambda bounds_of: bounds_of(result).reshape(value.shape))


def _batch_norm(context: Context, op: Op, output_shapes: Shapes) -> list[Intervals]:
    """Stored statistics change nothing; those of the picture itself (instance normalisation) read its whole map."""
    value, arguments = context.intervals_of(op.args[0]), arguments_by_name(op)
    if not arguments.get("training", arguments.get("train", op.name.endswith("with_update"))):
        return [value]
    axes = [0, *range(2, len(value.shape))]
    return [_normalised(context, value, axes, over_map=math.prod(value.shape[2:]) > 1)]


def _normalised(context: Context, value: Intervals, axes: Sequence[int], over_map: bool) -> Intervals:
    """Return the intervals of a value divided by statistics over ``axes``, which may be treated as constants."""
    if over_map:
        context.constants.add(STATISTICS)
        if context.gates_as_constants:
            return value
    return hull_along(value, axes).broadcast_to(value.shape)


RULES = rules_by_name(
    (_reduce, "mean sum nansum nanmean amax amin aminmax max min std var var_mean std_mean prod any all argmax argmin"),
    (_reduce, "median logsumexp linalg_vector_norm norm mode count_nonzero"),
    (_mix_axis, "softmax _softmax _safe_softmax log_softmax _log_softmax sort topk cumsum cumprod logcumsumexp"),
    (_glu, "glu"),
    (_product, "mm bmm addmm baddbmm mv addmv dot addbmm linear matmul"),
    (_attention, "_scaled_dot_product_flash_attention_for_cpu _scaled_dot_product_flash_attention"),
    (_attention, "_scaled_dot_product_efficient_attention _scaled_dot_product_cudnn_attention"),
    (_attention, "scaled_dot_product_attention _scaled_dot_product_attention_math"),
    (_layer_norm, "native_layer_norm layer_norm _fused_rms_norm rms_norm"),
    (_group_norm, "native_group_norm group_norm"),
    (_batch_norm, " ".join(functions.BATCH_NORM_OPERATIONS | {"_batch_norm_with_update"})),
)
