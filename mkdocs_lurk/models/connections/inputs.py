"""Wires: what each input channel of a layer carries, in terms of other layers' filters.

The trace is interpreted once with strands in place of numbers. A convolution or linear layer begins new strands, one a
filter; normalisations scale them, additions gather them, concatenations and shuffles move them, and the next layer
reads them. Where something in between mixes filters, no wire is told, and the reason is.

Walking a network by its weights: Olah et al. 2020, "Zoom In: An Introduction to Circuits", Distill,
doi:10.23915/distill.00024.001.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from mkdocs_lurk.models.connections.channel_sources import ChannelSource, ChannelSources, averaged
from mkdocs_lurk.models.connections.rules import RULES, Known, plain_name, references
from mkdocs_lurk.models.receptive_field.rules.context import arguments_by_name
from mkdocs_lurk.models.tracing.dispatch import Constant, Op
from mkdocs_lurk.models.tracing.trace import Trace, TracedCall

PICTURE = ""
"""Stands for the picture where a source's layer is named; its channels count as filters."""
_PRODUCTS = {"addmm": 2, "mm": 1, "bmm": 1, "addbmm": 2, "baddbmm": 2, "matmul": 1}


@dataclass(frozen=True, slots=True, eq=False)
class Reads:
    """What one layer reads.

    Attributes:
        layer: Its name.
        sources: ``(n_strands, n_channels)`` int64: for each input channel the numbers of the filters that it carries,
            summed; -1 for none.
        scale: ``(n_strands, n_channels)`` float64: what the filter's output was multiplied by on the way.
        shift: ``(n_strands, n_channels)`` float64: what was added to it.
        kernel: ``(n_filters, n_channels / groups, h, w)``.
        groups: Filters of each group read that group's channels alone.
        why: Why nothing is known of the sources; empty where they are.
    """

    layer: str
    sources: NDArray[np.int64]
    scale: NDArray[np.float64]
    shift: NDArray[np.float64]
    kernel: Tensor
    groups: int
    why: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Wires:
    """What every layer reads; the filters of all layers are numbered side by side.

    Attributes:
        names: Layers in the order in which they ran; first the picture.
        starts: ``(n_names + 1,)`` int64: the number of each one's first filter, and how many there are.
        reads: By layer.
    """

    names: tuple[str, ...]
    starts: NDArray[np.int64]
    reads: dict[str, Reads]

    def layer_of(self, numbers: NDArray[np.int64]) -> NDArray[np.int64]:
        """The place in ``names`` of each filter's layer."""
        return np.asarray(np.searchsorted(self.starts, numbers, side="right") - 1, np.int64)

    def span(self, name: str) -> slice:
        """The numbers of a layer's filters."""
        place = self.names.index(name)
        return slice(int(self.starts[place]), int(self.starts[place + 1]))


def connect(trace: Trace) -> Wires:
    """Follow every filter's output to the layers that read it.

    Where a network adds to a trunk (residuals), a layer reads all that was added so far. An activation passes for what
    it was given; a factor that opens or shuts whole channels or places (squeeze and excitation) for one.
    """
    return _Tracer(trace).run()


class _Tracer:
    """Interpret a trace."""

    def __init__(self, trace: Trace) -> None:
        self._trace = trace
        shapes = tuple(value.shape for value in trace.values)
        self._known = Known(shapes, {trace.input: (ChannelSource.numbered(0, shapes[trace.input], 1),)})
        self._reasons: list[str] = []
        self._calls = [call for call in trace.calls if call.output is not None]
        counts = [shapes[trace.input][1], *(shapes[call.output or 0][_axis(call)] for call in self._calls)]
        self._starts = np.cumsum([0, *counts]).astype(np.int64)

    def run(self) -> Wires:
        trace, strands = self._trace, self._known.strands
        begins = {call.output: number for number, call in enumerate(self._calls, 1)}
        ends: dict[int, list[TracedCall]] = {}
        for call in self._calls:
            ends.setdefault(call.op, []).append(call)
        last_use = self._last_uses()
        reads: dict[str, Reads] = {}
        for index, op in enumerate(trace.ops):
            outputs = [value for value in op.outputs if value is not None]
            reads.update((call.name, self._read(call)) for call in ends.get(index, ()))
            for value, made in zip(outputs, self._apply(op, outputs), strict=True):
                shape = trace.values[value].shape
                number = begins.get(value)
                if number is not None:
                    made = (ChannelSource.numbered(int(self._starts[number]), shape, _axis(self._calls[number - 1])),)
                if value in last_use:
                    strands[value] = made
            for ref in references(op):
                if last_use[ref.id] <= index:
                    strands.pop(ref.id, None)
        names = (PICTURE, *(call.name for call in self._calls))
        return Wires(names, self._starts, reads)

    def _last_uses(self) -> dict[int, int]:
        found: dict[int, int] = {}
        for index, op in enumerate(self._trace.ops):
            found.update((ref.id, index) for ref in references(op))
        for call in self._calls:
            if call.input is not None:
                found[call.input] = max(call.op, found.get(call.input, -1))
        return found

    def _apply(self, op: Op, outputs: Sequence[int]) -> list[ChannelSources]:
        """The strands of each output; of those that a rule says nothing of, that they are not known."""
        shapes = [self._trace.values[value].shape for value in outputs]
        name = plain_name(op)
        rule = RULES.get(name)
        made = rule(self._known, op, shapes) if rule is not None else []
        if len(made) < len(shapes):
            reason = self._reason(op, name)
            made = [*made, *((ChannelSource.unknown(reason, len(shape)),) for shape in shapes[len(made) :])]
        return made[: len(shapes)]

    def _reason(self, op: Op, name: str) -> int:
        """The number of the reason for which an output is not known: an input's, or the operation's own."""
        for ref in references(op):
            for strand in self._known.of(ref):
                if bool((strand.source < 0).any()):
                    return int(-1 - strand.source[strand.source < 0].max())
        return self._number(
            f"what it reads has passed through {name.strip('_')!r}, through which filters are not followed"
        )

    def _number(self, reason: str) -> int:
        if reason not in self._reasons:
            self._reasons.append(reason)
        return self._reasons.index(reason)

    def _read(self, call: TracedCall) -> Reads:
        kernel, groups = _kernel(self._trace.ops, call)
        none = np.empty((0, 0))
        nothing = Reads(call.name, none.astype(np.int64), none, none, torch.empty(0), 1)
        if kernel is None:
            return _because(nothing, "its weights are computed from the picture")
        if call.input is None:
            return _because(nothing, "what it reads does not depend on the picture")
        shape, axis = self._trace.values[call.input].shape, _axis(call)
        strands = averaged(
            self._known.strands[call.input], (other for other in range(len(shape)) if other != axis % len(shape))
        )
        if strands is None:
            return _because(nothing, "what one of its input channels holds changes from place to place")
        flat = [strand.parts[:3].reshape(3, -1).expand(3, shape[axis]).double().numpy() for strand in strands]
        stacked = np.array(flat).reshape(-1, 3, shape[axis])
        sources = np.where(np.isinf(stacked[:, 0]), -1, stacked[:, 0]).astype(np.int64)
        lost = np.isfinite(stacked[:, 0]) & (stacked[:, 0] < 0)
        if lost.any():
            return _because(nothing, self._reasons[int(-1 - stacked[:, 0][lost].max())])
        return Reads(call.name, sources, stacked[:, 1], stacked[:, 2], kernel, groups)


def _because(nothing: Reads, why: str) -> Reads:
    return Reads(nothing.layer, nothing.sources, nothing.scale, nothing.shift, nothing.kernel, nothing.groups, why)


def _axis(call: TracedCall) -> int:
    """The axis of a layer's channels, from the end."""
    return -1 if call.kind == "Linear" else -1 - int(call.kind[-2])


def _kernel(ops: Sequence[Op], call: TracedCall) -> tuple[Tensor | None, int]:
    """A layer's kernel ``(n_filters, n_channels / groups, h, w)`` and its groups; none where it is no constant."""
    if call.kind == "Linear":
        weight = _matrix(ops, call)
        return None if weight is None else weight.reshape(call.weight[1], call.weight[0]).T[:, :, None, None], 1
    given = arguments_by_name(ops[call.op])
    groups = int(given["groups"])
    if not isinstance(given["weight"], Constant):
        return None, groups
    weight = given["weight"].tensor.detach()
    if given["transposed"]:
        split = weight.reshape(groups, -1, *weight.shape[1:])
        weight = split.transpose(1, 2).reshape(-1, split.shape[1], *weight.shape[2:])
    return weight.reshape(*weight.shape[:2], -1, weight.shape[-1]), groups


def _matrix(ops: Sequence[Op], call: TracedCall) -> Tensor | None:
    """The constant of a linear call, ``(n_channels, n_filters)`` in one form or another."""
    products: Iterable[Op] = (ops[index] for index in range(call.op, -1, -1))
    for op in products:
        if op.name == "linear":
            weight: Any = op.args[1]
            return weight.tensor.detach().T if isinstance(weight, Constant) else None
        if op.name in _PRODUCTS:
            weight = op.args[_PRODUCTS[op.name]]
            return weight.tensor.detach() if isinstance(weight, Constant) else None
    return None
