"""Find the box of a crop: the part of a picture that a unit depends on.

It is the unit's receptive field; where that covers most of the picture, the effective box, which holds most of the
gradient's energy.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mkdocs_lurk.analysis.probed_network import ProbedNetwork
from mkdocs_lurk.names import Box

ENERGY_SHARE = 0.9
"""The share of the gradient's energy that an effective box holds."""
_LARGEST_EXACT_SHARE = 0.8
"""The largest share of the picture that a receptive field may cover before crops use effective boxes instead."""


@dataclass(frozen=True, slots=True)
class InputWindow:
    """A part of the network's input that suffices to compute one unit.

    Attributes:
        box: The part, in px of the network's input.
        position: The unit's ``(y, x)`` in the feature map of that part.
    """

    box: Box
    position: tuple[int, int]


def needs_effective_box(network: ProbedNetwork, layer: str) -> bool:
    """Whether a layer's crops need effective boxes.

    They do if its receptive field is not known exactly, or if the field covers most of the picture.
    """
    field = network.fields[layer]
    if field.status != "exact":
        return True
    height, width = network.picture_size
    return min(field.size[0], height) * min(field.size[1], width) > _LARGEST_EXACT_SHARE * height * width


def input_window(field: Box, position: tuple[int, int], jump: tuple[int, int], size: tuple[int, int]) -> InputWindow:
    """Find the part of a picture from which alone a unit with an exact receptive field can be computed.

    The part starts at a multiple of the layer's jump, so that every stride falls on the same pixels as in the whole
    picture. It ends at the picture's edge where the field does, so that padding stays where it was.

    Args:
        field: The unit's receptive field in px, not clipped to the picture.
        position: The unit's ``(y, x)`` in the layer's map.
        jump: Pixels of the input between neighbouring units, ``(y, x)``.
        size: The picture's ``(h, w)`` in px.
    """
    (top, bottom), row = _along_axis(field.top, field.bottom, position[0], jump[0], size[0])
    (left, right), column = _along_axis(field.left, field.right, position[1], jump[1], size[1])
    return InputWindow(Box(top, left, bottom, right), (row, column))


def _along_axis(start: int, end: int, position: int, jump: int, size: int) -> tuple[tuple[int, int], int]:
    """Return a window's start and end along one axis, and the unit's place in it.

    All windows of a layer have the same length, where the picture allows it.
    """
    length = -(-(end - start + jump - 1) // jump) * jump
    aligned = max(0, start) // jump * jump
    latest = -(-(size - length) // jump) * jump if size > length else 0
    first = min(max(0, min(aligned, latest)), aligned)
    last = max(min(first + length, size), min(end, size))
    return (first, last), position - first // jump


def effective_box(energy: NDArray[np.float32], share: float = ENERGY_SHARE) -> tuple[Box, float]:
    """Find a small box that holds most of a gradient's energy.

    Starting from the whole picture, the outer row or column with the least energy per pixel is removed, again and
    again, for as long as ``share`` of the energy stays inside. The box is an effective receptive field in the sense of
    Luo et al. 2016, arXiv:1701.04128: the pixels that did influence the unit, not all that could have.

    Args:
        energy: The squared gradient summed over colours, ``(h, w)``, at least 0.
        share: What must stay inside, above 0 and at most 1.

    Returns:
        The box in px, and the share of the energy that it holds; the whole picture and 1 if there is no
        energy, or if it is not finite.
    """
    height, width = energy.shape
    total = float(energy.sum(dtype=np.float64))
    if not (total > 0 and np.isfinite(total)):
        return Box(0, 0, height, width), 1.0
    sums = np.pad(energy.astype(np.float64).cumsum(0).cumsum(1), ((1, 0), (1, 0)))

    def energy_in(box: Box) -> float:
        return float(
            sums[box.bottom, box.right]
            - sums[box.top, box.right]
            - sums[box.bottom, box.left]
            + sums[box.top, box.left]
        )

    box, kept = Box(0, 0, height, width), total
    while True:
        smaller = [b for b in _trimmed(box) if b.height > 0 and b.width > 0 and energy_in(b) >= share * total]
        if not smaller:
            return box, kept / total
        box = min(smaller, key=lambda b: (kept - energy_in(b)) / (box.height * box.width - b.height * b.width))
        kept = energy_in(box)


def _trimmed(box: Box) -> tuple[Box, Box, Box, Box]:
    """Return the four boxes that lack one outer row or column."""
    return (
        Box(box.top + 1, box.left, box.bottom, box.right),
        Box(box.top, box.left, box.bottom - 1, box.right),
        Box(box.top, box.left + 1, box.bottom, box.right),
        Box(box.top, box.left, box.bottom, box.right - 1),
    )
