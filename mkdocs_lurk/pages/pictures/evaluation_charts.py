"""The charts of an evaluation as the template draws them: positions in pixels, texts, and shares from 0 to 1."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from mkdocs_lurk.pages import formatting
from mkdocs_lurk.pages.data.matrix_records import MatrixData
from mkdocs_lurk.records.evaluation_record import CalibrationBin, EvaluationRecord

SHOWN_CLASSES = 40
"""Classes of a confusion matrix at most: of more, those with the most wrong predictions are drawn."""
_MATRIX_CLASSES = 200
"""As many at most in the matrix that a script draws."""
_NAME_PX, _LETTER_PX, _MOST_LETTERS = 26, 6, 22
_CHART_PX = 240


@dataclass(frozen=True)
class Cell:
    """A square of a confusion matrix; ``shade`` is its share of the row, ``href`` leads to its pictures."""

    x: int
    y: int
    shade: float
    count: int
    text: str
    href: str
    is_right: bool


@dataclass(frozen=True)
class AxisName:
    """A class beside a row, or above a column; ``at`` is the middle of it."""

    at: float
    name: str
    whole: str


@dataclass(frozen=True)
class ConfusionChart:
    """A confusion matrix: a row for each class with pictures, a column for each class that some are taken for.

    Attributes:
        side: The side of a square, in pixels.
        margin: Where the squares begin, from the left and from the top.
        width: The width of all.
        height: The height of all.
        left_out: Evaluated classes that are not drawn.
    """

    side: int
    margin: int
    width: int
    height: int
    rows: tuple[AxisName, ...]
    columns: tuple[AxisName, ...]
    cells: tuple[Cell, ...]
    left_out: int


@dataclass(frozen=True)
class Point:
    """A bin of the reliability diagram: across how sure the network is of its pictures, upwards how many are right."""

    x: float
    y: float
    text: str


@dataclass(frozen=True)
class LineChart:
    """A line over shares from 0 to 1 on both axes: its points as an SVG path's ``d``, and the numbers on the axes."""

    path: str
    top: float
    text: str


def cell_id(right: int, guess: int) -> str:
    """Return the anchor of the pictures of a pair of classes."""
    return f"pair-{right}-{guess}"


def confusion_chart(evaluation: EvaluationRecord) -> ConfusionChart:
    """Lay out the confusion matrix, with classes that are confused next to each other."""
    classes, shown = evaluation["classes"], _most_mistaken(evaluation, SHOWN_CLASSES)
    ordered = [place for place in evaluation["order"] if place in shown]
    columns = {place: at for at, place in enumerate(ordered)}
    rows = {place: at for at, place in enumerate(place for place in ordered if classes[place]["n"])}
    side = 26 if len(columns) <= 16 else 18 if len(columns) <= 28 else 13
    names = {place: _short(classes[place]["name"]) for place in ordered}
    margin = _NAME_PX + _LETTER_PX * max(map(len, names.values()))

    def axis(places: Mapping[int, int]) -> tuple[AxisName, ...]:
        middles = ((place, margin + side * (at + 0.5)) for place, at in places.items())
        return tuple(AxisName(middle, names[place], classes[place]["name"]) for place, middle in middles)

    cells = []
    for right, guess, count in evaluation["confusions"]:
        if right in rows and guess in columns:
            what = "named right" if right == guess else f"taken for {classes[guess]['name']}"
            n = classes[right]["n"]
            text = f"{classes[right]['name']}: {count:,} of {formatting.plural(n, 'picture')} {what}"
            x, y = margin + side * columns[guess], margin + side * rows[right]
            cells.append(Cell(x, y, round(count / n, 3), count, text, cell_id(right, guess), right == guess))
    width, height = (margin + side * len(places) + 4 for places in (columns, rows))
    left_out = len(classes) - len(columns)
    return ConfusionChart(side, margin, width, height, axis(rows), axis(columns), tuple(cells), left_out)


def matrix_data(evaluation: EvaluationRecord) -> MatrixData:
    """Return the confusion matrix for the script that draws it, with more classes than the chart has."""
    classes, shown = evaluation["classes"], _most_mistaken(evaluation, _MATRIX_CLASSES)
    places = sorted(shown)
    at = {place: number for number, place in enumerate(places)}
    drawn = [(at[right], at[guess], n) for right, guess, n in evaluation["confusions"] if {right, guess} <= at.keys()]
    return {
        "names": [classes[place]["name"] for place in places],
        "places": places,
        "pictures": [classes[place]["n"] for place in places],
        "order": [at[place] for place in evaluation["order"] if place in at],
        "squares": [number for square in drawn for number in square],
        "left_out": len(classes) - len(places),
    }


def reliability_points(bins: Sequence[CalibrationBin], n: int) -> tuple[Point, ...]:
    """Lay out the reliability diagram."""
    return tuple(
        Point(
            x=round(_CHART_PX * one["confidence"], 1),
            y=round(_CHART_PX * (1 - one["right"]), 1),
            text=f"{one['n']:,} of {n:,} pictures: {formatting.percent(one['confidence'])} sure, "
            f"{formatting.percent(one['right'])} right",
        )
        for one in bins
    )


def coverage_line(points: Sequence[tuple[float, float]], text: str) -> LineChart:
    """Lay out the risk by coverage; the axis of the risk ends at a round number above the highest."""
    highest = max(risk for _, risk in points)
    top = next(limit for limit in (0.05, 0.1, 0.2, 0.5, 1.0) if highest <= limit)
    steps = [f"{_CHART_PX * coverage:.1f},{_CHART_PX * (1 - risk / top):.1f}" for coverage, risk in points]
    return LineChart("M" + "L".join(steps), top, text)


def _most_mistaken(evaluation: EvaluationRecord, at_most: int) -> Collection[int]:
    """Return the places of some classes: those with the most wrong predictions of them or as them."""
    mistakes = [0] * len(evaluation["classes"])
    for right, guess, count in evaluation["confusions"]:
        if right != guess:
            mistakes[right] += count
            mistakes[guess] += count
    ranked = sorted(range(len(mistakes)), key=lambda place: (-mistakes[place], place))
    return set(ranked[:at_most])


def _short(name: str) -> str:
    return name if len(name) <= _MOST_LETTERS else name[: _MOST_LETTERS - 1].rstrip() + "…"
