"""The rows of the table: what was measured, beside what was aimed at."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

HEAD = ("stage", "work", "target", "measured", "")
_WIDEST = (12, 44, 30, 52, 11)


@dataclass
class Row:
    """One row.

    Attributes:
        stage: What part of the job it is about.
        work: What was done.
        target: What was aimed at, in words.
        measured: What was found, in words.
        met: Whether the target is met; none where the row could not be measured.
        figures: The numbers behind it, for ``benchmarks.json``.
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
    """The rows as lines of text, long cells folded."""
    cells = [*([HEAD] if head else []), *((row.stage, row.work, row.target, row.measured, row.verdict) for row in rows)]
    folded = [[_fold(text, width) for text, width in zip(line, _WIDEST, strict=True)] for line in cells]
    lines = []
    for line in folded:
        for number in range(max(map(len, line))):
            parts = (part[number] if number < len(part) else "" for part in line)
            lines.append("  ".join(part.ljust(width) for part, width in zip(parts, _WIDEST, strict=True)).rstrip())
    return "\n".join(lines)


def _fold(text: str, width: int) -> list[str]:
    lines = [""]
    for word in text.split():
        if lines[-1] and len(lines[-1]) + 1 + len(word) > width:
            lines.append("")
        lines[-1] += (" " if lines[-1] else "") + word
    return lines
