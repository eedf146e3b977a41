"""What a visitor sees at a glance: contrast, targets that a finger finds, and no half of a page left empty."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.browser.conftest import LAYER, LAYERS, MODEL, OPEN, HostedSite, Sites, Visitor

pytestmark = pytest.mark.browser
Visit = Callable[..., Visitor]
CONTRAST = """(element) => {
    const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
    const brightness = (colour) => {
        canvas.clearRect(0, 0, 1, 1);
        canvas.fillStyle = colour;
        canvas.fillRect(0, 0, 1, 1);
        const linear = [...canvas.getImageData(0, 0, 1, 1).data].slice(0, 3).map((value) => value / 255)
            .map((value) => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4));
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2];
    };
    let paper = element.closest("lurk-gallery");
    const isClear = (one) => /^(transparent|rgba\\(0, 0, 0, 0\\))$/.test(getComputedStyle(one).backgroundColor);
    while (isClear(paper)) paper = paper.parentElement;
    const own = getComputedStyle(element);
    const [ground, drawn] = [getComputedStyle(paper).backgroundColor, own.backgroundColor].map(brightness);
    const ink = brightness(own.color);
    const ratio = (one) => (Math.max(one, ground) + 0.05) / (Math.min(one, ground) + 0.05);
    return [ratio(drawn), ratio(ink)];
}"""
# Links inside sentences are as high as their lines.
SMALL = """() => [...document.querySelectorAll(":is(.lurk, lurk-gallery) :is(a, button, select, label, input)")]
    .filter((one) => one.getClientRects().length && !one.closest("p, figcaption, .lurk-said > span, .lurk-skip"))
    .filter((one) => !(one.matches("input") && one.closest("label")))
    .map((one) => [one.getBoundingClientRect(), one])
    .filter(([box]) => box.width < 24 || box.height < 24)
    .map(([box, one]) => `${one.tagName} ${one.className} ${one.textContent} ${box.width} x ${box.height}`)"""
DARKEN = """
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(":is(body, .wy-nav-content) { background: #272b30 !important; color: #c8c8c8 }");
    document.adoptedStyleSheets = [sheet];
"""
"""Makes a theme that names no colours dark, as the themes of Bootswatch are."""
LEAVE_OUT = """
    window.lurkData = new Proxy({}, { set(data, key, value) {
        if (/filters-/.test(key)) for (const filter of value.filters) delete filter.LACKING;
        data[key] = value;
        return true;
    } });
"""
"""Takes a result out of the data of opened filters."""


@pytest.mark.parametrize("look", ["light", "slate", "mkdocs", "readthedocs", "dark Bootswatch"])
def test_bars_stand_out_from_the_page(visit: Visit, sites: Sites, look: str) -> None:
    theme = {"light": "material", "slate": "material", "dark Bootswatch": "readthedocs"}.get(look, look)
    visitor = visit(sites.themed(theme).server, own=True, color_scheme="dark" if look == "slate" else "light")
    if look == "dark Bootswatch":
        visitor.page.add_init_script(DARKEN)
    visitor.open_gallery(f"{LAYER}#filter-3")
    visitor.wait_for_filter(3)
    if look == "dark Bootswatch":
        noted = "getComputedStyle(document.documentElement).getPropertyValue('--lurk-host-paper')"
        assert visitor.page.evaluate(noted) == "rgb(39, 43, 48)"
    for part in (".lurk-tile-fill", f"{OPEN} .lurk-bar-fill", f"{OPEN} .lurk-property-fill"):
        bar, ink = visitor.page.locator(part).first.evaluate(CONTRAST)
        assert bar >= 3, part
        assert ink >= 4.5, part


@pytest.mark.parametrize("width", [360, 1280])
def test_targets_are_large_enough_for_a_finger(visit: Visit, material: HostedSite, width: int) -> None:
    visitor = visit(material.server, viewport={"width": width, "height": 800}, has_touch=width < 600)
    pages = {
        f"{LAYER}#filter-3": ".lurk-ranked", f"{LAYER}#filter-3?photo=2": ".lurk-depth", MODEL: "lurk-map svg",
        "models/small/pictures/index.html#photo-2": ".lurk-depth", "models/small/classes/cat/index.html": ".lurk-row",
    }  # fmt: skip
    for path, part in pages.items():
        visitor.go(path)
        visitor.page.locator(part).first.wait_for()
        assert visitor.page.evaluate(SMALL) == [], path


@pytest.mark.parametrize("width", [768, 1280])
def test_all_layers_have_as_many_columns(visit: Visit, material: HostedSite, width: int) -> None:
    visitor = visit(material.server, viewport={"width": width, "height": 900})
    columns = set()
    for name in [*(layer[0] for layer in LAYERS), "many"]:
        visitor.open_gallery(f"models/small/{name}/index.html")
        tops = visitor.page.locator("lurk-gallery a[data-filter]").evaluate_all(
            "tiles => tiles.map((tile) => tile.getBoundingClientRect()).map(({ left, width }) => `${left} ${width}`)"
        )
        columns.add(tuple(tops[:3]))
    assert len(columns) == 1


@pytest.mark.parametrize("lacking", ["tuning", "effect", "classes", ""])
def test_no_half_of_an_opened_filter_is_empty(visit: Visit, material: HostedSite, lacking: str) -> None:
    visitor = visit(material.server, own=True)
    page = visitor.page
    if lacking:
        page.add_init_script(LEAVE_OUT.replace("LACKING", lacking))
    visitor.open_gallery(f"{LAYER}#filter-3")
    visitor.wait_for_filter(3)
    facts = page.locator(".lurk-panel-facts > .lurk-fact:not(.lurk-fact-similar, .lurk-fact-wiring)")
    boxes = [box for one in facts.all() if (box := one.bounding_box())]
    whole = page.locator(".lurk-panel-facts").bounding_box()
    assert whole is not None
    rows = {round(box["y"]) for box in boxes}
    for row in rows:
        ends = [box["x"] + box["width"] for box in boxes if round(box["y"]) == row]
        assert max(ends) == pytest.approx(whole["x"] + whole["width"], abs=1)
    chart = page.locator(".lurk-fact-responses > .lurk-responses").bounding_box()
    shelf = page.locator(".lurk-fact-responses > .lurk-quantiles").bounding_box()
    assert chart is not None
    assert shelf is not None
    assert (shelf["x"] > chart["x"]) == (facts.count() % 2 == 1)  # of an odd number, one would stand alone in its row


def test_fields_of_the_toolbar_are_as_wide_as_what_they_ask_for_on_a_phone(visit: Visit, material: HostedSite) -> None:
    visitor = visit(material.server, viewport={"width": 360, "height": 740})
    visitor.go(LAYER)
    visitor.page.locator("lurk-gallery.lurk a[data-filter]").first.wait_for()
    cut_off = visitor.page.eval_on_selector_all(
        ".lurk-toolbar input[type=search]",
        """fields => fields.filter((field) => {
            const { fontSize, fontFamily, paddingLeft, paddingRight } = getComputedStyle(field);
            const context = document.createElement("canvas").getContext("2d");
            context.font = `${fontSize} ${fontFamily}`;
            const arrow = field.list ? 20 : 0;  // of the field's suggestions
            const room = field.clientWidth - parseFloat(paddingLeft) - parseFloat(paddingRight) - arrow;
            return context.measureText(field.placeholder).width > room;
        }).map((field) => field.placeholder)""",
    )
    assert cut_off == []
