"""Typed records of the comparison with the twin: the same network with its weights shuffled. A part of ``records``."""

# No postponed annotations here: they would hide NotRequired from ``__required_keys__``.

from typing import Literal, NotRequired, TypedDict, get_args

FigureName = Literal["selectivity", "label", "colour", "detail", "mirror", "orientation", "scale", "shape"]
"""What is compared of every filter: a figure of the responses, or how much a filter depends on a property."""
FIGURES: tuple[FigureName, ...] = get_args(FigureName)
Spread = list[float]
"""What 5 %, half and 95 % of a layer's filters do not exceed."""


class FigureComparison(TypedDict):
    """One figure of a layer's filters beside that of the twin's.

    Attributes:
        trained: Of the trained network's filters.
        twin: Of the twin's filters.
        above: How often a filter of the trained network has more of it than one of the twin; ties count half.
        independent: Like how many independent filters the twin's respond.
        differs: Whether ``above`` is far enough from a half, and the twin's filters are independent enough to tell.
    """

    figure: FigureName
    trained: Spread
    twin: Spread
    above: float
    independent: float
    differs: bool


class GradientCheck(TypedDict):
    """How much the gradients of a layer's filters depend on the weights: medians of rank correlations, -1 to 1.

    Attributes:
        n: Pairs of a filter and a picture.
        twin: A filter's gradient, and that of the same filter of the twin on the same picture.
        other: A filter's gradient, and that of another filter of the layer at the same place of the same picture.
        differs: Whether ``twin`` is below a half, and below ``other``.
    """

    n: int
    twin: float
    other: float
    differs: bool


class PathCheck(TypedDict):
    """How alike a layer responds to syntheses and to photos: medians of rank correlations of its mean responses.

    Attributes:
        n: Syntheses of deeper filters.
        synthesis: A filter's synthesis, and the photos that excite the filter most.
        photos: These photos among themselves.
        others: The best photos of different filters.
        alike: Whether ``synthesis`` is nearer to ``photos`` than to ``others``; None where these two hardly differ.
    """

    n: int
    synthesis: float
    photos: float
    others: float
    alike: bool | None


class TwinLayer(TypedDict):
    """One layer beside the twin's.

    Attributes:
        n: Filters that were compared.
        labelled: The share of them with a label above chance, in the trained network and in the twin.
        figures: Those that enough filters have in both.
    """

    name: str
    n: int
    labelled: NotRequired[tuple[float, float]]
    figures: list[FigureComparison]
    gradients: NotRequired[GradientCheck]
    paths: NotRequired[PathCheck]


class TwinRecord(TypedDict):
    """The comparison of a trained network with its twin.

    Attributes:
        pictures: Pictures that went through the twin.
        normalised: Pictures with which the statistics of its normalisations were computed anew; 0 if it has none.
        kept_statistics: Normalisations whose statistics could not be computed anew.
        layers: In the order in which they run.
    """

    pictures: int
    normalised: int
    kept_statistics: int
    layers: list[TwinLayer]
