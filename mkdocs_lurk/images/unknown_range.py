"""Refuse a set of pictures whose values have no usual range, with the range that was seen over many of them."""

from __future__ import annotations

from collections.abc import Sequence

from mkdocs_lurk.errors import ImageError, RangeError
from mkdocs_lurk.images.values import describe_range

_EXCEPTIONS = 0.1
"""Up to this share of pictures without a usual range are exceptions, which are left out one by one."""


def refuse_unknown_range(found: Sequence[ImageError], n: int) -> None:
    """Refuse a set of which many pictures have values of no usual range.

    A few are damaged, or reach a little beyond white. Of many, the others cannot be trusted, either: a dark picture
    with values in 0..255 looks like one in 0..1.

    Args:
        found: Why pictures of the set, or of a sample of it, cannot be read.
        n: How many pictures were tried.

    Raises:
        ImageError: More than one in ten has no usual range; the message names the range over all of them.
    """
    without = [error for error in found if isinstance(error, RangeError)]
    if len(without) <= _EXCEPTIONS * n:
        return
    low, high = min(error.low for error in without), max(error.high for error in without)
    raise ImageError(describe_range(f"images: {len(without):,} of {n:,} pictures that were read have", low, high))
