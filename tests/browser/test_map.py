"""The network's map: unfold, fold, search, walk by keyboard, zoom, and go to a layer by a click."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page

from tests.browser.conftest import Hosted, Visitor
from tests.browser.invented import NETWORKS

pytestmark = pytest.mark.browser
Visit = Callable[..., Visitor]
DEEP = "models/resnet152/"
AT_REST = """() => {
    const tops = (window.__tops = [scrollY, ...(window.__tops ?? [])].slice(0, 6));
    return tops.length === 6 && new Set(tops).size === 1;
}"""
PHONE = {"width": 360, "height": 740}
TIMES = "\N{MULTIPLICATION SIGN}"


def folds(page: Page) -> Locator:
    return page.locator('.lurk-map-box[role="button"][aria-expanded="false"]')


def transform(page: Page) -> str:
    return page.locator(".lurk-map-canvas > g").get_attribute("transform") or ""


def scale(page: Page) -> float:
    """How far the map is zoomed in."""
    return float(transform(page).rpartition("(")[2].rstrip(")"))


def test_a_click_leads_to_a_layer(visit: Visit, address: str) -> None:
    visitor = visit(address)
    visitor.map()
    visitor.page.locator('a[data-layer="features.3"]').click()
    visitor.page.locator('lurk-gallery a[data-filter="0"]').first.wait_for()
    assert "features.3" in visitor.page.url
    visitor.page.go_back()
    visitor.page.locator("lurk-map .lurk-map-box").first.wait_for()
    assert visitor.errors == []


def test_a_box_unfolds_and_folds_in_its_place(visit: Visit, material: Hosted) -> None:
    visitor = visit(material.server)
    visitor.map(DEEP)
    page = visitor.page
    run = page.locator('.lurk-map-box[aria-expanded="false"]', has_text=f"{TIMES} 35").first
    key = run.get_attribute("data-key")
    box = page.locator(f'[data-key="{key}"]')
    box.scroll_into_view_if_needed()
    before, there = page.locator("a[data-layer]").count(), box.bounding_box()
    box.click(position={"x": 8, "y": 8})
    assert box.get_attribute("aria-expanded") == "true"
    unfolded = folds(page).count() + page.locator("a[data-layer]").count()
    assert unfolded > before + 30
    after = box.bounding_box()
    assert there is not None
    assert after is not None
    assert abs(after["y"] - there["y"]) < 200, "what was clicked went out of sight"
    box.focus()
    page.keyboard.press("Enter")
    assert box.get_attribute("aria-expanded") == "false"
    assert page.locator("a[data-layer]").count() == before
    assert visitor.errors == []


def test_branches_get_the_whole_width_and_what_was_pressed_stays(visit: Visit, material: Hosted) -> None:
    visitor = visit(material.server)
    visitor.map("models/googlenet/")
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
    assert lefts == sorted(lefts), "branches stand in another order than their own"
    page.keyboard.press("Enter")
    assert wide.count() == 1
    assert page.locator(".lurk-card").is_visible()
    assert visitor.errors == []


def test_a_phone_says_how_to_move_what_is_wider(visit: Visit, material: Hosted) -> None:
    visitor = visit(material.server, viewport=PHONE, has_touch=True, is_mobile=True)
    visitor.map("models/googlenet/")
    page = visitor.page
    says = "getComputedStyle(document.querySelector('.lurk-map-frame'), '::before').content"
    assert page.evaluate(says) == "none"
    page.locator('.lurk-map-box[aria-label^="inception3b "]').tap()
    page.locator('.lurk-map-box[aria-label*="branch1"]').first.wait_for()
    assert "Two fingers" in page.evaluate(says)
    assert scale(page) >= 0.7
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]


def test_folded_blocks_tell_their_count_and_show_pictures(visit: Visit, material: Hosted) -> None:
    visitor = visit(material.server)
    visitor.map(DEEP)
    names = " ".join(folds(visitor.page).all_text_contents())
    for count in ("7", "35", "2"):
        assert f"{TIMES} {count}" in names
    assert visitor.page.locator(".lurk-map-strips > svg").count() > 8


def test_it_runs_from_top_to_bottom_with_its_branches(visit: Visit, material: Hosted) -> None:
    visitor = visit(material.server)
    visitor.map("models/vgg16/")
    page = visitor.page
    tops = page.eval_on_selector_all("a[data-layer]", "boxes => boxes.map((one) => one.getBoundingClientRect().y)")
    names = page.eval_on_selector_all("a[data-layer]", "boxes => boxes.map(({ dataset }) => dataset.layer)")
    in_order = [name for _, name in sorted(zip(tops, names, strict=True))]
    assert in_order == sorted(names, key=lambda name: int(name.rpartition(".")[2]))
    assert len(set(tops)) == 13
    visitor.map(DEEP)
    one, other = (page.locator(f'a[data-layer="layer1.0.{name}"]').bounding_box() for name in ("conv3", "downsample.0"))
    assert one is not None
    assert other is not None
    assert one["x"] + one["width"] < other["x"], "branches do not stand side by side"
    assert page.locator(".lurk-map-lines path").count() > page.locator(".lurk-map-box").count()


def test_search_finds_what_is_folded_and_goes_there(visit: Visit, material: Hosted) -> None:
    visitor = visit(material.server)
    visitor.map(DEEP)
    page = visitor.page
    page.get_by_role("searchbox", name="Find a layer").fill("layer3.20.conv2")
    assert page.locator(".lurk-map-tools [role=status]").inner_text() == "1 layer"
    assert page.locator(".lurk-map-hit").count() >= 1
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.dataset.layer") == "layer3.20.conv2"
    page.get_by_role("searchbox", name="Find a layer").fill("no such")
    assert page.locator(".lurk-map-tools [role=status]").inner_text() == "No layer of that name"
    assert visitor.errors == []


def test_the_keyboard_walks_zooms_and_enters(visit: Visit, material: Hosted) -> None:
    visitor = visit(material.server)
    visitor.map()
    page = visitor.page
    page.get_by_role("button", name="Zoom in").focus()
    page.keyboard.press("Tab")
    first = page.evaluate("document.activeElement.dataset.key")
    page.keyboard.press("ArrowDown")
    assert page.evaluate("document.activeElement.dataset.key") != first
    page.keyboard.press("Home")
    assert page.evaluate("document.activeElement.dataset.key") == first
    before = scale(page)
    page.keyboard.press("+")
    assert scale(page) > before
    page.keyboard.press("0")
    assert scale(page) == pytest.approx(before)
    page.keyboard.press("End")
    assert page.evaluate("document.activeElement.dataset.layer") == "features.6"
    assert page.locator(".lurk-card").inner_text().startswith("features.6")
    page.keyboard.press("Enter")
    page.locator('lurk-gallery[data-key="small/features.6"] a[data-filter]').first.wait_for()
    assert visitor.errors == []


def test_hovering_tells_kind_shape_parameters_and_field(visit: Visit, material: Hosted) -> None:
    visitor = visit(material.server, viewport={"width": 600, "height": 900})
    visitor.map()
    page = visitor.page
    page.locator('a[data-layer="features.3"]').hover()
    card = page.locator(".lurk-card")
    tells(card.inner_text())
    assert card.locator(".lurk-card-strip svg").count() == 8
    page.locator("h1").hover()
    assert card.is_hidden()


def test_on_a_wide_page_what_is_hovered_stays_beside_the_map(visit: Visit, material: Hosted) -> None:
    visitor = visit(material.server)
    visitor.map()
    page = visitor.page
    card = page.locator(".lurk-card")
    assert card.inner_text().startswith("features.0"), "nothing is shown at first"
    page.locator('a[data-layer="features.3"]').hover()
    tells(card.inner_text())
    page.locator("h1").hover()
    tells(card.inner_text())
    assert page.locator(".lurk-map-shown").get_attribute("data-layer") == "features.3"
    map_box, card_box = page.locator(".lurk-map-frame").bounding_box(), card.bounding_box()
    assert map_box is not None
    assert card_box is not None
    assert map_box["x"] + map_box["width"] <= card_box["x"]
    card.get_by_role("link", name="See its filters").click()
    page.locator('lurk-gallery[data-key="small/features.3"] a[data-filter]').first.wait_for()
    assert visitor.errors == []


def test_beside_a_long_map_the_card_stays_in_sight(visit: Visit, material: Hosted) -> None:
    visitor = visit(material.server)
    visitor.map(DEEP)
    page = visitor.page
    page.locator("a[data-layer]").last.scroll_into_view_if_needed()
    page.locator("a[data-layer]").last.hover()
    card = page.locator(".lurk-card").bounding_box()
    assert card is not None
    assert 48 <= card["y"] < card["y"] + card["height"] <= 900


def tells(text: str) -> None:
    for words in ("features.3", "Conv2d", "output", "10 parameters", "multiply-adds", f"15 {TIMES} 15 pixels"):
        assert words in text


def test_the_mouse_pans_and_zooms_and_a_plain_wheel_scrolls(visit: Visit, material: Hosted) -> None:
    visitor = visit(material.server)
    visitor.map(DEEP)
    page = visitor.page
    canvas = page.locator(".lurk-map-canvas")
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    assert box is not None
    before = scale(page)
    page.mouse.move(box["x"] + 20, box["y"] + 60)
    page.mouse.wheel(0, 120)
    page.wait_for_function("scrollY > 0")
    assert scale(page) == before
    page.keyboard.down("Control")
    page.mouse.wheel(0, -240)
    page.keyboard.up("Control")
    page.wait_for_function("document.querySelector('.lurk-map-zoomed')")
    assert scale(page) > before
    moved = page.locator(".lurk-map-canvas > g").get_attribute("transform")
    page.mouse.down()
    page.mouse.move(box["x"] + 60, box["y"] + 90, steps=3)
    page.mouse.up()
    assert page.locator(".lurk-map-canvas > g").get_attribute("transform") != moved
    page.get_by_role("button", name="Fit").click()
    assert scale(page) == pytest.approx(before)


def test_two_fingers_zoom_and_one_scrolls(visit: Visit, material: Hosted) -> None:
    visitor = visit(material.server, viewport=PHONE, has_touch=True, is_mobile=True)
    visitor.map(DEEP)
    page = visitor.page
    page.locator(".lurk-map-canvas").evaluate("canvas => scrollBy(0, canvas.getBoundingClientRect().top - 60)")
    before, top = scale(page), page.evaluate("scrollY")
    drag(page, [(180, 500)], [(180, 300)])
    page.wait_for_function("top => scrollY > top + 100", arg=top)
    assert scale(page) == before, "one finger zoomed"
    page.wait_for_function(AT_REST)
    top = page.evaluate("scrollY")
    drag(page, [(160, 300), (200, 340)], [(80, 200), (280, 440)])
    page.wait_for_function("document.querySelector('.lurk-map-zoomed')")
    larger = scale(page)
    assert larger > 1.5 * before
    assert abs(page.evaluate("scrollY") - top) <= 1, "two fingers scrolled the page"
    assert page.evaluate("visualViewport.scale") == 1, "two fingers zoomed the page"
    moved = transform(page)
    drag(page, [(200, 300)], [(120, 360)])
    assert transform(page) != moved, "one finger does not pan what is zoomed"
    assert abs(page.evaluate("scrollY") - top) <= 1
    assert scale(page) == larger
    drag(page, [(60, 200), (300, 440)], [(160, 300), (200, 340)])
    assert scale(page) < larger
    page.get_by_role("button", name="Fit").tap()
    assert scale(page) == pytest.approx(before)
    assert visitor.errors == []


def test_a_tap_leads_to_a_layer_and_unfolds(visit: Visit, material: Hosted) -> None:
    visitor = visit(material.server, viewport=PHONE, has_touch=True, is_mobile=True)
    visitor.map(DEEP)
    page = visitor.page
    layers = page.locator("a[data-layer]").count()
    folds(page).first.tap()
    page.wait_for_function("layers => document.querySelectorAll('a[data-layer]').length > layers", arg=layers)
    visitor.map()
    page.locator('a[data-layer="features.3"]').tap()
    page.locator('lurk-gallery[data-key="small/features.3"] a[data-filter]').first.wait_for()
    assert visitor.errors == []


def test_the_keyboard_pans_what_is_zoomed(visit: Visit, material: Hosted) -> None:
    visitor = visit(material.server)
    visitor.map(DEEP)
    page = visitor.page
    page.locator('.lurk-map-box[tabindex="0"]').focus()
    for _ in range(4):
        page.keyboard.press("+")
    assert scale(page) > 2
    for key in ("End", "ArrowUp", "ArrowLeft", "Home", "ArrowRight", "ArrowDown"):
        page.keyboard.press(key)
        inside = page.evaluate(
            """() => {
                const [box, frame] = [document.activeElement, document.querySelector(".lurk-map-frame")]
                    .map((one) => one.getBoundingClientRect());
                const window = { top: 0, bottom: innerHeight };
                return [frame, window].every((one) => box.bottom > one.top && box.top < one.bottom)
                    && box.right > frame.left && box.left < frame.right;
            }"""
        )
        assert inside, f"after {key} the box in hand is out of sight"
    before = scale(page)
    page.keyboard.press("-")
    assert scale(page) < before
    assert visitor.errors == []


def drag(page: Page, start: list[tuple[float, float]], stop: list[tuple[float, float]], steps: int = 8) -> None:
    """Put fingers on the glass, one after the other, move them from one place each to another, and lift them."""
    session = page.context.new_cdp_session(page)

    def send(kind: str, part: float, fingers: int | None = None) -> None:
        points = [
            {"x": a + (c - a) * part, "y": b + (d - b) * part, "id": at}
            for at, ((a, b), (c, d)) in enumerate(zip(start, stop, strict=True))
        ][:fingers]
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [] if kind == "touchEnd" else points})

    for fingers in range(1, len(start) + 1):
        send("touchStart", 0, fingers)
    for step in range(1, steps + 1):
        send("touchMove", step / steps)
    page.wait_for_timeout(150)  # fingers that rest before they lift do not fling
    send("touchMove", 1)
    send("touchEnd", 1)
    session.detach()


@pytest.mark.parametrize("network", NETWORKS)
def test_known_networks_are_readable(visit: Visit, material: Hosted, network: str) -> None:
    visitor = visit(material.server)
    for width in (360, 768, 1280, 1920):
        visitor.page.set_viewport_size({"width": width, "height": 800})
        visitor.map(f"models/{network}/")
        readable(visitor.page, width)
    assert visitor.errors == []


def readable(page: Page, width: int) -> None:
    """Letters are large enough, boxes few and apart, all of the map shows, and nothing is wider than the window."""
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
