"""A backward pass in which ReLUs and max-poolings let a part of the gradient through that the exact one holds back.

An exact gradient says what an infinitely small step does. Gradient ascent takes large ones, which open inactive ReLUs
and move maxima to neighbouring positions. A gradient that also counts these in part points further: the score of a deep
layer's filter rises about as far in 32 steps as it otherwise does in 64. Lucid overrides both gradients in the same
spirit (``redirected_relu_grad``, ``avg_smoothed_maxpool_grad``), for the first steps or for smoother pictures. The
forward pass, and so every score, is exact.
"""

from __future__ import annotations

from typing import cast

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from mkdocs_lurk.models.tracing.functions import MaxPoolCall, OperationCall, OperationCallMode, PoolGeometry, ReluCall
from mkdocs_lurk.models.tracing.operations import Argument

aten = torch.ops.aten


def leaky_backward(relu_leak: float, pool_leak: float) -> OperationCallMode:
    """Return a context in which plain ReLUs and max-poolings have leaky gradients, and exact values.

    Args:
        relu_leak: The share of the gradient that passes where a ReLU's input is not above 0.
        pool_leak: The share of the gradient that a max-pooling spreads evenly over its window; the rest goes to the
            position of the maximum. Poolings with dilated windows keep their exact gradient.
    """

    def catch(call: OperationCall) -> Tensor:
        if isinstance(call, ReluCall) and call.is_plain and call.input.is_floating_point():
            return cast(Tensor, _LeakyRelu.apply(call.input, relu_leak, call.in_place))
        if pool_leak and isinstance(call, MaxPoolCall) and call.geometry.dilation == [1, 1]:
            return cast(Tensor, _LeakyMaxPool.apply(call.input, pool_leak, call.geometry))
        return call.run()

    return OperationCallMode(catch, (ReluCall, MaxPoolCall))


class _LeakyRelu(torch.autograd.Function):
    """ReLU whose gradient is that of a leaky ReLU.

    A CPU compares bfloat16 numbers by converting them to float32, but compares 16-bit integers directly. The bits of a
    number, read as an integer, have the number's sign, so that both give the same ReLU, except that a negative NaN
    becomes 0.
    """

    @staticmethod
    def forward(ctx: Argument, x: Tensor, leak: float, in_place: bool) -> Tensor:
        on_bits = x.dtype == torch.bfloat16 and x.device.type == "cpu"
        values = x.view(torch.int16) if on_bits else x
        if in_place:
            values.clamp_(min=0)
            ctx.mark_dirty(x)
            output = x
        else:
            output = values.clamp(min=0).view(x.dtype)
        ctx.save_for_backward(output)
        ctx.leak = leak
        return output

    @staticmethod
    @once_differentiable
    def backward(ctx: Argument, gradient: Tensor) -> tuple[Tensor, None, None]:
        (output,) = ctx.saved_tensors
        return aten.leaky_relu_backward(_laid_out_like(output, gradient), output, ctx.leak, False), None, None


class _LeakyMaxPool(torch.autograd.Function):
    """Max pooling whose gradient is mixed with that of average pooling."""

    @staticmethod
    def forward(ctx: Argument, x: Tensor, leak: float, geometry: PoolGeometry) -> Tensor:
        output, indices = aten.max_pool2d_with_indices(x, *geometry)
        ctx.save_for_backward(x, indices)
        ctx.leak, ctx.geometry = leak, geometry
        return cast(Tensor, output)

    @staticmethod
    @once_differentiable
    def backward(ctx: Argument, gradient: Tensor) -> tuple[Tensor, None, None]:
        x, indices = ctx.saved_tensors
        geometry: PoolGeometry = ctx.geometry
        gradient = _laid_out_like(x, gradient)
        to_maxima = aten.max_pool2d_with_indices_backward(gradient * (1 - ctx.leak), x, *geometry, indices)
        evenly = aten.avg_pool2d_backward(
            gradient * ctx.leak, x, geometry.kernel, geometry.stride, geometry.padding, geometry.ceil_mode, True, None
        )
        return to_maxima.add_(evenly), None, None


def _laid_out_like(x: Tensor, gradient: Tensor) -> Tensor:
    """Return a gradient in the memory format of a tensor: operations on two formats take several times as long."""
    is_last = x.dim() == 4 and x.is_contiguous(memory_format=torch.channels_last)
    return gradient.contiguous(memory_format=torch.channels_last if is_last else torch.contiguous_format)
