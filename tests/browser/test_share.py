"""What a visitor may take along of a filter: a link, an embed, its figures, its picture."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Callable
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from PIL import Image

from tests.browser.conftest import LAYER, HostedSite, Sites, Visitor

pytestmark = pytest.mark.browser
Visit = Callable[..., Visitor]


def test_copied_link_is_the_permanent_link_or_the_small_page_that_leads_there(
    visit: Visit, material: HostedSite
) -> None:
    visitor = visit(material.server, permissions=["clipboard-read", "clipboard-write"])
    visitor.open_gallery(LAYER)
    page = visitor.page
    small = str(page.get_attribute("lurk-gallery", "data-shared")).split()
    other = next(index for index in visitor.tiles if str(index) not in small)
    for index, address in (
        (other, f"{LAYER}#filter-{other}"),
        (int(small[0]), f"{Path(LAYER).parent}/filter-{small[0]}/"),
    ):
        visitor.open_gallery(f"{LAYER}#filter-{index}?order=strongest")
        visitor.wait_for_filter(index)
        page.get_by_role("button", name="Copy link").click()
        page.get_by_text("Link copied.").wait_for()
        assert page.evaluate("navigator.clipboard.readText()") == f"{material.server}{address}"
    page.goto(f"{material.server}{address}index.html")
    visitor.wait_for_filter(int(small[0]))


def test_copied_embed_shows_the_filter_in_another_page(visit: Visit, material: HostedSite, sites: Sites) -> None:
    visitor = visit(material.server, permissions=["clipboard-read", "clipboard-write"])
    visitor.open_gallery(f"{LAYER}#filter-5")
    visitor.wait_for_filter(5)
    visitor.page.get_by_role("button", name="Copy embed").click()
    visitor.page.get_by_text("Embed copied").wait_for()
    fence = visitor.page.evaluate("navigator.clipboard.readText()")
    home = sites.build_home(f"# Embedded\n\n{fence}", "embedded")
    visitor.page.goto(home.server)
    figure = visitor.page.locator("figure.lurk-embed")
    assert figure.locator("svg").count() == 5
    assert "Filter 5 of Convolution 2 in A small network" in figure.inner_text()
    boxes = [svg.bounding_box() for svg in figure.locator("svg").all()]
    assert len({round(box["y"]) for box in boxes if box}) == 1, "the pictures do not stand in a row"
    gaps = [b["x"] - a["x"] - a["width"] for a, b in itertools.pairwise(boxes) if a and b]
    assert min(gaps) >= 6
    figure.get_by_role("link", name="Filter 5", exact=True).click()
    visitor.wait_for_filter(5)
    assert visitor.errors == []


def test_figures_and_picture_can_be_downloaded(visit: Visit, material: HostedSite) -> None:
    visitor = visit(material.server)
    visitor.open_gallery(f"{LAYER}#filter-3")
    visitor.wait_for_filter(3)
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


def test_a_filter_is_saved_as_a_figure_with_its_pictures(visit: Visit, material: HostedSite) -> None:
    visitor = visit(material.server)
    visitor.open_gallery(f"{LAYER}#filter-3")
    visitor.wait_for_filter(3)
    page = visitor.page
    with page.expect_download() as download:
        page.get_by_role("button", name="Figure as SVG").click()
    assert download.value.suggested_filename == "small-features.3-3.svg"
    figure = Path(download.value.path()).read_text("utf-8")
    pictures = re.findall(r'<image href="data:image/png;base64,', figure)
    assert len(pictures) == figure.count("<image") == 9  # a synthesis, four crops and four photos
    assert f"{material.server}{LAYER}#filter-3" in figure
    assert "Filter 3 of Convolution 2 (features.3) in small" in figure
    with page.expect_download() as download:
        page.get_by_role("button", name="Figure as PNG").click()
    with Image.open(download.value.path()) as saved:
        picture = saved.convert("RGB")
    assert picture.width == 1920
    cell = picture.crop((1600, 150, 1700, 300))
    assert len(cell.getcolors(15000) or range(1000)) > 20, "the pictures are not drawn"
    assert picture.getpixel((5, 5)) == (255, 255, 255)
    assert visitor.errors == []


def test_from_disk_a_figure_links_to_the_pictures_and_says_so(visit: Visit, material: HostedSite) -> None:
    visitor = visit(material.disk)
    visitor.open_gallery(f"{LAYER}#filter-3")
    visitor.wait_for_filter(3)
    with visitor.page.expect_download() as download:
        visitor.page.get_by_role("button", name="Figure as PNG").click()
    figure = Path(download.value.path()).read_text("utf-8")
    linked = set(re.findall(r'<image href="(file:[^"]+)"', figure))
    assert len(linked) > 1
    assert all(Path(unquote(urlsplit(one).path)).is_file() for one in linked)
    visitor.page.get_by_text("a page from disk may not copy them").wait_for()
    assert visitor.errors == []
