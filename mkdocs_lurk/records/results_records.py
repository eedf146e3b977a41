"""Types of ``results.json``, the public contract.

They are those of ``model_record.py`` with published pictures in place of stored ones, and without what only the store
needs.
"""

from typing import Literal, NotRequired, TypedDict

from mkdocs_lurk.named_warnings import WarningRecord
from mkdocs_lurk.records.circuit_record import CircuitRecord
from mkdocs_lurk.records.cost_record import CostRecord
from mkdocs_lurk.records.effect_record import LayerEffect
from mkdocs_lurk.records.evaluation_record import EvaluationRecord
from mkdocs_lurk.records.graph_record import GraphRecord
from mkdocs_lurk.records.live_record import LiveFacts
from mkdocs_lurk.records.model_record import (
    FilterFigures,
    LayerInfo,
    ModelInfo,
    Robustness,
    Skipped,
    SynthesisSettings,
    Wiring,
    WonBy,
)
from mkdocs_lurk.records.provenance_record import ProvenanceRecord
from mkdocs_lurk.records.response_records import BoxList, ClassMeans, ClassValue, FacetsRecord, RangeEntry
from mkdocs_lurk.records.twin_record import TwinRecord
from mkdocs_lurk.records.verification_record import VerificationRecord


class Picture(TypedDict):
    """A published picture.

    Attributes:
        src: Its file, relative to the ``results.json`` that names it.
        rect: Its rectangle ``[x, y, width, height]`` in that file, in pixels.
    """

    src: str
    rect: list[int]


class ImageResult(TypedDict):
    """One picture of the model.

    Attributes:
        id: Its place in the sorted list of the model's pictures; filters name it by this number.
        path: Its path, relative to the folder of the pictures.
        label: Its class, if the pictures have any.
        width: Of the picture as the network gets it, in pixels.
        height: Of the picture as the network gets it, in pixels.
        picture: The picture as the network gets it, before values are normalised; None if it could not be read
            or is not shown.
        skipped: Why it could not be read.
        predictions: The classes that the network names for it, each with its probability; the highest first.
        shown: What is published of a picture that is not shown in full.
    """

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
    """What a layer is, what people call it, and where its own ``results.json`` lies.

    Attributes:
        name: The module's dotted name.
        slug: The layer's folder in the model's own.
        kind: ``Conv2d``, ``ConvTranspose2d``, ``Linear``, or ``tokens`` for a module's output of tokens.
        filters: How many filters it has.
        output: Its output's ``[channels, height, width]``.
        parameters: How many parameters it has.
        macs: Multiply-accumulate operations for one picture.
        receptive_field: The receptive field of a unit, in pixels of the network's input, and how it is known.
        field_note: What was left out where that is not exact; else empty.
        jump: The distance between the receptive fields of neighbouring units, ``[y, x]``, in pixels.
        results: Its ``results.json``, relative to the model's folder.
        chosen: How many filters were analysed, or ``"all"``.
        title: Its title in words.
    """

    chosen: int | Literal["all"]
    title: str


class MeanResult(TypedDict):
    """A picture with one of a filter's highest spatial means.

    Attributes:
        image: The picture's ``id``.
        score: The spatial mean of the filter's response, before any activation.
        grad: The gradient of that mean with respect to the picture; zero is mid-grey.
    """

    image: int
    score: float
    grad: Picture | Skipped


class MaximumResult(TypedDict):
    """A picture with one of a filter's highest maxima, and the parts of photo and gradient inside its box.

    Attributes:
        image: The picture's ``id``.
        score: The maximum of the filter's response, before any activation.
        position: ``[y, x]`` of the maximal unit in the feature map.
        box: The part of the picture that caused it: ``[top, left, bottom, right]``, half-open, in pixels of the
            network's input.
        field_box: The unit's exact receptive field, which may leave the picture; absent for effective boxes.
        field: Whether ``box`` is the exact or the effective receptive field.
        energy: The share of the gradient's energy inside an effective box, 0..1.
        grad_box: The part of the picture that ``grad`` shows, where that is not all of it.
        grad: The gradient of the maximal unit with respect to the picture; zero is mid-grey.
        crop: The photo inside ``box``.
        crop_grad: The gradient inside ``box``.
    """

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
    """The picture made by gradient ascent.

    Attributes:
        picture: The picture.
        score: The spatial mean of the filter's response to it, computed again from the stored file.
        steps: How many steps of gradient ascent made it.
        seed: The seed of its random numbers.
        robust: Its score after a shift by 8 px, and after an enlargement by 10 %.
        ratio: ``score``, divided by the best photo's mean; None where that is below 1 % of the layer's highest
            response.
        won_by: What it wins by, if not by what the filter looks for: the padding, or a flat colour.
    """

    picture: Picture
    score: float
    steps: int
    seed: int
    robust: Robustness
    ratio: float | None
    won_by: WonBy | None


class FilterResult(FilterFigures, total=False):
    """Everything that was found of one filter; what was not asked for is absent.

    Attributes:
        index: The filter's channel in the layer's output.
        stats: Its responses over all pictures: dead or not, histogram, selectivity, similar filters.
        label: The classes that it answers to, with a proof on pictures that did not choose them.
        effect: The outputs that it raises and lowers.
        tuning: How much of its response stays without colour, detail, orientation and so on.
        name: What the author calls it.
        output_class: The class of the network's output that the filter becomes.
        top_avg: The pictures with its highest spatial means, the highest first.
        top_max: The pictures with its highest maxima, the highest first.
        range: Pictures at quantiles of its maxima, from the strongest to the weakest.
        facets: Into which kinds its strongest crops fall, and what each of them is.
        max_activ: The picture made by gradient ascent.
        classes: Its mean response to each class, the first ``classes_listed`` of the layer's results.
        wiring: The filters that it reads most, and those that read it most.
        kernel: Its weights, where they can be seen as a picture: in the first layer.
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
    kernel: Picture | Skipped


class LayerResults(TypedDict):
    """A layer's ``results.json``.

    Attributes:
        schema: The version of the format, ``mkdocs-lurk/results/1``.
        layer: What the layer is.
        chosen: How many filters were analysed, or ``"all"``.
        classes_listed: How many classes ``classes`` of a filter lists at most.
        effect: What is known of the effects of the whole layer.
        filters: The analysed filters, by their index.
        sheets: ``[width, height]`` in pixels of every file of pictures that is named here.
    """

    schema: str
    layer: LayerSummary
    chosen: int | Literal["all"]
    classes_listed: int
    effect: NotRequired[LayerEffect]
    filters: list[FilterResult]
    sheets: dict[str, list[int]]


class ModelResults(TypedDict):
    """A model's ``results.json``.

    Attributes:
        schema: The version of the format, ``mkdocs-lurk/results/1``.
        model: Name, title, source, number of parameters, input and digest of the weights.
        images: All pictures, by their ``id``.
        layers: The layers, in the order in which the network runs them.
        sheets: ``[width, height]`` in pixels of every file of pictures that is named here.
        pictures_exact: Whether photos are published without loss.
        graph: The network as the map draws it.
        verified: How far the scores agree with their second computation.
        evaluation: How well the network names the classes of the pictures.
        twin: The same figures of a network with shuffled weights.
        live: What the network that runs in the browser is, and how far it agrees.
        cost: What one forward pass costs: parameters, multiply-accumulates, memory and time.
        circuits: Through which filters outputs are made.
        classes: The classes of the pictures.
        top_k: How many pictures a filter's lists have at most.
        gradient: The rule of the gradients: guided, deconv or saliency.
        synthesis: How syntheses were declared; None where there are none.
        seed: The seed of the analysis.
        notes: What a reader should know of the results, in sentences.
        warnings: What was warned about, each with its name.
        skipped_layers: Why layers were left out, by their names.
        skipped_images: Pictures that could not be read, each with the reason.
        provenance: What the results were made from, and with which versions.
    """

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
    live: NotRequired[LiveFacts | Skipped]
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
    provenance: ProvenanceRecord | Skipped
