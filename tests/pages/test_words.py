"""Notes become sentences."""

from __future__ import annotations

import pytest

from mkdocs_lurk.pages import words


@pytest.mark.parametrize(
    ("note", "said"),
    [
        ("the exact field, 207 x 207 px, covers most", f"The exact field, 207 {words.TIMES} 207 px, covers most."),
        ("Already one.", "Already one."),
        ("max pool", "Max pool."),
        ("", ""),
        (None, ""),
    ],
)
def test_a_note_becomes_a_sentence(note: str | None, said: str) -> None:
    assert words.sentence(note) == said
