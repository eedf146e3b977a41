"""Notes become sentences; numbers keep the digits that they are worth."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from mkdocs_lurk.pages import formatting
from mkdocs_lurk.records.model_record import FieldStatus

CASES = json.loads((Path(__file__).parents[2] / "assets/gallery/test/numbers.json").read_text("utf-8"))
"""What the front end's own test reads, too."""


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


@pytest.mark.parametrize(("value", "text"), CASES["score"])
def test_a_score_is_written_as_the_front_end_writes_it(value: float, text: str) -> None:
    assert formatting.score(value) == text


@pytest.mark.parametrize(("value", "text"), CASES["ratio"])
def test_a_ratio_is_written_as_the_front_end_writes_it(value: float, text: str) -> None:
    assert formatting.ratio(value) == text


def test_what_is_not_known_is_a_dash() -> None:
    assert formatting.score(None) == formatting.ratio(None) == "-"


@pytest.mark.parametrize(("value", "text"), [(12_345, "12,345"), (1_235_496, "1.24 million"), (2 * 10**9, "2 billion")])
def test_large_counts_are_in_millions_and_billions(value: int, text: str) -> None:
    assert formatting.count(value) == text


@pytest.mark.parametrize(
    ("status", "text"),
    [("exact", "7 {} 9 px"), ("effective", "about 7 {} 9 px"), ("whole", "the whole picture")],
)
def test_a_receptive_field_says_how_it_is_known(status: FieldStatus, text: str) -> None:
    assert formatting.receptive_field({"size": [7, 9], "status": status}) == text.format(formatting.TIMES)
