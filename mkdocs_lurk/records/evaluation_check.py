"""Check that the numbers of an evaluation that comes from outside fit together."""

from __future__ import annotations

from mkdocs_lurk.errors import StoreError
from mkdocs_lurk.records.evaluation_record import EvaluationRecord
from mkdocs_lurk.records.record_check import record_error


def check_evaluation(evaluation: EvaluationRecord, n_images: int, where: str) -> None:
    """Check places of classes, ids of pictures, counts and shares.

    Args:
        evaluation: A record of the right type.
        n_images: The number of the model's pictures.
        where: What messages call it.

    Raises:
        StoreError: A number in it cannot be right.
    """
    n_classes = len(evaluation["classes"])
    if sorted(evaluation["order"]) != list(range(n_classes)):
        raise StoreError(f"{where}.order does not hold each of {n_classes} classes once")
    sizes = [0] * n_classes
    for place, (right, guess, count) in enumerate(evaluation["confusions"]):
        if not (0 <= right < n_classes and 0 <= guess < n_classes and count > 0):
            raise StoreError(f"{where}.confusions[{place}] names a class that there is not, or no picture")
        sizes[right] += count
    for place, one in enumerate(evaluation["classes"]):
        if one["n"] != sizes[place]:
            raise record_error(f"{where}.classes[{place}].n", one["n"], f"{sizes[place]}, as its confusions say")
    counted: dict[tuple[int, int], int] = {}
    for place, (image, right, guess, confidence) in enumerate(evaluation["pictures"]):
        here = f"{where}.pictures[{place}]"
        if not (0 <= image < n_images and 0 <= confidence <= 1):
            raise StoreError(f"{here} names a picture that there is not, or a confidence outside 0 to 1")
        counted[right, guess] = counted.get((right, guess), 0) + 1
    if counted != {(right, guess): count for right, guess, count in evaluation["confusions"]}:
        raise StoreError(f"{where}.pictures does not hold the pictures that its confusions count")
    if evaluation["n"] != sum(sizes) or not sizes or evaluation["n"] < 1:
        raise record_error(f"{where}.n", evaluation["n"], f"{sum(sizes)}, as its confusions say")
    _check_shares(evaluation, where)


def _check_shares(evaluation: EvaluationRecord, where: str) -> None:
    """Check that everything that is drawn lies inside its axes."""
    calibration, coverage = evaluation["calibration"], evaluation["coverage"]
    shares = [evaluation["top1"], evaluation.get("top5", 0.0)]
    if calibration is not None:
        shares += [value for one in calibration["bins"] for value in (one["confidence"], one["right"])]
    if coverage is not None:
        shares += [value for point in coverage["points"] for value in point]
    if not all(0 <= share <= 1 for share in shares):
        raise StoreError(f"{where} holds a share outside 0 to 1")
    if (calibration is not None and not calibration["bins"]) or (coverage is not None and not coverage["points"]):
        raise StoreError(f"{where} holds a curve without points")
    intervals = [evaluation["top1_interval"], evaluation.get("top5_interval", [0.0, 0.0])]
    intervals += [group["interval"] for group in evaluation["groups"]]
    if not all(len(interval) == 2 for interval in intervals):
        raise StoreError(f"{where} holds an interval that has not two ends")
    if ("top5" in evaluation) != ("top5_interval" in evaluation):
        raise StoreError(f"{where} holds only one of top5 and top5_interval")
