"""The classes of pictures in order: by value where they all are numbers, and else by their characters."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

_NUMBER = re.compile(r"-?[0-9]{1,9}(\.[0-9]{0,9})?")
_MISSING = frozenset({"nan", "-nan", "<na>", "na", "n/a", "#n/a", "nat", "none", "null", "nil", "-", "?"})
"""What pandas, R and spreadsheets write for a missing number, in lower case."""


def is_number(label: str) -> bool:
    """Return whether a class is a decimal number of usual size: ``7``, ``-1``, ``10.0``, ``0.5``."""
    return _NUMBER.fullmatch(label) is not None


def is_whole(label: str) -> bool:
    """Return whether a class is a whole number, also one that is written as a real one: ``10``, ``10.0``."""
    return is_number(label) and not label.partition(".")[2].strip("0")


def in_order(labels: Iterable[str]) -> list[str]:
    """Sort classes: by value if they all are numbers, else by their characters, capitals first."""
    labels = sorted(labels)
    return sorted(labels, key=float) if all(map(is_number, labels)) else labels


def without_missing(labels: Sequence[str | None]) -> list[str | None]:
    """Leave out what tables write for a missing number (``nan``, ``NA``, ``null``), if all other classes are numbers.

    Args:
        labels: The class of each picture, or None.
    """
    given = [label for label in labels if label is not None and label.lower() not in _MISSING]
    if not given or not all(map(is_number, given)):
        return list(labels)
    return [None if label is None or label.lower() in _MISSING else label for label in labels]


def as_whole_numbers(labels: Sequence[str | None]) -> list[str | None]:
    """Write ``10.0`` as ``10``, as tables of real numbers have it, if all classes are whole numbers.

    Args:
        labels: The class of each picture, or None.
    """
    if not all(label is None or is_whole(label) for label in labels):
        return list(labels)
    return [None if label is None else label.partition(".")[0] for label in labels]
