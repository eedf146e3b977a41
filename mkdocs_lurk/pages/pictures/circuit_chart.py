"""A circuit as the template draws it, a Sankey diagram: crops of filters from left to right, and what flows between."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

from mkdocs_lurk.pages import formatting
from mkdocs_lurk.pages.pictures.svg_pictures import SvgPicture
from mkdocs_lurk.records.circuit_record import CircuitRecord

CROP_PX = 44
SURE = 0.95
"""An edge that counts in fewer of the resamples is dashed."""
_PITCH_PX, _BAR_PX, _GAP_PX, _HEAD_PX, _TALLEST_PX, _NAME_PX = 156, 7, 24, 24, 72, 14
_MOST_LETTERS = 20

Node = tuple[str, int]


@dataclass(frozen=True)
class ShownNode:
    """What is known of a filter that is a node.

    Attributes:
        page: Its layer's page; empty if it was not analysed.
        crop: Its best crop; None if there is none.
        name: What the layer and the filter are called.
    """

    page: str
    crop: SvgPicture | None
    name: str


@dataclass(frozen=True)
class NodeMark:
    """A node: the corner of its first bar, that of its crop, its second bar, and what it contributes in words."""

    shown: ShownNode
    index: int
    x: float
    y: float
    crop_x: float
    bar_x: float
    height: float
    bar_height: float
    text: str


@dataclass(frozen=True)
class FlowMark:
    """An edge: a ribbon as an SVG path's ``d``, what flows in words, and whether it is there in most resamples."""

    path: str
    text: str
    sure: bool


@dataclass(frozen=True)
class LevelName:
    """The title of a level, cut short, whole, and where it begins."""

    x: float
    name: str
    whole: str


@dataclass(frozen=True)
class CircuitChart:
    """The diagram; all is in pixels."""

    width: float
    height: float
    levels: tuple[LevelName, ...]
    nodes: tuple[NodeMark, ...]
    flows: tuple[FlowMark, ...]


def circuit_chart(circuit: CircuitRecord, shown: Mapping[Node, ShownNode], titles: Mapping[str, str]) -> CircuitChart:
    """Lay out a circuit.

    Args:
        circuit: The record.
        shown: What is known of each node.
        titles: The title of each layer.
    """
    sizes = _sizes(circuit)
    scale = _TALLEST_PX / max((size for own in sizes for size in own), default=1.0)
    marks = [_column(circuit, level, sizes[level], scale, shown) for level in range(len(circuit["nodes"]))]
    flows = [mark for level, pair in enumerate(pairwise(marks)) for mark in _ribbons(circuit, level, pair, scale)]
    heads = []
    for level, nodes in enumerate(circuit["nodes"]):
        whole = ", ".join(dict.fromkeys(titles[layer] for layer, _, _ in nodes))
        heads.append(LevelName(level * _PITCH_PX, _short(whole), whole))
    height = max((mark.y + max(CROP_PX, mark.bar_height) + _NAME_PX for own in marks for mark in own), default=_HEAD_PX)
    width = _PITCH_PX * (len(marks) - 1) + CROP_PX + 2 * _BAR_PX + 60
    return CircuitChart(width, round(height + 4, 1), tuple(heads), tuple(m for own in marks for m in own), tuple(flows))


def _short(text: str) -> str:
    """Return a text of at most so many letters as a column has room for."""
    return text if len(text) <= _MOST_LETTERS else f"{text[: _MOST_LETTERS - 1]}…"


def _sizes(circuit: CircuitRecord) -> list[list[float]]:
    """Return for each node the largest of its contribution, what flows into it, and what flows out of it."""
    sizes = [[value for _, _, value in level] for level in circuit["nodes"]]
    for level, edges in enumerate(circuit["edges"]):
        out, into = [0.0] * len(sizes[level]), [0.0] * len(sizes[level + 1])
        for start, end, value, _ in edges:
            out[start] += value
            into[end] += value
        sizes[level] = [max(pair) for pair in zip(sizes[level], out, strict=True)]
        sizes[level + 1] = [max(pair) for pair in zip(sizes[level + 1], into, strict=True)]
    return sizes


def _column(
    circuit: CircuitRecord, level: int, sizes: list[float], scale: float, shown: Mapping[Node, ShownNode]
) -> list[NodeMark]:
    marks = []
    x, y = float(level * _PITCH_PX), float(_HEAD_PX)
    for (layer, index, value), size in zip(circuit["nodes"][level], sizes, strict=True):
        own = shown[layer, index]
        height = max(1.0, size * scale)
        text = f"{own.name}: contributes {formatting.score(value)}"
        marks.append(_node(own, index, (x, round(y, 1)), round(height, 1), text))
        y += max(CROP_PX + _NAME_PX, height) + _GAP_PX - _NAME_PX
    return marks


def _node(shown: ShownNode, index: int, corner: tuple[float, float], height: float, text: str) -> NodeMark:
    x, y = corner
    return NodeMark(shown, index, x, y, x + _BAR_PX, x + _BAR_PX + CROP_PX, max(float(CROP_PX), height), height, text)


def _ribbons(
    circuit: CircuitRecord, level: int, columns: tuple[list[NodeMark], list[NodeMark]], scale: float
) -> list[FlowMark]:
    """Return the edges between two columns, in the order of both ends so that ribbons cross little."""
    here, after = columns
    leaving, arriving = [mark.y for mark in here], [mark.y for mark in after]
    marks = []
    for start, end, value, kept in sorted(circuit["edges"][level]):
        width = value * scale
        x0, x1 = here[start].bar_x + _BAR_PX, after[end].x
        y0, y1 = leaving[start], arriving[end]
        leaving[start] += width
        arriving[end] += width
        middle = (x0 + x1) / 2
        path = (
            f"M{x0:.1f} {y0:.1f}C{middle:.1f} {y0:.1f} {middle:.1f} {y1:.1f} {x1:.1f} {y1:.1f}"
            f"L{x1:.1f} {y1 + width:.1f}C{middle:.1f} {y1 + width:.1f} {middle:.1f} {y0 + width:.1f} "
            f"{x0:.1f} {y0 + width:.1f}Z"
        )
        often = "" if kept >= SURE else f"; it vanishes in {formatting.percent(1 - kept)} of the resamples"
        text = f"{here[start].shown.name} to {after[end].shown.name}: {formatting.score(value)}{often}"
        marks.append(FlowMark(path, text, kept >= SURE))
    return marks
