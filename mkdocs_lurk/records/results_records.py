"""Types of ``results.json``, the public contract.

They are those of ``records.py`` with published pictures in place of stored ones, and without what only the store needs.
"""

from typing import Literal, NotRequired, TypedDict

from mkdocs_lurk.named_warnings import WarningRecord
from mkdocs_lurk.records.circuit_record import CircuitRecord
from mkdocs_lurk.records.effect_record import LayerEffect
from mkdocs_lurk.records.evaluation_record import EvaluationRecord
from mkdocs_lurk.records.graph_record import GraphRecord
from mkdocs_lurk.records.model_record import (
    FilterFigures,
    LayerInfo,
    ModelInfo,
    Robustness,
    Skipped,
    SynthesisSettings,
    VerificationRecord,
    Wiring,
    WonBy,
)
from mkdocs_lurk.records.provenance_record import ProvenanceRecord
from mkdocs_lurk.records.response_records import BoxList, ClassMeans, ClassValue, FacetsRecord, RangeEntry
from mkdocs_lurk.records.twin_record import TwinRecord


class Picture(TypedDict):
    """A published picture: its file relative to this one, and its rectangle ``[x, y, width, height]`` in that file."""

    src: str
    rect: list[int]


class ImageResult(TypedDict):
    """One picture of the model; ``picture`` is None if it could not be read, as ``skipped`` says, or is not shown."""

    id: int
    path: str
    label: str | None
    width: int
    height: int
    picture: Picture | None
    skipped: NotRequired[str]
    predictions: NotRequired[list[ClassValue]]
    shown: NotRequired[Literal["thumbnails", "none"]]


class LayerSummary(LayerInfo):
    """What a layer is, what people call it, and where its own ``results.json`` lies, relative to the model's folder."""

    chosen: int | Literal["all"]
    title: str


class MeanResult(TypedDict):
    """A picture with one of a filter's highest spatial means."""

    image: int
    score: float
    grad: Picture | Skipped


class MaximumResult(TypedDict):
    """A picture with one of a filter's highest maxima, and the parts of photo and gradient inside its box."""

    image: int
    score: float
    position: list[int]
    box: BoxList
    field_box: NotRequired[BoxList]
    field: Literal["exact", "effective"]
    energy: NotRequired[float]
    grad_box: NotRequired[BoxList]
    grad: Picture | Skipped
    crop: NotRequired[Picture]
    crop_grad: NotRequired[Picture]


class SynthesisResult(TypedDict):
    """The picture made by gradient ascent."""

    picture: Picture
    score: float
    steps: int
    seed: int
    robust: Robustness
    ratio: float | None
    won_by: WonBy | None


class FilterResult(FilterFigures, total=False):
    """Everything that was found of one filter; ``classes`` holds the first ``classes_listed`` of each kind.

    Attributes:
        name: What the author calls it.
        output_class: The class of the network's output that the filter becomes.
    """

    name: str
    output_class: str
    top_avg: list[MeanResult]
    top_max: list[MaximumResult]
    range: list[RangeEntry]
    facets: FacetsRecord | Skipped
    max_activ: SynthesisResult | Skipped
    classes: ClassMeans
    wiring: Wiring | Skipped
    kernel: Picture


class LayerResults(TypedDict):
    """A layer's ``results.json``; ``sheets`` gives the width and height of every file of pictures."""

    schema: str
    layer: LayerSummary
    chosen: int | Literal["all"]
    classes_listed: int
    effect: NotRequired[LayerEffect]
    filters: list[FilterResult]
    sheets: dict[str, list[int]]


class ModelResults(TypedDict):
    """A model's ``results.json``; ``pictures_exact`` tells whether photos are published without loss."""

    schema: str
    model: ModelInfo
    images: list[ImageResult]
    layers: list[LayerSummary]
    sheets: dict[str, list[int]]
    pictures_exact: bool
    graph: GraphRecord
    verified: NotRequired[VerificationRecord]
    evaluation: EvaluationRecord | Skipped
    twin: NotRequired[TwinRecord | Skipped]
    circuits: NotRequired[list[CircuitRecord] | Skipped]
    classes: list[str]
    top_k: int
    gradient: str
    synthesis: SynthesisSettings | None
    seed: int
    notes: list[str]
    warnings: list[WarningRecord]
    skipped_layers: dict[str, str]
    skipped_images: list[tuple[str, str]]
    provenance: ProvenanceRecord | Skipped
