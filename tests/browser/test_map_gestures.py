"""The map by keyboard, mouse and touch."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page

from tests.browser.conftest import HostedSite, Visitor
from tests.browser.map_page import DEEP, PHONE, closed_groups, scale, transform

pytestmark = pytest.mark.browser
Visit = Callable[..., Visitor]
AT_REST = """() => {
    const tops = (window.__tops = [scrollY, ...(window.__tops ?? [])].slice(0, 6));
    return tops.length === 6 && new Set(tops).size === 1;
}"""


def drag(page: Page, start: list[tuple[float, float]], stop: list[tuple[float, float]], steps: int = 8) -> None:
    """Touch the screen with fingers one after the other, move each from its start to its stop, and lift them."""
    session = page.context.new_cdp_session(page)

    def send(kind: str, part: float, fingers: int | None = None) -> None:
        points = [
            {"x": a + (c - a) * part, "y": b + (d - b) * part, "id": at}
            for at, ((a, b), (c, d)) in enumerate(zip(start, stop, strict=True))
        ][:fingers]
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [] if kind == "touchEnd" else points})

    for fingers in range(1, len(start) + 1):
        send("touchStart", 0, fingers)
    for step in range(1, steps + 1):
        send("touchMove", step / steps)
    page.wait_for_timeout(150)  # fingers that rest before they lift do not fling
    send("touchMove", 1)
    send("touchEnd", 1)
    session.detach()


def test_keyboard_moves_zooms_and_opens_a_layer(visit: Visit, material: HostedSite) -> None:
    visitor = visit(material.server)
    visitor.open_map()
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
    assert page.locator(".lurk-card").inner_text().splitlines()[:2] == ["Convolution 3", "features.6"]
    page.keyboard.press("Enter")
    page.locator('lurk-gallery[data-key="small/features.6"] a[data-filter]').first.wait_for()
    assert visitor.errors == []


def test_keyboard_pans_a_zoomed_map(visit: Visit, material: HostedSite) -> None:
    visitor = visit(material.server)
    visitor.open_map(DEEP)
    page = visitor.page
    page.locator('.lurk-map-box[tabindex="0"]').focus()
    for _ in range(4):
        page.keyboard.press("+")
    assert scale(page) > 2
    for key in ("End", "ArrowUp", "ArrowLeft", "Home", "ArrowRight", "ArrowDown"):
        page.keyboard.press(key)
        inside = page.evaluate(
            """() => {
                const [box, frame] = [document.activeElement, document.querySelector(".lurk-map-frame")]
                    .map((one) => one.getBoundingClientRect());
                const window = { top: 0, bottom: innerHeight };
                return [frame, window].every((one) => box.bottom > one.top && box.top < one.bottom)
                    && box.right > frame.left && box.left < frame.right;
            }"""
        )
        assert inside, f"after {key} the box in hand is out of sight"
    before = scale(page)
    page.keyboard.press("-")
    assert scale(page) < before
    assert visitor.errors == []


def test_mouse_pans_and_zooms_and_a_plain_wheel_scrolls(visit: Visit, material: HostedSite) -> None:
    visitor = visit(material.server)
    visitor.open_map(DEEP)
    page = visitor.page
    canvas = page.locator(".lurk-map-canvas")
    canvas.evaluate("node => node.scrollIntoView()")
    top = page.evaluate("scrollY")
    box = canvas.bounding_box()
    assert box is not None
    before = scale(page)
    page.mouse.move(box["x"] + 20, box["y"] + 60)
    page.mouse.wheel(0, 120)
    page.wait_for_function(f"scrollY > {top}")
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


def test_two_fingers_zoom_and_one_scrolls(visit: Visit, material: HostedSite) -> None:
    visitor = visit(material.server, viewport=PHONE, has_touch=True, is_mobile=True)
    visitor.open_map(DEEP)
    page = visitor.page
    page.locator(".lurk-map-canvas").evaluate("canvas => scrollBy(0, canvas.getBoundingClientRect().top - 60)")
    before, top = scale(page), page.evaluate("scrollY")
    drag(page, [(180, 500)], [(180, 300)])
    page.wait_for_function("top => scrollY > top + 100", arg=top)
    assert scale(page) == before, "one finger zoomed"
    page.wait_for_function(AT_REST)
    top = page.evaluate("scrollY")
    drag(page, [(160, 300), (200, 340)], [(80, 200), (280, 440)])
    page.wait_for_function("document.querySelector('.lurk-map-zoomed')")
    larger = scale(page)
    assert larger > 1.5 * before
    assert abs(page.evaluate("scrollY") - top) <= 1, "two fingers scrolled the page"
    assert page.evaluate("visualViewport.scale") == 1, "two fingers zoomed the page"
    moved = transform(page)
    drag(page, [(200, 300)], [(120, 360)])
    assert transform(page) != moved, "one finger does not pan what is zoomed"
    assert abs(page.evaluate("scrollY") - top) <= 1
    assert scale(page) == larger
    drag(page, [(60, 200), (300, 440)], [(160, 300), (200, 340)])
    assert scale(page) < larger
    page.get_by_role("button", name="Fit").tap()
    assert scale(page) == pytest.approx(before)
    assert visitor.errors == []


def test_tap_opens_a_group_and_a_layer_page(visit: Visit, material: HostedSite) -> None:
    visitor = visit(material.server, viewport=PHONE, has_touch=True, is_mobile=True)
    visitor.open_map(DEEP)
    page = visitor.page
    layers = page.locator("a[data-layer]").count()
    closed_groups(page).first.tap()
    page.wait_for_function("layers => document.querySelectorAll('a[data-layer]').length > layers", arg=layers)
    visitor.open_map()
    page.locator('a[data-layer="features.3"]').tap()
    page.locator('lurk-gallery[data-key="small/features.3"] a[data-filter]').first.wait_for()
    assert visitor.errors == []
