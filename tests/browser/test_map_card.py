"""The map's card: beside a narrow map it follows the pointer, beside a wide one it stays."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.browser.conftest import HostedSite, Visitor
from tests.browser.map_page import DEEP, TIMES

pytestmark = pytest.mark.browser
Visit = Callable[..., Visitor]


def assert_tells_of_the_layer(text: str) -> None:
    for words in ("features.3", "Conv2d", "output", "10 parameters", "multiply-adds", f"15 {TIMES} 15 pixels"):
        assert words in text


def test_hovering_shows_kind_shape_parameters_and_receptive_field(visit: Visit, material: HostedSite) -> None:
    visitor = visit(material.server, viewport={"width": 600, "height": 900})
    visitor.open_map()
    page = visitor.page
    page.locator('a[data-layer="features.3"]').hover()
    card = page.locator(".lurk-card")
    assert_tells_of_the_layer(card.inner_text())
    assert card.locator(".lurk-card-strip svg").count() == 8
    page.locator("h1").hover()
    assert card.is_hidden()


def test_docked_card_stays_on_a_wide_page(visit: Visit, material: HostedSite) -> None:
    visitor = visit(material.server)
    visitor.open_map()
    page = visitor.page
    card = page.locator(".lurk-card")
    assert card.inner_text().startswith("Convolution 1\nfeatures.0"), "nothing is shown at first"
    page.locator('a[data-layer="features.3"]').hover()
    assert_tells_of_the_layer(card.inner_text())
    page.locator("h1").hover()
    assert_tells_of_the_layer(card.inner_text())
    assert page.locator(".lurk-map-shown").get_attribute("data-layer") == "features.3"
    map_box, card_box = page.locator(".lurk-map-frame").bounding_box(), card.bounding_box()
    assert map_box is not None
    assert card_box is not None
    assert map_box["x"] + map_box["width"] <= card_box["x"]
    card.get_by_role("link", name="See its filters").click()
    page.locator('lurk-gallery[data-key="small/features.3"] a[data-filter]').first.wait_for()
    assert visitor.errors == []


def test_docked_card_stays_in_sight_beside_a_long_map(visit: Visit, material: HostedSite) -> None:
    visitor = visit(material.server)
    visitor.open_map(DEEP)
    page = visitor.page
    page.locator("a[data-layer]").last.scroll_into_view_if_needed()
    page.locator("a[data-layer]").last.hover()
    card = page.locator(".lurk-card").bounding_box()
    assert card is not None
    assert 48 <= card["y"] < card["y"] + card["height"] <= 900
