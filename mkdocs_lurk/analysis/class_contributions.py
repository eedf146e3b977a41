"""Which classes a filter raises and lowers: contributions to outputs, summed up by class."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

LEAST_PICTURES = 2
"""Pictures that a class needs for a standard error."""
_ERRORS = 2.0
"""Standard errors by which a mean must differ from zero to be named."""


@dataclass(frozen=True, slots=True, eq=False)
class ClassContributions:
    """The contributions of a layer's filters to the outputs of classes, mergeable.

    Attributes:
        counts: ``(n_classes,)`` int64, the pictures of each class.
        sums: ``(n_classes, n_filters)`` float64, of their contributions.
        squares: ``(n_classes, n_filters)`` float64, of their squares.
        magnitudes: ``(n_filters,)`` float64, the sums of all absolute contributions.
    """

    counts: NDArray[np.int64]
    sums: NDArray[np.float64]
    squares: NDArray[np.float64]
    magnitudes: NDArray[np.float64]

    @classmethod
    def of(cls, contributions: NDArray[np.floating], classes: NDArray[np.int64], n_classes: int) -> ClassContributions:
        """Sum up contributions ``(n_pictures, n_filters)`` by the class of each picture, ``(n_pictures,)``."""
        is_member = (classes[None, :] == np.arange(n_classes)[:, None]).astype(np.float64)
        own = contributions.astype(np.float64)
        return cls(is_member.sum(1).astype(np.int64), is_member @ own, is_member @ own**2, np.abs(own).sum(0))

    def merge(self, other: ClassContributions) -> ClassContributions:
        """Return the sums over the pictures of both."""
        return ClassContributions(
            self.counts + other.counts,
            self.sums + other.sums,
            self.squares + other.squares,
            self.magnitudes + other.magnitudes,
        )

    @property
    def shares(self) -> NDArray[np.float64]:
        """Each filter's share of all absolute contributions, ``(n_filters,)``; 0 where there are none."""
        total = float(self.magnitudes.sum())
        return self.magnitudes / total if total else np.zeros_like(self.magnitudes)

    @property
    def compared(self) -> NDArray[np.int64]:
        """The classes with enough pictures."""
        return np.flatnonzero(self.counts >= LEAST_PICTURES)

    def means(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return the means of the compared classes and their standard errors, each ``(n_compared, n_filters)``."""
        counts = self.counts[self.compared][:, None]
        means = self.sums[self.compared] / counts
        variances = np.maximum(self.squares[self.compared] / counts - means**2, 0) * counts / (counts - 1)
        return means, np.sqrt(variances / counts)

    def strongest(self, most: int, *, raised: bool) -> list[list[tuple[int, float, float]]]:
        """Return, for each filter, the classes that it raises most, or lowers most, beyond the spread.

        Returns:
            Of each filter up to ``most`` classes with the mean and its standard error, the strongest first.
        """
        means, errors = self.means()
        values = means if raised else -means
        order = np.argsort(-values, axis=0, kind="stable")[:most]
        return [
            [
                (int(self.compared[row]), float(means[row, column]), float(errors[row, column]))
                for row in order[:, column]
                if values[row, column] > _ERRORS * errors[row, column]
            ]
            for column in range(means.shape[1])
        ]

    def makers(self, chosen: Sequence[int], most: int) -> list[tuple[int, list[tuple[int, float]]]]:
        """Return, for each compared class, those of the chosen filters that raise its output most beyond the spread."""
        means, errors = (part[:, list(chosen)] for part in self.means())
        order = np.argsort(-means, axis=1, kind="stable")[:, :most]
        return [
            (
                int(own),
                [
                    (chosen[place], float(means[row, place]))
                    for place in order[row]
                    if means[row, place] > _ERRORS * errors[row, place]
                ],
            )
            for row, own in enumerate(self.compared)
        ]
