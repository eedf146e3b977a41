"""The ways to write a rectifier, and which activation a call of a torch function amounts to."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor
from torch.nn import functional as F

from mkdocs_lurk.models.tracing.derived_values import Kind
from mkdocs_lurk.models.tracing.operations import Argument
from mkdocs_lurk.models.tracing.rectifier_calls import IN_PLACE_ACTIVATIONS, Call

aten = torch.ops.aten
Activation = Callable[[Tensor], Tensor]
MASKS: tuple[Kind, ...] = ("above", "below", "mask")


@dataclass(frozen=True, slots=True)
class Rectifier:
    """What a call amounts to: an activation of ``x``."""

    x: Tensor
    activation: Activation


def _relu(x: Argument) -> Rectifier | None:
    return Rectifier(x, torch.relu) if isinstance(x, Tensor) and x.is_floating_point() else None


def _in_place_activation(call: Call) -> Rectifier | None:
    """Recognise an activation that works in place on a view."""
    x = call.argument(0, "input", "self")
    if not call.in_place or not isinstance(x, Tensor) or not x._is_view():
        return None
    function, place = IN_PLACE_ACTIVATIONS[call.name]
    if isinstance(call.func, torch._ops.OpOverload):
        function, place = getattr(aten, call.name), None
    rest = tuple(value for number, value in enumerate(call.args[1:], 1) if number != place)
    kwargs = {name: value for name, value in call.kwargs.items() if name not in ("inplace", "input", "self")}
    return Rectifier(x, lambda x: function(x, *rest, **kwargs))


def _clamp(call: Call) -> Rectifier | None:
    low = call.argument(1, "min") if call.name != "clamp_max" else None
    high = call.argument(1 if call.name == "clamp_max" else 2, "max") if call.name != "clamp_min" else None
    x = call.argument(0, "input", "self")
    bottom, top = call.known.constant(low), call.known.constant(high)
    if not isinstance(x, Tensor) or not x.is_floating_point():
        return None
    if bottom == 0 and high is None:
        return _relu(x)
    if bottom is not None and top is not None and bottom <= top:
        return Rectifier(x, partial(F.hardtanh, min_val=bottom, max_val=top))
    return _in_place_activation(call)


def _threshold(call: Call) -> Rectifier | None:
    x, threshold, value = (
        call.argument(0, "input", "self"),
        call.argument(1, "threshold"),
        call.argument(2, "value"),
    )
    if threshold == 0 and value == 0:
        return _relu(x)
    return _in_place_activation(call)


def _maximum(call: Call) -> Rectifier | None:
    """Recognise the maximum of a tensor and a constant, or of a tensor and a share of it."""
    for x, other in (call.pair, call.pair[::-1]):
        if not isinstance(x, Tensor) or not isinstance(other, Tensor) or not _fits(x, other):
            continue
        scaled = call.known.about(other)
        if call.known.is_of(other, x, "scaled") and scaled is not None and 0 <= scaled.factor < 1:
            return Rectifier(x, partial(F.leaky_relu, negative_slope=scaled.factor))
        if call.known.is_constant(other) and not call.known.is_constant(x):
            if call.name == "minimum":
                return Rectifier(x, partial(torch.clamp, max=other))
            return _relu(x) if call.known.constant(other) == 0 else Rectifier(x, partial(torch.clamp, min=other))
    return None


def _where(call: Call) -> Rectifier | None:
    mask, one, other = call.argument(0, "condition"), call.argument(1, "input", "self"), call.argument(2, "other")
    ways: tuple[tuple[Kind, Argument, Argument], ...] = (("above", one, other), ("below", other, one))
    for kind, x, rest in ways:
        if not call.known.is_of(mask, x, kind) or not _fits(x, rest):
            continue
        if call.known.constant(rest) == 0:
            return _relu(x)
        scaled = call.known.about(rest)
        if call.known.is_of(rest, x, "scaled") and scaled is not None:
            return Rectifier(x, partial(F.leaky_relu, negative_slope=scaled.factor))
    return None


def _masked_fill(call: Call) -> Rectifier | None:
    x, mask, value = call.argument(0, "input", "self"), call.argument(1, "mask"), call.argument(2, "value")
    if isinstance(mask, (tuple, list)) and len(mask) == 1:
        mask = mask[0]
    return _relu(x) if call.known.is_of(mask, x, "below") and call.known.constant(value) == 0 else None


def _product(call: Call) -> Rectifier | None:
    for x, factor in (call.pair, call.pair[::-1]):
        if call.known.is_of(factor, x, "above"):
            return _relu(x)
        if call.known.is_of(factor, x, "sigmoid"):
            return Rectifier(x, F.silu)
        known = call.known.about(x)
        if known is not None and known.kind == "twice_relu" and call.known.constant(factor) == 0.5:
            return _relu(known.source)
        if call.known.constant(factor) == -1 and (rectifier := _negated(call, x)) is not None:
            return rectifier
    return None


def _quotient(call: Call) -> Rectifier | None:
    known = call.known.about(call.pair[0])
    halved = known is not None and known.kind == "twice_relu" and call.known.constant(call.pair[1]) == 2
    return _relu(known.source) if halved and known is not None else None


def _difference(call: Call) -> Rectifier | None:
    x, other = call.pair
    plain = call.argument(2, "alpha") in (None, 1)
    return _relu(x) if plain and call.known.is_of(other, x, "negative_part") else None


def _fits(x: object, other: object) -> bool:
    """Whether a result of both has the shape and type of ``x``."""
    if not isinstance(x, Tensor) or not isinstance(other, Tensor) or not other.dim():
        return isinstance(x, Tensor)
    fits = other.dim() <= x.dim() and all(
        side in (1, whole) for side, whole in zip(other.shape[::-1], x.shape[::-1], strict=False)
    )
    return fits and torch.promote_types(x.dtype, other.dtype) == x.dtype


def _negation(call: Call) -> Rectifier | None:
    """Recognise the negated minimum of a negated tensor and 0."""
    return _negated(call, call.argument(0, "input", "self"))


def _negated(call: Call, x: object) -> Rectifier | None:
    known = call.known.about(x)
    return _relu(known.source) if known is not None and known.kind == "negative_part_of_negated" else None


def _sum(call: Call) -> Rectifier | None:
    """Recognise a tensor plus the rectified negated tensor, which is the rectified tensor."""
    for x, other in (call.pair, call.pair[::-1]):
        if call.argument(2, "alpha") in (None, 1) and call.known.is_of(other, x, "relu_of_negated"):
            return _relu(x)
    return None


RECTIFIERS: Mapping[str, Callable[[Call], Rectifier | None]] = {
    **dict.fromkeys(IN_PLACE_ACTIVATIONS, _in_place_activation),
    **dict.fromkeys(("clamp", "clamp_min", "clamp_max"), _clamp),
    "threshold": _threshold,
    **dict.fromkeys(("maximum", "minimum"), _maximum),
    "where": _where,
    **dict.fromkeys(("masked_fill", "setitem"), _masked_fill),
    "mul": _product,
    "div": _quotient,
    "sub": _difference,
    "add": _sum,
    "neg": _negation,
}
