"""Which sets of layers every way from the picture to the network's output passes exactly once.

Contributions that are integrated along a line add up to the difference of the output over such a set: a cut.
"""

from __future__ import annotations

from collections.abc import Sequence

from mkdocs_lurk.models.tracing.layers import Layer
from mkdocs_lurk.models.tracing.operations import references
from mkdocs_lurk.models.tracing.trace import Trace


def find_cuts(trace: Trace, layers: Sequence[Layer]) -> dict[str, tuple[str, ...]]:
    """Return for each layer the cut that it belongs to: alone, or with the last layers of the branches beside it.

    Args:
        trace: One forward pass.
        layers: The layers that a cut may consist of.

    Returns:
        By name, the names of the layers of the cut in the order in which they run; empty where a way leads around all
        of them, as a shortcut does.
    """
    before = _layers_before(trace, layers)
    cuts: dict[str, tuple[str, ...]] = {}
    for number, layer in enumerate(layers):
        beside = [
            other
            for other in range(len(layers))
            if other != number
            and not before[layers[other].value] >> number & 1
            and not before[layer.value] >> other & 1
        ]
        last = [
            one for one in beside if not any(before[layers[other].value] >> one & 1 for other in beside if other != one)
        ]
        members = sorted([number, *last])
        is_cut = not _passes_around(trace, {layers[member].value for member in members})
        cuts[layer.name] = tuple(layers[member].name for member in members) if is_cut else ()
    return cuts


def _layers_before(trace: Trace, layers: Sequence[Layer]) -> dict[int, int]:
    """Return for each value a number whose bits say which layers lead to it, itself included."""
    own = {layer.value: 1 << number for number, layer in enumerate(layers)}
    before = {trace.input: 0}
    for op in trace.ops:
        leading = 0
        for value in references(op):
            leading |= before.get(value, 0)
        for value in op.outputs:
            before[value] = leading | own.get(value, 0)
    return before


def _passes_around(trace: Trace, closed: set[int]) -> bool:
    """Whether a way leads from the picture to an output without passing one of the closed values."""
    reached = {trace.input}
    for op in trace.ops:
        if not reached.isdisjoint(references(op)):
            reached.update(value for value in op.outputs if value not in closed)
    return not reached.isdisjoint(trace.outputs)
