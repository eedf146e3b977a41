"""Typed records: everything that an analysis stores and pages read.

``run/`` writes one ``ModelRecord`` per model and one ``LayerRecord`` per layer; ``pages/`` reads them back from JSON
and publishes them as ``results.json``. JSON has no tuples: a field of type ``tuple[str, float]`` is a list of two items
once it was stored. Keys are written in the order in which a record type lists them (``record_format.in_order``), so
that the same results give the same bytes whichever stage found them first.

The files beside the pages have forms of their own: ``results_records.py`` declares what ``results.json``
publishes, ``pages/data/script_records.py`` and ``assets/gallery/src/data/schema/`` what the front end reads.
"""

# No postponed annotations here: they would hide NotRequired from ``__required_keys__``.

from typing import Literal, NotRequired, Required, TypedDict

from mkdocs_lurk.config.options import Quality, Target
from mkdocs_lurk.named_warnings import WarningRecord
from mkdocs_lurk.records.circuit_record import CircuitRecord
from mkdocs_lurk.records.cost_record import CostRecord
from mkdocs_lurk.records.effect_record import EffectRecord, LayerEffect
from mkdocs_lurk.records.evaluation_record import EvaluationRecord
from mkdocs_lurk.records.graph_record import GraphRecord
from mkdocs_lurk.records.input_record import InputRecord
from mkdocs_lurk.records.live_record import LiveRecord
from mkdocs_lurk.records.provenance_record import ProvenanceRecord
from mkdocs_lurk.records.response_records import (
    BoxList,
    ClassMeans,
    ClassValue,
    FacetsRecord,
    FilterStats,
    LabelRecord,
    RangeEntry,
    TuningRecord,
)
from mkdocs_lurk.records.twin_record import TwinRecord
from mkdocs_lurk.records.verification_record import VerificationRecord

Connection = tuple[str, int, float]
"""Layer and index of a connected filter, and the connection's weight, -1..1; the layer "" is the picture itself."""


class Skipped(TypedDict):
    """Stands in place of a result that could not be computed, and says why."""

    skipped: str


class PictureReference(TypedDict):
    """A stored picture: the key of its unit, the name of its blob, and ``[width, height]`` in pixels.

    Attributes:
        cosine: Of a gradient's picture, its cosine to the computed gradient.
    """

    unit: str
    blob: str
    size: list[int]
    cosine: NotRequired[float]


class ModelInfo(TypedDict):
    """What a model is, before anything was computed."""

    name: str
    title: str
    source: str
    parameters: int
    input: InputRecord
    weights_digest: str


class ImageRecord(TypedDict):
    """One picture of the model; ``skipped`` says why it could not be read.

    Attributes:
        shown: What is published of a picture that is not shown in full; an analysis leaves it out.
    """

    id: int
    path: str
    label: str | None
    width: int
    height: int
    picture: NotRequired[PictureReference]
    skipped: NotRequired[str]
    predictions: NotRequired[list[ClassValue]]
    shown: NotRequired[Literal["thumbnails", "none"]]


FieldStatus = Literal["exact", "effective", "whole"]


class ReceptiveFieldRecord(TypedDict):
    """Height and width of a receptive field in pixels, and how it is known."""

    size: list[int]
    status: FieldStatus


class LayerInfo(TypedDict):
    """What a layer is; ``jump`` is the distance in pixels between the fields of neighbouring units, ``[y, x]``."""

    name: str
    slug: str
    kind: str
    filters: int
    output: list[int]
    parameters: int
    macs: int
    receptive_field: ReceptiveFieldRecord
    field_note: str
    jump: list[float]
    results: str


class LayerEntry(LayerInfo):
    """A layer in the model's record: ``unit`` is the key of its own record; ``chosen`` filters were analysed."""

    unit: str
    chosen: int | Literal["all"]


class RankedMean(TypedDict):
    """A picture with one of a filter's highest spatial means."""

    image: int
    score: float
    grad: PictureReference | Skipped


class RankedMaximum(TypedDict):
    """A picture with one of a filter's highest maxima.

    Attributes:
        position: ``[y, x]`` of the maximal unit in the feature map.
        box: The part of the picture that caused it.
        field_box: The unit's exact receptive field, which may leave the picture; absent for effective boxes.
        field: Whether ``box`` is the exact or the effective receptive field.
        energy: The share of the gradient's energy inside an effective box.
        grad_box: The part of the picture that ``grad`` shows, where that is not all of it.
    """

    image: int
    score: float
    position: list[int]
    box: BoxList
    field_box: NotRequired[BoxList]
    field: Literal["exact", "effective"]
    energy: NotRequired[float]
    grad_box: NotRequired[BoxList]
    grad: PictureReference | Skipped


class Robustness(TypedDict):
    """The score of a synthesis after a shift by 8 px, and after an enlargement by 10 %."""

    shift8: float
    scale10: float


WonBy = Literal["border", "flat"]


class SynthesisRecord(TypedDict):
    """The picture made by gradient ascent.

    Attributes:
        ratio: Its score, divided by the best photo's; None where that is below 1 % of the layer's highest response.
        won_by: What the synthesis wins by, if not by what the filter looks for: the padding around the picture, or a
            colour that a flat picture has as well, up to a thousandth of the layer's highest response.
    """

    picture: PictureReference
    score: float
    steps: int
    seed: int
    robust: Robustness
    ratio: float | None
    won_by: WonBy | None


class Wiring(TypedDict):
    """The filters that a filter reads most, and those that read it most; the strongest connection first."""

    inputs: list[Connection] | Skipped
    outputs: list[Connection]


class FilterFigures(TypedDict, total=False):
    """Results of a filter that are published as they are stored: in ``results.json`` and in the opened filter."""

    index: Required[int]
    stats: FilterStats
    label: LabelRecord | Skipped
    effect: EffectRecord | Skipped
    tuning: TuningRecord | Skipped


class FilterRecord(FilterFigures, total=False):
    """Everything that was found of one filter; a stage that was not asked for leaves its field out."""

    top_avg: list[RankedMean]
    top_max: list[RankedMaximum]
    range: list[RangeEntry]
    facets: FacetsRecord | Skipped
    max_activ: SynthesisRecord | Skipped
    classes: ClassMeans
    wiring: Wiring | Skipped
    kernel: PictureReference | Skipped


class LayerRecord(TypedDict):
    """What is stored of one layer."""

    schema: str
    layer: LayerInfo
    chosen: int | Literal["all"]
    effect: NotRequired[LayerEffect]
    filters: list[FilterRecord]


class SynthesisSettings(TypedDict):
    """How the syntheses were declared.

    Attributes:
        steps: The steps of each; absent where ``quality`` chose them for each layer.
        quality: How much computation a picture may take; an earlier version did not record it.
        target: What was raised; an earlier version knew only the spatial mean.
    """

    steps: NotRequired[int]
    quality: NotRequired[Quality]
    target: NotRequired[Target]


class ModelRecord(TypedDict):
    """What is stored of one model; ``uses`` lists the keys of all units that went into it.

    Those of them that hold the responses are ``responses``, in the order of the pictures; a copy for a bundle that
    holds something back has none.

    An earlier version recorded no ``provenance`` and no ``cost``.
    """

    schema: str
    model: ModelInfo
    images: list[ImageRecord]
    layers: list[LayerEntry]
    graph: GraphRecord
    verified: NotRequired[VerificationRecord]
    evaluation: EvaluationRecord | Skipped
    twin: NotRequired[TwinRecord | Skipped]
    live: NotRequired[LiveRecord | Skipped]
    cost: NotRequired[CostRecord]
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
    provenance: NotRequired[ProvenanceRecord]
    responses: NotRequired[list[str]]
    uses: list[str]
