"""Take the gradients of many numbers from what one forward pass left: batches of numbers, one backward pass each.

The network runs again in the number format of the gradients, but is handed the results of a ``Recording`` instead of
computing them: only the way back is left to compute, and only its own products are rounded. Of a short recording it is
handed tensors without values, which cost nothing. A row of a batch is a picture, or the part of it that a unit sees.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from mkdocs_lurk.analysis.crops import Window
from mkdocs_lurk.analysis.gradients import backward_ops as given
from mkdocs_lurk.analysis.gradients.batch import Batch, Row, Steps
from mkdocs_lurk.analysis.gradients.placeholders import Hollow, NeedsValuesError, mark
from mkdocs_lurk.analysis.gradients.recording import NORM, RECTIFIER, Note, Others, Recording, pool_geometry, recognised
from mkdocs_lurk.analysis.gradients.relu_rules import ReluRule, hold_gates, set_rule
from mkdocs_lurk.analysis.gradients.single import differentiable, scores_of
from mkdocs_lurk.analysis.probe import Probe, StopForward, of_each
from mkdocs_lurk.errors import LayerError
from mkdocs_lurk.models.tracing.layer_calls import LayerCall, slice_filter


@dataclass(frozen=True, slots=True)
class Replayed:
    """What a batch gave.

    Attributes:
        gradients: ``(n, c, h, w)`` float32, per unit of the normalised input.
        energies: ``(n, h, w)`` float32, the squared plain gradient summed over colours, gates held constant; none
            where it was not asked for.
    """

    gradients: Tensor
    energies: Tensor | None


def replay(
    probe: Probe,
    recording: Recording,
    layer: str,
    rows: Sequence[Row],
    rule: ReluRule,
    *,
    windows: Sequence[Window] | None = None,
    steps: Steps = (),
    with_energy: bool = False,
) -> Replayed:
    """Compute the gradients of numbers of one layer with respect to recorded pictures, or to parts of them.

    Args:
        probe: The network in the recording's number format.
        recording: The pictures.
        layer: The layer's name.
        rows: The numbers; either all of them are units' values, or all are maps' means.
        rule: How rectifiers pass gradients, as in ``set_rule``.
        windows: The part of the picture that is enough for each row's unit, all of one size; whole pictures where
            there are none.
        steps: With ``windows``: how results lie in the picture, as ``steps_before`` finds.
        with_energy: Whether to say where the plain gradient lies, too.

    Raises:
        LayerError: The network did not come to this layer, or in another way than it did when it was recorded.
        NeedsValuesError: The recording is short, and the network has steps whose way back needs more.
    """
    boxes = None if windows is None else [window.box for window in windows]
    batch = Batch(recording, rows, boxes, steps, "saliency" if with_energy else rule)
    places = [row.position for row in rows] if windows is None else [window.position for window in windows]
    with torch.enable_grad(), differentiable(layer):
        x = batch.pictures().requires_grad_()
        maps = _Way(probe, batch, layer, [row.filter for row in rows]).go(x)
        scores = scores_of(maps.float(), [place for place in places if place is not None] or None)
        energies = None
        if with_energy:
            with hold_gates(scores):
                (plain,) = torch.autograd.grad(scores.sum(), x, retain_graph=True)
            energies = plain.float().square().sum(1)
            batch.rule.name = rule
        if not recording.short:
            set_rule(scores, rule)
        (gradient,) = torch.autograd.grad(scores.sum(), x)
    return Replayed(gradient.float(), energies)


class _Way:
    """Hands the network known results as far as a layer.

    Attributes:
        maps: Each row's map of its filter, ``(n, h', w')``; none until the network came to the layer.
    """

    def __init__(self, probe: Probe, batch: Batch, layer: str, filters: Sequence[int]) -> None:
        self.maps: Tensor | None = None
        self._probe, self._batch, self._layer, self._filters = probe, batch, layer, filters

    def go(self, x: Tensor) -> Tensor:
        """Run the network."""
        hollow = self._batch.short
        with Hollow(self._special) if hollow else Others(self._other):
            self._probe.run(x, self._give_hollow if hollow else self._give, self._layer, self._receive)
        if self.maps is None:
            raise LayerError(f"layer {self._layer!r}: the network ran to its end without coming to it")
        return self.maps

    def _give(self, call: LayerCall) -> Tensor:
        note, known = self._batch.next(call.name), given.has_way_back(call)
        if self._batch.short and not known:
            raise NeedsValuesError(call.kind)
        if call.name == self._layer and not self._probe.is_module(call.name):
            self.maps = self._own(note, call) if known else self._probe.own_maps(call, self._filters)
            raise StopForward
        return given.called(call, self._batch.value(note, lambda: given.called_size(call))) if known else call.run()

    def _own(self, note: Note, call: LayerCall) -> Tensor:
        """One filter's map for each row of the layer's own call."""
        values = self._batch.value(note, lambda: given.called_size(call), self._filters)
        rows = zip(torch.split(call.input, 1), self._filters, torch.split(values, 1), strict=True)
        made = [given.called(slice_filter(call, x, index), value) for x, index, value in rows]
        return self._probe.as_maps(call.name, torch.cat(made), 1)[:, 0]

    def _receive(self, maps: Tensor) -> None:
        self.maps = of_each(maps, self._filters)
        raise StopForward

    def _other(self, kind: str, arguments: dict[str, Any], _run: Callable[[], Tensor]) -> Tensor:
        note, x = self._batch.next(kind), arguments["input"]
        part = x.shape[2], x.shape[3]
        if kind == NORM:
            return given.normalised(arguments, self._batch.value(note, lambda: part))
        if kind == RECTIFIER:
            return given.rectified(arguments, self._batch.rows(note.value, part), self._batch.rule)
        stride, size = pool_geometry(arguments)[1], given.pooled_size(arguments)
        value = self._batch.value(note, lambda: size)
        if note.taken:
            return given.pooled_side_by_side(arguments, value, self._batch.taken(note, size))
        return given.pooled(arguments, value, self._batch.places(note, part, size, stride))

    def _give_hollow(self, call: LayerCall) -> Tensor:
        with torch._C.DisableTorchFunction():
            return mark(self._give(call))

    def _special(self, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        with torch._C.DisableTorchFunction():
            kind, arguments = recognised(func, args, kwargs)
            return NotImplemented if kind is None else mark(self._other(kind, arguments, lambda: func(*args, **kwargs)))
