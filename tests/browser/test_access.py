"""What axe finds on each kind of page, in light and dark: nothing of ours."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.browser.conftest import LAYER, MODEL, Hosted, Visitor

pytestmark = pytest.mark.browser
Visit = Callable[..., Visitor]
AXE = Path(__file__).parents[2] / "assets" / "gallery" / "node_modules" / "axe-core" / "axe.min.js"
RUN = """async (within) => {
    const found = await axe.run({ include: within }, { resultTypes: ["violations"] });
    return found.violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 160)).join(" | ")}`);
}"""
OURS = ["lurk-gallery", "lurk-map", ".lurk-facts", ".lurk-embed", ".lurk-seen", ".lurk-strip"]


def complaints(visitor: Visitor, add: bool = True) -> list[str]:
    """What axe says of our parts of the page."""
    if add:
        visitor.page.evaluate(AXE.read_text("utf-8"))
    there = [part for part in OURS if visitor.page.locator(part).count()]
    assert there
    return list(visitor.page.evaluate(RUN, [[part] for part in there]))


@pytest.mark.parametrize(("scheme", "width"), [("dark", 360), ("light", 1280)])
def test_axe_finds_nothing(visit: Visit, material: Hosted, scheme: str, width: int) -> None:
    visitor = visit(material.server, color_scheme=scheme, viewport={"width": width, "height": 800})
    visitor.map()
    assert complaints(visitor) == []
    visitor.go("models/index.html")
    assert complaints(visitor) == []
    visitor.go("index.html")
    assert complaints(visitor) == []
    visitor.gallery()
    assert complaints(visitor) == []
    visitor.open_filter(3)
    visitor.page.get_by_role("button", name="How these pictures were made").click()
    assert complaints(visitor, add=False) == []
    visitor.page.locator("button[data-image]").first.click()
    visitor.page.locator("lurk-photo .lurk-bars").wait_for()
    assert complaints(visitor, add=False) == []
    assert visitor.errors == []


def test_axe_finds_nothing_in_the_other_themes(visit: Visit, plain: Hosted) -> None:
    visitor = visit(plain.server)
    visitor.map(MODEL)
    assert complaints(visitor) == []
    visitor.gallery(f"{LAYER}#filter-3")
    visitor.opened(3)
    assert complaints(visitor) == []
