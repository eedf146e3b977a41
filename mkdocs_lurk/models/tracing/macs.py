"""Count the multiply-accumulates (MACs) of the operations on a trace.

Counted are those that every table of networks counts: convolutions, matrix products and attention. A bias, a
normalisation or an activation counts nothing.
"""

from __future__ import annotations

import math

from mkdocs_lurk.models.tracing.call_recorder import TracedCall
from mkdocs_lurk.models.tracing.operations import Argument, Constant, Op, Ref
from mkdocs_lurk.models.tracing.trace import Trace


def count_macs(trace: Trace, op: Op) -> int:
    """Return the MACs of one operation, for the one picture of the pass."""
    output = trace.values[op.outputs[0]].shape if op.outputs else ()
    name = op.name
    if name == "convolution":
        weight, transposed = _shape_of(trace, op.args[1]), bool(op.args[6])
        # A transposed convolution multiplies once for each element of its input and each element of the kernel.
        positions = _shape_of(trace, op.args[0]) if transposed else output
        return math.prod(positions) * math.prod(weight[1:])
    if name in ("mm", "bmm", "linear"):
        return math.prod(output) * _shape_of(trace, op.args[0])[-1]
    if name in ("addmm", "baddbmm"):
        return math.prod(output) * _shape_of(trace, op.args[1])[-1]
    if name.startswith("_scaled_dot_product") or name == "scaled_dot_product_attention":
        query, key, value = (_shape_of(trace, argument) for argument in op.args[:3])
        return math.prod(query[:-1]) * key[-2] * (query[-1] + value[-1])
    return 0


def count_all_macs(trace: Trace) -> int:
    """Return the MACs of all operations of a trace, for the one picture of the pass."""
    return sum(count_macs(trace, op) for op in trace.ops)


def count_macs_of_call(trace: Trace, call: TracedCall) -> int:
    """Return the MACs of all operations of a convolution or linear call, for the one picture of the pass."""
    return sum(count_macs(trace, op) for op in trace.ops[slice(*call.ops)])


def _shape_of(trace: Trace, argument: Argument) -> tuple[int, ...]:
    if isinstance(argument, Ref):
        return trace.values[argument.id].shape
    return tuple(argument.tensor.shape) if isinstance(argument, Constant) else ()
