"""The confusion matrix: its choices, its keys, and what stands without JavaScript."""

from __future__ import annotations

import json
import re
from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from mkdocs_lurk.pages.data.matrix_records import MatrixData
from tests.browser.conftest import LAYER, HostedSite, Visitor

pytestmark = pytest.mark.browser
Visit = Callable[..., Visitor]
EVALUATION = "models/small/evaluation/index.html"
SQUARES = "lurk-matrix.lurk-drawn .lurk-matrix a"
"""The fake network's evaluation: every third picture is taken for the next class, of ``cat``, ``dog`` and ``zebra``."""

DRAW_AGAIN = """(data) => {
    const matrix = document.querySelector("lurk-matrix");
    const parent = matrix.parentElement;
    matrix.remove();
    matrix.dataset.matrix = data;
    parent.append(matrix);
}"""


def sixty_classes() -> MatrixData:
    """A matrix of sixty classes, whose pictures are all named right."""
    numbers = list(range(60))
    return {
        "names": [f"class {n}" for n in numbers],
        "places": numbers,
        "pictures": [4] * 60,
        "order": numbers,
        "squares": [number for n in numbers for number in (n, n, 4)],
        "left_out": 0,
    }


def test_keys_lead_to_the_pictures_of_a_square(visit: Visit, address: str) -> None:
    visitor = visit(address)
    visitor.go(EVALUATION)
    page = visitor.page
    squares = page.locator(SQUARES)
    squares.first.wait_for()
    page.get_by_role("radio", name="Pictures").focus()
    page.keyboard.press("Tab")
    readout, named = page.locator(".lurk-matrix-readout"), page.locator(".lurk-matrix > text.lurk-on")
    seen = set()
    for key in ("Home", "ArrowDown", "ArrowDown", "End", "ArrowUp"):
        page.keyboard.press(key)
        focused = page.locator(f"{SQUARES}:focus")
        expect(readout).to_have_text(focused.get_attribute("aria-label") or "-")
        assert named.count() == 2
        seen.add(focused.get_attribute("href"))
    assert len(seen) >= 3
    chosen = focused.get_attribute("href")
    page.keyboard.press("Enter")
    expect(page.locator(f".lurk-pair{chosen}")).to_be_visible()
    assert page.locator(".lurk-pair:visible").count() == 1
    assert page.url.endswith(str(chosen))
    assert visitor.errors == []


def test_a_click_leads_there_too_and_the_pointer_reads_every_square(visit: Visit, material: HostedSite) -> None:
    visitor = visit(material.server)
    visitor.go(EVALUATION)
    page = visitor.page
    squares = page.locator(SQUARES)
    squares.first.wait_for()
    said = set()
    grid = page.locator(".lurk-matrix .lurk-grid").bounding_box()
    assert grid is not None
    for x in range(3):
        page.mouse.move(grid["x"] + grid["width"] * (x + 0.5) / 3, grid["y"] + 10)
        said.add(page.locator(".lurk-matrix-readout").inner_text())
    assert len(said) == 3
    assert all(re.match(r"(No picture|\d+ of \d+ pictures?) of \w+ (is|are) ", one) for one in said), said
    squares.last.click()
    expect(page.locator(f".lurk-pair{squares.last.get_attribute('href')}")).to_be_visible()
    page.mouse.move(0, 0)
    expect(page.locator(".lurk-matrix-readout")).to_contain_text("arrow keys")
    assert visitor.errors == []


def test_orders_move_the_squares_and_figures_change(visit: Visit, material: HostedSite) -> None:
    visitor = visit(material.strict, reduced_motion="reduce")
    visitor.go(EVALUATION)
    page = visitor.page
    page.locator(SQUARES).first.wait_for()
    rows = """() => [...document.querySelectorAll(".lurk-matrix-row")]
        .sort((a, b) => a.getBoundingClientRect().top - b.getBoundingClientRect().top)
        .map((one) => one.firstChild.textContent)"""
    menu, found = page.get_by_label("Order of the classes"), {}
    for order in ("declared", "recall", "confusion"):
        menu.select_option(order)
        found[order] = page.evaluate(rows)
    assert found["declared"] == ["cat", "dog", "zebra"]
    assert found["recall"] == ["zebra", "cat", "dog"]
    text = page.locator(f"{SQUARES} text")
    shares = text.all_text_contents()
    page.get_by_role("radio", name="% of the row").press("ArrowRight")
    assert text.all_text_contents() != shares
    assert visitor.errors == []


def test_without_javascript_the_matrix_of_the_page_stays(visit: Visit, material: HostedSite) -> None:
    visitor = visit(material.server, own=True, java_script_enabled=False)
    visitor.go(EVALUATION)
    squares = visitor.page.locator("lurk-matrix .lurk-confusion a")
    assert squares.count() >= 3
    squares.last.click()
    expect(visitor.page.locator(".lurk-pair:visible")).to_have_count(1)


def test_without_its_script_the_matrix_of_the_page_stays(visit: Visit, material: HostedSite) -> None:
    visitor = visit(material.server, own=True)
    visitor.page.route("**/lurk-matrix.js", lambda route: route.abort())
    visitor.go(EVALUATION)
    expect(visitor.page.get_by_role("alert")).to_contain_text("could not be shown")
    assert visitor.page.locator("lurk-matrix .lurk-confusion a").count() >= 3


@pytest.mark.parametrize("width", [360, 1280])
def test_sixty_classes_scroll_in_their_frame_and_zoom_shows_their_figures(
    visit: Visit, material: HostedSite, width: int
) -> None:
    visitor = visit(material.server, viewport={"width": width, "height": 800}, reduced_motion="reduce")
    visitor.go(EVALUATION)
    page = visitor.page
    page.locator(SQUARES).first.wait_for()
    page.evaluate(DRAW_AGAIN, json.dumps(sixty_classes()))
    expect(page.locator(".lurk-matrix-row")).to_have_count(60)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    figures, frame = page.locator(f"{SQUARES} text"), page.locator(".lurk-matrix-frame")
    expect(figures.first).to_be_hidden()
    size = "({ scrollWidth, clientWidth }) => scrollWidth > clientWidth"
    larger = page.get_by_role("button", name="Larger squares")
    for _ in range(2):
        larger.press("Enter")
    expect(figures.first).to_be_visible()
    assert frame.evaluate(size)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    last = page.locator(SQUARES).last
    last.focus()
    expect(last).to_be_in_viewport()
    assert frame.evaluate("({ scrollLeft }) => scrollLeft") > 0
    expect(page.locator(".lurk-matrix-readout")).to_have_text("4 of 4 pictures of class 59 are named right: 100 %")
    assert visitor.errors == []


def test_only_the_evaluation_loads_its_script(visit: Visit, material: HostedSite) -> None:
    visitor = visit(material.server)
    visitor.open_gallery(LAYER)
    visitor.page.wait_for_load_state("networkidle")
    assert visitor.page.evaluate("performance.getEntries().some(({ name }) => name.includes('matrix'))") is False
