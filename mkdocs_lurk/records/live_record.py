"""Typed records of a network that runs in the visitor's browser."""

# No postponed annotations here: they would hide NotRequired from ``__required_keys__``.

from typing import NotRequired, TypedDict

from mkdocs_lurk.config.live import WeightFormat

LIVE_LEVELS = (0.0, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99, 1.0)
"""The quantiles of each filter's maxima that responses in the browser are compared with."""
Bounds = tuple[int, int]
"""Start and end of a receptive field along one axis, in pixels of the network's input; it may leave the picture."""


class LiveFacts(TypedDict):
    """A network as it is published for browsers, and how well it agrees with the one that was analysed.

    Attributes:
        precision: The number format of its weights.
        bytes: What a visitor loads of it.
        pictures: On how many pictures onnxruntime computed the scores again.
        largest: The largest difference from the stored scores and from the network's outputs, as a share of the
            largest value of that layer.
        tolerance: The largest difference that passes.
        same_first: Of these pictures, for how many the largest output is the same; absent without outputs.
    """

    precision: WeightFormat
    bytes: int
    pictures: int
    largest: float
    tolerance: float
    same_first: NotRequired[int]


class LiveRecord(LiveFacts):
    """The same in the model's record; ``unit`` is the key of the unit with the network."""

    unit: str


class LiveLayer(TypedDict):
    """A layer of the exported network.

    Attributes:
        name: Its dotted name.
        filters: The filters, all of which the network gives scores of.
        rows: For each row of its maps, the rows of the picture that its units depend on.
        columns: The same for the columns.
        scales: The largest absolute mean, and the largest absolute maximum, on the pictures.
    """

    name: str
    filters: int
    rows: list[Bounds]
    columns: list[Bounds]
    scales: tuple[float, float]


class LiveUnitRecord(TypedDict):
    """What is stored beside an exported network.

    Attributes:
        classes: The names of its outputs; empty if they are not known.
        outputs: How many outputs it has; 0 if it gives no row of numbers.
        are_probabilities: Whether the outputs are probabilities.
        output_scale: The largest absolute output on the pictures.
        layers: Its layers, in the order of the scores.
        photos: How many photos the quantiles are of.
        where: The layer of the largest difference, or ``outputs``.
    """

    classes: list[str]
    outputs: int
    are_probabilities: bool
    output_scale: float
    layers: list[LiveLayer]
    photos: int
    where: str
    facts: LiveFacts


class FailedLive(TypedDict):
    """Stands in place of a network that could not be exported, and says why."""

    failed: str
