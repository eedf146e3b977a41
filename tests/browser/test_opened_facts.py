"""The figures and charts of an opened filter, and where they lead."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.browser.conftest import LAYER, MANY, HostedSite, Visitor
from tests.browser.invented import CLASSES

pytestmark = pytest.mark.browser
Visit = Callable[..., Visitor]


def test_class_chart_switches_between_maximum_and_mean(visit: Visit, material: HostedSite) -> None:
    visitor = visit(material.server)
    visitor.open_gallery(f"{LAYER}#filter-3")
    visitor.wait_for_filter(3)
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


def test_class_chart_expands_to_all_classes(visit: Visit, material: HostedSite) -> None:
    visitor = visit(material.server)
    visitor.open_gallery(f"{MANY}#filter-12")
    visitor.wait_for_filter(12)
    classes = visitor.page.locator(".lurk-fact-classes")
    assert classes.locator(".lurk-bar-value").count() == 10
    classes.get_by_role("button", name=f"All {CLASSES}").click()
    assert classes.locator(".lurk-bar-value").count() == CLASSES
    classes.get_by_role("button", name="Top 10").click()
    assert classes.locator(".lurk-bar-value").count() == 10
    assert visitor.errors == []


def test_histogram_counts_responses_and_marks_the_top_pictures(visit: Visit, material: HostedSite) -> None:
    visitor = visit(material.server)
    visitor.open_gallery(f"{LAYER}#filter-3")
    visitor.wait_for_filter(3)
    chart = visitor.page.locator(".lurk-histogram")
    assert chart.locator(".lurk-counts rect").count() == 3
    assert chart.locator(".lurk-marks path").count() == 4
    assert chart.locator(".lurk-counts title").first.text_content() == "3 pictures between 0.00 and 1.00"
    assert "The highest response in each of 6 pictures" in (chart.get_attribute("aria-label") or "")
    edge = chart.bounding_box()
    assert edge is not None
    for part in chart.locator("text, path").all():
        box = part.bounding_box()
        assert box is not None
        assert edge["x"] - 2 <= box["x"] <= box["x"] + box["width"] <= edge["x"] + edge["width"] + 2


def test_every_figure_has_a_tooltip_with_its_meaning(visit: Visit, material: HostedSite) -> None:
    visitor = visit(material.server)
    visitor.open_gallery(f"{LAYER}#filter-3")
    visitor.wait_for_filter(3)
    figures = visitor.page.locator(".lurk-figure")
    assert figures.count() == 6
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


def test_connected_and_similar_filters_are_links(visit: Visit, address: str) -> None:
    visitor = visit(address)
    visitor.open_gallery(f"{LAYER}#filter-3")
    visitor.wait_for_filter(3)
    page = visitor.page
    page.locator(".lurk-similar a").first.click()
    visitor.wait_for_filter(1)
    page.locator('.lurk-wires a[title^="Filter 1 of features.0"]').click()
    page.locator('lurk-gallery[data-key="small/features.0"] [data-filter-open="1"] .lurk-ranked').first.wait_for()
    page.locator('.lurk-wires a[title*="of features.3"]').first.click()
    page.locator('lurk-gallery[data-key="small/features.3"] [data-filter-open] .lurk-ranked').first.wait_for()
    assert visitor.errors == []


def test_first_layer_reads_from_the_picture_and_shows_its_kernel(visit: Visit, material: HostedSite) -> None:
    visitor = visit(material.server)
    visitor.open_gallery("models/small/features.0/#filter-3")
    visitor.wait_for_filter(3)
    page = visitor.page
    assert "channel 0" in page.inner_text(".lurk-wires")
    assert "of the picture" in page.inner_text(".lurk-wires")
    assert page.locator(".lurk-wires > div").first.locator("a").count() == 0
    kernel = page.locator(".lurk-kernel svg").bounding_box()
    assert kernel is not None
    assert kernel["width"] == kernel["height"] > 60
    cut = "names => names.some((name) => name.scrollWidth > name.clientWidth)"
    assert not page.locator(".lurk-bar-name").evaluate_all(cut)
    assert visitor.errors == []


def test_panel_explains_how_each_picture_was_made(visit: Visit, material: HostedSite) -> None:
    visitor = visit(material.server)
    visitor.open_gallery(f"{LAYER}#filter-3")
    visitor.wait_for_filter(3)
    page = visitor.page
    fold = page.get_by_role("button", name="How these pictures were made")
    body = page.locator(".lurk-how-body")
    assert body.is_hidden()
    fold.click()
    for words in ("before any activation", "receptive field", "Guided backpropagation", "faint noise"):
        assert words in body.inner_text()
    fold.click()
    assert body.is_hidden()


def test_the_kinds_of_crops_are_shown_and_lead_to_photos_and_filters(visit: Visit, material: HostedSite) -> None:
    visitor = visit(material.server)
    visitor.open_gallery(f"{LAYER}#filter-2")
    visitor.wait_for_filter(2)
    facets = visitor.page.locator(".lurk-fact-facets")
    assert facets.locator(".lurk-kinds").first.inner_text() == "2 kinds, clarity 0.31, polysemanticity 0.78"
    assert facets.locator("h4").all_inner_texts() == ["Kind 1: 4 crops (cat 3)", "Kind 2: 4 crops"]
    frames = facets.locator("button .lurk-crop > .lurk-scene").evaluate_all(
        "all => all.map((one) => one.getBoundingClientRect().width)"
    )
    assert len(frames) == 4
    assert min(frames) > 40
    facets.get_by_role("link", name="filter 1").first.click()
    visitor.wait_for_filter(1)
    assert visitor.errors == []
