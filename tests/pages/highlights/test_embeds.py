"""A story and a network on one screen are embedded from the site's own files, and a wrong fence is one line."""

from __future__ import annotations

import re

import pytest
from bs4 import BeautifulSoup

from mkdocs_lurk.errors import ConfigError
from mkdocs_lurk.pages.fences import render_fence
from mkdocs_lurk.pages.formatting import TIMES
from mkdocs_lurk.pages.render import Templates
from tests.pages.conftest import Built

STORY = "model: small\nshow: story\n"


def render(built: Built, declared: str) -> BeautifulSoup:
    html = render_fence(declared, built.site, Templates(), lambda uri: f"../{uri}")
    found = BeautifulSoup(html, "html.parser")
    for image in found.select("svg image"):
        assert built.site.path(str(image["xlink:href"]).removeprefix("../")).is_file()
    return found


def test_a_story_shows_a_filter_of_each_stage_with_depth_and_field(built: Built) -> None:
    panels = render(built, STORY).select("section")
    assert len(panels) == 2
    assert "Layer 1 of 2" in panels[0].get_text()
    assert f"Receptive field: 3 {TIMES} 3 px." in panels[0].get_text()
    (link,) = panels[1].select("a")
    assert re.fullmatch(r"\.\./models/small/features\.3/index\.md#filter-\d", str(link["href"]))


def test_no_picture_is_shown_twice_in_a_story(built: Built) -> None:
    views = [str(svg["viewbox"]) for svg in render(built, STORY).select("svg")]
    assert len(views) == len(set(views)) > 2


def test_an_author_names_the_filters_and_what_they_are(built: Built) -> None:
    found = render(
        built, f"{STORY}panels:\n  - {{layer: features.3, filter: 3, title: A <b>part, caption: It & more.}}\n"
    )
    (panel,) = found.select("section")
    assert "A <b>part" in panel.get_text()
    assert "It & more." in panel.get_text()
    assert f"Layer 2 of 2. Receptive field: 9 {TIMES} 9 px." in panel.get_text()
    assert len(panel.select("svg")) == 5
    assert len(panel.select("rect")) == 8  # 9 px inside a picture of 32


def test_a_network_has_a_column_of_filters_for_each_layer(built: Built) -> None:
    found = render(built, "model: small\nshow: network\n")
    columns = found.select("section")
    assert [column["aria-label"] for column in columns] == ["Convolution 1", "Convolution 2"]
    assert [len(column.select("a")) for column in columns] == [3, 6]  # one is dead, one a duplicate
    assert str(columns[1].a["href"]).startswith("../models/small/features.3/index.html#filter-")  # type: ignore[index]
    assert len(found.select("input")) == 2


def test_finds_are_shown_with_their_filters(built: Built) -> None:
    found = render(built, "model: small\nshow: finds\n")
    texts = [panel.get_text() for panel in found.select("section")]
    assert any("Filters 0 and 3 respond alike: their responses correlate at 0.990." in text for text in texts)
    (dead,) = [text for text in texts if "Dead" in text] or [line.get_text() for line in found.select("figure > p")][1:]
    assert "1 of the 5 filters analysed of Convolution 1 responds to no picture." in dead


def test_the_models_page_holds_the_network_before_the_map(built: Built) -> None:
    page = built.text("models/small/index.md")
    assert 0 < page.index("<lurk-network") < page.index("lurk-finds") < page.index("<lurk-map")
    assert re.search(r'href="features\.3/index\.html#filter-\d"', page)


@pytest.mark.parametrize("show", ["story", "network", "finds"])
def test_a_model_without_results_says_why(built: Built, show: str) -> None:
    found = render(built, f"model: waiting\nshow: {show}\n")
    assert "Not *yet* is not shown: it was not analysed yet." in found.get_text()


@pytest.mark.parametrize(
    ("declared", "message"),
    [
        ("show: story", "'model' is missing"),
        ("model: smal\nshow: story", "no model 'smal'; did you mean 'small'?"),
        ("model: small\nshow: network\npanels: []", "'panels' is not known"),
        (f"{STORY}panel: []", "'panel' is not known; did you mean 'panels'?"),
        (f"{STORY}panels: []", "panels is no list; give one, each item"),
        (f"{STORY}panels: [3]", "panels: an item is no mapping; give each as layer and filter"),
        (
            f"{STORY}panels: [{{layer: features.0, filters: 3}}]",
            "panels: 'filters' is not known; did you mean 'filter'?",
        ),
        (f"{STORY}panels: [{{layer: features.0}}]", "panels: an item names no filter; give each a layer and"),
        (f"{STORY}panels: [{{layer: features.1, filter: 0}}]", "small has no layer 'features.1'"),
        (f"{STORY}panels: [{{layer: features.0, filter: 77}}]", "filter 77 of small/features.0 was not analysed"),
    ],
)
def test_a_wrong_fence_is_one_line(built: Built, declared: str, message: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(message)) as caught:
        render(built, declared)
    assert "\n" not in str(caught.value)
