"""The entry point: compute the gradients of many filters on many pictures.

By guided backpropagation, deconvolution or saliency (``relu_rules``), in float32 or in bfloat16 (``methods``).
"""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import cached_property
from itertools import groupby
from typing import NamedTuple

import torch
from torch import Tensor

from mkdocs_lurk.analysis.crops import InputWindow, needs_effective_box
from mkdocs_lurk.analysis.gradients.batch import BatchRow, Jumps
from mkdocs_lurk.analysis.gradients.input_windows import try_windows, window_of_unit
from mkdocs_lurk.analysis.gradients.methods import ReplayMethod, choose_method, smooth_noise
from mkdocs_lurk.analysis.gradients.recording import Recording
from mkdocs_lurk.analysis.gradients.relu_rules import ReluRule
from mkdocs_lurk.analysis.gradients.replay import replay
from mkdocs_lurk.analysis.gradients.requests import GradientRequest, GradientResult, GradientSettings
from mkdocs_lurk.analysis.gradients.single import joint_gradients
from mkdocs_lurk.analysis.probed_network import ProbedNetwork
from mkdocs_lurk.chunks import chunks
from mkdocs_lurk.errors import LurkError, describe_error
from mkdocs_lurk.names import Box

log = logging.getLogger("mkdocs.plugins.lurk")

Found = Iterator[tuple[int, GradientResult]]


class _Task(NamedTuple):
    """A request, its place in the list, and the number of its picture in a recording."""

    place: int
    picture: int
    request: GradientRequest

    @property
    def row(self) -> BatchRow:
        return BatchRow(self.picture, self.request.filter, self.request.position)


class GradientEngine:
    """Computes gradients picture by picture: all requests about some pictures share these pictures' forward passes.

    How it is done depends on nothing but the network and the settings: methods and windows are tried on noise.

    Args:
        network: The network.
        rule: How ReLUs pass gradients, as in ``relu_rules.set_rule``.
        load: Returns pictures by their ids: ``(n, c, h, w)`` float32, normalised, on the CPU.
        limit_batch: Receives how many pictures would go through the network at once, and returns how many may. It is
            asked again for every layer and size, since it may return less once memory is short.
        settings: Sizes and tolerances.
    """

    def __init__(
        self,
        network: ProbedNetwork,
        rule: ReluRule,
        load: Callable[[Sequence[int]], Tensor],
        limit_batch: Callable[[int], int],
        settings: GradientSettings | None = None,
    ) -> None:
        self._network, self._rule = network, rule
        self._load, self._limit_batch = load, limit_batch
        self._settings = settings or GradientSettings()
        self._jumps: dict[str, Jumps | None] = {}

    def compute(self, requests: Sequence[GradientRequest]) -> Found:
        """Compute gradients.

        Args:
            requests: Those of one picture must stand next to each other, to share its forward pass.

        Yields:
            The place of each request in the list and its result, in any order.
        """
        method = self.method
        with (self._network.probe if method is None else method.probe).tracking_modules():
            if method is None:
                yield from self._in_plain_passes(requests)
            else:
                yield from self._from_recordings(method, requests)

    @property
    def plain_batch_size(self) -> int | None:
        """How many gradients one pass serves; None if they are computed from recordings."""
        return self._limit_batch(self._whole_pictures) if self.method is None else None

    def _from_recordings(self, method: ReplayMethod, requests: Sequence[GradientRequest]) -> Found:
        """Compute gradients by backward passes through recorded forward passes, each shared by a few pictures."""
        by_picture = [list(group) for _, group in groupby(enumerate(requests), key=lambda item: item[1].image)]
        for pictures in chunks(by_picture, self._limit_batch(self._recordings_at_once)):
            x = self._placed([group[0][1].image for group in pictures])
            recording = Recording(self._network.probe, x, method.dtype, masks_only=method.masks_only)
            by_layer: dict[str, list[_Task]] = defaultdict(list)
            for picture, group in enumerate(pictures):
                for place, request in group:
                    by_layer[request.layer].append(_Task(place, picture, request))
            for layer, tasks in sorted(by_layer.items()):
                yield from self._of_layer_or_one_by_one(method, recording, layer, tasks)

    @cached_property
    def method(self) -> ReplayMethod | None:
        """The method by which gradients are computed from recordings; None if they are computed in plain passes."""
        if self._network.device.type == "cpu" and self._whole_pictures >= self._settings.least_plain_batch:
            log.debug("gradients: computed in plain passes of many small pictures")
            return None
        return choose_method(self._network, self._noise, self._rule, self._settings)

    def _jumps_of(self, layer: str) -> Jumps | None:
        """Return how recorded outputs are cut to a layer's windows; None if whole pictures must be used."""
        if layer not in self._jumps:
            self._jumps[layer] = try_windows(self._network, self._trial, layer, self._settings)
        return self._jumps[layer]

    @cached_property
    def _noise(self) -> Tensor:
        return smooth_noise(self._network)

    @cached_property
    def _trial(self) -> Recording:
        """The noise, recorded in float32."""
        masks_only = self.method is not None and self.method.masks_only
        return Recording(self._network.probe, self._noise, torch.float32, masks_only=masks_only)

    @cached_property
    def _recordings_at_once(self) -> int:
        """How many pictures' recordings fit into the memory that they may take."""
        bits = torch.finfo(torch.float32 if self.method is None else self.method.dtype).bits
        fitting = self._settings.most_recorded_bytes * 32 // (self._trial.n_bytes * bits)
        return max(1, min(self._settings.most_recordings, fitting))

    def _batch_size(self, method: ReplayMethod, size: tuple[int, int]) -> int:
        """Return how many parts of this size go through at once: about as many px as a batch of whole pictures has."""
        settings, (height, width) = self._settings, self._network.picture_size
        whole = settings.cpu_batch[method.dtype] if self._network.device.type == "cpu" else settings.batch
        parts = height * width // (size[0] * size[1])
        return self._limit_batch(min(max(whole, settings.largest_batch), whole * max(1, parts)))

    def _of_layer_or_one_by_one(
        self, method: ReplayMethod, recording: Recording, layer: str, tasks: Sequence[_Task]
    ) -> Found:
        """Compute a layer's gradients, those that the recording does not serve by passes of their own."""
        left = {task.place: task for task in tasks}
        try:
            for place, result in self._of_layer(method, recording, layer, tasks):
                del left[place]
                yield place, replace(result, dtype=method.dtype)
        except torch.OutOfMemoryError:
            raise
        except Exception as error:  # the method was tried on some layers alone; a network may raise anything here
            log.info("gradients of layer %r: computed one by one (%s)", layer, describe_error(error))
            rest = list(left.values())
            for task in rest:  # each alone: the network may have taken another course with one of the pictures
                for _, result in self._together([task.request]):
                    yield task.place, result

    def _of_layer(self, method: ReplayMethod, recording: Recording, layer: str, tasks: Sequence[_Task]) -> Found:
        """Compute a layer's gradients: of units from parts of the picture where possible, else from whole pictures."""
        by_size: dict[tuple[int, int], list[tuple[_Task, InputWindow]]] = defaultdict(list)
        means: list[_Task] = []
        units: list[_Task] = []
        for task in tasks:
            window = self._window(task.request)
            if window is not None:
                by_size[window.box.height, window.box.width].append((task, window))
            else:
                (means if task.request.position is None else units).append(task)
        for size, parts in sorted(by_size.items()):
            for batch in chunks(parts, self._batch_size(method, size)):
                yield from self._from_windows(method, recording, layer, batch)
        for whole in (means, units):
            for tasks_ in chunks(whole, self._batch_size(method, self._network.picture_size)):
                yield from self._from_whole_pictures(method, recording, layer, tasks_)

    def _window(self, request: GradientRequest) -> InputWindow | None:
        if request.position is None:
            return None
        field_box = self._field_box(request)
        window = window_of_unit(self._network, request.layer, request.position, field_box, self._settings)
        return window if window is not None and self._jumps_of(request.layer) is not None else None

    def _from_windows(
        self, method: ReplayMethod, recording: Recording, layer: str, batch: Sequence[tuple[_Task, InputWindow]]
    ) -> Found:
        rows, windows = [task.row for task, _ in batch], [window for _, window in batch]
        jumps = self._jumps_of(layer) or ()
        found = replay(method.probe, recording, layer, rows, self._rule, windows=windows, jumps=jumps)
        for (task, window), gradient in zip(batch, found.gradients.cpu().numpy(), strict=True):
            field_box = self._field_box(task.request)
            yield task.place, GradientResult.of_unit(gradient, window.box, field_box, self._network.picture_size)

    def _from_whole_pictures(
        self, method: ReplayMethod, recording: Recording, layer: str, tasks: Sequence[_Task]
    ) -> Found:
        rows, with_energy = [task.row for task in tasks], self._needs_energy(tasks[0].request)
        found = replay(method.probe, recording, layer, rows, self._rule, with_energy=with_energy)
        for number, task in enumerate(tasks):
            energy = None if found.energies is None else found.energies[number]
            yield task.place, self._result(task.request, found.gradients[number], energy)

    def _in_plain_passes(self, requests: Sequence[GradientRequest]) -> Found:
        """Compute gradients by ordinary forward and backward passes, in float32, as many at once as is fast."""
        whole = [number for number, request in enumerate(requests) if not self._needs_energy(request)]
        with_energy = [number for number, request in enumerate(requests) if self._needs_energy(request)]
        for places in (whole, with_energy):
            by_depth = sorted(places, key=lambda place: self._depths[requests[place].layer])
            for batch in chunks(by_depth, self._limit_batch(self._whole_pictures)):
                for number, result in self._together([requests[place] for place in batch]):
                    yield batch[number], result

    def _together(self, requests: Sequence[GradientRequest]) -> Found:
        """Compute gradients in one pass; one by one if they get in each other's way.

        A network may refuse several pictures at once. And where the derivative of a layer is infinite, the zero
        gradient of a picture whose score lies before that layer is none any more.
        """
        x, with_energy = self._placed([request.image for request in requests]), self._needs_energy(requests[0])
        problem = "a gradient is not finite"
        try:
            gradients, _, energies = joint_gradients(self._network.probe, x, requests, self._rule, with_energy)
        except LurkError as error:
            if len(requests) == 1:
                raise
            problem = str(error)
        else:
            if len(requests) == 1 or bool(gradients.isfinite().all()):
                for number, request in enumerate(requests):
                    energy = None if energies is None else energies[number]
                    yield number, self._result(request, gradients[number], energy)
                return
        log.info(
            "gradients of layers %r to %r: computed one by one (%s)", requests[0].layer, requests[-1].layer, problem
        )
        for number, request in enumerate(requests):
            for _, result in self._together([request]):
                yield number, result

    @property
    def _whole_pictures(self) -> int:
        """How many pictures go through the network at once in plain passes: the fewer, the larger they are."""
        return self._settings.pictures_at_once(self._network.picture_size, self._network.device.type == "cpu")

    @cached_property
    def _depths(self) -> dict[str, int]:
        """The place of each layer in the order in which they run."""
        return {layer.name: number for number, layer in enumerate(self._network.layers)}

    def _result(self, request: GradientRequest, gradient: Tensor, energy: Tensor | None) -> GradientResult:
        """Return the result for the gradient ``(c, h, w)`` of a whole picture."""
        if request.position is None:
            return GradientResult.of_mean(gradient)
        if energy is not None:
            return GradientResult.of_unit_with_energy(gradient, energy)
        size = self._network.picture_size
        return GradientResult.of_unit(gradient.cpu().numpy(), Box(0, 0, *size), self._field_box(request), size)

    def _needs_energy(self, request: GradientRequest) -> bool:
        return request.position is not None and needs_effective_box(self._network, request.layer)

    def _field_box(self, request: GradientRequest) -> Box:
        """Return the receptive field of a request's unit, not clipped."""
        row, column = request.position or (0, 0)
        return self._network.fields[request.layer].box(row, column, request.filter)

    def _placed(self, images: Sequence[int]) -> Tensor:
        return self._load(images).to(self._network.device, torch.float32)
