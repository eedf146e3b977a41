"""The dialog of a photo."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import LAYER, MODEL, OPEN, HostedSite, Visitor

pytestmark = pytest.mark.browser
Visit = Callable[..., Visitor]


def test_photo_dialog_shows_label_predictions_and_filters(visit: Visit, material: HostedSite) -> None:
    visitor = visit(material.disk)
    visitor.open_gallery(f"{LAYER}#filter-3")
    visitor.wait_for_filter(3)
    page = visitor.page
    shown = page.locator(f"{OPEN} button[data-image]").first
    shown.focus()
    page.keyboard.press("Enter")
    panel = page.locator("lurk-photo dialog")
    panel.locator(".lurk-bars").wait_for()
    text = panel.inner_text()
    for words in ("What the network predicts", "75 %", "20 %", "fish", "Right: the photo's class is",
                  "Filters that rank it highest", "Convolution 1", "Convolution 3", ".jpg"):  # fmt: skip
        assert words in text, words
    assert "photo=" in page.url
    picture = panel.locator("svg").first.bounding_box()
    assert picture is not None
    assert picture["width"] > 100
    strip = panel.locator(".lurk-depth svg")
    assert strip.count() >= 3
    assert {one.locator(".lurk-mark").count() for one in strip.all()} & {1, 2, 3}
    before = page.url
    page.keyboard.press("ArrowLeft")
    page.wait_for_function("before => location.href !== before", arg=before)
    panel.get_by_role("button", name="Next photo").click()
    page.wait_for_url(before)
    page.keyboard.press("Escape")
    expect(page.locator("lurk-photo")).to_have_count(0)
    assert page.evaluate("document.activeElement.matches('button[data-image]')"), "the focus was lost"
    page.locator(f"{OPEN} button[data-image]").nth(1).click()
    panel.locator(".lurk-depth a").first.click()
    page.locator(".lurk-ranked").first.wait_for()
    assert "#filter-" in page.url
    assert visitor.errors == []


def test_the_page_of_all_pictures_shows_the_one_that_its_address_names(visit: Visit, address: str) -> None:
    visitor = visit(address)
    visitor.go(MODEL)
    page = visitor.page
    page.get_by_role("link", name="All pictures, and what responds to each").click()
    page.locator("a[data-photo]").first.wait_for()
    page.locator('a[data-photo="2"]').click()
    shown = page.locator(".lurk-photo-page")
    shown.locator(".lurk-depth svg").first.wait_for()
    assert page.url.endswith("#photo-2")
    assert page.evaluate("document.activeElement.matches('.lurk-photo-page h2')")
    assert "Right: the photo's class is zebra." in shown.inner_text()
    page.keyboard.press("ArrowRight")
    page.wait_for_url("**#photo-3")
    page.keyboard.press("ArrowRight")
    page.wait_for_url("**#photo-5")  # the one between could not be read
    expect(shown.get_by_role("button", name="Next photo")).to_have_attribute("aria-disabled", "true")
    link = shown.locator(".lurk-depth a").first
    mark = shown.locator(".lurk-depth .lurk-mark").first
    link.hover()
    assert "lurk-mark-lit" in str(mark.get_attribute("class"))
    link.click()
    page.locator(".lurk-ranked").first.wait_for()
    page.go_back()
    shown.locator(".lurk-depth svg").first.wait_for()
    assert page.url.endswith("#photo-5")
    assert visitor.errors == []
