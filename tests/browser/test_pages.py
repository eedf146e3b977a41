"""The pages as a visitor meets them: every filter opens, wherever the site lies, and nothing goes wrong."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.browser.conftest import LAYERS, Hosted, Visitor

pytestmark = pytest.mark.browser
Visit = Callable[..., Visitor]
LAYER = "models/small/features.3/index.html"


def test_a_filter_opens(visit: Visit, address: str) -> None:
    visitor = visit(address)
    visitor.go(LAYER)
    visitor.open_filter(3)
    page = visitor.page
    assert page.url.endswith("#filter-3")
    opened = page.inner_text('[data-filter-open="3"]')
    assert "Filter 3" in opened
    assert "2.5 times the best photo" in opened
    for label in ("cat", "dog", "zebra"):
        assert label in opened
    assert visitor.errors == []


def test_a_permanent_link_opens_its_filter(visit: Visit, address: str) -> None:
    visitor = visit(address)
    visitor.go(f"{LAYER}#filter-7")
    visitor.page.wait_for_selector('[data-filter-open="7"]')
    assert visitor.errors == []


def test_the_map_leads_to_a_layer(visit: Visit, address: str) -> None:
    visitor = visit(address)
    visitor.go("models/small/index.html")
    visitor.page.wait_for_selector("lurk-map svg")
    visitor.page.locator("lurk-map").get_by_text("features.3").first.click()
    visitor.page.wait_for_selector('lurk-gallery a[data-filter="0"]')
    assert "features.3" in visitor.page.url
    assert visitor.errors == []


def test_an_embedded_filter_shows_its_pictures(visit: Visit, address: str) -> None:
    visitor = visit(address)
    visitor.go("index.html")
    assert visitor.page.locator("figure.lurk-embed svg").count() == 5
    box = visitor.page.locator("figure.lurk-embed svg").first.bounding_box()
    assert box is not None
    assert box["width"] == box["height"] > 60
    assert visitor.errors == []


def test_the_plain_themes_show_it_too(visit: Visit, plain: Hosted) -> None:
    visitor = visit(plain.server)
    visitor.go(LAYER)
    visitor.open_filter(3)
    visitor.go("models/small/index.html")
    visitor.page.wait_for_selector("lurk-map svg")
    assert visitor.errors == []


def test_instant_navigation_goes_back_and_forth(visit: Visit, material: Hosted) -> None:
    visitor = visit(material.server)
    page = visitor.page
    visitor.go("models/small/features.0/")
    page.evaluate("window.stayed = true")
    for _ in range(3):
        for name, *_ in LAYERS:
            page.locator(".md-nav--primary").get_by_role("link", name=name, exact=True).first.click()
            page.wait_for_url(f"**/{name}/")
            page.wait_for_selector(f'lurk-gallery[data-key="small/{name}"] a[data-filter="0"]')
            assert page.locator("lurk-gallery").count() == 1
            visitor.open_filter(2)
    assert page.evaluate("window.stayed"), "the page was loaded anew"
    assert visitor.errors == []


@pytest.mark.parametrize("width", [320, 390, 768, 1280])
@pytest.mark.parametrize("path", [LAYER, f"{LAYER}#filter-3", "models/small/index.html", "index.html"])
def test_nothing_is_wider_than_the_window(visit: Visit, material: Hosted, width: int, path: str) -> None:
    visitor = visit(material.server, viewport={"width": width, "height": 800})
    visitor.go(path)
    visitor.page.wait_for_load_state("networkidle")
    assert visitor.page.evaluate("document.documentElement.scrollWidth") <= width
    assert visitor.errors == []


def test_without_script_every_filter_is_there(visit: Visit, material: Hosted) -> None:
    visitor = visit(material.disk, java_script_enabled=False)
    page = visitor.page
    visitor.go(LAYER)
    tiles = page.locator("lurk-gallery a[data-filter]")
    assert tiles.count() == 40
    assert tiles.first.is_visible()
    box = page.locator("lurk-gallery a[data-filter] svg").first.bounding_box()
    assert box is not None
    assert box["width"] > 40
    assert page.locator("#filter-12").is_visible()
    visitor.go("models/small/index.html")
    assert page.locator("lurk-map svg").first.is_visible()
    page.locator("lurk-map a").first.click()
    assert "features.0" in page.url


def test_dark_and_light_have_their_own_ground(visit: Visit, address: str) -> None:
    grounds = set()
    for scheme in ("light", "dark"):
        visitor = visit(address, color_scheme=scheme)
        visitor.go(f"{LAYER}#filter-3")
        visitor.page.wait_for_selector('[data-filter-open="3"]')
        grounds.add(visitor.page.evaluate("getComputedStyle(document.body).backgroundColor"))
        assert visitor.errors == []
    assert len(grounds) == 2
