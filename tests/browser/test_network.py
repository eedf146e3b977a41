"""The network on one screen, and links that lead to pages from disk."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from tests.browser.conftest import LAYER, MODEL, HostedSite, Visitor

pytestmark = pytest.mark.browser
Visit = Callable[..., Visitor]
LINKS = "links => links.map((link) => link.href.animVal ?? link.href)"


def test_the_switch_shows_syntheses_in_place_of_crops(visit: Visit, address: str) -> None:
    visitor = visit(address)
    visitor.go(MODEL)
    crop, drawn = (visitor.page.locator(f".lurk-network__{kind} svg").first for kind in ("crop", "drawn"))
    assert (crop.is_visible(), drawn.is_visible()) == (True, False)
    visitor.page.get_by_role("radio", name="syntheses").check()
    assert (crop.is_visible(), drawn.is_visible()) == (False, True)
    visitor.page.keyboard.press("ArrowLeft")
    assert (crop.is_visible(), drawn.is_visible()) == (True, False)
    assert visitor.errors == []


def test_arrow_keys_lead_through_the_columns_and_enter_opens_the_filter(visit: Visit, address: str) -> None:
    visitor = visit(address)
    visitor.go(MODEL)
    visitor.page.get_by_role("radio", name="crops of photos").focus()
    visitor.page.keyboard.press("Tab")
    visitor.page.keyboard.press("ArrowRight")
    visitor.page.keyboard.press("ArrowDown")
    second = visitor.page.locator(".lurk-column").nth(1).locator("a").nth(1)
    assert second.evaluate("link => link === document.activeElement")
    index = str(second.get_attribute("href")).rpartition("-")[2]
    visitor.page.keyboard.press("Enter")
    visitor.wait_for_filter(int(index))
    assert visitor.errors == []


@pytest.mark.parametrize(("width", "height"), [(360, 740), (1280, 800)])
def test_the_network_fits_the_screen(visit: Visit, material: HostedSite, width: int, height: int) -> None:
    visitor = visit(material.disk, viewport={"width": width, "height": height})
    visitor.go(MODEL)
    assert visitor.page.evaluate("document.documentElement.scrollWidth") <= width
    box = visitor.page.locator("lurk-network").bounding_box()
    assert box is not None
    if width > 1000:
        assert box["y"] + box["height"] <= height


@pytest.mark.parametrize("page", ["index.html", "models/index.html", MODEL, LAYER])
def test_every_link_leads_to_a_page_from_disk(visit: Visit, material: HostedSite, page: str) -> None:
    visitor = visit(material.disk)
    visitor.go(page)
    visitor.page.wait_for_function("document.readyState === 'complete'")
    links = [str(link) for link in visitor.page.eval_on_selector_all("a[href]", LINKS)]
    local = [Path(unquote(urlsplit(link).path)) for link in links if link.startswith("file:")]
    assert len(local) > 5
    assert [path for path in local if not path.is_file()] == []


def test_the_find_that_colour_changes_leads_to_its_filter(visit: Visit, address: str) -> None:
    visitor = visit(address)
    visitor.go(MODEL)
    find = visitor.page.locator(".lurk-finds section", has_text="Changed by colour")
    assert "Without colour, 10 % of its response is left, on the 2 pictures" in find.inner_text()
    link = find.locator("a")
    index = str(link.get_attribute("href")).rpartition("-")[2]
    link.click()
    visitor.wait_for_filter(int(index))
    assert visitor.page.locator(".lurk-property").first.inner_text().split() == ["Colour", "90", "%"]
    assert visitor.errors == []
