"""The opened filter: its parts in their order, the walk, what one can take away, and the photo's panel."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import LAYER, Hosted, Sites, Visitor

pytestmark = pytest.mark.browser
Visit = Callable[..., Visitor]
OPEN = "[data-filter-open]"


def test_it_opens_under_its_row_with_all_its_parts(visit: Visit, address: str) -> None:
    visitor = visit(address)
    visitor.gallery()
    visitor.open_filter(3)
    page = visitor.page
    assert page.url.endswith("#filter-3")
    text = page.inner_text(OPEN)
    for words in (
        "Filter 3", "2.5 times the best photo", "Strongest anywhere", "Strongest on the whole", "Classes", "cat", "dog",
        "zebra", "Responses", "Wiring", "Reads from", "Read by", "features.0 · 3", "Similar filters",
        "How these pictures",
    ):  # fmt: skip
        assert words in text, words
    tile, panel = page.locator('a[data-filter="3"]').bounding_box(), page.locator(OPEN).bounding_box()
    assert tile is not None
    assert panel is not None
    assert 0 <= panel["y"] - (tile["y"] + tile["height"]) < 40
    assert page.locator(f"{OPEN} .lurk-crops .lurk-picture").count() == 4
    assert page.locator(f"{OPEN} .lurk-photos").first.locator(".lurk-mark").count() == 4
    assert page.locator(f"{OPEN} .lurk-photos").nth(1).locator("button").count() == 4
    for crop in page.locator(f"{OPEN} .lurk-crops .lurk-scene").all():
        box = crop.bounding_box()
        _, _, width, height = map(float, (crop.get_attribute("viewBox") or "").split())
        assert box is not None
        assert box["width"] / box["height"] == pytest.approx(width / height, rel=0.02), "more than the field is shown"
    order = [
        page.locator(f"{OPEN} {part}").first.bounding_box() for part in (".lurk-crops", ".lurk-photos", ".lurk-bars")
    ]
    tops = [box["y"] for box in order if box]
    assert tops == sorted(tops)
    assert len(tops) == 3
    assert visitor.errors == []


def test_the_gradient_fades_in_in_place(visit: Visit, material: Hosted) -> None:
    visitor = visit(material.server)
    visitor.gallery(f"{LAYER}#filter-3")
    visitor.opened(3)
    page = visitor.page
    gradient = page.locator(f"{OPEN} .lurk-gradient").first
    before = page.locator(f"{OPEN} .lurk-scene").first.bounding_box()
    assert gradient.evaluate("element => getComputedStyle(element).opacity") == "0"
    switch = page.get_by_role("switch", name="Gradient")
    switch.click()
    expect(switch).to_have_attribute("aria-checked", "true")
    expect(gradient).to_have_css("opacity", "1")
    assert page.locator(f"{OPEN} .lurk-scene").first.bounding_box() == before
    page.locator(OPEN).focus()
    page.keyboard.press("g")
    expect(gradient).to_have_css("opacity", "0")


def test_arrows_walk_escape_closes_and_the_focus_is_kept(visit: Visit, material: Hosted) -> None:
    visitor = visit(material.server)
    visitor.gallery()
    page = visitor.page
    page.locator('a[data-filter="2"]').focus()
    page.keyboard.press("Enter")
    visitor.opened(2)
    assert visitor.focused == "2"
    assert page.evaluate("document.activeElement.matches('[data-filter-open]')")
    page.keyboard.press("ArrowRight")
    visitor.opened(3)
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowLeft")
    visitor.opened(0)
    page.keyboard.press("ArrowLeft")
    visitor.opened(0)
    page.keyboard.press("Escape")
    assert page.locator(OPEN).count() == 0
    assert visitor.focused == "0"
    assert page.evaluate("document.activeElement.matches('a[data-filter]')")
    assert visitor.errors == []


def test_long_labels_are_not_cut(visit: Visit, material: Hosted) -> None:
    for width in (320, 1280):
        visitor = visit(material.server, viewport={"width": width, "height": 800})
        visitor.gallery(f"{LAYER}#filter-3")
        visitor.opened(3)
        names = visitor.page.locator(f"{OPEN} .lurk-picture-name")
        names.evaluate_all("all => all.forEach((one) => { one.textContent = 'Staffordshire-bullterrier_of_America'; })")
        assert not names.evaluate_all("all => all.some((one) => one.scrollWidth > one.clientWidth)")
        assert names.first.evaluate("one => getComputedStyle(one).overflow") == "visible"
        assert visitor.page.evaluate("document.documentElement.scrollWidth") <= width


def test_back_goes_back(visit: Visit, material: Hosted) -> None:
    visitor = visit(material.server)
    visitor.gallery()
    visitor.open_filter(3)
    visitor.open_filter(5)
    visitor.page.go_back()
    visitor.opened(3)
    visitor.page.go_back()
    expect(visitor.page.locator(OPEN)).to_have_count(0)
    visitor.page.go_forward()
    visitor.opened(3)
    assert visitor.errors == []


def test_classes_switch_between_maximum_and_mean(visit: Visit, material: Hosted) -> None:
    visitor = visit(material.server)
    visitor.gallery(f"{LAYER}#filter-3")
    visitor.opened(3)
    classes = visitor.page.locator(".lurk-fact-classes")
    before = classes.locator(".lurk-bar-value").all_inner_texts()
    classes.get_by_role("radio", name="Mean").check(force=True)
    after = classes.locator(".lurk-bar-value").all_inner_texts()
    assert len(before) == len(after) == 3
    assert before != after
    cut = classes.locator(".lurk-bar-name").evaluate_all(
        "names => names.some((name) => name.scrollWidth > name.clientWidth)"
    )
    assert not cut


def test_responses_are_counted_and_the_pictures_marked(visit: Visit, material: Hosted) -> None:
    visitor = visit(material.server)
    visitor.gallery(f"{LAYER}#filter-3")
    visitor.opened(3)
    chart = visitor.page.locator(".lurk-histogram")
    assert chart.locator(".lurk-counts rect").count() == 3
    assert chart.locator(".lurk-marks path").count() == 4
    assert chart.locator(".lurk-counts title").first.text_content() == "3 pictures between 0.00 and 1.00"
    assert "How strongly 6 pictures excite the filter" in (chart.get_attribute("aria-label") or "")
    edge = chart.bounding_box()
    assert edge is not None
    for part in chart.locator("text, path").all():
        box = part.bounding_box()
        assert box is not None
        assert edge["x"] - 1 <= box["x"] <= box["x"] + box["width"] <= edge["x"] + edge["width"] + 1


def test_it_says_how_each_picture_was_made(visit: Visit, material: Hosted) -> None:
    visitor = visit(material.server)
    visitor.gallery(f"{LAYER}#filter-3")
    visitor.opened(3)
    page = visitor.page
    fold = page.get_by_role("button", name="How these pictures were made")
    body = page.locator(".lurk-how-body")
    assert body.is_hidden()
    fold.click()
    for words in ("before any activation", "receptive field", "Guided backpropagation", "faint noise"):
        assert words in body.inner_text()
    fold.click()
    assert body.is_hidden()


def test_every_figure_says_what_it_means(visit: Visit, material: Hosted) -> None:
    visitor = visit(material.server)
    visitor.gallery(f"{LAYER}#filter-3")
    visitor.opened(3)
    figures = visitor.page.locator(".lurk-figure")
    assert figures.count() == 5
    for figure in figures.all():
        tip = figure.locator("xpath=following-sibling::*[@role='tooltip']")
        assert tip.is_hidden()
        figure.hover()
        assert tip.is_visible()
        assert tip.inner_text().endswith(".")
    visitor.page.locator("h1").hover()
    figures.first.focus()
    visitor.page.keyboard.press("Tab")
    assert figures.nth(1).locator("xpath=following-sibling::*[@role='tooltip']").is_visible()


def test_wires_and_similar_filters_lead_on(visit: Visit, address: str) -> None:
    visitor = visit(address)
    visitor.gallery(f"{LAYER}#filter-3")
    visitor.opened(3)
    page = visitor.page
    page.locator(".lurk-similar a").first.click()
    visitor.opened(1)
    page.locator(".lurk-wires a", has_text="features.0 · 1").click()
    page.locator('lurk-gallery[data-key="small/features.0"] [data-filter-open="1"] .lurk-ranked').first.wait_for()
    page.locator(".lurk-wires a", has_text="features.3").first.click()
    page.locator('lurk-gallery[data-key="small/features.3"] [data-filter-open] .lurk-ranked').first.wait_for()
    assert visitor.errors == []


def test_the_first_layer_reads_from_the_picture_and_shows_its_weights(visit: Visit, material: Hosted) -> None:
    visitor = visit(material.server)
    visitor.gallery("models/small/features.0/#filter-3")
    visitor.opened(3)
    page = visitor.page
    assert "channel 0 of the picture" in page.inner_text(".lurk-wires")
    assert page.locator(".lurk-wires > div").first.locator("a").count() == 0
    kernel = page.locator(".lurk-kernel svg").bounding_box()
    assert kernel is not None
    assert kernel["width"] == kernel["height"] > 60
    cut = "names => names.some((name) => name.scrollWidth > name.clientWidth)"
    assert not page.locator(".lurk-bar-name").evaluate_all(cut)
    assert visitor.errors == []


def test_what_was_not_computed_is_said(visit: Visit, material: Hosted) -> None:
    visitor = visit(material.server)
    visitor.gallery(f"{LAYER}#filter-2")
    visitor.opened(2)
    assert "No picture was synthesised for this filter: synthesis.filters leaves it out" in visitor.page.inner_text(
        OPEN
    )


def test_a_photo_tells_its_label_predictions_and_filters(visit: Visit, material: Hosted) -> None:
    visitor = visit(material.disk)
    visitor.gallery(f"{LAYER}#filter-3")
    visitor.opened(3)
    page = visitor.page
    shown = page.locator(f"{OPEN} button[data-image]").first
    shown.focus()
    page.keyboard.press("Enter")
    panel = page.locator("lurk-photo dialog")
    panel.locator(".lurk-bars").wait_for()
    text = panel.inner_text()
    for words in ("What the network predicts", "75 %", "20 %", "fish", "Its first guess is the photo's label",
                  "Filters that rank it highest", "features.0", "features.6", ".jpg"):  # fmt: skip
        assert words in text, words
    assert "photo=" in page.url
    picture = panel.locator("svg").first.bounding_box()
    assert picture is not None
    assert picture["width"] > 100
    page.keyboard.press("Escape")
    expect(page.locator("lurk-photo")).to_have_count(0)
    assert page.evaluate("document.activeElement.matches('button[data-image]')"), "the focus was lost"
    page.locator(f"{OPEN} button[data-image]").nth(1).click()
    panel.locator(".lurk-ranks a").first.click()
    page.locator(".lurk-ranked").first.wait_for()
    assert "#filter-" in page.url
    assert visitor.errors == []


def test_a_copied_link_opens_the_filter(visit: Visit, material: Hosted) -> None:
    visitor = visit(material.server, permissions=["clipboard-read", "clipboard-write"])
    visitor.gallery(f"{LAYER}#filter-3?order=strongest")
    visitor.opened(3)
    visitor.page.get_by_role("button", name="Copy link").click()
    visitor.page.get_by_text("Link copied.").wait_for()
    link = visitor.page.evaluate("navigator.clipboard.readText()")
    assert link == f"{material.server}{LAYER}#filter-3"


def test_a_copied_embed_is_a_fence_that_works(visit: Visit, material: Hosted, sites: Sites) -> None:
    visitor = visit(material.server, permissions=["clipboard-read", "clipboard-write"])
    visitor.gallery(f"{LAYER}#filter-5")
    visitor.opened(5)
    visitor.page.get_by_role("button", name="Copy embed").click()
    visitor.page.get_by_text("Embed copied").wait_for()
    fence = visitor.page.evaluate("navigator.clipboard.readText()")
    home = sites.build_home(f"# Embedded\n\n{fence}", "embedded")
    visitor.page.goto(home.server)
    figure = visitor.page.locator("figure.lurk-embed")
    assert figure.locator("svg").count() == 5
    assert "Filter 5 of features.3 in A small network" in figure.inner_text()
    boxes = [svg.bounding_box() for svg in figure.locator("svg").all()]
    assert len({round(box["y"]) for box in boxes if box}) == 1, "the pictures do not stand in a row"
    gaps = [b["x"] - a["x"] - a["width"] for a, b in itertools.pairwise(boxes) if a and b]
    assert min(gaps) >= 6
    figure.get_by_role("link", name="Filter 5").click()
    visitor.opened(5)
    assert visitor.errors == []


def test_the_figures_and_the_picture_are_downloaded(visit: Visit, material: Hosted) -> None:
    visitor = visit(material.server)
    visitor.gallery(f"{LAYER}#filter-3")
    visitor.opened(3)
    page = visitor.page
    with page.expect_download() as download:
        page.get_by_role("button", name="Download JSON").click()
    assert download.value.suggested_filename == "small-features.3-3.json"
    found = json.loads(Path(download.value.path()).read_text("utf-8"))
    assert found["index"] == 3
    assert len(found["top_max"]) == 4
    with page.expect_download() as download:
        page.get_by_role("button", name="Download picture").click()
    assert Path(download.value.path()).read_bytes().startswith(b"\x89PNG")
    assert visitor.errors == []


def test_on_a_phone_it_covers_the_screen(visit: Visit, material: Hosted) -> None:
    visitor = visit(material.server, viewport={"width": 360, "height": 740}, has_touch=True, is_mobile=True)
    visitor.gallery()
    page = visitor.page
    page.tap('a[data-filter="3"]')
    visitor.opened(3)
    box = page.locator(OPEN).bounding_box()
    assert box == {"x": 0, "y": 0, "width": 360, "height": 740}
    crops = page.locator(f"{OPEN} .lurk-crops").bounding_box()
    assert crops is not None
    assert crops["y"] < 250, "the first pictures are not on the first screen"
    cut = "names => names.filter((one) => one.scrollWidth > one.clientWidth).map((one) => one.textContent)"
    assert page.locator(f"{OPEN} .lurk-picture-name").evaluate_all(cut) == []
    page.get_by_role("button", name="Close").tap()
    expect(page.locator(OPEN)).to_have_count(0)
    assert visitor.errors == []
