"""Compute many gradients from one recorded forward pass: a batch of scores, one backward pass.

The network's code runs again for every batch, but its operations return what was recorded instead of computing it. So
an autograd graph of the batch arises at almost no cost, and only its backward pass is computed. In a network of ReLUs
the outputs are not even needed: placeholders stand for them, and masks decide where gradients pass. In bfloat16 only
the backward pass's own products are rounded: signs and pooled pixels stay those of float32.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from mkdocs_lurk.analysis.crops import InputWindow
from mkdocs_lurk.analysis.gradients import backward_ops
from mkdocs_lurk.analysis.gradients.batch import BatchRow, Jumps, ReplayBatch
from mkdocs_lurk.analysis.gradients.placeholders import NeedsValuesError, PlaceholderMode, as_placeholder
from mkdocs_lurk.analysis.gradients.recording import RecordedOperation, Recording
from mkdocs_lurk.analysis.gradients.relu_rules import ReluRule, set_rule
from mkdocs_lurk.analysis.gradients.single import plain_energies, scores_of
from mkdocs_lurk.analysis.probe import Probe, StopForward, maps_of_filters
from mkdocs_lurk.errors import LayerError
from mkdocs_lurk.models.tracing.functions import (
    BatchNormCall,
    MaxPoolCall,
    OperationCall,
    OperationCallMode,
    ReluCall,
)
from mkdocs_lurk.models.tracing.layer_calls import LayerCall, slice_filter
from mkdocs_lurk.models.tracing.rectifiers import RectifierMode


@dataclass(frozen=True, slots=True)
class ReplayedGradients:
    """The gradients of one batch.

    Attributes:
        gradients: ``(n, c, h, w)`` float32, per unit of the normalised input.
        energies: ``(n, h, w)`` float32: the squared plain gradient summed over colours, gates held constant; None if
            it was not asked for.
    """

    gradients: Tensor
    energies: Tensor | None


def replay(
    probe: Probe,
    recording: Recording,
    layer: str,
    rows: Sequence[BatchRow],
    rule: ReluRule,
    *,
    windows: Sequence[InputWindow] | None = None,
    jumps: Jumps = (),
    with_energy: bool = False,
) -> ReplayedGradients:
    """Compute the gradients of scores of one layer with respect to recorded pictures, or to parts of them.

    Args:
        probe: The network in the recording's number format.
        recording: The pictures.
        layer: The layer's name.
        rows: The scores; either all of them are units' values, or all are maps' means.
        rule: How ReLUs pass gradients, as in ``set_rule``.
        windows: The part of the picture that suffices for each row's unit, all of one size; None for whole pictures.
        jumps: With ``windows``: as ``find_jumps`` returns them for this layer.
        with_energy: Whether to compute the energy of the plain gradients, too.

    Raises:
        LayerError: The network did not reach this layer, or ran other operations than were recorded.
        NeedsValuesError: The recording is one of masks, and the network needs more than that.
    """
    boxes = None if windows is None else [window.box for window in windows]
    batch = ReplayBatch(recording, rows, boxes, jumps, "saliency" if with_energy else rule)
    places = [row.position for row in rows] if windows is None else [window.position for window in windows]
    with torch.enable_grad():
        x = batch.pictures().requires_grad_()
        maps = _ReplayedForward(probe, batch, layer, [row.filter for row in rows]).maps_of(x)
        scores = scores_of(maps.float(), [place for place in places if place is not None] or None)
        energies = plain_energies(scores, x) if with_energy else None
        batch.rule.rule = rule
        if not recording.masks_only:
            set_rule(scores, rule)
        (gradient,) = torch.autograd.grad(scores.sum(), x)
    return ReplayedGradients(gradient.float(), energies)


class _ReplayedForward:
    """Runs the network up to a layer, with recorded outputs in the place of computed ones.

    Args:
        probe: The network.
        batch: What was recorded for each row.
        layer: The layer's name.
        filters: The filter of each row.
    """

    def __init__(self, probe: Probe, batch: ReplayBatch, layer: str, filters: Sequence[int]) -> None:
        self._maps: Tensor | None = None
        self._probe, self._batch, self._layer, self._filters = probe, batch, layer, filters

    def maps_of(self, x: Tensor) -> Tensor:
        """Return each row's map of its filter, ``(n, h', w')``.

        Raises:
            LayerError: The network did not reach the layer, or ran other operations than were recorded.
            NeedsValuesError: Only masks were recorded, and the network needs more than that.
        """
        if self._batch.masks_only:
            with PlaceholderMode(self._operation_placeholder), RectifierMode(x):
                self._probe.run(x, self._layer_placeholder, {self._layer}, self._stop_at_module)
        else:
            with OperationCallMode(self._operation_output, (MaxPoolCall, BatchNormCall)), RectifierMode(x):
                self._probe.run(x, self._layer_output, {self._layer}, self._stop_at_module)
        if self._maps is None:
            raise LayerError(f"layer {self._layer!r}: the network ran to its end without coming to it")
        return self._maps

    def _stop_at_module(self, _layer: str, maps: Tensor) -> None:
        """End the pass at a layer that is a module's output."""
        self._maps = maps_of_filters(maps, self._filters)
        raise StopForward

    def _layer_output(self, call: LayerCall) -> Tensor:
        operation, known = self._batch.next(call.name), backward_ops.is_known_layer(call)
        if self._batch.masks_only and not known:
            raise NeedsValuesError(call.kind)
        if call.name == self._layer and not self._probe.is_module(call.name):
            self._maps = self._filter_maps(operation, call) if known else self._probe.filter_maps(call, self._filters)
            raise StopForward
        if not known:
            return call.run()
        output = self._batch.output(operation, lambda: backward_ops.layer_output_size(call))
        return backward_ops.layer_output(call, output)

    def _filter_maps(self, operation: RecordedOperation, call: LayerCall) -> Tensor:
        """Return the map of each row's filter from the call of the layer itself, of which nothing else is needed."""
        outputs = self._batch.output(operation, lambda: backward_ops.layer_output_size(call), self._filters)
        rows = zip(torch.split(call.input, 1), self._filters, torch.split(outputs, 1), strict=True)
        maps = [backward_ops.layer_output(slice_filter(call, x, index), output) for x, index, output in rows]
        return self._probe.as_maps(call.name, torch.cat(maps), 1)[:, 0]

    def _operation_output(self, call: OperationCall) -> Tensor:
        if call.input.dim() != 4 or len(call.input) != self._batch.n_rows:  # what was recorded is by picture
            raise NeedsValuesError(type(call).__name__)
        operation = self._batch.next(type(call).__name__)
        if isinstance(call, MaxPoolCall):
            return self._max_pool_output(operation, call)
        size = call.input.shape[2], call.input.shape[3]
        if isinstance(call, ReluCall):
            return backward_ops.relu_output(call, self._batch.relu_masks(operation, size), self._batch.rule)
        return backward_ops.batch_norm_output(call, self._batch.output(operation, lambda: size))

    def _max_pool_output(self, operation: RecordedOperation, call: MaxPoolCall) -> Tensor:
        size = backward_ops.max_pool_output_size(call)
        output = self._batch.output(operation, lambda: size)
        if operation.pool_masks:
            return backward_ops.masked_max_pool_output(call, output, self._batch.pool_masks(operation, size))
        input_size = call.input.shape[2], call.input.shape[3]
        indices = self._batch.pool_indices(operation, input_size, size, call.geometry.stride)
        return backward_ops.max_pool_output(call, output, indices)

    # PlaceholderMode must not see what stands in for an operation.

    def _layer_placeholder(self, call: LayerCall) -> Tensor:
        with torch._C.DisableTorchFunction():
            return as_placeholder(self._layer_output(call))

    def _operation_placeholder(self, call: OperationCall) -> Tensor:
        with torch._C.DisableTorchFunction():
            return as_placeholder(self._operation_output(call))
