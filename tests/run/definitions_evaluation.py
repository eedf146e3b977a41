"""The figures of the evaluation, computed as their sentences say."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from mkdocs_lurk.analysis.calibration import calibration
from mkdocs_lurk.analysis.outputs import reduce_outputs
from tests.run.definitions_results import Results, close, defined


def guesses(results: Results) -> list[tuple[str, str]]:
    """The label of each picture, and the class of its largest output."""
    largest = [f"class-{int(own.argmax())}" for own in results.maps[""]]
    return list(zip(results.labels, largest, strict=True))


def f1_of_classes(results: Results) -> dict[str, float]:
    """F1 of each class that has pictures, as the harmonic mean of two shares."""
    found = {}
    for name in sorted(set(results.labels)):
        own = [guess == name for label, guess in guesses(results) if label == name]
        taken = [label == name for label, guess in guesses(results) if guess == name]
        recall, precision = np.mean(own), np.mean(taken) if taken else 0.0
        found[name] = float(2 * recall * precision / (recall + precision)) if recall else 0.0
    return found


def many_outputs() -> tuple[Tensor, Tensor]:
    """Logits ``(120, 7)`` and the right outputs ``(120,)``: more pictures and outputs than the small network has."""
    generator = torch.Generator().manual_seed(2)
    logits, right = torch.randn(120, 7, generator=generator), torch.randint(0, 7, (120,), generator=generator)
    logits[torch.arange(120), right] += 1
    return 2 * logits, right


@defined(
    "top5",
    "The share of the {n} pictures whose label is one of the network's outputs for which that output is among the five "
    "largest.",
)
def top5(results: Results) -> None:
    logits, right = many_outputs()
    among = [int(own) in sorted(range(7), key=lambda k: -row[k])[:5] for row, own in zip(logits, right, strict=True)]
    rows = reduce_outputs(logits, range(120), right.tolist())
    assert (rows.rank < 5).mean() == close(np.mean(among))
    assert "top5" not in results.reader.record["evaluation"]  # three outputs


@defined(
    "macro_f1",
    "The mean of F1 over the classes that have pictures, each counted alike: the harmonic mean of the share of a "
    "class's pictures that are taken for it and of the share of the pictures taken for it that belong to it.",
)
def macro_f1(results: Results) -> None:
    expected = np.mean(list(f1_of_classes(results).values()))
    assert results.reader.record["evaluation"]["macro"]["f1"] == close(expected)


@defined(
    "weighted_f1",
    "The mean of F1 over the classes that have pictures, each counted by the number of its pictures.",
)
def weighted_f1(results: Results) -> None:
    by_class = f1_of_classes(results)
    expected = np.mean([by_class[label] for label in results.labels])
    assert results.reader.record["evaluation"]["weighted"]["f1"] == close(expected)


@defined(
    "ece",
    "The mean distance between how sure the network is, the probability of its largest output, and the share of "
    "pictures that it names right, over bins of about equally many pictures.",
)
def ece(_: Results) -> None:
    logits, right = many_outputs()
    found = calibration(reduce_outputs(logits, range(120), right.tolist()))
    assert found is not None
    sure, guess = logits.softmax(1).max(1)
    order = sorted(range(120), key=lambda picture: float(sure[picture]))
    bins = [order[20 * number : 20 * number + 20] for number in range(6)]
    distances = [abs(float(sure[one].mean()) - float((guess == right)[one].float().mean())) for one in bins]
    assert [one["n"] for one in found["bins"]] == [20] * 6
    assert found["ece"] == close(np.mean(distances))


@defined(
    "brier",
    "The mean, over the pictures, of the squared distances between the probabilities of all outputs and 1 for the "
    "right output, 0 for the others, added up: 0 is best, 2 worst.",
)
def brier(_: Results) -> None:
    logits, right = many_outputs()
    found = calibration(reduce_outputs(logits, range(120), right.tolist()))
    assert found is not None
    distances = [
        sum((float(share) - (k == int(own))) ** 2 for k, share in enumerate(row))
        for row, own in zip(logits.softmax(1), right, strict=True)
    ]
    assert found["brier"] == close(np.mean(distances))
