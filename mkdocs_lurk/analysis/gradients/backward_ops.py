"""Steps of a network whose results are known, and which therefore only have a way back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from mkdocs_lurk.analysis.gradients.recording import corners, pair, pool_geometry
from mkdocs_lurk.analysis.gradients.relu_rules import ReluRule
from mkdocs_lurk.models.tracing.layer_calls import LayerCall

aten = torch.ops.aten


@dataclass
class ActiveRule:
    """Which rule rectifiers follow when the way back is taken.

    It holds nothing else: what a step of the graph holds must not lead back to the graph, or it is never freed.
    """

    name: ReluRule


def has_way_back(call: LayerCall) -> bool:
    """Whether ``called`` knows this kind of call."""
    return call.kind in ("Conv2d", "ConvTranspose2d", "Linear") and not isinstance(call.settings.get("padding"), str)


def called(call: LayerCall, value: Tensor) -> Tensor:
    """The result of a convolution or linear call, with the gradient of its input."""
    output: Tensor = _Called.apply(call.input, [value], call)
    return output


def pooled(given: dict[str, Any], value: Tensor, places: Sequence[Tensor]) -> Tensor:
    """The result of a maximum pooling that took of every row the pixels at ``places``, each ``(1, c, h, w)``."""
    output: Tensor = _Pooled.apply(given["input"], [value], places, pool_geometry(given))
    return output


def pooled_side_by_side(given: dict[str, Any], value: Tensor, taken: Sequence[Sequence[Tensor]]) -> Tensor:
    """The result of a maximum pooling of windows side by side.

    Args:
        given: Its arguments.
        value: The result.
        taken: For each pixel of a window, for each row ``(1, c, h, w)``, all ones where it was the one, or 0.
    """
    output: Tensor = _SideBySide.apply(given["input"], [value], taken, pool_geometry(given)[0])
    return output


def rectified(given: dict[str, Any], is_open: Sequence[Tensor], rule: ActiveRule) -> Tensor:
    """The result, without values, of a rectifier that was open in every row where ``is_open`` is not 0.

    Args:
        given: Its arguments.
        is_open: For each row ``(1, ...)`` the largest whole number of the size of the gradient's, or 0.
        rule: Which rule to follow.
    """
    output: Tensor = _Rectified.apply(given["input"], is_open, rule, given["inplace"])
    return output


def normalised(given: dict[str, Any], value: Tensor) -> Tensor:
    """The result of a normalisation by fixed averages."""
    scale = (given["running_var"].float() + given.get("eps", 1e-5)).rsqrt()
    if given.get("weight") is not None:
        scale = scale * given["weight"].float()
    output: Tensor = _Scaled.apply(given["input"], [value], scale.to(value.dtype))
    return output


def called_size(call: LayerCall) -> tuple[int, int]:
    """The height and width of what a call gives, from those of its input."""
    height, width = call.input.shape[1:3] if call.kind == "Linear" else call.input.shape[2:4]
    if call.kind == "Linear":
        return height, width
    stride, padding, dilation = (pair(call.settings.get(*one)) for one in _GEOMETRY)
    more = pair(call.settings.get("output_padding", 0))
    sizes = []
    for axis, length in enumerate((height, width)):
        reach = dilation[axis] * (call.weight.shape[2 + axis] - 1)
        if call.kind == "ConvTranspose2d":
            sizes.append((length - 1) * stride[axis] - 2 * padding[axis] + reach + more[axis] + 1)
        else:
            sizes.append((length + 2 * padding[axis] - reach - 1) // stride[axis] + 1)
    return sizes[0], sizes[1]


def pooled_size(given: dict[str, Any]) -> tuple[int, int]:
    """The height and width of what a maximum pooling gives, from those of its input."""
    kernel, stride, padding, dilation, ceil = pool_geometry(given)
    sizes = []
    for axis, length in enumerate(given["input"].shape[2:4]):
        room = length + 2 * padding[axis] - dilation[axis] * (kernel[axis] - 1) - 1
        steps = -(-room // stride[axis]) if ceil else room // stride[axis]
        if ceil and steps * stride[axis] >= length + padding[axis]:
            steps -= 1  # the last window would lie in the padding
        sizes.append(steps + 1)
    return sizes[0], sizes[1]


_GEOMETRY = (("stride", 1), ("padding", 0), ("dilation", 1))


class _Called(torch.autograd.Function):
    """A convolution or linear call."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, value: list[Tensor], call: LayerCall) -> Tensor:
        ctx.given = x.detach(), call.weight, call.kind, call.settings
        return value[0]

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        x, weight, kind, settings = ctx.given
        if kind == "Linear":
            return gradient @ weight, None, None
        stride, padding, dilation = (pair(settings.get(*one)) for one in _GEOMETRY)
        more, groups = pair(settings.get("output_padding", 0)), int(settings.get("groups", 1))
        found, _, _ = aten.convolution_backward(
            gradient,
            x,
            weight,
            None,
            stride,
            padding,
            dilation,
            kind == "ConvTranspose2d",
            more,
            groups,
            [True, False, False],
        )
        return found, None, None


class _Pooled(torch.autograd.Function):
    """Maximum pooling."""

    @staticmethod
    def forward(
        ctx: Any, x: Tensor, value: list[Tensor], places: Sequence[Tensor], geometry: tuple[Any, ...]
    ) -> Tensor:
        ctx.given = x.detach(), places, geometry
        return value[0]

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        x, places, geometry = ctx.given
        rows = []
        for row, own in enumerate(places):
            dense = own.is_contiguous(memory_format=torch.channels_last)
            laid = gradient[row : row + 1].contiguous(
                memory_format=torch.channels_last if dense else torch.contiguous_format
            )
            rows.append(aten.max_pool2d_with_indices_backward(laid, x[row : row + 1], *geometry, own))
        return torch.cat(rows), None, None, None


class _SideBySide(torch.autograd.Function):
    """Maximum pooling of windows that do not overlap: each pixel's gradient is its window's, or 0."""

    @staticmethod
    def forward(
        ctx: Any, x: Tensor, value: list[Tensor], taken: Sequence[Sequence[Tensor]], kernel: Sequence[int]
    ) -> Tensor:
        ctx.given = x.detach(), taken, kernel
        return value[0]

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        x, taken, kernel = ctx.given
        size = gradient.shape[2:]
        full = all(side == by * length for side, by, length in zip(x.shape[2:], kernel, size, strict=True))
        found = torch.empty_like(x) if full else torch.zeros_like(x)
        whole = taken[0][0].dtype
        bits = gradient.view(whole)
        for pixels, own in zip(corners(found.view(whole), kernel, size), taken, strict=True):
            for row, ones in enumerate(own):
                torch.bitwise_and(bits[row : row + 1], ones, out=pixels[row : row + 1])
        return found, None, None, None


class _Rectified(torch.autograd.Function):
    """A rectifier, of which no more is known than where it was open.

    Positive numbers of a format are in the order of the whole numbers that their bits spell, and negative ones are
    below 0: a rectified gradient, where the rectifier was open, is the gradient's bits between 0 and the largest whole
    number or 0. One pass over the memory does both.
    """

    @staticmethod
    def forward(ctx: Any, x: Tensor, is_open: Sequence[Tensor], rule: ActiveRule, inplace: bool) -> Tensor:
        ctx.given = is_open, rule
        if inplace:
            ctx.mark_dirty(x)
            return x
        return torch.empty_like(x)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        is_open, rule = ctx.given
        name = rule.name
        if name == "deconv":
            return gradient.clamp(min=0), None, None, None
        found = torch.empty_like(gradient)
        whole = is_open[0].dtype
        bits, out = gradient.view(whole), found.view(whole)
        zero = torch.zeros((), dtype=whole, device=bits.device)
        for row, own in enumerate(is_open):
            if name == "guided":
                torch.clamp(bits[row : row + 1], min=zero, max=own, out=out[row : row + 1])
            else:
                torch.mul(bits[row : row + 1], own.clamp(max=1), out=out[row : row + 1])
        return found, None, None, None


class _Scaled(torch.autograd.Function):
    """Normalisation by fixed averages."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, value: list[Tensor], scale: Tensor) -> Tensor:
        ctx.given = scale.view(1, -1, *[1] * (x.dim() - 2))
        return value[0]

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        return gradient * ctx.given, None, None
