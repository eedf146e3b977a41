"""Search for the classes that a response correlates with: a class, a group of classes, or a union of up to three."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

MOST_PARTS = 3
"""Classes and groups in a label, at most."""
_LEAST_RISE = 1e-9
"""By how much a part must raise the correlation: rounding alone raises it by less."""

Floats = NDArray[np.float64]
Booleans = NDArray[np.bool_]
Integers = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Candidates:
    """What labels are made of.

    Attributes:
        names: Classes, then groups.
        classes: ``(n_candidates, n_classes)``, the classes of each candidate.
    """

    names: tuple[str, ...]
    classes: Booleans

    @classmethod
    def of(cls, classes: Sequence[str], groups: Mapping[str, Sequence[str]], usable: Booleans) -> Candidates:
        """List the usable classes, and the groups that are more than one class and not all of them.

        Args:
            classes: The names of all classes.
            groups: Names of classes that belong together, by the name of their group.
            usable: ``(n_classes,)``, whether a class has enough pictures.
        """
        n_classes, numbers = len(classes), {name: number for number, name in enumerate(classes)}
        names = [name for name, is_usable in zip(classes, usable, strict=True) if is_usable]
        rows = list(np.eye(n_classes, dtype=np.bool_)[usable])
        for group, members in groups.items():
            own = np.isin(np.arange(n_classes), [numbers[member] for member in members if member in numbers])
            if 1 < own.sum() < n_classes and (own & usable).any():
                names.append(group)
                rows.append(own)
        return cls(tuple(names), np.array(rows).reshape(len(rows), n_classes))


@dataclass(frozen=True, slots=True, eq=False)
class Unions:
    """The best unions that a search found.

    Attributes:
        parts: ``(n, MOST_PARTS)``, numbers of candidates in the order in which they were found; -1 where there is none.
        classes: ``(n, n_classes)``, the classes of each union.
        correlations: ``(n,)``; 0 where nothing correlates above zero.
    """

    parts: Integers
    classes: Booleans
    correlations: Floats


def search(sums: Floats, counts: Integers, candidates: Candidates) -> Unions:
    """Add to each union the candidate that raises its correlation most, for as long as one does, up to three.

    Among single classes of equal size this finds the best union of up to three.

    Args:
        sums: ``(n, n_classes)``, of standardised responses over the pictures of each class.
        counts: ``(n_classes,)``, pictures of each class.
        candidates: What may be added; of equals the first is.
    """
    n, everywhere = len(sums), np.arange(len(sums))
    parts, best = np.full((n, MOST_PARTS), -1, np.int64), np.zeros(n)
    taken = np.zeros(sums.shape, np.bool_)
    own_sums, own_counts = np.zeros((n, 1)), np.zeros((n, 1))
    grows = np.ones(n, np.bool_)
    for number in range(MOST_PARTS):
        added_sums = _by_candidate(np.where(taken, 0.0, sums), candidates)
        added_counts = _by_candidate(np.where(taken, 0.0, counts), candidates)
        scores = correlation_of_members(own_sums + added_sums, own_counts + added_counts, int(counts.sum()))
        scores[added_counts == 0] = -np.inf
        choice = scores.argmax(1)
        grows &= scores[everywhere, choice] > best + _LEAST_RISE
        rows, columns = everywhere[grows], choice[grows]
        parts[rows, number], best[rows] = columns, scores[rows, columns]
        own_sums[rows, 0] += added_sums[rows, columns]
        own_counts[rows, 0] += added_counts[rows, columns]
        taken[rows] |= candidates.classes[columns]
    return Unions(parts, taken, best)


def correlation_of_members(sums: Floats, counts: Floats | Integers, n: int) -> Floats:
    """Return Pearson's correlation of standardised responses with membership in a set of pictures.

    Args:
        sums: Of the responses, with mean 0 and deviation 1, over the members.
        counts: The members, of the shape of ``sums``.
        n: All pictures.

    Returns:
        Of the shape of ``sums``; minus infinity where no picture is a member, or each is.
    """
    spread = counts * (n - counts)
    scores: Floats = sums / np.sqrt(np.maximum(spread, 1))
    scores[np.broadcast_to(spread == 0, scores.shape)] = -np.inf
    return scores


def _by_candidate(values: Floats, candidates: Candidates) -> Floats:
    """Add up values by class, ``(n, n_classes)``, over the classes of each candidate."""
    sizes = candidates.classes.sum(1)
    if (sizes == 1).all():
        single: Floats = values[:, candidates.classes.argmax(1)]
        return single
    added: Floats = values @ candidates.classes.T.astype(np.float64)
    return added
