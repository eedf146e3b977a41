"""Find the part of a picture that a unit looked at."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mkdocs_lurk.names import Box

ENERGY_SHARE = 0.9
"""The part of the gradient's energy that an effective box holds."""


@dataclass(frozen=True, slots=True)
class Window:
    """A part of the picture that is enough to compute one unit.

    Attributes:
        box: The part, in pixels of the network's input.
        position: The unit's place in the feature map of that part.
    """

    box: Box
    position: tuple[int, int]


def window(field: Box, position: tuple[int, int], jump: tuple[int, int], size: tuple[int, int]) -> Window:
    """Cut a picture so that a unit whose field is known exactly can be computed from the part alone.

    The part starts at a multiple of the layer's jump, so that every stride falls on the same pixels as in the whole
    picture, and ends at the picture's edge wherever the field does, so that padding is where it was.

    Args:
        field: The unit's field in px, not clipped.
        position: The unit's ``(y, x)`` in the layer's map.
        jump: Pixels of the input between neighbouring units, ``(y, x)``.
        size: The picture's ``(h, w)`` in px.
    """
    (top, bottom), row = _span(field.top, field.bottom, position[0], jump[0], size[0])
    (left, right), column = _span(field.left, field.right, position[1], jump[1], size[1])
    return Window(Box(top, left, bottom, right), (row, column))


def _span(low: int, high: int, position: int, jump: int, size: int) -> tuple[tuple[int, int], int]:
    """One axis of a window; all windows of a layer have the same length where the picture allows it."""
    length = -(-(high - low + jump - 1) // jump) * jump
    start = max(0, low) // jump * jump
    start = max(0, min(start, -(-(size - length) // jump) * jump)) if size > length else 0
    start = min(start, max(0, low) // jump * jump)
    end = max(min(start + length, size), min(high, size))
    return (start, end), position - start // jump


def effective_box(energy: NDArray[np.float32], share: float = ENERGY_SHARE) -> tuple[Box, float]:
    """Find a small box that holds most of a gradient's energy.

    From the whole picture, the outer row or column that holds the least energy a pixel is taken away, again and again,
    as long as ``share`` of the energy stays inside. It is the effective receptive field as in Luo et al. 2016,
    arXiv:1701.04128: the pixels that in fact moved the unit, not all that could have.

    Args:
        energy: The squared gradient summed over colours, ``(h, w)``, at least 0.
        share: What must stay inside, above 0 and at most 1.

    Returns:
        The box in px, and the share of the energy that it holds; the whole picture where there is no energy.
    """
    height, width = energy.shape
    total = float(energy.sum(dtype=np.float64))
    if not total > 0:
        return Box(0, 0, height, width), 1.0
    sums = np.pad(energy.astype(np.float64).cumsum(0).cumsum(1), ((1, 0), (1, 0)))

    def inside(box: Box) -> float:
        return float(
            sums[box.bottom, box.right]
            - sums[box.top, box.right]
            - sums[box.bottom, box.left]
            + sums[box.top, box.left]
        )

    box, kept = Box(0, 0, height, width), total
    while True:
        smaller = [b for b in _trimmed(box) if b.height > 0 and b.width > 0 and inside(b) >= share * total]
        if not smaller:
            return box, kept / total
        box = min(smaller, key=lambda b: (kept - inside(b)) / (box.height * box.width - b.height * b.width))
        kept = inside(box)


def _trimmed(box: Box) -> tuple[Box, Box, Box, Box]:
    return (
        Box(box.top + 1, box.left, box.bottom, box.right),
        Box(box.top, box.left, box.bottom - 1, box.right),
        Box(box.top, box.left + 1, box.bottom, box.right),
        Box(box.top, box.left, box.bottom, box.right - 1),
    )
