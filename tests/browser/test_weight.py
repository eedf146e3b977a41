"""How much the pages load. Sizes are held to limits; times are reported at the end of the run, never asserted."""

from __future__ import annotations

import functools
import gzip
import io
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from mkdocs_lurk.pages.front_end import SCRIPT
from tests.browser.conftest import MANY, MATERIAL, HostedSite, Visitor
from tests.browser.server import Server
from tests.plugin.sites import project

pytestmark = pytest.mark.browser
Visit = Callable[..., Visitor]
Record = Callable[[str, object], None]
WIDE = "models/small/features.0/index.html"
FILTERS = 320
"""Two sheets of tiles: one holds 256."""
PHOTOS = sorted((Path(__file__).parents[2] / "assets" / "demo" / "photos").glob("*/*.jpg"))[::7]
MAX_SCRIPTS_KB = {"layer": 45, "model": 80}
MAX_KB_BEFORE_SCROLLING = 1600  # with the table of ranges, labels and effects for readers without JavaScript
OBSERVE = """
    window.__shift = 0;
    new PerformanceObserver((list) => {
        for (const entry of list.getEntries()) if (!entry.hadRecentInput) window.__shift += entry.value;
    }).observe({ type: "layout-shift", buffered: true });
    const observer = new MutationObserver(() => {
        if (!document.querySelector("lurk-gallery.lurk a[data-filter]")) return;
        window.__tiles = performance.now();
        observer.disconnect();
    });
    observer.observe(document, { childList: true, subtree: true });
"""
LOADED = """() => performance.getEntries().filter(({ entryType }) => /resource|navigation/.test(entryType))
    .map(({ name, decodedBodySize }) => [name.split("/").pop(), decodedBodySize])"""


def gzipped(*names: str, site: HostedSite) -> float:
    folder = (site.folder / SCRIPT).parent
    return sum(len(gzip.compress((folder / name).read_bytes(), 9)) for name in names) / 1000


@functools.cache
def _photo(height: int, width: int, number: int) -> bytes:
    with Image.open(PHOTOS[number]) as found:
        picture = found.convert("RGB").resize((width, height))
    file = io.BytesIO()
    picture.save(file, "WEBP", quality=80)
    return file.getvalue()


def _grey(height: int, width: int, _seed: int) -> bytes:
    """A gradient of zeros: nothing below measures gradients, and their sheets are most of what a build encodes."""
    return _encoded_grey(height, width)


@functools.cache
def _encoded_grey(height: int, width: int) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (width, height), (128, 128, 128)).save(file, "WEBP")
    return file.getvalue()


@pytest.fixture(scope="module")
def wide(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a site with a wide layer, whose tiles are as large as those of photos."""
    large = project(
        tmp_path_factory.mktemp("wide"), layers=(("features.0", FILTERS, 96),), side=128, theme=MATERIAL,
        draw=lambda height, width, seed: _photo(height, width, seed % len(PHOTOS)), draw_gradient=_grey,
    )  # fmt: skip
    large.build()
    with Server(large.root) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.address("site")
        server.shutdown()


@pytest.fixture
def measure(visit: Visit) -> Callable[[str, str], tuple[Visitor, dict[str, Any]]]:
    """A function that visits a gallery, and returns what it loaded and how long that took."""

    def start(base: str, path: str) -> tuple[Visitor, dict[str, Any]]:
        visitor = visit(base, own=True)
        page = visitor.page
        page.add_init_script(OBSERVE)
        session = page.context.new_cdp_session(page)
        session.send("Performance.enable")
        visitor.open_gallery(path)
        page.wait_for_load_state("networkidle")
        metrics = {one["name"]: one["value"] for one in session.send("Performance.getMetrics")["metrics"]}
        loaded = page.evaluate(LOADED)
        return visitor, {
            "script_ms": metrics["ScriptDuration"] * 1000, "layout_ms": metrics["LayoutDuration"] * 1000,
            "tiles_ms": page.evaluate("__tiles"), "shift": page.evaluate("__shift"),
            "kb": sum(size for _, size in loaded) / 1000, "names": [name for name, _ in loaded],
        }  # fmt: skip

    return start


def summary(what: str, took: dict[str, Any]) -> str:
    return (
        f"{what}: {took['script_ms']:.0f} ms of script and {took['layout_ms']:.0f} ms of layout, first tile after "
        f"{took['tiles_ms']:.0f} ms, {took['kb']:.0f} kB before scrolling (page, theme and pictures, not compressed), "
        f"layout shift {took['shift']:.3f}"
    )


def test_scripts_stay_below_their_sizes(material: HostedSite, record_property: Record) -> None:
    layer, model = (gzipped("lurk.js", f"lurk-{part}.js", site=material) for part in ("gallery", "map"))
    styles = gzipped("lurk.css", site=material)
    record_property(
        "figures",
        f"JavaScript, gzipped: a layer's page {layer:.1f} kB, a model's {model:.1f} kB; styles {styles:.1f} kB",
    )
    assert layer <= MAX_SCRIPTS_KB["layer"]
    assert model <= MAX_SCRIPTS_KB["model"]


def test_wide_layer_loads_little_and_does_not_shift(
    measure: Callable[[str, str], tuple[Visitor, dict[str, Any]]], wide: str, record_property: Record
) -> None:
    visitor, took = measure(wide, WIDE)
    page = visitor.page
    record_property("figures", summary(f"A layer of {FILTERS} filters", took))
    assert took["kb"] < MAX_KB_BEFORE_SCROLLING
    assert took["shift"] == 0
    pictures = [name for name in took["names"] if name.endswith(".webp")]
    assert "tiles-0.webp" in pictures
    assert set(pictures) <= {"tiles-0.webp", "thumbs-0.webp"}, "pictures out of sight are loaded"
    assert not [name for name in took["names"] if name.startswith(("filters", "lurk-map"))]
    before = page.evaluate("performance.now()")
    visitor.open_filter(3)
    record_property(
        "figures", f"An opened filter of it: {page.evaluate('performance.now()') - before:.0f} ms to its facts"
    )
    page.evaluate("scrollTo(0, document.body.scrollHeight * 0.9)")
    page.wait_for_function("performance.getEntries().some(({ name }) => name.endsWith('tiles-1.webp'))")
    page.wait_for_timeout(200)
    assert page.evaluate("__shift") < 0.01
    assert visitor.errors == []


def test_layer_of_2048_filters_loads_little_and_does_not_shift(
    measure: Callable[[str, str], tuple[Visitor, dict[str, Any]]], material: HostedSite, record_property: Record
) -> None:
    visitor, took = measure(material.server, MANY)
    record_property("figures", summary("A layer of 2,048 filters", took))
    assert took["kb"] < MAX_KB_BEFORE_SCROLLING
    assert took["shift"] == 0
    visitor.page.evaluate("scrollTo(0, 20000)")
    visitor.page.wait_for_timeout(200)
    assert visitor.page.evaluate("__shift") < 0.01


def test_frame_times_while_scrolling_are_reported(visit: Visit, material: HostedSite, record_property: Record) -> None:
    visitor = visit(material.server)
    visitor.open_gallery(MANY)
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
    record_property(
        "figures", f"Scrolling 16,000 px of them: median frame {sorted(times)[20]:.0f} ms, longest {max(times):.0f} ms"
    )
