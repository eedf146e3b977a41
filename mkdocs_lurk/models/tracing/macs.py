"""Count the multiply-adds of the operations on a trace.

Counted are those that every table of networks counts: convolutions, matrix products and attention. A bias, a
normalisation or an activation counts nothing.
"""

from __future__ import annotations

import math
from typing import Any

from mkdocs_lurk.models.tracing.dispatch import Constant, Op, Ref
from mkdocs_lurk.models.tracing.trace import Trace


def macs_of(trace: Trace, op: Op) -> int:
    """Multiply-adds of one operation, for the one picture of the pass."""
    output = next((trace.values[value].shape for value in op.outputs if value is not None), ())
    name = op.name
    if name == "convolution":
        weight = _shape(trace, op.args[1])
        transposed = bool(op.args[6])
        # A transposed convolution multiplies once for each input element and tap.
        places = _shape(trace, op.args[0]) if transposed else output
        return math.prod(places) * math.prod(weight[1:])
    if name in ("mm", "bmm", "linear"):
        return math.prod(output) * _shape(trace, op.args[0])[-1]
    if name in ("addmm", "baddbmm"):
        return math.prod(output) * _shape(trace, op.args[1])[-1]
    if name.startswith("_scaled_dot_product") or name == "scaled_dot_product_attention":
        query, key = _shape(trace, op.args[0]), _shape(trace, op.args[1])
        return math.prod(query[:-1]) * key[-2] * (query[-1] + _shape(trace, op.args[2])[-1])
    return 0


def _shape(trace: Trace, argument: Any) -> tuple[int, ...]:
    if isinstance(argument, Ref):
        return trace.values[argument.id].shape
    return tuple(argument.tensor.shape) if isinstance(argument, Constant) else ()
