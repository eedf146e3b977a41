"""The gallery of a layer: only rows near the window are in the page; orders, choices, and the state in the address."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.browser.conftest import MANY, HostedSite, Visitor
from tests.browser.invented import FILTERS

pytestmark = pytest.mark.browser
Visit = Callable[..., Visitor]


def status(visitor: Visitor) -> str:
    return visitor.page.locator(".lurk-status-line [role=status]").inner_text()


def test_only_rows_near_the_window_are_in_the_page(visit: Visit, material: HostedSite) -> None:
    visitor = visit(material.server)
    visitor.open_gallery(MANY)
    page = visitor.page
    assert status(visitor) == "2,048 filters; 21 dead, they stand last."
    most = page.locator("lurk-gallery a[data-filter]").count()
    for part in (0.3, 0.6, 1.0):
        page.evaluate("part => scrollTo(0, part * document.documentElement.scrollHeight)", part)
        page.wait_for_timeout(120)
        most = max(most, page.locator("lurk-gallery a[data-filter]").count())
        in_sight = page.evaluate(
            "document.elementsFromPoint(700, 450).some((element) => element.matches('lurk-gallery, lurk-gallery *'))"
        )
        assert in_sight or part == 1.0
    assert most < FILTERS / 8
    assert len(set(visitor.tiles)) == len(visitor.tiles)
    page.locator("a[data-filter]").last.focus()
    page.keyboard.press("End")
    assert visitor.focused == "2001", "dead filters stand last"
    assert visitor.errors == []


@pytest.mark.parametrize(
    ("order", "first"),
    [
        ("index", [0, 2, 3]),
        ("strongest", [0, 2, 3]),
        ("selectivity", [2047, 2046, 2045]),
        ("similarity", [2047, 2046, 2045]),
        ("ratio", [5, 11, 17]),
    ],
)
def test_gallery_sorts_filters(visit: Visit, material: HostedSite, order: str, first: list[int]) -> None:
    visitor = visit(material.server)
    visitor.open_gallery(MANY)
    visitor.page.get_by_role("combobox", name="Order").select_option(order)
    assert visitor.tiles[:3] == first
    assert (f"order={order}" in visitor.page.url) == (order != "index")
    assert visitor.errors == []


def test_gallery_narrows_to_a_class_and_hides_dead_filters_and_duplicates(visit: Visit, material: HostedSite) -> None:
    visitor = visit(material.server)
    visitor.open_gallery(MANY)
    page = visitor.page
    page.get_by_role("combobox", name="Only filters with this class among the three that they answer to most").fill(
        "dog"
    )
    assert visitor.tiles == [5, 3]
    assert status(visitor) == "2 filters with dog among the three classes that they answer to most."
    assert "class=dog" in page.url
    page.get_by_role("combobox", name="Only filters with this class among the three that they answer to most").fill("")
    page.get_by_role("button", name="View").click()
    page.get_by_label("Hide dead filters").check()
    page.get_by_label("Hide duplicates").check()
    assert status(visitor) == "1,986 filters; 62 hidden."
    assert "hide=dead,duplicate" in page.url
    assert visitor.errors == []


def test_tiles_show_the_chosen_picture_at_the_chosen_size(visit: Visit, material: HostedSite) -> None:
    visitor = visit(material.server)
    visitor.open_gallery()
    page = visitor.page
    picture = page.locator('a[data-filter="0"] svg')
    crop = picture.get_attribute("viewBox")
    page.get_by_role("radio", name="Synthesis").check(force=True)
    assert picture.get_attribute("viewBox") != crop
    page.get_by_role("radio", name="Averages").check(force=True)
    assert "show=average" in page.url
    before = page.locator('a[data-filter="0"]').bounding_box()
    page.get_by_role("button", name="View").click()
    page.get_by_label("Tile size").fill("224")
    after = page.locator('a[data-filter="0"]').bounding_box()
    assert before is not None
    assert after is not None
    assert after["width"] > 1.6 * before["width"]
    assert visitor.errors == []


def test_address_restores_the_state(visit: Visit, address: str) -> None:
    view = "#filter-12?show=synthesis&order=strongest&hide=dead&size=144"
    visitor = visit(address)
    visitor.open_gallery(f"models/small/features.3/index.html{view}")
    visitor.wait_for_filter(12)
    page = visitor.page
    assert page.get_by_role("radio", name="Synthesis").is_checked()
    assert page.get_by_role("combobox", name="Order").input_value() == "strongest"
    assert 1 not in visitor.tiles
    assert page.url.endswith(view)
    panel = page.locator('[data-filter-open="12"]').bounding_box()
    assert panel is not None
    assert panel["y"] < 900, "what the address names is out of sight"
    assert visitor.errors == []


def test_neighbour_links_lead_to_the_layers_before_and_after(visit: Visit, material: HostedSite) -> None:
    visitor = visit(material.disk)
    visitor.open_gallery()
    page = visitor.page
    page.locator(".lurk-neighbours a[rel=next]").click()
    page.locator('lurk-gallery[data-key="small/features.6"] a[data-filter]').first.wait_for()
    page.locator(".lurk-neighbours a[rel=prev]").click()
    page.locator('lurk-gallery[data-key="small/features.3"] a[data-filter]').first.wait_for()
    assert visitor.errors == []


def test_arrow_keys_move_the_focus_through_the_grid(visit: Visit, material: HostedSite) -> None:
    visitor = visit(material.server)
    visitor.open_gallery()
    page = visitor.page
    page.locator('a[data-filter="0"]').focus()
    page.keyboard.press("ArrowRight")
    second = visitor.tiles[1]
    assert visitor.focused == str(second)
    page.keyboard.press("ArrowDown")
    tops = page.eval_on_selector_all("a[data-filter]", "tiles => tiles.map((one) => one.getBoundingClientRect().y)")
    columns = tops.count(tops[0])
    assert visitor.focused == str(visitor.tiles[1 + columns])
    page.keyboard.press("Home")
    assert visitor.focused == "0"
    assert page.locator('lurk-gallery a[data-filter][tabindex="0"]').count() == 1
