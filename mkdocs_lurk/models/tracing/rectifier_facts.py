"""What is learned from a call of a torch function about the tensor that it returns."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from torch import Tensor

from mkdocs_lurk.models.tracing.derived_values import Kind
from mkdocs_lurk.models.tracing.operations import Argument
from mkdocs_lurk.models.tracing.rectifier_calls import Call
from mkdocs_lurk.models.tracing.rectifier_forms import MASKS


def _learn_comparison(call: Call, result: object) -> None:
    x, other = call.pair
    reverse = call.known.constant(other) is None
    constant = call.known.constant(x if reverse else other)
    if reverse:
        x = other
    if constant is None or not isinstance(x, Tensor):
        return
    above = (call.name in ("gt", "ge")) != reverse
    call.known.add(result, "mask" if constant else "above" if above else "below", x)


def _learn_inverse(call: Call, result: object) -> None:
    mask = call.argument(0, "input", "self") if call.name == "logical_not" else call.pair[0]
    known = call.known.about(mask)
    if known is not None and known.kind in MASKS and (call.name == "logical_not" or call.pair[1] == 1):
        inverse: Mapping[str, Kind] = {"above": "below", "below": "above", "mask": "mask"}
        call.known.add(result, inverse[known.kind], known.source)


def _learn_conversion(call: Call, result: object) -> None:
    known = call.known.about(call.argument(0, "input", "self"))
    if known is not None and known.kind in MASKS:
        call.known.add(result, known.kind, known.source)


def _learn_copy(call: Call, result: object) -> None:
    x = call.argument(0, "input", "self")
    known = call.known.about(x)
    if known is not None:
        call.known.add(result, known.kind, known.source, known.factor)
    elif isinstance(x, Tensor):
        call.known.add(result, "copy", x)


def _learn_lower_part(call: Call, result: object) -> None:
    x, low, high = (call.argument(place, *names) for place, names in enumerate((("input", "self"), ("min",), ("max",))))
    if call.name == "clamp_max":
        low, high = None, call.argument(1, "max")
    if call.name == "minimum":
        x, high = call.pair if isinstance(call.pair[0], Tensor) else call.pair[::-1]
        low = None
    if low is None and isinstance(x, Tensor) and call.known.constant(high) == 0 and not call.in_place:
        negated = call.known.about(x)
        if negated is not None and negated.kind == "scaled" and negated.factor == -1:
            call.known.add(result, "negative_part_of_negated", negated.source)
        else:
            call.known.add(result, "negative_part", x)


def _learn_heaviside(call: Call, result: object) -> None:
    if call.known.constant(call.argument(1, "values")) is not None:
        call.known.add(result, "above", call.argument(0, "input", "self"))


def _learn_relu(call: Call, result: object) -> None:
    _learn_upper_part(call, call.argument(0, "input", "self"), result)


def _learn_upper_part(call: Call, x: Argument, result: object) -> None:
    known = call.known.about(x)
    if known is not None and known.kind == "scaled" and known.factor == -1 and not call.in_place:
        call.known.add(result, "relu_of_negated", known.source)


def _learn_lower_bound(call: Call, result: object) -> None:
    """A maximum with 0, however it is written, is a ReLU."""
    x, low = call.argument(0, "input", "self"), call.argument(1, "min")
    if call.name == "maximum":
        x, low = call.pair if call.known.constant(call.pair[0]) is None else call.pair[::-1]
    if call.known.constant(low) == 0 and (call.name != "clamp" or call.argument(2, "max") is None):
        _learn_upper_part(call, x, result)


def _learn_clamp(call: Call, result: object) -> None:
    _learn_lower_part(call, result)
    _learn_lower_bound(call, result)


def _learn_negation(call: Call, result: object) -> None:
    x = call.argument(0, "input", "self")
    if isinstance(x, Tensor) and not call.in_place:
        call.known.add(result, "scaled", x, -1.0)


def _learn_power(call: Call, result: object) -> None:
    x, exponent = call.argument(0, "input", "self"), call.argument(1, "exponent")
    if exponent == 2 and isinstance(x, Tensor):
        call.known.add(result, "square", x)
    elif exponent == 0.5:
        _learn_root(call, result)


def _learn_root(call: Call, result: object) -> None:
    known = call.known.about(call.argument(0, "input", "self"))
    if known is not None and known.kind == "square":
        call.known.add(result, "absolute", known.source)


def _learn_product(call: Call, result: object) -> None:
    if call.pair[0] is call.pair[1] and isinstance(call.pair[0], Tensor) and not call.in_place:
        call.known.add(result, "square", call.pair[0])
        return
    for x, factor in (call.pair, call.pair[::-1]):
        if isinstance(x, Tensor) and isinstance(factor, (int, float)):
            call.known.add(result, "scaled", x, float(factor))


def _learn_sum(call: Call, result: object) -> None:
    plain = call.argument(2, "alpha") in (None, 1)
    for x, other in (call.pair, call.pair[::-1]):
        if plain and call.known.is_of(other, x, "absolute"):
            call.known.add(result, "twice_relu", x)


def _learn(kind: Kind) -> Callable[[Call, object], None]:
    """Return what is learned from a function of one argument."""
    return lambda call, result: call.known.add(result, kind, call.argument(0, "input", "self"))


LEARNING: Mapping[str, Callable[[Call, object], None]] = {
    **dict.fromkeys(("gt", "ge", "lt", "le"), _learn_comparison),
    **dict.fromkeys(("logical_not", "rsub"), _learn_inverse),
    "convert": _learn_conversion,
    "copy": _learn_copy,
    "heaviside": _learn_heaviside,
    "abs": _learn("absolute"),
    "sigmoid": _learn("sigmoid"),
    "mul": _learn_product,
    "add": _learn_sum,
    "neg": _learn_negation,
    "relu": _learn_relu,
    "square": _learn("square"),
    "pow": _learn_power,
    "sqrt": _learn_root,
    "clamp": _learn_clamp,
    **dict.fromkeys(("clamp_max", "minimum"), _learn_lower_part),
    **dict.fromkeys(("clamp_min", "maximum"), _learn_lower_bound),
}
