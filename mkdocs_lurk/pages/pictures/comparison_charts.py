"""The map of a comparison as the template draws it: a square for every pair of layers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from mkdocs_lurk.records.comparison_record import ComparedLayer

SHOWN_LAYERS = 40
"""Layers of each model that are drawn at most; of more, evenly spaced ones."""
_SIDE = 14


@dataclass(frozen=True)
class CkaCell:
    """A square: where it is, how dark it is (0 to 1), and what it says."""

    x: int
    y: int
    shade: float
    text: str


@dataclass(frozen=True)
class CkaChart:
    """CKA of layers: rows from the first model's input down, columns from the second's to the right.

    Attributes:
        width: Of the squares, in px.
        height: Of the squares, in px.
        side: Of a square, in px.
        cells: The squares.
        left_out: How many layers of each model are not drawn.
        says: The two layers that are most alike, and the two of one name that are least, in sentences.
    """

    width: int
    height: int
    side: int
    cells: tuple[CkaCell, ...]
    left_out: tuple[int, int]
    says: str


def cka_chart(layers: Sequence[Sequence[ComparedLayer]], values: Sequence[Sequence[float | None]]) -> CkaChart:
    """Lay out the map."""
    rows, columns = (_spaced(len(one)) for one in layers)
    cells = []
    for y, row in enumerate(rows):
        for x, column in enumerate(columns):
            value = values[row][column]
            names = f"{layers[0][row]['name']} and {layers[1][column]['name']}"
            text = f"{names}: {'constant' if value is None else format(value, '.2f')}"
            cells.append(CkaCell(x * _SIDE, y * _SIDE, 0.0 if value is None else round(max(0.0, value), 3), text))
    return CkaChart(
        width=_SIDE * len(columns),
        height=_SIDE * len(rows),
        side=_SIDE,
        cells=tuple(cells),
        left_out=(len(layers[0]) - len(rows), len(layers[1]) - len(columns)),
        says=_describe(layers, values),
    )


def _spaced(n: int) -> list[int]:
    shown = min(n, SHOWN_LAYERS)
    return [round(place * (n - 1) / max(1, shown - 1)) for place in range(shown)]


def _describe(layers: Sequence[Sequence[ComparedLayer]], values: Sequence[Sequence[float | None]]) -> str:
    """Name the two layers that are most alike, and the two of one name that are least."""
    known = [(value, r, c) for r, row in enumerate(values) for c, value in enumerate(row) if value is not None]
    if not known:
        return "No layer responds differently to different pictures."
    value, row, column = max(known, key=lambda one: (one[0], -one[1], -one[2]))
    first, second = layers[0][row]["name"], layers[1][column]["name"]
    pair = f"the two {first}" if first == second else f"{first} and {second}"
    text = f"Most alike are {pair} ({value:.2f})."
    same = [one for one in known if layers[0][one[1]]["name"] == layers[1][one[2]]["name"]]
    if same:
        value, row, _ = min(same)
        text += f" Of layers of the same name, the two {layers[0][row]['name']} are least alike ({value:.2f})."
    return text
