"""The opened filter: its place in the grid, its pictures, and the ways through filters and back."""

from __future__ import annotations

import io
from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import expect

from tests.browser.conftest import LAYER, MATERIAL, OPEN, HostedSite, Visitor
from tests.plugin.sites import project

pytestmark = pytest.mark.browser
Visit = Callable[..., Visitor]


def test_filter_opens_under_its_row_with_all_its_parts(visit: Visit, address: str) -> None:
    visitor = visit(address)
    visitor.open_gallery()
    visitor.open_filter(3)
    page = visitor.page
    assert page.url.endswith("#filter-3")
    text = page.inner_text(OPEN)
    for words in (
        "Filter 3", "2.5 times the best photo", "Strongest anywhere", "Highest average", "Classes", "cat", "dog",
        "zebra", "Responses", "Wiring", "Reads from", "Read by", "Convolution 1", "Similar filters",
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


def test_gradient_fades_in_over_the_photo(visit: Visit, material: HostedSite) -> None:
    visitor = visit(material.server)
    visitor.open_gallery(f"{LAYER}#filter-3")
    visitor.wait_for_filter(3)
    page = visitor.page
    gradient, veil = (page.locator(f"{OPEN} .lurk-{part}").first for part in ("gradient", "veil"))
    before = page.locator(f"{OPEN} .lurk-scene").first.bounding_box()
    assert gradient.evaluate("element => getComputedStyle(element).opacity") == "0"
    page.get_by_role("radio", name="Gradient").check()
    expect(gradient).to_have_css("opacity", "1")
    assert page.locator(f"{OPEN} .lurk-scene").first.bounding_box() == before
    page.locator(OPEN).focus()
    page.keyboard.press("g")
    expect(page.get_by_role("radio", name="Mask")).to_be_checked()
    expect(gradient).to_have_css("opacity", "0")
    page.get_by_role("slider", name="How strongly it covers the photos").press("ArrowLeft")
    expect(veil).to_have_css("opacity", "0.95")
    assert page.url.endswith("#filter-3"), "the slider's keys lead to another filter"
    page.keyboard.press("g")
    expect(veil).to_have_css("opacity", "0")


GREY, LARGE, PHOTO = (128, 128, 128), (255, 0, 128), (200, 40, 40)


def test_the_photo_shows_through_the_veil_where_the_gradient_is_large(
    visit: Visit, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Pixels of the page, from disk: a gradient that is large in its left half alone, of a photo of one colour."""

    def paint(height: int, width: int, left: tuple[int, int, int], right: tuple[int, int, int]) -> bytes:
        picture = Image.new("RGB", (width, height), right)
        picture.paste(left, (0, 0, width // 2, height))
        file = io.BytesIO()
        picture.save(file, "WEBP", lossless=True)
        return file.getvalue()

    made = project(
        tmp_path_factory.mktemp("veil"), layers=(("features.0", 2, 60),), side=64, theme=MATERIAL,
        draw=lambda height, width, seed: paint(height, width, PHOTO, PHOTO),
        draw_gradient=lambda height, width, seed: paint(height, width, LARGE, GREY),
    )  # fmt: skip
    made.build()
    visitor = visit(f"{made.site.as_uri()}/", reduced_motion="reduce")
    visitor.open_gallery("models/small/features.0/index.html#filter-0")
    visitor.wait_for_filter(0)
    page = visitor.page
    photo = page.locator(f"{OPEN} .lurk-photos").nth(1).locator("svg.lurk-scene").first

    def halves() -> list[tuple[int, ...]]:
        """The colours of both halves, up to what the codec of photos changes."""
        page.wait_for_timeout(50)
        shot = Image.open(io.BytesIO(photo.screenshot())).convert("RGB")
        found = [shot.getpixel((shot.width * at // 8, shot.height // 2)) for at in (2, 6)]
        near = [[own for own in (GREY, LARGE, PHOTO) if np.abs(np.subtract(own, one)).max() < 4] for one in found]
        return [own for own, *_ in near]

    assert halves() == [PHOTO, PHOTO]
    page.get_by_role("radio", name="Gradient").check()
    assert halves() == [LARGE, GREY], "zero does not stay grey"
    page.get_by_role("radio", name="Mask").check()
    assert halves() == [PHOTO, GREY]
    assert visitor.errors == []


def test_arrow_keys_step_and_escape_closes_and_returns_the_focus(visit: Visit, material: HostedSite) -> None:
    visitor = visit(material.server)
    visitor.open_gallery()
    page = visitor.page
    page.locator('a[data-filter="2"]').focus()
    page.keyboard.press("Enter")
    visitor.wait_for_filter(2)
    assert visitor.focused == "2"
    assert page.evaluate("document.activeElement.matches('[data-filter-open]')")
    page.keyboard.press("ArrowRight")
    visitor.wait_for_filter(3)
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowLeft")
    visitor.wait_for_filter(0)
    page.keyboard.press("ArrowLeft")
    visitor.wait_for_filter(0)
    page.keyboard.press("Escape")
    assert page.locator(OPEN).count() == 0
    assert visitor.focused == "0"
    assert page.evaluate("document.activeElement.matches('a[data-filter]')")
    assert visitor.errors == []


def test_back_and_forward_restore_the_opened_filter(visit: Visit, material: HostedSite) -> None:
    visitor = visit(material.server)
    visitor.open_gallery()
    visitor.open_filter(3)
    visitor.open_filter(5)
    visitor.page.go_back()
    visitor.wait_for_filter(3)
    visitor.page.go_back()
    expect(visitor.page.locator(OPEN)).to_have_count(0)
    visitor.page.go_forward()
    visitor.wait_for_filter(3)
    assert visitor.errors == []


def test_long_labels_are_not_cut_off(visit: Visit, material: HostedSite) -> None:
    for width in (320, 1280):
        visitor = visit(material.server, viewport={"width": width, "height": 800})
        visitor.open_gallery(f"{LAYER}#filter-3")
        visitor.wait_for_filter(3)
        names = visitor.page.locator(f"{OPEN} .lurk-picture-name")
        names.evaluate_all("all => all.forEach((one) => { one.textContent = 'Staffordshire-bullterrier_of_America'; })")
        assert not names.evaluate_all("all => all.some((one) => one.scrollWidth > one.clientWidth)")
        assert names.first.evaluate("one => getComputedStyle(one).overflow") == "visible"
        assert visitor.page.evaluate("document.documentElement.scrollWidth") <= width


def test_skipped_synthesis_says_why(visit: Visit, material: HostedSite) -> None:
    visitor = visit(material.server)
    visitor.open_gallery(f"{LAYER}#filter-2")
    visitor.wait_for_filter(2)
    reason = "it was not chosen for a synthesis"
    assert f"No picture was synthesised for this filter: {reason}" in visitor.page.inner_text(OPEN)


def test_panel_covers_the_screen_on_a_phone(visit: Visit, material: HostedSite) -> None:
    visitor = visit(material.server, viewport={"width": 360, "height": 740}, has_touch=True, is_mobile=True)
    visitor.open_gallery()
    page = visitor.page
    page.tap('a[data-filter="3"]')
    visitor.wait_for_filter(3)
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
