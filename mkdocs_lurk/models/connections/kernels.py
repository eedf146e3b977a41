"""The kernels of the layers of a trace, and the axis of their channels."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor

from mkdocs_lurk.models.receptive_field.rules.context import arguments_by_name
from mkdocs_lurk.models.tracing.call_recorder import TracedCall
from mkdocs_lurk.models.tracing.operations import Constant, Op

_WEIGHT_ARGUMENT = {"addmm": 2, "mm": 1, "bmm": 1, "addbmm": 2, "baddbmm": 2, "matmul": 1}


def channel_axis(call: TracedCall) -> int:
    """Return the axis of a layer's channels, in its input as in its output, counted from the end."""
    return -1 if call.kind == "Linear" else -1 - int(call.kind[-2])


def kernel_and_groups(ops: Sequence[Op], call: TracedCall) -> tuple[Tensor | None, int]:
    """Return a layer's kernel and its number of groups.

    Args:
        ops: Operations of the trace.
        call: Call of the layer.

    Returns:
        The kernel ``(n_filters, n_channels / groups, h, w)``, None if it is no constant; and the groups.
    """
    if call.kind == "Linear":
        matrix = _linear_weight(ops, call)
        n_filters, n_channels = call.weight_shape
        return None if matrix is None else matrix.reshape(n_channels, n_filters).T[:, :, None, None], 1
    arguments = arguments_by_name(ops[call.op])
    groups = int(arguments["groups"])
    if not isinstance(arguments["weight"], Constant):
        return None, groups
    weight = arguments["weight"].tensor.detach()
    if arguments["transposed"]:
        split = weight.reshape(groups, -1, *weight.shape[1:])
        weight = split.transpose(1, 2).reshape(-1, split.shape[1], *weight.shape[2:])
    return weight.reshape(*weight.shape[:2], -1, weight.shape[-1]), groups


def _linear_weight(ops: Sequence[Op], call: TracedCall) -> Tensor | None:
    """Return the constant that a linear call multiplies by, ``(n_channels, n_filters)`` elements in that order."""
    for index in range(call.op, -1, -1):
        op = ops[index]
        if op.name == "linear":
            weight = op.args[1]
            return weight.tensor.detach().T if isinstance(weight, Constant) else None
        if op.name in _WEIGHT_ARGUMENT:
            weight = op.args[_WEIGHT_ARGUMENT[op.name]]
            return weight.tensor.detach() if isinstance(weight, Constant) else None
    return None
