"""What operations do to intervals that mix elements: reductions, matrix products, attention and normalisations."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch

from mkdocs_lurk.models.receptive_field import intervals as iv
from mkdocs_lurk.models.receptive_field.intervals import Intervals
from mkdocs_lurk.models.receptive_field.rules.context import Context, Shapes, bound, table
from mkdocs_lurk.models.receptive_field.rules.elementwise import pointwise
from mkdocs_lurk.models.tracing import functions
from mkdocs_lurk.models.tracing.dispatch import Op, Ref

STATISTICS = "the statistics of a normalisation over the whole map are held constant"
ATTENTION = "attention mixes all positions"
LINEAR = "a linear layer reads the whole map"
MEAN = "an average over the whole map"


def _reduce(context: Context, op: Op, shapes: Shapes) -> list[Intervals]:
    """Each element reads all elements along the axes that go; two tensors are compared element by element."""
    given = bound(op)
    if "other" in given:
        return pointwise(context, op, shapes)
    value = context.get(op.args[0])
    axes = given.get("dim")
    listed = range(len(value.shape)) if axes is None or axes == [] else [axes] if isinstance(axes, int) else axes
    made = iv.reduce(value, list(listed))
    if any(value.varies(axis % len(value.shape)) for axis in listed):
        made = made.because(MEAN)
    shape = shapes[0]
    if len(shape) != len(made.shape):
        keep = [axis for axis in range(len(made.shape)) if axis not in {a % len(made.shape) for a in listed}]
        made = iv.reduce(value, list(listed), keep=False).because(*made.mixed) if keep or not shape else made
    return [made] * len(shapes)


def _mix_axis(context: Context, op: Op, shapes: Shapes) -> list[Intervals]:
    """Each element reads all elements along one axis."""
    value, axis = context.get(op.args[0]), bound(op)["dim"]
    if isinstance(axis, bool) or not isinstance(axis, int):
        return []
    made = iv.spread(iv.reduce(value, [axis]), shapes[0])
    if value.varies(axis % len(value.shape)):
        made = made.because(f"a {op.name.strip('_')} over the whole map")
    return [made] * len(shapes)


def _glu(context: Context, op: Op, shapes: Shapes) -> list[Intervals]:
    value, axis = context.get(op.args[0]), bound(op)["dim"]
    halves = iv.structural([value], lambda pick: torch.chunk(pick(value), 2, dim=axis))
    return [iv.join(halves, shapes[0])]


def _product(context: Context, op: Op, shapes: Shapes) -> list[Intervals]:
    """A matrix product: rows of the left and columns of the right."""
    adds = op.name.startswith(("add", "badd"))
    left, right = context.get(op.args[adds]), context.get(op.args[adds + 1])
    shape = shapes[0]
    if op.name.removesuffix("_") not in ("mm", "bmm", "addmm", "baddbmm"):
        hull = iv.join([iv.reduce(p, range(len(p.shape)), keep=False) for p in (left, right)], ())
        return [iv.join([hull], shape).because(LINEAR)]
    reason = ATTENTION if not left.constant and not right.constant else LINEAR
    parts = [iv.reduce(left, [-1]), iv.reduce(right, [-2])]
    mixes = left.varies(len(left.shape) - 1) or right.varies(len(right.shape) - 2)
    if adds and isinstance(op.args[0], Ref):
        parts.append(context.get(op.args[0]))
    made = iv.join(parts, shape)
    return [made.because(reason) if mixes else made]


def _attention(context: Context, op: Op, shapes: Shapes) -> list[Intervals]:
    query, key, value = (context.get(argument) for argument in op.args[:3])
    parts = [iv.reduce(query, [-1]), iv.reduce(key, [-1, -2]), iv.reduce(value, [-2])]
    parts += [iv.reduce(mask, [-1]) for mask in context.parts((op.args[3:], op.kwargs))]
    return [iv.join(parts, shapes[0]).because(ATTENTION)]


def _layer_norm(context: Context, op: Op, shapes: Shapes) -> list[Intervals]:
    value, axes = context.get(op.args[0]), len(op.args[1])
    return [_normalised(context, value, range(len(value.shape) - axes, len(value.shape)), axes > 1)]


def _group_norm(context: Context, op: Op, shapes: Shapes) -> list[Intervals]:
    value, groups = context.get(op.args[0]), int(bound(op).get("group", bound(op).get("num_groups", 1)))
    if context.hold and math.prod(value.shape[2:]) > 1:
        return [_normalised(context, value, (), True)]
    shape = (value.shape[0], groups, value.shape[1] // groups, *value.shape[2:])
    (split,) = iv.structural([value], lambda pick: pick(value).reshape(shape))
    joined = _normalised(context, split, range(2, len(shape)), math.prod(shape[3:]) > 1)
    return iv.structural([joined], lambda pick: pick(joined).reshape(value.shape))


def _batch_norm(context: Context, op: Op, shapes: Shapes) -> list[Intervals]:
    """Fixed statistics change nothing; those of the picture itself (instance normalisation) read its whole map."""
    value = context.get(op.args[0])
    if not bound(op).get("training", bound(op).get("train", op.name.endswith("with_update"))):
        return [value]
    return [_normalised(context, value, [0, *range(2, len(value.shape))], math.prod(value.shape[2:]) > 1)]


def _normalised(context: Context, value: Intervals, axes: Sequence[int], over_map: bool) -> Intervals:
    if over_map:
        context.held.add(STATISTICS)
        if context.hold:
            return value
    return iv.spread(iv.reduce(value, axes), value.shape)


RULES = table(
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
