"""What a visitor asks of a gallery: a filter by name, one that is not there, a class, syntheses, targets, paper."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.browser.conftest import LAYER, MANY, HostedSite, Visitor
from tests.browser.invented import NAMED
from tests.browser.test_gallery import status

pytestmark = pytest.mark.browser
Visit = Callable[..., Visitor]

SMALL_TARGETS = """[...document.querySelectorAll(
    'lurk-gallery :is(a, button, select, input:not([type=radio], [type=checkbox])), lurk-gallery label')]
    .filter((one) => one.checkVisibility({ visibilityProperty: true }) && !one.matches('.lurk-skip'))
    .map((one) => [one.outerHTML.slice(0, 90), one.getBoundingClientRect()])
    .filter(([, { width, height }]) => Math.min(width, height) < 23.9)
    .map(([text, { width, height }]) => `${text}: ${width} x ${height}`)"""
CONTRAST = """([one, other]) => {
    const numbers = (colour) => (colour.startsWith('color(') ? colour.match(/[\\d.]+/g).slice(0, 3).map(Number)
        : colour.match(/[\\d.]+/g).slice(0, 3).map((value) => value / 255));
    const light = (colour) => numbers(colour)
        .map((value) => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4))
        .reduce((sum, value, at) => sum + value * [0.2126, 0.7152, 0.0722][at], 0);
    const [dark, bright] = [light(one), light(other)].sort((a, b) => a - b);
    return (bright + 0.05) / (dark + 0.05);
}"""
OVERLAPS = """() => {
    const boxes = [...document.querySelectorAll('.lurk-cell')].map((one) => one.getBoundingClientRect());
    const wide = boxes.filter(({ right }) => right > document.documentElement.clientWidth + 1).length;
    const over = boxes.filter((a, at) => boxes.slice(at + 1, at + 40).some((b) => Math.min(a.right, b.right)
        - Math.max(a.left, b.left) > 1 && Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 1)).length;
    return [boxes.length, wide, over];
}"""


def test_a_filter_is_found_by_its_name_and_by_its_number(visit: Visit, material: HostedSite) -> None:
    visitor = visit(material.server)
    visitor.open_gallery(MANY)
    page = visitor.page
    assert page.locator(f'a[data-filter="{NAMED}"] .lurk-tile-caption').inner_text().split("\n") == [
        f"{NAMED}",
        "eyes in fur",
    ]
    field = page.get_by_role("combobox", name="Go to a filter by its number or name")
    field.fill("Eyes in")
    field.press("Enter")
    visitor.wait_for_filter(NAMED)
    assert page.locator(".lurk-panel-title").inner_text() == f"Filter {NAMED}: eyes in fur"
    field.fill("1700")
    field.press("Enter")
    visitor.wait_for_filter(1700)
    assert page.locator('a[data-filter="1700"]').bounding_box()["y"] < 900  # type: ignore[index]
    toolbar = page.locator(".lurk-toolbar").bounding_box()
    assert toolbar is not None
    assert 0 <= toolbar["y"] < 60, "the toolbar left the window"
    assert visitor.errors == []


def test_a_filter_that_is_not_there_is_said_so(visit: Visit, material: HostedSite) -> None:
    visitor = visit(material.server)
    visitor.open_gallery(f"{LAYER}#filter-20")
    shown = "16 of 32 filters; 1 dead, it stands last."
    assert status(visitor) == f"Filter 20 was not analysed, so there is nothing to show of it. {shown}"
    field = visitor.page.get_by_role("combobox", name="Go to a filter by its number or name")
    field.fill("32")
    field.press("Enter")
    assert status(visitor) == f"There is no filter 32: this layer has 0 to 31. {shown}"
    assert visitor.errors == []


def test_a_class_shows_its_own_crops_and_an_unknown_one_those_near_it(visit: Visit, material: HostedSite) -> None:
    visitor = visit(material.server)
    visitor.open_gallery()
    page = visitor.page
    field = page.get_by_role("combobox", name="Only filters with this class among the three that they answer to most")
    field.fill("zebra")
    tile = page.locator("a[data-filter] svg image").first
    assert "photos-" in (tile.get_attribute("href") or ""), "the crop is not that of a photo of the class"
    field.fill("zerba")
    field.press("Enter")
    assert status(visitor) == "No picture has the class “zerba”; near ones: zebra."
    assert visitor.errors == []


def test_filters_without_a_synthesis_are_one_line(visit: Visit, material: HostedSite) -> None:
    visitor = visit(material.server)
    visitor.open_gallery()
    page = visitor.page
    every = visitor.tiles
    page.get_by_role("radio", name="Synthesis").check(force=True)
    assert page.locator(".lurk-grid .lurk-blank").count() == 0
    left_out = sorted(set(every) - set(visitor.tiles))
    assert 2 in left_out
    assert page.locator(".lurk-fold").inner_text().startswith(f"{len(left_out)} filters without a synthesis")
    page.get_by_role("button", name="Show them").click()
    assert sorted(visitor.tiles) == sorted(every)
    assert set(visitor.tiles[-len(left_out) :]) == set(left_out)
    assert visitor.errors == []


def test_targets_are_large_and_the_toolbar_can_be_skipped(visit: Visit, material: HostedSite) -> None:
    visitor = visit(material.server, viewport={"width": 360, "height": 800})
    visitor.open_gallery()
    page = visitor.page
    page.locator(".lurk-skip").focus()
    page.keyboard.press("Enter")
    assert visitor.focused == "0"
    assert page.evaluate(SMALL_TARGETS) == []
    visitor.open_filter(3)
    assert page.evaluate(SMALL_TARGETS) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_bars_stand_out_from_the_page(visit: Visit, material: HostedSite, scheme: str) -> None:
    visitor = visit(material.server, color_scheme=scheme)
    visitor.open_gallery(f"{LAYER}#filter-3")
    visitor.wait_for_filter(3)
    page = visitor.page
    paper = page.evaluate("getComputedStyle(document.body).backgroundColor")
    for part in (".lurk-bar-fill", ".lurk-tile-fill"):
        colour = page.locator(part).first.evaluate("one => getComputedStyle(one).backgroundColor")
        assert page.evaluate(CONTRAST, [colour, paper]) >= 3, part


def test_paper_shows_tiles_side_by_side(visit: Visit, material: HostedSite) -> None:
    visitor = visit(material.server)
    visitor.open_gallery()
    page = visitor.page
    page.set_viewport_size({"width": 720, "height": 1000})
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    page.emulate_media(media="print")
    n_tiles, wide, over = page.evaluate(OVERLAPS)
    assert (n_tiles, wide, over) == (16, 0, 0)


def test_wiring_is_drawn_with_signs_and_shares(visit: Visit, material: HostedSite) -> None:
    visitor = visit(material.server)
    visitor.open_gallery(f"{LAYER}#filter-3")
    visitor.wait_for_filter(3)
    first = visitor.page.locator(".lurk-wires a").first
    assert first.locator("svg.lurk-view").count() == 1
    assert "Convolution 1" in first.inner_text()
    assert "+ 100 %" in first.inner_text()
    assert "\N{MINUS SIGN} 50 %" in visitor.page.locator(".lurk-wires").first.inner_text()
    assert visitor.errors == []
