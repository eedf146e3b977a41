"""What a layer's page says of sums and proofs."""

from __future__ import annotations

from mkdocs_lurk.pages.effect_words import layer_sentences
from mkdocs_lurk.records.effect_record import CutSum

START = "Between the mean picture and a picture the output for its class rises by 20.0 on average. "


def said(**found: object) -> str:
    whole: CutSum = {"layers": [], "sum": 5.0, "own": 5.0, "difference": 20.0, "error": None}
    (sentence,) = layer_sentences({"makers": [], "sum": whole | found}, "b")  # type: ignore[typeddict-item]
    return sentence


def test_sums_are_said_of_a_layer_of_branches_and_of_a_layer_with_a_way_around_it() -> None:
    alone = {"layers": ["b"], "sum": 19.5, "own": 19.5, "error": 0.04}
    assert said(**alone) == START + (
        "Every way leads through this layer; its contributions add up to 19.5; for a single picture they are off by "
        "4 %."
    )
    assert said(**alone | {"layers": ["a", "b"], "own": 5.0}) == START + (
        "Every way leads through this layer or a; their contributions add up to 19.5, of which 5.00 are this layer's; "
        "for a single picture they are off by 4 %."
    )
    assert said() == START + "The contributions of this layer add up to 5.00 of that (25 %): other ways lead around it."


def test_nothing_is_said_where_nothing_was_asked_for() -> None:
    assert layer_sentences({"makers": []}, "b") == layer_sentences(None, "b") == []
