"""Typed records of what the filters do to the network's output: parts of ``FilterRecord`` and ``LayerRecord``."""

# No postponed annotations here: records.py resolves these types.

from typing import Literal, NotRequired, TypedDict

ClassContribution = tuple[str, float, float]
"""A class, the mean contribution to its output over its pictures, and the standard error of that mean."""
ClassMakers = tuple[str, list[tuple[int, float]]]
"""A class, and filters with the mean contributions by which they raise its output, the highest first."""


ClassProof = tuple[str, int, int, int, float]
"""A class, its pictures that were run, how many of them are named right with the filter and without it, and the mean
change of the class's output."""


class AblationRecord(TypedDict):
    """What the network gives without a filter, whose map is replaced by its mean.

    Attributes:
        random: Whether the filter was drawn at random, for comparison, and is not among the strongest of its layer.
        n: Pictures, spread evenly, on which all tested filters are compared.
        change: The mean change of the output for the class of each of them.
        estimated: The change that the contributions foretell: minus their mean.
        right: How many of them have their own class as the largest output, with the filter and without it.
        of_class: The class that the filter raises most, on up to as many pictures of its own; None without one.
    """

    random: bool
    n: int
    change: float
    estimated: float
    right: tuple[int, int]
    of_class: ClassProof | None


class AblationSummary(TypedDict):
    """How well contributions foretell what a layer's filters do when they are taken away.

    Attributes:
        filters: Filters that were tested: the strongest, and as many drawn at random.
        pairs: Pairs of a filter and a picture.
        correlation: Over these, Spearman's rank correlation of contribution and loss; None if one of them is constant.
        strongest: The mean absolute change by the strongest filters.
        random: The same by those drawn at random; None without any.
    """

    filters: int
    pairs: int
    correlation: float | None
    strongest: float
    random: float | None


class CutSum(TypedDict):
    """What integrated contributions add up to, as means over the pictures.

    Attributes:
        layers: The layers that every way from the picture to the output passes exactly once, this one among them; empty
            where a way leads around, as a shortcut does.
        sum: The contributions of all their filters; where there are none, of this layer's.
        own: Those of this layer's filters.
        difference: What they should add up to over ``layers``: the output minus that for the mean picture.
        error: The mean absolute difference of the two, over the mean absolute value of ``difference``; None where no
            such sum is expected.
    """

    layers: list[str]
    sum: float
    own: float
    difference: float
    error: float | None


class EffectRecord(TypedDict):
    """What a filter contributes to the outputs of classes.

    Attributes:
        by: Whether a picture counts for its right output, or for its largest one since none is known to be right.
        of: Whether contributions are to the outputs, as a rule logits, or to the logarithms of probabilities.
        steps: Steps of the line along which they are integrated; 0 where they are estimated at the picture alone.
        n: Pictures.
        compared: Classes with enough pictures for a standard error.
        share: Of the mean absolute contributions of all filters of the layer added up, this filter's.
        raises: The classes whose output it raises most, by more than two standard errors; the most first.
        lowers: Those that it lowers most.
        exact: What happens without the filter, of the filters for which that was asked.
    """

    by: Literal["right", "largest"]
    of: Literal["output", "log-probability"]
    steps: int
    n: int
    compared: int
    share: float
    raises: list[ClassContribution]
    lowers: list[ClassContribution]
    exact: NotRequired[AblationRecord]


class LayerEffect(TypedDict):
    """What the filters of a layer do together.

    Attributes:
        makers: For each class with enough pictures the chosen filters that raise its output most.
        sum: What integrated contributions add up to.
        exact: How well contributions foretell what happens without a filter.
    """

    makers: list[ClassMakers]
    sum: NotRequired[CutSum]
    exact: NotRequired[AblationSummary]
