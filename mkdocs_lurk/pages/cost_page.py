"""What the template of the page about a model's cost receives."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from mkdocs_lurk.pages import formatting
from mkdocs_lurk.pages.declared_model import DeclaredModel
from mkdocs_lurk.pages.definitions import meaning
from mkdocs_lurk.pages.layer_titles import layer_titles
from mkdocs_lurk.pages.model_page import Fact
from mkdocs_lurk.records.cost_record import CostRecord, LatencyRecord, LayerCost
from mkdocs_lurk.records.model_record import ModelRecord

_STEP, _BAR, _HEIGHT = 10, 8, 100
"""Of a chart, in its own units: from one bar to the next, the width of a bar, and the height of the highest."""
_DEVICES = {"cpu": "processor", "cuda": "GPU", "mps": "GPU"}


@dataclass(frozen=True)
class Bar:
    """A layer's bar in a chart along the depth."""

    x: int
    y: float
    height: float
    text: str


@dataclass(frozen=True)
class DepthChart:
    """One figure of all layers, from the input to the output; ``says`` names the layer with the most of it."""

    title: str
    says: str
    width: int
    bars: tuple[Bar, ...]


@dataclass(frozen=True)
class CostRow:
    """A line of the table; ``title`` and ``slug``, the layer's folder, are empty if the layer was not analysed."""

    name: str
    title: str
    slug: str
    kind: str
    output: str
    parameters: str
    macs: str
    share: str
    activations: str


@dataclass(frozen=True)
class CostPage:
    """What ``lurk/cost.md.j2`` receives as ``page``."""

    about: DeclaredModel
    lead: str
    facts: tuple[Fact, ...]
    charts: tuple[DepthChart, ...]
    rows: tuple[CostRow, ...]
    latency: str


def cost_page(declared: DeclaredModel, record: ModelRecord, cost: CostRecord) -> CostPage:
    """Gather everything that the page says."""
    slugs = {entry["name"]: entry["slug"] for entry in record["layers"]}
    titles = layer_titles(record["layers"], record["graph"])
    figures: tuple[tuple[str, Callable[[LayerCost], int], Callable[[int], str]], ...] = (
        ("Multiply-adds", lambda layer: layer["macs"], formatting.count),
        ("Memory of the outputs", lambda layer: layer["activation_bytes"], formatting.bytes_size),
        ("Parameters", lambda layer: layer["parameters"], formatting.count),
    )
    charts = (_depth_chart(title, cost["layers"], titles, value, text) for title, value, text in figures)
    return CostPage(
        about=declared,
        lead=f"Of one forward pass of one picture of {formatting.shape(record['model']['input']['size'])}.",
        facts=tuple(_facts(cost)),
        charts=tuple(chart for chart in charts if chart is not None),
        rows=tuple(_rows(cost, slugs, titles)),
        latency=_latency(cost["latency"]) if "latency" in cost else "",
    )


def _facts(cost: CostRecord) -> list[Fact]:
    """Return the figures of the whole network."""
    facts = [
        Fact("Multiply-adds", formatting.count(cost["macs"]), meaning("macs")),
        Fact("Parameters", formatting.count(cost["parameters"]), meaning("parameters")),
        Fact("Parameters in memory", formatting.bytes_size(cost["parameter_bytes"]), "With running statistics."),
    ]
    if cost["file_bytes"] is not None:
        facts.append(Fact("File of weights", formatting.bytes_size(cost["file_bytes"]), ""))
    facts += [
        Fact(
            "Memory of all outputs",
            formatting.bytes_size(cost["activation_bytes"]),
            "The outputs of all convolutions and linear layers, in float32: a backward pass keeps at least as much.",
        ),
        Fact(
            "Most memory at once",
            formatting.bytes_size(cost["peak_bytes"]),
            "Values that are still needed, in float32, at the moment of the forward pass at which they are the most.",
        ),
    ]
    if "latency" in cost:
        facts.append(Fact("Time of a pass", formatting.duration(cost["latency"]["median_s"]), ""))
    return facts


def _depth_chart(
    title: str,
    layers: list[LayerCost],
    titles: Mapping[str, str],
    value: Callable[[LayerCost], int],
    text: Callable[[int], str],
) -> DepthChart | None:
    """Lay out the chart of one figure; None if no layer has any of it."""
    highest = max(map(value, layers), default=0)
    if not highest:
        return None
    total = sum(map(value, layers))
    bars = []
    for place, layer in enumerate(layers):
        height = _HEIGHT * value(layer) / highest
        named = titles.get(layer["name"], layer["name"])
        what = f"{named}: {text(value(layer))}, {formatting.percent(value(layer) / total)}"
        bars.append(Bar(place * _STEP, round(_HEIGHT - height, 2), round(height, 2), what))
    most = next(layer for layer in layers if value(layer) == highest)
    says = f"Most: {titles.get(most['name'], most['name'])}, {text(highest)} ({formatting.percent(highest / total)})"
    return DepthChart(title, says, _STEP * len(layers) - (_STEP - _BAR), tuple(bars))


def _rows(cost: CostRecord, slugs: Mapping[str, str], titles: Mapping[str, str]) -> list[CostRow]:
    """Return the lines of the table: of each layer, and of what is in none."""
    total, other = cost["macs"] or 1, cost["other"]
    rows = [
        CostRow(
            name=layer["name"],
            title=titles.get(layer["name"], ""),
            slug=slugs.get(layer["name"], ""),
            kind=formatting.layer_kind(layer["kind"]),
            output=formatting.shape(layer["output"]),
            parameters=f"{layer['parameters']:,}",
            macs=f"{layer['macs']:,}",
            share=formatting.percent(layer["macs"] / total),
            activations=formatting.bytes_size(layer["activation_bytes"]),
        )
        for layer in cost["layers"]
    ]
    if other["parameters"] or other["macs"]:
        shown = f"{other['parameters']:,}", f"{other['macs']:,}", formatting.percent(other["macs"] / total)
        rows.append(CostRow("", "", "", "everything else", "", *shown, ""))
    return rows


def _latency(latency: LatencyRecord) -> str:
    """Say how long a pass takes, and where."""
    low, high = formatting.duration(latency["low_s"]), formatting.duration(latency["high_s"])
    where = latency["processor"] or f"a {_DEVICES.get(latency['device'], 'processor')}"
    threads = f", {formatting.plural(latency['threads'], 'thread')}" if latency["device"] == "cpu" else ""
    return (
        f"A pass of one picture took {formatting.duration(latency['median_s'])} in the median of "
        f"{latency['passes']}, and from {low} to {high} in eight of ten of them: {where}{threads}. What else the "
        "machine did meanwhile counts, too."
    )
