"""The quiz, from its first question to the table of answers."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import LAYER, MODEL, HostedSite, Visitor

pytestmark = pytest.mark.browser
Visit = Callable[..., Visitor]
QUIZ = "models/small/quiz/index.html"


def test_a_round_is_played_with_keys_alone_and_its_answers_are_saved(visit: Visit, address: str) -> None:
    visitor = visit(address)
    visitor.go(MODEL)
    page = visitor.page
    page.get_by_role("link", name="Guess the filter", exact=True).last.click()
    sets = page.locator("button.lurk-quiz-set")
    sets.first.wait_for()
    page.goto(f"{page.url}#round-7")
    expect(page.get_by_role("heading", name="Question 1 of 10")).to_be_visible()
    sets.first.focus()
    chosen = []
    for number in range(10):
        expect(page.get_by_role("heading", name=f"Question {number + 1} of 10")).to_be_visible()
        chosen.append("AB"[number % 2])
        page.keyboard.press(("a", "2")[number % 2])
        expect(page.locator(".lurk-quiz-answer [role=status]")).to_contain_text("right so far")
        right, wrong = (
            page.locator(f"button.lurk-quiz-set{one}") for one in (".lurk-quiz-right", ":not(.lurk-quiz-right)")
        )
        scores = [
            float(one.locator(".lurk-quiz-scores").inner_text().split()[1].replace("\N{MINUS SIGN}", "-"))
            for one in (right, wrong)
        ]
        assert scores[0] > max(0, scores[1])
        assert page.evaluate("document.activeElement.textContent") == ("Result" if number == 9 else "Next question")
        page.keyboard.press("Enter")
    title = page.locator(".lurk-quiz h2").inner_text()
    assert title.endswith("of 10 right")
    expect(page.locator(".lurk-quiz")).to_contain_text("guessing gives 50 %")
    with page.expect_download() as saved:
        page.get_by_role("button", name="Answers as CSV").click()
    rows = list(csv.DictReader(io.StringIO(Path(saved.value.path()).read_text("utf-8"))))
    assert [row["chosen"] for row in rows] == chosen
    assert f"{sum(int(row['is_right']) for row in rows)} of 10 right" == title
    assert {row["round"] for row in rows} == {"7"}
    asked = [(row["layer"], row["filter"]) for row in rows]
    assert len(set(asked)) == 10
    page.locator(".lurk-quiz-list a").first.click()
    page.locator("[data-filter-open] .lurk-ranked").first.wait_for()
    assert page.url.endswith(f"#filter-{asked[0][1]}")
    assert visitor.errors == []


def test_only_a_page_with_a_quiz_loads_its_script(visit: Visit, material: HostedSite) -> None:
    visitor = visit(material.server)
    loaded = "performance.getEntries().filter(({ name }) => name.includes('quiz')).length"
    for page in (LAYER, MODEL):
        visitor.go(page)
        visitor.page.wait_for_load_state("networkidle")
        assert visitor.page.evaluate(loaded) == 0
    visitor.page.goto(material.server + QUIZ)
    visitor.page.locator("button.lurk-quiz-set").first.wait_for()
    assert visitor.page.evaluate(loaded) >= 2


@pytest.mark.parametrize("width", [360, 1280])
def test_a_question_fits_the_window(visit: Visit, material: HostedSite, width: int) -> None:
    visitor = visit(material.server, viewport={"width": width, "height": 800})
    visitor.go(f"{QUIZ}#round-7")
    page = visitor.page
    boxes = [one.bounding_box() for one in page.locator("button.lurk-quiz-set").all()]
    for box in boxes:
        assert box is not None
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= width
    assert page.evaluate("document.documentElement.scrollWidth") <= width
