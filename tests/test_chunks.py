"""Chunks hold every item once and in order."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from mkdocs_lurk.chunks import chunks


@given(st.lists(st.integers(), max_size=30), st.integers(1, 7))
def test_chunks_hold_every_item_in_order(items: list[int], length: int) -> None:
    found = chunks(items, length)
    assert [item for chunk in found for item in chunk] == items
    assert all(len(chunk) == length for chunk in found[:-1])
