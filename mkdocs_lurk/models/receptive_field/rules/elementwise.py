"""What operations do to intervals that work element by element, and where one of their operands is a gate."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from mkdocs_lurk.models.receptive_field import intervals as iv
from mkdocs_lurk.models.receptive_field.intervals import Intervals
from mkdocs_lurk.models.receptive_field.rules.context import Context, Shapes
from mkdocs_lurk.models.tracing.dispatch import Op
from mkdocs_lurk.models.tracing.functions import DROPOUT_OPERATIONS

GATE = "a gate that is read from the whole map is held constant"

_POINTWISE = DROPOUT_OPERATIONS | {"hardswish", "_prelu_kernel", "bernoulli", "rrelu"}


def is_pointwise(op: Op) -> bool:
    """Whether each element of the output reads the elements at its own place alone."""
    return torch.Tag.pointwise in op.target.tags or op.name.removesuffix("_") in _POINTWISE


def pointwise(context: Context, op: Op, shapes: Shapes) -> list[Intervals]:
    """Each element reads the elements at its place, broadcast."""
    parts = [part for part in context.parts((op.args, op.kwargs)) if not part.constant]
    gates = [i for i in range(len(parts)) if len(parts) > 1 and _is_gate(parts, i, shapes[0])]
    if gates and len(gates) < len(parts):
        context.held.add(GATE)
        if context.hold:
            parts = [part for i, part in enumerate(parts) if i not in gates]
    made = iv.join(parts, shapes[0]) if parts else iv.empty(shapes[0])
    return [made] * len(shapes)


def _is_gate(parts: list[Intervals], which: int, shape: Sequence[int]) -> bool:
    """Whether one operand is broadcast over a map and knows all that the others know, in one direction at least."""
    gate = parts[which]
    offset = len(shape) - len(gate.shape)

    def repeats(axis: int) -> bool:
        own = axis - offset
        return shape[axis] > 1 and (own < 0 or gate.shape[own] == 1 or own in gate.expanded)

    axes = [axis for axis in range(len(shape)) if repeats(axis)]
    for i, other in enumerate(parts):
        if i == which:
            continue
        shift = len(shape) - len(other.shape)
        for axis in axes:
            own = axis - shift
            if own >= 0 and any(
                companion.shape[own + 1] > 1 and _covers(known, companion)
                for known, companion in ((gate.rows, other.rows), (gate.columns, other.columns))
            ):
                return True
    return False


def _covers(gate: Tensor, other: Tensor) -> bool:
    """Whether every interval of ``gate`` holds every interval of ``other``."""
    return bool(gate[iv.SEEN_START].max() <= other[iv.SEEN_START].min()) and bool(
        gate[iv.SEEN_END].max() <= other[iv.SEEN_END].min()
    )
