"""Types of the data scripts of a network that runs in the browser; ``src/data/schema/live.ts`` has their twins."""

from typing import Literal, TypedDict

from mkdocs_lurk.pages.data.script_records import PackedPicture
from mkdocs_lurk.records.live_record import Bounds, LiveFacts


class LiveInput(TypedDict):
    """How a picture becomes the network's input; as in the model's record."""

    size: list[int]
    mean: list[float]
    std: list[float]
    resize: int | list[int] | None
    crop: list[int] | None
    interpolation: Literal["box", "bilinear", "hamming", "bicubic", "lanczos"]


class LiveFilter(TypedDict):
    """A filter that was analysed: its place among all, its index in its layer, its name, and its best crop."""

    place: int
    index: int
    name: str | None
    crop: PackedPicture | None


class LiveLayerData(TypedDict):
    """A layer: which filters were analysed, and what its units see.

    Attributes:
        rows: For each row of its maps, the rows of the picture that its units depend on.
        columns: The same for the columns.
        exact: Whether these are receptive fields, and not boxes as large as the filters' effective ones.
        scales: The largest absolute mean, and the largest absolute maximum, on the pictures.
        chunk: How many filters each of its scripts with details holds.
    """

    name: str
    slug: str
    title: str
    output: list[int]
    rows: list[Bounds]
    columns: list[Bounds]
    exact: bool
    scales: list[float]
    chunk: int
    filters: list[LiveFilter]


class LiveData(TypedDict):
    """``live.js``: what the page needs before a visitor shows the network something.

    Attributes:
        photos: How many photos the quantiles are of.
        levels: The quantiles that responses are compared with, rising.
        samples: Photos that a visitor can choose: label and picture.
        load_mb: What a visitor loads of the network, in megabytes.
    """

    model: str
    title: str
    input: LiveInput
    classes: list[str]
    outputs: int
    are_probabilities: bool
    output_scale: float
    layers: list[LiveLayerData]
    photos: int
    levels: list[float]
    facts: LiveFacts
    samples: list[tuple[str, PackedPicture]]
    sheets: list[str]


class LiveNetwork(TypedDict):
    """``live-network.js``: the network, and numbers in base64, as little-endian float32 unless said otherwise.

    Attributes:
        model: The gzipped model of ONNX.
        quantiles: ``(n_levels, n_filters)`` of the maxima of all filters.
        pixels: Of the check, ``(h, w, c)`` bytes.
        means: What the analysed network gives for it: the mean of each filter.
        maxima: The maximum of each filter.
        outputs: The outputs.
    """

    model: str
    quantiles: str
    pixels: str
    means: str
    maxima: str
    outputs: str


class LiveSamples(TypedDict):
    """``live-samples.js``: picture files in base64, since a page on disk cannot read the pixels of its own pictures."""

    pictures: list[str]
