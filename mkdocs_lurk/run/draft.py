"""The records of a model while stages write into them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from mkdocs_lurk.analysis.crops import needs_effective_box
from mkdocs_lurk.analysis.probed_network import ProbedNetwork
from mkdocs_lurk.config.options import ModelConfig
from mkdocs_lurk.images.transforms import ResizeAndCrop, Transform
from mkdocs_lurk.models.tracing.layers import Layer
from mkdocs_lurk.named_warnings import WarningRecord
from mkdocs_lurk.names import RESULTS_SCHEMA
from mkdocs_lurk.records.circuit_record import CircuitRecord
from mkdocs_lurk.records.cost_record import CostRecord
from mkdocs_lurk.records.effect_record import LayerEffect
from mkdocs_lurk.records.evaluation_record import EvaluationRecord
from mkdocs_lurk.records.input_record import InputRecord
from mkdocs_lurk.records.live_record import LiveRecord
from mkdocs_lurk.records.model_record import (
    FieldStatus,
    FilterRecord,
    ImageRecord,
    LayerInfo,
    LayerRecord,
    Skipped,
)
from mkdocs_lurk.records.record_format import in_order
from mkdocs_lurk.records.twin_record import TwinRecord
from mkdocs_lurk.records.verification_record import OnceResult, VerificationRecord
from mkdocs_lurk.run.session import Session
from mkdocs_lurk.text import as_text, published_reference

_ONCE: Mapping[str, tuple[OnceResult, ...]] = {
    "top_max": ("gradients", "crops"),
    "classes": ("classes",),
    "stats": ("statistics",),
    "wiring": ("wiring",),
    "label": ("labels",),
    "effect": ("effect",),
    "tuning": ("tuning",),
    "facets": ("facets",),
}
"""By fields of a filter's record, the results that are computed once."""


class RecordDraft:
    """The records of one model: stages fill in the fields that they found.

    Attributes:
        images: The model's pictures by id, with what is known from the declaration alone.
        verified: How far scores agree with their second computation; None without that stage.
        evaluation: How well the network names the classes of the pictures, or why that is not known.
        twin: How the filters compare with those of the network with shuffled weights; None if that was not asked for.
        live: The network as a file for browsers, or why there is none; None if that was not asked for.
        cost: What the network costs to run; None without that stage.
        circuits: Through which filters the outputs are made, by class; None if that was not asked for.
        warnings: What was found that may mislead.
        responses: The keys of the units that hold the responses.
        layer_effects: By layer, what its filters do together to the output.
        notes: What a reader should know of the results, in sentences.
    """

    def __init__(self, session: Session) -> None:
        self._session = session
        _, height, width = session.network.input_size
        self.images: list[ImageRecord] = [
            {"id": image, "path": as_text(entry.path), "label": entry.label, "width": width, "height": height}
            for image, entry in enumerate(session.images.entries)
        ]
        self.verified: VerificationRecord | None = None
        self.evaluation: EvaluationRecord | Skipped = {"skipped": "it was not asked for"}
        self.twin: TwinRecord | Skipped | None = None
        self.live: LiveRecord | Skipped | None = None
        self.cost: CostRecord | None = None
        self.circuits: list[CircuitRecord] | Skipped | None = None
        self.warnings: list[WarningRecord] = []
        self.notes: list[str] = []
        self.responses: list[str] = []
        self.layer_effects: dict[str, LayerEffect] = {}
        self._filters: Mapping[str, dict[int, FilterRecord]] = {
            layer.name: {index: {"index": index} for index in session.filters(layer)} for layer in session.layers
        }

    def filter(self, layer: str, index: int) -> FilterRecord:
        """Return the record of a filter, to be filled in."""
        return self._filters[layer][index]

    def filters(self) -> Iterator[tuple[Layer, int, FilterRecord]]:
        """Go through all chosen filters: layer, index and record."""
        for layer in self._session.layers:
            for index, record in self._filters[layer.name].items():
                yield layer, index, record

    def computed_once(self) -> list[OnceResult]:
        """Return which kinds of results there are beside scores, which are not computed a second time."""
        of_filters = {
            name
            for _, _, record in self.filters()
            for name, value in record.items()
            if value and not (isinstance(value, dict) and "skipped" in value)
        }
        there = [name for field, names in _ONCE.items() if field in of_filters for name in names]
        if "skipped" not in self.evaluation:
            there.append("evaluation")
        if self.twin is not None and "skipped" not in self.twin:
            there.append("twin")
        return there

    def layer_record(self, layer: Layer) -> LayerRecord:
        """Return the finished record of a layer.

        Raises:
            KeyError: A stage wrote a field that the record type does not list.
        """
        filters = list(self._filters[layer.name].values())
        record: LayerRecord = {
            "schema": RESULTS_SCHEMA,
            "layer": describe_layer(self._session.network, layer, self._session.search.addresses[layer.name]),
            "chosen": "all" if len(filters) == layer.filters else len(filters),
            "filters": filters,
        }
        if layer.name in self.layer_effects:
            record["effect"] = self.layer_effects[layer.name]
        return in_order(record, LayerRecord)


def describe_input(config: ModelConfig, transform: Transform) -> InputRecord:
    """Describe the network's input and how it is made of a picture."""
    is_resized = isinstance(transform, ResizeAndCrop) and transform.resize is not None
    scale = transform.scale if isinstance(transform, ResizeAndCrop) else None
    record: InputRecord = {
        "size": [transform.channels, transform.height, transform.width],
        "mean": list(transform.mean),
        "std": list(transform.std),
        "resize": None,
        "crop": None,
        "interpolation": None,
        "normalised": scale is not None and scale.normalised,
        "value_range": None if scale is None or scale.value_range is None else list(scale.value_range),
    }
    if isinstance(transform, ResizeAndCrop):
        record["resize"] = list(transform.resize) if isinstance(transform.resize, tuple) else transform.resize
        record["crop"] = None if transform.crop is None else list(transform.crop)
        record["interpolation"] = transform.interpolation.name.lower() if is_resized else None
    elif isinstance(config.transform, str):
        record["function"] = published_reference(config.transform)
    return record


def describe_layer(network: ProbedNetwork, layer: Layer, address: str) -> LayerInfo:
    """Describe a layer: its address, its shape, its cost and its receptive field."""
    field = network.fields[layer.name]
    status: FieldStatus = field.status
    note = field.note
    if status == "exact" and needs_effective_box(network, layer.name):
        status = "effective"
        note = (
            f"the exact field, {field.size[0]} x {field.size[1]} px, covers most of the picture; boxes hold most of "
            "the gradient's energy instead"
        )
    return {
        "name": layer.name,
        "slug": address,
        "kind": layer.kind,
        "filters": layer.filters,
        "output": list(layer.output),
        "parameters": layer.parameters,
        "macs": layer.macs,
        "receptive_field": {"size": list(field.size), "status": status},
        "field_note": note,
        "jump": list(field.jump),
        "results": f"{address}/results.json",
    }
