"""What axe finds on each kind of page, the theme's parts included: nothing but what is named here as the theme's."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.browser.conftest import LAYER, MODEL, Hosted, Sites, Visitor

pytestmark = pytest.mark.browser
Visit = Callable[..., Visitor]
AXE = Path(__file__).parents[2] / "assets" / "gallery" / "node_modules" / "axe-core" / "axe.min.js"
RUN = """async () => (await axe.run(document, { resultTypes: ["violations"] })).violations.flatMap(({ id, nodes }) =>
    nodes.map(({ target, html }) => ({ rule: id, html: html.slice(0, 160), excuses: EXCUSES
        .filter(([rule, part]) => rule === id && document.querySelector(target.at(-1))?.matches(part))
        .map(([, part]) => part) })))"""
OURS = ":is(lurk-gallery, lurk-map, .lurk, .lurk-facts)"
THEIRS = {
    "material": (
        ("aria-dialog-name", ".md-search"),  # the search calls itself a dialog and has no name
        ("color-contrast", ".md-copyright"),  # the footer's small print
        ("color-contrast", ".highlight *"),  # the colours of code
        ("landmark-unique", ".md-nav"),  # a section of the navigation is named like its page
        ("landmark-unique", ".md-code__nav"),  # every block of code brings a navigation of its own
    ),
    "whole": (
        ("aria-dialog-name", ".md-search"),
        ("color-contrast", ".md-copyright"),
        ("landmark-unique", ".md-nav"),
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
"""What a theme's own parts are excused, by rule and place."""


def complaints(visitor: Visitor, theme: str = "material") -> list[str]:
    """What axe says of the page, but for what is the theme's."""
    page = visitor.page
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE.read_text("utf-8"))
    excuses = [list(one) for one in THEIRS[theme]]
    found = page.evaluate(RUN.replace("EXCUSES", str(excuses)))
    assert page.locator(OURS).count()
    return [f"{one['rule']}: {one['html']}" for one in found if not one["excuses"]]


def test_no_excuse_covers_a_part_of_ours(visit: Visit, material: Hosted) -> None:
    visitor = visit(material.server)
    visitor.gallery(f"{LAYER}#filter-3")
    visitor.opened(3)
    for _, part in (one for excuses in THEIRS.values() for one in excuses):
        assert visitor.page.locator(f"{OURS} {part}, {OURS}{part}").count() == 0


@pytest.mark.parametrize(("scheme", "width"), [("dark", 360), ("light", 1280)])
def test_axe_finds_nothing(visit: Visit, material: Hosted, scheme: str, width: int) -> None:
    visitor = visit(material.server, color_scheme=scheme, viewport={"width": width, "height": 800})
    for path, part in ((MODEL, ".lurk-map-box"), ("models/resnet152/", ".lurk-map-box"),
                       ("models/index.html", ".lurk-facts"), ("index.html", ".lurk-embed")):  # fmt: skip
        visitor.go(path)
        visitor.page.locator(part).first.wait_for()
        assert complaints(visitor) == [], path
    visitor.gallery()
    assert complaints(visitor) == []
    visitor.open_filter(3)
    visitor.page.get_by_role("button", name="How these pictures were made").click()
    assert complaints(visitor) == []
    visitor.page.locator("button[data-image]").first.click()
    visitor.page.locator("lurk-photo .lurk-bars").wait_for()
    assert complaints(visitor) == []
    assert visitor.errors == []


@pytest.mark.parametrize("theme", ["mkdocs", "readthedocs", "whole"])
def test_axe_finds_nothing_in_the_other_themes(visit: Visit, sites: Sites, theme: str) -> None:
    visitor = visit(sites.named(theme).server)
    visitor.map(MODEL)
    assert complaints(visitor, theme) == []
    visitor.gallery(f"{LAYER}#filter-3")
    visitor.opened(3)
    assert complaints(visitor, theme) == []
