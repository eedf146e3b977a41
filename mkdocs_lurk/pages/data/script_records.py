"""Types of the data scripts that the front end reads.

Each type has a twin of the same fields in ``assets/gallery/src/data/schema/``, and a test compares the two. Where a
script holds a stored record as it is, the record's own type in ``records.py`` is the twin.
"""

from typing import Literal, NotRequired, TypedDict

from mkdocs_lurk.records.graph_record import GraphRecord
from mkdocs_lurk.records.model_record import (
    FieldStatus,
    FilterFigures,
    ReceptiveFieldRecord,
    Robustness,
    Skipped,
    WonBy,
)
from mkdocs_lurk.records.response_records import BoxList, ClassValue, FacetCrop, RangeEntry

PackedPicture = list[int]
"""``[sheet, x, y, width, height]``: a sheet's place in its script's list of sheets, and a rectangle in that sheet."""
ImageItem = (
    tuple[str, int, PackedPicture | None, list[ClassValue] | None]
    | tuple[str, int, PackedPicture | None, list[ClassValue] | None, str | None]
)
"""A photo's path, its label in ``labels`` or -1, the photo, the predictions and the right class, if known."""
StripPicture = tuple[int, PackedPicture]
"""A filter of a layer, and its thumbnail."""
ClassMean = tuple[int, float]
"""A class as a place in ``labels``, or -1 if no photo has it, and the filter's mean response to it."""
Responder = tuple[int, float] | tuple[int, float, PackedPicture]
"""A filter's position in the columns, its mean response to the class, and its best crop of it, where one is kept."""
PhotoRank = tuple[int, int, int, Literal["avg"], float] | tuple[int, int, int, Literal["max"], float, BoxList]
"""A layer's place, a filter, the photo's rank from 0, the ranking, the score, and the box that caused a maximum."""


class LayerFacts(TypedDict):
    """What a layer is; ``field_note`` is a sentence."""

    name: str
    slug: str
    kind: str
    filters: int
    output: list[int]
    parameters: int
    macs: int
    receptive_field: ReceptiveFieldRecord
    field_note: str | None
    jump: list[float]
    results: str
    chosen: int | Literal["all"]
    title: str


class NeighbourLayer(TypedDict):
    """The layer before or after."""

    name: str
    slug: str
    title: str


class FilterColumns(TypedDict):
    """One entry per filter in every column.

    Only ``order``, which holds positions, and ``responders``, which holds lists by label, are different.
    """

    index: list[int]
    name: list[str | None]
    max: list[float | None]
    avg: list[float | None]
    ratio: list[float | None]
    selectivity: list[float | None]
    label: list[str | None]
    label_r: list[float | None]
    effect: list[float | None]
    polysemanticity: list[float | None]
    best_class: list[int]
    dead: list[int]
    duplicate: list[int]
    crop: list[PackedPicture | None]
    synthesis: list[PackedPicture | None]
    average: list[PackedPicture | None]
    order: list[int]
    responders: dict[str, list[Responder]]


class LayerData(TypedDict):
    """``layer.js``: what the grid needs of every filter of a layer.

    ``addresses`` holds, by name, the folders of those layers of the model whose folder does not follow from the name by
    ``names.slug``. ``titles`` holds the titles of the layers that its filters are connected to.
    """

    model: str
    layer: LayerFacts
    previous: NeighbourLayer | None
    next: NeighbourLayer | None
    addresses: dict[str, str]
    titles: dict[str, str]
    labels: list[str]
    top_k: int
    gradient: str
    input_size: list[int]
    chunk: int
    chunks: list[str]
    filters: FilterColumns
    sheets: list[str]
    tuning: NotRequired[dict[str, list[float | None]]]
    twin: NotRequired[dict[str, list[float]]]


class MeanDetail(TypedDict):
    """A photo with one of a filter's highest spatial means.

    ``contrast`` is what the gradient's values are multiplied by, as a picture and as a mask.
    """

    image: int
    score: float
    grad: PackedPicture | Skipped
    contrast: NotRequired[list[float]]
    label: str | None
    path: str
    photo: PackedPicture | None


class MaximumDetail(TypedDict):
    """A photo with one of a filter's highest maxima."""

    image: int
    score: float
    position: list[int]
    box: BoxList
    field_box: NotRequired[BoxList]
    field: Literal["exact", "effective"]
    energy: NotRequired[float]
    grad_box: NotRequired[BoxList]
    grad: PackedPicture | Skipped
    contrast: NotRequired[list[float]]
    label: str | None
    path: str
    photo: PackedPicture | None


class RangeDetail(RangeEntry):
    """A stored entry of the range with its photo."""

    path: str
    photo: PackedPicture | None


class FacetCropDetail(FacetCrop):
    """A stored crop of one kind with its photo."""

    path: str
    photo: PackedPicture | None


class FacetGroupDetail(TypedDict):
    """The crops of one kind, as ``FacetGroup`` has them, with their photos."""

    n: int
    clarity: float
    classes: NotRequired[list[tuple[str, int]]]
    others: list[tuple[int, float, float]]
    crops: list[FacetCropDetail]


class FacetsDetail(TypedDict):
    """The kinds of a filter's crops, as ``FacetsRecord`` has them, with their photos."""

    n: int
    clarity: float
    polysemanticity: float | None
    chance: float
    groups: list[FacetGroupDetail]


class SynthesisDetail(TypedDict):
    """The picture made by gradient ascent."""

    picture: PackedPicture
    score: float
    steps: int
    seed: int
    robust: Robustness
    ratio: float | None
    won_by: WonBy | None


class ClassMeansDetail(TypedDict):
    """For each class the mean of the filter's spatial means, and of its maxima; the highest first."""

    avg: list[ClassMean]
    max: list[ClassMean]


class ConnectionDetail(TypedDict):
    """A connected filter and the weight of the connection.

    Attributes:
        layer: Its layer; "" for the picture itself.
        name: What it is called.
        picture: The thumbnail of its best crop, or else of its synthesis.
        unshown: 1 if it was not analysed, so that no page has a place for it.
    """

    layer: str
    filter: int
    weight: float
    name: NotRequired[str]
    picture: NotRequired[PackedPicture]
    unshown: NotRequired[Literal[1]]


class WiringDetail(TypedDict):
    """The filters that a filter reads most, and those that read it most; the strongest connection first."""

    inputs: list[ConnectionDetail] | Skipped
    outputs: list[ConnectionDetail]


class FilterDetail(FilterFigures, total=False):
    """Everything that is known of one filter; what was not asked for is absent."""

    name: str
    top_avg: list[MeanDetail]
    top_max: list[MaximumDetail]
    range: list[RangeDetail]
    facets: FacetsDetail | Skipped
    max_activ: SynthesisDetail | Skipped
    classes: ClassMeansDetail
    wiring: WiringDetail | Skipped
    kernel: PackedPicture | Skipped


class ChunkData(TypedDict):
    """``filters-K.js``: a run of filters; photos have sheets of their own, ``photos``."""

    sheets: list[str]
    photos: list[str]
    filters: list[FilterDetail]


class LayerField(TypedDict):
    """A receptive field, and a sentence about it."""

    size: list[int]
    status: FieldStatus
    note: str | None


class ModelLayer(TypedDict):
    """A layer on the map."""

    name: str
    kind: str
    filters: int
    output: list[int]
    parameters: int
    macs: int
    slug: str
    title: str
    field: LayerField
    strip: list[StripPicture]


class ModelImages(TypedDict):
    """The photos, and the labels that their items refer to."""

    labels: list[str]
    items: list[ImageItem]


class ModelData(TypedDict):
    """``model.js``: the map, and the photos with the network's predictions."""

    name: str
    title: str
    input_size: list[int]
    images: ModelImages
    layers: list[ModelLayer]
    graph: GraphRecord
    sheets: list[str]


class PicturesData(TypedDict):
    """``pictures.js``: for every photo, by its id, the filters that rank it highest.

    ``names`` is what those of them are called that have a name, by the place of the layer and the filter's index.
    """

    best: dict[str, list[PhotoRank]]
    names: dict[str, dict[str, str]]
