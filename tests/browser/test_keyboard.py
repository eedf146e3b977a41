"""The pages by keyboard alone."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.browser.conftest import LAYER, MODEL, HostedSite, Visitor

pytestmark = pytest.mark.browser
Visit = Callable[..., Visitor]
MAX_STOPS = 120


def tab_to(visitor: Visitor, selector: str, back: bool = False) -> None:
    """Press Tab until an element that matches a selector has the focus."""
    page = visitor.page
    for _ in range(MAX_STOPS):
        page.keyboard.press("Shift+Tab" if back else "Tab")
        if page.evaluate("selector => document.activeElement.matches(selector)", selector):
            return
    raise AssertionError(f"{MAX_STOPS} stops and no {selector}")


def focus_is_visible(visitor: Visitor) -> bool:
    """Whether an outline shows the focus, on the element or on the label around it."""
    return bool(
        visitor.page.evaluate(
            """() => [document.activeElement, document.activeElement.closest("label")].some((one) => {
                if (!one) return false;
                const style = getComputedStyle(one);
                return style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0;
            })"""
        )
    )


def open_and_close_a_photo(visitor: Visitor) -> None:
    page = visitor.page
    tab_to(visitor, "button[data-image]")
    page.keyboard.press("Enter")
    page.locator("lurk-photo .lurk-bars").wait_for()
    tab_to(visitor, "lurk-photo .lurk-depth a")
    page.keyboard.press("Escape")
    page.locator("lurk-photo").wait_for(state="detached")
    assert page.evaluate("document.activeElement.matches('button[data-image]')")


def test_layer_page_works_by_keyboard_alone(visit: Visit, material: HostedSite) -> None:
    visitor = visit(material.server)
    visitor.open_gallery()
    page = visitor.page
    tab_to(visitor, '.lurk-toolbar input[type="radio"]')
    assert focus_is_visible(visitor)
    page.keyboard.press("ArrowRight")
    assert "show=synthesis" in page.url
    tab_to(visitor, ".lurk-toolbar select")
    assert focus_is_visible(visitor)
    tab_to(visitor, ".lurk-menu-button")
    page.keyboard.press("Enter")
    assert page.get_by_label("Hide dead filters").is_visible()
    page.keyboard.press("Escape")
    assert page.get_by_label("Hide dead filters").is_hidden()
    tab_to(visitor, ".lurk-neighbours a")
    tab_to(visitor, "a[data-filter]")
    assert focus_is_visible(visitor)
    page.keyboard.press("ArrowRight")
    index = int(visitor.focused)
    page.keyboard.press("Enter")
    visitor.wait_for_filter(index)
    tab_to(visitor, '.lurk-switch input[type="radio"]')
    assert focus_is_visible(visitor)
    page.keyboard.press("ArrowRight")
    assert page.locator("[data-filter-open]").get_attribute("data-overlay") == "gradient"
    assert page.locator("[data-filter-open]").get_attribute("data-filter-open") == str(index)
    tab_to(visitor, '.lurk-switch input[type="range"]', back=True)
    assert focus_is_visible(visitor)
    open_and_close_a_photo(visitor)
    tab_to(visitor, ".lurk-share button")
    page.keyboard.press("Escape")
    assert page.locator("[data-filter-open]").count() == 0
    assert visitor.focused == str(index)
    tab_to(visitor, ".lurk-neighbours a", back=True)
    page.keyboard.press("Enter")
    page.locator('lurk-gallery:not([data-key="small/features.3"]) a[data-filter]').first.wait_for()
    assert visitor.errors == []


def test_map_is_one_tab_stop_and_its_card_links_the_layer(visit: Visit, material: HostedSite) -> None:
    visitor = visit(material.server)
    visitor.open_map(MODEL)
    page = visitor.page
    tab_to(visitor, ".lurk-map-tools input")
    assert focus_is_visible(visitor)
    tab_to(visitor, ".lurk-map-box")
    page.keyboard.press("End")
    assert page.evaluate("document.activeElement.dataset.layer") == "features.6"
    page.keyboard.press("Home")
    assert page.evaluate("document.activeElement.dataset.layer") == "features.0"
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.matches('.lurk-card a')"), "the map has more than one stop"
    page.keyboard.press("Enter")
    page.locator('lurk-gallery[data-key="small/features.0"] a[data-filter]').first.wait_for()
    assert visitor.errors == []


def test_modal_panel_keeps_the_focus_inside(visit: Visit, material: HostedSite) -> None:
    visitor = visit(material.server, viewport={"width": 360, "height": 740})
    visitor.open_gallery(LAYER)
    visitor.open_filter(3)
    page = visitor.page
    for _ in range(MAX_STOPS):
        page.keyboard.press("Tab")
        inside = "document.activeElement === document.body || document.activeElement.closest('[data-filter-open]')"
        assert page.evaluate(f"Boolean({inside})")
    page.locator("[data-filter-open] .lurk-switch input[type=radio]").first.focus()
    page.keyboard.press("Escape")
    assert visitor.focused == "3"
