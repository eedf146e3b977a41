"""Cut sequences into chunks: work into units, and pictures into batches."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

Item = TypeVar("Item")


def chunks(items: Sequence[Item], length: int) -> list[tuple[Item, ...]]:
    """Cut a sequence into chunks of one length, in its order; only the last one may be shorter."""
    return [tuple(items[start : start + length]) for start in range(0, len(items), length)]
