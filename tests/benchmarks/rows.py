"""The rows of the table: measurements beside their targets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

HEAD = ("stage", "work", "target", "measured", "")
_WIDTHS = (12, 44, 30, 52, 11)


@dataclass
class Row:
    """One row of the table.

    Attributes:
        stage: The part of an analysis or a build that is measured.
        work: The work that was done.
        target: The target, in words.
        measured: The measurement, in words.
        met: Whether the target is met; None if the row could not be measured.
        figures: The numbers behind the measurement, for ``benchmarks.json``.
    """

    stage: str
    work: str
    target: str
    measured: str
    met: bool | None
    figures: dict[str, Any] = field(default_factory=dict)

    @property
    def verdict(self) -> str:
        """Whether the target is met, in words."""
        return "not measured" if self.met is None else "met" if self.met else "falls short"


def table(rows: Sequence[Row], head: bool = True) -> str:
    """Return the rows as lines of text, with long cells wrapped."""
    cells = [*([HEAD] if head else []), *((row.stage, row.work, row.target, row.measured, row.verdict) for row in rows)]
    wrapped = [[_wrap(text, width) for text, width in zip(line, _WIDTHS, strict=True)] for line in cells]
    lines = []
    for line in wrapped:
        for number in range(max(map(len, line))):
            parts = (part[number] if number < len(part) else "" for part in line)
            lines.append("  ".join(part.ljust(width) for part, width in zip(parts, _WIDTHS, strict=True)).rstrip())
    return "\n".join(lines)


def _wrap(text: str, width: int) -> list[str]:
    """Wrap at spaces; words longer than ``width`` stay whole."""
    lines = [""]
    for word in text.split():
        if lines[-1] and len(lines[-1]) + 1 + len(word) > width:
            lines.append("")
        lines[-1] += (" " if lines[-1] else "") + word
    return lines
