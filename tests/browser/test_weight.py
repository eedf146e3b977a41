"""How heavy the pages are. Sizes are held to their limits; times are printed, never asserted."""

from __future__ import annotations

import gzip
from collections.abc import Callable

import pytest

from mkdocs_lurk.pages.static import SCRIPT
from tests.browser.conftest import Hosted, Visitor

pytestmark = pytest.mark.browser
Visit = Callable[..., Visitor]
MANY = "models/small/many/index.html"
SHIFTS = """
    window.__shift = 0;
    new PerformanceObserver((list) => {
        for (const entry of list.getEntries()) if (!entry.hadRecentInput) window.__shift += entry.value;
    }).observe({ type: "layout-shift", buffered: true });
"""


def gzipped(*names: str, site: Hosted) -> int:
    folder = (site.site / SCRIPT).parent
    return sum(len(gzip.compress((folder / name).read_bytes(), 9)) for name in names)


def test_the_scripts_are_light(material: Hosted) -> None:
    layer, model = gzipped("lurk.js", site=material), gzipped("lurk.js", "lurk-map.js", site=material)
    print(f"\ngzipped: a layer's page {layer / 1000:.1f} kB, a model's page {model / 1000:.1f} kB")
    assert layer <= 45_000
    assert model <= 80_000


def test_a_layer_loads_little_before_scrolling_and_nothing_jumps(visit: Visit, material: Hosted) -> None:
    visitor = visit(material.server)
    page = visitor.page
    page.add_init_script(SHIFTS)
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable")
    visitor.gallery(MANY)
    page.wait_for_load_state("networkidle")
    own = page.evaluate(
        "performance.getEntriesByType('resource').filter(({ name }) => /lurk|models/.test(name))"
        ".map(({ name, decodedBodySize }) => [name.split('/').pop(), decodedBodySize])"
    )
    total = sum(size for _, size in own)
    metrics = {one["name"]: one["value"] for one in session.send("Performance.getMetrics")["metrics"]}
    print(
        f"\n2,048 filters: {total / 1000:.0f} kB of ours before scrolling, "
        f"script {metrics['ScriptDuration'] * 1000:.0f} ms, layout {metrics['LayoutDuration'] * 1000:.0f} ms, "
        f"shift {page.evaluate('__shift'):.3f}"
    )
    assert total < 1_500_000
    assert not [name for name, _ in own if name.startswith(("sheet", "filters", "pictures", "lurk-map"))]
    assert page.evaluate("__shift") < 0.05
    page.evaluate("scrollTo(0, 20000)")
    page.wait_for_timeout(200)
    assert page.evaluate("__shift") < 0.05


def test_frames_while_scrolling_are_printed(visit: Visit, material: Hosted) -> None:
    visitor = visit(material.server)
    visitor.gallery(MANY)
    times = visitor.page.evaluate(
        """() => new Promise((done) => {
            const times = []; let last = performance.now(), left = 40;
            const step = (now) => {
                times.push(now - last); last = now; scrollBy(0, 400);
                if (left--) requestAnimationFrame(step); else done(times.slice(1));
            };
            requestAnimationFrame(step);
        })"""
    )
    assert len(times) == 40
    print(f"\nscrolling 16,000 px: median frame {sorted(times)[20]:.0f} ms, longest {max(times):.0f} ms")
