"""The network's map: unfold, fold, search, walk by keyboard, zoom, and go to a layer by a click."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page

from tests.browser.conftest import Hosted, Visitor
from tests.browser.invented import NETWORKS

pytestmark = pytest.mark.browser
Visit = Callable[..., Visitor]
DEEP = "models/resnet152/"
TIMES = "\N{MULTIPLICATION SIGN}"


def folds(page: Page) -> Locator:
    return page.locator('.lurk-map-box[role="button"][aria-expanded="false"]')


def scale(page: Page) -> float:
    """How far the map is zoomed in."""
    transform = page.locator(".lurk-map-canvas > g").get_attribute("transform") or ""
    return float(transform.rpartition("(")[2].rstrip(")"))


def test_a_click_leads_to_a_layer(visit: Visit, address: str) -> None:
    visitor = visit(address)
    visitor.map()
    visitor.page.locator('a[data-layer="features.3"]').click()
    visitor.page.locator('lurk-gallery a[data-filter="0"]').first.wait_for()
    assert "features.3" in visitor.page.url
    visitor.page.go_back()
    visitor.page.locator("lurk-map .lurk-map-box").first.wait_for()
    assert visitor.errors == []


def test_a_box_unfolds_and_folds_in_its_place(visit: Visit, material: Hosted) -> None:
    visitor = visit(material.server)
    visitor.map(DEEP)
    page = visitor.page
    run = page.locator('.lurk-map-box[aria-expanded="false"]', has_text=f"{TIMES} 35").first
    key = run.get_attribute("data-key")
    box = page.locator(f'[data-key="{key}"]')
    box.scroll_into_view_if_needed()
    before, there = page.locator("a[data-layer]").count(), box.bounding_box()
    box.click(position={"x": 8, "y": 8})
    assert box.get_attribute("aria-expanded") == "true"
    unfolded = folds(page).count() + page.locator("a[data-layer]").count()
    assert unfolded > before + 30
    after = box.bounding_box()
    assert there is not None
    assert after is not None
    assert abs(after["y"] - there["y"]) < 200, "what was clicked went out of sight"
    box.focus()
    page.keyboard.press("Enter")
    assert box.get_attribute("aria-expanded") == "false"
    assert page.locator("a[data-layer]").count() == before
    assert visitor.errors == []


def test_folded_blocks_tell_their_count_and_show_pictures(visit: Visit, material: Hosted) -> None:
    visitor = visit(material.server)
    visitor.map(DEEP)
    names = " ".join(folds(visitor.page).all_text_contents())
    for count in ("7", "35", "2"):
        assert f"{TIMES} {count}" in names
    assert visitor.page.locator(".lurk-map-strips > svg").count() > 8


def test_search_finds_what_is_folded_and_goes_there(visit: Visit, material: Hosted) -> None:
    visitor = visit(material.server)
    visitor.map(DEEP)
    page = visitor.page
    page.get_by_role("searchbox", name="Find a layer").fill("layer3.20.conv2")
    assert page.locator(".lurk-map-tools [role=status]").inner_text() == "1 layer"
    assert page.locator(".lurk-map-hit").count() >= 1
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.dataset.layer") == "layer3.20.conv2"
    page.get_by_role("searchbox", name="Find a layer").fill("no such")
    assert page.locator(".lurk-map-tools [role=status]").inner_text() == "No layer of that name"
    assert visitor.errors == []


def test_the_keyboard_walks_zooms_and_enters(visit: Visit, material: Hosted) -> None:
    visitor = visit(material.server)
    visitor.map()
    page = visitor.page
    page.get_by_role("button", name="Zoom in").focus()
    page.keyboard.press("Tab")
    first = page.evaluate("document.activeElement.dataset.key")
    page.keyboard.press("ArrowDown")
    assert page.evaluate("document.activeElement.dataset.key") != first
    page.keyboard.press("Home")
    assert page.evaluate("document.activeElement.dataset.key") == first
    before = scale(page)
    page.keyboard.press("+")
    assert scale(page) > before
    page.keyboard.press("0")
    assert scale(page) == pytest.approx(before)
    page.keyboard.press("End")
    assert page.evaluate("document.activeElement.dataset.layer") == "features.6"
    assert page.locator(".lurk-card").inner_text().startswith("features.6")
    page.keyboard.press("Enter")
    page.locator('lurk-gallery[data-key="small/features.6"] a[data-filter]').first.wait_for()
    assert visitor.errors == []


def test_hovering_tells_kind_shape_parameters_and_field(visit: Visit, material: Hosted) -> None:
    visitor = visit(material.server)
    visitor.map()
    page = visitor.page
    page.locator('a[data-layer="features.3"]').hover()
    card = page.locator(".lurk-card")
    text = card.inner_text()
    for words in ("features.3", "Conv2d", "output", "10 parameters", "multiply-adds", f"15 {TIMES} 15 pixels"):
        assert words in text
    assert card.locator(".lurk-card-strip svg").count() == 8
    page.locator("h1").hover()
    assert card.is_hidden()


def test_the_mouse_pans_and_zooms_and_a_plain_wheel_scrolls(visit: Visit, material: Hosted) -> None:
    visitor = visit(material.server)
    visitor.map(DEEP)
    page = visitor.page
    canvas = page.locator(".lurk-map-canvas")
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    assert box is not None
    before = scale(page)
    page.mouse.move(box["x"] + 20, box["y"] + 60)
    page.mouse.wheel(0, 120)
    page.wait_for_function("scrollY > 0")
    assert scale(page) == before
    page.keyboard.down("Control")
    page.mouse.wheel(0, -240)
    page.keyboard.up("Control")
    page.wait_for_function("document.querySelector('.lurk-map-zoomed')")
    assert scale(page) > before
    moved = page.locator(".lurk-map-canvas > g").get_attribute("transform")
    page.mouse.down()
    page.mouse.move(box["x"] + 60, box["y"] + 90, steps=3)
    page.mouse.up()
    assert page.locator(".lurk-map-canvas > g").get_attribute("transform") != moved
    page.get_by_role("button", name="Fit").click()
    assert scale(page) == pytest.approx(before)


@pytest.mark.parametrize("network", NETWORKS)
def test_known_networks_are_readable(visit: Visit, material: Hosted, network: str) -> None:
    visitor = visit(material.server)
    for width in (1280, 360):
        visitor.page.set_viewport_size({"width": width, "height": 800})
        visitor.map(f"models/{network}/")
        readable(visitor.page, width)
    assert visitor.errors == []


def readable(page: Page, width: int) -> None:
    """Letters are large enough, boxes few and apart, and nothing is wider than the window."""
    assert scale(page) >= 0.55, "the letters are too small"
    assert 4 <= page.locator(".lurk-map-box").count() <= 60
    overlaps = page.evaluate(
        """() => {
            const boxes = [...document.querySelectorAll('.lurk-map-box:not([aria-expanded="true"])')]
                .map((box) => [box.dataset.key, box.getBoundingClientRect()]);
            return boxes.flatMap(([key, a], at) => boxes.slice(at + 1)
                .filter(([, b]) => a.left < b.right - 1 && b.left < a.right - 1)
                .filter(([, b]) => a.top < b.bottom - 1 && b.top < a.bottom - 1)
                .map(([other]) => `${key} and ${other}`));
        }"""
    )
    assert overlaps == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
