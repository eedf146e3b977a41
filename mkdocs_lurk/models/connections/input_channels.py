"""Which filters of earlier layers each input channel of a layer carries.

The trace is interpreted once with channel sources instead of numbers. The output of a convolution or linear layer
starts new channel sources, one filter per channel; normalisations scale them, additions sum them, concatenations and
shuffles move them, and the next layer reads them. Where an operation in between mixes filters, the source filters are
unknown, and the reason is kept.

Walking a network by its weights: Olah et al. 2020, "Zoom In: An Introduction to Circuits", Distill,
doi:10.23915/distill.00024.001.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from mkdocs_lurk.models.connections.channel_sources import ChannelSource, ChannelSources, mean
from mkdocs_lurk.models.connections.kernels import channel_axis, kernel_and_groups
from mkdocs_lurk.models.connections.operation_rules import RULES, SourceContext, plain_name
from mkdocs_lurk.models.tracing.call_recorder import TracedCall
from mkdocs_lurk.models.tracing.operations import Op, references
from mkdocs_lurk.models.tracing.trace import Trace

PICTURE = ""
"""Name of the picture where a layer's name is expected; its channels count as filters."""


@dataclass(frozen=True, slots=True, eq=False)
class LayerInputs:
    """What the input channels of one layer carry.

    Attributes:
        layer: Name of the layer.
        source_filters: ``(n_summands, n_channels)`` int64: for each input channel, the numbers of the filters whose sum
            it carries; -1 for none.
        scale: ``(n_summands, n_channels)`` float64: factor of the filter's output before the first activation.
        shift: ``(n_summands, n_channels)`` float64: constant that is added to the scaled output before it.
        factor: ``(n_summands, n_channels)`` float64: factor of what that activation gives; 1 if there is none.
        activated: ``(n_summands, n_channels)`` bool: whether there is one.
        kernel: ``(n_filters, n_channels / groups, h, w)``.
        groups: Number of groups; the filters of a group read only its channels.
        unknown_reason: Why the source filters are unknown; empty if they are known.
    """

    layer: str
    source_filters: NDArray[np.int64]
    scale: NDArray[np.float64]
    shift: NDArray[np.float64]
    factor: NDArray[np.float64]
    activated: NDArray[np.bool_]
    kernel: Tensor
    groups: int
    unknown_reason: str = ""

    @classmethod
    def unknown(cls, layer: str, reason: str) -> LayerInputs:
        """Return the inputs of a layer whose source filters are unknown."""
        empty = np.empty((0, 0))
        activated = empty.astype(np.bool_)
        return cls(layer, empty.astype(np.int64), empty, empty, empty, activated, torch.empty(0), 1, reason)


@dataclass(frozen=True, slots=True, eq=False)
class NetworkInputs:
    """What the input channels of every layer carry. The filters of all layers are numbered consecutively.

    Attributes:
        names: Names of the picture and of the layers, in the order in which they ran.
        starts: ``(n_names + 1,)`` int64: number of the first filter of each, and the number of filters in all.
        layers: Inputs of each layer, by name.
    """

    names: tuple[str, ...]
    starts: NDArray[np.int64]
    layers: dict[str, LayerInputs]

    def layer_of(self, filters: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the index in ``names`` of the layer of each filter."""
        return np.asarray(np.searchsorted(self.starts, filters, side="right") - 1, np.int64)

    def span(self, name: str) -> slice:
        """Return the numbers of a layer's filters."""
        index = self.names.index(name)
        return slice(int(self.starts[index]), int(self.starts[index + 1]))


def find_layer_inputs(trace: Trace) -> NetworkInputs:
    """Return which filters the input channels of every layer carry.

    Where a network adds to a residual stream, a layer reads all that was added before. An activation is treated as its
    input, and so is a product with a gate that scales whole channels or positions (squeeze and excitation).
    """
    return _SourcePropagation(trace).run()


class _SourcePropagation:
    """Interprets a trace with channel sources instead of numbers."""

    def __init__(self, trace: Trace) -> None:
        self._trace = trace
        shapes = tuple(value.shape for value in trace.values)
        self._context = SourceContext(shapes, {trace.input: (ChannelSource.of_layer(0, shapes[trace.input], 1),)})
        self._reasons: list[str] = []
        self._calls = [call for call in trace.layer_calls if call.output is not None]
        counts = [shapes[call.output or 0][channel_axis(call)] for call in self._calls]
        self._starts = np.cumsum([0, shapes[trace.input][1], *counts]).astype(np.int64)

    def run(self) -> NetworkInputs:
        trace, sources = self._trace, self._context.sources
        number_of_output = {call.output: number for number, call in enumerate(self._calls, 1)}
        calls_at: dict[int, list[TracedCall]] = {}
        for call in self._calls:
            calls_at.setdefault(call.op, []).append(call)
        last_use = self._last_uses()
        layers: dict[str, LayerInputs] = {}
        for index, op in enumerate(trace.ops):
            outputs = [value for value in op.outputs if value is not None]
            layers.update((call.name, self._inputs_of(call)) for call in calls_at.get(index, ()))
            for value, result in zip(outputs, self._apply_rule(op, outputs), strict=True):
                number = number_of_output.get(value)
                if value in last_use:
                    sources[value] = result if number is None else self._sources_of_layer(number, value)
            for value in references(op):
                if last_use[value] <= index:
                    sources.pop(value, None)
        return NetworkInputs((PICTURE, *(call.name for call in self._calls)), self._starts, layers)

    def _sources_of_layer(self, number: int, value: int) -> ChannelSources:
        axis = channel_axis(self._calls[number - 1])
        return (ChannelSource.of_layer(int(self._starts[number]), self._context.shapes[value], axis),)

    def _last_uses(self) -> dict[int, int]:
        """Return the index of the operation that needs each value last."""
        last_use = {value: index for index, op in enumerate(self._trace.ops) for value in references(op)}
        for call in self._calls:
            if call.input is not None:
                last_use[call.input] = max(call.op, last_use.get(call.input, -1))
        return last_use

    def _apply_rule(self, op: Op, outputs: Sequence[int]) -> list[ChannelSources]:
        """Return the channel sources of each output; they are unknown if no rule gives them."""
        shapes = [self._context.shapes[value] for value in outputs]
        name = plain_name(op)
        rule = RULES.get(name)
        results = rule(self._context, op, shapes) if rule is not None else []
        if len(results) < len(shapes):
            reason = self._reason_number(op, name)
            missing = shapes[len(results) :]
            results = [*results, *((ChannelSource.unknown(reason, len(shape)),) for shape in missing)]
        return results[: len(shapes)]

    def _reason_number(self, op: Op, name: str) -> int:
        """Return the number of the reason why an output is unknown: that of an unknown input, or the operation."""
        for value in references(op):
            for source in self._context.sources[value]:
                if bool((source.filters < 0).any()):
                    return int(-1 - source.filters[source.filters < 0].max())
        reason = f"what it reads has passed through {name.strip('_')!r}, through which filters are not followed"
        if reason not in self._reasons:
            self._reasons.append(reason)
        return self._reasons.index(reason)

    def _inputs_of(self, call: TracedCall) -> LayerInputs:
        kernel, groups = kernel_and_groups(self._trace.ops, call)
        if kernel is None:
            return LayerInputs.unknown(call.name, "its weights are computed from the picture")
        if call.input is None:
            return LayerInputs.unknown(call.name, "what it reads does not depend on the picture")
        shape = self._context.shapes[call.input]
        axis = channel_axis(call) % len(shape)
        sources = mean(self._context.sources[call.input], (other for other in range(len(shape)) if other != axis))
        if sources is None:
            return LayerInputs.unknown(call.name, "what one of its input channels holds changes from place to place")
        per_channel = [source.stacked.reshape(4, -1).expand(4, shape[axis]).double().numpy() for source in sources]
        filters, scale, shift, factor = np.moveaxis(np.array(per_channel).reshape(-1, 4, shape[axis]), 1, 0)
        activated = factor != 0
        factor[~activated] = 1
        unknown = np.isfinite(filters) & (filters < 0)
        if unknown.any():
            return LayerInputs.unknown(call.name, self._reasons[int(-1 - filters[unknown].max())])
        source_filters = np.where(np.isinf(filters), -1, filters).astype(np.int64)
        return LayerInputs(call.name, source_filters, scale, shift, factor, activated, kernel, groups)
