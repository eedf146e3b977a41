"""What was proven of a model's results, and what was computed once."""

# No postponed annotations here: the records that hold these types resolve them.

from typing import Literal, NotRequired, TypedDict

OnceResult = Literal[
    "gradients",
    "crops",
    "classes",
    "statistics",
    "wiring",
    "labels",
    "effect",
    "tuning",
    "facets",
    "evaluation",
    "twin",
]
"""Results beside scores, which are not computed a second time."""


class VerificationRecord(TypedDict):
    """The largest relative difference between a score and its second computation, of how many scores.

    Attributes:
        largest: The largest difference, as a share of the score; 1 % of the layer's largest score at least.
        scores: The number of scores that were computed twice: those of pictures, and ``syntheses_again``.
        syntheses: The number of syntheses that were scored from their stored files.
        syntheses_again: The number of them whose score was compared with another computation.
        tolerance: The largest difference that passes.
        once: What else there is of this model, computed once; an earlier version did not record it.
    """

    largest: float
    scores: int
    syntheses: int
    syntheses_again: int
    tolerance: float
    once: NotRequired[list[OnceResult]]
