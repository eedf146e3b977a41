"""Typed records of what the responses to all pictures say about one filter: a part of ``records.FilterRecord``."""

# No postponed annotations here: they would hide NotRequired from ``__required_keys__``.

from typing import Literal, NotRequired, TypedDict, get_args

BoxList = list[int]
"""``[top, left, bottom, right]``, half-open, in pixels of the network's input."""
ClassValue = tuple[str, float]
"""A class and a number that belongs to it: a mean response, a probability."""
FilterCorrelation = tuple[int, float]
"""Another filter of the same layer, and the correlation of the two filters' responses."""
RangeField = Literal["exact", "effective", "centred", "whole"]
"""What a box of ``range`` is: the receptive field, the effective one, one as large as the filter's effective boxes
usually are, around the unit, or the whole picture."""
Selectivity = TypedDict("Selectivity", {"index": float, "class": str, "auc": float, "clear": bool})
"""A filter's best class, its selectivity index, the area under its ROC curve, and whether the class stands out."""


class RangeEntry(TypedDict):
    """The picture at one quantile of a filter's maxima; 1 is the strongest and 0 the weakest.

    Attributes:
        of: Of the picture with the most negative response, that its minimum counts and not its maximum.
        score: The picture's maximum, or its minimum.
        position: ``[y, x]`` of that unit in the feature map.
        box: The part of the picture around it.
    """

    quantile: float
    of: NotRequired[Literal["minima"]]
    image: int
    score: float
    position: list[int]
    box: BoxList
    field: RangeField


class FacetCrop(TypedDict):
    """A picture that excites a filter, and where in it.

    Attributes:
        score: The picture's highest response.
        position: ``[y, x]`` of that unit in the feature map.
        box: The part of the picture around it.
    """

    image: int
    score: float
    position: list[int]
    box: BoxList
    field: RangeField


class FacetGroup(TypedDict):
    """The crops of one kind.

    Attributes:
        n: Crops.
        clarity: The mean cosine of two of them, by what the other filters of the layer respond there.
        classes: The commonest classes of their pictures, with the numbers of crops.
        others: Filters that respond more at these crops than at the rest: index, and the mean response at these and at
            the rest, both as a share of that filter's highest response to any picture.
        crops: The strongest of them, the strongest first.
    """

    n: int
    clarity: float
    classes: NotRequired[list[tuple[str, int]]]
    others: list[tuple[int, float, float]]
    crops: list[FacetCrop]


class FacetsRecord(TypedDict):
    """Whether the crops that excite a filter most are of one kind or of several.

    Attributes:
        n: Crops.
        clarity: The mean cosine of two crops, by what the other filters of the layer respond there.
        polysemanticity: One minus the cosine of the means of the two halves of the best division; None without one.
        chance: The share of single Gaussians of the same spread that can be divided as well.
        groups: The kinds, that of the strongest crop first; empty where they cannot be told apart.
    """

    n: int
    clarity: float
    polysemanticity: float | None
    chance: float
    groups: list[FacetGroup]


class ClassMeans(TypedDict):
    """For each class the mean of the filter's spatial means, and of its maxima; the highest first."""

    avg: list[ClassValue]
    max: list[ClassValue]


class Histogram(TypedDict):
    """How many pictures have a maximum between two neighbouring edges."""

    edges: list[float]
    counts: list[int]


class FilterStats(TypedDict):
    """A filter's responses over the pictures; ``mean`` and ``deviation`` are those of the maxima."""

    dead: bool
    always_on: bool
    mean: float
    deviation: float
    positive_share: float
    histogram: Histogram
    similar: list[FilterCorrelation]
    duplicate_of: list[FilterCorrelation]
    selectivity: Selectivity | None
    max: float


class LabelRecord(TypedDict):
    """The classes and groups that a filter responds to, by its mean responses.

    Half of the pictures choose them; every number here is of the other half.

    Attributes:
        any_of: Names of classes and groups, at most three; none where chance would do as well.
        correlation: Pearson's, of the mean response with membership.
        threshold: What it must exceed: 99 % of shuffles of the classes do not.
        n: Pictures that did not choose.
        members: Those of them that belong to the label.
        mean: The mean of the mean responses to these.
        rest: The same of all others.
        coverage: Of as many pictures with the highest mean responses, the share that belong to the label.
        misses: The commonest classes of the others among these, with their numbers of pictures.
    """

    any_of: list[str]
    correlation: float
    threshold: float
    n: int
    members: NotRequired[int]
    mean: NotRequired[float]
    rest: NotRequired[float]
    coverage: NotRequired[float]
    misses: NotRequired[list[tuple[str, int]]]


Change = Literal["grey", "blur", "mirror", "rotate90", "rotate180", "half", "double", "shuffled"]
"""How a picture is changed, to see what is left of a filter's response."""
CHANGES: tuple[Change, ...] = get_args(Change)


class TuningShares(TypedDict, total=False):
    """The share of the response that is left after each change, 0 and up; a change that does not apply is absent."""

    grey: float
    blur: float
    mirror: float
    rotate90: float
    rotate180: float
    half: float
    double: float
    shuffled: float


class TuningIndices(TypedDict):
    """How much a filter depends on each property, 0 to 1: the share that is lost; None where that is not known."""

    colour: float | None
    detail: float | None
    mirror: float | None
    orientation: float | None
    scale: float | None
    shape: float | None


class TuningRecord(TypedDict):
    """What is left of a filter's response to the pictures that excite it most when they are changed.

    Attributes:
        n: The pictures.
        kept: The share that is left after each change.
        depends: How much the filter depends on each property.
    """

    n: int
    kept: TuningShares
    depends: TuningIndices
