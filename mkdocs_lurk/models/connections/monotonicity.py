"""Which activations fall somewhere, so that a filter's strongest response need not be the strongest value behind them.

GELU, SiLU, Mish and Hardswish dip below 0 by little before they rise, and count as rising.
"""

from __future__ import annotations

from collections.abc import Mapping

from mkdocs_lurk.models.tracing.operations import Argument, Constant

_SLOPES = {"leaky_relu": ("negative_slope", 0.01), "elu": ("alpha", 1.0), "rrelu": ("lower", 0.125)}
"""What is multiplied with values below 0, and its default."""
_NEVER_NEGATIVE = frozenset({"relu", "relu6", "softplus"})


def activation_falls(name: str, arguments: Mapping[str, Argument]) -> bool:
    """Whether the result of an activation falls somewhere as its input grows; True if that is not known.

    Args:
        name: Of the aten operation, without an underscore at its end.
        arguments: By name.
    """
    if name in ("prelu", "_prelu_kernel"):
        weight = arguments.get("weight")
        return not isinstance(weight, Constant) or bool((weight.tensor < 0).any())
    if name in _SLOPES:
        key, default = _SLOPES[name]
        return float(arguments.get(key, default)) < 0
    return name == "threshold" and float(arguments["value"]) > float(arguments["threshold"])


def activation_is_not_negative(name: str, arguments: Mapping[str, Argument]) -> bool:
    """Whether an activation has no values below 0."""
    least = arguments.get("min_val" if name == "hardtanh" else "min")
    return name in _NEVER_NEGATIVE or (isinstance(least, int | float) and least >= 0)
