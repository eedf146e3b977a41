"""The dialog of a photo."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import LAYER, OPEN, HostedSite, Visitor

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
    for words in ("What the network predicts", "75 %", "20 %", "fish", "Its first guess is the photo's label",
                  "Filters that rank it highest", "Convolution 1", "Convolution 3", ".jpg"):  # fmt: skip
        assert words in text, words
    assert "photo=" in page.url
    picture = panel.locator("svg").first.bounding_box()
    assert picture is not None
    assert picture["width"] > 100
    page.keyboard.press("Escape")
    expect(page.locator("lurk-photo")).to_have_count(0)
    assert page.evaluate("document.activeElement.matches('button[data-image]')"), "the focus was lost"
    page.locator(f"{OPEN} button[data-image]").nth(1).click()
    panel.locator(".lurk-ranks a").first.click()
    page.locator(".lurk-ranked").first.wait_for()
    assert "#filter-" in page.url
    assert visitor.errors == []
