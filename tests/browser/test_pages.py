"""The pages in every theme, from disk, on small screens, in dark mode, printed, and without JavaScript."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.browser.conftest import LAYER, LAYERS, MODEL, HostedSite, Sites, Visitor

pytestmark = pytest.mark.browser
Visit = Callable[..., Visitor]
CUT_LABELS = """() => [...document.querySelectorAll(".lurk :is(button, label, h2, h3, .lurk-tile-index, .lurk-switch)")]
    .filter((one) => one.clientWidth && one.scrollWidth > one.clientWidth + 1).map((one) => one.outerHTML)"""
"""Finds labels that do not fit."""


def test_permanent_link_opens_its_filter(visit: Visit, address: str) -> None:
    visitor = visit(address)
    visitor.go(f"{LAYER}#filter-7")
    visitor.wait_for_filter(7)
    assert visitor.errors == []


def test_embedded_filter_shows_its_pictures(visit: Visit, material: HostedSite) -> None:
    visitor = visit(material.disk)
    visitor.go("index.html")
    assert visitor.page.locator("figure.lurk-embed svg").count() == 5
    box = visitor.page.locator("figure.lurk-embed svg").first.bounding_box()
    assert box is not None
    assert box["width"] == box["height"] > 60
    assert visitor.errors == []


def test_gallery_and_map_work_in_the_other_themes(visit: Visit, plain: HostedSite) -> None:
    visitor = visit(plain.server)
    visitor.open_gallery()
    visitor.open_filter(3)
    visitor.open_map()
    visitor.page.locator('a[data-layer="features.3"]').click()
    visitor.page.locator('lurk-gallery a[data-filter="0"]').first.wait_for()
    assert visitor.errors == []


@pytest.mark.parametrize("theme", ["material", "mkdocs", "readthedocs", "plain-material"])
def test_facts_and_tables_are_aligned(visit: Visit, sites: Sites, theme: str) -> None:
    visitor = visit(sites.themed(theme).server)
    visitor.go(MODEL)
    edges = visitor.page.eval_on_selector_all(
        ".lurk-facts > div",
        "rows => rows.map((row) => [...row.children].map((one) => one.getBoundingClientRect().x))",
    )
    assert edges
    assert all(label == value for label, value in edges)
    aligned = visitor.page.eval_on_selector_all(
        "table td:nth-child(3), table th:nth-child(6)",
        "cells => cells.map((one) => getComputedStyle(one).textAlign)",
    )
    assert set(aligned) <= {"end", "right"}, "figures do not end under each other"
    visitor.go("models/index.html")
    visitor.page.locator(".lurk-strip .lurk-still").first.evaluate("one => one.setAttribute('height', 31)")
    sizes = visitor.page.eval_on_selector_all(
        ".lurk-strip .lurk-still",
        "all => all.map((one) => one.getBoundingClientRect()).map(({ y, width, height }) => [y, width, height])",
    )
    assert len({tuple(size) for size in sizes}) == 1, "the strip's pictures differ in size"


@pytest.mark.parametrize(("width", "then", "zoom"), [(320, 390, 1), (1280, 1920, 1), (640, 768, 2)])
def test_no_page_is_wider_than_the_window(visit: Visit, material: HostedSite, width: int, then: int, zoom: int) -> None:
    """Each page is drawn at the first width, and the window is then as wide as the second."""
    scale = {} if zoom == 1 else {"device_scale_factor": zoom}
    visitor = visit(material.server, **scale)
    ready = {
        "index.html": ".lurk-embed", "models/index.html": ".lurk-facts", MODEL: ".lurk-map-box",
        LAYER: "a[data-filter]", f"{LAYER}?#filter-3": ".lurk-ranked",
    }  # fmt: skip
    for path, part in ready.items():
        visitor.page.set_viewport_size({"width": width, "height": 800})
        visitor.go(path)
        visitor.page.locator(part).first.wait_for()
        for size in (width, then):
            visitor.page.set_viewport_size({"width": size, "height": 800})
            visitor.page.evaluate("new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)))")
            assert visitor.page.evaluate("document.documentElement.scrollWidth") <= size, path
            assert visitor.page.evaluate(CUT_LABELS) == [], path
    assert visitor.errors == []


def test_first_tiles_are_on_the_first_screen(visit: Visit, material: HostedSite) -> None:
    for width, height in ((360, 740), (1280, 800)):
        visitor = visit(material.server, viewport={"width": width, "height": height})
        visitor.open_gallery()
        tile = visitor.page.locator("a[data-filter]").first.bounding_box()
        assert tile is not None
        assert tile["y"] + tile["height"] < height
        field = visitor.page.locator("svg.lurk-seen").bounding_box()
        assert field is not None
        assert field["y"] < tile["y"]


def test_all_filters_show_without_javascript(visit: Visit, material: HostedSite) -> None:
    visitor = visit(material.disk, java_script_enabled=False)
    page = visitor.page
    visitor.go(LAYER)
    tiles = page.locator("lurk-gallery a[data-filter]")
    assert tiles.count() == 16
    assert tiles.first.is_visible()
    box = page.locator("lurk-gallery a[data-filter] svg").first.bounding_box()
    assert box is not None
    assert box["width"] > 40
    assert page.locator("#filter-12").first.is_visible(), "a link leads to the row"
    visitor.go("models/small/index.html")
    assert page.locator("lurk-map svg").first.is_visible()
    page.locator("lurk-map a").first.click()
    assert "features.0" in page.url


def test_light_and_dark_have_their_own_colours(visit: Visit, material: HostedSite) -> None:
    grounds = set()
    for scheme in ("light", "dark"):
        visitor = visit(material.server, color_scheme=scheme)
        visitor.go(f"{LAYER}#filter-3")
        visitor.wait_for_filter(3)
        grounds.add(visitor.page.evaluate("getComputedStyle(document.body).backgroundColor"))
        grounds.add(visitor.page.locator(".lurk-panel-title").evaluate("title => getComputedStyle(title).color"))
        assert visitor.errors == []
    assert len(grounds) == 4


def test_page_follows_the_switch_to_dark_mode(visit: Visit, material: HostedSite) -> None:
    visitor = visit(material.server)
    for path, ready, part in (
        (MODEL, ".lurk-map-box", ".lurk-card"),
        (f"{LAYER}#filter-3", ".lurk-ranked", ".lurk-panel-says"),
    ):
        visitor.go(path)
        visitor.page.locator(ready).first.wait_for()
        colour = f"getComputedStyle(document.querySelector('{part}')).color"
        light = visitor.page.evaluate(colour)
        visitor.page.evaluate("document.body.dataset.mdColorScheme = 'slate'")
        assert visitor.page.evaluate(colour) != light
        assert visitor.page.locator(ready).count(), "it was drawn anew"
    assert visitor.errors == []


def test_print_shows_every_filter_and_no_controls(visit: Visit, material: HostedSite) -> None:
    visitor = visit(material.server)
    visitor.open_gallery("models/small/many/index.html#filter-3")
    visitor.wait_for_filter(3)
    page = visitor.page
    page.emulate_media(media="print")
    for tools in (".lurk-toolbar", ".lurk-panel-walk", ".lurk-share", ".lurk-switch"):
        assert page.locator(tools).first.is_hidden()
    assert page.locator(".lurk-how-body").is_visible()
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert page.locator("a[data-filter]").count() == 2048
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert page.locator("a[data-filter]").count() < 300
    visitor.open_gallery()
    assert page.pdf().startswith(b"%PDF")


def test_print_shows_the_whole_map(visit: Visit, material: HostedSite) -> None:
    visitor = visit(material.server)
    visitor.open_map("models/resnet152/")
    page = visitor.page
    canvas = page.locator(".lurk-map-canvas")
    before = page.locator(".lurk-map-canvas > g").get_attribute("transform")
    page.emulate_media(media="print")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    page.set_viewport_size({"width": 500, "height": 700})
    assert page.locator(".lurk-card").is_hidden()
    assert page.locator(".lurk-map-tools").is_hidden()
    frame = canvas.bounding_box()
    assert frame is not None
    for box in page.locator(".lurk-map-box").all():
        place = box.bounding_box()
        assert place is not None
        assert frame["x"] - 1 <= place["x"] <= place["x"] + place["width"] <= frame["x"] + frame["width"] + 1
        assert place["y"] + place["height"] <= frame["y"] + frame["height"] + 1
    page.emulate_media(media="screen")
    page.set_viewport_size({"width": 1280, "height": 900})
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert page.locator(".lurk-map-canvas > g").get_attribute("transform") == before
    assert visitor.errors == []


def test_nothing_moves_if_reduced_motion_is_preferred(visit: Visit, material: HostedSite) -> None:
    visitor = visit(material.server, reduced_motion="reduce")
    visitor.open_gallery(f"{LAYER}#filter-3")
    visitor.wait_for_filter(3)
    moving = visitor.page.evaluate(
        """() => [...document.querySelectorAll("lurk-gallery, lurk-gallery *")].filter((one) => {
            const style = getComputedStyle(one);
            return style.animationName !== "none" || !/^0s(, 0s)*$/.test(style.transitionDuration);
        }).length"""
    )
    assert moving == 0
    visitor.page.get_by_role("radio", name="Gradient").check()
    assert visitor.page.locator(".lurk-gradient").first.evaluate("one => getComputedStyle(one).opacity") == "1"


@pytest.mark.parametrize("theme", ["plain-material", "mkdocs"])
def test_pages_break_no_strict_security_policy(visit: Visit, sites: Sites, theme: str) -> None:
    visitor = visit(sites.themed(theme).strict, own=True)
    visitor.page.add_init_script(
        "window.__forbidden = []; document.addEventListener('securitypolicyviolation',"
        " ({ effectiveDirective, blockedURI, sourceFile }) =>"
        " __forbidden.push([effectiveDirective, blockedURI, sourceFile.replace(/.*\\/|.*html$/g, '')].join(' ')))"
    )

    def forbidden(path: str, act: Callable[[Visitor], None]) -> set[str]:
        visitor.go(path)
        act(visitor)
        return set(visitor.page.evaluate("__forbidden"))

    def layer(visitor: Visitor) -> None:
        visitor.wait_for_filter(3)
        visitor.page.get_by_role("button", name="View").click()
        visitor.page.locator("button[data-image]").first.click()
        visitor.page.locator("lurk-photo .lurk-bars").wait_for()
        width = visitor.page.locator("lurk-photo .lurk-bar-fill").first.evaluate(
            "one => one.getBoundingClientRect().width"
        )
        assert width > 10, "styles were not let through"

    def model(visitor: Visitor) -> None:
        visitor.page.locator(".lurk-map-box").first.wait_for()
        visitor.page.locator(".lurk-map-box").first.hover()

    theirs = forbidden("404.html", lambda _: None)
    assert forbidden(f"{LAYER}#filter-3", layer) - theirs == set()
    assert forbidden(MODEL, model) - theirs == set()
    assert forbidden("index.html", lambda visitor: visitor.page.locator(".lurk-embed").wait_for()) - theirs == set()


def test_pages_work_with_offline_and_privacy_plugins_from_right_to_left(visit: Visit, sites: Sites) -> None:
    offline = sites.themed("offline")
    fetched = [path for path in offline.folder.rglob("external/**/*") if path.is_file()]
    assert fetched == [], "the privacy plugin found something to download"
    visitor = visit(offline.disk, own=True)
    page = visitor.page
    page.route("https://unpkg.com/**", lambda route: route.fulfill(body="", content_type="text/javascript"))
    visitor.open_gallery("models/small/features.3/index.html")
    assert page.evaluate("getComputedStyle(document.querySelector('lurk-gallery')).direction") == "rtl"
    first, second = (page.locator("a[data-filter]").nth(place).bounding_box() for place in (0, 1))
    assert first is not None
    assert second is not None
    assert second["x"] < first["x"], "tiles run from left to right"
    visitor.open_filter(3)
    page.keyboard.press("ArrowLeft")
    visitor.wait_for_filter(4)
    assert page.evaluate("document.documentElement.scrollWidth") <= 1280
    page.locator(".lurk-neighbours a[rel=next]").click()
    page.locator('lurk-gallery[data-key="small/features.6"] a[data-filter]').first.wait_for()
    visitor.open_map("models/small/index.html")
    page.locator('a[data-layer="features.0"]').click()
    page.locator('lurk-gallery[data-key="small/features.0"] a[data-filter]').first.wait_for()
    assert visitor.errors == []


def test_every_layer_has_a_page_with_all_its_filters(visit: Visit, material: HostedSite) -> None:
    visitor = visit(material.disk)
    for name, filters, _ in LAYERS:
        visitor.open_gallery(f"models/small/{name}/index.html")
        assert len(visitor.tiles) == filters
    assert visitor.errors == []
