"""Operations whose output is already known, as nodes of an autograd graph: only their backward pass is computed.

Each function returns the known output (or, for ReLUs, a placeholder) with a node behind it that knows how to pass the
gradient on. No node holds anything that leads back to the graph, or the graph would never be freed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor
from torch.autograd.function import FunctionCtx, once_differentiable

from mkdocs_lurk.analysis.gradients.recording import pixels_of_windows
from mkdocs_lurk.analysis.gradients.relu_rules import ReluRule
from mkdocs_lurk.models.tracing.functions import BatchNormCall, MaxPoolCall, PoolGeometry, ReluCall, as_pair
from mkdocs_lurk.models.tracing.layer_calls import LayerCall
from mkdocs_lurk.models.tracing.operations import Argument

aten = torch.ops.aten


@dataclass
class SwitchableRule:
    """The rule that ReLUs follow, which may be switched between two backward passes through one graph."""

    rule: ReluRule


class ConvolutionSettings(NamedTuple):
    """Settings of a 2-D convolution, in the order of aten's arguments; lists are ``[y, x]``."""

    stride: list[int]
    padding: list[int]
    dilation: list[int]
    transposed: bool
    output_padding: list[int]
    groups: int

    @classmethod
    def of(cls, kind: str, settings: Mapping[str, Argument]) -> ConvolutionSettings:
        """Read the settings of a ``Conv2d`` or ``ConvTranspose2d`` call."""
        stride, padding, dilation = (as_pair(settings.get(*one)) for one in _DEFAULTS)
        output_padding, groups = as_pair(settings.get("output_padding", 0)), int(settings.get("groups", 1))
        return cls(stride, padding, dilation, kind == "ConvTranspose2d", output_padding, groups)


_DEFAULTS = (("stride", 1), ("padding", 0), ("dilation", 1))


def is_known_layer(call: LayerCall) -> bool:
    """Whether ``layer_output`` knows this kind of call."""
    return call.kind in ("Conv2d", "ConvTranspose2d", "Linear") and not isinstance(call.settings.get("padding"), str)


def layer_output(call: LayerCall, output: Tensor) -> Tensor:
    """Return the known output of a convolution or linear call."""
    if call.kind == "Linear":
        result: Tensor = _Linear.apply(call.input, [output, call.weight])
    else:
        settings = ConvolutionSettings.of(call.kind, call.settings)
        result = _Convolution.apply(call.input, [output, call.weight], settings)
    return result


def layer_output_size(call: LayerCall) -> tuple[int, int]:
    """Return the height and width of the output of a convolution or linear call."""
    if call.kind == "Linear":
        return call.input.shape[1], call.input.shape[2]
    settings = ConvolutionSettings.of(call.kind, call.settings)
    height, width = (_output_length(settings, call, axis) for axis in (0, 1))
    return height, width


def _output_length(settings: ConvolutionSettings, call: LayerCall, axis: int) -> int:
    length, stride, padding = call.input.shape[2 + axis], settings.stride[axis], settings.padding[axis]
    extent = settings.dilation[axis] * (call.weight.shape[2 + axis] - 1)
    if settings.transposed:
        return (length - 1) * stride - 2 * padding + extent + settings.output_padding[axis] + 1
    return (length + 2 * padding - extent - 1) // stride + 1


def max_pool_output(call: MaxPoolCall, output: Tensor, indices: Sequence[Tensor]) -> Tensor:
    """Return the known output of a max pooling; ``indices`` are the pixels taken in each row, ``(1, c, h, w)``."""
    result: Tensor = _MaxPool.apply(call.input, [output], indices, call.geometry)
    return result


def masked_max_pool_output(call: MaxPoolCall, output: Tensor, masks: Sequence[Sequence[Tensor]]) -> Tensor:
    """Return the known output of a max pooling of windows that do not overlap.

    Args:
        call: The call.
        output: Its output.
        masks: For each pixel of a window, for each row ``(1, c, h, w)``: all bits set where it was taken, else 0.
    """
    result: Tensor = _MaskedMaxPool.apply(call.input, [output], masks, call.geometry.kernel)
    return result


def max_pool_output_size(call: MaxPoolCall) -> tuple[int, int]:
    """Return the height and width of the output of a max pooling."""
    kernel, stride, padding, dilation, ceil_mode = call.geometry
    sizes = []
    for axis, length in enumerate(call.input.shape[2:4]):
        room = length + 2 * padding[axis] - dilation[axis] * (kernel[axis] - 1) - 1
        strides = -(-room // stride[axis]) if ceil_mode else room // stride[axis]
        if ceil_mode and strides * stride[axis] >= length + padding[axis]:
            strides -= 1  # the last window would lie in the padding
        sizes.append(strides + 1)
    return sizes[0], sizes[1]


def relu_output(call: ReluCall, masks: Sequence[Tensor], rule: SwitchableRule) -> Tensor:
    """Return an output without values of a ReLU.

    Args:
        call: The call.
        masks: For each row ``(1, ...)``: the largest integer of the gradient's size where the ReLU passes its input,
            else 0.
        rule: Which rule to follow.
    """
    result: Tensor = _Relu.apply(call.input, masks, rule, call.in_place)
    return result


def batch_norm_output(call: BatchNormCall, output: Tensor) -> Tensor:
    """Return the known output of a batch normalisation."""
    scale = (call.running_var.float() + call.eps).rsqrt()
    if call.weight is not None:
        scale = scale * call.weight.float()
    result: Tensor = _BatchNorm.apply(call.input, [output], scale.to(output.dtype))
    return result


class _LayerContext(FunctionCtx):
    x: Tensor
    weight: Tensor
    settings: ConvolutionSettings


class _Convolution(torch.autograd.Function):
    """A convolution. Its known output and weight come in a list, so that autograd does not take them for inputs."""

    @staticmethod
    def forward(ctx: _LayerContext, x: Tensor, known: list[Tensor], settings: ConvolutionSettings) -> Tensor:
        output, ctx.weight = known
        ctx.x, ctx.settings = x.detach(), settings
        return output

    @staticmethod
    @once_differentiable
    def backward(ctx: _LayerContext, gradient: Tensor) -> tuple[Tensor | None, ...]:
        of_input, _, _ = aten.convolution_backward(
            gradient, ctx.x, ctx.weight, None, *ctx.settings, [True, False, False]
        )
        return of_input, None, None


class _Linear(torch.autograd.Function):
    """A linear call."""

    @staticmethod
    def forward(ctx: _LayerContext, x: Tensor, known: list[Tensor]) -> Tensor:
        output, ctx.weight = known
        return output

    @staticmethod
    @once_differentiable
    def backward(ctx: _LayerContext, gradient: Tensor) -> tuple[Tensor | None, ...]:
        return gradient @ ctx.weight, None


class _MaxPoolContext(FunctionCtx):
    x: Tensor
    indices: Sequence[Tensor]
    geometry: PoolGeometry


class _MaxPool(torch.autograd.Function):
    """Max pooling of any windows, by the indices of the pixels that were taken."""

    @staticmethod
    def forward(
        ctx: _MaxPoolContext, x: Tensor, output: list[Tensor], indices: Sequence[Tensor], geometry: PoolGeometry
    ) -> Tensor:
        ctx.x, ctx.indices, ctx.geometry = x.detach(), indices, geometry
        return output[0]

    @staticmethod
    @once_differentiable
    def backward(ctx: _MaxPoolContext, gradient: Tensor) -> tuple[Tensor | None, ...]:
        rows = []
        for row, indices in enumerate(ctx.indices):
            channels_last = indices.is_contiguous(memory_format=torch.channels_last)
            memory_format = torch.channels_last if channels_last else torch.contiguous_format
            incoming = gradient[row : row + 1].contiguous(memory_format=memory_format)
            x = ctx.x[row : row + 1]
            rows.append(aten.max_pool2d_with_indices_backward(incoming, x, *ctx.geometry, indices))
        return torch.cat(rows), None, None, None


class _MaskedMaxPoolContext(FunctionCtx):
    x: Tensor
    masks: Sequence[Sequence[Tensor]]
    kernel: Sequence[int]


class _MaskedMaxPool(torch.autograd.Function):
    """Max pooling of windows that do not overlap: each pixel's gradient is its window's, or 0."""

    @staticmethod
    def forward(
        ctx: _MaskedMaxPoolContext,
        x: Tensor,
        output: list[Tensor],
        masks: Sequence[Sequence[Tensor]],
        kernel: Sequence[int],
    ) -> Tensor:
        ctx.x, ctx.masks, ctx.kernel = x.detach(), masks, kernel
        return output[0]

    @staticmethod
    @once_differentiable
    def backward(ctx: _MaskedMaxPoolContext, gradient: Tensor) -> tuple[Tensor | None, ...]:
        size = gradient.shape[2:]
        sides = zip(ctx.x.shape[2:], ctx.kernel, size, strict=True)
        covered = all(side == kernel * count for side, kernel, count in sides)
        of_input = torch.empty_like(ctx.x) if covered else torch.zeros_like(ctx.x)
        integers = ctx.masks[0][0].dtype
        incoming = gradient.view(integers)
        for pixels, masks in zip(pixels_of_windows(of_input.view(integers), ctx.kernel, size), ctx.masks, strict=True):
            for row, mask in enumerate(masks):
                torch.bitwise_and(incoming[row : row + 1], mask, out=pixels[row : row + 1])
        return of_input, None, None, None


class _ReluContext(FunctionCtx):
    masks: Sequence[Tensor]
    rule: SwitchableRule


class _Relu(torch.autograd.Function):
    """A ReLU of which no more is known than where it passes its input; it follows the rules of ``relu_rules.set_rule``.

    Read as integers, the bits of positive floating-point numbers are in the numbers' own order, and those of negative
    numbers are below 0. So the guided gradient is the incoming gradient's bits, clamped between 0 and the mask: the
    largest integer where the ReLU passes its input, else 0. One pass over the memory does it.
    """

    @staticmethod
    def forward(ctx: _ReluContext, x: Tensor, masks: Sequence[Tensor], rule: SwitchableRule, in_place: bool) -> Tensor:
        ctx.masks, ctx.rule = masks, rule
        if in_place:
            ctx.mark_dirty(x)
            return x
        return torch.empty_like(x)

    @staticmethod
    @once_differentiable
    def backward(ctx: _ReluContext, gradient: Tensor) -> tuple[Tensor | None, ...]:
        rule = ctx.rule.rule
        if rule == "deconv":
            return gradient.clamp(min=0), None, None, None
        of_input = torch.empty_like(gradient)
        integers = ctx.masks[0].dtype
        incoming, outgoing = gradient.view(integers), of_input.view(integers)
        zero = torch.zeros((), dtype=integers, device=incoming.device)
        for row, mask in enumerate(ctx.masks):
            if rule == "guided":
                torch.clamp(incoming[row : row + 1], min=zero, max=mask, out=outgoing[row : row + 1])
            else:
                torch.mul(incoming[row : row + 1], mask.clamp(max=1), out=outgoing[row : row + 1])
        return of_input, None, None, None


class _BatchNormContext(FunctionCtx):
    scale: Tensor


class _BatchNorm(torch.autograd.Function):
    """Batch normalisation by running statistics: a factor per channel."""

    @staticmethod
    def forward(ctx: _BatchNormContext, x: Tensor, output: list[Tensor], scale: Tensor) -> Tensor:
        ctx.scale = scale.view(1, -1, *[1] * (x.dim() - 2))
        return output[0]

    @staticmethod
    @once_differentiable
    def backward(ctx: _BatchNormContext, gradient: Tensor) -> tuple[Tensor | None, ...]:
        return gradient * ctx.scale, None, None
