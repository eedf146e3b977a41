"""Take many gradients from one forward pass of one picture.

The network runs once in float32, and what every convolution, linear call, normalisation and maximum pooling gives is
noted. It then runs again in the number format of the gradients, and is handed those results instead of computing them:
the way back meets the signs and the pooled pixels of the float32 pass, and only its own products are rounded. Each
number of interest then takes one backward pass, from its filter's own map; where little of a map has a gradient, as
below a single unit, only that part is gone through.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable
from torch.nn import functional as F
from torch.overrides import TorchFunctionMode

from mkdocs_lurk.analysis.gradients import Position
from mkdocs_lurk.analysis.probe import Probe
from mkdocs_lurk.analysis.rules import Rule, hold_gates, set_rule
from mkdocs_lurk.models.calls import Call

aten = torch.ops.aten

_WORTH = 0.6
"""A backward pass goes through a part of a map as long as that is a smaller share of it than this."""
_POOL = ("input", "kernel_size", "stride", "padding", "dilation", "ceil_mode", "return_indices")
_OTHERS: dict[Any, tuple[str, tuple[str, ...]]] = {
    F.max_pool2d: ("pool", _POOL),
    torch.max_pool2d: ("pool", _POOL),
    aten.max_pool2d.default: ("pool", _POOL),
    F.batch_norm: (
        "norm",
        ("input", "running_mean", "running_var", "weight", "bias", "training", "momentum", "eps"),
    ),
    torch.batch_norm: (
        "norm",
        ("input", "weight", "bias", "running_mean", "running_var", "training", "momentum", "eps", "cudnn_enabled"),
    ),
}


@dataclass(frozen=True, slots=True)
class Wanted:
    """One number of a filter: a unit's value, or the map's mean where there is no position."""

    layer: str
    filter: int
    position: Position | None = None


@dataclass
class _Notes:
    """What the float32 pass gave, in order; and how far the backward pass at hand is confined to a part."""

    results: deque[tuple[str, Tensor, Tensor | None]] = field(default_factory=deque)
    confined: bool = False

    def next(self, name: str) -> tuple[Tensor, Tensor | None] | None:
        """The next result; none where the passes have gone different ways."""
        if not self.results or self.results[0][0] != name:
            return None
        return self.results.popleft()[1:]


class Replay:
    """One picture's way through the network, ready for backward passes.

    Args:
        exact: The network in float32.
        fast: The network in the gradients' number format; may be the same.
        x: The picture, ``(1, c, h, w)``, normalised, float32.
        wanted: The numbers whose gradients will be taken.
    """

    def __init__(self, exact: Probe, fast: Probe, x: Tensor, wanted: Sequence[Wanted]) -> None:
        dtype = next((part.dtype for part in fast.module.parameters()), torch.float32)
        self._notes = _Notes()
        filters: dict[str, list[int]] = {}
        for one in wanted:
            filters.setdefault(one.layer, []).append(one.filter)
        self._filters = {name: sorted(set(own)) for name, own in filters.items()}
        self._maps: dict[tuple[str, int], Tensor] = {}
        with torch.no_grad(), _Others(lambda *given: self._note_other(dtype, *given)):
            exact.run(x, lambda call: self._note(call, dtype), {})
        with torch.enable_grad(), _Others(self._give_other):
            self.picture = x.to(dtype).detach().requires_grad_()
            fast.run(self.picture, lambda call: self._give(fast, call), self._filters, self._keep)
        self.numbers = {one: self._number(one) for one in wanted}

    def energies(self, wanted: Sequence[Wanted]) -> list[Tensor]:
        """The squared plain gradients summed over colours, ``(h, w)`` float32, gates held; before any rule is set."""
        found = []
        for one in wanted:
            with hold_gates(self.numbers[one]):
                found.append(self._gradient(one).square().sum(0))
        return found

    def set_rule(self, rule: Rule) -> None:
        """Let rectifiers follow a rule from now on."""
        if self.numbers:
            set_rule(torch.stack(list(self.numbers.values())).sum(), rule)

    def gradient(self, one: Wanted) -> Tensor:
        """The gradient of one number, ``(c, h, w)``, float32."""
        return self._gradient(one)

    def _gradient(self, one: Wanted) -> Tensor:
        self._notes.confined = one.position is not None
        (found,) = torch.autograd.grad(self.numbers[one], self.picture, retain_graph=True)
        return found[0].float()

    def _number(self, one: Wanted) -> Tensor:
        maps = self._maps[one.layer, one.filter]
        return maps.float().mean() if one.position is None else maps[one.position].float()

    def _note(self, call: Call, dtype: torch.dtype) -> Tensor:
        output = call.run()
        self._notes.results.append((call.name, output.to(dtype, copy=True), None))
        return output

    def _give(self, probe: Probe, call: Call) -> Tensor:
        noted = self._notes.next(call.name)
        for index in self._filters.get(call.name, ()):
            if noted is None or not _known(call):
                self._maps[call.name, index] = probe.own_map(call, index)[0]
                continue
            value = noted[0].narrow(-1 if call.kind == "Linear" else 1, index, 1).clone()
            own = _given(_only(call, index), value, self._notes)
            self._maps[call.name, index] = probe.as_maps(call.name, own, 1)[0, 0]
        if noted is None or not _known(call):
            return call.run()
        return _given(call, noted[0], self._notes)

    def _keep(self, name: str, maps: Tensor) -> None:
        for index in self._filters[name]:
            self._maps[name, index] = maps[0, index]

    def _note_other(self, dtype: torch.dtype, kind: str, given: dict[str, Any], run: Callable[[], Tensor]) -> Tensor:
        places: Tensor | None = None
        output: Tensor
        if kind == "pool":
            output, places = aten.max_pool2d_with_indices(*_pool(given))
        else:
            output = run()
        self._notes.results.append((kind, output.to(dtype, copy=True), places))
        return output

    def _give_other(self, kind: str, given: dict[str, Any], run: Callable[[], Tensor]) -> Tensor:
        noted = self._notes.next(kind)
        if noted is None:
            return run()
        if kind == "pool":
            pooled: Tensor = _Pooled.apply(given["input"], [noted[0]], noted[1], _pool(given)[1:])
            return pooled
        scale = (given["running_var"].float() + given.get("eps", 1e-5)).rsqrt()
        if given.get("weight") is not None:
            scale = scale * given["weight"].float()
        scaled: Tensor = _Scaled.apply(given["input"], [noted[0]], scale.to(noted[0].dtype))
        return scaled


def _known(call: Call) -> bool:
    return call.kind in ("Conv2d", "ConvTranspose2d", "Linear") and not isinstance(call.settings.get("padding"), str)


def _only(call: Call, index: int) -> Call:
    """The part of a call that computes one filter, from the input channels of its group."""
    if call.kind == "Linear":
        return replace(call, weight=call.weight[index : index + 1])
    groups = int(call.settings.get("groups", 1))
    transposed = call.kind == "ConvTranspose2d"
    per_group = call.weight.shape[1] if transposed else call.weight.shape[0] // groups
    group, width = index // per_group, call.input.shape[1] // groups
    own = call.input.narrow(1, group * width, width) if groups > 1 else call.input
    kernel = call.weight[index : index + 1]
    if transposed:
        place = index % per_group
        kernel = call.weight[group * width : (group + 1) * width, place : place + 1]
    return replace(call, input=own, weight=kernel, settings={**call.settings, "groups": 1})


def _pair(value: Any) -> list[int]:
    values = [value] if isinstance(value, int) else list(value)
    return [int(one) for one in (values * 2 if len(values) == 1 else values)]


def _pool(given: Mapping[str, Any]) -> tuple[Any, ...]:
    kernel = _pair(given["kernel_size"])
    stride = _pair(given["stride"]) if given.get("stride") else kernel
    padding, dilation = _pair(given.get("padding", 0)), _pair(given.get("dilation", 1))
    return given["input"], kernel, stride, padding, dilation, bool(given.get("ceil_mode", False))


def _given(call: Call, value: Tensor, notes: _Notes) -> Tensor:
    output: Tensor = _Given.apply(call.input, [value], call.weight, call.kind, call.settings, notes)
    return output


class _Given(torch.autograd.Function):
    """A convolution or linear call whose result is known already."""

    @staticmethod
    def forward(
        ctx: Any, x: Tensor, value: list[Tensor], weight: Tensor, kind: str, settings: dict[str, Any], notes: _Notes
    ) -> Tensor:
        ctx.given = x.detach(), weight, kind, settings, notes
        return value[0]

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        x, weight, kind, settings, notes = ctx.given
        if kind == "Linear":
            return gradient @ weight, *[None] * 5
        stride, padding, dilation = (_pair(settings.get(name, n)) for name, n in _GEOMETRY)
        groups, transposed = int(settings.get("groups", 1)), kind == "ConvTranspose2d"
        part = None
        if notes.confined and not transposed:
            part = _confined(gradient, notes)
        if part is not None:
            return _through_part(gradient, part, x, weight, (stride, padding, dilation, groups)), *[None] * 5
        more = _pair(settings.get("output_padding", 0))
        found, _, _ = aten.convolution_backward(
            gradient, x, weight, None, stride, padding, dilation, transposed, more, groups, [True, False, False]
        )
        return found, *[None] * 5


_GEOMETRY = (("stride", 1), ("padding", 0), ("dilation", 1))


def _confined(gradient: Tensor, notes: _Notes) -> tuple[int, int, int, int] | None:
    """The rows and columns that hold all of a gradient; none, from here on, where they are most of the map."""
    lowest, highest = gradient[0].permute(1, 2, 0).aminmax(dim=2)
    there = (lowest != 0) | (highest != 0)
    rows, columns = there.any(1).nonzero().flatten().tolist(), there.any(0).nonzero().flatten().tolist()
    if not rows:
        return 0, 0, 0, 0
    box = rows[0], rows[-1] + 1, columns[0], columns[-1] + 1
    if (box[1] - box[0]) * (box[3] - box[2]) > _WORTH * there.numel():
        notes.confined = False
        return None
    return box


def _through_part(
    gradient: Tensor,
    part: tuple[int, int, int, int],
    x: Tensor,
    weight: Tensor,
    geometry: tuple[list[int], list[int], list[int], int],
) -> Tensor:
    """The gradient of a convolution's input, from the only part of the output's that is not zero."""
    (top, bottom, left, right), (stride, padding, dilation, groups) = part, geometry
    whole = torch.zeros_like(x)
    if top == bottom:
        return whole
    own = F.conv_transpose2d(gradient[:, :, top:bottom, left:right], weight, None, stride, 0, 0, groups, dilation)
    first = top * stride[0] - padding[0], left * stride[1] - padding[1]
    low = [max(0, start) for start in first]
    high = [min(end, start + length) for end, start, length in zip(x.shape[2:], first, own.shape[2:], strict=True)]
    if low[0] < high[0] and low[1] < high[1]:
        whole[:, :, low[0] : high[0], low[1] : high[1]] = own[
            :, :, low[0] - first[0] : high[0] - first[0], low[1] - first[1] : high[1] - first[1]
        ]
    return whole


class _Pooled(torch.autograd.Function):
    """Maximum pooling whose result is known, and which pixels it took."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, value: list[Tensor], places: Tensor, geometry: tuple[Any, ...]) -> Tensor:
        ctx.given = x.detach(), places, geometry
        return value[0]

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        x, places, geometry = ctx.given
        layout = torch.channels_last if places.is_contiguous(memory_format=torch.channels_last) else None
        laid = gradient.contiguous(memory_format=layout or torch.contiguous_format)
        return aten.max_pool2d_with_indices_backward(laid, x, *geometry, places), None, None, None


class _Scaled(torch.autograd.Function):
    """Normalisation by fixed averages, whose result is known."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, value: list[Tensor], scale: Tensor) -> Tensor:
        ctx.given = scale.view(1, -1, *[1] * (x.dim() - 2))
        return value[0]

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        return gradient * ctx.given, None, None


class _Others(TorchFunctionMode):
    """Hand poolings and normalisations to a function: what they are, their arguments, and how to run them."""

    def __init__(self, catch: Callable[[str, dict[str, Any], Callable[[], Tensor]], Tensor]) -> None:
        super().__init__()
        self._catch = catch

    def __torch_function__(
        self, func: Callable[..., Any], types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        """Pass every function through, and those of interest by way of ``catch``."""
        kwargs = kwargs or {}
        if func in _OTHERS:
            kind, names = _OTHERS[func]
            given = dict(zip(names, args, strict=False)) | kwargs
            if given["input"].dim() == 4 and not given.get("training") and not given.get("return_indices"):
                return self._catch(kind, given, lambda: func(*args, **kwargs))
        return func(*args, **kwargs)
