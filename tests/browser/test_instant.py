"""Instant navigation: after going to another page and back, three times, no listener or element of ours is left."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page

from tests.browser.conftest import MODEL, HostedSite, Visitor

TITLES = {"features.0": "Convolution 1", "features.3": "Convolution 2"}
"""The titles of layers, as the navigation has them."""
pytestmark = pytest.mark.browser
Visit = Callable[..., Visitor]
MATERIAL_LEAKS = 5
"""Listeners that Material's instant navigation itself leaves behind at each step."""
LISTENERS = """
    const kept = window.__kept = new Map();
    for (const [name, target] of [["window", window], ["document", document]]) {
        const add = target.addEventListener, remove = target.removeEventListener;
        target.addEventListener = function (type, listener, options) {
            if (new Error().stack.includes("lurk")) {
                const key = {};
                kept.set(key, [target, type, listener]);
                options?.signal?.addEventListener("abort", () => kept.delete(key));
            }
            return add.call(this, type, listener, options);
        };
        target.removeEventListener = function (type, listener, options) {
            for (const [key, own] of kept)
                if (own[0] === target && own[1] === type && own[2] === listener) kept.delete(key);
            return remove.call(this, type, listener, options);
        };
    }
    window.__elements = [];
"""


class LeakCheck:
    """Counts a page's nodes and listeners after garbage collection."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.rounds: list[tuple[int, int, int]] = []
        self._session = page.context.new_cdp_session(page)

    def remember(self, element: str) -> None:
        """Remember an element, to see later whether it keeps its children."""
        self.page.evaluate("name => __elements.push(new WeakRef(document.querySelector(name)))", element)
        assert self.page.locator(element).count() == 1

    def count(self) -> None:
        """Add a round: our listeners on the window and the document, all nodes, all listeners."""
        for _ in range(3):
            self._session.send("HeapProfiler.collectGarbage")
        found = self._session.send("Memory.getDOMCounters")
        self.rounds.append((self.page.evaluate("__kept.size"), found["nodes"], found["jsEventListeners"]))

    def assert_none(self, steps: int) -> None:
        """Assert that our listeners did not grow over rounds of so many steps, and that removed elements are empty."""
        print("\nown listeners, nodes, listeners after each round:", *self.rounds)
        first, second, third = self.rounds
        assert self.page.evaluate("window.stayed"), "the page was reloaded"
        assert first[0] == third[0]
        assert third[2] - second[2] <= steps * MATERIAL_LEAKS, "listeners pile up"
        full = "__elements.some((one) => one.deref() && !one.deref().isConnected && one.deref().childElementCount)"
        assert not self.page.evaluate(full), "a removed element keeps what was drawn"


def test_nothing_leaks_between_layer_pages(visit: Visit, material: HostedSite) -> None:
    visitor = visit(material.server, own=True)
    page = visitor.page
    page.add_init_script(LISTENERS)
    visitor.open_gallery("models/small/features.0/")
    page.evaluate("window.stayed = true")
    leaks = LeakCheck(page)

    def go(name: str) -> None:
        page.locator(".md-nav--primary").get_by_role("link", name=TITLES[name], exact=True).first.click()
        page.wait_for_url(f"**/{name}/")
        page.locator(f'lurk-gallery[data-key="small/{name}"] a[data-filter="0"]').first.wait_for()
        leaks.remember("lurk-gallery")
        visitor.open_filter(2)

    for _ in range(3):
        for name in ("features.3", "features.0"):
            go(name)
        page.go_back()
        page.locator('lurk-gallery[data-key="small/features.0"]').first.wait_for()
        page.go_back()
        page.locator('lurk-gallery[data-key="small/features.3"] a[data-filter="0"]').first.wait_for()
        go("features.0")
        leaks.count()
    leaks.assert_none(steps=5)
    assert leaks.rounds[0][0] > 0
    assert visitor.errors == []


def test_nothing_leaks_between_the_map_and_a_layer(visit: Visit, material: HostedSite) -> None:
    visitor = visit(material.server, own=True)
    page = visitor.page
    page.add_init_script(LISTENERS)
    visitor.open_map(MODEL.removesuffix("index.html"))
    page.evaluate("window.stayed = true")
    leaks = LeakCheck(page)
    for _ in range(3):
        leaks.remember("lurk-map")
        page.locator('a[data-layer="features.3"]').hover()
        page.locator('a[data-layer="features.3"]').click()
        page.locator('lurk-gallery[data-key="small/features.3"] a[data-filter="0"]').first.wait_for()
        leaks.remember("lurk-gallery")
        page.go_back()
        page.locator("lurk-map .lurk-map-box").first.wait_for()
        assert page.locator("lurk-gallery").count() == 0
        leaks.count()
    leaks.assert_none(steps=2)
    assert visitor.errors == []
