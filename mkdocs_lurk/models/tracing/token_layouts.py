"""Tell which outputs of a network are maps laid out as tokens, and how.

A transformer's layers hand on ``(n, tokens, channels)``, or ``(n, h, w, channels)`` where the grid is kept. Both are
maps to a reader, with the class token (and registers) set apart.
"""

from __future__ import annotations

import math
from typing import Literal

from mkdocs_lurk.models.tracing.trace import Trace, references

Layout = Literal["nchw", "ntc", "nhwc", "nc"]
_FEWEST_TOKENS = 4
_MOST_EXTRA_TOKENS = 8
_KEEPS_LAYOUT = frozenset(["roll", "slice", "dropout", "clone", "constant_pad_nd", "alias", "_softmax"])
_PRODUCTS = frozenset(["addmm", "mm", "bmm", "linear"])


def layout_of(trace: Trace, value: int, channels_last: set[int]) -> tuple[Layout, int] | None:
    """How a value holds maps, and how many of its tokens have no place in the picture.

    Args:
        trace: One forward pass.
        value: Of the trace.
        channels_last: From ``grids_with_channels_last``.

    Returns:
        None where the value is no such thing.
    """
    shape = trace.values[value].shape
    if not shape or shape[0] != 1:
        return None
    if len(shape) == 2:
        return "nc", 0
    if len(shape) == 4 and value in channels_last:
        return "nhwc", 0
    if len(shape) == 3 and (extra := _extra_tokens(shape[1])) is not None:
        return "ntc", extra
    return None


def _extra_tokens(tokens: int) -> int | None:
    """Tokens beyond a square grid: a class token, perhaps a few more. A grid that is not square has none."""
    for extra in range(_MOST_EXTRA_TOKENS + 1):
        grid = tokens - extra
        if grid >= _FEWEST_TOKENS and math.isqrt(grid) ** 2 == grid:
            return extra
    return 0 if tokens >= _FEWEST_TOKENS else None


def as_maps(shape: tuple[int, ...], layout: Layout, class_tokens: int) -> tuple[int, int, int]:
    """The shape ``(c, h, w)`` of an output's maps, without its class tokens.

    Tokens that make no square stand in one column.
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


def grids_with_channels_last(trace: Trace) -> set[int]:
    """The values ``(n, h, w, c)``: made by a linear layer or a normalisation over the last axis, and what keeps it."""
    found: set[int] = set()
    products: dict[int, int] = {}
    for op in trace.ops:
        reads = references(op)
        for value in op.outputs:
            if value is None:
                continue
            shape = trace.values[value].shape
            reshapes = op.name in ("view", "_unsafe_view") and bool(reads) and products.get(reads[0]) == shape[-1]
            if op.name in _PRODUCTS or reshapes:
                products[value] = shape[-1]
            keeps = op.name.removesuffix("_") in _KEEPS_LAYOUT or _is_pointwise(op.target)
            made = (
                (op.name == "native_layer_norm" and len(op.args[1]) == 1)
                or value in products
                or (keeps and any(read in found and len(trace.values[read].shape) == 4 for read in reads))
            )
            if made and len(shape) == 4:
                found.add(value)
    return found


def _is_pointwise(target: object) -> bool:
    return any(str(tag).endswith("pointwise") for tag in getattr(target, "tags", ()))
