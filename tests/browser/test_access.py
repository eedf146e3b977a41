"""Accessibility: axe finds nothing on any kind of page, but for exceptions named here, which are the themes' own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.browser.conftest import LAYER, MODEL, HostedSite, Sites, Visitor

pytestmark = pytest.mark.browser
Visit = Callable[..., Visitor]
EVALUATION = "models/small/evaluation/index.html"
AXE = Path(__file__).parents[2] / "assets" / "gallery" / "node_modules" / "axe-core" / "axe.min.js"
RUN = """async () => (await axe.run(document, { resultTypes: ["violations"] })).violations.flatMap(({ id, nodes }) =>
    nodes.map(({ target, html }) => ({ rule: id, html: html.slice(0, 160), exceptions: EXCEPTIONS
        .filter(([rule, part]) => rule === id && document.querySelector(target.at(-1))?.matches(part))
        .map(([, part]) => part) })))"""
PAGES = {MODEL: ".lurk-map-box", "models/index.html": ".lurk-facts", f"{EVALUATION}#pair-2-0": ".lurk-matrix"}
"""The kinds of pages whose elements or colours differ with the window, and the part of each that is drawn last."""
OWN_ELEMENTS = ":is(lurk-gallery, lurk-map, .lurk, .lurk-facts)"
THEME_EXCEPTIONS = {
    "material": (
        ("aria-dialog-name", ".md-search"),  # the search calls itself a dialog and has no name
        ("color-contrast", ".md-copyright"),  # the footer's small print
        ("color-contrast", ".highlight *"),  # the colours of code
        ("landmark-unique", ".md-nav"),  # a section of the navigation is named like its page
        ("landmark-unique", ".md-code__nav"),  # every block of code brings a navigation of its own
        ("scrollable-region-focusable", ".md-typeset__scrollwrap"),  # what wraps a table that is wider than a phone
    ),
    "mkdocs": (
        ("color-contrast", "a:not(.lurk *)"),  # links in running text and in the navigation
        ("region", ".navbar *"),  # the head of the page is in no landmark
    ),
    "readthedocs": (
        ("color-contrast", ":is(a, code):not(.lurk *)"),  # links and code in running text
        ("color-contrast", "footer"),
        ("link-in-text-block", "footer a"),
        ("region", ":is(footer, .rst-versions)"),  # neither is in a landmark
        ("aria-allowed-attr", ".wy-menu a"),  # links of the navigation that say whether they are open
    ),
}
"""Rules that a theme's own parts break, with a selector of these parts."""


def violations(visitor: Visitor, theme: str = "material") -> list[str]:
    """The violations that axe finds on the page, without the theme's own."""
    page = visitor.page
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE.read_text("utf-8"))
    exceptions = [list(one) for one in THEME_EXCEPTIONS[theme]]
    found = page.evaluate(RUN.replace("EXCEPTIONS", str(exceptions)))
    assert page.locator(OWN_ELEMENTS).count()
    return [f"{one['rule']}: {one['html']}" for one in found if not one["exceptions"]]


def test_no_exception_covers_our_own_elements(visit: Visit, material: HostedSite) -> None:
    visitor = visit(material.server)
    visitor.open_gallery(f"{LAYER}#filter-3")
    visitor.wait_for_filter(3)
    for _, part in (one for exceptions in THEME_EXCEPTIONS.values() for one in exceptions):
        assert visitor.page.locator(f"{OWN_ELEMENTS} {part}, {OWN_ELEMENTS}{part}").count() == 0


def assert_accessible(visitor: Visitor, pages: dict[str, str]) -> None:
    """Let axe look at pages, each when the part that is drawn last is there."""
    for path, part in pages.items():
        visitor.go(path)
        visitor.page.locator(part).first.wait_for()
        assert violations(visitor) == [], path


def assert_layer_accessible(visitor: Visitor) -> None:
    """Let axe look at a layer's page: closed, with an opened filter, and with one of its photos."""
    visitor.open_gallery()
    assert violations(visitor) == []
    visitor.open_filter(3)
    visitor.page.get_by_role("button", name="How these pictures were made").click()
    assert violations(visitor) == []
    visitor.page.locator("button[data-image]").first.click()
    visitor.page.locator("lurk-photo .lurk-bars").wait_for()
    assert violations(visitor) == []
    assert visitor.errors == []


def test_dark_pages_on_a_phone_are_accessible_in_material(visit: Visit, material: HostedSite) -> None:
    visitor = visit(material.server, color_scheme="dark", viewport={"width": 360, "height": 800})
    only_here = {
        "models/resnet152/": ".lurk-map-box", "index.html": ".lurk-embed",
        "models/small/classes/zebra/index.html": ".lurk-class-layer",
        "models/small/pictures/index.html#photo-2": ".lurk-depth",
    }  # fmt: skip
    assert_accessible(visitor, PAGES | only_here)
    assert_layer_accessible(visitor)


def test_light_pages_on_a_wide_screen_are_accessible_in_material(visit: Visit, material: HostedSite) -> None:
    visitor = visit(material.server)
    assert_accessible(visitor, PAGES)
    assert_layer_accessible(visitor)


@pytest.mark.parametrize("theme", ["mkdocs", "readthedocs"])
def test_pages_are_accessible_in_the_other_themes(visit: Visit, sites: Sites, theme: str) -> None:
    visitor = visit(sites.themed(theme).server)
    visitor.open_map(MODEL)
    assert violations(visitor, theme) == []
    visitor.open_gallery(f"{LAYER}#filter-3")
    visitor.wait_for_filter(3)
    assert violations(visitor, theme) == []
