"""Two models compared: every link of the page leads somewhere, and nothing leaves a phone's width."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import LAYERS, MATERIAL, Visitor
from tests.pages.fake_comparison import RECORD
from tests.plugin.sites import broken_addresses, project

pytestmark = pytest.mark.browser
Visit = Callable[..., Visitor]
PAGE = "models/compare-small-tuned/index.html"


@pytest.fixture(scope="module")
def compared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address on disk of a site that compares two models."""
    patch = pytest.MonkeyPatch()
    patch.setattr("mkdocs_lurk.build.compare_models", lambda *_: copy.deepcopy(RECORD))
    declared = {"title": "A small network", "source": "torchvision:squeezenet1_1", "images": "photos"}
    models = [{**declared, "name": "small"}, {**declared, "name": "tuned", "title": "Tuned"}]
    lurk = {"models": models, "compare": ["small", "tuned"]}
    made = project(tmp_path_factory.mktemp("compared"), layers=LAYERS, side=64, theme=MATERIAL, lurk=lurk)
    made.build()
    assert broken_addresses(made.site) == []
    yield f"{made.site.as_uri()}/"
    patch.undo()


def test_a_filter_that_changed_leads_to_its_gallery(visit: Visit, compared: str) -> None:
    visitor = visit(compared)
    page = visitor.page
    page.goto(compared + PAGE)
    expect(page.locator(".lurk-cka rect.lurk-hit")).to_have_count(4)
    page.locator(".lurk-compared a").first.click()
    visitor.wait_for_filter(2)
    assert page.url.endswith("small/features.3/index.html#filter-2")
    page.goto(compared + PAGE)
    page.locator(".lurk-cards a").first.click()
    page.wait_for_url("**/tuned/pictures/index.html#photo-0")
    assert visitor.errors == []


def test_nothing_is_wider_than_a_phone(visit: Visit, compared: str) -> None:
    visitor = visit(compared)
    visitor.page.set_viewport_size({"width": 360, "height": 740})
    visitor.page.goto(compared + PAGE)
    wide = visitor.page.evaluate(
        "() => [...document.querySelectorAll('.lurk, .lurk *:not(image)')]"
        ".filter((one) => one.getBoundingClientRect().right > 361).length"
    )
    assert wide == 0
