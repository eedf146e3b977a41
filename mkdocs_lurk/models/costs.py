"""Count the multiply-adds of the operations on a tape.

Counted are those that every table of networks counts: convolutions, matrix products and attention. A bias, a
normalisation or an activation counts nothing.
"""

from __future__ import annotations

import math
from typing import Any

from mkdocs_lurk.models.recorder import Constant, Op, Ref
from mkdocs_lurk.models.tape import Tape


def macs_of(tape: Tape, op: Op) -> int:
    """Multiply-adds of one operation, for the one picture of the pass."""
    output = next((tape.values[value].shape for value in op.outputs if value is not None), ())
    name = op.name
    if name == "convolution":
        weight = _shape(tape, op.args[1])
        transposed = bool(op.args[6])
        # A transposed convolution multiplies once for each input element and tap.
        places = _shape(tape, op.args[0]) if transposed else output
        return math.prod(places) * math.prod(weight[1:])
    if name in ("mm", "bmm", "linear"):
        return math.prod(output) * _shape(tape, op.args[0])[-1]
    if name in ("addmm", "baddbmm"):
        return math.prod(output) * _shape(tape, op.args[1])[-1]
    if name.startswith("_scaled_dot_product") or name == "scaled_dot_product_attention":
        query, key = _shape(tape, op.args[0]), _shape(tape, op.args[1])
        return math.prod(query[:-1]) * key[-2] * (query[-1] + _shape(tape, op.args[2])[-1])
    return 0


def _shape(tape: Tape, argument: Any) -> tuple[int, ...]:
    if isinstance(argument, Ref):
        return tape.values[argument.id].shape
    return tuple(argument.tensor.shape) if isinstance(argument, Constant) else ()
