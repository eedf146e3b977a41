"""The network's map: groups that open and close, search, links to layers, and known networks that can be read."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page

from tests.browser.conftest import HostedSite, Visitor
from tests.browser.invented import NETWORKS
from tests.browser.map_page import DEEP, PHONE, TIMES, closed_groups, scale

pytestmark = pytest.mark.browser
Visit = Callable[..., Visitor]


def test_click_on_a_layer_opens_its_page(visit: Visit, address: str) -> None:
    visitor = visit(address)
    visitor.open_map()
    visitor.page.locator('a[data-layer="features.3"]').click()
    visitor.page.locator('lurk-gallery a[data-filter="0"]').first.wait_for()
    assert "features.3" in visitor.page.url
    visitor.page.go_back()
    visitor.page.locator("lurk-map .lurk-map-box").first.wait_for()
    assert visitor.errors == []


def test_group_opens_and_closes_in_place(visit: Visit, material: HostedSite) -> None:
    visitor = visit(material.server)
    visitor.open_map(DEEP)
    page = visitor.page
    run = page.locator('.lurk-map-box[aria-expanded="false"]', has_text=f"{TIMES} 35").first
    key = run.get_attribute("data-key")
    box = page.locator(f'[data-key="{key}"]')
    box.scroll_into_view_if_needed()
    before, place = page.locator("a[data-layer]").count(), box.bounding_box()
    box.click(position={"x": 8, "y": 8})
    assert box.get_attribute("aria-expanded") == "true"
    unfolded = closed_groups(page).count() + page.locator("a[data-layer]").count()
    assert unfolded > before + 30
    after = box.bounding_box()
    assert place is not None
    assert after is not None
    assert abs(after["y"] - place["y"]) < 200, "the pressed box went out of sight"
    box.focus()
    page.keyboard.press("Enter")
    assert box.get_attribute("aria-expanded") == "false"
    assert page.locator("a[data-layer]").count() == before
    assert visitor.errors == []


def test_open_branches_get_the_whole_width_and_the_pressed_box_keeps_its_place(
    visit: Visit, material: HostedSite
) -> None:
    visitor = visit(material.server)
    visitor.open_map("models/googlenet/")
    page = visitor.page
    wide = page.locator(".lurk-map-wide")
    assert wide.count() == 1
    box = page.locator('.lurk-map-box[aria-label^="inception3b "]')
    box.scroll_into_view_if_needed()
    before = box.bounding_box()
    box.click(position={"x": 8, "y": 8})
    after = box.bounding_box()
    assert before is not None
    assert after is not None
    assert abs(after["y"] - before["y"]) < 2
    assert wide.count() == 0
    assert scale(page) >= 0.85, "the letters are too small"
    branches = [page.locator(f'.lurk-map-box[aria-label*="branch{n}"]').first.bounding_box() for n in range(1, 5)]
    lefts = [branch["x"] for branch in branches if branch]
    assert len(lefts) == 4
    assert lefts == sorted(lefts), "branches are out of order"
    page.keyboard.press("Enter")
    assert wide.count() == 1
    assert page.locator(".lurk-card").is_visible()
    assert visitor.errors == []


def test_phone_explains_how_to_pan_a_map_wider_than_the_screen(visit: Visit, material: HostedSite) -> None:
    visitor = visit(material.server, viewport=PHONE, has_touch=True, is_mobile=True)
    visitor.open_map("models/googlenet/")
    page = visitor.page
    hint = "getComputedStyle(document.querySelector('.lurk-map-frame'), '::before').content"
    assert page.evaluate(hint) == "none"
    page.locator('.lurk-map-box[aria-label^="inception3b "]').tap()
    page.locator('.lurk-map-box[aria-label*="branch1"]').first.wait_for()
    assert "Two fingers" in page.evaluate(hint)
    assert scale(page) >= 0.7
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]


def test_closed_repeats_show_their_count_and_pictures(visit: Visit, material: HostedSite) -> None:
    visitor = visit(material.server)
    visitor.open_map(DEEP)
    names = " ".join(closed_groups(visitor.page).all_text_contents())
    for count in ("7", "35", "2"):
        assert f"{TIMES} {count}" in names
    assert visitor.page.locator(".lurk-map-strips > svg").count() > 8


def test_layers_run_from_top_to_bottom_and_branches_stand_side_by_side(visit: Visit, material: HostedSite) -> None:
    visitor = visit(material.server)
    visitor.open_map("models/vgg16/")
    page = visitor.page
    tops = page.eval_on_selector_all("a[data-layer]", "boxes => boxes.map((one) => one.getBoundingClientRect().y)")
    names = page.eval_on_selector_all("a[data-layer]", "boxes => boxes.map(({ dataset }) => dataset.layer)")
    in_order = [name for _, name in sorted(zip(tops, names, strict=True))]
    assert in_order == sorted(names, key=lambda name: int(name.rpartition(".")[2]))
    assert len(set(tops)) == 13
    visitor.open_map(DEEP)
    one, other = (page.locator(f'a[data-layer="layer1.0.{name}"]').bounding_box() for name in ("conv3", "downsample.0"))
    assert one is not None
    assert other is not None
    assert one["x"] + one["width"] < other["x"], "branches do not stand side by side"
    assert page.locator(".lurk-map-lines path").count() > page.locator(".lurk-map-box").count()


def test_search_finds_a_layer_in_a_closed_group_and_focuses_it(visit: Visit, material: HostedSite) -> None:
    visitor = visit(material.server)
    visitor.open_map(DEEP)
    page = visitor.page
    page.get_by_role("searchbox", name="Find a layer").fill("layer3.20.conv2")
    assert page.locator(".lurk-map-tools [role=status]").inner_text() == "1 layer"
    assert page.locator(".lurk-map-hit").count() >= 1
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.dataset.layer") == "layer3.20.conv2"
    page.get_by_role("searchbox", name="Find a layer").fill("no such")
    assert page.locator(".lurk-map-tools [role=status]").inner_text() == "Nothing of that name or kind"
    assert visitor.errors == []


@pytest.mark.parametrize("network", NETWORKS)
def test_maps_of_known_networks_are_readable(visit: Visit, material: HostedSite, network: str) -> None:
    visitor = visit(material.server)
    for width in (360, 768, 1280, 1920):
        visitor.page.set_viewport_size({"width": width, "height": 800})
        visitor.open_map(f"models/{network}/")
        assert_readable(visitor.page, width)
    assert visitor.errors == []


def assert_readable(page: Page, width: int) -> None:
    """Assert that letters are large enough, boxes few and apart, and nothing is cut off or wider than the window."""
    print(f"\n{page.url} at {width}: scale {scale(page):.2f}")
    assert scale(page) >= 0.85, "the letters are too small"
    assert 4 <= page.locator(".lurk-map-box").count() <= 60
    found = page.evaluate(
        """() => {
            const frame = document.querySelector(".lurk-map-frame").getBoundingClientRect();
            const boxes = [...document.querySelectorAll(".lurk-map-box")]
                .map((box) => [box.dataset.key, box.getBoundingClientRect(), box.ariaExpanded === "true"]);
            const cut = boxes.filter(([, box]) =>
                box.left < frame.left - 1 || box.right > frame.right + 1 || box.bottom > frame.bottom + 1);
            const closed = boxes.filter(([, , open]) => !open);
            const overlaps = closed.flatMap(([key, a], at) => closed.slice(at + 1)
                .filter(([, b]) => a.left < b.right - 1 && b.left < a.right - 1)
                .filter(([, b]) => a.top < b.bottom - 1 && b.top < a.bottom - 1)
                .map(([other]) => `${key} and ${other}`));
            return { cut: cut.map(([key]) => key), overlaps };
        }"""
    )
    assert found == {"cut": [], "overlaps": []}
    assert page.evaluate("document.documentElement.scrollWidth") <= width
