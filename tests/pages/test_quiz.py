"""Which crops the quiz shows, and which it asks about."""

from __future__ import annotations

from typing import Any, cast

import pytest

from mkdocs_lurk.errors import ConfigError
from mkdocs_lurk.pages.fences import render_fence
from mkdocs_lurk.pages.quiz import ask, square_window
from mkdocs_lurk.pages.render import Templates
from mkdocs_lurk.records.model_record import FilterRecord
from tests.pages.conftest import Built

BOX = [2, 2, 8, 8]
SHOWN = [True] * 10


def entry(image: int, score: float, **more: Any) -> dict[str, Any]:
    return {"image": image, "score": score, "box": BOX, "field": "exact", **more}


def a_filter(**changes: Any) -> FilterRecord:
    """A filter whose four strongest photos are 0 to 3; 99 % of the responses is that of photo 1, as in small sets."""
    quantiles = {1.0: (0, 9), 0.99: (1, 8), 0.9: (4, 5), 0.5: (5, 2), 0.25: (6, 1), 0.0: (7, -1)}
    return cast(
        "FilterRecord",
        {
            "index": 3,
            "top_max": [entry(image, 9 - image) for image in range(4)],
            "range": [
                *(entry(image, score, quantile=quantile) for quantile, (image, score) in quantiles.items()),
                entry(8, -5, quantile=0.0, of="minima"),
            ],
            **changes,
        },
    )


def images(item: FilterRecord, shows: list[bool] = SHOWN) -> tuple[list[int], ...] | None:
    question = ask(item, shows)
    if question is None:
        return None
    return tuple([crop.image for crop in crops] for crops in (question.shown, question.strong, question.weak))


def test_held_out_crops_are_asked_about_and_no_photo_twice() -> None:
    assert images(a_filter()) == ([0, 1, 2], [3, 4], [7, 6])


def test_photos_that_are_not_published_are_neither_shown_nor_asked_about() -> None:
    hidden = [photo not in (3, 7) for photo in range(10)]
    assert images(a_filter(), hidden) == ([0, 1], [2], [6])


@pytest.mark.parametrize(
    "changes",
    [
        {"stats": {"dead": True}},
        {"range": []},
        {"top_max": [entry(0, 9)]},
        {"range": [entry(7, 6, quantile=0.0)]},
        {"top_max": [entry(image, -image) for image in range(4)], "range": [entry(7, -9, quantile=0.0)]},
        {"range": [entry(7, -1, quantile=0.0) | {"box": [0, 0, 0, 8]}]},
    ],
    ids=["dead", "no range", "one crop", "as strong as the last", "no positive response", "padding alone"],
)
def test_nothing_is_asked_where_the_answer_would_not_be_clear(changes: dict[str, Any]) -> None:
    assert ask(a_filter(**changes), SHOWN) is None


def test_crops_of_a_question_have_one_size_wherever_they_lie() -> None:
    for box in ([0, 0, 1, 2], [60, 60, 64, 64], [10, 30, 20, 50]):
        window = square_window(box, (64, 64), 30)
        assert (window[2] - window[0], window[3] - window[1]) == (30, 30)
        assert window[0] <= box[0] < box[2] <= window[2] <= 64
        assert window[1] <= box[1] < box[3] <= window[3] <= 64
    assert square_window(BOX, (10, 64), 30) == [0, 0, 10, 30]


def test_the_quiz_has_questions_of_every_layer(built: Built) -> None:
    key, data = built.script("quiz.js")
    assert key == "small/quiz"
    assert {question["layer"] for question in data["questions"]} == {0, 1}
    assert "A round has 9 questions." in built.text("models/small/quiz/index.md")
    for question in data["questions"]:
        for _, _, photo, window, mark in question["shown"] + question["strong"] + question["weak"]:
            assert [window[2] - window[0], window[3] - window[1]] == photo[:2:-1]  # 32 px, less than a crop shows
            assert mark is not None


def test_an_embedded_quiz_names_its_data_and_its_layer(built: Built) -> None:
    def render(keys: str, model: str = "small") -> str:
        return render_fence(f"model: {model}\nshow: quiz\n{keys}", built.site, Templates(), lambda uri: f"/{uri}")

    html = render("layer: features.3")
    for words in ('<lurk-quiz data-src="/models/small/quiz.js" data-key="small/quiz" data-layer="features.3">',
                  'href="/models/small/quiz/index.md"'):  # fmt: skip
        assert words in html
    assert "data-layer" not in render("caption: Try it.")
    assert "is not shown" in render("", "waiting")
    with pytest.raises(ConfigError, match="'filter' is not known"):
        render("filter: 3")
