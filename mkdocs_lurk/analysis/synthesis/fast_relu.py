"""ReLU on the bits of bfloat16 numbers, which takes a CPU a third of the time.

A CPU compares bfloat16 numbers by converting them to float32, but compares 16-bit integers directly. The bits of a
number, read as an integer, have the number's sign, so that both ReLUs give the same result, except that a negative NaN
becomes 0.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext

import torch
from torch import Tensor
from torch.autograd.function import FunctionCtx, once_differentiable
from torch.overrides import TorchFunctionMode

from mkdocs_lurk.models.tracing.functions import ReluCall, recognise
from mkdocs_lurk.models.tracing.operations import Argument, TorchFunction

aten = torch.ops.aten


def bitwise_relu(dtype: torch.dtype, device: torch.device) -> AbstractContextManager[object]:
    """Return a context in which ReLUs work on bits, for bfloat16 on a CPU; for others one that changes nothing."""
    return _BitwiseReluMode() if dtype == torch.bfloat16 and device.type == "cpu" else nullcontext()


class _BitwiseReluMode(TorchFunctionMode):
    """Replaces every plain ReLU of bfloat16 numbers."""

    def __torch_function__(
        self,
        func: TorchFunction,
        types: Sequence[type],
        args: tuple[Argument, ...] = (),
        kwargs: dict[str, Argument] | None = None,
    ) -> Argument:
        call = recognise(func, args, kwargs or {})
        if isinstance(call, ReluCall) and call.is_plain and call.input.dtype == torch.bfloat16:
            return _BitwiseRelu.apply(call.input, call.in_place)
        return func(*args, **(kwargs or {}))


class _BitwiseRelu(torch.autograd.Function):
    """ReLU of bfloat16 numbers and its gradient, by integer operations."""

    @staticmethod
    def forward(ctx: FunctionCtx, x: Tensor, inplace: bool) -> Tensor:
        if inplace:
            x.view(torch.int16).clamp_(min=0)
            ctx.mark_dirty(x)
            output = x
        else:
            output = x.view(torch.int16).clamp(min=0).view(x.dtype)
        ctx.save_for_backward(output)
        return output

    @staticmethod
    @once_differentiable
    def backward(ctx: Argument, gradient: Tensor) -> tuple[Tensor, None]:
        (output,) = ctx.saved_tensors
        bits = aten.threshold_backward(gradient.view(torch.int16), output.view(torch.int16), 0)
        return bits.view(gradient.dtype), None
