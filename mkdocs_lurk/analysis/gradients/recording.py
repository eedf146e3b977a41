"""Record one forward pass in float32, so that many backward passes can be computed from it.

A full recording keeps the output of every convolution, linear call, normalisation and max pooling, in the number format
of the backward passes. A recording of masks keeps only what the backward pass of a network of ReLUs needs: where each
ReLU passes its input, and which pixels each max pooling took. Either way these are decided in float32.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

from mkdocs_lurk.analysis.probe import Probe, StopForward
from mkdocs_lurk.models.tracing.functions import (
    BatchNormCall,
    MaxPoolCall,
    OperationCall,
    OperationCallMode,
    PoolGeometry,
    ReluCall,
)
from mkdocs_lurk.models.tracing.layer_calls import LayerCall
from mkdocs_lurk.models.tracing.rectifiers import RectifierMode

aten = torch.ops.aten

_LARGEST_MASKED_WINDOW = 4
"""Pixels of a pooling window, at most, for which masks take no more memory than indices do."""


class IntegerFormat(NamedTuple):
    """Integers of the size of some floating-point number.

    Attributes:
        dtype: Their type.
        largest: The largest of them. As a bit mask it keeps all of a positive number.
    """

    dtype: torch.dtype
    largest: int


INTEGERS = {
    torch.bfloat16: IntegerFormat(torch.int16, 0x7FFF),
    torch.float16: IntegerFormat(torch.int16, 0x7FFF),
    torch.float32: IntegerFormat(torch.int32, 0x7FFFFFFF),
}


@dataclass(frozen=True, slots=True)
class RecordedOperation:
    """What is known of one operation of the recorded forward pass.

    Attributes:
        name: The layer's name, or ``ReluCall``, ``MaxPoolCall`` or ``BatchNormCall``.
        shape: The output's shape, ``(n, ...)``.
        output: The output in the number format of the backward passes; None of a ReLU and in a recording of masks.
        channels_last: Whether the axes of the maps are ``(n, h, w, c)``, as a linear call's are.
        relu_mask: Of a ReLU: an integer of the output's size, the largest where the ReLU passes its input, else 0.
        pool_indices: Of a max pooling: which pixel of a plane of its input each output is, as PyTorch counts them.
        pool_input_size: For these: ``(h, w)`` of the input.
        pool_masks: Of a max pooling of small windows that do not overlap, instead of indices: for each pixel of a
            window, row by row, an integer of the output's size, -1 (all bits set) where this pixel was taken, else 0.
    """

    name: str
    shape: tuple[int, ...]
    output: Tensor | None = None
    channels_last: bool = False
    relu_mask: Tensor | None = None
    pool_indices: Tensor | None = None
    pool_input_size: tuple[int, int] = (0, 0)
    pool_masks: tuple[Tensor, ...] = ()

    @property
    def map_size(self) -> tuple[int, int] | None:
        """Height and width of the output; None if it is no maps."""
        if len(self.shape) != 4:
            return None
        first = 1 if self.channels_last else 2
        return self.shape[first], self.shape[first + 1]

    @property
    def n_bytes(self) -> int:
        """Memory in bytes."""
        tensors = (self.output, self.relu_mask, self.pool_indices, *self.pool_masks)
        return sum(tensor.numel() * tensor.element_size() for tensor in tensors if tensor is not None)


class Recording:
    """The forward pass of some pictures.

    Args:
        probe: The network in float32.
        x: Pictures, ``(n, c, h, w)``, normalised, float32.
        dtype: The number format of the backward passes.
        masks_only: Whether to keep masks and pooled pixels alone, and no outputs.
        until: The layer with which the pass ends; None for the whole network.

    Attributes:
        pictures: The pictures in that number format.
        memory_format: That of the maps.
        operations: What was recorded, in order.
    """

    def __init__(
        self, probe: Probe, x: Tensor, dtype: torch.dtype, *, masks_only: bool = False, until: str | None = None
    ) -> None:
        self.pictures = x.to(dtype)
        self.operations: list[RecordedOperation] = []
        self.masks_only = masks_only
        self.memory_format = probe.memory_format or torch.contiguous_format
        self._dtype, self._until = dtype, until
        kinds = (ReluCall, MaxPoolCall, BatchNormCall) if masks_only else (MaxPoolCall, BatchNormCall)
        with torch.no_grad(), OperationCallMode(self._record_operation, kinds), RectifierMode(x):
            probe.run(x, self._record_layer, () if until is None else {until}, self._stop)

    @property
    def n_bytes(self) -> int:
        """Memory in bytes."""
        pictures = self.pictures.numel() * self.pictures.element_size()
        return pictures + sum(operation.n_bytes for operation in self.operations)

    def _record_layer(self, call: LayerCall) -> Tensor:
        output = call.run()
        self._keep(call.name, output, channels_last=call.kind == "Linear")
        if call.name == self._until:
            raise StopForward
        return output

    def _stop(self, _layer: str, _maps: Tensor) -> None:
        raise StopForward

    def _record_operation(self, call: OperationCall) -> Tensor:
        if isinstance(call, ReluCall):
            return self._record_relu(call)
        if isinstance(call, MaxPoolCall):
            return self._record_max_pool(call)
        output = call.run()
        self._keep(type(call).__name__, output)
        return output

    def _record_relu(self, call: ReluCall) -> Tensor:
        integers = INTEGERS[self._dtype]
        passes = call.input > call.min_val
        if call.max_val is not None:
            passes &= call.input < call.max_val
        mask = passes.to(integers.dtype).mul_(integers.largest)
        self.operations.append(RecordedOperation(type(call).__name__, tuple(mask.shape), relu_mask=mask))
        return call.run()

    def _record_max_pool(self, call: MaxPoolCall) -> Tensor:
        x, geometry = call.input, call.geometry
        output: Tensor
        indices: Tensor | None = None
        masks: tuple[Tensor, ...] = ()
        if windows_can_be_masked(geometry):
            output = call.run()
            masks = tuple(_pool_masks(x, output, geometry.kernel, INTEGERS[self._dtype].dtype))
        else:
            output, indices = aten.max_pool2d_with_indices(x, *geometry)
        self.operations.append(
            RecordedOperation(
                name=type(call).__name__,
                shape=tuple(output.shape),
                output=self._kept(output),
                pool_indices=indices,
                pool_input_size=(x.shape[2], x.shape[3]),
                pool_masks=masks,
            )
        )
        return output

    def _keep(self, name: str, output: Tensor, channels_last: bool = False) -> None:
        self.operations.append(RecordedOperation(name, tuple(output.shape), self._kept(output), channels_last))

    def _kept(self, output: Tensor) -> Tensor | None:
        return None if self.masks_only else output.to(self._dtype, copy=True)


def windows_can_be_masked(geometry: PoolGeometry) -> bool:
    """Whether pooling windows are small, do not overlap, and do not reach beyond the maps."""
    kernel, stride, padding, dilation, ceil_mode = geometry
    fits = kernel == stride and padding == [0, 0] and dilation == [1, 1] and not ceil_mode
    return fits and math.prod(kernel) <= _LARGEST_MASKED_WINDOW


def pixels_of_windows(x: Tensor, kernel: Sequence[int], size: Sequence[int]) -> Iterator[Tensor]:
    """Yield, for each place in a window, row by row, the pixels at that place of all windows; views of ``x``.

    Args:
        x: ``(n, c, h, w)``, laid out in windows that do not overlap.
        kernel: ``[y, x]``: the size of a window.
        size: ``(h', w')``: how many windows there are.
    """
    for row in range(kernel[0]):
        for column in range(kernel[1]):
            yield x[:, :, row :: kernel[0], column :: kernel[1]][:, :, : size[0], : size[1]]


def _pool_masks(x: Tensor, output: Tensor, kernel: Sequence[int], dtype: torch.dtype) -> Iterator[Tensor]:
    """Yield, for each place in a window, where its pixel is the first one with the highest value."""
    undecided = torch.ones_like(output, dtype=torch.bool)
    for pixels in pixels_of_windows(x, kernel, output.shape[2:]):
        first = (pixels == output).logical_and_(undecided)
        undecided ^= first
        yield first.to(dtype).neg_()
