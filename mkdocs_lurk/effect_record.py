"""Typed records of what the filters do to the network's output: parts of ``FilterRecord`` and ``LayerRecord``."""

# No postponed annotations here: records.py resolves these types.

from typing import Literal, TypedDict

ClassContribution = tuple[str, float, float]
"""A class, the mean contribution to its output over its pictures, and the standard error of that mean."""
ClassMakers = tuple[str, list[tuple[int, float]]]
"""A class, and filters with the mean contributions by which they raise its output, the highest first."""


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
    """

    by: Literal["right", "largest"]
    of: Literal["output", "log-probability"]
    steps: int
    n: int
    compared: int
    share: float
    raises: list[ClassContribution]
    lowers: list[ClassContribution]


class LayerEffect(TypedDict):
    """What the filters of a layer do together.

    Attributes:
        makers: For each class with enough pictures the chosen filters that raise its output most.
    """

    makers: list[ClassMakers]
