"""The record of how well a network names the classes of its pictures."""

# No postponed annotations here: records.py resolves these types.

from typing import Literal, NotRequired, TypedDict

Confusion = tuple[int, int, int]
"""Places among the evaluated classes: the right one and the predicted one; and the number of pictures."""
EvaluatedPicture = tuple[int, int, int, float]
"""A picture's id, its right and its predicted class as places among the evaluated classes, and the confidence: the
probability of the predicted one, by the softmax unless the outputs are probabilities."""
LabelTarget = tuple[str | None, str | None, int]
"""A label, the name of the output that its pictures stand for, and their number; None for no label, and no output."""
OutputKind = Literal["logits", "probabilities", "independent"]
"""Whether the outputs are logits, probabilities that add up to 1, or each from 0 to 1 by itself, as of sigmoids."""


class ClassEvaluation(TypedDict):
    """The scores of one class; ``output`` is its number among the network's outputs, ``n`` its pictures.

    Attributes:
        predicted: Pictures that are taken for it.
        precision: The share of these that belong to it; None if there are none.
        recall: The share of its pictures that are taken for it; None if it has none.
        f1: The harmonic mean of both.
    """

    name: str
    output: int
    n: int
    predicted: int
    precision: float | None
    recall: float | None
    f1: float


class MeanScores(TypedDict):
    """Means over the classes that have pictures."""

    precision: float
    recall: float
    f1: float


class GroupEvaluation(TypedDict):
    """A group of classes, with its ``n`` pictures.

    Attributes:
        right: The share that is taken for a class of the group.
        interval: The 95 % interval of that share.
        top1: The share that is taken for its own class.
    """

    name: str
    n: int
    right: float
    interval: list[float]
    top1: float


class CalibrationBin(TypedDict):
    """Pictures of similar confidence: how many, their mean confidence, and the share that is named right."""

    n: int
    confidence: float
    right: float


class CalibrationRecord(TypedDict):
    """Whether the network is as sure as it is right.

    Attributes:
        ece: The expected calibration error, 0 to 1.
        confidence: The mean confidence.
        brier: The Brier score over all outputs, 0 to 2.
        temperature: What the logits are divided by for the lowest negative log-likelihood of these pictures; None if
            that is below 0.1 or above 10.
        ece_at_temperature: The expected calibration error then.
    """

    bins: list[CalibrationBin]
    ece: float
    confidence: float
    brier: float
    temperature: float | None
    ece_at_temperature: float | None


class RiskCoverage(TypedDict):
    """Shares of the pictures that are answered, and of the answers that are wrong; the surest come first.

    Attributes:
        points: ``(coverage, risk)``, by rising coverage.
        area: The mean risk.
    """

    points: list[tuple[float, float]]
    area: float


class EvaluationRecord(TypedDict):
    """How well the network names the classes of ``n`` pictures.

    Attributes:
        top1: The share of pictures for which the right output is the largest one.
        top1_interval: Its 95 % interval.
        top5: The share for which it is among the five largest; absent for networks with up to five outputs.
        split: What the author calls the part of the dataset that they come from, if that is known.
        labels: Which label stands for which output.
        not_finite: Pictures that are left out, since the outputs hold NaN or infinity.
        classes: Every class that a picture belongs to or is taken for, in the order of the outputs.
        confusions: Pairs of classes that occur, right predictions included.
        order: The places of all classes, those that are confused next to each other.
        calibration: None if there are too few pictures, or the outputs are no probabilities of one choice.
        coverage: None for the latter reason.
    """

    n: int
    top1: float
    top1_interval: list[float]
    top5: NotRequired[float]
    top5_interval: NotRequired[list[float]]
    split: str | None
    outputs: OutputKind
    labels: list[LabelTarget]
    not_finite: int
    macro: MeanScores
    weighted: MeanScores
    classes: list[ClassEvaluation]
    groups: list[GroupEvaluation]
    confusions: list[Confusion]
    order: list[int]
    calibration: CalibrationRecord | None
    coverage: RiskCoverage | None
    pictures: list[EvaluatedPicture]
