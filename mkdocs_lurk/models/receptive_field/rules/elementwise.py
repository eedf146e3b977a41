"""Rules for operations that work element by element, and the test of whether one of their operands is a gate."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor

from mkdocs_lurk.models.receptive_field.intervals import ACTUAL_END, ACTUAL_START, Intervals, hull
from mkdocs_lurk.models.receptive_field.rules.context import Context, Shapes
from mkdocs_lurk.models.tracing.functions import DROPOUT_OPERATIONS
from mkdocs_lurk.models.tracing.operations import Op

GATE = "a gate that is read from the whole map is held constant"

_POINTWISE = DROPOUT_OPERATIONS | {"hardswish", "_prelu_kernel", "bernoulli", "rrelu"}


def is_pointwise(op: Op) -> bool:
    """Whether each element of the output depends only on the elements at its own position."""
    return op.is_pointwise or op.name.removesuffix("_") in _POINTWISE


def pointwise(context: Context, op: Op, output_shapes: Shapes) -> list[Intervals]:
    """Each element reads the elements of the broadcast operands at its own position."""
    shape = output_shapes[0]
    operands = [operand for operand in context.intervals_in((op.args, op.kwargs)) if not operand.is_constant]
    gates = [i for i in range(len(operands)) if len(operands) > 1 and _is_gate(operands, i, shape)]
    if gates and len(gates) < len(operands):
        context.constants.add(GATE)
        if context.gates_as_constants:
            operands = [operand for i, operand in enumerate(operands) if i not in gates]
    result = hull(operands, shape) if operands else Intervals.of_constant(shape)
    return [result] * len(output_shapes)


def _is_gate(operands: Sequence[Intervals], which: int, shape: Sequence[int]) -> bool:
    """Whether one operand scales whole maps of another.

    It does if it is repeated along an axis along which the other's intervals change, and its own intervals cover all
    of those.
    """
    gate = operands[which]
    repeated = [axis for axis in range(len(shape)) if _is_repeated(gate, axis, shape)]
    for i, other in enumerate(operands):
        if i == which:
            continue
        missing = len(shape) - len(other.shape)
        for axis in repeated:
            other_axis = axis - missing
            if other_axis >= 0 and any(
                bounds.shape[other_axis + 1] > 1 and _covers(gate_bounds, bounds)
                for gate_bounds, bounds in ((gate.rows, other.rows), (gate.columns, other.columns))
            ):
                return True
    return False


def _is_repeated(operand: Intervals, axis: int, shape: Sequence[int]) -> bool:
    """Whether an operand is one element repeated along an axis of the result, whose shape is ``shape``."""
    operand_axis = axis - (len(shape) - len(operand.shape))
    return shape[axis] > 1 and (
        operand_axis < 0 or operand.shape[operand_axis] == 1 or operand_axis in operand.repeated_axes
    )


def _covers(gate: Tensor, other: Tensor) -> bool:
    """Whether every actual interval of ``gate`` holds every actual interval of ``other``."""
    return bool(gate[ACTUAL_START].max() <= other[ACTUAL_START].min()) and bool(
        gate[ACTUAL_END].max() <= other[ACTUAL_END].min()
    )
