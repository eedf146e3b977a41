"""The keyboard alone: from the address bar to a filter, a photo of it, and back out."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.browser.conftest import LAYER, MODEL, Hosted, Visitor

pytestmark = pytest.mark.browser
Visit = Callable[..., Visitor]
STOPS = 120


def tab_to(visitor: Visitor, selector: str, back: bool = False) -> None:
    """Press Tab until the focus stands on what a selector finds; what has the focus must show it."""
    page = visitor.page
    for _ in range(STOPS):
        page.keyboard.press("Shift+Tab" if back else "Tab")
        if page.evaluate("one => document.activeElement.matches(one)", selector):
            return
    raise AssertionError(f"{STOPS} stops and no {selector}")


def shows_focus(visitor: Visitor) -> bool:
    """Whether one can see where the focus is: by an outline, on the element or on the label around it."""
    return bool(
        visitor.page.evaluate(
            """() => [document.activeElement, document.activeElement.closest("label")].some((one) => {
                if (!one) return false;
                const style = getComputedStyle(one);
                return style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0;
            })"""
        )
    )


def test_from_the_top_of_a_layer_to_a_photo_and_back(visit: Visit, material: Hosted) -> None:
    visitor = visit(material.server)
    visitor.gallery()
    page = visitor.page
    tab_to(visitor, '.lurk-toolbar input[type="radio"]')
    assert shows_focus(visitor)
    page.keyboard.press("ArrowRight")
    assert "show=synthesis" in page.url
    tab_to(visitor, ".lurk-toolbar select")
    assert shows_focus(visitor)
    tab_to(visitor, ".lurk-menu-button")
    page.keyboard.press("Enter")
    assert page.get_by_label("Hide dead filters").is_visible()
    page.keyboard.press("Escape")
    assert page.get_by_label("Hide dead filters").is_hidden()
    tab_to(visitor, ".lurk-neighbours a")
    tab_to(visitor, "a[data-filter]")
    assert shows_focus(visitor)
    page.keyboard.press("ArrowRight")
    index = int(visitor.focused)
    page.keyboard.press("Enter")
    visitor.opened(index)
    tab_to(visitor, '[role="switch"]')
    assert shows_focus(visitor)
    page.keyboard.press("Space")
    assert page.locator('[role="switch"]').get_attribute("aria-checked") == "true"
    tab_to(visitor, "button[data-image]")
    page.keyboard.press("Enter")
    page.locator("lurk-photo .lurk-bars").wait_for()
    tab_to(visitor, "lurk-photo .lurk-ranks a")
    page.keyboard.press("Escape")
    page.locator("lurk-photo").wait_for(state="detached")
    assert page.evaluate("document.activeElement.matches('button[data-image]')")
    tab_to(visitor, ".lurk-share button")
    page.keyboard.press("Escape")
    assert page.locator("[data-filter-open]").count() == 0
    assert visitor.focused == str(index)
    tab_to(visitor, ".lurk-neighbours a", back=True)
    page.keyboard.press("Enter")
    page.locator('lurk-gallery:not([data-key="small/features.3"]) a[data-filter]').first.wait_for()
    assert visitor.errors == []


def test_the_map_is_one_stop_and_its_card_leads_on(visit: Visit, material: Hosted) -> None:
    visitor = visit(material.server)
    visitor.map(MODEL)
    page = visitor.page
    tab_to(visitor, ".lurk-map-tools input")
    assert shows_focus(visitor)
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


def test_a_sheet_on_a_phone_keeps_the_focus_inside(visit: Visit, material: Hosted) -> None:
    visitor = visit(material.server, viewport={"width": 360, "height": 740})
    visitor.gallery(LAYER)
    visitor.open_filter(3)
    page = visitor.page
    for _ in range(STOPS):
        page.keyboard.press("Tab")
        inside = "document.activeElement === document.body || document.activeElement.closest('[data-filter-open]')"
        assert page.evaluate(f"Boolean({inside})")
    page.locator("[data-filter-open] [role=switch]").focus()
    page.keyboard.press("Escape")
    assert visitor.focused == "3"
