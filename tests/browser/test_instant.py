"""Instant navigation: to another page and back, three times, and nothing of ours is left behind."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page

from tests.browser.conftest import MODEL, Hosted, Visitor

pytestmark = pytest.mark.browser
Visit = Callable[..., Visitor]
THEIRS = 5
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


class Census:
    """Counts what a page holds after the garbage is gone."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.rounds: list[tuple[int, int, int]] = []
        self._session = page.context.new_cdp_session(page)

    def meet(self, element: str) -> None:
        """Remember an element, to see later what it keeps."""
        self.page.evaluate("name => __elements.push(new WeakRef(document.querySelector(name)))", element)
        assert self.page.locator(element).count() == 1

    def count(self) -> None:
        """Add a round: own listeners on the window, nodes, listeners of all."""
        for _ in range(3):
            self._session.send("HeapProfiler.collectGarbage")
        found = self._session.send("Memory.getDOMCounters")
        self.rounds.append((self.page.evaluate("__kept.size"), found["nodes"], found["jsEventListeners"]))

    def judge(self, steps: int) -> None:
        """Nothing of ours grew from round to round of so many steps, and no element that was left keeps a child."""
        print("\nown listeners, nodes, listeners after each round:", *self.rounds)
        first, second, third = self.rounds
        assert self.page.evaluate("window.stayed"), "the page was loaded anew"
        assert first[0] == third[0]
        assert third[2] - second[2] <= steps * THEIRS, "listeners pile up"
        full = "__elements.some((one) => one.deref() && !one.deref().isConnected && one.deref().childElementCount)"
        assert not self.page.evaluate(full), "an element that was left keeps what was drawn"


def test_from_layer_to_layer_and_back(visit: Visit, material: Hosted) -> None:
    visitor = visit(material.server)
    page = visitor.page
    page.add_init_script(LISTENERS)
    visitor.gallery("models/small/features.0/")
    page.evaluate("window.stayed = true")
    census = Census(page)

    def go(name: str) -> None:
        page.locator(".md-nav--primary").get_by_role("link", name=name, exact=True).first.click()
        page.wait_for_url(f"**/{name}/")
        page.locator(f'lurk-gallery[data-key="small/{name}"] a[data-filter="0"]').first.wait_for()
        census.meet("lurk-gallery")
        visitor.open_filter(2)

    for _ in range(3):
        for name in ("features.3", "features.0"):
            go(name)
        page.go_back()
        page.locator('lurk-gallery[data-key="small/features.0"]').first.wait_for()
        page.go_back()
        page.locator('lurk-gallery[data-key="small/features.3"] a[data-filter="0"]').first.wait_for()
        go("features.0")
        census.count()
    census.judge(steps=5)
    assert census.rounds[0][0] > 0
    assert visitor.errors == []


def test_from_the_map_to_a_layer_and_back(visit: Visit, material: Hosted) -> None:
    visitor = visit(material.server)
    page = visitor.page
    page.add_init_script(LISTENERS)
    visitor.map(MODEL.removesuffix("index.html"))
    page.evaluate("window.stayed = true")
    census = Census(page)
    for _ in range(3):
        census.meet("lurk-map")
        page.locator('a[data-layer="features.3"]').hover()
        page.locator('a[data-layer="features.3"]').click()
        page.locator('lurk-gallery[data-key="small/features.3"] a[data-filter="0"]').first.wait_for()
        census.meet("lurk-gallery")
        page.go_back()
        page.locator("lurk-map .lurk-map-box").first.wait_for()
        assert page.locator("lurk-gallery").count() == 0
        census.count()
    census.judge(steps=2)
    assert visitor.errors == []
