"""An embedded filter shows pictures from the site's own files, and says why if there are none."""

from __future__ import annotations

import re

import pytest
from bs4 import BeautifulSoup, Tag

from mkdocs_lurk.errors import ConfigError
from mkdocs_lurk.pages.fences import render_fence
from mkdocs_lurk.pages.render import Templates
from tests.pages.conftest import Built

FENCE = "model: small\nlayer: features.3\nfilter: 0\n"


def render(built: Built, declared: str) -> BeautifulSoup:
    html = render_fence(declared, built.site, Templates(), lambda uri: f"../{uri}")
    return BeautifulSoup(html, "html.parser")


def test_an_embedded_filter_shows_crops_and_synthesis_and_links_to_its_place(built: Built) -> None:
    found = render(built, FENCE)
    assert len(found.select("svg")) == 5
    assert found.a is not None
    assert found.a["href"] == "../models/small/features.3/index.md#filter-0"
    assert "Filter 0 of Convolution 2 in A small network" in " ".join(found.get_text().split())
    for image in found.select("svg image"):
        uri = str(image["xlink:href"]).removeprefix("../")
        assert built.site.path(uri).is_file()


@pytest.mark.parametrize(("show", "pictures"), [("crops", 4), ("synthesis", 1), ("all", 5)])
def test_show_selects_the_pictures(built: Built, show: str, pictures: int) -> None:
    assert len(render(built, f"{FENCE}show: {show}\n").select("svg")) == pictures


@pytest.mark.parametrize(
    ("show", "selector", "count"),
    [
        ("photos", "svg.lurk-still", 4),
        ("gradients", "svg.lurk-still", 4),
        ("[crops, photos, gradients]", "svg.lurk-still", 12),
        ("range", "div.lurk-embed__pictures small", 1),
        ("histogram", "div.lurk-embed__histogram rect", 1),
        ("classes", "table.lurk-embed__rows tr", 1),
        ("wiring", "table.lurk-embed__rows tr", 1),
    ],
)
def test_each_part_of_a_filter_can_be_shown(built: Built, show: str, selector: str, count: int) -> None:
    found = render(built, f"{FENCE}show: {show}\n")
    assert len(found.select(selector)) >= count
    assert "not shown" not in found.get_text()
    if selector == "svg.lurk-still":
        assert len(found.select(selector)) == count


def test_parts_stand_in_their_order_and_pictures_of_neighbours_in_one_row(built: Built) -> None:
    found = render(built, f"{FENCE}show: [histogram, crops, synthesis, classes]\n")
    kinds = [str(one["class"][0]) for one in found.select("figure > div, figure > table")]
    assert kinds == ["lurk-embed__histogram", "lurk-embed__pictures", "lurk-embed__rows"]


def test_what_a_filter_lacks_is_said(built: Built) -> None:
    found = render(built, "model: small\nlayer: features.3\nfilter: 1\nshow: [histogram, range, classes, wiring]\n")
    lacking = re.search(r"Not there: (.*)\.", found.get_text())
    shown = len(found.select("table, div.lurk-embed__histogram")) + bool(found.select("div.lurk-embed__pictures"))
    assert shown + len(lacking[1].split(", ") if lacking else []) == 4


def test_several_filters_of_several_layers_stand_side_by_side(built: Built) -> None:
    found = render(
        built, "model: small\nlayer: features.3\nfilters: [0, {layer: features.0, filter: 2}]\nshow: crops\nsize: 64\n"
    )
    names = [name.get_text() for name in found.select("p.lurk-embed__name a")]
    assert names == ["Filter 0 of Convolution 2 in A small network", "Filter 2 of Convolution 1 in A small network"]
    assert len(found.select("svg")) == 8
    assert {max(int(str(svg["width"])), int(str(svg["height"]))) for svg in found.select("svg")} == {64}
    assert "2 filters of A small network: what they respond to most in photos." in found.get_text()


def test_pictures_lead_where_the_author_says(built: Built) -> None:
    assert render(built, f"{FENCE}link: false\n").select("div.lurk-embed__pictures a") == []
    (link,) = render(built, f"{FENCE}link: lurk:small\n").select("div.lurk-embed__pictures a")
    assert link["href"] == "lurk:small"


@pytest.mark.parametrize(
    ("declared", "element", "source", "key"),
    [
        ("show: gallery\nlayer: features.3", "lurk-gallery", "features.3/layer.js", "small/features.3"),
        ("show: map\ncaption: All.", "lurk-map", "model.js", "small"),
    ],
)
def test_a_whole_gallery_or_map_is_embedded(built: Built, declared: str, element: str, source: str, key: str) -> None:
    found = render(built, f"model: small\n{declared}\n").select_one(element)
    assert found is not None
    assert found["data-key"] == key
    assert found["data-src"] == f"../models/small/{source}"
    assert built.site.path(f"models/small/{source}").is_file()
    assert found.a is not None


def test_the_authors_caption_is_shown_as_text(built: Built) -> None:
    assert "Stripes & <b>dots" in render(built, f'{FENCE}caption: "Stripes & <b>dots"\n').get_text()


def test_a_model_without_results_says_why(built: Built) -> None:
    found = render(built, "model: waiting\nlayer: conv\nfilter: 3\n")
    assert found.svg is None
    assert "Filter 3 of conv in Not *yet* is not shown: it was not analysed yet." in found.get_text()


def test_a_filter_without_the_wanted_picture_says_so(built: Built) -> None:
    found = render(built, "model: small\nlayer: features.3\nfilter: 2\nshow: synthesis\n")
    assert "there is no such picture" in found.get_text()


@pytest.mark.parametrize(
    ("declared", "message"),
    [
        ("model: smal\nlayer: features.0\nfilter: 0", "no model 'smal'; did you mean 'small'?"),
        ("model: small\nlayer: features.1\nfilter: 0", "small has no layer 'features.1'; did you mean 'features.3' or"),
        ("model: small\nlayer: features.0\nfilter: 99", "filter 99 of small/features.0 was not analysed"),
        ("model: small\nlayer: features.0", "'filter' is missing"),
        ("model: small\nlayer: features.0\nfilter: x", "'x' is no number"),
        ("model: small\nlayers: features.0\nfilter: 1", "'layers' is not known; did you mean 'layer' or"),
        (
            f"{FENCE}show: everything",
            "'everything' is not known; give all, story, network, finds, gallery, map, class, quiz, live, crops,",
        ),
        ("model: small\nshow: clas\nclass: dog", "show: 'clas' is not known; did you mean 'class'"),
        ("model: small\nshow: compare", "show: 'compare' is not known"),
        (f"{FENCE}show: [crops, photo]", "show: 'photo' is not known; did you mean 'photos'?"),
        (f"{FENCE}filters: [1]", "it has both 'filter' and 'filters'; give one of them"),
        ("model: small\nlayer: features.3\nfilters: []", "filters: this is no list of filters; give 1 to 24 of them"),
        ("model: small\nfilters: [{layer: features.3, filer: 1}]", "'filer' is not known; did you mean 'filter'"),
        (f"{FENCE}size: 9000", "size: 9000 is no size; give 24 to 512 pixels"),
        (f"{FENCE}link: 'javascript:alert(1)'", "leads nowhere; give true, false, or an address of lurk: or https:"),
        ("model: small\nshow: gallery", "'layer' is missing; give it for show: gallery"),
        ("model: small\nshow: map\nlayer: x", "'layer' is not known; there are model, show, caption"),
        ("a: [", "this is no YAML"),
        ("words", "give model, layer and filter"),
    ],
)
def test_a_wrong_fence_is_one_line(built: Built, declared: str, message: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(message)) as caught:
        render(built, declared)
    assert "\n" not in str(caught.value)


def test_the_filters_of_a_class_are_those_of_its_page(built: Built) -> None:
    found = render(built, "model: small\nshow: class\nclass: dog\n")
    page = BeautifulSoup(built.site.path("models/small/classes/dog/index.md").read_text("utf-8"), "html.parser")
    own = page.select_one(".lurk")
    assert own is not None

    def shown(part: Tag) -> list[list[tuple[str, bool]]]:
        rows = part.select(".lurk-class-layer")
        return [[(item.get_text(" ", strip=True), bool(item.svg)) for item in row.select("li")] for row in rows]

    assert shown(found.figure) == shown(own) != []  # type: ignore[arg-type]
    first = found.select("li a")[0]
    assert str(first["href"]).startswith("../models/small/features.0/index.md#filter-")
    for image in found.select("svg image"):
        assert built.site.path(str(image["xlink:href"]).removeprefix("../")).is_file()


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ("class: dug", "small has no page of a class 'dug'; did you mean 'dog'?"),
        ("layer: features.0\nclass: dog", "lurk fence: 'layer' is not known; there are model, show, class, caption"),
        ("caption: x", "lurk fence: 'class' is missing; give it for show: class"),
    ],
)
def test_a_class_that_cannot_be_shown_is_an_error(built: Built, keys: str, message: str) -> None:
    with pytest.raises(ConfigError) as error:
        render(built, f"model: small\nshow: class\n{keys}\n")
    assert str(error.value) == message
