"""The names that every part of the package shares: of the schema, pictures and boxes."""

from __future__ import annotations

import re
from dataclasses import dataclass

RESULTS_SCHEMA = "mkdocs-lurk/results/1"


ImageId = int
"""A picture's index in the sorted list of the model's pictures."""


@dataclass(frozen=True, order=True, slots=True)
class Box:
    """A half-open rectangle of pixels: rows ``top <= y < bottom``, columns ``left <= x < right``."""

    top: int
    left: int
    bottom: int
    right: int

    @property
    def height(self) -> int:
        """Rows in the box, in pixels; 0 if it is empty."""
        return max(0, self.bottom - self.top)

    @property
    def width(self) -> int:
        """Columns in the box, in pixels; 0 if it is empty."""
        return max(0, self.right - self.left)

    def clip(self, height: int, width: int) -> Box:
        """Return the part of the box inside a picture of ``height`` x ``width`` pixels."""
        return Box(
            min(max(self.top, 0), height),
            min(max(self.left, 0), width),
            min(max(self.bottom, 0), height),
            min(max(self.right, 0), width),
        )

    def shift(self, rows: int, columns: int) -> Box:
        """Return the box moved down by ``rows`` and right by ``columns`` pixels."""
        return Box(self.top + rows, self.left + columns, self.bottom + rows, self.right + columns)

    def as_list(self) -> list[int]:
        """Return ``[top, left, bottom, right]``, as in ``results.json``."""
        return [self.top, self.left, self.bottom, self.right]


def slug(name: str) -> str:
    """Return a layer's name in files and addresses, from its dotted name.

    Anything outside ``A-Za-z0-9._-`` becomes ``-``. Names that this rule cannot serve have other addresses: see
    ``addresses.layer_addresses``.
    """
    return re.sub(r"[^A-Za-z0-9._-]", "-", name)
