"""Tell which outputs of a network are feature maps laid out as tokens, and how.

A transformer's layers return ``(n, tokens, channels)``, or ``(n, h, w, channels)`` where the grid is kept. Both are
feature maps to a reader, with the class token (and registers) set apart.
"""

from __future__ import annotations

import math
from typing import Literal

from mkdocs_lurk.models.tracing.operations import references
from mkdocs_lurk.models.tracing.trace import Trace

Layout = Literal["nchw", "ntc", "nhwc", "nc"]
_FEWEST_TOKENS = 4
_MOST_EXTRA_TOKENS = 8
_KEEPS_LAYOUT = frozenset(["roll", "slice", "dropout", "clone", "constant_pad_nd", "alias", "_softmax"])
_PRODUCTS = frozenset(["addmm", "mm", "bmm", "linear"])


def layout_of(trace: Trace, value: int, channels_last: set[int]) -> tuple[Layout, int] | None:
    """Return how a value holds feature maps, and how many of its tokens have no place in the picture.

    Args:
        trace: One forward pass.
        value: Id of a value of the trace.
        channels_last: From ``find_channels_last``.

    Returns:
        Layout and number of extra tokens; None if the value does not hold feature maps in a known layout.
    """
    shape = trace.values[value].shape
    if not shape or shape[0] != 1:
        return None
    if len(shape) == 2:
        return "nc", 0
    if len(shape) == 4 and value in channels_last:
        return "nhwc", 0
    if len(shape) == 3 and (extra := _count_extra_tokens(shape[1])) is not None:
        return "ntc", extra
    return None


def _count_extra_tokens(tokens: int) -> int | None:
    """Count the tokens beyond a square grid: a class token, perhaps a few registers.

    Returns:
        0 if the tokens make no square grid; None if they are too few to make a grid at all.
    """
    for extra in range(_MOST_EXTRA_TOKENS + 1):
        grid = tokens - extra
        if grid >= _FEWEST_TOKENS and math.isqrt(grid) ** 2 == grid:
            return extra
    return 0 if tokens >= _FEWEST_TOKENS else None


def shape_of_maps(shape: tuple[int, ...], layout: Layout, class_tokens: int) -> tuple[int, int, int]:
    """Return the shape ``(c, h, w)`` of an output's feature maps, without its class tokens.

    Tokens that make no square grid stand in one column.
    """
    if layout == "nchw":
        return shape[1], shape[2], shape[3]
    if layout == "nhwc":
        return shape[3], shape[1], shape[2]
    if layout == "ntc":
        grid = shape[1] - class_tokens
        side = math.isqrt(grid)
        return (shape[2], side, side) if side * side == grid else (shape[2], grid, 1)
    return shape[1], 1, 1


def find_channels_last(trace: Trace) -> set[int]:
    """Return the ids of the values that are feature maps ``(n, h, w, c)``.

    They come from a linear layer or a normalisation over the last axis, or from an operation that keeps the layout of
    such a value.
    """
    channels_last: set[int] = set()
    channels_of_products: dict[int, int] = {}
    for op in trace.ops:
        inputs = references(op)
        for value in op.outputs:
            shape = trace.values[value].shape
            reshapes = op.name in ("view", "_unsafe_view") and bool(inputs)
            if op.name in _PRODUCTS or (reshapes and channels_of_products.get(inputs[0]) == shape[-1]):
                channels_of_products[value] = shape[-1]
            keeps_layout = op.name.removesuffix("_") in _KEEPS_LAYOUT or op.is_pointwise
            is_channels_last = (
                (op.name == "native_layer_norm" and len(op.args[1]) == 1)
                or value in channels_of_products
                or (keeps_layout and any(i in channels_last for i in inputs))
            )
            if is_channels_last and len(shape) == 4:
                channels_last.add(value)
    return channels_last
