"""What other sites show beside a link: whole addresses and real picture files, or nothing at all."""

from __future__ import annotations

import io
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest
from bs4 import BeautifulSoup
from mkdocs.structure.pages import Page
from PIL import Image

from mkdocs_lurk.pages.link_previews import HEIGHT_PX, WIDTH_PX, compose
from mkdocs_lurk.plugin.link_previews import LinkPreviews
from tests.plugin.sites import Project, broken_addresses, project

PHOTOS = 6
"""The made-up photos have the seeds below this."""
SITE = "https://example.org/a/b/"
NAME = 'a <b>"named"</b> one'


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A site with an address, where one filter has a name."""
    own = project(tmp_path_factory.mktemp("previews"), site_url=SITE[:-1], model={"names": {"features.3": {5: NAME}}})
    own.build()
    return own


def tags(html: str) -> dict[str, str]:
    found = BeautifulSoup(html, "html.parser").select("head meta[property^=og], head meta[name^=twitter]")
    return {str(tag.get("property") or tag["name"]): str(tag["content"]) for tag in found}


def check_picture(made: Project, address: str) -> None:
    assert address.startswith(SITE)
    with Image.open(made.site / address.removeprefix(SITE)) as picture:
        assert (picture.format, picture.size) == ("JPEG", (1200, 630))


@pytest.mark.parametrize(
    ("page", "title"),
    [("models/small/", "A small network"), ("models/small/features.3/", "Convolution 2 of A small network")],
)
def test_pages_of_models_and_layers_name_a_picture_by_its_whole_address(made: Project, page: str, title: str) -> None:
    found = tags(made.html(f"{page}index.html"))
    assert (found["og:title"], found["og:url"], found["twitter:card"]) == (title, SITE + page, "summary_large_image")
    check_picture(made, found["og:image"])


def test_a_small_page_of_a_filter_leads_to_it(made: Project) -> None:
    html = made.html("models/small/features.3/filter-5/index.html")
    page, found = BeautifulSoup(html, "html.parser"), tags(html)
    assert found["og:title"] == f"Filter 5 {NAME} of Convolution 2, A small network"
    assert found["og:url"] == f"{SITE}models/small/features.3/filter-5/"
    check_picture(made, found["og:image"])
    refresh, link = page.select_one('meta[http-equiv="refresh"]'), page.select_one("a")
    assert refresh is not None
    assert link is not None
    assert refresh["content"] == f"0; url={link['href']}" == "0; url=../index.html#filter-5"
    layer = BeautifulSoup(made.html("models/small/features.3/index.html"), "html.parser").select_one("lurk-gallery")
    assert layer is not None
    small = sorted(int(path.parent.name[7:]) for path in made.site.glob("models/small/features.3/filter-*/index.html"))
    assert [int(index) for index in str(layer["data-shared"]).split()] == small
    assert 5 in small
    assert broken_addresses(made.site) == []


def test_few_filters_have_a_small_page_and_no_page_stays_from_another_build(made: Project) -> None:
    made.build()
    pages = list(made.site.glob("models/small/*/filter-*/index.html"))
    assert 1 <= len(pages) < 13


def test_a_site_without_an_address_has_neither_tags_nor_pictures(tmp_path: Path) -> None:
    own = project(tmp_path, site_url="")
    own.build()
    assert tags(own.html("models/small/index.html")) == {}
    assert list(own.site.rglob("*.jpg")) == []
    assert list(own.site.rglob("filter-*")) == []
    assert "data-shared" not in own.html("models/small/features.3/index.html")


@pytest.mark.parametrize(
    "there", ['<meta property="og:image" content="x.png">', "<meta content=x.png property=og:image>"]
)
def test_what_a_page_has_from_others_is_not_doubled(there: str) -> None:
    picture = SimpleNamespace(url="models/small/preview.jpg")
    preview = {"page": "", "title": "T", "text": "Words.", "image": "preview.jpg"}
    own = LinkPreviews(SITE, cast("Any", {"p.md": (preview, picture)}))
    page = cast("Page", SimpleNamespace(file=SimpleNamespace(src_uri="p.md", url="p/")))
    html = f"<head>{there}</head><body></body>"
    assert own.tag(html, page, "Site") == html
    tagged = own.tag('<head><meta property="og:title" content="Theirs"></head>', page, "Site")
    assert tagged.count("og:title") == 1
    assert tags(f"<html>{tagged}</html>")["og:image"] == f"{SITE}models/small/preview.jpg"


def test_withheld_photos_are_in_no_picture(tmp_path: Path) -> None:
    """Photos are magenta, and everything that is made of the network is dark."""

    def draw(height: int, width: int, seed: int) -> bytes:
        file, is_photo = io.BytesIO(), seed < PHOTOS
        Image.new("RGB", (width, height), (250, 0, 250) if is_photo else (10, 10, 10)).save(file, "WEBP", lossless=True)
        return file.getvalue()

    own = project(tmp_path, draw=draw, model={"pictures": "none"})
    own.build()
    published = list(own.site.rglob("preview*.jpg"))
    assert published
    for path in published:
        with Image.open(path) as picture:
            red, green, _ = np.moveaxis(np.asarray(picture, np.int16), 2, 0)
            assert not (red - green > 100).any(), path


@pytest.mark.parametrize("shape", [(1, 1), (7, 7), (48, 7), (3, 224), (67, 31)])
def test_pictures_of_all_shapes_fill_their_cells(shape: tuple[int, int]) -> None:
    pixels = np.full((*shape, 3), 90, np.uint8)
    for n in (1, 3):
        picture = compose([[[pixels] * n]] * n)
        assert picture.getpixel((0, HEIGHT_PX - 1)) == picture.getpixel((WIDTH_PX - 1, 0)) == (90, 90, 90)
