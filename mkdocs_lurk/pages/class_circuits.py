"""What the page of a class shows of its circuit: the diagram, and what the circuit is worth."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from mkdocs_lurk.pages import formatting
from mkdocs_lurk.pages.model_records import is_computed
from mkdocs_lurk.pages.picture_cards import PictureCards
from mkdocs_lurk.pages.pictures.circuit_chart import CROP_PX, CircuitChart, Node, ShownNode, circuit_chart
from mkdocs_lurk.pages.published_model import PublishedModel
from mkdocs_lurk.records.circuit_record import CircuitRecord
from mkdocs_lurk.records.evaluation_record import EvaluationRecord
from mkdocs_lurk.records.model_record import LayerRecord, ModelRecord
from mkdocs_lurk.records.response_records import BoxList


@dataclass(frozen=True)
class WorthRow:
    """What runs, the mean output for the class, and of how many pictures that is the largest."""

    what: str
    output: str
    right: str


@dataclass(frozen=True)
class ShownCircuit:
    """A circuit on a class's page.

    Attributes:
        lead: How it was found, and how much of the contributions flows through it, in sentences.
        proof: On which pictures its worth was measured, as a sentence.
    """

    chart: CircuitChart
    lead: str
    proof: str
    worth: tuple[WorthRow, ...]


class ClassCircuits:
    """The circuits of a model, and the best crops of their nodes.

    Args:
        record: The model's record.
    """

    def __init__(self, record: ModelRecord) -> None:
        circuits = record.get("circuits")
        own: list[CircuitRecord] = circuits if isinstance(circuits, list) else []
        self._circuits = {circuit["name"]: circuit for circuit in own}
        self._nodes = {(layer, index) for circuit in own for level in circuit["nodes"] for layer, index, _ in level}
        self._crops: dict[Node, tuple[int, BoxList]] = {}

    def add(self, layer: LayerRecord) -> None:
        """Add what is known of the filters of a layer."""
        name = layer["layer"]["name"]
        for item in layer["filters"]:
            best = item.get("top_max", [])
            if best and (name, item["index"]) in self._nodes:
                self._crops[name, item["index"]] = best[0]["image"], best[0]["box"]

    def of_label(self, label: str, evaluation: EvaluationRecord | None) -> CircuitRecord | None:
        """Return the circuit of the output that most of a label's pictures belong to; None if there is none."""
        if evaluation is None:
            return None
        own = [(count, output) for name, output, count in evaluation["labels"] if name == label and output is not None]
        return self._circuits.get(max(own)[1]) if own else None

    def shown(self, model: PublishedModel, label: str, cards: PictureCards) -> ShownCircuit | None:
        """Return what the page of a label shows; None without a circuit."""
        evaluation = model.record["evaluation"]
        circuit = self.of_label(label, evaluation if is_computed(evaluation) else None)
        if circuit is None:
            return None
        nodes = {(layer, index) for level in circuit["nodes"] for layer, index, _ in level}
        chart = circuit_chart(circuit, {node: self._node(model, node, cards) for node in nodes}, model.titles)
        return ShownCircuit(chart, _lead(circuit), _proof(circuit), tuple(_worth(circuit)))

    def _node(self, model: PublishedModel, node: Node, cards: PictureCards) -> ShownNode:
        layer, index = node
        slugs: Mapping[str, str] = {entry["name"]: entry["slug"] for entry in model.record["layers"]}
        name = f"{model.titles[layer]}, filter {model.names.title(layer, index)}"
        region = model.photos.crop_region(*self._crops[node]) if node in self._crops else None
        analysed = index in model.analysed.get(layer, ())
        page = f"../../{slugs[layer]}/index.html" if analysed else ""
        return ShownNode(page, cards.view(region, f"{name}: its best crop", CROP_PX), name)


def _lead(circuit: CircuitRecord) -> str:
    """Say how the circuit was found."""
    shares = [formatting.percent(share) for share in circuit["flow"] if share is not None]
    n = formatting.plural(circuit["n"], "picture")
    flow = (
        f" Of what they contribute, {formatting.enumeration(shares)} flows on through the next ones." if shares else ""
    )
    return (
        "From the picture to the output, at several depths: the filters that contribute most to the output for this "
        f"class, over {n} of it. A ribbon is what one of them contributes by means of another, and not a weight.{flow} "
        "A dashed one vanishes in more than 2 of 50 resamples of the pictures."
    )


def _proof(circuit: CircuitRecord) -> str:
    """Say on which pictures the circuit was tried."""
    worth = circuit["worth"]
    others = "others than those that chose the filters" if worth["held_out"] else "those that chose the filters"
    return (
        f"What that is worth, on {formatting.plural(worth['n'], 'picture')} of the class, {others}: the network runs "
        "while other filters of these layers give the mean of all their values. A circuit alone is named right more "
        "easily than it seems: what speaks for other classes is silent."
    )


def _worth(circuit: CircuitRecord) -> list[WorthRow]:
    worth, count = circuit["worth"], sum(map(len, circuit["nodes"]))
    rows = (
        ("The whole network", worth["whole"]),
        ("The circuit alone", worth["only"]),
        ("All but the circuit", worth["without"]),
        (f"All but {count} others at random", worth["random"]),
        ("None of these layers' filters", worth["none"]),
    )
    return [
        WorthRow(what, formatting.score(value), f"{right:.3g} of {worth['n']}" if worth["n"] else "-")
        for what, (value, right) in rows
    ]
