"""A model whose pictures are held back: plain tiles with numbers and labels, and no broken picture anywhere."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import LAYERS, MATERIAL, MODEL, OPEN, Visitor
from tests.plugin.sites import project

pytestmark = pytest.mark.browser
Visit = Callable[..., Visitor]
LAYER = "models/small/features.3/index.html"


@pytest.fixture(scope="module")
def hidden(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The address on disk of a site with no picture."""
    made = project(
        tmp_path_factory.mktemp("hidden"), layers=LAYERS, side=64, theme=MATERIAL, model={"pictures": "none"}
    )
    made.build()
    assert not list(Path(made.site).rglob("photos-*"))
    return f"{made.site.as_uri()}/"


def test_an_opened_filter_has_tiles_with_numbers_and_labels(visit: Visit, hidden: str) -> None:
    visitor = visit(hidden)
    visitor.open_gallery(f"{LAYER}#filter-3")
    visitor.wait_for_filter(3)
    page = visitor.page
    tiles = page.locator(f"{OPEN} .lurk-unshown")
    expect(tiles).to_have_count(12)  # top pictures, and those of the range
    expect(tiles.first).to_have_text("picture 5, not shown")
    expect(page.locator(f"{OPEN} .lurk-picture-name").first).to_have_text("zebra")
    expect(page.locator(f"{OPEN} .lurk-crops")).to_have_count(0)
    expect(page.locator(f"{OPEN} .lurk-switch")).to_be_hidden()
    box = tiles.first.bounding_box()
    assert box is not None
    assert box["width"] == pytest.approx(box["height"])
    assert visitor.errors == []


def test_a_hidden_photos_dialog_has_what_the_network_says_of_it(visit: Visit, hidden: str) -> None:
    visitor = visit(hidden)
    visitor.open_gallery(f"{LAYER}#filter-3")
    visitor.wait_for_filter(3)
    page = visitor.page
    page.locator(f"{OPEN} button[data-image]").first.click()
    panel = page.locator("lurk-photo dialog")
    panel.locator(".lurk-bars").wait_for()
    expect(panel.locator(".lurk-unshown")).to_have_text("picture 5, not shown")
    expect(panel.locator("h2")).to_have_text("zebra")
    assert "75 %" in panel.inner_text()
    assert visitor.errors == []


def test_the_grid_and_the_map_show_syntheses(visit: Visit, hidden: str) -> None:
    visitor = visit(hidden)
    visitor.open_gallery(LAYER)
    assert visitor.page.locator("lurk-gallery a[data-filter] svg").count() > 10
    expect(visitor.page.locator(".lurk-segments")).to_have_count(0)
    visitor.open_map(MODEL)
    assert visitor.page.locator("lurk-map svg image").count() > 0
    assert visitor.errors == []
