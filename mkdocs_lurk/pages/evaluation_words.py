"""What the page of an evaluation says in sentences."""

from __future__ import annotations

from mkdocs_lurk.pages import formatting
from mkdocs_lurk.records.evaluation_record import CalibrationRecord, EvaluationRecord
from mkdocs_lurk.records.model_record import ModelRecord


def which_pictures(record: ModelRecord, evaluation: EvaluationRecord) -> list[str]:
    """Say which pictures these are, what they are no measure of, and which are left out."""
    n_readable = sum("skipped" not in image for image in record["images"])
    split = evaluation["split"]
    called = f", called {split} by the author" if split is not None else ""
    sentences = [
        f"These are the pictures that these pages were made from{called}. They are no benchmark: on other pictures the "
        "network may be right more or less often."
    ]
    left_out = n_readable - evaluation["n"] - evaluation["not_finite"]
    if left_out:
        have = "has" if left_out == 1 else "have"
        sentences.append(
            f"Left out: {formatting.plural(left_out, 'picture')} that {have} no class, or one that is no output."
        )
    if evaluation["not_finite"]:
        sentences.append(
            f"Left out: {formatting.plural(evaluation['not_finite'], 'picture')} for which the outputs hold NaN or "
            "infinity."
        )
    return sentences


def describe_calibration(evaluation: EvaluationRecord) -> str:
    """Say whether the network is surer than it is right, and what would mend it; or why that is not told."""
    calibration = evaluation["calibration"]
    if evaluation["outputs"] == "independent":
        return (
            "All outputs lie between 0 and 1 and do not add up to 1, as those of sigmoids: they are not the "
            "probabilities of one choice, so that calibration and coverage are left out."
        )
    if calibration is None:
        n = formatting.plural(evaluation["n"], "picture")
        return f"{n} are too few to tell whether the network is as sure as it should be."
    sure, right = formatting.percent(calibration["confidence"]), formatting.percent(evaluation["top1"])
    sentence = f"On average the network is {sure} sure of its first guess, and right for {right} of the pictures."
    return f"{sentence} {_describe_temperature(calibration)}"


def _describe_temperature(calibration: CalibrationRecord) -> str:
    temperature, mended = calibration["temperature"], calibration["ece_at_temperature"]
    if temperature is None or mended is None:
        return "No temperature from 0.1 to 10 suits these pictures best."
    return (
        f"With its logits divided by {temperature:.2g}, the temperature that suits these same pictures best, the "
        f"calibration error is {formatting.percent(mended)} in place of {formatting.percent(calibration['ece'])}."
    )


def describe_coverage(evaluation: EvaluationRecord) -> str:
    """Say how often the network is wrong about the half of the pictures that it is surest of."""
    curve = evaluation["coverage"]
    points = [] if curve is None else curve["points"]
    coverage, risk = min(points, key=lambda point: abs(point[0] - 0.5))
    return (
        f"If it answered only for the {formatting.percent(coverage)} of the pictures that it is surest of, "
        f"{formatting.percent(risk)} of the answers would be wrong; of all answers, "
        f"{formatting.percent(1 - evaluation['top1'])} are."
    )
