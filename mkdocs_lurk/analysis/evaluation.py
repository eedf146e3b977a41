"""How well a network names classes: shares with intervals, scores of each class, confusions, groups."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from mkdocs_lurk.records.evaluation_record import ClassEvaluation, Confusion, GroupEvaluation, MeanScores

_Z_95 = 1.959963984540054
"""The 97.5th percentile of the standard normal distribution."""


def wilson_interval(right: int, n: int) -> tuple[float, float]:
    """Return the 95 % interval of a share: Wilson's score interval (Wilson 1927, doi:10.2307/2276774).

    Args:
        right: Successes.
        n: Trials, 1 or more.
    """
    share, z2 = right / n, _Z_95**2
    centre = (share + z2 / (2 * n)) / (1 + z2 / n)
    half = _Z_95 * math.sqrt(share * (1 - share) / n + z2 / (4 * n * n)) / (1 + z2 / n)
    return max(0.0, centre - half), min(1.0, centre + half)


def evaluate_classes(
    targets: NDArray[np.int64], predicted: NDArray[np.int64], names: Sequence[str]
) -> list[ClassEvaluation]:
    """Score each class that a picture belongs to or is taken for.

    Args:
        targets: ``(n,)``, the right output of each picture.
        predicted: ``(n,)``, its largest output.
        names: The names of the outputs.

    Returns:
        The classes in the order of the outputs. Precision is None for a class that is never predicted, recall for one
        without pictures; F1 is 0 where one of them is, and there is the other.
    """
    length = len(names)
    sizes, guesses = np.bincount(targets, minlength=length), np.bincount(predicted, minlength=length)
    all_hits = np.bincount(targets[targets == predicted], minlength=length)
    evaluated: list[ClassEvaluation] = []
    for output in np.flatnonzero(sizes + guesses).tolist():
        n, n_predicted, hits = int(sizes[output]), int(guesses[output]), int(all_hits[output])
        evaluated.append(
            {
                "name": names[output],
                "output": output,
                "n": n,
                "predicted": n_predicted,
                "precision": hits / n_predicted if n_predicted else None,
                "recall": hits / n if n else None,
                "f1": 2 * hits / (n + n_predicted),
            }
        )
    return evaluated


def mean_scores(classes: Sequence[ClassEvaluation], *, weighted: bool) -> MeanScores:
    """Average the scores of the classes that have pictures; what is None counts as 0.

    Args:
        classes: All evaluated classes.
        weighted: Whether a class counts by the number of its pictures, and not alike.
    """
    present = [one for one in classes if one["n"]]
    weights = np.array([one["n"] if weighted else 1 for one in present], np.float64)
    columns = ([one["precision"] or 0.0 for one in present], [one["recall"] or 0.0 for one in present])
    precision, recall = (float(np.average(column, weights=weights)) for column in columns)
    f1 = float(np.average([one["f1"] for one in present], weights=weights))
    return {"precision": precision, "recall": recall, "f1": f1}


def count_confusions(targets: NDArray[np.int64], predicted: NDArray[np.int64]) -> list[Confusion]:
    """Count, for each pair of a right and a predicted class that occurs, its pictures.

    Args:
        targets: ``(n,)``, the right class of each picture.
        predicted: ``(n,)``, the predicted one.

    Returns:
        ``(right, predicted, count)``, rising; right predictions are among them.
    """
    pairs, counts = np.unique(np.stack([targets, predicted], 1), axis=0, return_counts=True)
    return [(right, guess, count) for (right, guess), count in zip(pairs.tolist(), counts.tolist(), strict=True)]


def order_by_confusion(confusions: Sequence[Confusion], n_classes: int) -> list[int]:
    """Order classes so that those that are confused stand together.

    Chains of classes are joined end to end, the most confused pair first: how often a picture of one is taken for the
    other, in both directions, as a share of the smaller class's pictures. Chains follow each other by their first
    class.

    Args:
        confusions: Pairs of classes as places below ``n_classes``, with their counts.
        n_classes: Number of classes.

    Returns:
        All places.
    """
    by_end = {place: [place] for place in range(n_classes)}
    for a, b in _most_confused_first(confusions, n_classes):
        left, right = by_end.get(a), by_end.get(b)
        if left is None or right is None or left is right:
            continue
        joined = (left if left[-1] == a else left[::-1]) + (right if right[0] == b else right[::-1])
        for end in (left[0], left[-1], right[0], right[-1]):
            by_end.pop(end, None)
        by_end[joined[0]] = by_end[joined[-1]] = joined
    chains = {min(chain): chain for chain in by_end.values()}
    upright = (chain if chain[0] <= chain[-1] else chain[::-1] for _, chain in sorted(chains.items()))
    return [place for chain in upright for place in chain]


def _most_confused_first(confusions: Sequence[Confusion], n_classes: int) -> list[tuple[int, int]]:
    """Return pairs of confused classes, the lower place first, by falling share."""
    sizes = [0] * n_classes
    counts: dict[tuple[int, int], int] = {}
    for right, guess, count in confusions:
        sizes[right] += count
        if right != guess:
            pair = min(right, guess), max(right, guess)
            counts[pair] = counts.get(pair, 0) + count
    shares = {pair: count / min(size for place in pair if (size := sizes[place])) for pair, count in counts.items()}
    return sorted(shares, key=lambda pair: (-shares[pair], pair))


def evaluate_groups(
    targets: NDArray[np.int64], predicted: NDArray[np.int64], groups: Mapping[str, Sequence[int]]
) -> list[GroupEvaluation]:
    """Score groups of classes: a picture counts as right where it is taken for any class of its own group.

    Args:
        targets: ``(n,)``, the right output of each picture.
        predicted: ``(n,)``, its largest output.
        groups: The outputs of each group.

    Returns:
        Groups without pictures are left out.
    """
    found: list[GroupEvaluation] = []
    for name, outputs in groups.items():
        belongs = np.isin(targets, list(outputs))
        n = int(belongs.sum())
        if n:
            right = int((belongs & np.isin(predicted, list(outputs))).sum())
            top1 = int((belongs & (targets == predicted)).sum()) / n
            found.append(
                {"name": name, "n": n, "right": right / n, "interval": list(wilson_interval(right, n)), "top1": top1}
            )
    return found
