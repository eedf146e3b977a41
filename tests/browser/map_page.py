"""What the tests of the map share: sizes, addresses and the map's state on a page."""

from __future__ import annotations

from playwright.sync_api import Locator, Page

DEEP = "models/resnet152/"
PHONE = {"width": 360, "height": 740}
TIMES = "\N{MULTIPLICATION SIGN}"


def closed_groups(page: Page) -> Locator:
    return page.locator('.lurk-map-box[role="button"][aria-expanded="false"]')


def transform(page: Page) -> str:
    return page.locator(".lurk-map-canvas > g").get_attribute("transform") or ""


def scale(page: Page) -> float:
    """How far the map is zoomed in."""
    return float(transform(page).rpartition("(")[2].rstrip(")"))
