"""Notes become sentences; numbers keep the digits that they are worth."""

from __future__ import annotations

import pytest

from mkdocs_lurk.pages import formatting
from mkdocs_lurk.records.model_record import FieldStatus


@pytest.mark.parametrize(
    ("note", "sentence"),
    [
        ("the exact field, 207 x 207 px, covers most", f"The exact field, 207 {formatting.TIMES} 207 px, covers most."),
        ("Already one.", "Already one."),
        ("max pool", "Max pool."),
        ("", ""),
    ],
)
def test_a_note_becomes_a_sentence(note: str, sentence: str) -> None:
    assert formatting.sentence(note) == sentence


@pytest.mark.parametrize(
    ("value", "text"),
    [(None, "-"), (0.0, "0"), (21.53, "21.5"), (0.01234, "0.0123"), (-1234.5, "-1,234"), (0.00012, "1.2e-04")],
)
def test_a_score_has_three_digits(value: float | None, text: str) -> None:
    assert formatting.score(value) == text


@pytest.mark.parametrize(("value", "text"), [(12_345, "12,345"), (1_235_496, "1.24 million"), (2 * 10**9, "2 billion")])
def test_large_counts_are_in_millions_and_billions(value: int, text: str) -> None:
    assert formatting.count(value) == text


@pytest.mark.parametrize(
    ("status", "text"),
    [("exact", "7 {} 9 px"), ("effective", "about 7 {} 9 px"), ("whole", "the whole picture")],
)
def test_a_receptive_field_says_how_it_is_known(status: FieldStatus, text: str) -> None:
    assert formatting.receptive_field({"size": [7, 9], "status": status}) == text.format(formatting.TIMES)
