"""Labels: the classes that a filter responds to, chosen on half of the pictures, confirmed on the other half.

A label is scored by the Pearson correlation of the filter's response with membership in its classes, which falls when a
label says too much or too little; the area under the ROC curve hardly does (Oikarinen, Yan and Weng 2025, "Evaluating
Neuron Explanations: A Unified Framework with Sanity Checks", arXiv:2506.05774). The response is the spatial mean: of an
output it is what the network gives, and it is less the matter of single pictures than the maximum, so that what one
half of the pictures chooses holds on the other more often.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from mkdocs_lurk.analysis.label_search import Booleans, Candidates, Integers, Unions, correlation_of_members, search

FEWEST_PICTURES = 20
"""Of fewer pictures with a class, half prove nothing."""
SHUFFLES = 500
LEVEL = 0.01
"""How often a label may be found by chance, at most."""
_MOST_MISSES = 3

Responses = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class FoundLabel:
    """The best label of one filter; every figure is of the pictures that did not choose it.

    Attributes:
        parts: Classes and groups, the one that was found first first; empty if nothing is proven.
        correlation: Pearson's, of the response with membership, whether it is proven or not.
        threshold: What the correlation exceeds by chance in one of a hundred cases.
        figures: What else is known of a proven label.
    """

    parts: tuple[str, ...]
    correlation: float
    threshold: float
    figures: LabelFigures | None


@dataclass(frozen=True, slots=True)
class LabelFigures:
    """What a proven label says of the pictures that did not choose it.

    Attributes:
        members: Pictures of the label.
        mean: The mean response to them.
        rest: The mean response to all others.
        coverage: Of as many pictures with the highest responses as there are members, the share that are members.
        misses: The commonest classes of the others among these, with their numbers of pictures.
    """

    members: int
    mean: float
    rest: float
    coverage: float
    misses: tuple[tuple[str, int], ...]


class LabelFinder:
    """Finds the labels of filters by their mean responses to pictures with classes.

    Args:
        labels: ``(n_pictures,)``, class numbers; -1 for a picture without a class, which does not count.
        classes: The names of the classes.
        groups: Names of classes that belong together, by the name of their group.
        seed: Of the split into halves, and of the shuffles.
        pool: ``(n_pictures, n_responses)``, some filters' responses, for the searches of the shuffles.

    Attributes:
        problem: Why there can be no labels; None if there can.
    """

    def __init__(
        self,
        labels: Integers,
        classes: Sequence[str],
        groups: Mapping[str, Sequence[str]],
        seed: int,
        pool: Responses,
    ) -> None:
        random = np.random.default_rng(seed)
        counted = np.flatnonzero(labels >= 0)
        is_first = split_in_halves(labels[counted], random)
        self._classes, self._rows = classes, (counted[is_first], counted[~is_first])
        self._labels = tuple(labels[rows] for rows in self._rows)
        first, second = (np.bincount(own, minlength=len(classes)) for own in self._labels)
        self._counts = first, second
        self._candidates = Candidates.of(classes, groups, (first > 0) & (second > 0))
        self.problem = self._find_problem(len(counted))
        if self.problem is None:
            self._chance = self._shuffle(pool, random)

    @property
    def n_proving(self) -> int:
        """The number of pictures that do not choose."""
        return len(self._rows[1])

    def find(self, responses: Responses) -> list[FoundLabel]:
        """Find the label of every filter of one layer; ``problem`` must be None.

        Args:
            responses: ``(n_pictures, n_filters)``, spatial means.
        """
        first, second = (standardise(responses[rows]) for rows in self._rows)
        unions = search(class_sums(first, self._labels[0], self._counts[0]), self._counts[0], self._candidates)
        correlations, thresholds = self._prove(second, unions)
        is_proven = correlations > thresholds
        figures = iter(self._describe(responses[self._rows[1]][:, is_proven], unions.classes[is_proven]))
        return [
            FoundLabel(
                tuple(self._candidates.names[part] for part in parts if part >= 0) if proven else (),
                float(correlation),
                float(threshold),
                next(figures) if proven else None,
            )
            for parts, correlation, threshold, proven in zip(
                unions.parts, correlations, thresholds, is_proven, strict=True
            )
        ]

    def _find_problem(self, n_pictures: int) -> str | None:
        """Say why there can be no labels."""
        if n_pictures < FEWEST_PICTURES:
            return f"of {n_pictures} pictures with a class, half would prove nothing; it takes {FEWEST_PICTURES}"
        if len(self._candidates.names) < 2:
            return "it takes two classes of at least two pictures each"
        return None

    def _prove(self, second: Responses, unions: Unions) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return the correlations of filters with their unions on the second half, and what chance reaches there."""
        n_pictures, counts = len(second), self._counts[1]
        sums = (class_sums(second, self._labels[1], counts) * unions.classes).sum(1)
        correlations = correlation_of_members(sums, (unions.classes * counts).sum(1), n_pictures)
        members = self._chance.sum(0)
        chance = second.T @ (self._chance / np.sqrt(np.maximum(members * (n_pictures - members), 1)))
        rank = int(np.ceil((1 - LEVEL) * (SHUFFLES + 1))) - 1
        thresholds = np.partition(chance, rank, axis=1)[:, rank].astype(np.float64)
        return np.maximum(correlations, -1), thresholds

    def _shuffle(self, pool: Responses, random: np.random.Generator) -> Responses:
        """Search with the classes of the pictures shuffled, each time on another response of the pool.

        What such a search finds on the first half says nothing of the second; so one shuffle serves every filter.

        Returns:
            ``(n_second_half, SHUFFLES)``, the members of what was found.
        """
        first = standardise(pool[self._rows[0]])
        first = first[:, first.any(0)] if first.any() else first
        columns = np.linspace(0, first.shape[1] - 1, SHUFFLES).round().astype(int)
        n_classes = len(self._classes)
        sums = [np.bincount(random.permutation(self._labels[0]), first[:, column], n_classes) for column in columns]
        unions = search(np.array(sums, np.float64), self._counts[0], self._candidates)
        members = [own[random.permutation(self._labels[1])] for own in unions.classes]
        return np.stack(members, axis=1).astype(np.float32)

    def _describe(self, responses: Responses, unions: Booleans) -> Iterator[LabelFigures]:
        """Describe the labels ``(n_filters, n_classes)`` of filters by their responses to the second half."""
        labels, counts = self._labels[1], self._counts[1]
        sums, members = class_sums(responses, labels, counts), (unions * counts).sum(1)
        own_sums = (sums * unions).sum(1)
        means, rests = own_sums / members, (sums.sum(1) - own_sums) / (len(labels) - members)
        rows, pictures = _strongest(responses, members)
        is_missed = ~unions[rows, labels[pictures]]
        places, n_missed = np.unique(rows[is_missed] * len(counts) + labels[pictures[is_missed]], return_counts=True)
        starts = np.searchsorted(places, np.arange(len(unions) + 1) * len(counts))
        for column, (start, end) in enumerate(pairwise(starts.tolist())):
            found = zip((places[start:end] % len(counts)).tolist(), n_missed[start:end].tolist(), strict=True)
            misses = [(self._classes[number], count) for number, count in sorted(found, key=lambda pair: -pair[1])]
            yield LabelFigures(
                members=int(members[column]),
                mean=float(means[column]),
                rest=float(rests[column]),
                coverage=1 - sum(count for _, count in misses) / int(members[column]),
                misses=tuple(misses[:_MOST_MISSES]),
            )


def _strongest(responses: Responses, counts: Integers) -> tuple[Integers, Integers]:
    """Find the pictures with the highest responses of each filter; of equal ones the first are taken.

    Args:
        responses: ``(n_pictures, n_filters)``.
        counts: ``(n_filters,)``, how many pictures, at least one.

    Returns:
        Filters, and a picture for each; filter after filter.
    """
    falling = np.ascontiguousarray(-responses.T)
    most = int(counts.max(initial=1))
    bounds = np.partition(falling, most - 1, axis=1)[:, most - 1 : most]
    rows, pictures = np.nonzero(falling <= bounds)
    order = np.lexsort((falling[rows, pictures], rows))
    rows, pictures = rows[order], pictures[order]
    ranks = np.arange(len(rows)) - np.searchsorted(rows, np.arange(len(falling)))[rows]
    is_strong = ranks < counts[rows]
    return rows[is_strong], pictures[is_strong]


def split_in_halves(labels: Integers, random: np.random.Generator) -> Booleans:
    """Split pictures into two halves at random, each class as evenly as possible.

    Args:
        labels: ``(n_pictures,)``, their class numbers.
        random: Draws the split.

    Returns:
        ``(n_pictures,)``, whether a picture is in the first half.
    """
    order = np.lexsort((random.permutation(len(labels)), labels))
    is_first = np.empty(len(labels), np.bool_)
    is_first[order] = (np.arange(len(labels)) + random.integers(2)) % 2 == 0
    return is_first


def standardise(responses: Responses) -> Responses:
    """Return responses ``(n_pictures, n_filters)`` with mean 0 and deviation 1; 0 for a constant filter."""
    centred = responses - responses.mean(0, dtype=np.float64).astype(np.float32)
    deviations = np.sqrt(np.square(centred).mean(0, dtype=np.float64))
    is_constant = deviations <= 1e-6 * np.abs(responses).max(0, initial=0)
    standardised: Responses = centred * np.where(is_constant, 0, 1 / np.where(is_constant, 1, deviations)).astype("f4")
    return standardised


def class_sums(standardised: Responses, labels: Integers, counts: Integers) -> NDArray[np.float64]:
    """Add up responses ``(n_pictures, n_filters)`` by class, ``(n_filters, n_classes)``."""
    present = np.flatnonzero(counts)
    starts = np.concatenate([[0], np.cumsum(counts[present])[:-1]])
    sums = np.zeros((standardised.shape[1], len(counts)))
    rows = standardised[np.argsort(labels, kind="stable")]
    sums[:, present] = np.add.reduceat(rows, starts, axis=0).T
    return sums
