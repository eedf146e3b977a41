"""What one forward pass costs, read off its trace: parameters, multiply-accumulates (MACs) and memory."""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass

from mkdocs_lurk.models.tracing.macs import count_all_macs, count_macs_of_call
from mkdocs_lurk.models.tracing.operations import Op, Ref, references, tensor_arguments
from mkdocs_lurk.models.tracing.trace import Trace

FLOAT_BYTES = 4
"""Bytes of a float32 number, in which the pass is counted."""
_VIEWS_WITHOUT_ALIAS = frozenset({"_unsafe_view", "_reshape_alias"})
"""Operators whose output lies in the storage of their first argument, though no schema says so."""


@dataclass(frozen=True, slots=True)
class CallCost:
    """What one convolution or linear call costs for one picture.

    Attributes:
        name: As on the trace.
        kind: Class name of the layer.
        output: Shape of its output without the batch; empty if the output does not depend on the picture.
        parameters: Number of weights and biases that it reads.
        macs: Multiply-accumulates.
    """

    name: str
    kind: str
    output: tuple[int, ...]
    parameters: int
    macs: int

    @property
    def activation_bytes(self) -> int:
        """Size of the output in float32."""
        return FLOAT_BYTES * math.prod(self.output) if self.output else 0


@dataclass(frozen=True, slots=True)
class NetworkCost:
    """What a forward pass of one picture costs.

    Attributes:
        calls: In the order in which they run.
        parameters: Number of weights and biases of the network, each once.
        other_parameters: Those of them that no call reads.
        macs: Of all operations.
        peak_bytes: The most that values take at one moment.
    """

    calls: tuple[CallCost, ...]
    parameters: int
    other_parameters: int
    macs: int
    peak_bytes: int

    @property
    def other_macs(self) -> int:
        """Multiply-accumulates outside of the calls: the matrix products of attention, say."""
        return self.macs - sum(call.macs for call in self.calls)


def network_cost(trace: Trace) -> NetworkCost:
    """Add up what the operations of a trace cost."""
    calls = tuple(
        CallCost(
            name=call.name,
            kind=call.kind,
            output=() if call.output is None else trace.values[call.output].shape[1:],
            parameters=sum(trace.parameters.get(name, 0) for name in call.parameters),
            macs=count_macs_of_call(trace, call),
        )
        for call in trace.layer_calls
    )
    read = {name for call in trace.layer_calls for name in call.parameters}
    return NetworkCost(
        calls=calls,
        parameters=sum(trace.parameters.values()),
        other_parameters=sum(number for name, number in trace.parameters.items() if name not in read),
        macs=count_all_macs(trace),
        peak_bytes=peak_bytes(trace),
    )


def peak_bytes(trace: Trace) -> int:
    """Return the most bytes that the values of a forward pass take at one moment, in float32.

    A storage lives from the operation that makes it to the last one that reads it or a view of it; the network's output
    lives to the end. Weights, and what a kernel takes for its own work, do not count.
    """
    storages = _storages(trace)
    size: dict[int, int] = defaultdict(int)
    last: dict[int, int] = defaultdict(lambda: -1)
    for value in trace.values:
        storage = storages[value.id]
        size[storage] = max(size[storage], FLOAT_BYTES * math.prod(value.shape))
        last[storage] = max(last[storage], value.op)
    for at, op in enumerate(trace.ops):
        for read in references(op):
            last[storages[read]] = max(last[storages[read]], at)
    for output in trace.outputs:
        last[storages[output]] = len(trace.ops)
    change = [0] * (len(trace.ops) + 2)
    for storage, n_bytes in size.items():
        change[max(trace.values[storage].op, 0)] += n_bytes
        change[last[storage] + 1] -= n_bytes
    held = peak = 0
    for step in change:
        held += step
        peak = max(peak, held)
    return peak


def _storages(trace: Trace) -> list[int]:
    """Return for each value the id of the first value in its storage."""
    storages = list(range(len(trace.values)))
    for op in trace.ops:
        for output, source in zip(op.outputs, _aliased(op), strict=True):
            if source is not None:
                storages[output] = storages[source]
    return storages


def _aliased(op: Op) -> list[int | None]:
    """Return for each output of an operation the value in whose storage it lies; None if it has one of its own."""
    if isinstance(op.target, str) or op.name in _VIEWS_WITHOUT_ALIAS:
        first = next((argument.id for argument in op.args if isinstance(argument, Ref)), None)
        return [first] * len(op.outputs)
    schema = op.target._schema
    shared = [
        (argument.alias_info.is_write, leaf.id if isinstance(leaf, Ref) else None)
        for place, argument in enumerate(schema.arguments)
        if argument.alias_info is not None
        for leaf in tensor_arguments(op.args[place] if place < len(op.args) else op.kwargs.get(argument.name))
    ]
    written = [value for is_written, value in shared if is_written]
    viewed = [value for is_written, value in shared if not is_written]
    n_new = len(op.outputs) - len(written)
    return [*([viewed[0] if viewed else None] * n_new), *written]  # as DispatchRecorder lists them
