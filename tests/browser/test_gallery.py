"""The gallery of a layer: only what is on screen is in the page; orders, choices, and its state in the address."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.browser.conftest import Hosted, Visitor
from tests.browser.invented import CLASSES, FILTERS

pytestmark = pytest.mark.browser
Visit = Callable[..., Visitor]
MANY = "models/small/many/index.html"


def status(visitor: Visitor) -> str:
    return visitor.page.locator(".lurk-status-line [role=status]").inner_text()


def test_of_many_filters_those_in_sight_are_in_the_page(visit: Visit, material: Hosted) -> None:
    visitor = visit(material.server)
    visitor.gallery(MANY)
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
def test_it_sorts(visit: Visit, material: Hosted, order: str, first: list[int]) -> None:
    visitor = visit(material.server)
    visitor.gallery(MANY)
    visitor.page.get_by_role("combobox", name="Order").select_option(order)
    assert visitor.tiles[:3] == first
    assert (f"order={order}" in visitor.page.url) == (order != "index")
    assert visitor.errors == []


def test_it_sifts_by_class_dead_and_duplicates(visit: Visit, material: Hosted) -> None:
    visitor = visit(material.server)
    visitor.gallery(MANY)
    page = visitor.page
    page.get_by_role("combobox", name="Only filters that answer to this class").fill("dog")
    assert visitor.tiles == [5, 3]
    assert status(visitor) == "2 filters that answer to dog."
    assert "class=dog" in page.url
    page.get_by_role("combobox", name="Only filters that answer to this class").fill("")
    page.get_by_role("button", name="View").click()
    page.get_by_label("Hide dead filters").check()
    page.get_by_label("Hide duplicates").check()
    assert status(visitor) == "1,986 filters; 62 hidden."
    assert "hide=dead,duplicate" in page.url
    assert visitor.errors == []


def test_tiles_show_what_the_visitor_picks_at_the_size_wished(visit: Visit, material: Hosted) -> None:
    visitor = visit(material.server)
    visitor.gallery()
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


def test_an_address_opens_the_same_view(visit: Visit, address: str) -> None:
    view = "#filter-12?show=synthesis&order=strongest&hide=dead&size=144"
    visitor = visit(address)
    visitor.gallery(f"models/small/features.3/index.html{view}")
    visitor.opened(12)
    page = visitor.page
    assert page.get_by_role("radio", name="Synthesis").is_checked()
    assert page.get_by_role("combobox", name="Order").input_value() == "strongest"
    assert 1 not in visitor.tiles
    assert page.url.endswith(view)
    panel = page.locator('[data-filter-open="12"]').bounding_box()
    assert panel is not None
    assert panel["y"] < 900, "what the address names is out of sight"
    assert visitor.errors == []


def test_neighbours_lead_on(visit: Visit, material: Hosted) -> None:
    visitor = visit(material.disk)
    visitor.gallery()
    page = visitor.page
    page.locator(".lurk-neighbours a[rel=next]").click()
    page.locator('lurk-gallery[data-key="small/features.6"] a[data-filter]').first.wait_for()
    page.locator(".lurk-neighbours a[rel=prev]").click()
    page.locator('lurk-gallery[data-key="small/features.3"] a[data-filter]').first.wait_for()
    assert visitor.errors == []


def test_arrows_move_through_the_grid(visit: Visit, material: Hosted) -> None:
    visitor = visit(material.server)
    visitor.gallery()
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


def test_all_classes_are_a_click_away(visit: Visit, material: Hosted) -> None:
    visitor = visit(material.server)
    visitor.gallery(f"{MANY}#filter-12")
    visitor.opened(12)
    classes = visitor.page.locator(".lurk-fact-classes")
    assert classes.locator(".lurk-bar-value").count() == 10
    classes.get_by_role("button", name=f"All {CLASSES}").click()
    assert classes.locator(".lurk-bar-value").count() == CLASSES
    classes.get_by_role("button", name="Top 10").click()
    assert classes.locator(".lurk-bar-value").count() == 10
    assert visitor.errors == []
